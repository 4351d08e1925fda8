"""Online signing: an invitation, its acceptance, its effect, and its end (SIGN-01 … SIGN-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, Edition, Employer, ProvinceSettings
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import EMPLOYER, JOB_CATEGORY, OFFER
from qicheng.domain.roster.effects import amend_record, clear_record, write_record
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import student
from qicheng.domain.roster.sheets import FIXED, STUDENT, SYNCED
from qicheng.foundation.flow.perform import Refused, clock
from qicheng.foundation.kit.calendar import answer_deadline
from qicheng.foundation.kit.numbers import agreement_number
from qicheng.foundation.later import later

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor

# 签就业协议形式就业
SIGNED_AGREEMENT = "10"


def invitation(actor: Actor, *, graduate: Graduate, days_open: int, **offer: Any) -> Registration:
    """The unsaved invitation of the actor's unit to a graduate, with terms and unit frozen as they are shown (SIGN-01, EMP-02)."""
    employer = Employer.objects.seen_by(actor).get()
    form = ProvinceSettings.objects.filter(cohort=graduate.cohort, province=graduate.school.province_id).first()
    if form is None:
        raise Refused("省级用户还没有设置就业协议书类型，设置后才能邀请。")
    now = clock()
    cohort = Cohort.objects.filter(year=graduate.cohort).first()
    terms = OFFER.stored(offer)
    return Registration(
        cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier,
        graduate=graduate, employer=employer, edition=cohort.edition if cohort else Edition.GUIDE_2024,
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
    case.student = line_of(case)
    return None


def take_latest(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """获取最新学生信息: what may be taken over from the roster is; the rest stays as it was frozen (ROS-05)."""
    now = line_of(case)
    changes = STUDENT.changes({key: case.student.get(key) for key in SYNCED}, {key: now.get(key) for key in SYNCED})
    if not changes:
        raise Refused("登记信息与学籍名单已经一致，没有要同步的。")
    case.student = {**case.student, **{key: now[key] for key in SYNCED}}
    # With nothing left that differs the line is the roster's revision, and need not be compared again.
    if all((case.student.get(key) or "") == (now.get(key) or "") for key in FIXED):
        case.student["revision"] = now["revision"]
    return changes


def take_effect(case: Registration, actor: Actor) -> Mapping[str, Any] | None:
    """On final approval: the number, the employment record, and the agreement to be made after commit (SIGN-06, REG-08)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('registration_agreement_serial')")
        (serial,) = cursor.fetchone()
    case.number = agreement_number(
        case.cohort, started_by_employer=True, school_code=case.school.code, serial=serial, key=settings.QICHENG_NUMBER_KEY.encode()
    )  # fmt: skip
    case.effective_at = clock(case)
    shown = case.employer_shown
    write_record(
        graduate=case.graduate_id, cohort=case.cohort, school=case.school_id, destination=SIGNED_AGREEMENT,
        case=str(case.public_id), employer_name=shown["name"], job_category=case.job_category, number=case.number,
        signed_on=timezone.localdate(case.answered_at),
        **{key: shown.get(key) or "" for key in ("credit_code", "nature", "industry", "area", "address", "contact", "phone", "mobile", "email")},
    )  # fmt: skip
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


def close(case: Registration, actor: Actor) -> Mapping[str, Any] | None:
    """The invitation is over: the employer can invite again from this moment (SIGN-04)."""
    case.closed_at = clock(case)
    return None


def annul(case: Registration, actor: Actor) -> Mapping[str, Any] | None:
    """An effective agreement is void or dissolved: the graduate is free, the record goes back to seeking work (SIGN-08, DIS-06)."""
    case.closed_at = clock(case)
    clear_record(graduate=case.graduate_id, case=str(case.public_id))
    return None


def line_of(case: Registration) -> dict[str, Any]:
    """The roster line of the case's graduate as it stands, with its revision (ROS-05)."""
    rows = Graduate.objects.unscoped("the line of the case's own graduate").select_related("school", "college")
    graduate = rows.get(pk=case.graduate_id)
    return student(graduate) | {"revision": graduate.revision}
