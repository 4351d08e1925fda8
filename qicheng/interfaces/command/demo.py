"""A small country to try the product in: two provinces, five schools, three thousand graduates, cases in every state.

Everything comes in by the front door: rosters through the import from workbooks in the national layout, cases through acts. Only
time is moved: as the database's owner, so that some cases have waited for days. All people, schools and companies are invented.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.utils import timezone

from qicheng.domain.figures.effects import counters
from qicheng.domain.figures.effects.cube import count_country
from qicheng.domain.orgs.effects.flags import raise_flag
from qicheng.domain.orgs.models import (
    Account,
    AgreementForm,
    Cohort,
    College,
    Contact,
    Edition,
    Employer,
    Handler,
    Module,
    Opening,
    Province,
    ProvinceSettings,
    ReviewMode,
    School,
    Seat,
    SigningSettings,
)
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster import imports
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Actor, Area, Level, Role, Tier
from qicheng.foundation.flow.perform import be, begin, note, noted, perform
from qicheng.foundation.kit import workbooks
from qicheng.foundation.kit.calendar import day_of
from qicheng.foundation.kit.identity import credit_check_character, id_check_digit, organisation_check_character

from . import after, campus
from .ways import EACH_WAY, begin_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[str], None]

# Whoever graduates this year can act, on whichever day the demo is made (ROS-03, PKU-05).
COHORT = day_of(timezone.now()).year
PASSWORD = "Qicheng-2026"  # noqa: S105 -- of invented people
FULL = {area.value: Level.WRITE for area in Area}


class Unfinished(Exception):
    """An earlier filling was cut off; its text says how to begin again."""


@dataclass(frozen=True)
class Plan:
    """A school of the demo: how it reviews, its colleges with their majors, how many graduates."""

    code: str
    name: str
    mode: ReviewMode | None
    colleges: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    graduates: int
    cases: int


COMPUTING = ("计算机学院", (("080901", "计算机科学与技术"), ("080902", "软件工程"), ("080910", "数据科学与大数据技术")))
LANGUAGES = ("外国语学院", (("050201", "英语"), ("050207", "日语")))
MACHINES = ("机械工程学院", (("080202", "机械设计制造及其自动化"), ("080203", "材料成型及控制工程")))
BUSINESS = ("经济管理学院", (("020101", "经济学"), ("120203", "会计学"), ("120201", "工商管理")))
LAW = ("法学院", (("030101", "法学"),))
LETTERS = ("文学院", (("050101", "汉语言文学"), ("050301", "新闻学")))
INFORMATION = ("信息学院", (("080703", "通信工程"), ("080701", "电子信息工程")))
MEDICINE = ("护理学院", (("101101", "护理学"),))

JIANGLIN = Plan(
    "19001",
    "江临大学",
    ReviewMode.COLLEGE_THEN_SCHOOL,
    (COMPUTING, LANGUAGES, MACHINES, BUSINESS, LAW, LETTERS),
    1800,
    620,
)
HAILAN = Plan("19002", "海澜理工大学", ReviewMode.SCHOOL, (INFORMATION, MACHINES, BUSINESS), 1000, 260)
NANYU = Plan("19003", "南屿学院", None, (BUSINESS, MEDICINE), 220, 0)
PHYSICS = ("物理学院", (("070201", "物理学"), ("080901", "计算机科学与技术")))
HISTORY = ("历史学院", (("060101", "历史学"), ("050101", "汉语言文学")))
# One registers on a platform of its own, one has its colleges report a plan.
XILING = Plan(campus.PLATFORM_SCHOOL, "西岭理工大学", ReviewMode.COLLEGE_THEN_SCHOOL, (PHYSICS, INFORMATION), 160, 0)
DONGYUAN = Plan(campus.PLAN_SCHOOL, "东原大学", ReviewMode.COLLEGE_THEN_SCHOOL, (HISTORY, LETTERS), 160, 0)
PLANS = (JIANGLIN, HAILAN, NANYU, XILING, DONGYUAN)

EMPLOYERS = (
    ("云岭数据科技有限公司", "39", "34"), ("江临轨道交通集团有限公司", "31", "32"), ("博远智造股份有限公司", "39", "22"),
    ("南屿市第一人民医院", "23", "43"), ("清原县实验中学", "22", "42"), ("远川航天信息研究院", "20", "38"),
    ("江临银行股份有限公司", "31", "35"), ("海澜港务集团有限公司", "31", "32"), ("青禾农业科技有限公司", "39", "11"),
    ("明德律师事务所", "99", "37"), ("星河文化传媒有限公司", "39", "44"), ("四海国际物流有限公司", "32", "32"),
)  # fmt: skip
# Which of them a school warns of.
FLAGGED = 10
POSTS = (
    ("13", "数据分析师"),
    ("13", "软件工程师"),
    ("21", "管理培训生"),
    ("29", "产品专员"),
    ("30", "行政专员"),
    ("22", "客户经理"),
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任姚卢傅钟崔汪范陆廖石"
GIVEN = "子涵宇轩欣怡浩然梓萱思远嘉禾雨桐一诺俊杰晓彤文博佳琪明哲若曦天佑雅静志强丽华建国秀英海燕鹏飞晨曦安然知夏书言念可畅墨予"
NAMED = ("陈诚", "林嘉禾", "阿依古丽·买买提", "周予安", "李𬱖", "欧阳思远")
# What becomes of a case, and how many of a hundred do.
FATES = (
    ("invited", 18), ("declined", 7), ("withdrawn", 5), ("expired", 9), ("college_review", 19), ("school_review", 15),
    ("rejected", 6), ("effective", 19), ("voided", 2),
)  # fmt: skip


def fill(progress: Progress, owner: str = "") -> None:
    """Fill an empty database; quick and silent where it is full already. `owner` is the owner's address, to move time."""
    if noted("demo", act="filled"):
        return
    if School.objects.exists():
        raise Unfinished("上次的演示数据没有建完。请运行：make demo ARGS=--fresh")
    dice = random.Random(20260612)  # noqa: S311 -- the same country every time
    password = make_password(PASSWORD)
    progress("建立省、学校、单位和账号…")
    ministry = _seat(_account("ministry", "周明", password), Role.MINISTRY, 0, administrator=True)
    _land(password)
    after.open_modules(COHORT)
    employers = _employers(password)
    for plan in PLANS:
        progress(f"导入{plan.name}的毕业生名单（{plan.graduates} 人）…")
        _import(plan, dice)
    _people(password)
    for plan in (JIANGLIN, HAILAN):
        progress(f"{plan.name}：邀请、应约、审核（{plan.cases} 件）…")
        _cases(plan, employers, dice)
    for plan in (XILING, DONGYUAN):
        progress(f"{plan.name}：学校平台…")
        _campus(plan, dice)
    _warn(employers)
    if owner:
        progress("让时间过去几天…")
        _age(owner, dice)
        _expire()
        progress(f"{JIANGLIN.name}：登记确认、转递报告、档案邮寄…")
        after.age(owner)
        after.go_on(School.objects.get(code=JIANGLIN.code), COHORT, _person)
    progress("汇总全省和全国的数字…")
    counters.fold()
    count_country([COHORT])
    note(ministry.actor(name="周明", unit="部级"), "filled", "demo")


def logins() -> list[tuple[str, str, str, str]]:
    """The table of log-ins: who, where, account, password."""
    return [
        ("谁", "单位", "账号", "密码"),
        ("毕业生 陈诚", "江临大学 计算机学院", _phone_of("陈诚"), PASSWORD),
        ("毕业生 林嘉禾", "江临大学 外国语学院", _phone_of("林嘉禾"), PASSWORD),
        ("毕业生 阿依古丽·买买提", "海澜理工大学", _phone_of("阿依古丽·买买提"), PASSWORD),
        (f"毕业生 {after.POSTED}", "江临大学（档案已寄出）", _phone_of(after.POSTED), PASSWORD),
        (f"毕业生 {after.MAY_ASK}", "江临大学（可以申请邮寄档案）", _phone_of(after.MAY_ASK), PASSWORD),
        (
            f"毕业生 {campus.BEGINS[XILING.code]}",
            "西岭理工大学（学校平台，刚开始）",
            _phone_of(campus.BEGINS[XILING.code]),
            PASSWORD,
        ),
        (
            f"毕业生 {campus.IN_FORCE[XILING.code]}",
            "西岭理工大学（去向已通过）",
            _phone_of(campus.IN_FORCE[XILING.code]),
            PASSWORD,
        ),
        (
            f"毕业生 {campus.BEGINS[DONGYUAN.code]}",
            "东原大学（按就业形式填报，刚开始）",
            _phone_of(campus.BEGINS[DONGYUAN.code]),
            PASSWORD,
        ),
        (
            f"毕业生 {campus.IN_FORCE[DONGYUAN.code]}",
            "东原大学（去向已通过）",
            _phone_of(campus.IN_FORCE[DONGYUAN.code]),
            PASSWORD,
        ),
        ("用人单位 李经理", EMPLOYERS[0][0], "yunling", PASSWORD),
        ("用人单位 何经理", EMPLOYERS[1][0], "guidao", PASSWORD),
        ("学院 李敏", "江临大学 计算机学院", "jsj", PASSWORD),
        ("学校 王敏", "江临大学（先院系再校级）", "jianglin", PASSWORD),
        ("学校 孙可（只读）", "江临大学", "jianglin-ro", PASSWORD),
        ("学校 郑书言", "海澜理工大学（仅校级）", "hailan", PASSWORD),
        ("学校 冯一诺", "南屿学院（刚开始）", "nanyu", PASSWORD),
        ("学校 何安", "西岭理工大学（学校平台登记）", "xiling", PASSWORD),
        ("学院 物理老师", "西岭理工大学 物理学院", "xiling1", PASSWORD),
        ("学校 罗文", "东原大学（院系上报就业方案）", "dongyuan", PASSWORD),
        ("学院 历史老师", "东原大学 历史学院", "dongyuan1", PASSWORD),
        ("省级 赵立", "江南省（三方协议）", "jiangnan", PASSWORD),
        ("省级 钱卫", "海北省（两方协议）", "haibei", PASSWORD),
        ("部级 周明", "平台", "ministry", PASSWORD),
    ]


def _phone_of(name: str) -> str:
    account = Account.objects.filter(name=name).exclude(phone=None).order_by("id").first()
    return (account.phone or "") if account else ""


def _land(password: str) -> None:
    Cohort.objects.bulk_create(
        [Cohort(year=COHORT - 1, edition=Edition.GUIDE_2023), Cohort(year=COHORT, edition=Edition.GUIDE_2024)]
    )
    south = Province.objects.create(code="990000", name="江南省")
    north = Province.objects.create(code="980000", name="海北省")
    for province, form in ((south, AgreementForm.THREE_PARTY), (north, AgreementForm.TWO_PARTY)):
        ProvinceSettings.objects.create(province=province, cohort=COHORT, agreement_form=form)
        Opening.objects.create(province=province, cohort=COHORT, module=Module.SIGNING, is_open=True)
    _seat(_account("jiangnan", "赵立", password), Role.PROVINCE, south.pk, administrator=True)
    _seat(_account("haibei", "钱卫", password), Role.PROVINCE, north.pk, administrator=True)
    for plan, province, login, name in (
        (JIANGLIN, south, "jianglin", "王敏"), (HAILAN, north, "hailan", "郑书言"), (NANYU, south, "nanyu", "冯一诺"),
        (XILING, south, "xiling", "何安"), (DONGYUAN, south, "dongyuan", "罗文"),
    ):  # fmt: skip
        school = School.objects.create(province=province, code=plan.code, name=plan.name)
        _seat(_account(login, name, password), Role.SCHOOL, school.pk, administrator=True)
        Contact.objects.create(school=school, name="就业中心 钱老师", phone="027-62750000", hours="工作日 8:30–17:30")
        for title, _ in plan.colleges:
            row = College.objects.create(school=school, name=title)
            Contact.objects.create(
                school=school, college=row, name=f"{title} 李老师", phone="027-62750001", hours="工作日 8:30–17:30"
            )
        if plan.mode is not None:
            SigningSettings.objects.unscoped("the demo sets its schools up").create(
                school=school, cohort=COHORT, online_signing=True, supplementary=True, destination=True, review_mode=plan.mode,
                submitted_at=timezone.now(), version=1,
            )  # fmt: skip
            Handler.objects.unscoped("the demo sets its schools up").create(
                school=school, cohort=COHORT, tier=Tier.ALL, name="钱老师", phone="027-62750000",
                address=f"{province.name}{plan.name[:2]}市学府路 1 号", postcode="430072",
            )  # fmt: skip
    for plan, prefix in ((XILING, "xiling"), (DONGYUAN, "dongyuan")):
        for number, college in enumerate(College.objects.filter(school__code=plan.code).order_by("id"), 1):
            _seat(_account(f"{prefix}{number}", f"{college.name[:2]}老师", password), Role.COLLEGE, college.pk)
    jianglin = School.objects.get(code=JIANGLIN.code)
    reader = dict.fromkeys(FULL, Level.READ)
    _seat(_account("jianglin-ro", "孙可", password), Role.SCHOOL, jianglin.pk, levels=reader)
    _seat(_account("jianglin-yjs", "吴知夏", password), Role.SCHOOL, jianglin.pk, tier=Tier.POSTGRADUATE)
    for number, college in enumerate(College.objects.filter(school=jianglin).order_by("id")):
        login = "jsj" if number == 0 else f"xy{number}"
        _seat(_account(login, "李敏" if number == 0 else f"{college.name[:2]}老师", password), Role.COLLEGE, college.pk)


def _employers(password: str) -> list[Actor]:
    actors = []
    for number, (name, nature, industry) in enumerate(EMPLOYERS):
        employer = Employer.objects.unscoped("the demo sets its employers up").create(
            credit_code=_credit_code(number), name=name, nature=nature, industry=industry, area="110102",
            address=f"西直门外大街 {18 + number} 号", contact="人力资源部", phone="010-11111111", mobile=f"1310000{number:04d}",
            email=f"hr{number}@example.com", is_verified=True,
        )  # fmt: skip
        login = {0: "yunling", 1: "guidao"}.get(number, f"hr{number}")
        manager = {0: "李经理", 1: "何经理"}.get(number, "人事经理")
        seat = _seat(_account(login, manager, password), Role.EMPLOYER, employer.pk, administrator=True)
        actors.append(seat.actor(name=manager, unit=name))
    return actors


def _warn(employers: list[Actor]) -> None:
    """江临大学 warns its graduates of one unit, so that its reviewers have something to look at twice."""
    school = School.objects.get(code=JIANGLIN.code)
    reviewer = _reviewer(Role.SCHOOL, school.pk, school.name)
    culture = employers[FLAGGED]
    unit = Employer.objects.seen_by(culture).get()
    assert reviewer is not None
    raise_flag(reviewer, {
        "name": unit.name, "credit_code": unit.credit_code, "nature": unit.nature, "industry": unit.industry, "kind": "x_false_ads",
        "note": "招聘时说的岗位与实际不符，入职前要求先交培训费。签约前先向就业中心核实。",
        "evidence": "今年 3 月有三位毕业生向就业中心反映，招聘页面与实际岗位说明见就业中心留存的截图。", "link": "",
    })  # fmt: skip


def _import(plan: Plan, dice: random.Random) -> None:
    """The roster through the front door: a workbook in the national layout, its preview, all good lines applied."""
    school = School.objects.get(code=plan.code)
    seat = Seat.objects.filter(role=Role.SCHOOL, node=school.pk, is_administrator=True).select_related("account").get()
    path = Path(settings.QICHENG_FILES) / "demo" / f"{plan.name}毕业生名单.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = _roster(plan, dice)
    headings = next(lines)
    workbooks.write(headings, lines, path)
    actor = seat.actor(name=seat.account.name, unit=school.name)
    upload = imports.receive(actor, COHORT, path.name, [path.read_bytes()])
    imports.read_upload(upload.pk)
    upload.refresh_from_db()
    imports.request_writing(upload, actor)
    imports.apply_upload(upload.pk)
    upload.refresh_from_db()
    if upload.state != "applied":
        raise Unfinished(f"{plan.name}的名单没有写入：{upload.state} {upload.reason} {upload.counts}")


NATIONAL = (
    ("KSH", "考生号"), ("SFZH", "身份证号"), ("XM", "姓名"), ("XBDM", "性别代码"), ("XB", "性别"), ("MZDM", "民族代码"),
    ("ZZMMDM", "政治面貌代码"), ("YXDM", "院校代码"), ("YXMC", "院校名称"), ("XLDM", "学历代码"), ("ZYDM", "专业代码"), ("ZYMC", "专业"),
    ("PYFSDM", "培养方式代码"), ("DXHWPDW", "定向或委培单位"), ("SYSZDDM", "生源所在地代码"), ("XZ", "学制"), ("RXSJ", "入学时间"),
    ("BYSJ", "毕业时间"), ("SFSLBDM", "师范生类别代码"), ("KNSLBDM", "困难生类别代码"), ("SZYX", "所在院系"), ("SZBJ", "所在班级"),
    ("XH", "学号"), ("CSRQ", "出生日期"), ("HKSFZRXX", "户口是否转入学校"), ("DASFZRXX", "档案是否转入学校"), ("SJHM", "手机号码"),
    ("DZYX", "电子邮箱"), ("BYNF", "毕业年份(届)"),
)  # fmt: skip


def _roster(plan: Plan, dice: random.Random) -> Iterator[list[str]]:
    """Two rows of headings, field names and Chinese, then a line a graduate."""
    yield [field for field, _ in NATIONAL]
    yield [heading for _, heading in NATIONAL]
    areas = ("110101", "320106", "430103", "510104", "420106", "330106", "650102", "350203")
    for number in range(plan.graduates):
        college, majors = plan.colleges[number % len(plan.colleges)]
        major_code, major = dice.choice(majors)
        woman = number % 2 == 1
        name = _name(plan, number, dice)
        serial = int(plan.code[-1]) * 10_000 + number
        birth = f"{dice.choice((2003, 2004))}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}"
        master = number % 9 == 8
        mode = "21" if number % 150 == 77 else "22" if number % 150 == 78 else "1"
        digits = f"{dice.choice(areas)}{birth}{(number // 2 % 490) * 2 + (0 if woman else 1):03d}"
        yield [
            f"22{areas[number % len(areas)]}{serial % 1_000_000:06d}", digits + id_check_digit(digits), name, "2" if woman else "1",
            "女" if woman else "男", "45" if "·" in name else dice.choice(("01", "01", "01", "08", "15")),
            dice.choice(("03", "03", "03", "01", "13")), plan.code, plan.name, "11" if master else "31", major_code, major, mode,
            "清原县教育局" if mode != "1" else "", dice.choice(areas), "3" if master else "4",
            f"{COHORT - (3 if master else 4)}09", f"{COHORT}07",
            "2", dice.choice(("0", "0", "0", "1", "2")), college, f"{major[:2]}22{number % 4 + 1:02d}", f"2022{serial:06d}", birth,
            dice.choice(("0", "1")), "1", f"138{serial:08d}", f"g{serial}@example.com", str(COHORT),
        ]  # fmt: skip


def _name(plan: Plan, number: int, dice: random.Random) -> str:
    if plan is JIANGLIN and number < len(NAMED) and number != 2:
        return NAMED[number]
    if plan is HAILAN and number == 1:
        return NAMED[2]
    if plan.code in campus.BEGINS and number < 2:
        return (campus.BEGINS, campus.IN_FORCE)[number][plan.code]
    return dice.choice(SURNAMES) + "".join(dice.sample(GIVEN, dice.choice((1, 2, 2))))


def _people(password: str) -> None:
    """Accounts for the graduates who will act, one in three of those who came in, the named ones always."""
    rows = list(
        Graduate.objects.unscoped("the demo gives its people log-ins")
        .filter(cohort=COHORT, account=None)
        .order_by("id")
    )
    named = {*NAMED, *campus.BEGINS.values(), *campus.IN_FORCE.values()}
    acting = [g for i, g in enumerate(rows) if g.name in named or i % 3 != 2]
    accounts = Account.objects.bulk_create(
        [
            Account(
                login=g.id_number,
                name=g.name,
                id_number=g.id_number,
                phone=g.phone or None,
                email=g.email,
                password=password,
            )
            for g in acting
        ]
    )
    Seat.objects.bulk_create(
        [Seat(account=a, role=Role.GRADUATE, node=g.pk, **FULL) for a, g in zip(accounts, acting, strict=True)]
    )
    for graduate, account in zip(acting, accounts, strict=True):
        graduate.account = account
        if graduate.name != "陈诚":
            graduate.confirmed_revision = graduate.revision
            graduate.confirmed_at = timezone.now()
    Graduate.objects.unscoped("the demo gives its people log-ins").bulk_update(
        acting, ["account", "confirmed_revision", "confirmed_at"], batch_size=500
    )


def _cases(plan: Plan, employers: list[Actor], dice: random.Random) -> None:
    """Invitations and what becomes of them, all through acts; 陈诚 has two that wait for him."""
    school = School.objects.get(code=plan.code)
    reviewers: dict[Any, Actor | None] = {
        "school": _reviewer(Role.SCHOOL, school.pk, school.name),
        **{c.pk: _reviewer(Role.COLLEGE, c.pk, c.name) for c in College.objects.filter(school=school)},
    }
    rows = list(
        Graduate.objects.unscoped("the demo signs its people")
        .filter(cohort=COHORT, school=school, account__isnull=False, training_mode="1")
        .select_related("school").order_by("id")
    )  # fmt: skip
    first = [g for g in rows if g.name in NAMED]
    others = [g for g in rows if g.name not in NAMED]
    dice.shuffle(others)
    for graduate in first:
        for actor in employers[:2]:
            begin(ONLINE_SIGNING, actor, graduate=graduate, days_open=7, **_offer(dice))
    fates = [fate for fate, share in FATES for _ in range(share)]
    for number, graduate in enumerate(others[: plan.cases]):
        _live(graduate, fates[number * 37 % len(fates)], dice.choice(employers), reviewers, dice)
    if plan is JIANGLIN:
        agreements = Registration.objects.unscoped("the demo dissolves what it signed").filter(
            school=school, state="effective"
        )
        signed = list(agreements.select_related("graduate", "school").order_by("id")[:8])
        begin_ways(others[plan.cases :], signed, reviewers, _person, dice)
        after.take_effect(school, reviewers, _person)
        after.begin_after(school, others[plan.cases + sum(EACH_WAY.values()) :], reviewers, _person)


def _campus(plan: Plan, dice: random.Random) -> None:
    """What the graduates of a school with a platform of its own have come to."""
    school = School.objects.get(code=plan.code)
    colleges = College.objects.filter(school=school)
    reviewers: dict[Any, Actor | None] = {
        "school": _reviewer(Role.SCHOOL, school.pk, school.name),
        **{c.pk: _reviewer(Role.COLLEGE, c.pk, c.name) for c in colleges},
    }
    rows = Graduate.objects.unscoped("the demo's people of a school with a platform").filter(
        cohort=COHORT, school=school, account__isnull=False, training_mode="1"
    )
    campus.begin_campus(school, COHORT, list(rows.select_related("school").order_by("id")), reviewers, _person, dice)


def _live(
    graduate: Graduate, fate: str, employer: Actor, reviewers: dict[Any, Actor | None], dice: random.Random
) -> None:
    case = begin(ONLINE_SIGNING, employer, graduate=graduate, days_open=dice.choice((3, 5, 7)), **_offer(dice))
    person = _person(graduate)
    if fate in ("invited", "expired"):
        return
    if fate in ("declined", "withdrawn"):
        perform(case, "decline" if fate == "declined" else "withdraw", person if fate == "declined" else employer)
        return
    perform(case, "accept", person)
    college, school = reviewers.get(graduate.college_id), reviewers["school"]
    if case.state == "college_review":
        if fate == "college_review" or college is None:
            return
        perform(case, "approve", college)
    if fate in ("college_review", "school_review") or school is None:
        return
    if fate == "rejected":
        perform(case, "reject", school, reason="other", words="单位名称与公章不一致，请单位核对后重新发起邀请")
        return
    perform(case, "approve", school)
    if fate == "voided":
        perform(case, "void", school, reason="other", words="双方协商一致，重新签订")


def _person(graduate: Graduate) -> Actor:
    levels = dict.fromkeys(Area, Level.WRITE)
    return Actor(Role.GRADUATE, graduate.pk, graduate.account_id, levels, name=graduate.name, unit="毕业生")


def _reviewer(role: Role, node: int, unit: str) -> Actor | None:
    seat = (
        Seat.objects.filter(role=role, node=node, employment=Level.WRITE)
        .select_related("account")
        .order_by("id")
        .first()
    )
    return seat.actor(name=seat.account.name, unit=unit) if seat else None


def _offer(dice: random.Random) -> dict[str, Any]:
    category, post = dice.choice(POSTS)
    pay = dice.randrange(50, 160) * 100
    return {
        "job_category": category, "post": post, "work_place": dice.choice(("", "江临市高新区", "北京市西城区")), "probation": "3个月",
        "probation_pay": f"{pay * 8 // 10} 元/月", "pay": f"{pay} 元/月", "penalty": dice.choice(("", "3000 元")),
        "report_place": "江临市高新区", "report_by": timezone.localdate() + timedelta(days=60), "archive_type": "x_trustee",
        "archive_receiver": "北京市西城区人才服务中心", "archive_address": "北京市西城区西直门外大街 56 号", "archive_contact": "档案科", "archive_phone": "" if pay % 1900 == 0 else "010-66000056",
        "archive_postcode": "100056", "household_type": "x_home", "household_address": "", "extra_terms": "",
    }  # fmt: skip


def _age(owner: str, dice: random.Random) -> None:
    """As the owner, who alone can put the guard aside: let some days lie between what happened and now."""
    import psycopg  # noqa: PLC0415 -- the one place that speaks to the database as its owner

    with psycopg.connect(owner) as database:
        for table in ("registration_registration", "flow_record"):
            database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        database.execute(
            """UPDATE registration_registration r SET begun_at = begun_at - a.days, sent_at = sent_at - a.days,
                deadline = deadline - a.days, waiting_since = waiting_since - a.days * 0.6, closed_at = closed_at - a.days * 0.5
            FROM (SELECT id, make_interval(days => (id %% 9)::int, hours => (id %% 7)::int) AS days FROM registration_registration
                WHERE graduate_id NOT IN (SELECT id FROM roster_graduate WHERE name = ANY(%s))) a WHERE a.id = r.id""",
            [list(NAMED)],
        )
        database.execute(
            """UPDATE flow_record f SET at = f.at - make_interval(days => (r.id % 9)::int, hours => (r.id % 7)::int)
            FROM registration_registration r WHERE f."case" = r.public_id::text AND f.version < r.version"""
        )
        # Some wait so long that they stand on the list of what waits long.
        database.execute(
            """UPDATE registration_registration SET begun_at = begun_at - w.days, sent_at = sent_at - w.days, deadline = deadline - w.days,
                waiting_since = waiting_since - w.days
            FROM (SELECT interval '9 days' AS days) w WHERE id % 11 = 0 AND state <> 'invited'"""
        )
        database.execute(
            """UPDATE flow_record f SET at = f.at - interval '9 days' FROM registration_registration r
            WHERE f."case" = r.public_id::text AND r.id % 11 = 0 AND r.state <> 'invited'"""
        )
        # Rows that were changed twice have their references checked at the end, which is now.
        database.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("registration_registration", "flow_record"):
            database.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    school = School.objects.get(code=JIANGLIN.code)
    actor = _reviewer(Role.SCHOOL, school.pk, school.name)
    assert actor is not None
    # Some roster lines changed after the graduate had accepted: the reviewer sees the two side by side (ROS-05).
    waiting = (
        Registration.objects.seen_by(actor)
        .filter(state__in=("college_review", "school_review"))
        .values_list("graduate", flat=True)
    )
    with transaction.atomic():
        be(actor)
        for number, pk in enumerate(sorted(waiting)[::11]):
            change = {"political_status": "02"} if number % 3 else {"major": "软件工程（中外合作）"}
            Graduate.objects.seen_by(actor).filter(pk=pk).update(**change, revision=2)


def _expire() -> None:
    from qicheng.domain.registration.queries import overdue_invitations  # noqa: PLC0415 -- beside its only use
    from qicheng.foundation.access import SYSTEM  # noqa: PLC0415 -- beside its only use

    for case in overdue_invitations():
        perform(case, "expire", SYSTEM)
    connection.close()


def _account(login: str, name: str, password: str) -> Account:
    return Account.objects.create(login=login, name=name, password=password)


def _seat(
    account: Account,
    role: Role,
    node: int,
    *,
    administrator: bool = False,
    levels: dict[str, Level] | None = None,
    tier: Tier = Tier.ALL,
) -> Seat:
    return Seat.objects.create(
        account=account, role=role, node=node, is_administrator=administrator, tier=tier, **(levels or FULL)
    )


def _credit_code(number: int) -> str:
    organisation = f"{74935200 + number:08d}"
    first = "91110108" + organisation + organisation_check_character(organisation)
    return first + credit_check_character(first)
