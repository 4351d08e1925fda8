"""Every page names its audience: who is not of it finds nothing there, who has not said who it is is asked to."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.http import Http404, HttpResponse
from django.test import RequestFactory

from qicheng.foundation.access import FULL, SYSTEM, Actor, Area, Level, Role, Tier
from qicheng.foundation.access.pages import anyone, audience

READ = dict.fromkeys(Area, Level.READ)
NONE = dict.fromkeys(Area, Level.NONE)


def page(request, number=0):
    """A page."""
    return HttpResponse(str(number))


def asked_by(actor, view):
    request = RequestFactory().get("/review/?q=1")
    if actor is not None:
        request.actor = actor
    try:
        return view(request, number=7)
    except Http404:
        return None


@pytest.mark.rule("ORG-01")
@pytest.mark.parametrize("role", list(Role))
def test_a_page_is_found_by_its_audience_alone(role):
    answer = asked_by(Actor(role, levels=FULL), audience(Role.COLLEGE, Role.SCHOOL)(page))
    assert (answer is not None) == (role in (Role.COLLEGE, Role.SCHOOL))


@pytest.mark.rule("ORG-05")
@pytest.mark.parametrize(
    ("levels", "reads", "writes"), [(FULL, True, True), (READ, True, False), (NONE, False, False), ({}, False, False)]
)
def test_a_page_of_an_area_is_found_by_who_may_read_there_and_one_that_writes_by_who_may_write(levels, reads, writes):
    actor = Actor(Role.SCHOOL, 1, levels=levels)
    assert (asked_by(actor, audience(Role.SCHOOL, area=Area.ARCHIVE)(page)) is not None) == reads
    assert (asked_by(actor, audience(Role.SCHOOL, area=Area.ARCHIVE, write=True)(page)) is not None) == writes


def test_permission_in_one_area_opens_no_page_of_another():
    actor = Actor(Role.SCHOOL, 1, levels={Area.EMPLOYMENT: Level.WRITE})
    assert asked_by(actor, audience(Role.SCHOOL, area=Area.HOUSEHOLD)(page)) is None


@pytest.mark.rule("ORG-10")
def test_who_has_not_logged_in_is_led_there_and_back():
    answer = asked_by(None, audience(Role.SCHOOL)(page))
    assert (answer.status_code, answer.url) == (302, "/login/?next=%2Freview%2F%3Fq%3D1")


def test_a_public_page_says_so_and_is_itself():
    assert (anyone(page) is page, page.audience, asked_by(None, page).content) == (True, None, b"7")


def test_a_page_keeps_its_name_and_says_its_audience():
    made = audience(Role.SCHOOL)(page)
    assert (made.__name__, made.__doc__, made.audience) == ("page", "A page.", frozenset({Role.SCHOOL}))


def test_an_actor_cannot_be_changed_only_seen_from_elsewhere():
    actor = Actor(Role.SCHOOL, 1, 2, FULL, Tier.ALL, "王敏", "江临大学")
    assert actor.at("203.0.113.9") == replace(actor, origin="203.0.113.9")
    with pytest.raises(AttributeError):
        actor.node = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        actor.levels[Area.ARCHIVE] = Level.NONE  # type: ignore[index]


def test_the_product_itself_may_write_everywhere():
    assert [SYSTEM.may_write(area) for area in Area] == [True] * 3
