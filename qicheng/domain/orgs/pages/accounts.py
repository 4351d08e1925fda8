"""Pages of accounts: one list of one's own level and the one below, and what may be done to each (ORG-05 … ORG-09)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import accounts
from qicheng.domain.orgs.models import Province, School, Seat
from qicheng.domain.orgs.pages import filled, status_of, stood, tried
from qicheng.domain.orgs.sheets import account_sheet
from qicheng.foundation.access import Area, Level, Role, Tier
from qicheng.foundation.access.pages import audience
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor
    from qicheng.foundation.sheets import Sheet

MAKERS = (Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
# What an account of a school or college starts with (ORG-05).
FIRST = {Area.EMPLOYMENT: Level.WRITE, Area.ARCHIVE: Level.NONE, Area.HOUSEHOLD: Level.NONE}


@audience(*MAKERS, area=Area.EMPLOYMENT)
def overview(request: Any) -> HttpResponse:
    """Accounts of the own level and of the one below; for a school the colleges that do not match the roster (ORG-06)."""
    actor = request.actor
    found = list(queries.seats(actor))
    names = queries.units(found)
    appoints = queries.may_appoint(actor)
    rows = [(seat, names.get((seat.role, seat.node), ""), accounts.in_force(seat)) for seat in found]
    context = {
        "rows": rows, "below": queries.BELOW[actor.role], "appoints": appoints, "may_write": actor.may_write(Area.EMPLOYMENT),
        "changeable": {seat.pk for seat in found if queries.may_change(actor, seat, appoints=appoints)}, "Role": Role,
        **(mismatches(actor, request.cohort, found) if actor.role is Role.SCHOOL else {"lacking": (), "strangers": ()}),
    }  # fmt: skip
    return render(request, "orgs/accounts.html", context)


@audience(Role.PROVINCE, Role.MINISTRY, area=Area.EMPLOYMENT)
def above(request: Any) -> HttpResponse:
    """The same list at the address of those above the schools, who have it in their menu (ORG-03)."""
    return overview(request)


def mismatches(actor: Actor, cohort: int, found: list[Seat]) -> dict[str, Any]:
    """Colleges of the roster without an account; accounts of colleges that nobody on the roster belongs to, and what was meant."""
    lacking = queries.colleges_without_account(actor.node, cohort)
    names = [college.name for college in lacking]
    off = {college.pk: college for college in queries.colleges_off_roster(actor.node, cohort)}
    strangers = [
        (seat, off[seat.node], next((c for c in lacking if c.name == queries.nearly(off[seat.node].name, names)), None))
        for seat in found
        if seat.role == Role.COLLEGE and seat.node in off and accounts.in_force(seat)
    ]
    return {"lacking": lacking, "strangers": strangers}


@audience(*MAKERS, area=Area.EMPLOYMENT, write=True)
def new(request: Any, role: str) -> HttpResponse:
    """Make an account; its password is shown once, on the answer."""
    actor = request.actor
    made: list[tuple[Seat, str]] = []
    kind = own_or_below(actor, role)
    where = places(actor, kind)
    form = filled(sheet_for(actor, kind, where), request, first_values(request, actor))
    names = (
        list(queries.roster_colleges(actor.node, request.cohort).values_list("name", flat=True))
        if kind is Role.COLLEGE
        else []
    )

    def make(given: Mapping[str, Any]) -> None:
        made.append(accounts.make_account(actor, kind, node_of(request, kind, given), given))

    if tried(request, form, make, "账号已创建。"):
        return shown_once(request, *made[0])
    context = {"form": form, "kind": kind, "names": names}
    return render(request, "orgs/account_new.html", context, status=status_of(form))


def own_or_below(actor: Actor, role: str) -> Role:
    """The role that the actor may make accounts of: the one below, or its own where the superior allows (ORG-05)."""
    if role == queries.BELOW[actor.role]:
        return Role(role)
    if role == actor.role and queries.may_appoint(actor):
        return actor.role
    raise Http404


def places(actor: Actor, kind: Role) -> list[tuple[str, str]]:
    """The units that an account of that role may belong to; none where there is nothing to choose."""
    if kind is actor.role or kind is Role.COLLEGE:
        return []
    rows = School.objects.filter(province=actor.node) if kind is Role.SCHOOL else Province.objects.all()
    return [(str(row.pk), row.name) for row in rows.order_by("code")]


def sheet_for(actor: Actor, kind: Role, where: list[tuple[str, str]], seat: Seat | None = None) -> Sheet:
    """The form of an account as this actor may fill it in."""
    standing = seat.levels if seat else dict.fromkeys(Area, Level.NONE)
    return account_sheet(
        kind, {area: queries.levels_to_give(actor, area, standing[area]) for area in Area}, where=where,
        tiers=tuple(Tier) if actor.role is not Role.SCHOOL or actor.tier is Tier.ALL else (actor.tier,),
        is_new=seat is None, may_be_administrator=kind is not actor.role and kind is not Role.COLLEGE,
    )  # fmt: skip


def first_values(request: Any, actor: Actor) -> dict[str, Any]:
    """What the form of a new account opens with: read-write on the first area as far as the actor has it, none on the others."""
    start = {area.value: int(min(level, actor.levels.get(area, Level.NONE))) for area, level in FIRST.items()}
    return start | {
        "college": request.GET.get("college", "")[:60],
        "tier": str(actor.tier),
        "node": request.GET.get("node", ""),
    }


def node_of(request: Any, kind: Role, given: Mapping[str, Any]) -> int:
    """The unit that was chosen or named."""
    if kind is request.actor.role:
        return request.actor.node
    if kind is Role.COLLEGE:
        return accounts.college_named(request.actor.node, request.cohort, given["college"]).pk
    return int(given["node"])


def shown_once(request: Any, seat: Seat, password: str) -> HttpResponse:
    """The answer that carries a temporary password; it is nowhere else."""
    unit = queries.units([seat]).get((seat.role, seat.node), "")
    return render(request, "orgs/password.html", {"seat": seat, "password": password, "unit": unit})


@audience(*MAKERS, area=Area.EMPLOYMENT)
def change(request: Any, seat: int) -> HttpResponse:
    """One account: its permissions, its person, its state."""
    actor, row = request.actor, within_reach(request, seat)
    shown = accounts.seat_values(row)
    form = filled(sheet_for(actor, Role(row.role), [], row), request, shown)
    seen = request.POST.get("seen", "")
    if tried(request, form, lambda given: accounts.change_seat(actor, row, seen, given), "账号已修改，马上生效。"):
        return redirect("orgs:account", seat=row.pk)
    context = {
        "form": form, "row": row, "unit": queries.units([row]).get((row.role, row.node), ""), "seen": queries.stamp(shown),
        "in_force": accounts.in_force(row), "may_change": queries.may_change(actor, row),
    }  # fmt: skip
    return render(request, "orgs/account.html", context, status=status_of(form))


def within_reach(request: Any, seat: int) -> Seat:
    """The seat, if it is of the actor's own level or the one below."""
    return get_object_or_404(queries.seats(request.actor), pk=seat)


@require_POST
@audience(*MAKERS, area=Area.EMPLOYMENT, write=True)
def suspend(request: Any, seat: int) -> HttpResponse:
    """Out at once (ORG-09)."""
    row = within_reach(request, seat)
    stood(request, lambda: accounts.suspend(request.actor, row), "账号已停用，正在使用的登录已经断开。")
    return redirect("orgs:account", seat=seat)


@require_POST
@audience(*MAKERS, area=Area.EMPLOYMENT, write=True)
def restore(request: Any, seat: int) -> HttpResponse:
    """In again."""
    row = within_reach(request, seat)
    stood(request, lambda: accounts.restore(request.actor, row), "账号已恢复，可以登录了。")
    return redirect("orgs:account", seat=seat)


@require_POST
@audience(*MAKERS, area=Area.EMPLOYMENT, write=True)
def reset_password(request: Any, seat: int) -> HttpResponse:
    """A temporary password, shown once."""
    row = within_reach(request, seat)
    made: list[str] = []
    done = stood(request, lambda: made.append(accounts.reset_password(request.actor, row)), "密码已重置。")
    return shown_once(request, row, made[0]) if done else redirect("orgs:account", seat=seat)


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def move(request: Any, seat: int) -> HttpResponse:
    """Put an account to the roster's college (ORG-06)."""
    row = within_reach(request, seat)
    chosen = request.POST.get("college", "")
    known = queries.roster_colleges(request.actor.node, request.cohort)
    college = get_object_or_404(known, pk=int(chosen) if chosen.isdecimal() and len(chosen) < 18 else 0)
    if row.role != Role.COLLEGE:
        raise Http404
    stood(request, lambda: accounts.move_seat(request.actor, row, college), f"账号已归到{college.name}。")
    return redirect("orgs:accounts")
