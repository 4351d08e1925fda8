"""A small country in rich states, and every address that somebody of a role can open in it."""

from __future__ import annotations

import struct
import zlib
from datetime import timedelta
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from qicheng.domain.orgs.effects import settings as school_settings
from qicheng.domain.orgs.effects import units
from qicheng.domain.orgs.effects.flags import remove_flag
from qicheng.domain.orgs.models import (
    AgreementForm,
    Cohort,
    EmployerCase,
    Flag,
    KeyCall,
    Reason,
    ReviewMode,
    Seat,
    SignOn,
    StatusLookup,
    Webhook,
    WebhookDelivery,
)
from qicheng.domain.orgs.queries import MANY_SCHOOLS, own_keys, own_webhooks, stamp
from qicheng.domain.registration import listings
from qicheng.domain.registration.effects import agreement, inviting
from qicheng.domain.registration.models import Dissolution, InvitationBatch, Registration
from qicheng.domain.registration.pages.employer import bound
from qicheng.domain.registration.sheets import OFFER as SHEET
from qicheng.domain.registration.sheets.destinations import Group
from qicheng.domain.roster import effects, imports
from qicheng.domain.roster.imports import records
from qicheng.domain.roster.models import EmploymentUpload, Graduate, Upload
from qicheng.domain.transfer.effects import mail_numbers, mail_papers, report_batches, reports
from qicheng.domain.transfer.effects.batches import collect, take_back
from qicheng.domain.transfer.effects.records import edit_record
from qicheng.domain.transfer.effects.verification import look
from qicheng.domain.transfer.models import (
    CHANGES,
    REPORTS,
    ArchiveHandover,
    ArchiveUpload,
    Authorisation,
    Confirmation,
    Mailing,
    RecordChange,
    ReportBatch,
    TransferReport,
)
from qicheng.domain.transfer.queries.verification import scan_token
from qicheng.foundation.access import Actor, Area, Role, Tier
from qicheng.foundation.flow.gather import add_proof, gathered
from qicheng.foundation.flow.perform import open_acts, perform
from qicheng.foundation.kit import workbooks
from qicheng.foundation.listing import exports
from qicheng.foundation.notice.models import Notice
from qicheng.foundation.papers.models import Export
from tests import paper
from tests.domain.transfer import filled, outside, post
from tests.interfaces.api import made
from tests.sealing import given_keys, settled
from tests.world import CHANGE, COHORT, OFFER, PASSWORD, World, credit_code, identity_number

from . import roster
from .campus import Campus, Planning

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Pages of the roster's room whose address names an upload; the others name a graduate.
UPLOAD_PAGES = ("upload", "refused", "write", "drop")
LONG = "阿依古丽·买买提·吐尔逊江·阿卜杜热依木"
REJECTED: dict[str, dict[str, str]] = {
    "school_review": {}, "registered": {}, "rejected": {"reason": "x_archive", "words": "接收单位没有人事档案保管权"}
}  # fmt: skip
TERMS = [field for field in SHEET if field.required or field.key in ("archive_receiver", "archive_address")]


def image() -> bytes:
    """A small grey PNG: the photo of a licence."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + b"\xcc" * 200) * 300
    head = struct.pack(">IIBBBBB", 200, 300, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def unit(name: str, number: int) -> dict[str, Any]:
    """What somebody who registers a unit fills in."""
    return {
        "name": name, "credit_code": credit_code(number), "nature": "39", "industry": "34", "area": "110102",
        "address": "西直门外大街18号楼3层", "contact": "宋经理", "phone": "010-22222222", "mobile": "13122222222", "email": "song@example.com",
    }  # fmt: skip


class Country(World):
    """The small country after a busy spring: an invitation in every state, units in every state, messages, lists with rows."""

    def __init__(self) -> None:
        super().__init__()
        Cohort.objects.get_or_create(year=COHORT - 1)
        self.open_confirmation()
        self.cases = self._cases()
        self.begun = self._begun()
        self.dissolutions = self._dissolutions()
        self.ways = self._ways()
        self.files = self._files()
        self._many_at_once()
        self.confirmations = self._confirmations()
        self.reports = self._reports()
        self.authorised = self._authorised()
        self.letters = self._letters()
        self.units = self._units()
        self.batch = self._batch()
        self.uploads = self._uploads()
        self._exports()
        self.flags = self._flags()
        self._training()
        school_settings.add_reason(self.actor(Role.SCHOOL), "reject", "岗位与单位主营业务不符")
        college = {
            "tier": Tier.ALL,
            "name": "计算机学院 李老师",
            "phone": "010-62750001",
            "hours": "工作日 9:00–17:00",
            "mobile": "",
            "email": "",
        }
        school_settings.keep_contact(self.actor(Role.COLLEGE), {key: college.get(key, "") for key in college})
        StatusLookup.objects.create(
            credit_code=self.employer.credit_code, status="存续", name=self.employer.name, source="登记机关"
        )
        SignOn.objects.create(
            school=self.school, protocol="cas", server="https://sso.example.edu.cn/cas", is_on=True, tried_at=timezone.now(), version=1
        )  # fmt: skip
        key, _ = made(self.actor(Role.SCHOOL))
        KeyCall.all_rows.create(key=key, operation="GET list_roster", status=200, milliseconds=31, rows=200)
        hook = Webhook.all_rows.create(
            school=self.school, name="教务系统", address="https://jw.example.edu.cn/qicheng", topics=["registrations", "roster"],
            made_by=self.seats[Role.SCHOOL].account, stopped_at=timezone.now(), is_on=False,
        )  # fmt: skip
        for state, failure in (("sent", ""), ("lost", "回答 500"), ("owed", "没有回应（TimeoutError）")):
            WebhookDelivery.all_rows.create(
                webhook=hook, record=len(failure) + 1, event="roster.changed", body="{}", state=state, failure=failure
            )  # fmt: skip
        self.campus = Campus(self)
        self.planning = Planning(self)
        stuck = Notice.objects.exclude(channel="inbox").first() or Notice.objects.first()
        assert stuck is not None
        Notice.objects.filter(pk=stuck.pk).update(state=Notice.STUCK, failure="短信网关回答 400", attempts=8)

    def _cases(self) -> dict[str, Registration]:
        """A signing in every state; 陈诚 has the one that took effect and one that waits, 周予安 has not confirmed the own data."""
        self.fresh = self.new_graduate("周予安", self.college, confirmed=False)
        self.undecided = self.new_graduate(LONG, self.college, woman=True)
        now = timezone.now()
        cases = {
            "invited": self.invitation(self.undecided, extra_terms="提供宿舍。\n每年体检一次。"),
            "unconfirmed": self.invitation(self.fresh),
            "overdue": self.overdue(now - timedelta(days=4), now - timedelta(days=1), self.undecided),
            "effective": self.effective(),
        }
        self.invitation(employer=self.stranger_actor(Role.EMPLOYER))
        cases["waiting"] = self.overdue(
            now - timedelta(days=12), now + timedelta(days=30), self.new_graduate("谢长安", self.college)
        )
        for fate, name in (
            ("declined", "吴知夏"),
            ("withdrawn", "郑书言"),
            ("expired", "李𬱖"),
            ("rejected", "欧阳思远"),
            ("voided", "林可"),
        ):
            graduate = self.new_graduate(name, self.college)
            if fate == "expired":
                case = self.overdue(now - timedelta(days=4), now - timedelta(days=1), graduate)
                perform(case, "expire", self.actor(Role.SYSTEM))
            elif fate in ("declined", "withdrawn"):
                case = self.invitation(graduate)
                actor = self.of(graduate) if fate == "declined" else self.actor(Role.EMPLOYER)
                perform(case, "decline" if fate == "declined" else "withdraw", actor)
            elif fate == "rejected":
                case = self.accepted(graduate)
                perform(
                    case,
                    "reject",
                    self.actor(Role.COLLEGE),
                    reason="other",
                    words="单位名称与公章不一致",
                    internal="电话核实过",
                )
            else:
                case = self.effective(graduate)
                perform(case, "void", self.actor(Role.SCHOOL), reason="other", words="双方协商一致，重新签订")
            cases[fate] = case
        for number, name in enumerate(("王思远", "赵念一", "刘畅", LONG)):
            cases[f"college_review{number}"] = self.accepted(self.new_graduate(name, self.college))
        differs = cases["college_review0"].graduate
        Graduate.all_rows.filter(pk=differs.pk).update(student_number="20221111", revision=2)
        for number, name in enumerate(("何书言", "高雨桐")):
            cases[f"school_review{number}"] = self.accepted(self.new_graduate(name, self.college))
            perform(cases[f"school_review{number}"], "approve", self.actor(Role.COLLEGE))
        agreement.make_agreement(str(cases["effective"].public_id))
        return cases

    def _begun(self) -> dict[str, Registration]:
        """What graduates begin: 陆时安 has a draft of each way, 季明远 a form to be stamped and 程以南 one that came back for correction."""
        drafting, stamping, returned, other = (
            self.new_graduate(name, self.college) for name in ("陆时安", "季明远", "程以南", "郁知秋")
        )
        found = {
            "offline_draft": self.offline_draft(drafting, name=""), "paper_draft": self.paper_draft(drafting),
            "destination_draft": self.destination_draft("startup", drafting, proven=False), "form_approved": self.form_approved(stamping),
            "form_returned": self.form_submitted(returned), "registered": self.registered("contract", other),
        }  # fmt: skip
        self.link_out = self.link(found["form_approved"])
        self.prove(found["form_approved"], "stamped", self.bearer(found["form_approved"]))
        agreement.make_agreement(str(found["form_approved"].public_id))
        perform(found["form_returned"], "return", self.actor(Role.COLLEGE), reason="other", words="单位地址写到门牌号")
        return found

    def _dissolutions(self) -> dict[str, Dissolution]:
        """A request to dissolve an agreement in every state; 沈星河 has one of each side, the second of which waits for an answer."""
        found = {}
        for state, name in (
            ("asked_by_graduate", LONG), ("refused", "沈星河"), ("withdrawn", "何田田"), ("college_review", "蒋一鸣"), ("done", "韩雪"),
            ("forced", "唐宁"),
        ):  # fmt: skip
            case = found[state] = self.dissolution(self.effective(self.new_graduate(name, self.college)))
            if state == "refused":
                perform(case, "refuse", self.actor(Role.EMPLOYER))
                found["asked_by_employer"] = self.dissolution(case.agreement, by=Role.EMPLOYER)
            elif state == "withdrawn":
                perform(case, "withdraw", self.of(case.graduate))
            elif state == "forced":
                perform(case, "force", self.actor(Role.SCHOOL), words="单位三周没有回应，已电话核实")
            elif state != "asked_by_graduate":
                perform(case, "agree", self.actor(Role.EMPLOYER))
            if state == "done":
                perform(case, "approve", self.actor(Role.COLLEGE))
                perform(case, "reject", self.actor(Role.SCHOOL), reason="x_not_agreed", words="单位说还没有商量一致")
                found["rejected"] = case
                case = found["done"] = self.dissolution(case.agreement, by=Role.EMPLOYER)
                perform(case, "agree", self.of(case.graduate))
                perform(case, "approve", self.actor(Role.COLLEGE))
                perform(case, "approve", self.actor(Role.SCHOOL))
        for state, name in (("paper_draft", "周子衿"), ("paper_returned", "许诺"), ("paper_review", "白露")):
            graduate = self.new_graduate(name, self.college)
            case = found[state] = paper.drafted(self, paper.in_force(self, graduate))
            if state != "paper_draft":
                add_proof(case, "letter", paper.LETTER, self.of(graduate))
                perform(case, "submit", self.of(graduate))
            if state == "paper_returned":
                perform(
                    case, "return", self.actor(Role.COLLEGE), reason="x_letter", words="解约函没有盖章，请补盖后重新拍"
                )
        return found

    def _ways(self) -> dict[str, Registration | Dissolution]:
        """What graduates began and reviewers look at: an image with a statement, a letter, destinations in review, in force, voided."""
        new = iter(
            [
                self.new_graduate(name, self.college)
                for name in ("许清和", "孟秋", LONG, "姜黎", "白露", "方既白", "程雪")
            ]
        )
        found: dict[str, Registration | Dissolution] = {
            "form": self.form_submitted(next(new)),
            "image": self.form_approved(next(new)),
        }
        image = found["image"]
        self.prove(image, "stamped")
        perform(image, "bring_back", self.of(image.graduate), statement="单位名称写错了，要重新填写")
        found["destination"] = self.destination_submitted("freelance", next(new))
        found["checked"] = self.destination_submitted("contract", next(new))
        found["letter"] = self.dissolution_submitted(self.supplementary(next(new)))
        for name in ("image", "checked"):
            perform(found[name], "approve", self.actor(Role.COLLEGE))
        perform(found["letter"], "approve", self.actor(Role.COLLEGE), verified="和单位人事电话核实，同意解约")
        found["amendable"] = self.registered("contract", next(new))
        found["voided"] = self.registered("contract", next(new))
        perform(found["voided"], "cancel", self.of(found["voided"].graduate))
        return found

    def _confirmations(self) -> list[Confirmation]:
        """What was reported in every state: waiting for its day, denied, answered and confirmed after all, and many unconfirmed."""
        waits, denies, confirms = (
            self.new_graduate("柳青", self.college),
            self.ways["amendable"].graduate,
            self.begun["registered"].graduate,
        )
        self.recorded(waits, source="interface")
        for graduate in (denies, confirms):
            case = self.confirmation_of(graduate)
            perform(
                case,
                "dispute",
                self.of(graduate),
                destination="denied",
                remark="我没有和这个单位签约，也没有在这个单位上班",
            )
        case = self.confirmation_of(confirms)
        perform(case, "answer", self.actor(Role.SCHOOL), answer="与本人电话核实，是本人提交的登记，请重新确认")
        perform(case, "confirm", self.of(confirms))
        return [self.confirmation_of(graduate) for graduate in (waits, denies, confirms, self.graduate)]

    def _files(self) -> dict[str, RecordChange]:
        """Applications about file and household in every state; the first graduate has one that came back and a draft, and one left the roster."""
        found, me = {}, self.undecided
        for area in (Area.ARCHIVE, Area.HOUSEHOLD):
            for college in (self.other_college, self.college):
                for state, name in (
                    ("college_review", "顾盼"),
                    ("school_review", "沈念"),
                    ("rejected", "秦时"),
                    ("registered", LONG),
                ):
                    graduate = self.new_graduate(name, college, household_moved=True)
                    case = found[f"{area} {state}"] = self.change_submitted(
                        area, graduate, **({"address": "幸福小区3号楼"} if college is self.college else {})
                    )
                    if state != "college_review":
                        perform(
                            case,
                            "reject" if state == "rejected" else "approve",
                            self.reviewer(case, Role.COLLEGE),
                            **REJECTED[state],
                        )
                    if state == "registered":
                        perform(case, "approve", self.actor(Role.SCHOOL))
        mine = found["mine"] = self.change_submitted(Area.ARCHIVE, me)
        perform(mine, "return", self.actor(Role.COLLEGE), **REJECTED["rejected"])
        found["draft"] = self.change_draft(Area.HOUSEHOLD, me, receiver="")
        found["gone"] = self.change_approved(Area.ARCHIVE, self.new_graduate("温故", self.college))
        effects.remove_line(found["gone"].graduate.public_id, self.actor(Role.SCHOOL), words="重复上传")
        edit_record(
            Area.ARCHIVE,
            found["archive registered"].graduate.public_id,
            self.actor(Role.SCHOOL),
            seen=1,
            words="单位改名",
            **CHANGE,
        )
        return found

    def _many_at_once(self) -> None:
        """A file of records with lines of every part, one that was written and one that is no list; a batch that has changed since, one taken back."""
        school, known = self.actor(Role.SCHOOL), self.files["archive registered"].graduate
        fresh = self.new_graduate("段明", self.college)
        lines = [
            filled.line(known, contact="钱进"), filled.line(fresh, address="学府花园3号楼501室"), filled.blank(self.neighbour),
            filled.line(self.undecided, phone="见附件", region=""), filled.line(self.files["archive college_review"].graduate),
        ]  # fmt: skip
        filled.written(self, [filled.line(self.new_graduate("方圆", self.college))])
        filled.uploaded(self, lines)
        filled.uploaded(self, [filled.line(fresh, phone="见附件")], actor=self.actor(Role.COLLEGE))
        filled.uploaded(self, b"a,b,c\n1,2,3\n")
        day = timezone.localdate()
        for number, name in enumerate(("机要第一批", "第二批")):
            batch = collect(Area.ARCHIVE, school, COHORT, title=name, handed_on=day, key=f"batch {number}")
            if number == 0:
                take_back(batch, school, words="移交日期写错了，重新编批")
        edit_record(Area.ARCHIVE, known.public_id, school, seen=2, **CHANGE | {"contact": "孙立"})

    def _reports(self) -> dict[str, TransferReport]:
        """A report in every state, and two batches: one that is packed, one that could not make everything."""
        found, school = {}, self.actor(Role.SCHOOL)
        people = {"issued": "程远", "unsigned": "程安", "superseded": "程思齐", "withdrawn": "程可", "asked": "程曦"}
        for name, called in people.items():
            areas = (Area.ARCHIVE, Area.HOUSEHOLD) if name == "issued" else (Area.ARCHIVE,)
            graduate = settled(self, self.new_graduate(called, self.college), *areas)
            found[name] = reports.issue("archive", graduate.pk, school)
        reports.issue("household", found["issued"].graduate_id, school)
        reports.make_report("archive", str(found["unsigned"].public_id))
        with override_settings(**given_keys()):
            for name in ("issued", "superseded", "withdrawn"):
                reports.make_report("archive", str(found[name].public_id))
            found["own"] = reports.issue("graduate", self.graduate.pk, self.of(self.graduate))
            reports.make_report("graduate", str(found["own"].public_id))
            for key, some in (("packed", ("issued",)), ("has changed", ("issued", "superseded"))):
                batch = self._packed(key, [found[name].graduate_id for name in some] + [self.neighbour.pk])
                report_batches.make_batch(batch.pk)
            self._packed("waits", [found["issued"].graduate_id])
        found["issued"].refresh_from_db()
        reports.hand_out(found["issued"], school)
        edit_record(Area.ARCHIVE, found["superseded"].graduate.public_id, school, seen=1, **CHANGE)
        perform(found["withdrawn"], "withdraw", school)
        return found

    def _authorised(self) -> dict[str, Authorisation]:
        """An authorisation in force, whose report was looked at, and one that its graduate ended."""
        found = {}
        with override_settings(**given_keys()):
            for name, called in (("in force", "秦月"), ("ended", "秦川")):
                found[name] = outside.authorised(self, self.new_graduate(called, self.college))
        self.number = outside.own_report(found["in force"]).number
        for typed in ("秦月", "秦越"):
            look("number", number=self.number, name=typed, origin="198.51.100.1")
        perform(found["ended"], "end", self.of(found["ended"].graduate))
        return found

    def _letters(self) -> dict[str, Mailing]:
        """A request to post the archive in every state, one held back; a batch that was printed, with numbers from a workbook."""
        school, found = self.actor(Role.SCHOOL), {}
        for state, name in (
            ("pending", "顾青山"),
            ("batched", "沈知行"),
            ("held", LONG),
            ("sent", "苏合"),
            ("signed", "程门雪"),
            ("returned", "李𬱖"),
        ):
            graduate = post.ready(self, self.new_graduate(name, self.college, woman=name == LONG))
            case = found[state] = post.asked(self, graduate)
            if state not in ("pending", "returned"):
                perform(case, "take", school)
            if state in ("sent", "signed"):
                batch = case.batch
                mail_numbers.register(
                    school, mail_numbers.read(school, batch, self._numbers(case, state), f"{name}.xlsx")
                )
        mail_papers.labels(school, found["batched"].batch)
        for state, act, said in (("signed", "sign", {}), ("returned", "send_back", {"words": "接收单位的电话少一位"})):
            found[state].refresh_from_db()
            perform(found[state], act, school, **said)
        edit_record(Area.ARCHIVE, found["held"].graduate.public_id, school, seen=1, words="单位迁址", **CHANGE)
        self.numbers = mail_numbers.read(
            school, found["batched"].batch, self._numbers(found["held"], "0"), "邮局回单.xlsx"
        )
        found["draft"] = post.drafted(self, post.ready(self, self.new_graduate("温酒", self.college)))
        return found

    def _numbers(self, case: Mailing, number: str) -> bytes:
        rows = [
            [case.letter["student_number"], case.letter["name"], f"EA{len(number)}00000001CN"],
            ["20200000", "没有此人", "12"],
        ]
        return workbooks.write(["学号", "姓名", "单号"], rows)

    def _packed(self, key: str, people: list[int]) -> ReportBatch:
        return report_batches.ask_for_batch(
            "archive", people, self.actor(Role.SCHOOL), cohort=COHORT, key=key, query={}
        )

    def _units(self) -> dict[str, EmployerCase]:
        """Units that asked to be verified: waiting, returned, refused, verified; and somebody who asks to join 云岭."""
        operator = self.actor(Role.MINISTRY)
        found = {}
        for number, (fate, name) in enumerate(
            (
                ("waiting", "青禾农业科技有限公司"),
                ("return", "星河文化传媒有限公司"),
                ("reject", "四海国际物流有限公司"),
            )
        ):
            given = unit(name, 700 + number)
            units.register_unit(
                unit=given, login=f"applicant{number}", applicant="宋经理", password=PASSWORD, licence=image()
            )
            case = EmployerCase.objects.seen_by(operator).get(employer__credit_code=given["credit_code"])
            if fate != "waiting":
                perform(case, fate, operator, reason="other", words="执照照片不清楚，重拍一张")
            found[fate] = case
        given = unit(self.employer.name, 1) | {"credit_code": self.employer.credit_code}
        units.register_unit(unit=given, login="joining", applicant="邓可", password=PASSWORD, licence=image())
        found["joining"] = EmployerCase.objects.seen_by(operator).get(flow_name="joining_a_unit")
        return found

    def _flags(self) -> list[Flag]:
        """Units that are warned of: the rail company that invites 陈诚 by five schools, 云岭 no longer."""
        school = self.actor(Role.SCHOOL)
        standing = self.flag(self.other_employer, link="https://example.com/notice/1")
        gone = self.flag(self.employer, kind="x_other", note="招聘信息与实际岗位不符")
        remove_flag(school, gone)
        for number in range(MANY_SCHOOLS - 1):
            other = self._school(self.province, f"第{number + 1}师范学院", ReviewMode.SCHOOL, AgreementForm.THREE_PARTY)
            seat = self.new_seat(Role.SCHOOL, other.pk, "何老师")
            self.flag(self.other_employer, seat.actor(name="何老师", unit=other.name))
        return [standing, gone]

    def _batch(self) -> InvitationBatch:
        headings, offer = (
            ["姓名", inviting.NUMBER, *(field.label for field in TERMS), inviting.DAYS],
            [OFFER[field.key] for field in TERMS],
        )
        rows = [
            [self.neighbour.name, self.neighbour.id_number, *offer, "5"],
            ["没有此人", identity_number(498), *offer, "40"],
        ]
        return inviting.read_batch(self.actor(Role.EMPLOYER), workbooks.write(headings, rows), "批量邀请.xlsx")

    def _exports(self) -> None:
        """A long list that is waiting, one that is made, ready records that wait for a look."""
        actor = self.actor(Role.SCHOOL)
        for name in ("roster", "removed"):
            export = exports.ask(actor, "roster", name, {}, COHORT, purpose="就业统计")
        exports.make(export.pk)
        rows = [{"exam_number": self.graduate.exam_number, "name": self.graduate.name, "destination": "没有的去向"}]
        records.read_upload(records.receive_rows(actor, COHORT, rows).pk)

    def _uploads(self) -> list[Upload]:
        """A roster with a new line, a changed one and one that is wrong; and a file that is no roster."""
        known = roster.line(
            self.school, self.college, 1, self.neighbour.name, self.neighbour.id_number, KSH=self.neighbour.exam_number
        )
        lines = [known, roster.line(self.school, self.college, 2, LONG, identity_number(490, woman=True)),
                 roster.line(self.school, self.college, 3, "", identity_number(491), MZDM="九十九")]  # fmt: skip
        found = []
        for filename, content in (
            ("2026届毕业生.xlsx", roster.workbook(lines)),
            ("通讯录.xlsx", workbooks.write(["甲", "乙"], [["1", "2"]])),
        ):
            upload = imports.receive(self.actor(Role.SCHOOL), COHORT, filename, [content])
            imports.read_upload(upload.pk)
            found.append(upload)
        return found

    def _training(self) -> None:
        """Somebody whom the school took out of online signing, with the unit and the reason (ROS-06)."""
        graduate = self.new_graduate("罗一川", self.college)
        shown = {"training_mode": graduate.training_mode, "directed_unit": graduate.directed_unit}
        effects.change_training(
            graduate.public_id, self.actor(Role.SCHOOL), seen=stamp(shown), training_mode="21", directed_unit="江南省水利厅",
            words="与省水利厅签了定向培养协议，原来填错了",
        )  # fmt: skip

    def people(self) -> dict[str, Seat | None]:
        """Whose eyes the pages are seen with, by the name of the walk."""
        newcomer = EmployerCase.objects.seen_by(self.actor(Role.MINISTRY)).get(pk=self.units["return"].pk)
        return {
            "public": None,
            "graduate": self.graduate_seat(self.undecided),
            "graduate at the beginning": self.graduate_seat(self.fresh),
            "graduate with an agreement": self.seats[Role.GRADUATE],
            "graduate who fills in": self.graduate_seat(self.begun["offline_draft"].graduate),
            "graduate who has it stamped": self.graduate_seat(self.begun["form_approved"].graduate),
            "graduate who corrects": self.graduate_seat(self.begun["form_returned"].graduate),
            "graduate with a destination": self.graduate_seat(self.begun["registered"].graduate),
            "graduate who dissolves": self.graduate_seat(self.dissolutions["asked_by_employer"].graduate),
            "graduate who is verified": self.graduate_seat(self.authorised["in force"].graduate),
            "graduate whose archive came back": self.graduate_seat(self.letters["returned"].graduate),
            "graduate who dissolves on paper": self.graduate_seat(self.dissolutions["paper_returned"].graduate),
            "employer": self.seats[Role.EMPLOYER],
            "employer at the beginning": Seat.objects.get(role=Role.EMPLOYER, node=newcomer.employer_id),
            "college": self.seats[Role.COLLEGE],
            "school": self.seats[Role.SCHOOL],
            "school at the beginning": self.new_seat(
                Role.SCHOOL, self.school_starting.pk, "冯一诺", administrator=True
            ),
            "province": self.seats[Role.PROVINCE],
            "ministry": self.seats[Role.MINISTRY],
            **self.campus.people(),
            **self.planning.people(),
        }


def actor_of(seat: Seat) -> Actor:
    """The actor of a seat."""
    return seat.actor(name=seat.account.name, unit=Role(seat.role).label)


def patterns(below: Any = None, prefix: str = "", space: str = "") -> Iterator[tuple[str, Any, frozenset[str]]]:
    """(name, view, what its address needs) of every pattern of the site."""
    for one in (below or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, prefix + str(one.pattern), f"{one.namespace}:" if one.namespace else space)
        # Where programs come, with a key, there are no pages but the one about it; tests/interfaces/api walks the rest.
        elif isinstance(one, URLPattern) and (space != "api:" or one.name == "docs"):
            yield f"{space}{one.name}", one.callback, frozenset(one.pattern.converters)


def given(name: str, needs: frozenset[str], country: Country, reach: Reach | None) -> list[Mapping[str, Any]]:
    """What to put into the address of a page, so that it is opened in each state that is worth looking at."""
    if not needs:
        return [{}]
    if name == "areas":
        return [{"code": "110000"}]
    if name in ("code_table", "code_workbook"):
        return [{"name": "countries"}]
    if name == "codes":
        return [{"table": "countries"}]
    if name in ("link", "link_form", "link_proof", "link_part"):
        brought = gathered(country.begun["form_approved"])[0].proofs[0]
        every = {"token": country.link_out.token, "public_id": brought.public_id, "part": "small"}
        return [{key: value for key, value in every.items() if key in needs}]
    if name == "transfer:scanned":
        return [{"token": scan_token(country.number)}, {"token": "nothing"}]
    if name == "campus:result_check":
        return country.campus.declared.checked()
    if name.startswith("sign_on_"):
        return [{"code": country.school.code}]
    return reach.given(name, needs) if reach else []


class Reach:
    """What somebody reaches, each asked of the database once for all the pages."""

    def __init__(self, country: Country, seat: Seat) -> None:
        self.country, self.actor = country, actor_of(seat)

    @cached_property
    def signings(self) -> list[Registration]:
        return list({(one.flow_name, one.state): one for one in Registration.objects.seen_by(self.actor)}.values())

    @cached_property
    def requests(self) -> list[Dissolution]:
        rows = Dissolution.objects.seen_by(self.actor).order_by("pk")
        return list({(one.flow_name, one.state): one for one in rows}.values())

    @cached_property
    def reported(self) -> list[Confirmation]:
        own = [one.pk for one in self.country.confirmations]
        return list(Confirmation.objects.seen_by(self.actor).filter(pk__in=own))

    @cached_property
    def claims(self) -> list[EmployerCase]:
        may_see = self.actor.role in (Role.EMPLOYER, Role.MINISTRY)
        return list(EmployerCase.objects.seen_by(self.actor)) if may_see else []

    @cached_property
    def changes(self) -> list[RecordChange]:
        return [
            one
            for model in CHANGES.values()
            for one in {case.state: case for case in model.objects.seen_by(self.actor)}.values()
        ]

    @cached_property
    def letters(self) -> list[Mailing]:
        return list({one.state: one for one in Mailing.objects.seen_by(self.actor).order_by("pk")}.values())

    def acts(self) -> list[Mapping[str, Any]]:
        """Every act that is open, on one case of its flow."""
        cases = [
            *self.signings,
            *self.requests,
            *self.claims,
            *self.reported,
            *self.changes,
            *self.letters,
            *Authorisation.objects.seen_by(self.actor),
            *self.country.campus.cases(self.actor),
            *self.country.planning.cases(self.actor),
        ]
        once = {(case.flow_name, one.act.name): case for case in cases for one in open_acts(case, self.actor)}
        return [{"flow": flow, "public_id": case.public_id, "name": act} for (flow, act), case in once.items()]

    @cached_property
    def by_name(self) -> dict[str, list[Mapping[str, Any]]]:
        country, actor = self.country, self.actor
        return {
            "message": [{"notice": one.pk} for one in Notice.objects.filter(role=actor.role, node=actor.node)[:1]],
            "send_again": [{"notice": one.pk} for one in Notice.objects.filter(state=Notice.STUCK)[:1]],
            "orgs:key": [{"public_id": one.public_id} for one in own_keys(actor)[:1]],
            **given_webhooks(actor),
            "orgs:handler": [{"tier": tier.value} for tier in Tier],
            "orgs:switch_sign_on": [{"which": "on"}],
            "orgs:new_account": [{"role": role.value} for role in Role],
            "orgs:end_reason": [{"reason": one.pk} for one in Reason.objects.exclude(school=None)[:1]],
            "orgs:flagged_unit": [{"credit_code": country.other_employer.credit_code}],
            "registration:offer": [{"found": bound(one, actor)} for one in (country.neighbour, country.undecided)],
            "registration:go_group": [{"group": group.value} for group in Group],
            "proofs": [
                {"flow": one.flow_name, "public_id": one.public_id}
                for one in [*self.signings, *self.requests]
                if one.proofs_asked
            ][:2],
            **given_files(country, actor, self.changes),
            **country.campus.given(actor),
            **country.planning.given(actor),
            **given_reports(actor),
            "transfer:authorisation": [{"public_id": one.public_id} for one in Authorisation.objects.seen_by(actor)],
            **given_letters(country, self.letters),
            "transfer:confirmation": [{"public_id": one.public_id} for one in self.reported],
            "transfer:confirm_remind_one": [{"public_id": one.public_id} for one in self.reported[:1]],
            "registration:batch": [{"public_id": country.batch.public_id}],
            **{f"figures:{one}": [{"of": "people", "name": "all"}] for one in ("known", "known_workbook")},
            **{f"figures:{one}": [{"dimension": "level"}] for one in ("rates_by", "rates_workbook", "rates_report")},
        }

    def given(self, name: str, needs: frozenset[str]) -> list[Mapping[str, Any]]:
        """What to put into the address of a page that needs something."""
        country, actor, signings, requests = self.country, self.actor, self.signings, self.requests
        room = name.rpartition(":")[0]
        if name == "act":
            return self.acts()
        if name.startswith("proof_") or name == "proof":
            proven = (one for case in signings if case.proofs_asked for kind in gathered(case) for one in kind.proofs)
            return [
                {"public_id": one.public_id} | ({"part": "small"} if "part" in needs else {})
                for one in islice(proven, 1)
            ]
        if name in ("registration:fill_in", "registration:check"):
            unsent = [
                one
                for one in country.begun.values()
                if one.graduate_id == actor.node and one.state in ("draft", "form_returned")
            ]
            return [{"public_id": one.public_id} for one in unsent] if actor.role is Role.GRADUATE else []
        if name == "registration:destination_new":
            return [{"kind": kind} for kind in ("contract", "study_at_home")] if actor.role is Role.GRADUATE else []
        by_need: dict[frozenset[str], list[Mapping[str, Any]]] = {
            frozenset({"seat"}): [{"seat": one.pk} for one in within_reach(country, actor)],
            frozenset({"contact"}): [{"contact": one.pk} for one in contacts(actor)],
            frozenset({"name"}): [{"name": one} for one in listings.lists()],
        }
        if name in self.by_name:
            return self.by_name[name]
        if room == "orgs" and name.endswith("flag"):
            return [{"public_id": one.public_id} for one in country.flags]
        if room == "orgs" and needs == {"public_id"}:
            units_too = [{"public_id": country.employer.public_id}]
            return [*({"public_id": one.public_id} for one in self.claims), *units_too]
        if name.startswith("roster:record_") and needs == {"public_id"}:
            brought = (
                EmploymentUpload.objects.seen_by(actor)
                if actor.role is Role.SCHOOL
                else EmploymentUpload.objects.seen_by(actor)[:0]
            )
            return [{"public_id": one.public_id} for one in brought]
        if name == "export_take":
            return [{"room": "roster", "name": "removed"}] if actor.role.is_staff else []
        if name.startswith("export") and needs == {"public_id"}:
            own = {one.state: one for one in Export.objects.of(actor).order_by("-id")}
            return [{"public_id": one.public_id} for one in own.values()]
        if room == "roster" and needs == {"public_id"}:
            rows = Upload.objects if name.partition(":")[2] in UPLOAD_PAGES else Graduate.objects
            return [{"public_id": one.public_id} for one in rows.seen_by(actor).order_by("pk")[:2]]
        if name == "registration:redirect":
            named = ("destination",) if actor.role is Role.COLLEGE else ("checked", "amendable")
            return [{"public_id": country.ways[one].public_id} for one in named]
        if name == "registration:voided":
            return [{"public_id": country.ways["voided"].public_id}]
        if name == "registration:dissolution":
            return [{"public_id": one.public_id} for one in (requests[:1] if actor.role.is_staff else requests)]
        if name == "registration:review_case" and actor.role in (Role.COLLEGE, Role.SCHOOL):
            signings = [*signings, *requests]  # type: ignore[list-item] -- a page of both
        if name == "registration:review_case" and actor.role in (Role.PROVINCE, Role.MINISTRY):
            signings = signings[:2]  # who only reads finds the same page without buttons
        if name == "registration:detail" and actor.role.is_staff:
            signings = signings[:1]  # the reviewer's page, which is walked through in every state
        if room == "registration" and needs == {"public_id"}:
            return [{"public_id": one.public_id} for one in signings]
        return by_need.get(needs, [])


def given_webhooks(actor: Actor) -> dict[str, list[Mapping[str, Any]]]:
    """The webhook of the school, and one of its deliveries."""
    hook = own_webhooks(actor).first()
    if hook is None:
        return {}
    own = {"public_id": hook.public_id}
    told = WebhookDelivery.objects.seen_by(actor).first()
    return {
        **{f"orgs:{one}_webhook": [own] for one in ("change", "rotate", "try", "replay")}, "orgs:webhook": [own],
        "orgs:switch_webhook": [own | {"which": "on"}], "orgs:replay_delivery": [own | {"delivery": told.public_id}] if told else [],
    }  # fmt: skip


def given_reports(actor: Actor) -> dict[str, list[Mapping[str, Any]]]:
    """The pages of reports: of each issue one in each state, and the batches of whoever asks."""
    by_state = {
        (kind, one.state): one for kind, model in REPORTS.items() for one in model.objects.seen_by(actor).order_by("pk")
    }
    batches = [
        {"area": Area(one.kind), "public_id": one.public_id}
        for one in ReportBatch.objects.seen_by(actor).filter(account=actor.account)
    ]
    found: dict[str, list[Mapping[str, Any]]] = {
        f"transfer:{one}": [{"area": area} for area in CHANGES] for one in ("reports", "reports_workbook", "reports_make", "reports_make_done")
    }  # fmt: skip
    for kind in REPORTS:
        of_kind = [{"public_id": one.public_id} for (its, _), one in by_state.items() if its == kind]
        found |= {f"transfer:{kind}_report": of_kind, f"transfer:{kind}_report_file": of_kind}
    return found | {"transfer:report_batch": batches, "transfer:report_batch_file": batches}


def given_letters(country: Country, letters: list[Mailing]) -> dict[str, list[Mapping[str, Any]]]:
    """The pages of archives on their way: a letter in each state, the batch, the numbers that were uploaded for it."""
    batch = [{"public_id": country.letters["batched"].batch.public_id}]
    own: dict[str, list[Mapping[str, Any]]] = {
        "transfer:mailing": [{"public_id": one.public_id} for one in letters],
        "transfer:mail_upload": [{"public_id": country.numbers.public_id}], "transfer:mail_refused": [{"public_id": country.numbers.public_id}],
    }  # fmt: skip
    return own | {f"transfer:mail_{one}": batch for one in ("batch", "labels", "handover", "sheet", "numbers")}  # type: ignore[dict-item]


def given_files(country: Country, actor: Actor, changes: list[RecordChange]) -> dict[str, list[Mapping[str, Any]]]:
    """The addresses of file and household: one module's lists, applications in every state, records with and without anything."""
    lists = (
        "module", "review", "next", "review_workbook", "review_batch", "review_batch_done", "records", "changes", "lapsed", "records_workbook",
        "changes_workbook", "lapsed_workbook", "change",
    )  # fmt: skip
    people = [country.files[one].graduate for one in ("archive registered", "archive college_review", "gone")]
    records = [{"area": Area.ARCHIVE, "public_id": one.public_id} for one in people]
    found: dict[str, list[Mapping[str, Any]]] = {f"transfer:{one}": [{"area": Area.ARCHIVE}] for one in lists}
    found |= {
        f"transfer:{area}_change": [{"public_id": one.public_id} for one in changes if one.AREA is area]
        for area in CHANGES
    }
    found["transfer:module"] = [{"area": area} for area in CHANGES]
    found |= {"transfer:record": records, "transfer:edit_record": records[:1], "transfer:clear_record": records[:1]}
    found |= {
        f"transfer:{one}": [{"area": Area.ARCHIVE}]
        for one in ("uploads", "upload_lines", "upload_codes", "handovers", "handover_new")
    }
    if actor.role in (Role.COLLEGE, Role.SCHOOL):
        brought = [
            {"area": Area.ARCHIVE, "public_id": one.public_id}
            for one in ArchiveUpload.objects.seen_by(actor).order_by("pk")
        ]
        handed = [
            {"area": Area.ARCHIVE, "public_id": one.public_id}
            for one in ArchiveHandover.objects.seen_by(actor).order_by("pk")
        ]
        found |= {f"transfer:{one}": brought for one in ("upload", "upload_refused", "upload_write", "upload_drop")}
        found |= {f"transfer:handover{one}": handed for one in ("", "_back", "_workbook", "_paper")}
    found["transfer:fill_in"] = [
        {"area": one.AREA, "public_id": one.public_id} for one in changes if one.graduate_id == actor.node
    ]
    return found  # type: ignore[return-value]


def within_reach(country: Country, actor: Actor) -> list[Seat]:
    """A few accounts that somebody looks after: the own level, the one below, one that was suspended."""
    if actor.role is Role.EMPLOYER:
        return list(Seat.objects.filter(role=Role.EMPLOYER, node=actor.node)[:2])
    return [country.seats[role] for role in (Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)]


def contacts(actor: Actor) -> Any:
    """A contact that the actor keeps."""
    from qicheng.domain.orgs.models import Contact

    rows = Contact.objects.all()
    return (
        rows.filter(college=actor.node)[:1]
        if actor.role is Role.COLLEGE
        else rows.filter(school=actor.node, college=None)[:1]
    )


def also(country: Country, seat: Seat | None) -> list[str]:
    """Addresses that need a question mark: lists without rows, a case beside the list, another kind of log-in."""
    if seat is None:
        return [
            "/login/?kind=employer",
            "/login/?kind=school",
            "/why/",
            "/login/why/?school=江临大学",
            "/nothing/here/",
        ]
    first = country.cases["college_review1" if seat.role == Role.COLLEGE else "school_review0"]
    return {
        Role.GRADUATE: ["/nothing/here/", "/go/find/?is=none&has=work", "/go/find/?is=own&has=started&choice=startup"],
        Role.EMPLOYER: [
            "/org/invites/?state=effective",
            "/org/invites/?q=没有此人",
            "/org/terminations/?state=mine",
            "/org/terminations/?q=没有",
            "/nothing/here/",
        ],
        Role.COLLEGE: [
            f"/review/?open={first.public_id}",
            f"/review/{country.ways['destination'].public_id}/redirect/?kind=contract",
            "/review/?q=没有此人",
            "/review/?check=differs",
        ],
        Role.SCHOOL: [
            f"/review/?open={first.public_id}",
            f"/review/?open={country.ways['letter'].public_id}",
            "/lists/online_signing/?q=没有此人",
            "/warn/?many=yes",
            "/warn/?q=没有",
            "/nothing/here/",
        ],
        Role.PROVINCE: ["/gov/schools/?q=没有此校", "/gov/warn/?q=没有此单位"],
        Role.MINISTRY: ["/gov/employers/?state=verified", "/gov/employers/?state=returned", "/gov/employers/?q=没有"],
    }[Role(seat.role)]


def addresses(country: Country, seat: Seat | None) -> list[tuple[str, str]]:
    """(name of the page, address) of all that somebody may ask for; without a seat, what anyone may."""
    found = []
    reach = Reach(country, seat) if seat else None
    for name, view, needs in patterns():
        roles = getattr(view, "audience", None)
        if (roles is None) if seat is None else (roles is not None and Role(seat.role) in roles):
            found += [(name, reverse(name, kwargs=dict(values))) for values in given(name, needs, country, reach)]
    return [*found, *(("also", address) for address in also(country, seat))]
