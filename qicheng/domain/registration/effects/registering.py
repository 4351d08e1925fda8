"""What all ways have in common: the draft, submitting, taking back, giving up, taking effect, and the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from qicheng.domain.orgs.models import ProvinceSettings
from qicheng.domain.orgs.queries import edition_of
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.sheets import EMPLOYER, UNIT_AMENDMENT, destinations
from qicheng.domain.registration.sheets.cases import fill, sheet_of, values_of
from qicheng.domain.roster.effects import amend_record, clear_record, write_record
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import student
from qicheng.domain.roster.sheets import FIXED, STUDENT, SYNCED
from qicheng.foundation.access import Role
from qicheng.foundation.flow.gather import freeze_proofs
from qicheng.foundation.flow.perform import Refused, clock
from qicheng.foundation.kit.numbers import agreement_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor


# 签就业协议形式就业
SIGNED_AGREEMENT = "10"


def offline_form(actor: Actor, **typed: Any) -> Registration:
    """The unsaved draft of an application for an agreement that is stamped on paper (OFF-01)."""
    return draft(actor, "offline_signing", typed)


def paper_agreement(actor: Actor, **typed: Any) -> Registration:
    """The unsaved draft of an agreement that exists on paper (SUP-01)."""
    return draft(actor, "supplementary", typed)


def destination(actor: Actor, *, kind: str, **typed: Any) -> Registration:
    """The unsaved draft of another destination of that kind (DES-01)."""
    if kind not in destinations.REGISTRY:
        raise Refused("这种去向现在不能选，回到填报页面重新选择。")
    return draft(actor, "destination", typed, kind)


def edit(case: Registration, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """Keep what the graduate typed; nothing has to be whole before it is submitted."""
    before = values_of(case)
    fill(case, {**before, **typed})
    return sheet_of(case).changes(before, values_of(case))


def submit(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """Freeze the roster line (ROS-05), the proofs (REG-09) and who reviews (SET-06), as they are now."""
    around = case.above("settings")
    assert around is not None
    case.review_mode = around.review_mode
    case.student = line_of(case)
    case.submitted_at = clock(case)
    return freeze_proofs(case)


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


def take_back(case: Registration, actor: Actor) -> None:
    """A draft again: nobody reviews it, and the next submission is reviewed as the school has it set then (REG-03)."""
    case.review_mode = ""
    case.submitted_at = None


def end(case: Registration, actor: Actor) -> None:
    """It is over without effect: an employer may invite again from this moment (SIGN-04), a number is not used again (REG-13)."""
    case.closed_at = clock(case)


def next_number(case: Registration) -> str:
    """An agreement number that nobody has had (REG-11)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('registration_agreement_serial')")
        (serial,) = cursor.fetchone()
    return agreement_number(
        case.cohort, started_by_employer=Role.EMPLOYER in case.flow.begin.by, school_code=case.school.code, serial=serial,
        key=settings.QICHENG_NUMBER_KEY.encode(),
    )  # fmt: skip


def take_effect(case: Registration, actor: Actor, **recorded: Any) -> None:
    """On final approval: the employment record is written (REG-08)."""
    case.effective_at = clock(case)
    write_record_of(case)


def amend_unit(case: Registration, actor: Actor, *, nature: str, industry: str, job_category: str) -> Mapping[str, Any]:
    """After approval the unit's nature and industry and the job category, nothing else (OFF-06, SUP-02)."""
    typed = {"nature": nature, "industry": industry, "job_category": job_category}
    before = {key: values_of(case)[key] for key in UNIT_AMENDMENT.keys}
    changes = UNIT_AMENDMENT.changes(before, typed)
    if not changes:
        raise Refused("没有要改的内容。")
    case.employer_shown = {**case.employer_shown, "nature": nature, "industry": industry}
    case.job_category = job_category
    amend_record(graduate=case.graduate_id, case=str(case.public_id), **typed)
    return changes


def annul(case: Registration, actor: Actor) -> None:
    """What was in effect is void or dissolved: the graduate is free, the record goes back to seeking work (REG-08, SIGN-08, DIS-06)."""
    case.closed_at = clock(case)
    clear_record(graduate=case.graduate_id, case=str(case.public_id))


def write_record_of(case: Registration) -> None:
    """Write what the graduate's employment record says from this case."""
    given: dict[str, Any] = dict.fromkeys(
        ("credit_code", "nature", "industry", "area", "address", "contact", "phone", "mobile", "email"), ""
    )
    given |= {key: case.employer_shown.get(key) or "" for key in given}
    if case.kind:
        written = given | destinations.record_values(case.kind, case.terms)
        # What a way of a room above brings comes from the school's own platform (CON-01).
        written["source"] = "system" if case.kind in destinations.REGISTRY else "platform"
    else:
        signed = case.terms.get("signed_on") or timezone.localdate(case.answered_at or case.effective_at).isoformat()
        written = given | {
            "destination": SIGNED_AGREEMENT, "employer_name": case.employer_shown["name"], "job_category": case.job_category,
            "number": case.official_number, "signed_on": signed,
        }  # fmt: skip
    write_record(
        graduate=case.graduate_id, cohort=case.cohort, school=case.school_id, case=str(case.public_id), **written
    )


def draft(actor: Actor, flow: str, typed: Mapping[str, Any], kind: str = "") -> Registration:
    """The unsaved draft of whoever acts, of that flow and, where it is no agreement, of that type of destination."""
    rows = Graduate.objects.seen_by(actor).select_related("school")
    graduate, now = rows.get(), clock()
    form = ProvinceSettings.objects.filter(cohort=graduate.cohort, province=graduate.school.province_id).first()
    if form is None and not kind:
        raise Refused("省级用户还没有设置就业协议书类型，设置后才能办理。")
    case = Registration(
        flow_name=flow, kind=kind, cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier,
        graduate=graduate, edition=edition_of(graduate.cohort), waiting_since=now, begun_at=now,
        agreement_form=form.agreement_form if form and not kind else "", destination="" if kind else SIGNED_AGREEMENT,
        employer_shown=dict.fromkeys(EMPLOYER.keys, ""),
    )  # fmt: skip
    fill(case, typed)
    return case


def line_of(case: Registration) -> dict[str, Any]:
    """The roster line of the case's graduate as it stands, with its revision (ROS-05)."""
    rows = Graduate.objects.unscoped("the line of the case's own graduate").select_related("school", "college")
    graduate = rows.get(pk=case.graduate_id)
    return student(graduate) | {"revision": graduate.revision}
