"""Rules against an act on a case about an employer: None, or the reason in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import queries
from .models import Seat

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor

    from .models import EmployerCase


def decides_for_the_unit(case: EmployerCase, actor: Actor) -> str | None:
    """EMP-01: an administrator of the unit decides who joins it."""
    if queries.decides_for_unit(actor, case.employer_id):
        return None
    return "只有单位管理员能决定谁加入，请管理员处理。"


def is_own_application(case: EmployerCase, actor: Actor) -> str | None:
    """Of several who claim a unit, each answers for its own application."""
    return None if case.account_id == actor.account else "这份申请由申请人自己修改。"


def applicant_can_log_in(case: EmployerCase, actor: Actor) -> str | None:
    """Only who has a seat can correct what is returned; a second claimant has none until it is verified."""
    seats = Seat.objects.filter(account=case.account_id, role="employer", node=case.employer_id, ended_at=None)
    return None if seats.exists() else "申请人核验通过之前不能登录，没有办法修改；只能通过或不通过。"
