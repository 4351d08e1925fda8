"""填报毕业去向: the 就业形式 is chosen here, with what it is beside it; form, check and case are the pages of all registrations (PKU-02, PKU-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect
from django.urls import reverse

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries import forms as queries
from qicheng.domain.campus.queries.profile import closing_day, profile_of
from qicheng.domain.campus.sheets.forms import CHOICES, FLOW, FORMS
from qicheng.domain.registration.pages.graduate import own_line
from qicheng.domain.registration.pages.own import Manner, obstacle, started
from qicheng.domain.registration.queries import USUAL_PACE, intended
from qicheng.foundation.access import Role
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render

from .consents import beside
from .module import of_part
from .platform import retyped

if TYPE_CHECKING:
    from django.http import HttpResponse

    from qicheng.foundation.access.pages import Request
    from qicheng.foundation.flow.perform import Record


def returned_words(record: Record) -> str:
    """What is said above the reason: who sent it back, or that it was opened for its one change."""
    if record.act == "open_up":
        return "学院和就业中心同意更改，请重新填报"
    return f"{'就业中心' if record.role == Role.SCHOOL else Role(record.role).label}退回，要改的是"


MANNER = Manner(
    "填报毕业去向", says="保存以后还可以修改。提交以后由学院、就业中心审核；签就业协议的，提交以后不能自己修改。", keep="保存", hand_in="核对并提交",
    sent="已经提交。保存以后，学院按改过的内容重新审核；要改就业形式、换证明材料的，先撤回。", locked="自动填写，不用填也不能改",
    returned=returned_words, line=queries.line, choosing="campus:forms", chosen="就业形式", beside=beside,
    follows=(
        ("学院审核", USUAL_PACE), ("就业中心审核", USUAL_PACE), ("学院上报就业方案", "上报以后要修改的，向学院申请"),
        ("没有通过", "退回给你，写明原因，改好再提交"),
    ),
    ending="审核通过的毕业去向最多更改一次：申请更改毕业去向，学院和就业中心都同意以后重新填报。",
)  # fmt: skip


@of_part(Part.FORMS, roles=(Role.GRADUATE,))
def choose(request: Request) -> HttpResponse:
    """The nine 就业形式, each with what it is; where a form waits on the graduate it can become another one."""
    graduate = own_line(request)
    case = queries.declared_of(graduate)
    is_open = case is not None and case.standing.turn is Role.GRADUATE
    if case is not None and case.live and not is_open:
        return redirect(case.detail, case.public_id)
    if request.method == "POST" and case is not None:
        return retyped(request, case)
    blank = intended(FLOW, graduate, request.actor, kind=next(iter(FORMS)))
    return render(request, "campus/forms.html", {
        "case": case if is_open else None, "title": FORMS[case.kind].label if case and is_open else "", "choices": CHOICES, "key": token(),
        "why": None if is_open else obstacle(blank, request.actor, None), "closing": closing_day(profile_of(graduate.school_id, graduate.cohort)),
        "line": [(step, "", "you" if at == 0 else "") for at, step in enumerate(queries.STEPS)],
        "back": reverse("registration:home"), "heading": MANNER.heading,
    })  # fmt: skip


@of_part(Part.FORMS, roles=(Role.GRADUATE,))
def new(request: Request, kind: str) -> HttpResponse:
    """The empty form of a 就业形式."""
    return started(request, FLOW, kind)
