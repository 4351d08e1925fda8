"""What schools and colleges open of one module: its home, its lists, one graduate's record, editing and clearing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration.listings import LATE, late, long_wait
from qicheng.domain.roster.queries import destination_words, record_of
from qicheng.domain.transfer.effects import records as effects
from qicheng.domain.transfer.listings import records as listings
from qicheng.domain.transfer.queries import records as queries
from qicheng.domain.transfer.sheets.records import TITLES, doubts, kind_of, kinds, lines, person_of, sheet_for
from qicheng.foundation.access import Area
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, noted
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .module import frame, of_module, settings_words, workbook

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form

    from qicheng.domain.roster.models import Graduate
    from qicheng.domain.transfer.models import TransferRecord
    from qicheng.foundation.access import Actor
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.listing import Listing
    from qicheng.foundation.sheets import Sheet

# The lists of a module by the name in their address.
LISTS = {"records": listings.records, "changes": listings.changes, "lapsed": listings.lapsed}
EXPLAINED = {
    "lapsed": "从学校名单中删除的毕业生，登记和申请都冻结。重新上传名单以后自动恢复，恢复以后回到原来的状态。",
    "changes": "毕业生提交过的申请，最新的在前。点姓名看申请、现在登记的信息和去向登记。",
}


# ---- the module's home


@of_module()
def module(request: Request, area: Area) -> HttpResponse:
    """How many wait, for how long, and how many stand in each state, each number its list (HOME-01)."""
    actor, cohort = request.actor, request.cohort
    return render(request, "transfer/module.html", {
        **frame(request, area), "groups": counted(area, actor, cohort), "why": settings_words(request, area), "now_": timezone.now(),
        "longest": listings.queue(area, actor.role).head(actor, {}, cohort, 5), "late": late(actor, cohort),
        "kinds": kinds(area, orgs.edition_of(cohort)),
    })  # fmt: skip


def counted(area: Area, actor: Actor, cohort: int) -> list[tuple[str, list[tuple[str, int, str, str]]]]:
    """(heading, [(words, number, address of exactly these, tone)]) of the module's home."""
    days, mine = long_wait(actor, cohort), listings.waits_for(area, actor.role)
    review, changes, records = (reverse(f"transfer:{name}", args=[area]) for name in ("review", "changes", "records"))
    turns = {state.key: state for state in listings.flow_of(area).states.values() if state.turn and state.live}
    wanted = {
        "mine": ("待我审核", mine, review, ""),
        "late": (f"其中等了 {days} 个工作日以上", f"({mine}) AND {LATE}", f"{review}?wait=late", "bad"),
        "moved": ("其中提交后登记有变化", f"({mine}) AND {listings.MOVED_ON}", f"{review}?check=moved", "warn"),
        **{key: (state.label, f"c.state = '{key}'", f"{changes}?state={key}", "") for key, state in turns.items()},
    }  # fmt: skip
    asked = listings.with_late(area).tally(actor, cohort, {key: one[1] for key, one in wanted.items()})
    stands = listings.records(area).tally(actor, cohort, {key: sql for key, (_, sql) in listings.STATES.items()})
    return [
        ("申请", [(words, asked[key], url, tone) for key, (words, _, url, tone) in wanted.items()]),
        (f"{TITLES[area]}信息", [(listings.state_words(key), stands[key], f"{records}?state={key}", "") for key in stands]),
    ]  # fmt: skip


# ---- lists


@of_module()
def list_(request: Request, area: Area, name: str) -> HttpResponse:
    """One list of the module under its filters."""
    found = named(area, name).page(request.actor, request.GET, request.cohort)
    return render(request, "transfer/records_list.html", {
        **frame(request, area), "page": found, "name": name, "explained": EXPLAINED.get(name, ""),
        "further": any(key in found.values for key in ("major", "origin", "since", "until")),
    })  # fmt: skip


@of_module()
def list_workbook(request: Request, area: Area, name: str) -> HttpResponse:
    """The same as a workbook."""
    return workbook(request, named(area, name), request.GET, reverse(f"transfer:{name}", args=[area]))


def named(area: Area, name: str) -> Listing:
    """The list of that name; Http404 if there is none."""
    if name not in LISTS:
        raise Http404
    return LISTS[name](area)


# ---- one graduate


@of_module()
def record(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """One graduate's record: what it says, where it came from, what was applied for, everything that changed it."""
    actor, graduate = request.actor, seen(request, area, public_id)
    row, changes = queries.record_of(actor, area, graduate.pk), queries.changes_of(actor, area, graduate.pk)
    unfinished = queries.unfinished(changes)
    employment = record_of(graduate.pk, actor)
    return render(request, "transfer/record.html", {
        **frame(request, area), "graduate": graduate, "record": row, "tag": queries.standing(row, unfinished), "lines": lines(area, row.values) if row else [],
        "kind": kind_of(area, row.kind) if row else None, "came_from": queries.came_from(row, actor) if row else ("", ""), "changes": changes,
        "unfinished": unfinished, "employment": employment, "may_read_employment": actor.may_read(Area.EMPLOYMENT),
        "destination": destination_words(employment) if employment else "", "why": held(area, graduate, actor), "written": queries.written,
        "history": noted(effects.about(area), case=str(graduate.pk)),
        "doubts": doubts(area, row.values, person_of(graduate)) if row and row.is_registered else [],
    })  # fmt: skip


@of_module(write=True)
def edit(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """The form of a record: what a type asks for, and why, which the graduate is told (ARC-04)."""
    graduate = seen(request, area, public_id)
    row = queries.record_of(request.actor, area, graduate.pk)
    if why := held(area, graduate, request.actor):
        say(request, why, "warn")
        return redirect("transfer:record", area, public_id)
    sheet = sheet_for(area, orgs.edition_of(graduate.cohort), person_of(graduate))
    if request.method != "POST":
        form = sheet.form(graduate.cohort)(initial=row.values if row else None)
        return editing(request, area, graduate, row, marked(form, sheet))
    form = sheet.form(graduate.cohort)(with_region(request))
    is_right = form.is_valid()
    marked(form, sheet)
    if not is_right:
        return editing(request, area, graduate, row, form, status=422)
    try:
        effects.edit_record(area, public_id, request.actor, seen=whole(request.POST.get("seen")), key=key_of(request),
                            words=request.POST.get("words", "")[:500], **form.cleaned_data)  # fmt: skip
    except (NotFound, NotOpen):
        raise Http404 from None
    except Stale as stale:
        fresh = queries.record_of(request.actor, area, graduate.pk)
        return editing(request, area, graduate, fresh, form, str(stale), status=409)
    except Refused as refused:
        return editing(request, area, graduate, row, form, str(refused), status=422)
    say(request, f"{graduate.name}的{TITLES[area]}信息已修改，毕业生会收到消息。")
    return redirect("transfer:record", area, public_id)


def editing(
    request: Request, area: Area, graduate: Graduate, row: TransferRecord | None, form: Form, why: str = "", *, status: int = 200
) -> HttpResponse:  # fmt: skip
    """The form with what was typed and what is wrong with it."""
    unfinished = queries.unfinished(queries.changes_of(request.actor, area, graduate.pk))
    return render(request, "transfer/record_edit.html", {
        **frame(request, area), "graduate": graduate, "form": form, "why": why, "key": token(), "words": request.POST.get("words", ""),
        "seen": request.POST["seen"] if status == 422 and "seen" in request.POST else row.version if row else 0,
        "registered": lines(area, row.values) if row and row.is_registered else [], "unfinished": unfinished if unfinished and unfinished.live else None,
        "kinds": kinds(area, orgs.edition_of(graduate.cohort)), "region": orgs.area_selects(str(form["region"].value() or "")),
    }, status=status)  # fmt: skip


@of_module(write=True)
def clear(request: Request, area: Area, public_id: UUID) -> HttpResponse:
    """Emptying a record: what follows is said before, and why is asked for (ARC-04)."""
    graduate, why = seen(request, area, public_id), ""
    row = queries.record_of(request.actor, area, graduate.pk)
    if request.method == "POST":
        try:
            effects.clear_record(area, public_id, request.actor, seen=whole(request.POST.get("seen")), key=key_of(request),
                                 words=request.POST.get("words", "")[:500])  # fmt: skip
        except (NotFound, NotOpen):
            raise Http404 from None
        except Stale as stale:
            say(request, str(stale), "warn")
            return redirect("transfer:record", area, public_id)
        except Refused as refused:
            why = str(refused)
        else:
            say(request, f"{graduate.name}的{TITLES[area]}信息已清空，毕业生会收到消息。")
            return redirect("transfer:record", area, public_id)
    return render(request, "transfer/record_clear.html", {
        **frame(request, area), "graduate": graduate, "record": row, "lines": lines(area, row.values) if row else [], "why": why, "key": token(),
        "words": request.POST.get("words", ""),
    }, status=422 if why else 200)  # fmt: skip


# ---- what requests carry


def seen(request: Request, area: Area, public_id: UUID) -> Graduate:
    """The graduate of that id, as far as the module's permission shows it and the module has to do with it (ARC-07, ARC-08)."""
    rows = queries.people(request.actor, area).select_related("school", "college")
    graduate = rows.filter(public_id=public_id).first()
    if graduate is None or not queries.is_listed(area, graduate):
        raise Http404
    return graduate


def held(area: Area, graduate: Graduate, actor: Actor) -> str:
    """Why nothing can be done to this graduate's record now; '' where it can."""
    case = queries.intended(area, graduate)
    return next((why for hold in case.flow.holds if (why := hold(case, actor))), "")


def with_region(request: Request) -> Any:
    """What was sent, the three selects of a division put together."""
    sent = request.POST.copy()
    if "region" not in sent:
        sent["region"] = orgs.chosen_area(sent)
    return sent


def marked(form: Form, sheet: Sheet) -> Form:
    """The marks of what is asked, on a form of which a part may be empty until the type is chosen."""
    asked: Any = sheet.form()
    for field in sheet:
        control = form.fields[field.key]
        control.required = field.required
        if asked_when := getattr(asked.base_fields[field.key], "asked_when", ""):
            control.help_text = "，".join(filter(None, [str(control.help_text), asked_when]))
    form.use_required_attribute = False
    return form


def whole(text: str | None) -> int:
    """A version as a form sends it; -1, which no record has, for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else -1


def key_of(request: Request) -> str:
    """The key of a form, which makes a second sending harmless."""
    return request.POST.get("key", "")[:64] or token()
