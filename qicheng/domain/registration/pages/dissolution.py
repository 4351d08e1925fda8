"""What both sides open to dissolve an agreement: the request, its page with the answer, and an employer's list of them (DIS-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries
from qicheng.domain.registration.models import Dissolution
from qicheng.domain.registration.sheets import DISSOLUTION, EMPLOYER
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.gather import gathered
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, held, open_acts, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .cases import EVERYBODY, frame
from .cases import seen as seen_agreement
from .staff import registration

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access.pages import Request

OTHER_SIDE = {Role.GRADUATE: "用人单位", Role.EMPLOYER: "毕业生"}
# The counters above an employer's list: states as it reads them, in the order in which they come.
PLACES = (
    ("mine", "待你回应", ("asked_by_graduate",)), ("theirs", "待毕业生回应", ("asked_by_employer",)),
    ("review", "待审核", ("college_review", "school_review")), ("done", "解约完成", ("done",)),
    ("rejected", "审核不通过", ("rejected",)), ("refused", "已拒绝", ("refused_by_employer", "refused_by_graduate")),
    ("withdrawn", "已撤回", ("withdrawn",)),
)  # fmt: skip


@audience(Role.GRADUATE, Role.EMPLOYER)
def ask(request: Request, public_id: UUID) -> HttpResponse:
    """Ask for the dissolution of an agreement: what has to be settled first, how often it is possible, reason and words (DIS-01)."""
    actor, agreement = request.actor, seen_agreement(request, public_id)
    way = queries.way_out(agreement, actor.role)
    if not way:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = DISSOLUTION[actor.role].form(agreement.cohort)(posted)
    if posted is None or not form.is_valid():
        return asking(request, agreement, form)
    key = request.POST.get("key", "")[:64] or None
    try:
        case = begin(FLOWS[way], actor, key=key, agreement=agreement, **form.cleaned_data)
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        return asking(request, agreement, form, str(stopped))
    if case.standing.proofs_by:
        say(request, "解约申请已保存，还没有提交。先上传解约函，再提交。")
    else:
        say(request, f"解约申请已提交，{OTHER_SIDE[actor.role]}会收到消息。对方同意、学校审核通过，协议才解除。")
    return redirect(case.detail, public_id=case.public_id)


def asking(request: Request, agreement: Registration, form: Form, why: str = "") -> HttpResponse:
    """The form, or the reason for which there is none; what was typed stays."""
    actor = request.actor
    opened = next((one for one in queries.dissolutions_about(agreement, actor) if not one.standing.settled), None)
    draft = Dissolution.refusals["one_draft_of_a_request"] if opened and not opened.live else None
    against = why or queries.dissolution_obstacle(agreement, actor) or draft
    left, allowed = queries.requests_left(agreement, actor)
    asked = queries.intended_dissolution(agreement, actor)
    return render(request, "registration/dissolve.html", {
        "frame": frame(request), "agreement": agreement, "form": form, "why": against, "can": form.is_bound or not against, "left": left,
        "allowed": allowed, "opened": opened, "key": request.POST.get("key") or token(), "other": OTHER_SIDE[actor.role],
        "levels": ["学院审核"] * queries.has_two_levels(asked) + [f"学校{asked.verb}"], "counts": actor.role is Role.GRADUATE, "paper": asked.is_on_paper,
        "back": reverse(agreement.detail, args=[agreement.public_id]), "heading": "申请解约",
    }, status=422 if form.errors else 409 if why else 200)  # fmt: skip


@audience(*EVERYBODY)
def detail(request: Request, public_id: UUID) -> HttpResponse:
    """One dissolution, on the page that suits whoever looks."""
    case = seen(request, public_id)
    if request.actor.role in OTHER_SIDE:
        return request_on_paper(request, case) if case.is_on_paper else request_of_a_side(request, case)
    return registration(request, case)


def request_of_a_side(request: Request, case: Dissolution) -> HttpResponse:
    """A request as one of the two sides reads it: whose turn it is, who wants it and why, what can be done."""
    actor, now, events = request.actor, timezone.now(), timeline(case)
    acts = {one.act.name: one for one in open_acts(case, actor)}
    mine = case.was_asked_by is actor.role
    quiet = queries.silence(case, events, now)
    agreement, reasons = case.agreement, codes.table("termination_reasons")
    return render(request, f"registration/dissolution_{actor.role}.html", {
        "case": case, "agreement": agreement, "tag": queries.tag(case, actor.role, now), "acts": acts, "key": token(), "mine": mine,
        "why": held(case, actor) if case.standing.turn else None, "answering": "agree" in acts, "silence": quiet if mine else None,
        "waits": queries.wait_words(case, actor.role, now),
        "stations": queries.dissolution_stations(case, actor.role, rejected_by=queries.rejected_by(events)),
        "asked": [
            ("解约方", case.get_asked_by_display()), ("解约申请人", queries.asker(case, events)), ("解约原因", reasons.label(case.reason)),
            ("解约说明", case.explanation), *([("解约方式", reasons.label(case.manner))] if case.manner else []),
        ],
        "timeline": queries.lines(case, events), "unit": EMPLOYER.lines(agreement.employer_shown),
        "phone": agreement.employer_shown.get("mobile") or agreement.employer_shown.get("phone") or "",
        "contacts": orgs.contacts_for(case.graduate) if actor.role is Role.GRADUATE else [],
        "handler": orgs.handler_for(case.school_id, case.cohort, case.tier),
        "back": reverse("registration:home"), "heading": "解约",
    })  # fmt: skip


def request_on_paper(request: Request, case: Dissolution) -> HttpResponse:
    """A request on paper as its graduate fills it in, submits and follows it; no employer has a part in it (DIS-05)."""
    actor, now, events = request.actor, timezone.now(), timeline(case)
    if actor.role is not Role.GRADUATE:
        raise Http404
    agreement, reasons, standing = case.agreement, codes.table("termination_reasons"), case.standing
    left, allowed = queries.requests_left(agreement, actor)
    returned = next((record for record in reversed(events) if record.after == case.state), None)
    return render(request, "registration/dissolution_paper.html", {
        "case": case, "agreement": agreement, "tag": queries.tag(case, actor.role, now), "acts": open_acts(case, actor),
        "why": held(case, actor) if standing.turn else None, "gathered": gathered(case), "open": bool(standing.proofs_by),
        "left": left, "allowed": allowed, "returned": returned.words if returned and returned.act == "return" else "",
        "waits": queries.wait_words(case, actor.role, now),
        "stations": queries.dissolution_stations(case, actor.role, rejected_by=queries.rejected_by(events)),
        "asked": [
            ("解约原因", reasons.label(case.reason)), ("解约说明", case.explanation),
            *([("第几次申请", f"{case.sequence} / {case.allowed}")] if case.sequence else []),
            *([("解约方式", reasons.label(case.manner))] if case.manner else []),
        ],
        "timeline": queries.lines(case, events), "contacts": orgs.contacts_for(case.graduate),
        "phone": agreement.employer_shown.get("mobile") or agreement.employer_shown.get("phone") or "",
        "back": reverse("registration:home"), "heading": "解约",
    })  # fmt: skip


@audience(Role.EMPLOYER)
def terminations(request: Request) -> HttpResponse:
    """An employer's dissolutions of a cohort, its own requests and those it has to answer, by state, name or post."""
    actor, now, place = request.actor, timezone.now(), request.GET.get("state", "")
    states = next((states for key, _, states in PLACES if key == place), ())
    words, before = request.GET.get("q", "").strip()[:60], request.GET.get("before", "")
    found, after = queries.dissolutions(
        actor, request.cohort, states=states, words=words, before=int(before) if before.isascii() and before.isdigit() else None
    )  # fmt: skip
    return render(request, "registration/terminations.html", {
        "places": places(request, place if states else ""), "state": place if states else "", "q": words, "cohort": request.cohort,
        "rows": [(case, queries.tag(case, Role.EMPLOYER, now)) for case in found], "reasons": codes.table("termination_reasons"),
        "following": f"?{urlencode({'state': place, 'q': words, 'before': after})}" if after else "",
        "filtered": bool(states or words),
    })  # fmt: skip


def places(request: Request, current: str) -> list[dict[str, Any]]:
    """The counters above the list, each of them a filter."""
    counts = queries.dissolution_counts(request.actor, request.cohort)
    url = reverse("registration:terminations")
    every = {"label": "全部", "count": sum(counts.values()), "url": url, "is_current": not current}
    return [every, *(
        {"label": label, "count": sum(counts.get(state, 0) for state in states), "url": f"{url}?state={key}", "is_current": key == current,
         "tone": "warn" if key == "mine" else ""}
        for key, label, states in PLACES
    )]  # fmt: skip


def seen(request: Request, public_id: UUID) -> Dissolution:
    """The request that whoever asks may see; Http404 else (ORG-01)."""
    try:
        return find(Dissolution, public_id, request.actor)
    except NotFound:
        raise Http404 from None
