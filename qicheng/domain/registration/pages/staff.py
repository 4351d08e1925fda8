"""What schools and colleges open: the queue, one case with all that a verdict needs, many verdicts at once, and the lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.orgs.effects.registry import business_status
from qicheng.domain.orgs.models import AgreementForm, School
from qicheng.domain.registration import listings, queries
from qicheng.domain.registration.effects.reviewing import approve_all
from qicheng.domain.registration.models import Dissolution, Registration
from qicheng.domain.registration.sheets import EMPLOYER, OFFER, destinations
from qicheng.domain.roster.queries import destination_words, record_of
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.gather import gathered
from qicheng.foundation.flow.perform import NotFound, Stale, Stopped, TakenBack, find, note, open_acts, timeline
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.download import export
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.forms import Form

    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.perform import Open, Record
    from qicheng.foundation.listing import Listing, ListPage

REVIEWERS = (Role.COLLEGE, Role.SCHOOL)
STAFF = (*REVIEWERS, Role.PROVINCE, Role.MINISTRY)
EMPLOYMENT = Area.EMPLOYMENT
# How many cases one batch passes, and how many rows a request puts into a workbook.
MOST_AT_ONCE = 500
REGISTER = "https://www.gsxt.gov.cn/"
SHORTCUTS = {"approve": "A", "return": "R"}
# Words of codes in rows that a template writes out.
WORDS: dict[str, Any] = {
    "kinds": {flow.name: flow.label for flow in listings.flows()},
    "levels": codes.table("education_levels").label,
    "types": lambda key: destinations.of(key).label,
}
EXPLAINED = {
    "voided": "毕业生作废了审核通过的去向、还没有提交新的签约或去向登记的，列在这里；点姓名看全部作废记录。",
    "invalid": "从学校名单中删除的毕业生，签约和去向登记全部失效。重新上传名单以后自动恢复，也可以在学生名单的失效页面里恢复。",
}
# The filters behind 更多筛选.
FURTHER = ("major", "employer", "by", "since", "until")


# ---- the queue


@audience(*REVIEWERS, area=EMPLOYMENT)
def review(request: Request) -> HttpResponse:
    """What waits for this user, the longest wait first; with `open` one case beside it."""
    actor, role = request.actor, request.actor.role
    found = listings.queue(role).page(actor, request.GET, request.cohort, listings.counters(role))
    case = seen(request, request.GET["open"]) if request.GET.get("open") else None
    return render(request, "registration/review_queue.html", {
        "page": found, "counters": counters(found, role), "now_": timezone.now(), "late": listings.late(actor, request.cohort),
        "long_wait": listings.long_wait(actor, request.cohort), "held": listings.held_back,
        "may_act": actor.may_write(EMPLOYMENT), "keys": keys(role), **WORDS, "further": any(key in found.values for key in FURTHER), "opened": case,
        **(whole(request, case, panel=True) if case else {}),
    })  # fmt: skip


def counters(page: ListPage, role: Role) -> list[dict[str, Any]]:
    """The counters above the queue: each a filter, each with its number (REG-07)."""
    days = listings.long_wait(page.actor, page.cohort)
    shown = [
        ("all", "待审核总数", {}, ""), *((words, words, {"stage": words}, "") for words in listings.stages(role)),
        ("differs", "信息不一致", {"check": "differs"}, "warn"), ("late", f"等了 {days} 个工作日以上", {"wait": "late"}, "bad"),
    ]  # fmt: skip
    return [
        {"label": label, "count": page.tally[key], "url": f"?{urlencode(values)}" if values else reverse("registration:review"),
         "is_current": page.values == values, "tone": tone}
        for key, label, values, tone in shown
    ]  # fmt: skip


def keys(role: Role) -> list[tuple[str, str]]:
    """The letters that decide, with what they do, as far as this role has such acts, and the one that shows proofs."""
    acts = {act.name: act.label for flow in reversed(listings.flows()) for act in flow.acts if role in act.by}
    decide = [(letter, acts[name]) for name, letter in SHORTCUTS.items() if name in acts]
    return [*decide, ("V", "放大证明材料")]


@audience(*REVIEWERS, area=EMPLOYMENT)
def next_case(request: Request) -> HttpResponse:
    """On to the case that waits behind the one that was just decided, beside the list or on its own page."""
    actor, queue = request.actor, listings.queue(request.actor.role)
    kept = filters(request, queue)
    waiting = queue.head(actor, {**kept, "after": request.GET.get("after", "")}, request.cohort, 1)
    waiting = waiting or queue.head(actor, kept, request.cohort, 1)
    if not waiting:
        return redirect(f"{reverse('registration:review')}?{urlencode(kept)}")
    if request.GET.get("view") == "panel":
        return redirect(f"{reverse('registration:review')}?{urlencode({**kept, 'open': waiting[0].public_id})}")
    return redirect(f"{reverse('registration:review_case', args=[waiting[0].public_id])}?{urlencode(kept)}")


@audience(*REVIEWERS, area=EMPLOYMENT)
def review_workbook(request: Request) -> HttpResponse:
    """The queue under its filters as a workbook (REG-07)."""
    return export(
        request, "registration", listings.queue(request.actor.role), request.GET, reverse("registration:review")
    )


# ---- one case


@audience(*STAFF, area=EMPLOYMENT)
def review_case(request: Request, public_id: UUID) -> HttpResponse:
    """One case, beside the list or on its own page."""
    return registration(request, seen(request, public_id))


def registration(request: Request, case: Registration | Dissolution) -> HttpResponse:
    """All that a verdict on the case needs; the ministry's look at a person's case is on record."""
    actor = request.actor
    if actor.role is Role.MINISTRY:
        note(actor, "view", case.flow_name, subject=str(case.public_id), cohort=case.cohort, school=case.school_id)
    panel = request.headers.get("HX-Target") == "panel"
    return render(request, "registration/review_case.html", whole(request, case, panel=panel), block={"panel": "panel"})


@audience(*STAFF, area=EMPLOYMENT)
def review_status(request: Request, public_id: UUID) -> HttpResponse:
    """The unit's business status, asked of its provider now; where it cannot answer the page says so (EMP-03)."""
    case = seen(request, public_id)
    case = case.agreement if isinstance(case, Dissolution) else case
    code = case.employer_shown.get("credit_code", "")
    fresh = business_status(code)
    if request.headers.get("HX-Request") != "true":
        say(request, f"登记状态：{fresh.status}" if fresh else "暂时无法获取最新状态。", "ok" if fresh else "warn")
        return redirect("registration:review_case", case.public_id)
    context = {
        "case": case,
        "status": fresh or orgs.last_status(code),
        "is_fresh": fresh is not None,
        "asked": True,
        "register": REGISTER,
    }
    return render(request, "registration/review_status.html", context)


def whole(request: Request, case: Registration | Dissolution, *, panel: bool = False) -> dict[str, Any]:
    """What the page of a case shows, wherever it stands (REG-06)."""
    if isinstance(case, Dissolution):
        return whole_dissolution(request, case, panel=panel)
    actor, now, events = request.actor, timezone.now(), timeline(case)
    acts, rejected = open_acts(case, actor), queries.rejected_by(events)
    code = case.employer_shown.get("credit_code", "")
    return {
        "body": "registration/review_body.html", "dissolutions": queries.dissolutions_about(case, actor) if case.effective_at else [],
        "case": case, "tag": queries.tag(case, actor.role, now), "kind": kind_of(case), "title": queries.title(case), "compared": queries.comparison(case),
        "waits": queries.wait_words(case, actor.role, now),
        "stations": queries.stations(case, actor.role, now, two_levels=queries.has_two_levels(case), rejected_by=rejected),
        "groups": queries.filled_in(case), "gathered": gathered(case), "handed_in": queries.handed_in(events), "titled": queries.title,
        "unit": EMPLOYER.lines(case.employer_shown) if case.employer_id else [], "is_page": not panel, "has_code": bool(code),
        "record": record_of(case.graduate_id, actor), "status": orgs.last_status(code) if code else None, "is_fresh": False, "asked": False,
        "flagged": orgs.flags_on([code], school=case.school_id).get(code),
        "register": REGISTER, "earlier": queries.earlier(case, actor), "events": queries.lines_for_reviewers(case, events),
        "handler": orgs.handler_for(case.school_id, case.cohort, case.tier), "roster_url": roster_url(case),
        "destination_words": destination_words, **decisions(request, case, acts, panel=panel),
    }  # fmt: skip


def whole_dissolution(request: Request, case: Dissolution, *, panel: bool = False) -> dict[str, Any]:
    """What the page of a dissolution shows: who wants it and why, how long the other side is silent, the agreement (DIS-01, DIS-04)."""
    actor, now, events = request.actor, timezone.now(), timeline(case)
    agreement, acts, brought = case.agreement, open_acts(case, actor), gathered(case)
    decided_here = decisions(request, case, acts, panel=panel)
    force = next((one for one in decided_here["acts"] if one["act"].name == "force"), None)
    return {
        "body": "registration/review_dissolution.html", "case": case, "tag": queries.tag(case, actor.role, now), "kind": case.flow.label,
        "title": case.employer_name, "gathered": brought, "has_statement_alone": [one.kind.key for one in brought if one.proofs] == ["statement"],
        "handed_in": queries.handed_in(events), "earlier": queries.earlier(case, actor),
        "titled": queries.title, "is_page": not panel,
        "waits": queries.wait_words(case, actor.role, now),
        "stations": queries.dissolution_stations(case, actor.role, rejected_by=queries.rejected_by(events)),
        "silence": queries.silence(case, events, now), "asker": queries.asker(case, events), "agreement": agreement,
        "reasons_": codes.table("termination_reasons"), "unit": EMPLOYER.lines(agreement.employer_shown),
        "terms": OFFER.lines({**agreement.terms, "job_category": agreement.job_category}),
        "others": [one for one in queries.dissolutions_about(agreement, actor) if one.pk != case.pk],
        "record": record_of(case.graduate_id, actor), "events": queries.lines_for_reviewers(case, events),
        "handler": orgs.handler_for(case.school_id, case.cohort, case.tier), "roster_url": roster_url(case),
        "destination_words": destination_words, **decided_here, "force": force,
        "acts": [one for one in decided_here["acts"] if one is not force],
    }  # fmt: skip


def decisions(request: Request, case: Registration | Dissolution, acts: list[Open], *, panel: bool) -> dict[str, Any]:
    """The buttons of a case: those done at once, those that ask for a reason, those with a page of their own."""
    actor = request.actor
    is_reviewer = actor.role in REVIEWERS
    queue = listings.queue(actor.role) if is_reviewer else None
    kept = filters(request, queue) if queue else {}
    onward, back = "", reverse("registration:review" if is_reviewer else "registration:lists")
    if queue and case.standing.turn is actor.role:
        place = {"after": queue.mark(case.waiting_since, case.pk), **({"view": "panel"} if panel else {})}
        onward = f"{reverse('registration:next_case')}?{urlencode({**kept, **place})}"
    shown: list[dict[str, Any]] = [
        {
            "act": one.act, "why": one.why, "label": case.said(one.act.label), "shortcut": SHORTCUTS.get(one.act.name, ""),
            "url": reverse("registration:redirect", args=[case.public_id]) if is_redirection(case, one)
            else reverse("act", kwargs={"flow": case.flow_name, "public_id": case.public_id, "name": one.act.name}), "key": token(),
            "reasons": queries.reasons_by_use(case, one.act.name, one.act.reason) if one.act.reason and not one.why else (),
            "form": form_of(case, one),
        }
        for one in acts
    ]  # fmt: skip
    return {
        "acts": [one for one in shown if one["act"].name != "refresh"], "onward": onward,
        "refresh": next((one for one in shown if one["act"].name == "refresh" and not one["why"]), None),
        "here": f"{back}?{urlencode({**kept, 'open': case.public_id})}" if panel else request.path, "back": f"{back}?{urlencode(kept)}",
        "kept": urlencode(kept), "hold": next((one["why"] for one in shown if one["why"]), ""),
    }  # fmt: skip


def form_of(case: Registration | Dissolution, one: Open) -> Form | None:
    """What an approval asks for, to be filled in beside what is approved (OFF-07, DIS-05); None where it asks for nothing."""
    sheet = one.act.sheet(case) if one.act.primary and not one.act.drafted and not one.why else None
    return sheet.form(case.cohort)(auto_id=f"{one.act.name}-%s") if sheet else None


def is_redirection(case: Registration | Dissolution, one: Open) -> bool:
    """Whether the act changes a destination, which has a page of its own (DES-04)."""
    return case.flow_name == "destination" and one.act.name in ("redirect", "amend")


def kind_of(case: Registration) -> str:
    """The way, and the type of another destination."""
    return f"{case.flow.label}　{destinations.of(case.kind).name(case.edition)}" if case.kind else case.flow.label


def roster_url(case: Registration | Dissolution) -> str:
    """Where 到就业系统查看 leads; '' while there is no such page."""
    try:
        return reverse("roster:detail", args=[case.graduate.public_id])
    except NoReverseMatch:
        return ""


# ---- many at once


@audience(*REVIEWERS, area=EMPLOYMENT, write=True)
def batch(request: Request) -> HttpResponse:
    """What will pass and what stays behind, before anything is done (REG-07)."""
    queue, asked = listings.queue(request.actor.role), chosen(request)
    if asked is not None and request.POST.get("act") == "export":
        return export(request, "registration", queue, asked, reverse("registration:review"))
    rows = [] if asked is None else queue.head(request.actor, asked, request.cohort, MOST_AT_ONCE + 1)
    if not rows:
        say(request, "先在左边勾选要通过的登记；已经审过的不会再出现。", "info")
        return redirect("registration:review")
    lines = [(row, listings.held_back(row), token()) for row in rows[:MOST_AT_ONCE]]
    return render(request, "registration/review_batch.html", {
        "passing": [(row, key) for row, held, key in lines if not held], "held": [(row, held) for row, held, _ in lines if held],
        "verb": AgreementForm(rows[0].form).verb if request.actor.role is Role.SCHOOL else "审核", "is_cut": len(rows) > MOST_AT_ONCE,
        "most": MOST_AT_ONCE, **WORDS, "back": f"{reverse('registration:review')}?{urlencode(filters(request, queue))}",
    })  # fmt: skip


def chosen(request: Request) -> dict[str, str] | None:
    """The query of the rows that were ticked, or of everything under the filters; None if nothing was."""
    if request.POST.get("every"):
        return filters(request, listings.queue(request.actor.role))
    ticked = picked(request.POST.getlist("case"))
    return {"case": ",".join(ticked)} if ticked else None


@audience(*REVIEWERS, area=EMPLOYMENT, write=True)
def batch_done(request: Request) -> HttpResponse:
    """Each line of a batch through its own act, and what became of it; sent again it answers the same and does nothing twice."""
    actor, queue = request.actor, listings.queue(request.actor.role)
    sent = [line for value in request.POST.getlist("line")[:MOST_AT_ONCE] if (line := parsed(value))]
    lines = list({line[0]: line for line in sent}.values())
    asked = {"case": ",".join(str(public_id) for public_id, _, _ in lines) or "-"}
    waiting = {row.public_id: row for row in queue.head(actor, asked, request.cohort, MOST_AT_ONCE)}
    cases: dict[UUID, Registration | Dissolution] = {}
    for model in listings.MODELS:
        found = model.objects.seen_by(actor).select_related("graduate")
        cases |= found.in_bulk([public_id for public_id, _, _ in lines], field_name="public_id")
    asked_of = [(cases[public_id], version, key) for public_id, version, key in lines if public_id in cases]
    held = {case.public_id: reasons for case, _, _ in asked_of if (reasons := held_now(case, waiting))}
    free = [one for one in asked_of if one[0].public_id not in held]
    outcomes = {case.public_id: outcome for (case, _, _), outcome in zip(free, approve_all(free, actor), strict=True)}
    results = [
        (case, *told(case, held.get(case.public_id, []), outcomes.get(case.public_id))) for case, _, _ in asked_of
    ]
    return render(request, "registration/review_batch_done.html", {
        "passed": [(case, words) for case, is_done, words in results if is_done],
        "stopped": [(case, words) for case, is_done, words in results if not is_done], "missing": len(lines) - len(results),
    })  # fmt: skip


def held_now(case: Registration | Dissolution, waiting: dict[UUID, Any]) -> list[str]:
    """Why a line of a batch has to be looked at by itself, by the queue as it is now."""
    row = waiting.get(case.public_id)
    return [] if row is None else listings.held_back(row)


def told(case: Registration | Dissolution, held: list[str], outcome: Record | Stopped | None) -> tuple[bool, str]:
    """(whether it passed, the words beside it) of one line of a batch; what has to be looked at by itself never passes."""
    match outcome:
        case None:
            return False, f"{'，'.join(held)}，要逐条看"
        case Stale():
            return False, overtaken(outcome)
        case Stopped():
            return False, str(outcome)
        case _:
            return True, listings.worded(case.flow.states[outcome.after].label, case.agreement_form)


def overtaken(stale: Stale) -> str:
    """Who was first, when, and how the case stands now (REG-04)."""
    if stale.record is None:
        return str(stale)
    return f"{stale.record.name} {timezone.localtime(stale.record.at):%H:%M} 已审过，现在是「{stale.label}」"


# ---- lists


@audience(*STAFF, area=EMPLOYMENT)
def lists(request: Request) -> HttpResponse:
    """To the first of the lists."""
    return redirect("registration:list", next(iter(listings.lists())))


@audience(*STAFF, area=EMPLOYMENT)
def list_(request: Request, name: str) -> HttpResponse:
    """One list of registrations under its filters."""
    found = named(request, name).page(request.actor, request.GET, request.cohort)
    return render(request, "registration/staff_list.html", {
        "page": found, "lists": listings.named(request.actor, request.cohort).values(), "further": any(key in found.values for key in FURTHER),
        "by_school": by_school(request, found) if name == "waiting" else [], "turns": listings.TURNS,
        "returning": listings.returning(), "explained": EXPLAINED,
    })  # fmt: skip


def by_school(request: Request, page: ListPage) -> list[tuple[str, str, dict[str, int]]]:
    """(school, the address of its part of the list, counts by whose turn it is) for those above the schools, the most first."""
    actor = request.actor
    if actor.role in REVIEWERS or page.values.get("school"):
        return []
    groups = {"": "true"} | {str(role): listings.turn_of(role) for role in listings.TURNS}
    counts = page.listing.tallies(actor, request.cohort, "c.school_id", groups, page.values)
    names = School.objects.in_bulk([school for school, _ in counts])
    shown = [
        (names[school].name, f"?{urlencode({**page.values, 'school': school})}", numbers) for school, numbers in counts
    ]
    return sorted(shown, key=lambda one: (-one[2][""], one[0]))


@audience(*STAFF, area=EMPLOYMENT)
def voided(request: Request, public_id: UUID) -> HttpResponse:
    """All that a graduate voided, record by record, with what was registered (DES-05)."""
    case = seen(request, public_id)
    if isinstance(case, Dissolution):
        raise Http404
    actor = request.actor
    if actor.role is Role.MINISTRY:
        note(actor, "view", case.flow_name, subject=str(case.public_id), cohort=case.cohort, school=case.school_id)
    found = [
        {"case": one, "kind": kind_of(one), "title": queries.title(one), "groups": queries.filled_in(one)}
        for one in queries.voided_by_graduate(case, actor)
    ]
    return render(
        request,
        "registration/voided.html",
        {"case": case, "found": found, "back": reverse("registration:list", args=["voided"])},
    )


@audience(*STAFF, area=EMPLOYMENT)
def list_workbook(request: Request, name: str) -> HttpResponse:
    """A list under its filters as a workbook; 导出退回修改学生名单 is one of them."""
    return export(request, "registration", named(request, name), request.GET, reverse("registration:list", args=[name]))


def named(request: Request, name: str) -> Listing:
    """The list of that name; Http404 if there is none for whoever asks."""
    if (found := listings.named(request.actor, request.cohort).get(name)) is None:
        raise Http404
    return found


# ---- what requests carry


def seen(request: Request, public_id: UUID | str) -> Registration | Dissolution:
    """The case of that id, whatever its kind, as far as whoever asks may see it; Http404 else (ORG-01)."""
    missing: Exception | None = None
    for model in listings.MODELS:
        try:
            return find(model, public_id if isinstance(public_id, UUID) else UUID(public_id), request.actor)
        except ValueError:
            break
        except NotFound as gone:
            missing = gone if isinstance(gone, TakenBack) else missing
    raise Http404 from missing


def filters(request: Request, listing: Listing) -> dict[str, str]:
    """What the address asks of a list, so that links keep it."""
    return {one.key: request.GET[one.key] for one in listing.filters if request.GET.get(one.key)}


def picked(values: Iterable[str]) -> list[str]:
    """The ids among what a form sent."""
    found = []
    for value in values:
        try:
            found.append(str(UUID(value)))
        except ValueError:
            continue
    return found


def parsed(value: str) -> tuple[UUID, int, str] | None:
    """(case, the version that was seen, key) of a line of a batch, or None for anything else."""
    public_id, _, rest = value.partition(":")
    version, _, key = rest.partition(":")
    try:
        return (UUID(public_id), int(version), key[:64]) if key and version.isascii() and len(version) < 10 else None
    except ValueError:
        return None
