"""The agreement that is stamped on paper, as a PDF: to be stamped, and once it took effect (OFF-02, SIGN-06, SET-01)."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from qicheng.domain.orgs.models import ProvinceSettings
from qicheng.domain.registration.effects.agreement import form_values, make_agreement
from qicheng.domain.registration.queries import agreement_of
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import perform
from qicheng.foundation.papers import store
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def printed(paper):
    """The text of a paper without blanks."""
    sheets = PdfReader(BytesIO(store.read(paper))).pages
    return re.sub(r"\s", "", "".join(sheet.extract_text() for sheet in sheets))


def finish(world, case):
    world.prove(case, "stamped")
    perform(case, "bring_back", world.of(case.graduate))
    world.approved(case)


@pytest.mark.rule("OFF-02")
def test_the_approved_form_has_its_number_and_places_for_seals(world):
    case = world.form_approved()
    text = printed(make_agreement(str(case.public_id)))

    assert [words in text for words in (case.number, "线下签约", "待盖章", "签字、盖章", "澄江生物制药有限公司", "陈诚", "丙方（毕业院校）", "工艺工程师")] == [
        True
    ] * 8  # fmt: skip
    assert ("已生效" in text, "签约审核通过" in text) == (False, False)


@pytest.mark.rule("OFF-02")
def test_in_force_it_is_made_again_under_the_same_number(world):
    case = world.form_approved()
    form = make_agreement(str(case.public_id))
    assert agreement_of(case) == form
    finish(world, case)
    assert agreement_of(case) is None
    final = make_agreement(str(case.public_id))

    text = printed(final)
    assert (final.number, final.pk == form.pk, agreement_of(case)) == (form.number, False, final)
    assert ["已生效" in text, "签约审核通过" in text, "自丙方审核通过时生效" in text, "确认应约" in text] == [
        True,
        True,
        True,
        False,
    ]
    assert make_agreement(str(case.public_id)).pk == final.pk


@pytest.mark.rule("SET-01")
def test_with_two_parties_the_school_witnesses(world):
    case = world.form_approved(world.stranger)
    text = printed(make_agreement(str(case.public_id)))

    assert ProvinceSettings.objects.get(province=world.other_province).agreement_form == "two_party"
    assert [words in text for words in ("（两方）", "鉴证方（毕业院校）", "丙方", "自学校鉴证通过时生效")] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.rule("SIGN-06")
def test_a_character_that_no_font_has_holds_the_form_back(world):
    Graduate.all_rows.filter(pk=world.graduate.pk).update(name="陈\U0002ebf0\U000e0100")
    case = world.form_approved()
    paper = make_agreement(str(case.public_id))
    page = signed_in(world.seats[Role.GRADUATE]).get(f"/invites/{case.public_id}/").content.decode()

    assert (paper.state, paper.is_made) == ("held", False)
    assert "字库里没有，协议暂不能生成" in page


def test_the_same_case_gives_the_same_values_whatever_became_of_the_roster(world):
    case = world.form_approved()
    before = form_values(case)
    Graduate.all_rows.filter(pk=world.graduate.pk).update(phone="13500000000", political_status="01")

    case.refresh_from_db()
    assert form_values(case) == before


@pytest.mark.rule("SUP-01")
def test_nothing_is_printed_of_an_agreement_that_came_on_paper(world):
    assert make_agreement(str(world.supplementary().public_id)) is None
    assert make_agreement(str(world.form_submitted(world.neighbour).public_id)) is None
