"""A small country with people who have names: two provinces, three schools, employers, and somebody for every role."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.campus.models import Part, Profile
from qicheng.domain.orgs.effects.flags import raise_flag
from qicheng.domain.orgs.models import (
    Account,
    AgreementForm,
    Cohort,
    College,
    Contact,
    Employer,
    Flag,
    Handler,
    Module,
    Opening,
    Province,
    ProvinceSettings,
    ReviewMode,
    School,
    Seat,
    SigningSettings,
    TransferSettings,
)
from qicheng.domain.orgs.queries import forget_kept
from qicheng.domain.registration.flows.destination import DESTINATION
from qicheng.domain.registration.flows.offline_dissolution import OFFLINE_DISSOLUTION
from qicheng.domain.registration.flows.offline_signing import OFFLINE_SIGNING
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.registration.models import Dissolution, EmployerLink, Registration
from qicheng.domain.registration.sheets import destinations
from qicheng.domain.roster.effects import record_changed
from qicheng.domain.roster.models import EmploymentRecord, Graduate
from qicheng.domain.transfer.flows.archive_change import ARCHIVE_CHANGE
from qicheng.domain.transfer.flows.household_change import HOUSEHOLD_CHANGE
from qicheng.domain.transfer.models import Confirmation, RecordChange
from qicheng.foundation.access import SYSTEM, Actor, Area, Level, Role, Tier
from qicheng.foundation.flow.gather import add_proof
from qicheng.foundation.flow.perform import begin, perform
from qicheng.foundation.kit.identity import credit_check_character, id_check_digit, organisation_check_character

if TYPE_CHECKING:
    from datetime import datetime

COHORT = 2026
PASSWORD = "Qicheng-2026"
_numbers = count(1)


def identity_number(serial: int, *, birth: str = "20030506", woman: bool = False) -> str:
    """A valid identity number that nobody has: area 110101, the serial in the order code."""
    order = (serial * 2 + (0 if woman else 1)) % 1000
    digits = f"110101{birth}{order:03d}"
    return digits + id_check_digit(digits)


def credit_code(serial: int) -> str:
    """A valid unified social credit code."""
    organisation = f"{serial:08d}"
    first = "91110108" + organisation + organisation_check_character(organisation)
    return first + credit_check_character(first)


OFFER: dict[str, Any] = {
    "job_category": "13", "post": "数据分析师", "work_place": "北京市西城区", "probation": "3个月", "probation_pay": "6400 元/月",
    "pay": "8000 元/月", "penalty": "", "report_place": "", "report_by": None, "archive_type": "x_trustee",
    "archive_receiver": "北京市西城区人才服务中心", "archive_address": "北京市西城区西直门外大街56号", "archive_contact": "",
    "archive_phone": "", "archive_postcode": "100056", "household_type": "x_home", "household_address": "", "extra_terms": "",
}  # fmt: skip

# What a graduate fills in of an employer that has no account (OFF-01), and of an agreement on paper (SUP-01).
UNIT: dict[str, Any] = {
    "name": "澄江生物制药有限公司", "credit_code": credit_code(51), "nature": "39", "industry": "34", "area": "110108", "address": "上地十街1号院",
    "contact": "周岚", "phone": "010-22222222", "mobile": "", "email": "zhou@example.com",
}  # fmt: skip
FORM: dict[str, Any] = UNIT | OFFER | {"post": "工艺工程师"}
PAPER: dict[str, Any] = FORM | {"paper_number": "BJ-2026-000123", "signed_on": "2026-05-20"}
# What a graduate asks for: the file and the household go to an agency for talents.
CHANGE: dict[str, Any] = {
    "kind": "x_trustee", "receiver": "北京市海淀区人才服务中心", "region": "110108", "address": "北四环西路52号", "contact": "吴芳",
    "phone": "010-33333333", "postcode": "100190",
}  # fmt: skip
# What a reviewer's approval asks for, by what it approves.
VERIFIED = {"verified": "5 月 20 日与单位人事周岚电话核实，同意解约"}
ENDED = {"manner": "x_mutual", "grounds": ""} | VERIFIED

# What each side says when it asks for a dissolution.
DISSOLUTION = {
    Role.GRADUATE: {"reason": "x_other_destination", "explanation": "已与单位电话商量一致"},
    Role.EMPLOYER: {"reason": "x_unit_cancel", "explanation": "岗位撤销，已与本人商量一致"},
}


class World:
    """Two of everything, so that the stranger is always at hand.

    `graduate` 陈诚 is at 计算机学院 of `school` 江临大学 (college, then school; three-party); `neighbour` is of the same school's other
    college; `stranger` of another school in another province (school only; two-party). `school_starting` has submitted nothing.
    """

    def __init__(self, *, cohort: int = COHORT) -> None:
        n = next(_numbers)
        self.cohort = cohort
        Cohort.objects.get_or_create(year=cohort)
        self.province = Province.objects.create(code=f"{n:06d}", name="江南省")
        self.other_province = Province.objects.create(code=f"{n + 500_000:06d}", name="海北省")
        self.school = self._school(self.province, "江临大学", ReviewMode.COLLEGE_THEN_SCHOOL, AgreementForm.THREE_PARTY)
        self.other_school = self._school(
            self.other_province, "海澜理工大学", ReviewMode.SCHOOL, AgreementForm.TWO_PARTY
        )
        self.school_starting = School.objects.create(province=self.province, code=self._school_code(), name="南屿学院")
        self.college = College.objects.create(school=self.school, name="计算机学院")
        self.other_college = College.objects.create(school=self.school, name="外国语学院")
        self.stranger_college = College.objects.create(school=self.other_school, name="信息学院")
        self.starting_college = College.objects.create(school=self.school_starting, name="商学院")
        self.employer = self.new_employer("云岭数据科技有限公司")
        self.other_employer = self.new_employer("江临轨道交通集团有限公司")
        self.graduate = self.new_graduate("陈诚", self.college)
        self.neighbour = self.new_graduate("林嘉禾", self.other_college, woman=True)
        self.stranger = self.new_graduate("阿依古丽·买买提", self.stranger_college, woman=True)
        self.seats = {
            Role.COLLEGE: self.new_seat(Role.COLLEGE, self.college.pk, "李华"),
            Role.SCHOOL: self.new_seat(Role.SCHOOL, self.school.pk, "王敏", administrator=True),
            Role.PROVINCE: self.new_seat(Role.PROVINCE, self.province.pk, "赵省", administrator=True),
            Role.MINISTRY: self.new_seat(Role.MINISTRY, 0, "周部", administrator=True),
            Role.EMPLOYER: self.new_seat(Role.EMPLOYER, self.employer.pk, "李经理", administrator=True),
            Role.GRADUATE: self.graduate_seat(self.graduate),
        }
        self.other_college_seat = self.new_seat(Role.COLLEGE, self.other_college.pk, "孙可")
        self.stranger_seats = {
            Role.COLLEGE: self.new_seat(Role.COLLEGE, self.stranger_college.pk, "吴知夏"),
            Role.SCHOOL: self.new_seat(Role.SCHOOL, self.other_school.pk, "郑书言", administrator=True),
            Role.PROVINCE: self.new_seat(Role.PROVINCE, self.other_province.pk, "冯一诺"),
            Role.EMPLOYER: self.new_seat(Role.EMPLOYER, self.other_employer.pk, "何经理", administrator=True),
            Role.GRADUATE: self.graduate_seat(self.stranger),
        }

    def actor(self, role: Role, *, tier: Tier = Tier.ALL, level: Level = Level.WRITE) -> Actor:
        """Who acts for 陈诚's own college, school, employer and province, or 陈诚."""
        if role is Role.SYSTEM:
            return SYSTEM
        seat = self.seats[role]
        levels = dict.fromkeys(Area, level)
        return Actor(role, seat.node, seat.account_id, levels, tier, name=seat.account.name, unit=role.label)

    def stranger_actor(self, role: Role) -> Actor:
        """Somebody of the same role who has nothing to do with 陈诚."""
        seat = self.stranger_seats[role]
        return Actor(
            role, seat.node, seat.account_id, dict.fromkeys(Area, Level.WRITE), name=seat.account.name, unit=role.label
        )

    def of(self, graduate: Graduate) -> Actor:
        """The actor of any graduate."""
        return Actor(
            Role.GRADUATE,
            graduate.pk,
            graduate.account_id,
            dict.fromkeys(Area, Level.WRITE),
            name=graduate.name,
            unit="毕业生",
        )

    def invitation(
        self, graduate: Graduate | None = None, employer: Actor | None = None, *, days: int = 3, **terms: Any
    ) -> Registration:
        """An invitation that waits for its answer."""
        case = begin(
            ONLINE_SIGNING,
            employer or self.actor(Role.EMPLOYER),
            graduate=graduate or self.graduate,
            days_open=days,
            **OFFER | terms,
        )
        assert isinstance(case, Registration)
        return case

    def accepted(self, graduate: Graduate | None = None, **terms: Any) -> Registration:
        """An invitation that the graduate accepted and a reviewer has to see."""
        case = self.invitation(graduate, **terms)
        perform(case, "accept", self.of(case.graduate))
        return case

    def effective(self, graduate: Graduate | None = None, **terms: Any) -> Registration:
        """A signing that both levels approved."""
        case = self.accepted(graduate, **terms)
        perform(case, "approve", self.actor(Role.COLLEGE))
        perform(case, "approve", self.actor(Role.SCHOOL))
        return case

    def dissolution(self, agreement: Registration | None = None, by: Role = Role.GRADUATE, **given: Any) -> Dissolution:
        """A request of one side to dissolve an agreement, by default 陈诚's own; it waits for the other side."""
        agreement = agreement or self.effective()
        actor = self.of(agreement.graduate) if by is Role.GRADUATE else self.actor(by)
        case = begin(ONLINE_DISSOLUTION, actor, agreement=agreement, **DISSOLUTION[by] | given)
        assert isinstance(case, Dissolution)
        return case

    # ---- file and household

    def open_transfer(
        self,
        area: Area = Area.ARCHIVE,
        graduate: Graduate | None = None,
        *,
        mode: ReviewMode = ReviewMode.COLLEGE_THEN_SCHOOL,
    ) -> TransferSettings:
        """The province has opened the module of that area, the school turned it on, and the graduate is on its list."""
        graduate = graduate or self.graduate
        Graduate.all_rows.filter(pk=graduate.pk).update(**{f"{area.value}_moved": True})
        school = graduate.school
        Opening.objects.update_or_create(
            province=school.province, cohort=self.cohort, module=area.value, defaults={"is_open": True}
        )
        settings, _ = TransferSettings.all_rows.get_or_create(
            school=school, cohort=self.cohort, area=area.value,
            defaults={"is_on": True, "review_mode": mode, "version": 1, "submitted_at": timezone.now()},
        )  # fmt: skip
        return settings

    def open_parts(self, *parts: Part, school: School | None = None) -> Profile:
        """The school (陈诚's unless said) has these parts of a platform of its own."""
        profile, _ = Profile.all_rows.update_or_create(
            school=school or self.school,
            cohort=self.cohort,
            defaults={"parts": [part.value for part in parts], "version": 1},
        )
        forget_kept()
        return profile

    def open_confirmation(self, graduate: Graduate | None = None) -> None:
        """The province has opened the module in which graduates confirm what was reported (ORG-02)."""
        Opening.objects.update_or_create(
            province=(graduate or self.graduate).school.province, cohort=self.cohort, module=Module.CONFIRMATION,
            defaults={"is_open": True},
        )  # fmt: skip

    def reported(self, graduate: Graduate | None = None) -> Confirmation:
        """A signing took effect and was reported; the graduate has not confirmed it."""
        self.open_confirmation(graduate)
        return self.confirmation_of(self.effective(graduate).graduate)

    def confirmation_of(self, graduate: Graduate) -> Confirmation:
        """What was reported of a graduate, as it stands now."""
        found = Confirmation.all_rows.get(graduate=graduate)
        assert isinstance(found, Confirmation)
        return found

    def signing(self, graduate: Graduate | None = None) -> Registration:
        """The registration of a graduate that is in force."""
        found = Registration.all_rows.get(graduate=graduate or self.graduate, live=True)
        assert isinstance(found, Registration)
        return found

    def recorded(self, graduate: Graduate | None = None, source: str = "upload", **said: Any) -> EmploymentRecord:
        """The record of a graduate as a school's own platform brought it."""
        graduate = graduate or self.graduate
        row = {"destination": "11", "employer_name": "澄江生物制药有限公司", "source": source} | said
        record, _ = EmploymentRecord.all_rows.update_or_create(
            graduate=graduate, defaults=row, create_defaults=row | {"cohort": graduate.cohort, "school_id": graduate.school_id}
        )  # fmt: skip
        record_changed([graduate.pk])
        assert isinstance(record, EmploymentRecord)
        return record

    def change_draft(self, area: Area = Area.ARCHIVE, graduate: Graduate | None = None, **typed: Any) -> RecordChange:
        """The draft of an application to change where file or household goes, filled in; the module is open."""
        self.open_transfer(area, graduate)
        flow = {Area.ARCHIVE: ARCHIVE_CHANGE, Area.HOUSEHOLD: HOUSEHOLD_CHANGE}[area]
        case = begin(flow, self.of(graduate or self.graduate), **CHANGE | typed)
        assert isinstance(case, RecordChange)
        return case

    def change_submitted(
        self, area: Area = Area.ARCHIVE, graduate: Graduate | None = None, **typed: Any
    ) -> RecordChange:
        """The same, submitted."""
        case = self.change_draft(area, graduate, **typed)
        perform(case, "submit", self.of(case.graduate))
        return case

    def change_approved(
        self, area: Area = Area.ARCHIVE, graduate: Graduate | None = None, **typed: Any
    ) -> RecordChange:
        """The same, approved at every level: the record says so."""
        case = self.change_submitted(area, graduate, **typed)
        self.approved(case)
        return case

    # ---- what a graduate begins

    def prove(
        self, case: Registration | Dissolution, kind: str = "", actor: Actor | None = None, *, page: int = 0
    ) -> None:
        """Add a page to the proofs of a case: of one kind, or of every kind that it cannot do without."""
        kinds = [kind] if kind else [one.key for one in case.proofs_asked if one.least]
        for one in kinds:
            add_proof(case, one, picture(page), actor or self.of(case.graduate))

    def approved(self, case: Any, *, levels: int = 2) -> None:
        """Let the reviewers of the case approve it, as many levels as it has."""
        on_paper = case.flow_name == "offline_dissolution"
        for _ in range(levels):
            role = case.standing.turn
            if role in (Role.COLLEGE, Role.SCHOOL):
                given = {Role.COLLEGE: VERIFIED, Role.SCHOOL: ENDED}[role] if on_paper else {}
                perform(case, "approve", self.reviewer(case, role), **given)

    def reviewer(self, case: Registration | Dissolution | RecordChange, role: Role) -> Actor:
        """Whoever reviews the case in that role."""
        node = case.college_id if role is Role.COLLEGE else case.school_id
        seat = next(
            seat
            for seat in (self.seats[role], self.stranger_seats[role], self.other_college_seat)
            if (seat.role, seat.node) == (role, node)
        )
        return Actor(
            role, node, seat.account_id, dict.fromkeys(Area, Level.WRITE), name=seat.account.name, unit=role.label
        )

    def offline_draft(self, graduate: Graduate | None = None, **typed: Any) -> Registration:
        """The draft of an application for an agreement that is stamped on paper, filled in."""
        case = begin(OFFLINE_SIGNING, self.of(graduate or self.graduate), **FORM | typed)
        assert isinstance(case, Registration)
        return case

    def form_submitted(self, graduate: Graduate | None = None, **typed: Any) -> Registration:
        """The same, submitted."""
        case = self.offline_draft(graduate, **typed)
        perform(case, "submit", self.of(case.graduate))
        return case

    def form_approved(self, graduate: Graduate | None = None, **typed: Any) -> Registration:
        """The same, approved: it waits for its stamp."""
        case = self.form_submitted(graduate, **typed)
        self.approved(case)
        return case

    def brought_back(self, graduate: Graduate | None = None, **typed: Any) -> Registration:
        """The stamped form has come back and a reviewer has to see it."""
        case = self.form_approved(graduate, **typed)
        self.prove(case, "stamped")
        perform(case, "bring_back", self.of(case.graduate))
        return case

    def stamped(self, graduate: Graduate | None = None, **typed: Any) -> Registration:
        """An agreement that was stamped on paper and is in force."""
        case = self.brought_back(graduate, **typed)
        self.approved(case)
        return case

    def link(self, case: Registration) -> EmployerLink:
        """The link that the graduate has just sent to the employer."""
        perform(case, "send_link", self.of(case.graduate), mobile="13700000001", email="")
        return EmployerLink.all_rows.filter(registration=case.pk).latest("pk")

    def bearer(self, case: Registration) -> Actor:
        """Who came by a link to that case."""
        return Actor(Role.BEARER, case.pk, None, {Area.EMPLOYMENT: Level.WRITE}, unit=case.employer_name)

    def paper_draft(self, graduate: Graduate | None = None, *, proven: bool = True, **typed: Any) -> Registration:
        """The draft of an agreement that was signed on paper, with its images."""
        case = begin(SUPPLEMENTARY, self.of(graduate or self.graduate), **PAPER | typed)
        assert isinstance(case, Registration)
        if proven:
            self.prove(case)
        return case

    def paper_submitted(self, graduate: Graduate | None = None, **typed: Any) -> Registration:
        """The same, submitted."""
        case = self.paper_draft(graduate, **typed)
        perform(case, "submit", self.of(case.graduate))
        return case

    def supplementary(self, graduate: Graduate | None = None, **typed: Any) -> Registration:
        """An agreement that was signed on paper and is in force."""
        case = self.paper_submitted(graduate, **typed)
        self.approved(case)
        return case

    def destination_draft(
        self, kind: str = "contract", graduate: Graduate | None = None, *, proven: bool = True, **over: str
    ) -> Registration:
        """The draft of another destination of that kind, filled in, with its proofs."""
        case = begin(DESTINATION, self.of(graduate or self.graduate), kind=kind, **filled_destination(kind, **over))
        assert isinstance(case, Registration)
        if proven:
            self.prove(case)
        return case

    def destination_submitted(
        self, kind: str = "contract", graduate: Graduate | None = None, **over: str
    ) -> Registration:
        """The same, submitted."""
        case = self.destination_draft(kind, graduate, **over)
        perform(case, "submit", self.of(case.graduate))
        return case

    def registered(self, kind: str = "contract", graduate: Graduate | None = None, **over: str) -> Registration:
        """Another destination that both levels approved."""
        case = self.destination_submitted(kind, graduate, **over)
        self.approved(case)
        return case

    def paper_dissolution(
        self, agreement: Registration | None = None, *, letter: str = "letter", **given: Any
    ) -> Dissolution:
        """The draft of a request to dissolve an agreement on paper, with the employer's letter ('' for none)."""
        agreement = agreement or self.supplementary()
        actor = self.of(agreement.graduate)
        case = begin(OFFLINE_DISSOLUTION, actor, agreement=agreement, **DISSOLUTION[Role.GRADUATE] | given)
        assert isinstance(case, Dissolution)
        if letter:
            self.prove(case, letter)
        return case

    def dissolution_submitted(self, agreement: Registration | None = None, **given: Any) -> Dissolution:
        """The same, submitted."""
        case = self.paper_dissolution(agreement, **given)
        perform(case, "submit", self.of(case.graduate))
        return case

    def flag(self, employer: Employer, actor: Actor | None = None, **given: Any) -> Flag:
        """A standing warning of a unit, by 陈诚's own school or another's user."""
        about = {
            "name": employer.name, "credit_code": employer.credit_code, "nature": employer.nature, "industry": employer.industry,
            "kind": "x_fake", "note": "入职前收培训费", "evidence": "三位毕业生来中心反映，附聊天记录", "link": "",
        }  # fmt: skip
        return raise_flag(actor or self.actor(Role.SCHOOL), about | given)

    def overdue(self, sent_at: datetime, deadline: datetime, graduate: Graduate | None = None) -> Registration:
        """An invitation that was sent in the past, written as its beginning was."""
        fresh = ONLINE_SIGNING.begin.make(
            self.actor(Role.EMPLOYER), graduate=graduate or self.graduate, days_open=3, **OFFER
        )
        fresh.sent_at = fresh.waiting_since = sent_at
        fresh.deadline = deadline
        fresh.flow_name, fresh.state, fresh.version = ONLINE_SIGNING.name, ONLINE_SIGNING.starts[Role.EMPLOYER].key, 1
        from django.db import transaction

        from qicheng.foundation.flow.perform import be

        with transaction.atomic():
            be(self.actor(Role.EMPLOYER))
            fresh.save(force_insert=True)
        assert isinstance(fresh, Registration)
        return fresh

    def new_graduate(
        self, name: str, college: College, *, woman: bool = False, confirmed: bool = True, **columns: Any
    ) -> Graduate:
        """A graduate on the roster, with a log-in of its own, who has confirmed the data."""
        n = next(_numbers)
        number = identity_number(n % 499, birth=f"2003{1 + n // 499 % 12:02d}{1 + n // 5988 % 28:02d}", woman=woman)
        account = self._account(name, id_number=number, phone=f"139{n:08d}")
        row = {
            "cohort": self.cohort, "school": college.school, "college": college, "account": account, "name": name,
            "exam_number": f"22110101{n:06d}", "id_number": number, "sex": "2" if woman else "1", "nation": "01",
            "political_status": "03", "level": "31", "tier": "undergraduate", "major_code": "080901", "major": "计算机科学与技术",
            "training_mode": "1", "origin": "110101", "study_years": "4", "entered_on": "202209", "graduates_on": "202607",
            "normal_student": "2", "hardship": "0", "student_number": f"2022{n:06d}", "birth_date": number[6:14],
            "archive_moved": True, "household_moved": False, "phone": account.phone or "", "confirmed_revision": 1 if confirmed else None,
        }  # fmt: skip
        graduate = Graduate.all_rows.create(**row | columns)
        self.graduate_seat(graduate)
        return graduate

    def graduate_seat(self, graduate: Graduate) -> Seat:
        assert graduate.account is not None
        full = {area.value: Level.WRITE for area in Area}
        seat, _ = Seat.objects.get_or_create(
            account=graduate.account, role=Role.GRADUATE, node=graduate.pk, defaults=full
        )
        return seat

    def new_employer(self, name: str, *, verified: bool = True) -> Employer:
        return Employer.all_rows.create(
            credit_code=credit_code(next(_numbers)), name=name, nature="39", industry="34", area="110102",
            address="西直门外大街18号楼3层", contact="李经理", phone="010-11111111", mobile="13111111111", email="hr@example.com",
            is_verified=verified,
        )  # fmt: skip

    def new_seat(
        self, role: Role, node: int, name: str, *, administrator: bool = False, tier: Tier = Tier.ALL, **levels: Level
    ) -> Seat:
        given = {area.value: Level.WRITE for area in Area} | levels
        return Seat.objects.create(
            account=self._account(name), role=role, node=node, tier=tier, is_administrator=administrator, **given
        )

    def _account(self, name: str, **columns: Any) -> Account:
        n = next(_numbers)
        account = Account(login=columns.get("id_number") or f"user{n}", name=name, **columns)
        account.password = hashed()
        account.save()
        return account

    def _school_code(self) -> str:
        return f"{next(_numbers) % 90_000 + 10_000:05d}"

    def _school(self, province: Province, name: str, mode: ReviewMode, form: AgreementForm) -> School:
        school = School.objects.create(province=province, code=self._school_code(), name=name)
        ProvinceSettings.objects.get_or_create(province=province, cohort=self.cohort, defaults={"agreement_form": form})
        Opening.objects.get_or_create(
            province=province, cohort=self.cohort, module=Module.SIGNING, defaults={"is_open": True}
        )
        SigningSettings.all_rows.create(
            school=school, cohort=self.cohort, online_signing=True, supplementary=True, destination=True, review_mode=mode,
            submitted_at=timezone.now(),
        )  # fmt: skip
        Handler.all_rows.create(
            school=school, cohort=self.cohort, tier=Tier.ALL, name="钱老师", phone="010-62750000", address="江南省江临市学府路1号",
            postcode="100871",
        )  # fmt: skip
        Contact.objects.create(school=school, name="就业中心 钱老师", phone="010-62750000", hours="工作日 8:30–17:30")
        return school


@cache
def picture(number: int = 0) -> bytes:
    """A small photograph of a page; each number is another one."""
    from tests.foundation.kit.hostile import drawing, saved

    return saved(drawing(640 + number, 480))


def filled_destination(kind: str, **over: str) -> dict[str, Any]:
    """The values of a filled-in form of a type of destination."""
    from tests.filling import destination

    form = destinations.of(kind).sheet.form(COHORT)(destination(kind, **over))
    assert form.is_valid(), form.errors
    return form.cleaned_data


_hash: list[str] = []


def hashed() -> str:
    """The hash of PASSWORD, made once a run."""
    from django.contrib.auth.hashers import make_password

    if not _hash:
        _hash.append(make_password(PASSWORD))
    return _hash[0]
