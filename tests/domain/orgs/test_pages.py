"""Every page for every role: its own people find it, nobody else learns that it is there."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from qicheng.domain.orgs import urls
from qicheng.domain.orgs.models import EmployerCase
from qicheng.foundation.access import Role
from tests.clients import signed_in
from tests.domain.orgs.test_employers import registered

pytestmark = pytest.mark.django_db

EVERYBODY = frozenset(Role) - {Role.SYSTEM, Role.BEARER}
SCHOOL, DESK = frozenset({Role.SCHOOL}), frozenset({Role.SCHOOL, Role.COLLEGE})
MAKERS = frozenset({Role.SCHOOL, Role.PROVINCE, Role.MINISTRY})
ABOVE = frozenset({Role.PROVINCE, Role.MINISTRY})
EMPLOYER, MINISTRY, PROVINCE = frozenset({Role.EMPLOYER}), frozenset({Role.MINISTRY}), frozenset({Role.PROVINCE})
STAFF = DESK | ABOVE
# Whom each page answers; {…} is filled with something of the world.
PAGES: dict[str, frozenset[Role]] = {
    "/settings/": SCHOOL, "/settings/handlers/all/": SCHOOL, "/settings/reasons/": SCHOOL, "/contacts/": DESK,
    "/contacts/{contact}/": SCHOOL, "/log/": SCHOOL, "/accounts/": MAKERS, "/gov/accounts/": ABOVE,
    "/accounts/new/college/": SCHOOL, "/accounts/new/school/": SCHOOL | PROVINCE, "/accounts/new/province/": ABOVE,
    "/accounts/{college_seat}/": SCHOOL, "/gov/settings/": ABOVE, "/gov/provinces/new/": MINISTRY, "/gov/cohorts/": MINISTRY,
    "/gov/schools/": ABOVE, "/gov/schools/new/": PROVINCE, "/gov/log/": ABOVE, "/gov/employers/": MINISTRY,
    "/gov/employers/{employer}/": MINISTRY, "/gov/employers/{employer}/change/": MINISTRY, "/org/profile/": EMPLOYER,
    "/org/accounts/": EMPLOYER, "/org/units/{employer}/status/": STAFF, "/org/cases/{joining}/": MINISTRY | EMPLOYER,
    "/warn/": SCHOOL, "/warn/removed/": SCHOOL, "/warn/flags.xlsx": SCHOOL, "/warn/new/": SCHOOL, "/warn/{flag}/": SCHOOL,
    "/warn/{flag}/change/": SCHOOL, "/warn/{flag}/remove/": SCHOOL, "/gov/warn/": ABOVE, "/gov/warn/units.xlsx": ABOVE,
    "/gov/warn/{flagged}/": ABOVE,
    "/org/cases/{joining}/licence/": MINISTRY | EMPLOYER, "/org/register/": EVERYBODY, "/org/register/done/": EVERYBODY,
}  # fmt: skip


@pytest.fixture
def places(world: Any) -> dict[str, Any]:
    from qicheng.domain.orgs.models import Contact

    assert registered(world, credit_code=world.employer.credit_code).status_code == 302
    flag = world.flag(world.employer)
    return {
        "contact": Contact.objects.get(school=world.school).pk, "college_seat": world.seats[Role.COLLEGE].pk,
        "flag": flag.public_id, "flagged": flag.credit_code, "employer": world.employer.public_id,
        "joining": EmployerCase.all_rows.get(flow_name="joining_a_unit").public_id,
    }  # fmt: skip


@pytest.mark.rule("ORG-01", "ORG-03")
@pytest.mark.parametrize("page", PAGES)
def test_a_page_answers_its_own_people_and_is_not_found_by_others(world, places, page):
    path = page.format(**places)

    found = {role for role in EVERYBODY if signed_in(world.seats[role]).get(path).status_code == 200}

    assert found == PAGES[page]


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize(
    "page",
    ["/contacts/{contact}/", "/accounts/{college_seat}/", "/org/cases/{joining}/", "/org/cases/{joining}/licence/"],
)
def test_a_stranger_finds_nothing_there(world, places, page):
    path = page.format(**places)

    answers = {role: signed_in(seat).get(path).status_code for role, seat in world.stranger_seats.items()}

    assert answers == dict.fromkeys(answers, 404)


@pytest.mark.rule("ORG-01")
def test_who_has_not_logged_in_is_asked_to(world, places, client):
    answers = {page: client.get(page.format(**places)) for page in PAGES if "register" not in page}

    assert {
        page: (answer.status_code, answer["Location"].split("?")[0]) for page, answer in answers.items()
    } == dict.fromkeys(answers, (302, "/login/"))


@pytest.mark.rule("ORG-01")
def test_every_address_of_the_room_names_its_audience():
    named = {pattern.name: getattr(pattern.callback, "audience", "missing") for pattern in urls.urlpatterns}

    assert [name for name, who in named.items() if who == "missing"] == []
    assert [name for name, who in named.items() if who is None] == ["register", "registered"]


@pytest.mark.parametrize(
    ("role", "path"), [(Role.SCHOOL, "/accounts/"), (Role.PROVINCE, "/gov/schools/"), (Role.SCHOOL, "/contacts/")]
)
def test_more_rows_take_no_more_queries(world, role, path):
    browser = signed_in(world.seats[role])

    def number() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert browser.get(path).status_code == 200
        return len(asked)

    number()
    before = number()
    for n in range(3):
        world.new_seat(Role.COLLEGE, world.college.pk, f"多{n}")
        world.new_seat(Role.SCHOOL, world.school.pk, f"校{n}")
        browser.post("/contacts/", {"name": f"联系人{n}", "phone": "010-62750000", "tier": "all"})

    assert number() == before
