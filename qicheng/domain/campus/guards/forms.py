"""Rules of 填报毕业去向: what is locked when, and who may still change it (PKU-01, PKU-03, PKU-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qicheng.domain.campus.queries.personal import is_recommended
from qicheng.domain.campus.sheets.forms import AGREEMENT, FORMS
from qicheng.foundation.access import Role

from .plan import plan_is_open
from .profile import before_closing

if TYPE_CHECKING:
    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.access import Actor

__all__ = [
    "before_closing", "is_kept", "is_no_agreement", "is_publicly_funded", "kind_is_known", "needs_a_form", "plan_is_open",
    "was_never_in_effect",
]  # fmt: skip


def kind_is_known(case: Registration, actor: Actor) -> str | None:
    """PKU-02: the 就业形式 is one of the table."""
    return None if case.kind in FORMS else "没有这种就业形式，回到填报页面重新选择。"


def needs_a_form(case: Registration, actor: Actor) -> str | None:
    """PKU-01: a graduate recommended for a master's programme fills in no form."""
    if actor.role is not Role.GRADUATE or not is_recommended(case.graduate):
        return None
    return "保研的毕业生完成补充个人就业信息就可以，不用填报毕业去向。"


def is_no_agreement(case: Registration, actor: Actor) -> str | None:
    """PKU-03: a signed agreement is locked with its submission."""
    return "签就业协议的，提交以后不能自己修改。需要修改的，请学院修改或退回。" if case.kind == AGREEMENT.key else None


def was_never_in_effect(case: Registration, actor: Actor) -> str | None:
    """PKU-07: what was opened for its one change is submitted for good."""
    return (
        None
        if case.effective_at is None
        else "更改以后的毕业去向提交就是最后的，不能自己再改。需要修改的，请学校退回。"
    )


def is_publicly_funded(case: Registration, actor: Actor) -> str | None:
    """PKU-04: all others abroad may not leave file and household at the school."""
    if case.terms.get("funding") != "public":
        return "只有公派出国的毕业生，户口和档案可以申请暂存学校。"
    return None if not case.terms.get("kept") else "这位毕业生的户口和档案已经暂存学校。"


def is_kept(case: Registration, actor: Actor) -> str | None:
    """There is something to send home."""
    return None if case.terms.get("kept") else "这位毕业生的户口和档案没有暂存学校。"
