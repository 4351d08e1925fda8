"""What pages of 暂缓派遣 and 更改毕业去向 show: whose turn it is, what was asked for (PKU-05, PKU-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Consent, Deferral
from qicheng.domain.campus.sheets.forms import FLOW
from qicheng.domain.campus.sheets.prints import PERSON, SIGNED
from qicheng.domain.registration.models import Registration
from qicheng.foundation.access import Role

from .deferral import GRANTED, runs_until, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from qicheng.domain.campus.sheets.prints import Form
    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

# Who acts one after the other, '' for the graduate: what is said when it is done, what there is to do.
LEVELS = (("", "已提交", "提交"), ("学院", "已同意", "审批"), ("就业中心", "已同意", "审批"))
STEPS = (
    ("填写申请", "写明理由，可以暂存"),
    ("打印签字", "下载申请表，本人签字，拍照上传"),
    ("学院审批", "通过以后交就业中心"),
    ("就业中心审批", "结果用消息告诉你"),
)
ENDINGS = {"granted": ("已同意", "done"), "refused": ("没有批准", "stop"), "given_up": ("已放弃", "stop"), "discarded": ("已删除", "stop"),
           "lapsed": ("已失效", "stop"), "ended": ("已结束", "stop")}  # fmt: skip


def destination_of(actor: Actor) -> Registration | None:
    """The graduate's newest destination by the school's own form, as far as it has not ended."""
    rows = Registration.objects.seen_by(actor).filter(flow_name=FLOW).order_by("-live", "-id")
    return next((case for case in rows[:5] if case.live or not case.standing.settled), None)


def unfinished(model: type[Consent], actor: Actor) -> Any:
    """The graduate's own application that is open, or that counts; None where a new one may begin."""
    rows = model.objects.seen_by(actor).order_by("-live", "-id")
    return next((case for case in rows[:5] if case.live or case.standing.turn is Role.GRADUATE), None)


def stations(
    case: Consent, role: Role, events: Sequence[Record], levels: Sequence[tuple[str, str, str]] = LEVELS
) -> list[tuple[str, str, str]]:
    """(who, word, done|now|you|stop|'') for the relay of an application; `levels` as LEVELS."""
    own = "你" if role is Role.GRADUATE else "毕业生"
    order = [(name or own, past, ahead) for name, past, ahead in levels]
    if case.state == GRANTED:
        return [(name, past, "done") for name, past, _ in order]
    refused = next((one.role for one in reversed(events) if one.act == "reject"), "")
    reached = max(
        (
            ["draft", "college_review", "school_review"].index(one.after)
            for one in events
            if one.after in ("college_review", "school_review")
        ),
        default=0,
    )
    places = {"draft": 0, "returned": 0, "college_review": 1, "school_review": 2, "refused": 1 if refused == Role.COLLEGE else 2, "given_up": 0,
              "discarded": 0}  # fmt: skip
    place = places.get(case.state, reached)
    turn = case.standing.turn
    word, looks = ENDINGS.get(case.state) or (
        {0: "待修改" if case.state == "returned" else "待提交"}.get(place, f"待{order[place][2]}"),
        "you" if turn is role else "now",
    )
    return [
        *((name, past, "done") for name, past, _ in order[:place]), (order[place][0], word, looks),
        *((name, ahead, "") for name, _, ahead in order[place + 1 :]),
    ]  # fmt: skip


def lines(form: Form, said: Mapping[str, str]) -> list[tuple[str, str]]:
    """(label, value) of what was asked for, without the graduate and the places to sign."""
    return [(label, said.get(key) or "") for key, label, block in form.fields if block not in (PERSON, SIGNED, "附件")]


def words_now(case: Consent, now: datetime) -> str:
    """What a granted application means at this moment; '' for all others."""
    if case.state != GRANTED:
        return ""
    if isinstance(case, Deferral):
        return (
            f"户口和档案{words_of(case.until)}。"
            if now < runs_until(case.until)
            else "暂缓派遣已经到期，户口和档案转回生源地。"
        )
    return "毕业去向已开放修改。改好以后提交；新的去向审核通过以前，按原来的去向办理。"
