"""What a reviewer of one module opens: what waits, one application beside the records, many verdicts at once (ARC-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries as registrations
from qicheng.domain.registration.effects.reviewing import decide_all
from qicheng.domain.registration.listings import late, long_wait
from qicheng.domain.registration.pages.staff import MOST_AT_ONCE, SHORTCUTS, overtaken, parsed, picked
from qicheng.domain.roster.queries import destination_words, record_of
from qicheng.domain.transfer.listings import records as listings
from qicheng.domain.transfer.models import CHANGES
from qicheng.domain.transfer.queries import records as queries
from qicheng.domain.transfer.sheets.records import kind_of
from qicheng.foundation.access import Area
from qicheng.foundation.flow.perform import Stale, Stopped, held, open_acts, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .module import frame, of_module, workbook

if TYPE_CHECKING:
    from qicheng.domain.transfer.models import RecordChange
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.perform import Open, Record

# The verdicts that many can be given at once; a rejection has one reason for all.
VERDICTS = {"approve": "审核通过", "reject": "审核不通过"}
KEYS = (("A", "审核通过"), ("R", "退回修改"))


# ---- the queue


@of_module()
def review(request: Request, area: Area) -> HttpResponse:
    """What waits for this user in this module, the longest wait first."""
    actor, cohort = request.actor, request.cohort
    page = listings.queue(area, actor.role).page(actor, request.GET, cohort)
    return render(request, "transfer/changes_queue.html", {
        **frame(request, area), "page": page, "held": {row.public_id: listings.held_back(area, row) for row in page.rows},
        "now_": timezone.now(), "late": late(actor, cohort), "long_wait": long_wait(actor, cohort),
        "further": "major" in page.values,
    })  # fmt: skip


@of_module()
def review_workbook(request: Request, area: Area) -> HttpResponse:
    """The queue under its filters as a workbook."""
    return workbook(
        request, listings.queue(area, request.actor.role), request.GET, reverse("transfer:review", args=[area])
    )


# ---- one application


def reviewed(request: Request, case: RecordChange) -> HttpResponse:
    """The application, the present record and the employment record side by side, who has it, what is doubtful (ARC-05, ARC-02)."""
    actor, now, events, area = request.actor, timezone.now(), timeline(case), case.AREA
    employment, record = record_of(case.graduate_id, actor), queries.record_of(actor, area, case.graduate_id)
    acts = open_acts(case, actor)
    return render(request, "transfer/change_review.html", {
        **frame(request, area), "case": case, "tag": registrations.tag(case, actor.role, now), "waits": registrations.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, rejected_by=registrations.rejected_by(events)), "kind": kind_of(area, case.kind),
        "compared": queries.compared(case, record, employment), "record": record, "came_from": queries.came_from(record, actor) if record else ("", ""),
        "employment": employment, "may_read_employment": actor.may_read(Area.EMPLOYMENT), "destination": destination_words(employment) if employment else "",
        "doubts": queries.doubts_about(case), "has_moved": case.standing.turn is not None and (record.version if record else 0) != case.record_version,
        "events": registrations.lines_for_reviewers(case, events), "before": [one for one in queries.changes_of(actor, area, case.graduate_id) if one.pk != case.pk],
        "acts": [decision(case, one) for one in acts], "hold": held(case, actor) if acts else "", "onward": onward(request, case),
        "back": reverse("transfer:review", args=[area]), "here": request.path,
    })  # fmt: skip


def decision(case: Any, one: Open) -> dict[str, Any]:
    """A button of the review page."""
    return {
        "act": one.act, "why": one.why, "label": one.act.label, "shortcut": SHORTCUTS.get(one.act.name, ""), "form": None, "key": token(),
        "url": reverse("act", kwargs={"flow": case.flow_name, "public_id": case.public_id, "name": one.act.name}),
        "reasons": orgs.reasons(one.act.name, case.school_id, one.act.reason) if one.act.reason and not one.why else (),
    }  # fmt: skip


def onward(request: Request, case: RecordChange) -> str:
    """Where a verdict leads: to what waits behind the case that was decided; '' where it is not this user's turn."""
    if case.standing.turn is not request.actor.role:
        return ""
    mark = listings.queue(case.AREA, request.actor.role).mark(case.waiting_since, case.pk)
    return f"{reverse('transfer:next', args=[case.AREA])}?{urlencode({'after': mark})}"


@of_module()
def next_(request: Request, area: Area) -> HttpResponse:
    """On to the application that waits behind the one that was just decided."""
    actor, queue = request.actor, listings.queue(area, request.actor.role)
    after = {"after": request.GET.get("after", "")}
    waiting = queue.head(actor, after, request.cohort, 1) or queue.head(actor, {}, request.cohort, 1)
    if not waiting:
        return redirect("transfer:review", area)
    return redirect(CHANGES[area].detail, waiting[0].public_id)


# ---- many at once


@of_module(write=True)
def batch(request: Request, area: Area) -> HttpResponse:
    """What will be decided, and what has to be looked at by itself, before anything is done; a rejection asks for its reason."""
    actor, act = request.actor, request.POST.get("act", "")
    queue, ticked = listings.queue(area, actor.role), picked(request.POST.getlist("case"))
    asked = kept(request, area) if request.POST.get("every") else {"case": ",".join(ticked) or "-"}
    if act == "export":
        return workbook(request, queue, asked, reverse("transfer:review", args=[area]))
    rows = queue.head(actor, asked, request.cohort, MOST_AT_ONCE + 1) if act in VERDICTS else []
    if not rows:
        say(request, "先在左边勾选要审核的申请；已经审过的不会再出现。", "info")
        return redirect("transfer:review", area)
    lines = [(row, listings.held_back(area, row) if act == "approve" else [], token()) for row in rows[:MOST_AT_ONCE]]
    return render(request, "transfer/changes_batch.html", {
        **frame(request, area), "act": act, "verdict": VERDICTS[act], "passing": [(row, key) for row, why, key in lines if not why],
        "held": [(row, why) for row, why, _ in lines if why], "is_cut": len(rows) > MOST_AT_ONCE, "most": MOST_AT_ONCE,
        "reasons": orgs.reasons("reject", queries.school_of(actor)) if act == "reject" else [],
        "back": f"{reverse('transfer:review', args=[area])}?{urlencode(kept(request, area))}",
    })  # fmt: skip


@of_module(write=True)
def batch_done(request: Request, area: Area) -> HttpResponse:
    """Each line through its own act, and what became of it; sent again it answers the same and does nothing twice."""
    actor, act = request.actor, request.POST.get("act", "")
    given = {key: request.POST.get(key, "")[:500] for key in ("reason", "words")} if act == "reject" else {}
    sent = {line[0]: line for value in request.POST.getlist("line")[:MOST_AT_ONCE] if (line := parsed(value))}
    if act not in VERDICTS or not sent:
        return redirect("transfer:review", area)
    found = CHANGES[area].objects.seen_by(actor).select_related("graduate").in_bulk(list(sent), field_name="public_id")
    doubted = {
        one: why for one, case in found.items()
        if act == "approve" and case.standing.turn is actor.role and (why := queries.doubts_about(case))
    }  # fmt: skip
    free = [(found[one], version, key) for one, version, key in sent.values() if one in found and one not in doubted]
    outcomes = {
        case.public_id: outcome
        for (case, _, _), outcome in zip(free, decide_all(free, actor, act, **given), strict=True)
    }
    results = [(case, *told(case, doubted.get(one, []), outcomes.get(one))) for one, case in found.items()]
    return render(request, "transfer/changes_batch_done.html", {
        **frame(request, area), "verdict": VERDICTS[act], "done": [(case, words) for case, is_done, words in results if is_done],
        "stopped": [(case, words) for case, is_done, words in results if not is_done], "missing": len(sent) - len(found),
    })  # fmt: skip


def told(case: RecordChange, doubts: list[str], outcome: Record | Stopped | None) -> tuple[bool, str]:
    """(whether it was decided, the words beside it) of one line."""
    match outcome:
        case None:
            return False, f"{'，'.join(doubts)}，要逐条看"
        case Stale():
            return False, overtaken(outcome)
        case Stopped():
            return False, str(outcome)
        case _:
            return True, case.flow.states[outcome.after].label


def kept(request: Request, area: Area) -> dict[str, str]:
    """What the address asks of the queue."""
    filters = listings.queue(area, request.actor.role).filters
    return {one.key: request.GET[one.key] for one in filters if request.GET.get(one.key)}
