"""登记确认: what a graduate says of what was reported, and what schools, colleges and provinces see of it (CON-01 … CON-03)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.effects import confirmation as effects
from qicheng.domain.transfer.listings import confirmation as listings
from qicheng.domain.transfer.models import Confirmation
from qicheng.domain.transfer.queries import confirmation as queries
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, Stopped, find, held, note, open_acts, timeline
from qicheng.foundation.flow.words import sentence
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .module import workbook

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.perform import Record

EMPLOYMENT = Area.EMPLOYMENT
DESKS = (Role.COLLEGE, Role.SCHOOL)
ABOVE = (Role.PROVINCE, Role.MINISTRY)
HEADING = "登记确认"


@audience(Role.GRADUATE, *DESKS, *ABOVE, area=EMPLOYMENT)
def confirm(request: Request) -> HttpResponse:
    """The graduate's own page, or the list of whoever answers for graduates (CON-03)."""
    if request.actor.role is Role.GRADUATE:
        return own(request)
    if not queries.is_open(request.actor, request.cohort):
        return closed(request)
    page = listings.everybody().page(request.actor, request.GET, request.cohort)
    return render(request, "transfer/confirm_list.html", {
        "page": page, "further": any(key in page.values for key in ("major", "study", "remind")),
        "may_remind": request.actor.role in DESKS and request.actor.may_write(EMPLOYMENT),
    })  # fmt: skip


@audience(Role.GRADUATE, *DESKS, *ABOVE, area=EMPLOYMENT)
def confirmation(request: Request, public_id: UUID) -> HttpResponse:
    """One confirmation with its history; the ministry's look at a person is on record."""
    actor = request.actor
    if actor.role is Role.GRADUATE:
        return own(request)
    try:
        case = find(Confirmation, public_id, actor)
    except NotFound:
        raise Http404 from None
    if actor.role is Role.MINISTRY:
        note(actor, "view", case.flow_name, subject=str(case.public_id), cohort=case.cohort, school=case.school_id)
    return render(request, "transfer/confirm_case.html", {
        **shown(request, case), "graduate": Graduate.objects.seen_by(actor).select_related("school", "college").get(pk=case.graduate_id),
        "record": queries.case_behind(case.graduate_id, actor), "may_remind": may_remind(request, case),
    })  # fmt: skip


def own(request: Request) -> HttpResponse:
    """What was reported of the graduate, who recorded it, and both answers to it."""
    actor = request.actor
    graduate = Graduate.objects.seen_by(actor).select_related("school", "college").get()
    case = queries.confirmation_of(actor, graduate.pk)
    context = {"graduate": graduate, "case": case, "contacts": orgs.contacts_for(graduate), "back": reverse("registration:home"),
               "heading": HEADING, "is_open": queries.is_open(actor, graduate.cohort)}  # fmt: skip
    mine = {**shown(request, case), "mending": queries.mending(case)} if case else {}
    return render(request, "transfer/confirm_own.html", context | mine)


def shown(request: Request, case: Confirmation) -> dict[str, Any]:
    """What the page of one confirmation shows, whoever looks."""
    actor = request.actor
    acts = {one.act.name: one for one in open_acts(case, actor)}
    return {
        "case": case, "tag": case.standing.tag(actor.role), "why": held(case, actor), "acts": acts, "key": token(),
        "parts": queries.parts(case, actor), "said": queries.last_said(case), "is_certain": queries.is_due_certain(case),
        "answers": [(answer, queries.snapshot(answer, case, actor)) for answer in queries.answers_of(case, actor)],
        "lines": lines(timeline(case), case), "stations": stations(case, actor.role),
    }  # fmt: skip


def stations(case: Confirmation, role: Role) -> list[tuple[str, str, str]]:
    """(who, word, done|now|you|stop|'') for the relay: in whose hands it is."""
    me, school = ("你" if role is Role.GRADUATE else "毕业生"), ("你" if role is Role.SCHOOL else "学校")
    mine, theirs = ("you" if role is Role.GRADUATE else "now"), ("you" if role is Role.SCHOOL else "now")
    match case.state:
        case "unreported":
            return [("上报", "等待上报" if case.due_at else "没有可上报的", "now"), (me, "确认", "")]
        case "unconfirmed":
            return [("上报", "已上报", "done"), (me, "待确认", mine)]
        case "disputed":
            return [
                ("上报", "已上报", "done"),
                (me, "认为有误", "done"),
                (school, "待处理", theirs),
                (me, "重新确认", ""),
            ]
    return [("上报", "已上报", "done"), (me, "确认无误", "done")]


def lines(records: list[Record], case: Confirmation) -> list[dict[str, Any]]:
    """What happened, newest first."""
    tones = {"confirm": "ok", "dispute": "bad"}
    return [
        {"words": sentence(one, case), "at": one.at, "reason": "", "tone": tones.get(one.act, "")}
        for one in reversed(records)
    ]


def may_remind(request: Request, case: Confirmation) -> bool:
    """Whether whoever looks could remind the graduate now."""
    today = listings.given_today(request.actor, case.cohort)["today"]
    waits = case.state == "unconfirmed" and (case.reminded_at is None or case.reminded_at < today)
    return (
        waits and request.actor.role in DESKS and request.actor.may_write(EMPLOYMENT) and not held(case, request.actor)
    )


def closed(request: Request) -> HttpResponse:
    """A module that the province has not opened says who can open it (ORG-02)."""
    return render(request, "transfer/confirm_closed.html", {"cohort": request.cohort})


@audience(*DESKS, *ABOVE, area=EMPLOYMENT)
def confirm_workbook(request: Request) -> HttpResponse:
    """The list under its filters as a workbook, on record (EXP-01)."""
    return workbook(request, listings.everybody(), request.GET, reverse("transfer:confirm"))


# ---- reminders


@audience(*DESKS, area=EMPLOYMENT, write=True)
def remind(request: Request) -> HttpResponse:
    """Remind all who are found by the filters and have not answered: how many there are, and then the messages (CON-03)."""
    if not queries.is_open(request.actor, request.cohort):
        return closed(request)
    given = request.POST if request.method == "POST" else request.GET
    asked = {one.key: given[one.key] for one in listings.everybody().filters if given.get(one.key)} | {"remind": "yes"}
    found = listings.everybody().head(request.actor, asked, request.cohort, effects.AT_ONCE)
    back = f"{reverse('transfer:confirm')}?{urlencode({key: asked[key] for key in asked if key != 'remind'})}"
    if request.method != "POST":
        number = listings.everybody().count(request.actor, asked, request.cohort)
        return render(request, "transfer/confirm_remind.html", {
            "number": number, "most": effects.AT_ONCE, "asked": asked, "back": back, "cohort": request.cohort, "some": found[:5],
        })  # fmt: skip
    return reminded(request, [row.public_id for row in found], back)


@audience(*DESKS, area=EMPLOYMENT, write=True)
def remind_one(request: Request, public_id: UUID) -> HttpResponse:
    """Remind one graduate, once a day at most."""
    if request.method != "POST":
        return redirect("transfer:confirmation", public_id)
    if not queries.is_open(request.actor, request.cohort):
        return closed(request)
    return reminded(request, [public_id], reverse("transfer:confirmation", args=[public_id]))


def reminded(request: Request, cases: list[UUID], back: str) -> HttpResponse:
    """Tell them, and say how many were told."""
    try:
        number = effects.remind(cases, request.actor)
    except Stopped as stopped:
        say(request, str(stopped), "warn")
        return redirect(back)
    say(
        request,
        f"已提醒 {number} 人，今天不再重复提醒。" if number else "没有要提醒的人：已经确认，或者今天提醒过。",
        "ok" if number else "warn",
    )
    return redirect(back)
