"""毕业去向登记 on the school's own platform: the type is chosen here; form, check and case are the pages of all registrations (CAM-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries import platform as queries
from qicheng.domain.campus.sheets.platform import FLOW, KINDS, offered
from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.domain.registration.pages.own import Manner, key_of, obstacle, seen_of, started
from qicheng.domain.registration.queries import USUAL_PACE, intended
from qicheng.domain.registration.sheets.destinations import types_of
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import NotFound, Stopped, perform
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

from .changes import beside
from .module import of_part

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.perform import Record

WARNING = "「保存」或「提交」以后，学院辅导员还没有审核的，都可以修改或重新填写；辅导员审核以后不能修改，审核后需要修改的，请联系辅导员。"


def returned_words(record: Record) -> str:
    """What is said above the reason: which level it did not pass, or that the college sent back what it had passed."""
    if record.role == Role.COLLEGE and record.before == "school_review":
        return "学院退回修改，按要求修改后再次提交"
    return f"{Role(record.role).label}审核未通过，按要求修改后再次提交"


MANNER = Manner(
    "毕业去向登记", says="保存的内容只有你看得到，提交以后由学院、学校两级审核。", warning=WARNING, keep="保存", hand_in="提交",
    returned=returned_words, line=queries.line, is_short=True, choosing="campus:platform", beside=beside,
    follows=(
        ("学院审核", USUAL_PACE), ("学校审核", USUAL_PACE), ("一个工作日后上报", "上报以后请你在登记确认里确认"),
        ("没有通过", "你会看到原因，按要求修改后再次提交；登记不会作废"),
    ),
    ending="审核通过的去向在学校平台上改，审核通过以前原来的登记照旧有效：单位不变的，申请毕业去向修改；换了单位或去向的，申请改签。不再就业的，联系学校作废。",
)  # fmt: skip


@of_part(Part.PLATFORM, roles=(Role.GRADUATE,))
def choose(request: Request) -> HttpResponse:
    """毕业去向类型: the first of the five steps, and where a draft or what did not pass gets another type."""
    graduate = own_line(request)
    case, edition = queries.registration_of(request.actor, graduate.pk), edition_of(graduate.cohort)
    is_open = case is not None and case.standing.turn is Role.GRADUATE
    if case is not None and case.live and not is_open:
        return redirect(case.detail, case.public_id)
    if request.method == "POST" and case is not None:
        return retyped(request, case)
    groups = offered(edition, graduate.training_mode)
    first = next(iter(groups.values()))[0]
    blank = intended(FLOW, graduate, request.actor, kind=first.key, edition=edition)
    return render(request, "campus/platform.html", {
        "case": case if is_open else None, "title": KINDS[case.kind].name(edition) if case and is_open else "", "groups": groups, "edition": edition, "warning": WARNING, "key": token(),
        "why": None if is_open else obstacle(blank, request.actor, None), "line": [(step, "", "you" if at == 0 else "") for at, step in enumerate(queries.STEPS)],
        "back": reverse("registration:home"), "heading": MANNER.heading,
    })  # fmt: skip


@of_part(Part.PLATFORM, roles=(Role.GRADUATE,))
def new(request: Request, kind: str) -> HttpResponse:
    """填写签约信息: the empty form of a type."""
    return started(request, FLOW, kind)


def retyped(request: Request, case: Registration) -> HttpResponse:
    """Give an open registration the type that was chosen; what both types ask for stays."""
    kind = request.POST.get("kind", "")
    if kind not in types_of(case.flow_name) or case.flow.find(case.state, "retype", Role.GRADUATE) is None:
        raise Http404
    try:
        perform(case, "retype", request.actor, seen=seen_of(request, case), key=key_of(request), kind=kind)
    except NotFound:
        raise Http404 from None
    except Stopped as stopped:
        say(request, str(stopped), "warn")
    return redirect("registration:fill_in", case.public_id)
