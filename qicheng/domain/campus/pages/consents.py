"""Pages of 暂缓派遣 and 更改毕业去向: the graduate's own, the list of those who consent, one application (PKU-05, PKU-07)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.campus.listings.consents import applications
from qicheng.domain.campus.models import Consent, Deferral, OneChange, Part
from qicheng.domain.campus.queries import consents as queries
from qicheng.domain.campus.queries import deferral as deferrals_
from qicheng.domain.campus.queries import one_change as changes_
from qicheng.domain.campus.queries.prints import own_form, said
from qicheng.domain.campus.sheets.prints import lacking
from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries as registrations
from qicheng.domain.transfer.pages.reviewing import decision
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.gather import gathered
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, held, open_acts, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .module import of_part

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request

EVERYBODY = (Role.GRADUATE, Role.COLLEGE, Role.SCHOOL)
DEFER = "还有签约意向、暂时不能把户口和档案迁回生源地的，在提交以前申请。"
CHANGE = "审核通过以后最多只能更改一次，要学院和就业中心都同意。"
# Acts that have a place of their own on the page of an application.
PLACED = frozenset({"edit", "submit"})


@dataclass(frozen=True, slots=True)
class Way:
    """What tells the two apart: where their pages are, what is said of them, and why none can begin."""

    model: type[Consent]
    page: str
    about: str
    ending: str
    may_begin: Callable[[Registration, Actor], str | None]


WAYS = {
    "deferral": Way(
        Deferral, "campus:deferrals", "灵活就业（用人单位证明）、还有签约意向的，可以申请毕业时把户口和档案留在学校，到毕业当年 12 月 31 日。",
        "户口和档案", deferrals_.may_defer,
    ),
    "one_change": Way(
        OneChange, "campus:one_changes", "审核通过以后的毕业去向最多只能更改一次，要学院和就业中心都同意。新的去向审核通过以前，按原来的去向办理。",
        "毕业去向", changes_.may_change,
    ),
}  # fmt: skip


@of_part(Part.DEFERRAL, roles=EVERYBODY, area=Area.EMPLOYMENT)
def deferrals(request: Request) -> HttpResponse:
    """暂缓派遣: the graduate's own, or the list."""
    return overview(request, "deferral")


@of_part(Part.DEFERRAL, roles=EVERYBODY, area=Area.EMPLOYMENT)
def deferral(request: Request, public_id: UUID) -> HttpResponse:
    """One application for 暂缓派遣."""
    return shown(request, "deferral", public_id)


@of_part(Part.ONE_CHANGE, roles=EVERYBODY, area=Area.EMPLOYMENT)
def one_changes(request: Request) -> HttpResponse:
    """更改毕业去向: the graduate's own, or the list."""
    return overview(request, "one_change")


@of_part(Part.ONE_CHANGE, roles=EVERYBODY, area=Area.EMPLOYMENT)
def one_change(request: Request, public_id: UUID) -> HttpResponse:
    """One application for 更改毕业去向."""
    return shown(request, "one_change", public_id)


def beside(case: Registration, actor: Actor) -> list[tuple[str, str, str, str]]:
    """What the page of a destination says of papers, deferral and change: (heading, words, link, its address) each."""
    found = [("要交的材料", "要交哪些、交到哪里，以及可以打印的表格。", "看要交的材料", reverse("campus:papers"))]
    if (one := deferrals_.beside(case, actor)) is not None:
        words = one.words or (
            one.deferral.standing.label if one.deferral else f"现在还不能申请：{one.why}" if one.why else DEFER
        )
        found.append(("暂缓派遣", words, *_onward("暂缓派遣", one.deferral, one.why, "campus:deferrals")))
    if (other := changes_.beside(case, actor)) is not None:
        words = other.change.standing.label if other.change else f"现在不能申请：{other.why}" if other.why else CHANGE
        found.append(("更改毕业去向", words, *_onward("更改毕业去向", other.change, other.why, "campus:one_changes")))
    return found


def _onward(label: str, case: Consent | None, why: str, page: str) -> tuple[str, str]:
    if case is not None:
        return f"看{label}申请", reverse(case.detail, args=[case.public_id])
    return ("", "") if why else (f"申请{label}", reverse(page))


def overview(request: Request, flow: str) -> HttpResponse:
    """To whoever asks what is theirs."""
    return own(request, flow) if request.actor.role is Role.GRADUATE else listed(request, flow)


def own(request: Request, flow: str) -> HttpResponse:
    """The graduate's open application, or how one begins and what stands against it."""
    actor, way = request.actor, WAYS[flow]
    past = list(way.model.objects.seen_by(actor).exclude(state="discarded").order_by("-id"))
    waiting = queries.unfinished(way.model, actor)
    destination = queries.destination_of(actor)
    if waiting is not None:
        return redirect(waiting.detail, waiting.public_id)
    if request.method == "POST" and destination is not None:
        try:
            key = request.POST.get("key", "")[:64] or None
            case = begin(FLOWS[flow], actor, key=key, registration=destination.public_id)
        except Stopped as stopped:
            say(request, str(stopped), "warn")
            return redirect(way.page)
        return redirect(case.detail, case.public_id)
    why = way.may_begin(destination, actor) if destination else "先在「登记去向」里填报毕业去向。"
    return render(request, "campus/consent_begin.html", {
        "flow": FLOWS[flow], "way": way, "why": why or "", "destination": destination, "past": past, "key": token(), "steps": queries.STEPS,
        "words": changes_.in_words(destination) if destination else "", "back": reverse("registration:home"), "heading": FLOWS[flow].label,
    })  # fmt: skip


def listed(request: Request, flow: str) -> HttpResponse:
    """Every application that the reviewer sees, those that wait for this level first."""
    page = applications(flow, request.actor.role).page(request.actor, request.GET, request.cohort)
    return render(request, "campus/consents.html", {
        "page": page, "flow": FLOWS[flow], "way": WAYS[flow], "states": FLOWS[flow].states, "role": request.actor.role, "cohort": request.cohort,
    })  # fmt: skip


def shown(request: Request, flow: str, public_id: UUID) -> HttpResponse:
    """One application, on the page that suits whoever looks."""
    try:
        case = find(WAYS[flow].model, public_id, request.actor)
    except NotFound as gone:
        raise Http404 from gone
    return applied(request, case) if request.actor.role is Role.GRADUATE else reviewed(request, case)


def applied(request: Request, case: Any) -> HttpResponse:
    """As the graduate sees it: what is still to do, who has it, what it says."""
    acts = {one.act.name: one for one in open_acts(case, request.actor)}
    return render(request, "campus/consent_own.html", {
        **told(request, case), "acts": acts, "others": [one for name, one in acts.items() if name not in PLACED], "key": token(),
        "tasks": tasks(case) if "submit" in acts else [], "against": acts["submit"].why if "submit" in acts else "",
        "timeline": registrations.lines(case, timeline(case)), "contacts": orgs.contacts_for(case.graduate), "back": reverse("registration:home"),
        "heading": case.flow.label,
    })  # fmt: skip


def reviewed(request: Request, case: Any) -> HttpResponse:
    """As whoever consents sees it."""
    acts, events = open_acts(case, request.actor), timeline(case)
    hold = (
        held(case, request.actor) or next((one.why for one in acts if one.act.primary and one.why), "") if acts else ""
    )
    return render(request, "campus/consent_case.html", {
        **told(request, case), "acts": [decision(case, one) for one in acts], "hold": hold, "onward": "", "here": request.path,
        "events": registrations.lines_for_reviewers(case, events), "back": reverse(WAYS[case.flow_name].page),
        "registration_url": reverse("registration:detail", args=[case.registration.public_id]),
    })  # fmt: skip


def told(request: Request, case: Any) -> dict[str, Any]:
    """What both pages say of an application."""
    now, form = timezone.now(), own_form(case)
    events = timeline(case)
    moved = next((one for one in reversed(events) if one.after == case.state and one.before != one.after), None)
    return {
        "case": case, "way": WAYS[case.flow_name], "tag": registrations.tag(case, request.actor.role, now),
        "waits": registrations.wait_words(case, request.actor.role, now), "stations": queries.stations(case, request.actor.role, events),
        "returned": moved.words if moved and moved.act in ("return", "reject") else "", "lines": queries.lines(form, said(form, case)),
        "paper": form, "gathered": gathered(case), "counts": queries.words_now(case, now),
    }  # fmt: skip


def tasks(case: Any) -> list[dict[str, str]]:
    """What is to do before submitting, in order: fill in, print and sign, bring."""
    form, brought = own_form(case), gathered(case)
    gaps = lacking(form, said(form, case))
    lacks = any(one.lacks for one in brought)
    page = {"flow": case.flow_name, "public_id": case.public_id}
    return [
        {"label": "填写申请内容", "url": reverse("act", kwargs={**page, "name": "edit"}), "state": "now" if gaps else "done",
         "hint": f"还没有填：{'、'.join(gaps)}" if gaps else "可以再改，改了要重新打印"},
        {"label": f"下载打印{form.title}，本人签字", "state": "open" if gaps else "now" if lacks else "done", "note": "先填写申请内容",
         "url": "" if gaps else reverse("campus:print", args=[form.key, case.public_id]), "hint": "PDF，A4 纸"},
        {"label": f"上传{'、'.join(one.kind.label for one in brought)}", "url": reverse("proofs", kwargs=page),
         "state": "open" if gaps else "now" if lacks else "done", "note": "打印签字以后", "hint": "；".join(f"{one.kind.label} {len(one.proofs)} 份" for one in brought)},
    ]  # fmt: skip
