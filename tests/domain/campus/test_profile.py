"""A school switches the parts of its platform on for itself, cohort by cohort."""

from __future__ import annotations

import pytest

from qicheng.domain.campus.effects.profile import set_profile, values_of
from qicheng.domain.campus.models import PRESETS, Part, Profile
from qicheng.domain.campus.queries.profile import has_part, profile_of, shown_parts
from qicheng.domain.campus.sheets.profile import PROFILE
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.foundation.access import Actor, Area, Level, Role
from qicheng.foundation.flow.perform import Refused, noted
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def given(*parts: Part) -> dict[str, object]:
    return {part.value: part in parts for part in Part} | {"closes_on": None}


def test_parts_are_the_schools_own_for_one_cohort_and_on_record(world):
    actor = world.actor(Role.SCHOOL)
    row = set_profile(actor, world.cohort, 0, given(Part.PLATFORM, Part.FILES))

    assert (row.parts, row.version) == (["platform", "files"], 1)
    assert has_part(world.school.pk, world.cohort, Part.FILES)
    assert shown_parts(world.school.pk, world.cohort) == frozenset({"platform", "files"})
    assert profile_of(world.other_school.pk, world.cohort).parts == profile_of(world.school.pk, 2025).parts == []
    [record] = noted("campus_profile")
    assert (record.changes["户档信息登记"], record.school_id) == (["否", "是"], world.school.pk)


def test_an_old_page_a_reader_and_a_school_that_has_not_begun_change_nothing(world):
    actor = world.actor(Role.SCHOOL)
    set_profile(actor, world.cohort, 0, given(Part.NEWS))
    with pytest.raises(Outdated):
        set_profile(actor, world.cohort, 0, given())
    reader = Actor(Role.SCHOOL, actor.node, actor.account, dict.fromkeys(Area, Level.READ))
    with pytest.raises(Refused, match="没有这项操作的权限"):
        set_profile(reader, world.cohort, 1, given())
    with pytest.raises(Refused, match="先提交签约设置"):
        set_profile(actor, 2025, 0, given(Part.NEWS))
    assert Profile.all_rows.get().parts == ["news"]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ((Part.PERSONAL, Part.SUPPLEMENT), "supplement"), ((Part.PLATFORM, Part.FORMS), "forms"), ((Part.FILES,), "files"),
        ((Part.PLAN, Part.PLATFORM), "plan"),
    ],
)  # fmt: skip
def test_two_that_do_the_same_and_one_that_lacks_its_ground_are_refused(parts, field):
    assert set(PROFILE.form()({part.value: "on" for part in parts}).errors) == {field}


def test_a_preset_fills_the_form_in_and_submits_nothing(world):
    client = signed_in(world.seats[Role.SCHOOL])
    for key, (label, parts) in PRESETS.items():
        page = client.get("/settings/platform/", {"preset": key}).content.decode()
        assert f"已按「{label}」填好，还没有提交。" in page
        assert PROFILE.form()({part.value: "on" for part in parts}).is_valid()
        assert page.count(" checked") == len(parts)
    assert not Profile.all_rows.exists()
    sent = {"seen": "0", "key": "k", **{part.value: "on" for part in PRESETS["plan"][1]}, "closes_on": "2026-06-15"}
    assert client.post("/settings/platform/", sent).status_code == 302
    assert values_of(Profile.all_rows.get())["plan"] is True
