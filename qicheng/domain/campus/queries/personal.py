"""Reads of what graduates say of themselves before they register: where it stands, for gates, pages and the line of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from qicheng.domain.campus.models import Part, PersonalInformation, Supplement
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.domain.registration.queries import Elsewhere
from qicheng.foundation.access import Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import timeline

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor


def has_submitted(graduate: int) -> bool:
    """Whether the graduate has submitted the personal information once (CAM-02)."""
    return PersonalInformation.objects.unscoped("a gate asks for its own graduate").filter(graduate=graduate).exists()


def has_approved_supplement(graduate: int) -> bool:
    """Whether a college has approved one of the graduate's submissions (PKU-01)."""
    rows = Supplement.objects.unscoped("a gate asks for its own graduate")
    return rows.filter(graduate=graduate, state="approved").exists()


def is_recommended(graduate: Graduate) -> bool:
    """Whether the school has marked the graduate as 推免 (保研), who registers nothing beyond the supplement (PKU-01)."""
    return bool(graduate.extra.get("recommended"))


def information_of(actor: Actor, graduate: int) -> PersonalInformation | None:
    """A graduate's personal information, as far as the actor may see it; None before its first submission."""
    return PersonalInformation.objects.seen_by(actor).filter(graduate=graduate).first()


def supplements_of(actor: Actor, graduate: int) -> list[Supplement]:
    """A graduate's submissions as far as the actor may see them, the newest first."""
    return list(Supplement.objects.seen_by(actor).filter(graduate=graduate).select_related("graduate").order_by("-id"))


def open_one(found: list[Supplement]) -> Supplement | None:
    """The submission among them that somebody still has to do something with."""
    return next((one for one in found if one.live), None)


def last_words(case: Supplement) -> str:
    """Why it was returned, while it waits for the graduate; '' else."""
    if case.state != "returned":
        return ""
    return next((record.words for record in reversed(timeline(case)) if record.act == "return"), "")


# ---- the line of steps (CAM-03)


@dataclass(frozen=True, slots=True)
class Step:
    """Where the first of the steps stands, in the graduate's words.

    `state` is done, now or wait (for the college); `tone` and `words` are those of its tag; `reason` why it came back; `action` what
    the link to `address` is called; `note` what else is to know. `is_passed`: what comes after it is open, also while a later
    submission is under way.
    """

    label: str
    state: str
    tone: str
    words: str
    action: str
    address: str
    is_passed: bool
    reason: str = ""
    note: str = ""


ENOUGH = "你是推免（保研）毕业生，补充信息审核通过以后，不用再填报毕业去向。"


def personal_step(graduate: Graduate) -> Step | None:
    """The step of the part that the graduate's school has; None where it has neither."""
    parts = profile_of(graduate.school_id, graduate.cohort).parts
    if Part.PERSONAL in parts:
        return _personal(graduate)
    return _supplement(graduate) if Part.SUPPLEMENT in parts else None


def first(graduate: Graduate, then: Elsewhere) -> Elsewhere:
    """Where the graduate goes next: to what is asked before the registration, or else to `then`."""
    step = personal_step(graduate)
    if step is None or step.is_passed:
        return then
    return Elsewhere(step.label, f"{step.words}。{then.title}之前先办好这一步。", step.address)


def _personal(graduate: Graduate) -> Step:
    address, label = reverse("campus:personal"), Part.PERSONAL.label
    if has_submitted(graduate.pk):
        return Step(label, "done", "ok", "已提交", "修改个人信息", address, is_passed=True)
    return Step(label, "now", "warn", "待你填写", "填写个人信息", address, is_passed=False)


def _supplement(graduate: Graduate) -> Step:
    address, label = reverse("campus:supplement"), Part.SUPPLEMENT.label
    rows = Supplement.objects.unscoped("the steps of the graduate itself").filter(graduate=graduate.pk)
    found = list(rows.order_by("-id"))
    passed, case = any(one.state == "approved" for one in found), open_one(found)
    note = ENOUGH if is_recommended(graduate) else ""
    if case is None:
        if passed:
            return Step(label, "done", "ok", "审核通过", "修改补充信息", address, is_passed=True, note=note)
        return Step(label, "now", "warn", "待你填写", "补充信息", address, is_passed=False, note=note)
    tone, words = FLOWS["supplement"].states[case.state].tag(Role.GRADUATE)
    if case.standing.turn is Role.GRADUATE:
        return Step(
            label, "now", tone, words, "修改并重新提交", address, is_passed=passed, reason=last_words(case), note=note
        )
    return Step(label, "wait", tone, words, "查看补充信息", address, is_passed=passed, note=note)
