"""What comes after approval in the demo: where archives and households go, what graduates confirm, reports, and letters on their way.

江南省 has opened every module, 海北省 only that in which graduates confirm. Everything is done by whoever would do it; only time is
moved, as the database's owner, so that confirmations are old enough for the post.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.orgs.effects import settings as schools
from qicheng.domain.orgs.models import Module, Province, School, Seat
from qicheng.domain.orgs.queries import stamp
from qicheng.domain.registration.models import Registration
from qicheng.domain.roster.effects import BLANK, record_changed
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.effects import batches, mail_batches, mail_papers, records, reports
from qicheng.domain.transfer.effects.confirmation import report_due
from qicheng.domain.transfer.flows.archive_change import ARCHIVE_CHANGE
from qicheng.domain.transfer.flows.household_change import HOUSEHOLD_CHANGE
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.flows.verification import AUTHORISATION
from qicheng.domain.transfer.models import ArchiveRecord, Confirmation, Mailing
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import Stopped, begin, perform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from qicheng.foundation.access import Actor

    Person = Callable[[Graduate], Actor]
    Reviewers = Mapping[Any, Actor | None]

# What each province opens beside signing.
OPENED = {
    "江南省": (Module.ARCHIVE, Module.HOUSEHOLD, Module.CONFIRMATION, Module.VERIFICATION), "海北省": (Module.CONFIRMATION,),
}  # fmt: skip
# Graduates whose whole way can be looked at: one whose archive has been posted, one who may ask for it.
POSTED, MAY_ASK = "欧阳思远", "周予安"
AGENCY = {
    "kind": "x_trustee", "receiver": "江临市人才服务中心", "region": "420106", "address": "学府路 52 号", "contact": "档案科 吴老师",
    "phone": "027-85550101", "postcode": "430072",
}  # fmt: skip
HOME = {"kind": "x_home", "region": "420106", "address": "东四十条 1 号"}
CHANGES = ("draft", "submitted", "at_school", "returned", "rejected", "registered", "registered")
# What graduates say of what was reported, of ten.
ANSWERS = ("", "disputed", "answered", "denied", *["confirmed"] * 6)
SOURCES = {"upload": 30, "interface": 18}
# How far letters get, in the order in which their graduates are taken.
LETTERS = (
    *["sent"] * 3, *["signed"] * 6, "come_back", *["batched"] * 7, "held", *["pending"] * 9, "send_back", "drafted", "drafted", "withdrawn",
)  # fmt: skip
NEVER_ASKED = 14


def open_modules(cohort: int) -> None:
    """The provinces open what they open, the schools of one submit their settings."""
    for province in Province.objects.order_by("id"):
        actor = _officer(Role.PROVINCE, province.pk, province.name)
        before = schools.province_values(province.pk, cohort)
        given = before | {module.value: True for module in OPENED.get(province.name, ())}
        schools.set_province(actor, cohort, stamp(before), given)
        for school in School.objects.filter(province=province, signingsettings__cohort=cohort):
            for module in OPENED.get(province.name, ()):
                if module in (Module.ARCHIVE, Module.HOUSEHOLD):
                    own = _officer(Role.SCHOOL, school.pk, school.name)
                    given = {"is_on": True, "review_mode": "college_then_school"}
                    schools.set_transfer(own, Area(module.value), cohort, 0, given)


def take_effect(school: School, reviewers: Reviewers, person: Person) -> None:
    """The two whose way can be looked at accept an invitation, and both levels approve it."""
    for name in (POSTED, MAY_ASK):
        rows = Registration.objects.unscoped("the demo signs its people").filter(school=school, state="invited")
        case: Any = rows.filter(graduate__name=name).select_related("graduate").order_by("id").first()
        if case is not None:
            perform(case, "accept", person(case.graduate))
            for level in (reviewers[case.college_id], reviewers["school"]):
                assert level is not None
                perform(case, "approve", level)


def begin_after(school: School, spare: Sequence[Graduate], reviewers: Reviewers, person: Person) -> None:
    """Records of every source, what graduates say of them, and applications to change where archive and household go."""
    _bring(school, spare)
    rows = Confirmation.objects.unscoped("the demo's people answer").filter(
        school=school, state="unconfirmed", graduate__account__isnull=False
    )
    cases: list[Any] = list(rows.select_related("graduate").order_by("id"))
    for number, case in enumerate(cases):
        named = case.graduate.name in (POSTED, MAY_ASK)
        _answered(case, "confirmed" if named else ANSWERS[number * 3 % 10], person(case.graduate), reviewers)
    _change(school, reviewers, person)


def age(owner: str) -> None:
    """As the owner, who alone can put the guard aside: confirmations lie some weeks back, but for a few."""
    import psycopg  # noqa: PLC0415 -- the one place that speaks to the database as its owner

    table = "transfer_confirmation"
    with psycopg.connect(owner) as database:
        database.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        database.execute(
            f"""UPDATE {table} c SET begun_at = begun_at - a.days, reported_at = reported_at - a.days, due_at = due_at - a.days * 0.4,
                waiting_since = waiting_since - a.days, confirmed_at = confirmed_at - a.days
            FROM (SELECT id, make_interval(days => 14 + (id %% 9)::int) AS days FROM {table} WHERE id %% 13 <> 0
                OR graduate_id IN (SELECT id FROM roster_graduate WHERE name = ANY(%s))) a WHERE a.id = c.id""",  # noqa: S608 -- our own name
            [[POSTED, MAY_ASK]],
        )
        database.execute("SET CONSTRAINTS ALL IMMEDIATE")
        database.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    report_due()


def go_on(school: School, cohort: int, person: Person) -> None:
    """What needs an old confirmation: authorisations and reports, requests to post the archive, batches on their way."""
    officer = _officer(Role.SCHOOL, school.pk, school.name)
    rows = Confirmation.objects.unscoped("the demo's people go on").filter(
        school=school, cohort=cohort, state="confirmed"
    )
    sure = [case.graduate for case in rows.select_related("graduate").order_by("id")]
    sure.sort(key=lambda graduate: graduate.name != POSTED)
    _authorise(sure, officer, person)
    _post([graduate for graduate in sure if graduate.name != MAY_ASK][:-NEVER_ASKED], officer, cohort, person)
    batches.collect(
        Area.HOUSEHOLD, officer, cohort, title="六月第一次移交", handed_on=timezone.localdate(), key="demo-household"
    )


# ---- parts


def _bring(school: School, spare: Sequence[Graduate]) -> None:
    """Records that did not come from here: files that the school uploaded, and what its own platform reported."""
    people = iter(spare)
    rows = [
        EmploymentRecord(
            graduate=graduate, cohort=graduate.cohort, school_id=graduate.school_id, source=source,
            **{**BLANK, "destination": ("10", "11", "12", "80")[number % 4], "employer_name": f"{('清原', '远山', '北岭')[number % 3]}科技有限公司",
               "area": "420106", "address": "高新大道 88 号", "contact": "人力资源部", "phone": "027-85550102"},
        )
        for source, many in SOURCES.items()
        for number, graduate in zip(range(many), people, strict=False)
    ]  # fmt: skip
    EmploymentRecord.objects.unscoped("the demo's school brings records of its own").bulk_create(rows)
    record_changed([row.graduate_id for row in rows])


def _answered(case: Any, answer: str, me: Actor, reviewers: Reviewers) -> None:
    said: dict[str, Any]
    if answer == "confirmed":
        perform(case, "confirm", me)
    elif answer == "denied":
        said = {"destination": "denied", **dict.fromkeys(case.parts[1:], "right")}
        perform(case, "dispute", me, remark="没有和这个单位签过约，请核实", **said)
    elif answer in ("disputed", "answered"):
        said = dict.fromkeys(case.parts, "right") | {case.parts[-1]: "wrong"}
        perform(case, "dispute", me, remark="接收单位的地址少了门牌号，应为学府路 52 号", **said)
        if answer == "answered" and reviewers["school"] is not None:
            perform(
                case, "answer", reviewers["school"], answer="已与接收单位电话核对，现在登记的地址可以收件，请重新确认。"
            )


def _change(school: School, reviewers: Reviewers, person: Person) -> None:
    """Applications in every state, of graduates who have nothing reported that would wait for them."""
    for flow, form, moved in ((ARCHIVE_CHANGE, AGENCY, "archive_moved"), (HOUSEHOLD_CHANGE, HOME, "household_moved")):
        rows = Graduate.objects.unscoped("the demo's people apply").filter(
            school=school, account__isnull=False, confirmation=None, confirmed_revision__isnull=False, **{moved: True}
        )
        for graduate, fate in zip(rows.order_by("id")[: len(CHANGES)], CHANGES, strict=False):
            _applied(begin(flow, person(graduate), **form), fate, person(graduate), reviewers)


def _applied(case: Any, fate: str, me: Actor, reviewers: Reviewers) -> None:
    college, school = reviewers[case.college_id], reviewers["school"]
    assert college is not None
    assert school is not None
    if fate == "draft":
        return
    perform(case, "submit", me)
    if fate == "returned":
        perform(case, "return", college, reason="other", words="地址写到门牌号")
    elif fate == "rejected":
        perform(case, "reject", college, reason="other", words="没有调档函，先与接收单位联系")
    elif fate in ("at_school", "registered"):
        perform(case, "approve", college)
        if fate == "registered":
            perform(case, "approve", school)


def _authorise(sure: Sequence[Graduate], officer: Actor, person: Person) -> None:
    for number, graduate in enumerate(sure[:8]):
        case = begin(AUTHORISATION, person(graduate), days=60)
        if number % 4 == 3:
            perform(case, "end", person(graduate))
    for graduate in sure[4:12]:
        reports.issue("archive", graduate.pk, officer)


def _post(graduates: Sequence[Graduate], officer: Actor, cohort: int, person: Person) -> None:
    """Letters in every state: one batch that has left, one that waits with a letter that is held back."""
    asked = list(_asked(graduates, person))
    of = {fate: [case for case, one in asked if one == fate] for fate in LETTERS}
    gone, here = of["sent"] + of["signed"] + of["come_back"], of["batched"] + of["held"]
    first = mail_batches.new_batch(officer, cohort)
    mail_batches.take_all(officer, first, gone)
    mail_papers.handover(officer, first)
    mail_batches.send_all(
        officer, [(case, None, f"EA{61000000 + number * 7919:09d}CN") for number, case in enumerate(gone)]
    )
    mail_batches.sign_all(officer, of["signed"])
    for case in of["come_back"]:
        perform(case, "come_back", officer, words="收件单位已迁址，电话无人接听")
    second = mail_batches.new_batch(officer, cohort, "x_secret")
    mail_batches.take_all(officer, second, here)
    mail_papers.labels(officer, second)
    for case in of["send_back"]:
        perform(case, "send_back", officer, words="接收单位的联系电话少一位，核对后重新提交")
    for case in of["withdrawn"]:
        perform(case, "withdraw", person(case.graduate))
    for case in of["held"]:
        seen = ArchiveRecord.objects.seen_by(officer).get(graduate=case.graduate_id).version
        records.edit_record(Area.ARCHIVE, case.graduate.public_id, officer, seen=seen, words="单位迁址", **AGENCY)


def _asked(graduates: Sequence[Graduate], person: Person) -> Iterator[tuple[Mailing, str]]:
    """Requests, as many as there are fates for; whoever cannot ask yet is passed over."""
    fates = iter(LETTERS)
    fate = next(fates)
    for graduate in graduates:
        try:
            case: Any = begin(MAILING, person(graduate))
        except Stopped:
            continue
        if fate != "drafted":
            perform(case, "submit", person(graduate))
        yield case, fate
        if (fate := next(fates, "")) == "":
            return


def _officer(role: Role, node: int, unit: str) -> Actor:
    seat = (
        Seat.objects.filter(role=role, node=node, is_administrator=True)
        .select_related("account")
        .order_by("id")
        .first()
    )
    assert seat is not None
    return seat.actor(name=seat.account.name, unit=unit)
