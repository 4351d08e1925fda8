"""What a graduate took back while a reviewer had it open: the reviewer is told, and nobody else learns that it is there."""

from __future__ import annotations

import pytest
from django.urls import reverse

from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import NotFound, TakenBack, find, perform
from qicheng.interfaces.web import menus
from tests.clients import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.rule("REG-04")]


@pytest.fixture
def recalled(world):
    """A registration that came to the college, and that its graduate has taken back since."""
    case = world.destination_submitted("seeking")
    perform(case, "recall", world.of(world.graduate))
    return case


def act(case, name="approve"):
    return reverse("act", kwargs={"flow": case.flow_name, "public_id": case.public_id, "name": name})


def test_a_reviewer_whose_case_was_taken_back_reads_so_and_goes_on(world, recalled):
    client = signed_in(world.seats[Role.COLLEGE])
    for ask in (
        lambda: client.post(act(recalled), {"seen": 2, "key": "k"}, follow=True),
        lambda: client.get(reverse("registration:review_case", args=[recalled.public_id]), follow=True),
        lambda: client.get(reverse("registration:review"), {"open": str(recalled.public_id)}, follow=True),
    ):
        page = ask()
        assert page.status_code == 200
        assert "毕业生刚刚撤回了这次提交" in page.content.decode()
    recalled.refresh_from_db()
    assert (recalled.state, recalled.version) == ("draft", 3)


def test_a_panel_that_was_asked_for_leads_the_whole_page_on(world, recalled):
    client = signed_in(world.seats[Role.COLLEGE])
    answer = client.get(reverse("registration:review_case", args=[recalled.public_id]), headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (200, menus.home(Role.COLLEGE))


def test_strangers_and_drafts_that_were_never_sent_are_simply_not_there(world, recalled):
    never = world.destination_draft("seeking", world.neighbour)
    for case, actor in (
        (recalled, world.stranger_actor(Role.COLLEGE)), (recalled, world.stranger_actor(Role.SCHOOL)), (never, world.actor(Role.SCHOOL)),
    ):  # fmt: skip
        with pytest.raises(NotFound) as missing:
            find(type(case), case.public_id, actor)
        assert not isinstance(missing.value, TakenBack)
    assert signed_in(world.stranger_seats[Role.COLLEGE]).get(act(recalled)).status_code == 404
