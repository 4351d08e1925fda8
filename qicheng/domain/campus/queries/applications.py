"""Reads of applications that schools declare: what a graduate may apply for, where a case goes next, what is noticed in public (CAM-05)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models.functions import Now
from django.urls import reverse

from qicheng.domain.campus.models import Application, Levels
from qicheng.domain.campus.sheets.applications import filled, said_by, whole
from qicheng.domain.campus.sheets.made import known_of, sheet_of
from qicheng.foundation.access import Role
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.papers.models import Paper

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from django.db.models import QuerySet

    from qicheng.domain.campus.models import MadeForm
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor

RESULT = "application_result"
WAITING = ("college_review", "school_review", "noticed")


def ahead(case: Application) -> str:
    """Where the case goes from where it stands, once whoever has it consents: to the next of its levels, the notice, the end."""
    steps = [
        *(["college_review"] if case.has_college_review else []),
        *(["school_review"] if case.levels in (Levels.SCHOOL, Levels.BOTH) else []),
        *(["noticed"] if case.notice_days else []), "done",
    ]  # fmt: skip
    return steps[steps.index(case.state) + 1] if case.state in steps else steps[0]


def intended(graduate: Graduate, form: MadeForm) -> Application:
    """The application that the graduate would begin: to be asked what stands against it."""
    version = form.current
    assert version is not None
    terms = whole(version.terms)
    return Application(
        flow_name="application", state="draft", cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id,
        tier=graduate.tier, graduate=graduate, form=form, made=version, name=form.title, levels=terms["levels"],
        notice_days=terms["notice_days"] if terms["notice_text"] else 0,
    )  # fmt: skip


def own_applications(actor: Actor, cohort: int) -> list[Application]:
    """The applications of a graduate that are not thrown away, the newest first."""
    rows = Application.objects.seen_by(actor).filter(cohort=cohort).exclude(state="discarded")
    return list(rows.select_related("made").order_by("-id")[:100])


def had_before(case: Application) -> list[Application]:
    """The other applications of the same form and graduate that came to an end, the newest first."""
    rows = _rows().filter(cohort=case.cohort, graduate=case.graduate_id, form=case.form_id).exclude(pk=case.pk)
    return list(rows.exclude(state__in=("draft", "discarded")).order_by("-id")[:20])


def stations(case: Application, role: Role, *, rejected_by: str = "") -> list[tuple[str, str, str]]:
    """(who, word, done|now|you|stop|'') for the relay of an application: in whose hands it is."""
    order = [("draft", "你" if role is Role.GRADUATE else "毕业生", "提交")]
    order += [("college_review", "学院", "审核")] if case.has_college_review else []
    order += [("school_review", "学校", "审核")] if case.levels in (Levels.SCHOOL, Levels.BOTH) else []
    order += [("noticed", "公示", f"{case.notice_days} 天")] if case.notice_days else []
    order += [("done", "结果", "办结")]
    stops = {"rejected": "不通过", "withdrawn": "已放弃", "discarded": "已删除"}
    at = {"returned": "draft", "withdrawn": "draft", "discarded": "draft"}.get(case.state, case.state)
    if case.state == "rejected":
        at = {Role.COLLEGE.value: "college_review"}.get(
            rejected_by, "noticed" if case.noticed_until else "school_review"
        )
    place = next((place for place, (key, _, _) in enumerate(order) if key == at), 0)
    if case.state == "done":
        return [
            *((name, {"提交": "已提交", "审核": "已通过"}.get(word, "期满"), "done") for _, name, word in order[:-1]),
            ("结果", "已办结", "done"),
        ]
    now = {"draft": "待提交", "returned": "待修改", "noticed": "公示中"}.get(case.state, "待审核")
    looks = "stop" if case.state in stops else "you" if case.standing.turn is role else "now"
    past = {"提交": "已提交", "审核": "已通过"}
    return [
        *((name, past.get(word, word), "done") for _, name, word in order[:place]), (order[place][1], stops.get(case.state, now), looks),
        *((name, word, "") for _, name, word in order[place + 1 :]),
    ]  # fmt: skip


def what_follows(case: Application) -> list[tuple[str, str]]:
    """(step, what happens in it) of what an application goes through after it was submitted."""
    steps = []
    if case.has_college_review:
        steps.append(("学院审核", "要修改的会退回给你，写明原因"))
    if case.levels in (Levels.SCHOOL, Levels.BOTH):
        steps.append(("学校审核", "要修改的会退回给你，写明原因"))
    if case.notice_days:
        steps.append((f"公示 {case.notice_days} 天", "在公告里公示；没有异议的，期满自动办结"))
    has_paper = bool(whole(case.made.terms)["result_text"])
    return [*steps, ("办结", "可以下载打印结果" if has_paper else "结果通知你")]


def facts(case: Application, school: str, day: str) -> dict[str, str]:
    """What a template may name beside fields and roster; `day` is the day of the end, '' before it."""
    submitted = words_of_day(case.submitted_at) if case.submitted_at else ""
    return {"学校": school, "届": str(case.cohort), "编号": case.number, "申请日期": submitted, "办结日期": day}


def words_of_day(instant: datetime) -> str:
    """「2026 年 6 月 10 日」 in Beijing."""
    day = day_of(instant)
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def result_of(case: Application) -> Paper | None:
    """The printed result, also while it is being made; None where there is none."""
    return Paper.objects.filter(kind=RESULT, flow=case.flow_name, case=str(case.public_id)).first()


# ---- the public notice


def notice_of(case: Application) -> tuple[str, str]:
    """(title, words) of the public notice, from what the case froze."""
    terms, fields = whole(case.made.terms), case.made.fields
    values = said_by(fields, case.answers, case.line, facts(case, case.school.name, ""))
    return filled(terms["notice_title"], values), filled(terms["notice_text"], values)


def noticed(school: int, *, newest: int = 50) -> list[Application]:
    """What the school notices in public now, the newest first."""
    rows = _rows().filter(school=school, state="noticed", noticed_until__gt=Now())
    return list(rows.select_related("made", "school").order_by("-noticed_until", "-id")[:newest])


def due() -> list[UUID]:
    """The public ids of what was noticed long enough, the oldest first, a thousand at most."""
    rows = _rows().filter(state="noticed", noticed_until__lte=Now()).order_by("noticed_until")
    return list(rows.values_list("public_id", flat=True)[:1000])


# ---- whether a printed result is genuine


def check_token(number: str) -> str:
    """The 128 bits beside a number in a result's code: nobody can make them without the deployment's key."""
    secret = hmac.new(settings.QICHENG_NUMBER_KEY.encode(), f"result|{number}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(secret[:16]).rstrip(b"=").decode()


def address_of(number: str) -> str:
    """The address in a result's code."""
    path = reverse("campus:result_check", args=[number, check_token(number)])
    return settings.QICHENG_ADDRESS.rstrip("/") + path


def genuine(number: str, token: str) -> Application | None:
    """The application whose result bears that number, if the token is the number's own."""
    if not hmac.compare_digest(check_token(number).encode(), token.encode()):
        return None
    return _rows().filter(number=number, state="done").select_related("school", "made").first()


def lines_of(case: Application) -> list[tuple[str, str]]:
    """(label, words) of what the graduate filled in, and of what the roster knew when it was submitted."""
    return [*known_of(case.made.fields, case.line), *sheet_of(case.made.fields).lines(case.answers)]


def ended(public_id: str) -> Application | None:
    """The application that has ended under that public id, for the job that prints its result."""
    return _rows().filter(public_id=public_id, state="done").select_related("school", "made").first()


def _rows() -> QuerySet[Application]:
    rows: QuerySet[Application] = Application.objects.unscoped(
        "the case's own graduate, the timetable, public notices and whoever holds a result"
    )
    return rows
