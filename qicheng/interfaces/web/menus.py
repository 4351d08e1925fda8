"""The frame around a page: who looks, which modules and pages are theirs (ORG-03, ORG-04), which cohort."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import Resolver404, resolve

from qicheng.domain.campus.models import Part
from qicheng.domain.campus.queries.profile import shown_parts
from qicheng.domain.orgs.models import Module
from qicheng.domain.orgs.queries import open_modules
from qicheng.foundation.access import Area, Role
from qicheng.foundation.kit.numbers import fingerprint
from qicheng.foundation.listing.page import Group, Link, Me

if TYPE_CHECKING:
    from collections.abc import Iterable

EVERYBODY = (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
# The template that stands around a page, by who looks.
FRAMES = dict.fromkeys(EVERYBODY, "base_staff.html") | {
    Role.GRADUATE: "base_graduate.html", Role.EMPLOYER: "base_employer.html",
}  # fmt: skip
SCHOOL_ONLY, BOTH = (Role.SCHOOL,), (Role.SCHOOL, Role.COLLEGE)
ABOVE = (Role.PROVINCE, Role.MINISTRY)
EMPLOYMENT, ARCHIVE, HOUSEHOLD = Area.EMPLOYMENT, Area.ARCHIVE, Area.HOUSEHOLD

# (heading, ((label, address, icon, roles, areas of which one must be readable), …)). A page that is not there is not shown.
Entry = tuple[str, str, str, tuple[Role, ...], tuple[Area, ...]]
SIDE: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (
        ("首页", "/home/", "home", BOTH, ()),
        ("看板", "/gov/", "chart", ABOVE, ()),
        ("待我审核", "/review/", "check-circle", BOTH, (EMPLOYMENT,)),
    )),
    ("清单", (
        ("学生名单", "/students/", "users", BOTH, (EMPLOYMENT,)),
        ("登记与签约清单", "/lists/", "list", BOTH, (EMPLOYMENT,)),
        ("久等清单", "/lists/waiting/", "clock", (*BOTH, *ABOVE), (EMPLOYMENT,)),
        ("档案户口", "/files/", "file", BOTH, (ARCHIVE, HOUSEHOLD)),
        ("档案邮寄", "/files/mail/", "truck", BOTH, (ARCHIVE,)),
        ("登记确认", "/confirm/", "check", (*BOTH, *ABOVE), (EMPLOYMENT,)),
        ("户档转递", "/transfer/", "send", BOTH, (ARCHIVE, HOUSEHOLD)),
        ("学校清单", "/gov/schools/", "building", ABOVE, ()),
        ("报表与导出", "/gov/reports/", "download", ABOVE, ()),
        ("单位核验", "/gov/employers/", "shield", (Role.MINISTRY,), ()),
        ("消息滞留", "/gov/messages/", "alert", (Role.MINISTRY,), ()),
        ("报告签章", "/gov/seal/", "shield", (Role.MINISTRY,), ()),
    )),
    ("数据统计", (
        ("毕业去向落实率", "/stats/", "chart", (*BOTH, *ABOVE), ()),
        ("省份和学校", "/gov/figures/", "chart", ABOVE, (EMPLOYMENT,)),
        ("签约情况", "/stats/states/", "chart", (*BOTH, *ABOVE), (EMPLOYMENT,)),
        ("去向登记情况", "/stats/destinations/", "chart", (*BOTH, *ABOVE), (EMPLOYMENT,)),
        ("登记确认情况", "/confirm/figures/", "chart", (*BOTH, *ABOVE), (EMPLOYMENT,)),
        ("档案统计", "/files/archive/figures/", "chart", BOTH, (ARCHIVE,)),
        ("户口统计", "/files/household/figures/", "chart", BOTH, (HOUSEHOLD,)),
    )),
    ("名单与账号", (
        ("导入名单", "/imports/", "upload", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("导入就业信息", "/imports/records/", "upload", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("微信绑定", "/students/wechat/", "msg", BOTH, (EMPLOYMENT,)),
        ("导出", "/exports/", "download", (*BOTH, *ABOVE), ()),
        ("账号管理", "/accounts/", "user", SCHOOL_ONLY, ()),
        ("账号管理", "/gov/accounts/", "user", ABOVE, ()),
    )),
    ("设置", (
        ("签约设置", "/settings/", "gear", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("统一身份认证", "/settings/sign-on/", "gear", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("接口密钥", "/settings/keys/", "shield", (Role.SCHOOL, *ABOVE), (EMPLOYMENT,)),
        ("变化通知", "/settings/webhooks/", "bell", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("登记设置", "/settings/files/", "gear", SCHOOL_ONLY, (ARCHIVE, HOUSEHOLD)),
        ("学校平台", "/settings/platform/", "gear", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("开关与协议类型", "/gov/settings/", "gear", ABOVE, ()),
        ("户档接收单位", "/gov/offices/", "building", (Role.PROVINCE,), (EMPLOYMENT,)),
        ("预警单位管理", "/warn/", "alert", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("预警单位汇总", "/gov/warn/", "alert", ABOVE, ()),
        ("培养方式修改记录", "/log/training/", "book", SCHOOL_ONLY, (EMPLOYMENT,)),
        ("联系人", "/contacts/", "phone", BOTH, ()),
        ("操作记录", "/log/", "clock", SCHOOL_ONLY, ()),
        ("操作记录", "/gov/log/", "clock", ABOVE, ()),
        ("没有发出的消息", "/gov/messages/", "msg", (Role.MINISTRY,), ()),
    )),
)  # fmt: skip
# The modules of ORG-02 as they stand in the head of every page of a school: (module, label, address, areas).
MODULES: tuple[tuple[Module, str, str, tuple[Area, ...]], ...] = (
    (Module.SIGNING, "去向登记与网签", "/home/", (EMPLOYMENT,)),
    (Module.ARCHIVE, "档案", "/files/archive/", (ARCHIVE,)),
    (Module.HOUSEHOLD, "户口", "/files/household/", (HOUSEHOLD,)),
    (Module.CONFIRMATION, "登记确认", "/confirm/", (EMPLOYMENT,)),
    (Module.VERIFICATION, "户档转递核验", "/transfer/", (ARCHIVE, HOUSEHOLD)),
)
ABOUT = {
    Module.SIGNING: "网签、补登、去向登记的审核和清单", Module.ARCHIVE: "毕业生档案去向的登记和审核",
    Module.HOUSEHOLD: "毕业生户口去向的登记和审核", Module.CONFIRMATION: "毕业生本人确认登记信息",
    Module.VERIFICATION: "核验户档转递，生成报告",
}  # fmt: skip
ABOUT_ONESELF = {
    Module.SIGNING: "回应签约邀请，登记毕业去向", Module.ARCHIVE: "登记档案转到哪里", Module.HOUSEHOLD: "登记户口迁到哪里",
    Module.CONFIRMATION: "确认登记的信息对不对", Module.VERIFICATION: "看户档转递的结果",
}  # fmt: skip
GRADUATE_MODULES = {Module.SIGNING: "/", Module.ARCHIVE: "/files/", Module.HOUSEHOLD: "/files/", Module.CONFIRMATION: "/confirm/",
                    Module.VERIFICATION: "/transfer/"}  # fmt: skip
ROSTER = ("名单与账号", "/students/")
# Pages of a school's own platform, under this heading where the school has one of the parts: (label, address, icon, roles, areas, parts).
CAMPUS = "学校平台"
CampusEntry = tuple[str, str, str, tuple[Role, ...], tuple[Area, ...], tuple[Part, ...]]
CAMPUS_SIDE: tuple[CampusEntry, ...] = (
    ("申请事项", "/campus/applications/", "check-circle", BOTH, (EMPLOYMENT,), (Part.APPLICATIONS,)),
    ("申请事项设计", "/settings/forms/application/", "pen", SCHOOL_ONLY, (EMPLOYMENT,), (Part.APPLICATIONS,)),
    ("问卷设计和结果", "/settings/forms/questionnaire/", "chart", SCHOOL_ONLY, (EMPLOYMENT,), (Part.QUESTIONNAIRES,)),
    ("个人信息完善", "/campus/personal/people/", "users", BOTH, (EMPLOYMENT,), (Part.PERSONAL,)),
    ("审核补充信息", "/campus/supplements/review/", "check-circle", (Role.COLLEGE,), (EMPLOYMENT,), (Part.SUPPLEMENT,)),
    ("补充个人就业信息", "/campus/supplements/", "users", BOTH, (EMPLOYMENT,), (Part.SUPPLEMENT,)),
    ("户档信息登记", "/campus/files/review/", "file", BOTH, (ARCHIVE,), (Part.FILES,)),
    ("毕业去向修改和改签", "/campus/changes/review/destination/", "pen", BOTH, (EMPLOYMENT,), (Part.CHANGES,)),
    ("户档信息修改", "/campus/changes/review/files/", "pen", BOTH, (ARCHIVE,), (Part.CHANGES,)),
    ("公告、新闻和活动", "/settings/news/", "msg", SCHOOL_ONLY, (EMPLOYMENT,), (Part.NEWS,)),
    ("公告、新闻和活动", "/campus/news/notice/", "msg", (Role.COLLEGE,), (), (Part.NEWS,)),
    ("就业方案", "/campus/plan/", "chart", BOTH, (EMPLOYMENT,), (Part.PLAN,)),
    ("要交的材料", "/campus/papers/", "file", BOTH, (EMPLOYMENT,), (Part.FORMS,)),
    ("暂缓派遣", "/campus/deferrals/", "clock", BOTH, (EMPLOYMENT,), (Part.DEFERRAL,)),
    ("更改毕业去向", "/campus/destination-changes/", "pen", BOTH, (EMPLOYMENT,), (Part.ONE_CHANGE,)),
)  # fmt: skip
GRADUATES = (
    ("首页", "/", "home"), ("登记去向", "/go/", "pen"), ("记录", "/records/", "list"), ("我的", "/account/", "user"),
)  # fmt: skip
# Where the graduate's school has parts of its own platform; it stands for the entry named beside it where they register there (CAM-03).
PROCEDURES, IN_PLACE_OF = ("手续", "/campus/", "check-circle"), "/go/"
REGISTERED_THERE = frozenset({Part.PLATFORM.value, Part.FORMS.value})
EMPLOYERS = (
    ("首页", "/org/"), ("签约邀请", "/org/invites/"), ("解约", "/org/terminations/"), ("单位资料", "/org/profile/"),
    ("账号", "/org/accounts/"),
)  # fmt: skip
HOMES = {Role.GRADUATE: ("/",), Role.EMPLOYER: ("/org/",), Role.COLLEGE: ("/modules/",), Role.SCHOOL: ("/modules/",),
         Role.PROVINCE: ("/gov/",), Role.MINISTRY: ("/gov/",)}  # fmt: skip


@lru_cache(maxsize=256)
def is_there(path: str) -> bool:
    """Whether a page answers at that address."""
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def home(role: Role) -> str:
    """Where somebody of that role begins; the account's own page until the room's home stands."""
    return next((path for path in HOMES[role] if is_there(path)), "/account/")


def frame(path: str, row: Any, role: Role, unit: str, cohort: int, years: tuple[int, ...]) -> Me:
    """What the frame of every page shows of whoever looks (ORG-10)."""
    permitted = (bool(row.employment), bool(row.archive), bool(row.household))
    opened = open_modules(row.province_id, cohort) if role in BOTH else frozenset()
    parts = shown_parts(row.school_id, cohort) if role in (*BOTH, Role.GRADUATE) else frozenset()
    return Me(
        _key(row.account_id, row.seat_id), row.name, role.label, unit,
        home=home(role), inbox="/messages/", account="/account/", leave="/leave/", unread=row.unread,
        tabs=_tabs(role, permitted, opened, parts, path), menu=_side(role, permitted, parts, path), cohort=cohort, cohorts=years,
        cohort_url="/cohort/",
    )  # fmt: skip


def choices(role: Role, permitted: tuple[bool, ...], opened: frozenset[str]) -> list[tuple[str, str, str, str]]:
    """(label, what it is for, address or '', why not) of every module; one that is not open says so (ORG-04)."""
    found = []
    for module, label, url, areas in MODULES:
        why = ""
        if module not in opened:
            why = "你学校还没有开通" if role is Role.GRADUATE else "省里还没有开放这个模块"
        elif role in BOTH and not _may(areas, permitted):
            why = "你的账号没有这个模块的权限，由上级账号分配"
        target = GRADUATE_MODULES.get(module, "") if role is Role.GRADUATE else url
        if not why and not (target and (target == "/" or is_there(target))):
            why = "还没有开通"
        found.append((label, (ABOUT_ONESELF if role is Role.GRADUATE else ABOUT)[module], "" if why else target, why))
    return found


def roster_pages(role: Role, may_read: bool) -> list[tuple[str, str]]:
    """(label, address) of the roster's and the accounts' pages, which are no module of their own (ORG-08)."""
    entries = next(entries for heading, entries in SIDE if heading == ROSTER[0])
    theirs = [
        (label, url)
        for label, url, _, roles, areas in entries
        if role in roles and (may_read or not areas) and is_there(url)
    ]
    return ([("学生名单", ROSTER[1])] if role in BOTH and may_read and is_there(ROSTER[1]) else []) + theirs


@lru_cache(maxsize=4096)
def _key(account: int, seat: int) -> str:
    return fingerprint(f"frame|{account}|{seat}", settings.SECRET_KEY.encode())[:16]


def _tabs(
    role: Role, permitted: tuple[bool, ...], opened: frozenset[str], parts: frozenset[str], path: str
) -> tuple[Link, ...]:
    return _linked(entries := _modules(role, permitted, opened, parts), _current(path, (entry[1] for entry in entries)))


def _side(role: Role, permitted: tuple[bool, ...], parts: frozenset[str], path: str) -> tuple[Group, ...]:
    groups = _pages(role, permitted, parts)
    return _grouped(groups, _current(path, (entry[1] for _, entries in groups for entry in entries)))


@lru_cache(maxsize=1024)
def _modules(
    role: Role, permitted: tuple[bool, ...], opened: frozenset[str], parts: frozenset[str]
) -> tuple[tuple[str, str, str], ...]:
    if role is Role.GRADUATE:
        shown = [entry for entry in GRADUATES if not (parts & REGISTERED_THERE and entry[1] == IN_PLACE_OF)]
        if parts:
            shown.insert(1, PROCEDURES)
        return tuple(entry for entry in shown if entry[1] == "/" or is_there(entry[1]))
    if role is Role.EMPLOYER:
        return tuple((label, url, "right") for label, url in EMPLOYERS if is_there(url))
    if role not in BOTH:
        return ()
    shown = [
        (label, url, "right") for module, label, url, areas in MODULES
        if module in opened and _may(areas, permitted) and is_there(url)
    ]  # fmt: skip
    if is_there(ROSTER[1]) and permitted[0]:
        shown.append((*ROSTER, "users"))
    return tuple(shown)


@lru_cache(maxsize=1024)
def _pages(
    role: Role, permitted: tuple[bool, ...], parts: frozenset[str]
) -> tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...]:
    campus = tuple(entry[:5] for entry in CAMPUS_SIDE if parts.intersection(entry[5]))
    groups = (
        (heading, tuple(e[:3] for e in entries if role in e[3] and _may(e[4], permitted) and is_there(e[1])))
        for heading, entries in (*SIDE[:2], (CAMPUS, campus), *SIDE[2:])
    )
    return tuple((heading, entries) for heading, entries in groups if entries)


@lru_cache(maxsize=1024)
def _linked(entries: tuple[tuple[str, str, str], ...], current: str) -> tuple[Link, ...]:
    return tuple(Link(label, url, icon, is_current=url == current) for label, url, icon in entries)


@lru_cache(maxsize=1024)
def _grouped(groups: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...], current: str) -> tuple[Group, ...]:
    return tuple(Group(heading, _linked(entries, current)) for heading, entries in groups)


def _may(areas: tuple[Area, ...], permitted: tuple[bool, ...]) -> bool:
    known = dict(zip((EMPLOYMENT, ARCHIVE, HOUSEHOLD), permitted, strict=True))
    return not areas or any(known[area] for area in areas)


def _current(path: str, urls: Iterable[str]) -> str:
    """The longest address that the path lies under; the front page only where it is the path itself."""
    return max((url for url in urls if path == url or (url != "/" and path.startswith(url))), key=len, default="")
