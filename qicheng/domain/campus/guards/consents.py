"""Rules that 暂缓派遣 and 更改毕业去向 have alike: an application that college and career centre both consent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qicheng.domain.campus.models import Consent
    from qicheng.foundation.access import Actor


def says_why(case: Consent, actor: Actor) -> str | None:
    """Whoever consents has to know why."""
    return None if case.reason.strip() else "先写明申请的理由，再提交。"


def nothing_else_open(case: Consent, actor: Actor) -> str | None:
    """One application at a time, in words; the database holds it."""
    rows = type(case).objects.unscoped("the graduate's own live application")
    live = rows.filter(cohort=case.cohort, graduate=case.graduate_id, live=True).exclude(pk=case.pk)
    return type(case).refusals[f"one_live_{type(case).__name__.lower()}"] if live.exists() else None


def nobody_has_reviewed(case: Consent, actor: Actor) -> str | None:
    """It can be taken back until the college has acted."""
    return "学院已经审核，不能再撤回；需要改的，联系老师退回修改。" if case.state == "school_review" else None
