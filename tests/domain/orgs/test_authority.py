"""Provinces and the ministry: agreement form, modules, schools, cohorts, provinces."""

from __future__ import annotations

from typing import Any

import pytest

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.models import AgreementForm, Cohort, Module, Province, School
from qicheng.foundation.access import Level, Role
from qicheng.foundation.flow.perform import Refused, noted, perform
from tests.clients import signed_in

pytestmark = pytest.mark.django_db


def said(response: Any) -> str:
    return response.content.decode()


def seen(browser: Any, path: str = "/gov/settings/") -> str:
    return said(browser.get(path)).split('name="seen" value="')[1].split('"')[0]


@pytest.mark.rule("SET-01", "SET-10")
def test_a_province_sets_the_form_of_its_own_schools_and_it_is_on_record(world):
    browser = signed_in(world.seats[Role.PROVINCE])

    answer = browser.post("/gov/settings/", {"seen": seen(browser), "agreement_form": "two_party", "signing": "on"})

    assert answer.status_code == 302
    assert queries.agreement_form(world.province.pk, world.cohort) is AgreementForm.TWO_PARTY
    assert queries.agreement_form(world.other_province.pk, world.cohort) is AgreementForm.TWO_PARTY
    (record,) = noted("province_settings")
    assert (record.changes, record.name) == ({"就业协议书类型": ["三方协议", "两方协议"]}, "赵省")
    assert "三方协议" in said(browser.get("/gov/log/"))


@pytest.mark.rule("SET-01")
def test_invitations_and_agreements_keep_the_form_they_began_with(world):
    signing, browser = world.invitation(), signed_in(world.seats[Role.PROVINCE])

    browser.post("/gov/settings/", {"seen": seen(browser), "agreement_form": "two_party", "signing": "on"})

    signing.refresh_from_db()
    assert (signing.agreement_form, signing.verb, world.invitation(world.neighbour).verb) == (
        "three_party",
        "审核",
        "鉴证",
    )


@pytest.mark.rule("ORG-02")
def test_modules_are_opened_and_closed_per_cohort(world):
    browser = signed_in(world.seats[Role.PROVINCE])
    signing = world.invitation()

    browser.post("/gov/settings/", {"seen": seen(browser), "agreement_form": "three_party", "archive": "on"})

    assert queries.openings(world.province.pk, world.cohort) == dict.fromkeys(Module, False) | {Module.ARCHIVE: True}
    assert queries.openings(world.province.pk, world.cohort + 1) == dict.fromkeys(Module, False)
    assert queries.openings(world.other_province.pk, world.cohort)[Module.SIGNING] is True
    with pytest.raises(Refused, match="没有开启"):
        perform(signing, "accept", world.actor(Role.GRADUATE))


@pytest.mark.rule("SET-01")
@pytest.mark.parametrize("form", ["", "four_party"])
def test_a_form_that_is_none_is_refused(world, form):
    browser = signed_in(world.seats[Role.PROVINCE])

    answer = browser.post("/gov/settings/", {"seen": seen(browser), "agreement_form": form})

    assert (answer.status_code, queries.openings(world.province.pk, world.cohort)[Module.SIGNING]) == (422, True)


@pytest.mark.rule("SET-10")
def test_a_stale_page_of_a_province_changes_nothing(world):
    browser = signed_in(world.seats[Role.PROVINCE])
    old = seen(browser)
    browser.post("/gov/settings/", {"seen": old, "agreement_form": "two_party", "signing": "on"})

    answer = browser.post("/gov/settings/", {"seen": old, "agreement_form": "three_party"}, follow=True)

    assert "刚才的修改没有保存" in said(answer)
    assert queries.agreement_form(world.province.pk, world.cohort) is AgreementForm.TWO_PARTY
    assert queries.openings(world.province.pk, world.cohort)[Module.SIGNING] is True


@pytest.mark.rule("ORG-05")
def test_who_may_only_look_sets_nothing(world):
    reader = signed_in(world.new_seat(Role.PROVINCE, world.province.pk, "只读", employment=Level.READ))

    assert reader.get("/gov/settings/").status_code == 200
    assert reader.post("/gov/settings/", {"seen": seen(reader), "agreement_form": "two_party"}).status_code == 404
    assert reader.get("/gov/schools/new/").status_code == 404


@pytest.mark.rule("ORG-01")
def test_a_province_sees_and_adds_its_own_schools(world):
    browser = signed_in(world.seats[Role.PROVINCE])
    browser.post("/gov/schools/new/", {"code": "19999", "name": "云溪学院"})

    page = said(browser.get("/gov/schools/"))

    assert School.objects.get(code="19999").province == world.province
    assert [name in page for name in ("江临大学", "南屿学院", "云溪学院", "海澜理工大学")] == [True, True, True, False]
    assert [name in said(browser.get("/gov/schools/?q=南屿")) for name in ("江临大学", "南屿学院")] == [False, True]


@pytest.mark.parametrize("code", ["1234", "12345６", "1234a", ""])
def test_a_school_code_has_five_digits_and_is_one_school_s(world, code):
    browser = signed_in(world.seats[Role.PROVINCE])

    assert browser.post("/gov/schools/new/", {"code": code, "name": "云溪学院"}).status_code == 422
    assert browser.post("/gov/schools/new/", {"code": world.other_school.code, "name": "云溪学院"}).status_code == 422
    assert School.objects.filter(name="云溪学院").count() == 0


@pytest.mark.rule("REG-12", "SET-10")
def test_the_ministry_sets_the_edition_of_a_cohort_and_a_case_keeps_its_own(world):
    browser, signing = signed_in(world.seats[Role.MINISTRY]), world.invitation()

    browser.post("/gov/cohorts/", {"year": world.cohort, "edition": "2022"})

    signing.refresh_from_db()
    assert (Cohort.objects.get(year=world.cohort).edition, signing.edition) == ("2022", "2024")
    assert noted("cohort")[0].changes == {"执行的规则版本": ["2024 版", "2022 版"]}
    assert world.invitation(world.neighbour).edition == "2022"


@pytest.mark.parametrize(("year", "edition"), [("1999", "2024"), ("2100", "2024"), ("2027", "2021"), ("廿七", "2024")])
def test_a_cohort_is_a_year_and_a_known_edition(world, year, edition):
    answer = signed_in(world.seats[Role.MINISTRY]).post("/gov/cohorts/", {"year": year, "edition": edition})

    assert (answer.status_code, Cohort.objects.exclude(year=world.cohort).count()) == (422, 0)


def test_the_ministry_adds_provinces_and_sees_what_each_has_set(world):
    browser = signed_in(world.seats[Role.MINISTRY])
    taken = browser.post("/gov/provinces/new/", {"code": world.province.code, "name": "又一省"})
    browser.post("/gov/provinces/new/", {"code": "990000", "name": "山南省"})

    page = said(browser.get("/gov/settings/"))

    assert (taken.status_code, Province.objects.filter(name="又一省").count()) == (422, 0)
    assert [words in page for words in ("山南省", "江南省", "三方协议", "还没有设置")] == [True] * 4
