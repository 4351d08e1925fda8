"""修改去向: a reviewer changes what a graduate registered, sees what will be different, and then does it (DES-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from qicheng.domain.orgs import queries as orgs
from qicheng.domain.registration import queries
from qicheng.domain.registration.effects.redirection import foreseen
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import destinations
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, find, open_acts, perform
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from django.forms import Form

    from qicheng.domain.registration.sheets.destinations import Destination
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.perform import Open

OTHERWISE = "登记内容"


@audience(Role.COLLEGE, Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def redirection(request: Request, public_id: UUID) -> HttpResponse:
    """The type and its form; then what will change; then the change itself."""
    case = registered(request, public_id)
    one = next((one for one in open_acts(case, request.actor) if one.act.name in ("redirect", "amend")), None)
    if one is None:
        say(request, f"这条登记现在是「{case.said(case.standing.label)}」，不能修改去向。", "warn")
        return redirect("registration:review_case", public_id)
    kind, step = chosen(request, case, one), request.POST.get("step", "")
    form = filled(request, case, kind)
    if step not in ("check", "do") or not form.is_valid():
        return write(request, case, one, kind, form, wrong=step in ("check", "do"))
    try:
        changes = foreseen(case, request.actor, kind.key, form.cleaned_data)
    except Refused as refused:
        return write(request, case, one, kind, form, why=str(refused))
    return change(request, case, one, kind, form) if step == "do" else check(request, case, one, kind, form, changes)


def write(
    request: Request,
    case: Registration,
    one: Open,
    kind: Destination,
    form: Form,
    why: str = "",
    *,
    wrong: bool = False,
) -> HttpResponse:
    """The form of the type that was chosen, with what the graduate registered."""
    if form.is_bound and not wrong and not why:
        form.errors.clear()
    groups: dict[str, list[Any]] = {}
    for field in kind.sheet:
        groups.setdefault(field.group or OTHERWISE, []).append(form[field.key])
    has_selects = any(field.key == "area" and field.kind == "area" for field in kind.sheet)
    return render(request, "registration/redirect.html", {
        **around(case, one, kind), "form": form, "groups": groups, "why": one.why or why, "is_shut": bool(one.why),
        "seen": request.POST.get("seen", case.version), "area": orgs.area_selects(str(form["area"].value() or "")) if has_selects else (),
        "kinds": destinations.by_group(case.edition, case.graduate.training_mode), "may_choose": one.act.name == "redirect",
    }, status=422 if wrong or why else 200)  # fmt: skip


def check(
    request: Request,
    case: Registration,
    one: Open,
    kind: Destination,
    form: Form,
    changes: dict[str, list[str]],
    why: str = "",
) -> HttpResponse:
    """What will be different, before it is."""
    sent = [(name, form.data.get(name, "")) for name in form.fields if form.data.get(name)]
    return render(request, "registration/redirect_check.html", {
        **around(case, one, kind), "rows": [(label, old, new, True, "") for label, (old, new) in changes.items()], "typed": sent, "why": why,
        "seen": request.POST.get("seen", case.version), "key": token(),
    })  # fmt: skip


def change(request: Request, case: Registration, one: Open, kind: Destination, form: Form) -> HttpResponse:
    """Do it; a page that was overtaken is told by what, and nothing is changed."""
    seen = request.POST.get("seen", "")
    given = {"kind": kind.key, **form.cleaned_data} if one.act.name == "redirect" else form.cleaned_data
    try:
        perform(
            case, one.act.name, request.actor, seen=int(seen) if seen.isdecimal() and len(seen) < 10 else case.version,
            key=request.POST.get("key", "")[:64] or token(), **given,
        )  # fmt: skip
    except (NotFound, NotOpen):
        raise Http404 from None
    except Stale as stale:
        say(request, str(stale), "warn")
    except Refused as refused:
        return write(request, case, one, kind, form, why=str(refused))
    else:
        say(request, "去向已经修改，毕业生会收到消息和短信。")
    return redirect("registration:review_case", case.public_id)


def around(case: Registration, one: Open, kind: Destination) -> dict[str, Any]:
    """What every step shows."""
    return {
        "case": case, "act": one.act, "kind": kind, "was": destinations.of(case.kind), "title": queries.title(case), "heading": one.act.label,
    }  # fmt: skip


def filled(request: Request, case: Registration, kind: Destination) -> Form:
    """The form of that type with what was sent, else with what the case has under the same names."""
    made = kind.sheet.form(case.cohort)
    if request.method != "POST":
        return made(initial={key: case.terms.get(key) for key in kind.sheet.keys})
    sent = request.POST.copy()
    if "area" not in sent:
        sent["area"] = orgs.chosen_area(sent)
    return made(sent)


def chosen(request: Request, case: Registration, one: Open) -> Destination:
    """The type that was asked for, if this graduate may have it; else the one that is registered."""
    asked = request.POST.get("kind") or request.GET.get("kind") or case.kind
    offered = destinations.types(case.edition, case.graduate.training_mode) if one.act.name == "redirect" else []
    return next((kind for kind in offered if kind.key == asked), destinations.of(case.kind))


def registered(request: Request, public_id: UUID) -> Registration:
    """The other destination that whoever asks may see; Http404 else."""
    try:
        case = find(Registration, public_id, request.actor)
    except NotFound:
        raise Http404 from None
    if not case.kind:
        raise Http404
    return case
