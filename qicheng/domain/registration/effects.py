"""What acts do besides moving a registration; all of it runs inside the act's transaction."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.orgs.models import AgreementForm, Cohort, Edition, Employer, ProvinceSettings, Seat
from qicheng.domain.orgs.queries import handler_for
from qicheng.domain.roster.effects import amend_record, clear_record, write_record
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import student
from qicheng.domain.roster.sheets import FIXED, STUDENT, SYNCED
from qicheng.foundation import codes
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotOpen, Refused, begin, carry_on, clock, find, note, timeline
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.calendar import answer_deadline
from qicheng.foundation.kit.identity import code_text, name_text
from qicheng.foundation.kit.numbers import agreement_number, fingerprint
from qicheng.foundation.later import later
from qicheng.foundation.papers import store

from .guards import requests_made
from .models import Dissolution, InvitationBatch, Registration
from .queries import AGREEMENT, obstacle, people_named
from .sheets import EMPLOYER, INVITATION, JOB_CATEGORY, OFFER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record
    from qicheng.foundation.papers.models import Paper
    from qicheng.foundation.sheets import Sheet

# 签就业协议形式就业
SIGNED_AGREEMENT = "10"
# How many graduates an employer may look for in 24 hours, found or not (EMP-05).
MOST_LOOK_UPS = 300
# What stands beside a line of a batch that was sent.
SENT = "已发出"
NOT_FOUND = "没有找到这位毕业生，姓名和号码要与学校名单一字不差"
NUMBER, DAYS = "身份证号或考生号", "应约有效期（天）"
MOST_LINES, SENT_AT_ONCE = 200, 50
BATCH = InvitationBatch.State
BATCH_LOCK = 0x5143


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
    case.student = _line(case)
    return None


def take_latest(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """获取最新学生信息: what may be taken over from the roster is; the rest stays as it was frozen (ROS-05)."""
    now = _line(case)
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


# ---- dissolution

# How a dissolution ended, in the words of the guide (codes/termination_reasons).
MUTUAL, FORCED = "x_mutual", "x_forced"


def dissolution(actor: Actor, *, agreement: Registration, reason: str, explanation: str) -> Dissolution:
    """The unsaved request of one side to dissolve its agreement (DIS-01). Raises NotFound for somebody else's."""
    found, now = find(Registration, agreement.public_id, actor), clock()
    if found.number is None:
        raise Refused("这份协议没有生效，不用解约。")
    return Dissolution(
        cohort=found.cohort, agreement=found, school_id=found.school_id, college_id=found.college_id, tier=found.tier,
        graduate_id=found.graduate_id, employer_id=found.employer_id, agreement_form=found.agreement_form,
        student_name=found.student.get("name") or found.graduate.name, employer_name=found.employer_name, post=found.post,
        number=found.number, asked_by=str(actor.role), reason=reason, explanation=explanation, asked_at=now, waiting_since=now, begun_at=now,
    )  # fmt: skip


def number_request(case: Dissolution, actor: Actor) -> None:
    """The graduate's requests are numbered under the lock of its line; those of the employer are not (DIS-03)."""
    if case.was_asked_by is Role.GRADUATE:
        settings_ = case.above("settings")
        assert settings_ is not None
        case.sequence, case.allowed = requests_made(case) + 1, settings_.dissolution_limit


def submit_dissolution(case: Dissolution, actor: Actor) -> None:
    """Both sides agree: from here on it is reviewed as the school has it set now (SET-06)."""
    around = case.above("settings")
    assert around is not None
    case.review_mode = around.review_mode
    case.answered_at = clock(case)


def refuse_dissolution(case: Dissolution, actor: Actor) -> None:
    """The other side says no; the agreement stays in force (DIS-02)."""
    case.answered_at = clock(case)


def remind(case: Dissolution, actor: Actor) -> None:
    """Keep when the other side was last reminded."""
    case.reminded_at = clock(case)


def dissolve(case: Dissolution, actor: Actor) -> None:
    """The school approves what both sides agreed on: the agreement ends in the same transaction (DIS-06)."""
    case.manner = MUTUAL
    carry_on(case.agreement, "dissolve", actor)


def dissolve_by_force(case: Dissolution, actor: Actor) -> None:
    """The school dissolves what the employer leaves unanswered (DIS-04)."""
    case.manner = FORCED
    carry_on(case.agreement, "dissolve", actor)


def _line(case: Registration) -> dict[str, Any]:
    rows = Graduate.objects.unscoped("the line of the case's own graduate").select_related("school", "college")
    graduate = rows.get(pk=case.graduate_id)
    return student(graduate) | {"revision": graduate.revision}


def look_up(actor: Actor, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[Graduate]]:
    """Find graduates by exact name and number for an employer, within its limit, every one of them on record (EMP-05).

    Look-ups are spent before anybody is looked for, so that asking in parallel gains nothing. Raises Refused over the limit.
    """
    asked = list(dict.fromkeys((name_text(name), code_text(number)) for name, number in pairs))
    if not spend(f"look_up|{actor.node}", MOST_LOOK_UPS, 24 * 3600, len(asked)):
        raise Refused(f"24 小时内最多查找 {MOST_LOOK_UPS} 位毕业生，已经用完。明天再查，或者联系平台。")
    found = people_named(asked, timezone.now())
    key = settings.QICHENG_NUMBER_KEY.encode()
    for pair in asked:
        person = next(iter(found.get(pair, ())), None)
        note(
            actor, "look_up", "look_up", {"查找": ["", fingerprint("|".join(pair), key)], "结果": ["", "找到" if person else "没有找到"]},
            subject=str(person.public_id) if person else "", cohort=person.cohort if person else 0,
            school=person.school_id if person else None,
        )  # fmt: skip
    return found


def read_batch(actor: Actor, content: bytes, filename: str) -> InvitationBatch:
    """Read a workbook of invitations and keep what every line says, with what is wrong in it; nobody is invited yet (EMP-04).

    Raises Refused for a file that cannot be read, lacks columns or is too long, and over the limit of look-ups.
    """
    lines = _lines_of(content)
    named = [(line["姓名"], line[NUMBER]) for line in lines if line["姓名"] and line[NUMBER]]
    found = look_up(actor, named) if named else {}
    seen: set[int] = set()
    return InvitationBatch.objects.unscoped("the employer's own new batch").create(
        employer_id=actor.node, account_id=actor.account, filename=filename[:200],
        lines=[_read_line(line, found, seen, actor) for line in lines],
    )  # fmt: skip


def release_batch(batch: InvitationBatch) -> bool:
    """Let a batch be sent: a short one at once, a long one by a job. False where it had been sent or dropped before."""
    rows = InvitationBatch.objects.unscoped("the batch that its page showed")
    with transaction.atomic():
        moved = rows.filter(pk=batch.pk, state__in=(BATCH.PREVIEW, BATCH.SENDING)).update(state=BATCH.SENDING)
        if moved and batch.good > SENT_AT_ONCE:
            later("registration.send_batch", batch=str(batch.public_id))
    if moved and batch.good <= SENT_AT_ONCE:
        send_batch(str(batch.public_id))
    return bool(moved)


def drop_batch(batch: InvitationBatch) -> bool:
    """Give up a batch of which nothing was sent."""
    rows = InvitationBatch.objects.unscoped("the batch that its page showed")
    return bool(rows.filter(pk=batch.pk, state=BATCH.PREVIEW).update(state=BATCH.DROPPED))


def send_batch(batch_id: str) -> None:
    """Send every invitation of a batch that its employer released; what became of each line is written beside it (EMP-04).

    A line is sent once, however often this runs: its key is the batch's and its own. Two at once: the second leaves it to the first.
    """
    batch = (
        InvitationBatch.objects.unscoped("a job sends the batch that it names")
        .select_related("employer")
        .get(public_id=batch_id)
    )
    locked = statements.plain("SELECT pg_try_advisory_lock(%s, %s)", (BATCH_LOCK, batch.pk % 2**31))
    if batch.state != BATCH.SENDING or not (locked and locked[0]):
        return
    try:
        actor = _sender(batch)
        for line in batch.lines:
            if not line["errors"] and not line.get("outcome"):
                line["outcome"], line["case"] = _sent(batch, line, actor)
                batch.done += 1
                batch.save(update_fields=["lines", "done"])
        batch.state, batch.finished_at = BATCH.SENT, timezone.now()
        batch.save(update_fields=["state", "finished_at"])
    finally:
        statements.plain("SELECT pg_advisory_unlock(%s, %s)", (BATCH_LOCK, batch.pk % 2**31))


def _lines_of(content: bytes) -> list[dict[str, str]]:
    try:
        rows = [row for row in islice(workbooks.rows(content), MOST_LINES + 2) if any(row)]
    except workbooks.Unreadable as why:
        raise Refused(str(why)) from None
    headings = [heading.strip() for heading in rows[0]] if rows else []
    lacking = [name for name in ("姓名", NUMBER, *(f.label for f in OFFER if f.required), DAYS) if name not in headings]
    if lacking:
        raise Refused(f"第一行里缺少这些列：{'、'.join(lacking)}。下载模板，把内容填进去再上传。")
    if len(rows) == 1:
        raise Refused("表格里只有标题，没有要邀请的人。")
    if len(rows) > MOST_LINES + 1:
        raise Refused(f"一次最多邀请 {MOST_LINES} 人，分成几个文件上传。")
    blank = dict.fromkeys(headings, "")
    return [
        blank | dict(zip(headings, row, strict=False)) | {"row": str(place)}
        for place, row in enumerate(rows[1:], start=2)
    ]


def _read_line(
    line: Mapping[str, str], found: Mapping[tuple[str, str], list[Graduate]], seen: set[int], actor: Actor
) -> dict[str, Any]:
    person = next(iter(found.get((name_text(line["姓名"]), code_text(line[NUMBER])), ())), None)
    typed = {
        field.key: (codes.table(field.table).find(line.get(field.label, "")) or line.get(field.label, "")) if field.table else line.get(field.label, "")
        for field in OFFER
    }  # fmt: skip
    form = INVITATION.form(person.cohort if person else None)(typed | {"days_open": line[DAYS]})
    errors = [] if form.is_valid() else [str(error) for errors in form.errors.values() for error in errors]
    if person is None:
        errors.insert(0, NOT_FOUND if line["姓名"] and line[NUMBER] else f"姓名和{NUMBER}都要填写")
    elif person.pk in seen:
        errors.insert(0, "这位毕业生在表格里已经出现过")
    elif why := obstacle("online_signing", person, actor):
        errors.insert(0, why)
    if person:
        seen.add(person.pk)
    return {
        "row": int(line["row"]), "name": line["姓名"][:60], "graduate": person.pk if person else None, "school": person.school.name if person else "",
        "offer": OFFER.stored(form.cleaned_data) if not errors else {}, "days_open": form.cleaned_data.get("days_open"), "errors": errors,
    }  # fmt: skip


def _sent(batch: InvitationBatch, line: Mapping[str, Any], actor: Actor) -> tuple[str, str]:
    graduate = (
        Graduate.objects.unscoped("found by exact identity when the batch was read")
        .select_related("school")
        .get(pk=line["graduate"])
    )
    try:
        case = begin(
            FLOWS["online_signing"], actor, key=f"{batch.public_id}:{line['row']}", graduate=graduate, days_open=line["days_open"], **line["offer"]
        )  # fmt: skip
    except (Refused, NotOpen) as stopped:
        return str(stopped), ""
    return SENT, str(case.public_id)


def _sender(batch: InvitationBatch) -> Actor:
    seat = Seat.objects.select_related("account").get(
        account=batch.account_id, role=Role.EMPLOYER, node=batch.employer_id
    )
    return seat.actor(name=seat.account.name, unit=batch.employer.name)


TEMPLATE = Path(__file__).parent / "templates/registration/agreement.typ"
NOT_AGREED, NOT_FILLED_IN = "未约定", "未填写"
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
    """Print the agreement of an effective case, once; None where the case never took effect (SIGN-06).

    Called again it makes nothing twice; a document that was held for a character is tried again.
    """
    case = _signed(case_id)
    approval = _approvals(case).get("effective") if case else None
    if case is None or approval is None:
        return None
    return store.make(
        AGREEMENT, TEMPLATE, agreement_values(case), record=str(approval.pk), flow=case.flow_name, case=str(case.public_id),
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
