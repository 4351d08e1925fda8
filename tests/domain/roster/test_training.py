"""ROS-06: who may not sign online, the unit that the school names, and the record of every change of a training mode."""

from __future__ import annotations

import io

import openpyxl
import pytest
from django.urls import reverse

from qicheng.domain.roster.imports import apply_upload, request_writing
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Level, Role, Tier
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import Refused, perform
from tests.clients import signed_in
from tests.domain.roster import files

pytestmark = [pytest.mark.django_db, pytest.mark.rule("ROS-06")]
UNIT = "江南省水利厅"
REFUSED = "还有业务在办理，办完或者撤回以后才能改成定向或委培（不可网签）"
CHANGED = {"training_mode": "21", "directed_unit": UNIT, "words": "与省水利厅签了定向协议"}


def page_of(client, graduate):
    return client.get(reverse("roster:training", args=[graduate.public_id]))


def sent(client, graduate, **given):
    """The form of the page, as it was opened, sent with these values."""
    shown = page_of(client, graduate).content.decode()
    seen = shown.split('name="seen" value="')[1].split('"')[0]
    return client.post(reverse("roster:training", args=[graduate.public_id]), CHANGED | {"seen": seen} | given)


def line(graduate):
    return Graduate.all_rows.get(pk=graduate.pk)


def noted(graduate):
    return list(
        Record.objects.filter(flow="roster", case=str(graduate.public_id))
        .order_by("pk")
        .values_list("act", "changes", "words")
    )


def imported(world, **cells):
    return files.uploaded(world, files.text(files.table_of([files.line_of(world.graduate, **cells)])))


DIRECTED = {"培养方式代码": "21", "定向或委培单位": UNIT}


def test_a_school_changes_mode_and_unit_with_its_reason_and_the_graduate_confirms_again(world):
    client = signed_in(world.seats[Role.SCHOOL])
    assert world.graduate.has_confirmed
    assert sent(client, world.graduate).status_code == 302

    after = line(world.graduate)
    assert (after.training_mode, after.directed_unit, after.has_confirmed) == ("21", UNIT, False)
    changes = {"培养方式": ["非定向", "定向(不可网签)"], "定向或委培单位": ["没有填写", UNIT]}
    assert noted(world.graduate) == [("training_mode", changes, CHANGED["words"])]


def test_another_unit_alone_is_no_new_mode_and_asks_for_no_new_confirmation(world):
    client = signed_in(world.seats[Role.SCHOOL])
    assert sent(client, world.graduate, training_mode="1").status_code == 302
    assert (line(world.graduate).directed_unit, line(world.graduate).has_confirmed) == (UNIT, True)
    assert [act for act, _, _ in noted(world.graduate)] == ["directed_unit"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"directed_unit": " "}, "定向或委培（不可网签）要填写定向或委培单位"), ({"words": ""}, "修改的原因还没有填写"),
        ({"training_mode": "77"}, "培养方式里没有这一项，请重新选择"), ({"training_mode": "1", "directed_unit": ""}, "培养方式和单位都没有变化。"),
        ({"seen": "0"}, "这位毕业生的培养方式刚有变化，看过最新内容再改。"),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_said_and_changes_nothing(world, given, words):
    answer = sent(signed_in(world.seats[Role.SCHOOL]), world.graduate, **given)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert (line(world.graduate).training_mode, noted(world.graduate)) == ("1", [])


def test_a_change_to_a_mode_without_online_signing_waits_until_nothing_is_in_process(world):
    case = world.invitation()
    client = signed_in(world.seats[Role.SCHOOL])
    answer = sent(client, world.graduate)
    assert (
        answer.status_code,
        "还有业务在办理（线上签约 1 条），办完或者撤回以后才能改成定向(不可网签)。" in answer.content.decode(),
    ) == (422, True)
    assert sent(client, world.graduate, training_mode="22").status_code == 302
    perform(case, "withdraw", world.actor(Role.EMPLOYER))
    assert sent(client, world.graduate).status_code == 302
    assert line(world.graduate).training_mode == "21"


def test_who_may_not_sign_online_is_not_invited_and_who_may_is(world):
    client = signed_in(world.seats[Role.SCHOOL])
    for mode in ("41", "42"):
        sent(client, world.graduate, training_mode=mode)
        try:
            answer = world.invitation().state
        except Refused as why:
            answer = str(why)
        assert answer == {"41": "这位毕业生是定向或委培（不可网签），不能线上签约。", "42": "invited"}[mode]


def test_only_the_graduates_own_school_with_permission_to_write_changes_it(world):
    where = reverse("roster:training", args=[world.graduate.public_id])
    reader = world.new_seat(Role.SCHOOL, world.school.pk, "只看", employment=Level.READ)
    other_tier = world.new_seat(Role.SCHOOL, world.school.pk, "研究生部", tier=Tier.POSTGRADUATE)
    for seat in (
        *(world.seats[role] for role in world.seats if role is not Role.SCHOOL),
        world.stranger_seats[Role.SCHOOL],
        reader,
        other_tier,
    ):
        client = signed_in(seat)
        assert (client.get(where).status_code, client.post(where, CHANGED).status_code) == (404, 404)
    assert line(world.graduate).training_mode == "1"


# ---- the import


def test_an_import_brings_mode_and_unit_and_is_in_the_same_record(world):
    upload = imported(world, **DIRECTED)
    request_writing(upload, world.actor(Role.SCHOOL))
    apply_upload(upload.pk)
    assert (line(world.graduate).training_mode, line(world.graduate).directed_unit) == ("21", UNIT)
    changes = {"培养方式": ["非定向", "定向(不可网签)"], "定向或委培单位": ["没有填写", UNIT]}
    assert noted(world.graduate) == [("training_mode", changes, "")]


@pytest.mark.parametrize(("mode", "refused"), [("21", 1), ("41", 1), ("22", 0), ("42", 0), ("3", 0)])
def test_a_line_that_takes_somebody_out_of_signing_in_the_middle_is_refused_in_the_preview(world, mode, refused):
    world.accepted()
    upload = imported(world, **DIRECTED | {"培养方式代码": mode})
    assert files.reasons(upload) == [(2, "training_mode", REFUSED)][:refused]
    assert files.counts(upload) == (0, 1 - refused, 0, refused, 1)


def test_what_begins_after_the_preview_is_seen_before_anything_is_written(world):
    upload = imported(world, **DIRECTED)
    assert files.counts(upload)[1] == 1
    request_writing(upload, world.actor(Role.SCHOOL))
    world.invitation()
    apply_upload(upload.pk)
    upload.refresh_from_db()
    assert (upload.state, upload.reason[:16], files.reasons(upload)) == (
        "preview", "你查看之后有学生开始办理业务，已", [(2, "training_mode", REFUSED)],
    )  # fmt: skip
    assert line(world.graduate).training_mode == "1"


# ---- 培养方式修改记录


@pytest.fixture
def changed(world):
    """One change by import and one by the page; and one at another school."""
    upload = imported(world, **DIRECTED)
    request_writing(upload, world.actor(Role.SCHOOL))
    apply_upload(upload.pk)
    sent(
        signed_in(world.seats[Role.SCHOOL]),
        world.neighbour,
        training_mode="41",
        directed_unit="江临港务集团",
        words="签了委培协议",
    )
    sent(signed_in(world.stranger_seats[Role.SCHOOL]), world.stranger)
    return world


def test_every_change_is_listed_with_before_after_who_and_when(changed):
    client = signed_in(changed.seats[Role.SCHOOL], changed.cohort)
    page = client.get(reverse("roster:training_log")).content.decode()
    rows = [row.split("</tr>")[0] for row in page.split("<tbody>")[1].split("<tr>")[1:]]
    wanted = (
        (changed.neighbour, "委培(不可网签)", "江临港务集团", "单独修改", "签了委培协议"),
        (changed.graduate, "定向(不可网签)", UNIT, "导入名单"),
    )
    assert len(rows) == 2
    for row, (graduate, *words) in zip(rows, wanted, strict=True):
        assert [one for one in (graduate.name, graduate.exam_number, "非定向", "王敏", *words) if one not in row] == []
    assert client.get(reverse("roster:training_log"), {"after": "41"}).content.decode().count('scope="row"') == 1
    assert changed.stranger.name not in page


def test_the_record_can_be_taken_away_as_a_workbook_which_is_on_record(changed):
    client = signed_in(changed.seats[Role.SCHOOL], changed.cohort)
    book = openpyxl.load_workbook(io.BytesIO(client.get(reverse("roster:training_workbook")).content))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[0][:6] == ("姓名", "考生号", "学号", "院系", "修改前", "修改后")
    assert [row[0] for row in rows[1:]] == [changed.neighbour.name, changed.graduate.name]
    assert Record.objects.filter(act="export", flow="listing.training").count() == 1


@pytest.mark.rule("ORG-03", "ORG-07")
def test_the_record_is_the_schools_own_and_of_the_tier_that_its_user_answers_for(changed):
    where = reverse("roster:training_log")
    assert {role for role in changed.seats if signed_in(changed.seats[role]).get(where).status_code == 200} == {
        Role.SCHOOL
    }
    seats = {tier: changed.new_seat(Role.SCHOOL, changed.school.pk, f"老师{tier.label}", tier=tier) for tier in Tier}
    rows = {
        tier: signed_in(seat, changed.cohort).get(where).content.decode().count('scope="row"')
        for tier, seat in seats.items()
    }
    assert rows == {Tier.ALL: 2, Tier.UNDERGRADUATE: 2, Tier.POSTGRADUATE: 0}
    assert "培养方式修改记录" in signed_in(seats[Tier.ALL], changed.cohort).get("/students/").content.decode()
