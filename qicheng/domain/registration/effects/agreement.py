"""The agreement as a document, from what the case froze (SIGN-06)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.orgs.models import AgreementForm
from qicheng.domain.orgs.queries import handler_for
from qicheng.domain.registration.models import Registration
from qicheng.domain.registration.queries import AGREEMENT
from qicheng.domain.registration.sheets import EMPLOYER, OFFER
from qicheng.domain.roster.sheets import STUDENT
from qicheng.foundation.flow.perform import timeline
from qicheng.foundation.papers import store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from qicheng.foundation.flow.perform import Record
    from qicheng.foundation.papers.models import Paper
    from qicheng.foundation.sheets import Sheet

TEMPLATE = Path(__file__).parent.parent / "templates/registration/agreement.typ"
NOT_AGREED, NOT_FILLED_IN = "未约定", "未填写"
# The approvals that print an agreement, the last one first.
PRINTED_IN = {"online_signing": ("effective",), "offline_signing": ("effective", "form_approved")}
TO_BE_STAMPED = "待盖章：单位盖章、毕业生签字，经学校审核后生效"
IN_FORCE = "已生效：盖章的协议书已经学校审核通过，原件由各方留存"
# The rows of each block as they are printed, in the order of codes/agreement_fields (SIGN-06).
PRINTED_STUDENT = (
    "name", "sex", "id_number", "nation", "political_status", "school", "level", "major", "study_years", "training_mode",
    "student_number", "origin", "graduates_on", "phone", "email",
)  # fmt: skip
PRINTED_TERMS = (
    "job_category", "post", "probation", "probation_pay", "pay", "penalty", "report_place", "report_by", "work_place", "extra_terms",
)  # fmt: skip
PRINTED_ARCHIVE = (
    "archive_type",
    "archive_receiver",
    "archive_address",
    "archive_contact",
    "archive_phone",
    "archive_postcode",
)
PRINTED_HOUSEHOLD = ("household_type", "household_address")


def make_agreement(case_id: str) -> Paper | None:
    """Print the agreement of a case, once for each approval that prints it; None where there was none (SIGN-06, OFF-02).

    One that is stamped on paper is printed to be stamped, and again once it took effect. Called again it makes nothing twice; a
    document that was held for a character is tried again.
    """
    case = _signed(case_id)
    if case is None or case.flow_name not in PRINTED_IN:
        return None
    approvals = _approvals(case)
    approval = next((approvals[state] for state in PRINTED_IN[case.flow_name] if state in approvals), None)
    if approval is None:
        return None
    values = agreement_values(case) if case.flow_name == "online_signing" else form_values(case)
    return store.make(
        AGREEMENT, TEMPLATE, values, record=str(approval.pk), flow=case.flow_name, case=str(case.public_id),
        cohort=case.cohort, school_id=case.school_id, number=case.number or "",
    )  # fmt: skip


def agreement_values(case: Registration) -> dict[str, Any]:
    """What is printed on the agreement, from what the case froze when it was offered, accepted and approved.

    The same case gives the same values, whatever has become of employer, roster and job category since.
    """
    approvals = _approvals(case)
    assert case.sent_at is not None
    assert case.deadline is not None
    assert case.answered_at is not None
    assert case.effective_at is not None
    is_two_party = case.agreement_form == AgreementForm.TWO_PARTY
    school = "鉴证方（毕业院校）" if is_two_party else "丙方（毕业院校）"
    reviewed = [("学院审核", approvals["school_review"].at)] if "school_review" in approvals else []
    reviewed.append((f"学校{case.verb}", case.effective_at))
    return {
        "form": case.agreement_form, "title": "全国高校毕业生就业协议书", "kind": "线上签约", "number": case.number, "qr": case.number,
        "blocks": [
            _block("甲方（用人单位）", EMPLOYER, case.employer_shown, EMPLOYER.keys),
            _block("乙方（毕业生）", STUDENT, case.student, PRINTED_STUDENT),
            {"title": school, "rows": _handler_rows(case)},
            _block("约定事项", OFFER, case.terms, PRINTED_TERMS, NOT_AGREED),
            _block("档案转递", OFFER, case.terms, PRINTED_ARCHIVE),
            _block("户口迁移", OFFER, case.terms, PRINTED_HOUSEHOLD),
            {"title": "签约过程", "rows": [
                _row("邀约时间", _written(case.sent_at)), _row("应约有效期", f"{case.days_open} 天"),
                _row("应约截止时间", _written(case.deadline)), _row("应约时间", _written(case.answered_at)),
            ]},
        ],
        "marks": [
            _mark("甲方（用人单位）", case.employer_shown["name"], "线上签约", [("发出邀约", case.sent_at)]),
            _mark("乙方（毕业生）", case.student["name"], "线上签约", [("确认应约", case.answered_at)]),
            _mark(school, case.student["school"], f"线上{case.verb}", reviewed),
        ],
        "made_at": timezone.localtime(case.effective_at).isoformat(timespec="seconds"),
    }  # fmt: skip


def form_values(case: Registration) -> dict[str, Any]:
    """What is printed on an agreement that is stamped on paper: places for seals while it waits for them, who reviewed it and when after.

    The same case at the same approval gives the same values, whatever has become of roster and employer since.
    """
    approvals = _approvals(case)
    form, final = approvals["form_approved"], approvals.get("effective")
    is_two_party = case.agreement_form == AgreementForm.TWO_PARTY
    school = "鉴证方（毕业院校）" if is_two_party else "丙方（毕业院校）"
    unit, terms = case.employer_shown, {**case.terms, "post": case.post, "job_category": case.job_category}
    steps = [("申请时间", _first_submitted(case)), (f"协议{case.verb}通过", form.at)]
    if final is not None:
        steps += [("回传时间", case.submitted_at), (f"签约{case.verb}通过", final.at)]
    return {
        "form": case.agreement_form, "title": "全国高校毕业生就业协议书", "kind": "线下签约", "number": case.number, "qr": case.number,
        "blocks": [
            _block("甲方（用人单位）", EMPLOYER, unit, EMPLOYER.keys),
            _block("乙方（毕业生）", STUDENT, case.student, PRINTED_STUDENT),
            {"title": school, "rows": _handler_rows(case)},
            _block("约定事项", OFFER, terms, PRINTED_TERMS, NOT_AGREED),
            _block("档案转递", OFFER, terms, PRINTED_ARCHIVE),
            _block("户口迁移", OFFER, terms, PRINTED_HOUSEHOLD),
            {"title": "办理过程", "rows": [_row(label, _written(at)) for label, at in steps if at]},
        ],
        "marks": [],
        "seals": [
            {"party": "甲方（用人单位）", "name": unit["name"], "lines": ["盖章", "经办人签字", "日期"]},
            {"party": "乙方（毕业生）", "name": case.student["name"], "lines": ["本人签字", "日期"]},
            {"party": school, "name": case.student["school"], "lines": ["盖章", "日期"]},
        ],
        "status": IN_FORCE if final is not None else TO_BE_STAMPED,
        "made_at": timezone.localtime((final or form).at).isoformat(timespec="seconds"),
    }  # fmt: skip


def _first_submitted(case: Registration) -> datetime | None:
    return next((record.at for record in timeline(case) if record.act == "submit"), None)


def _signed(case_id: str) -> Registration | None:
    rows = Registration.objects.unscoped("a document is made of the case that its job names")
    return rows.filter(public_id=case_id).exclude(number=None).first()


def _approvals(case: Registration) -> dict[str, Record]:
    return {record.after: record for record in timeline(case) if record.act == "approve"}


def _handler_rows(case: Registration) -> list[dict[str, Any]]:
    handler = handler_for(case.school_id, case.cohort, case.tier)
    printed = {"就业协议经办人": "name", "联系电话": "phone", "邮政编码": "postcode", "学校通讯地址": "address"}
    return [
        _row("院校名称", case.student["school"]),
        *(_row(label, getattr(handler, column, "")) for label, column in printed.items()),
    ]


def _block(
    title: str, sheet: Sheet, values: Mapping[str, Any], keys: Sequence[str], empty: str = NOT_FILLED_IN
) -> dict[str, Any]:
    return {"title": title, "rows": [_row(sheet[key].label, sheet[key].shown(values.get(key)), empty) for key in keys]}


def _row(label: str, value: str, empty: str = NOT_FILLED_IN) -> dict[str, Any]:
    return {"label": label, "value": value or None, "empty": empty}


def _mark(party: str, name: str, mark: str, steps: Sequence[tuple[str, datetime]]) -> dict[str, Any]:
    rows = [{"label": label, "value": _written(at)} for label, at in steps]
    return {"party": party, "name": name, "mark": mark, "rows": rows}


def _written(instant: datetime) -> str:
    return f"{timezone.localtime(instant):%Y-%m-%d %H:%M:%S}"
