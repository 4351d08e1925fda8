"""Online signing: an invitation, its acceptance, its effect, and its end (SIGN-01 … SIGN-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.models import Employer, ProvinceSettings
from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import EMPLOYER, JOB_CATEGORY, OFFER
from qicheng.domain.roster.effects import amend_record
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.flow.perform import Refused, clock
from qicheng.foundation.kit.calendar import answer_deadline
from qicheng.foundation.later import later

from . import registering

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor


def invitation(actor: Actor, *, graduate: Graduate, days_open: int, **offer: Any) -> Registration:
    """The unsaved invitation of the actor's unit to a graduate, with terms and unit frozen as they are shown (SIGN-01, EMP-02)."""
    employer = Employer.objects.seen_by(actor).get()
    form = ProvinceSettings.objects.filter(cohort=graduate.cohort, province=graduate.school.province_id).first()
    if form is None:
        raise Refused("省级用户还没有设置就业协议书类型，设置后才能邀请。")
    now = clock()
    terms = OFFER.stored(offer)
    return Registration(
        cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier,
        graduate=graduate, employer=employer, edition=edition_of(graduate.cohort),
        agreement_form=form.agreement_form, employer_name=employer.name, job_category=offer["job_category"], post=offer["post"],
        terms=terms, employer_shown={key: getattr(employer, key) for key in EMPLOYER.keys}, sent_at=now, days_open=days_open,
        deadline=answer_deadline(now, days_open), waiting_since=now, begun_at=now,
    )  # fmt: skip


def freeze_student(case: Registration, actor: Actor) -> Mapping[str, Any] | None:
    """On acceptance: the review mode as set now (SET-06) and the roster line as it stands (ROS-05)."""
    around = case.above("settings")
    assert around is not None
    case.review_mode = around.review_mode
    case.answered_at = clock(case)
    case.student = registering.line_of(case)
    return None


def take_effect(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """On final approval: the number, the employment record, and the agreement to be made after commit (SIGN-06, REG-08)."""
    case.number = registering.next_number(case)
    registering.take_effect(case, actor)
    later("registration.make_agreement", case=str(case.public_id))
    return {"协议编号": ["", case.number]}


def amend(case: Registration, actor: Actor, *, job_category: str) -> Mapping[str, Any]:
    """After approval the job category, nothing else (SIGN-07)."""
    if job_category == case.job_category:
        raise Refused("职位类别没有变化。")
    changes = JOB_CATEGORY.changes({"job_category": case.job_category}, {"job_category": job_category})
    case.job_category = job_category
    amend_record(graduate=case.graduate_id, case=str(case.public_id), job_category=job_category)
    return changes
