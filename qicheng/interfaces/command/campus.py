"""Two schools of the demo that have a platform of their own: one registers there, the other has its colleges report a plan.

Everything is done by whoever would do it, on the parts that the school switched on.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.campus.effects import applications, made, news
from qicheng.domain.campus.effects import profile as profiles
from qicheng.domain.campus.flows.application import APPLICATION
from qicheng.domain.campus.flows.file_registration import FILE_REGISTRATION
from qicheng.domain.campus.flows.forms import DECLARED
from qicheng.domain.campus.flows.personal import PERSONAL_INFORMATION, SUPPLEMENTING
from qicheng.domain.campus.flows.platform import PLATFORM
from qicheng.domain.campus.models import PRESETS, FileRegistration, MadeForm, Part
from qicheng.domain.campus.sheets.applications import EXAMPLES
from qicheng.domain.campus.sheets.changes import SAME_UNIT
from qicheng.domain.campus.sheets.files import prefilled, unit_of
from qicheng.domain.campus.sheets.made import sheet_of
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import Refused, begin, perform

from .ways import filled, prove

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from qicheng.domain.orgs.models import School
    from qicheng.domain.registration.models import Registration
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor

    Person = Callable[[Graduate], Actor]
    Reviewers = Mapping[Any, Actor | None]

# Which preset of the profile a school of the demo took, by its code.
PLATFORM_SCHOOL, PLAN_SCHOOL = "19004", "19005"
PRESET_OF = {PLATFORM_SCHOOL: "platform", PLAN_SCHOOL: "plan"}
# Who can be tried there: one who begins, one whose destination is in force.
BEGINS, IN_FORCE = {PLATFORM_SCHOOL: "孟溪", PLAN_SCHOOL: "顾北辰"}, {PLATFORM_SCHOOL: "梁川", PLAN_SCHOOL: "沈微"}
DAYS_TO_EDIT = 45
FATES = ("draft", "submitted", "submitted", "at_school", "returned", "effective", "effective", "effective")
REASON: dict[str, Any] = {"reason": "x_material", "words": "单位详细地址写到门牌号"}
UNIT: dict[str, Any] = {
    "name": "北岭新材料有限公司", "area": "420106", "address": "高新大道 88 号", "credit_code": "91110108551385082Q", "industry": "34",
    "nature": "39", "subordinate": "", "job_category": "13", "contact": "周岚", "phone": "027-85550102", "email": "hr@example.com", "fax": "", "remark": "",
}  # fmt: skip
DECLARATIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("declared_agreement", {
        "name": "云岭数据科技有限公司", "authority": "320000", "area": "320583", "nature": "39", "economy": "170", "number": "DY-2026-0001",
        "address": "前进东路 8 号", "postcode": "215300", "contact": "周岚", "phone": "0512-66666666", "email": "zhou@example.com",
        "archive_receiver": "昆山市人才服务中心", "archive_address": "前进西路 1 号", "archive_postcode": "215300", "household_address": "前进西路 2 号",
    }),
    ("declared_master", {"school": "10284", "department": "计算机系", "major": "计算机科学与技术"}),
    ("declared_flex_cert", {"proof": "12", "name": "云岭数据科技有限公司", "area": "320583"}),
    ("declared_abroad_cscse", {"degree": "doctor", "country": "GB", "school": "牛津大学", "major": "数学"}),
    ("declared_freelance", {"name": "自由撰稿人", "province": "320000", "area": "320583"}),
    ("declared_unemployed", {"cause": "x_pku_doctor"}),
)  # fmt: skip
NEWS = (
    (
        "notice",
        "毕业去向登记常见问题",
        "登记之前先完善个人信息。\n\n院校两级审核通过一个工作日后，请到「登记确认」核对并确认。",
        False,
    ),
    ("news", "春季双选会顺利结束", "二百多家单位到场，感谢各位同学参加。", False),
    ("activity", "一对一职业咨询", "带上学生证，提前十分钟到。", True),
)


def begin_campus(
    school: School, cohort: int, people: Sequence[Graduate], reviewers: Reviewers, person: Person, dice: random.Random
) -> None:
    """Switch the school's parts on, and let its graduates go as far as each of them gets."""
    officer = reviewers["school"]
    assert officer is not None
    preset = PRESET_OF[school.code]
    given = {part.value: part in PRESETS[preset][1] for part in Part}
    closes_on = timezone.localdate() + timedelta(days=DAYS_TO_EDIT) if preset == "plan" else None
    profiles.set_profile(officer, cohort, 0, {**given, "closes_on": closes_on})
    acting = [one for one in people if one.name != BEGINS[school.code]]
    acting.sort(key=lambda one: one.name != IN_FORCE[school.code])
    if preset == "platform":
        _tell(officer, cohort)
        _register(acting, reviewers, person)
        _take_over(officer, cohort, acting, person, dice)
    else:
        _declare(acting, reviewers, person)


def _tell(officer: Actor, cohort: int) -> None:
    today = timezone.localdate()
    for kind, title, text, is_activity in NEWS:
        when = {"day": today + timedelta(days=3), "begins": "14:00", "ends": "16:30", "place": "职业体验中心"}
        blank = {"day": None, "begins": "", "ends": "", "place": ""}
        news.write(officer, cohort, {
            "kind": kind, "title": title, "text": text, "dated_on": today, "is_pinned": kind == "notice", "last_day": None,
            **(when if is_activity else blank),
        })  # fmt: skip


def _take_over(officer: Actor, cohort: int, people: Sequence[Graduate], person: Person, dice: random.Random) -> None:
    """All examples of applications are taken over and published; of each, some graduates have begun one."""
    for number, key in enumerate(EXAMPLES):
        form = applications.take_over(officer, cohort, key)
        form.refresh_from_db()
        made.publish(officer, form.public_id, form.version)
        form.refresh_from_db()
        for graduate in people[number * 6 : number * 6 + 6]:
            # Some applications are open to those alone whose destination was approved.
            with suppress(Refused):
                _applied(form, person(graduate), dice)


def _applied(form: MadeForm, actor: Actor, dice: random.Random) -> None:
    case: Any = begin(APPLICATION, actor, form=form)
    perform(case, "edit", actor, **filled(sheet_of(case.made.fields), dice))
    _proven(case, actor)
    perform(case, "submit", actor)


def _register(people: Sequence[Graduate], reviewers: Reviewers, person: Person) -> None:
    for number, graduate in enumerate(people[:48]):
        actor, fate = person(graduate), "effective" if number == 0 else FATES[number % len(FATES)]
        begin(
            PERSONAL_INFORMATION, actor, political_status="02", origin="420106", hardship="0", wechat=f"wx{graduate.student_number}", qq="",
            counsellor="李华", class_name="1班", remote_academy="", emergency_name="家长", emergency_phone="13356785678",
            phone=graduate.phone, email=graduate.email,
        )  # fmt: skip
        case: Any = begin(PLATFORM, actor, kind="platform_agreement", **UNIT)
        _reviewed(case, fate, actor, reviewers)
        if case.state in ("school_review", "effective"):
            file = _filed(case, actor)
            _reviewed(file, fate if number % 3 else "at_school", actor, reviewers)
        if case.state == "effective" and number % 9 == 8:
            change: Any = begin(
                FLOWS[SAME_UNIT], actor, registration=case.public_id, contact="周敏", why="单位换了联系人"
            )
            perform(change, "submit", actor)


def _filed(destination: Registration, actor: Actor) -> FileRegistration:
    start = prefilled(destination.edition, unit_of(destination), school=destination.school.name, moved=False)
    case = begin(FILE_REGISTRATION, actor, **start | {"archive_postcode": "430072"})
    assert isinstance(case, FileRegistration)
    return case


def _declare(people: Sequence[Graduate], reviewers: Reviewers, person: Person) -> None:
    for number, graduate in enumerate(people[:56]):
        actor = person(graduate)
        own: Any = begin(
            SUPPLEMENTING,
            actor,
            origin="320583" if number % 2 else "420106",
            phone=graduate.phone,
            email=graduate.email,
        )
        if number >= 48:
            continue
        college = reviewers[graduate.college_id]
        assert college is not None
        perform(own, "approve", college)
        kind, typed = DECLARATIONS[number % len(DECLARATIONS)]
        case: Any = begin(DECLARED, actor, kind=kind, **typed)
        if kind == "declared_flex_cert" and number % 4 == 2:
            deferral: Any = begin(FLOWS["deferral"], actor, registration=case.public_id, reason="还在与单位商谈签约")
            _proven(deferral, actor)
            perform(deferral, "submit", actor)
            continue
        _reviewed(case, "effective" if number == 0 else FATES[number % len(FATES)], actor, reviewers)
        if case.state == "effective" and number % 11 == 7:
            change: Any = begin(
                FLOWS["one_change"], actor, registration=case.public_id, wish="agreement", wish_unit="云岭数据科技有限公司",
                reason="单位来函，同意接收户口和档案",
            )  # fmt: skip
            _proven(change, actor)
            perform(change, "submit", actor)


def _reviewed(case: Any, fate: str, actor: Actor, reviewers: Reviewers) -> None:
    """Submit a case and bring it as far as its fate says."""
    if fate == "draft":
        return
    _proven(case, actor)
    perform(case, "submit", actor)
    college, school = reviewers[case.college_id], reviewers["school"]
    assert college is not None
    assert school is not None
    if fate == "returned":
        perform(case, "return", college, **REASON)
    elif fate in ("at_school", "effective"):
        perform(case, "approve", college)
        if fate == "effective":
            perform(case, "approve", school)


def _proven(case: Any, actor: Actor) -> None:
    for kind in case.proofs_asked:
        if kind.least:
            prove(case, actor, kind.key)
