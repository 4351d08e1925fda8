"""On which ways one wants to be told of what; what must be told is named and not to be chosen (NOT-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.shortcuts import redirect

from qicheng.domain.orgs.effects import binding
from qicheng.domain.orgs.models import Account, Employer
from qicheng.domain.roster.queries import own_lines
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import note
from qicheng.foundation.flow.words import switched_on
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.notice import Kind
from qicheng.foundation.notice.preferences import WAYS, choose, unwanted
from qicheng.interfaces.web import menus

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access import Actor


@audience(Role.GRADUATE, Role.EMPLOYER)
def preferences(request: Any) -> HttpResponse:
    """Every kind with its ways, a box each; one form, without scripts."""
    actor = request.actor
    ways = ways_of(actor.role)
    if request.method == "POST":
        wanted = {(kind, way) for kind in Kind for way in ways if request.POST.get(f"{kind}-{way}")}
        _keep(actor, ways, wanted)
        say(request, "记下了，以后按这样通知。")
        return redirect("preferences")
    refused = unwanted(actor.role, actor.node)
    rows = [(kind, [(way, (kind.value, way) not in refused) for way in ways]) for kind in Kind]
    context = {
        "rows": rows, "ways": [(way, WAYS[way], _reached(actor, way)) for way in ways], "frame": menus.FRAMES[actor.role],
        "is_graduate": actor.role is Role.GRADUATE, "has_wechat": "wechat" in ways,
    }  # fmt: skip
    return render(request, "preferences.html", context)


def ways_of(role: Role) -> list[str]:
    """The ways that this deployment has for that role beside the inbox."""
    return [way for way in switched_on() if way in WAYS and (way != "wechat" or role is Role.GRADUATE)]


def _keep(actor: Actor, ways: list[str], wanted: set[tuple[Any, str]]) -> None:
    lines = own_lines(actor.account or 0) if actor.role is Role.GRADUATE else []
    nodes = [line.pk for line in lines] or [actor.node]
    chosen = "，".join(
        f"{kind.label}：{'、'.join(WAYS[w] for w in ways if (kind, w) in wanted) or '只在站内'}" for kind in Kind
    )
    with transaction.atomic():
        choose(actor.role, nodes, ways, wanted)
        note(actor, "choose", "preferences", {"通知方式": ["", chosen]}, subject=f"{actor.role} {actor.node}")


def _reached(actor: Actor, way: str) -> str:
    """Why nothing comes on this way, though it is wanted; '' where it does."""
    if actor.role is Role.EMPLOYER:
        unit = Employer.objects.seen_by(actor).get(pk=actor.node)
        return "" if {"mail": unit.email, "sms": unit.mobile}[way] else "单位资料里还没有填写"
    person = Account.objects.get(pk=actor.account or 0)
    if way == "wechat":
        return "" if binding.standing(person.pk) else "还没有绑定"
    return "" if {"mail": person.email, "sms": person.phone}[way] else "还没有填写"
