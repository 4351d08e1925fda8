"""Why an archive can or cannot go yet and who can mend it, from one statement; the letters of a batch; what a graduate is told (MAIL)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from qicheng.domain.registration.models import Registration
from qicheng.domain.transfer.models import ArchiveChange, Mailing, MailPrint
from qicheng.domain.transfer.queries.records import LISTED
from qicheng.domain.transfer.sheets.mailing import (
    DAYS_TO_WAIT,
    LETTER,
    NEEDED,
    PRINTED,
    PRINTED_NOW,
    STAYS,
    UNDECIDED,
    changes_of,
    opening_words,
)
from qicheng.domain.transfer.sheets.records import KEPT
from qicheng.foundation.access import Area, Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.kit.calendar import waited_before

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qicheng.domain.roster.models import Graduate
    from qicheng.domain.transfer.models import MailBatch
    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Case

NOBODY = ""
# A letter that is at the school, and the records that it was written from say something else by now, or are not confirmed again.
CHANGED = f"NOT (m.letter @> {PRINTED_NOW})"
HELD = f"(m.state IN ('pending', 'batched') AND ({CHANGED} OR c.state IS DISTINCT FROM 'confirmed'))"


@dataclass(frozen=True, slots=True)
class Standing:
    """One answer to 「why does the archive not go?」: `sql` says when, `who` can mend it ('turn' is told by the case in the way).

    `words` is the line for the graduate; {since}, {who} and {until} are filled in. `is_waiting` is false where nothing is left to do.
    """

    key: str
    label: str
    who: str
    sql: str
    words: str
    is_waiting: bool = True


TURN = "turn"
GRADUATE, SCHOOL, PROVINCE = Role.GRADUATE.value, Role.SCHOOL.value, Role.PROVINCE.value
SHORT = " OR ".join(f"a.{key} = ''" for key in NEEDED)
# The first that holds is the answer.
STANDINGS: tuple[Standing, ...] = (
    Standing("signed", "已签收", NOBODY, "m.state = 'signed'", "档案已经签收。", is_waiting=False),
    Standing("sent", "已寄出", NOBODY, "m.state = 'sent'", "档案已经寄出，等待签收。", is_waiting=False),
    Standing("held", "信息有变化，先不寄", GRADUATE, HELD, "提交以后登记的信息有了变化，邮件先不寄。重新确认登记信息，撤回这次申请，再按新的信息提交。"),
    Standing("asked", "等学校寄出", SCHOOL, "m.state IN ('pending', 'batched')", "已经提交，等学校寄出。"),
    Standing("returned", "退回待更正", GRADUATE, "m.state = 'returned'", "申请被退回，更正以后重新提交。"),
    Standing("stays", "升学本校，不用邮寄", NOBODY, f"a.kind = '{STAYS}'", "你升学到本校，档案留在学校，不用邮寄。", is_waiting=False),
    Standing("in_review", "去向登记在办", TURN, "r.state IS NOT NULL", "去向登记还在办理：{since} 起，等{who}办理。"),
    Standing("unregistered", "没有上报的去向", GRADUATE, "e.destination IS NULL", "你还没有登记毕业去向。登记审核通过以后才能邮寄。"),
    Standing("applying", "档案信息修改申请在审", TURN, "h.state IS NOT NULL", "档案信息修改申请还在办理：{since} 起，等{who}办理。"),
    Standing("no_archive", "档案去向没有登记", GRADUATE, "coalesce(a.kind, '') = ''", "档案去向还没有登记，先申请修改档案信息。"),
    Standing("undecided", "档案去向暂不确定", GRADUATE, f"a.kind = '{UNDECIDED}'", "档案转递类型是「暂不确定」，确定以后申请修改档案信息。"),
    Standing("kept", "暂缓派遣，留在学校", NOBODY, f"a.kind = '{KEPT}'", "暂缓派遣批准到年底，档案留在学校，现在不用邮寄。"),
    Standing("lacking", "接收地址不全", GRADUATE, f"({SHORT})", "档案的接收单位、地址、联系人或电话不全，先申请修改档案信息。"),
    Standing("closed", "登记确认没有开放", PROVINCE, "o.is_open IS NOT TRUE AND c.state IS DISTINCT FROM 'confirmed'", "省里还没有开放登记确认，开放以后先确认，再申请邮寄。"),
    Standing("unreported", "还没有上报", NOBODY, "coalesce(c.state, 'unreported') = 'unreported'", "登记的信息还没有上报。上报以后请你确认，确认无误再申请邮寄。"),
    Standing("unconfirmed", "待本人确认", GRADUATE, "c.state = 'unconfirmed'", "先在「登记确认」里确认登记信息无误。"),
    Standing("disputed", "确认有误", SCHOOL, "c.state = 'disputed'", "你确认时说信息有误，等学校更正；更正以后重新确认。"),
    Standing("waiting", "等一个工作日", NOBODY, "c.confirmed_at >= %(open_before)s", "确认无误一个工作日以后可以申请邮寄，{until} 起开放。"),
    Standing("drafted", "填好还没有提交", GRADUATE, "m.state = 'draft'", "申请还没有提交，核对邮件信息以后确认并提交。"),
    Standing("ready", "可以申请，还没有申请", GRADUATE, "true", "现在可以申请邮寄。"),
)  # fmt: skip
BY_KEY = {one.key: one for one in STANDINGS}
# What a module's own officers are called where they can mend something.
WHO = {
    GRADUATE: "毕业生",
    Role.EMPLOYER.value: "用人单位",
    Role.COLLEGE.value: "学院",
    SCHOOL: "学校",
    PROVINCE: "省级",
    NOBODY: "不用办理",
}

REASON = "CASE {} END".format(" ".join(f"WHEN {one.sql} THEN '{one.key}'" for one in STANDINGS))
MENDER = "CASE x.reason {} ELSE '' END".format(
    " ".join(
        f"WHEN '{one.key}' THEN {'coalesce(r.turn, h.turn)' if one.who == TURN else repr(one.who)}"
        for one in STANDINGS
        if one.who
    )
)
SINCE = """CASE x.reason WHEN 'in_review' THEN r.waiting_since WHEN 'applying' THEN h.waiting_since WHEN 'waiting' THEN c.confirmed_at
    ELSE m.waiting_since END"""


@cache
def source() -> str:
    """The FROM clause: every graduate `g` with all that stands between the archive and the post, and `x.reason`."""
    return f"""roster_graduate g JOIN orgs_college k ON k.id = g.college_id JOIN orgs_school s ON s.id = g.school_id
    LEFT JOIN orgs_opening o ON o.province_id = s.province_id AND o.cohort = g.cohort AND o.module = 'confirmation'
    LEFT JOIN roster_employmentrecord e ON e.cohort = g.cohort AND e.graduate_id = g.id
    LEFT JOIN transfer_archiverecord a ON a.graduate_id = g.id
    LEFT JOIN transfer_confirmation c ON c.graduate_id = g.id
    LEFT JOIN transfer_mailing m ON m.graduate_id = g.id AND m.cohort = g.cohort AND m.live
    LEFT JOIN (SELECT n.graduate_id, n.state, n.waiting_since, {_turn("n", Registration)} AS turn FROM registration_registration n
        WHERE n.live AND n.cohort = %(cohort)s) r ON r.graduate_id = g.id AND r.turn IS NOT NULL
    LEFT JOIN (SELECT n.graduate_id, n.state, n.waiting_since, {_turn("n", ArchiveChange)} AS turn FROM transfer_archivechange n
        WHERE n.live AND n.cohort = %(cohort)s) h ON h.graduate_id = g.id AND h.turn IS NOT NULL
    CROSS JOIN LATERAL (SELECT {REASON} AS reason) x"""  # noqa: S608 -- our own names


# Who has an archive at the school, and is on its roster (ARC-08).
WITH_ARCHIVE = "g.removed_at IS NULL AND g.archive_moved IS DISTINCT FROM false"


def _turn(alias: str, model: type[Case]) -> str:
    """SQL: whose turn it is in a case of that model; NULL where nobody's is left."""
    turns: dict[str, list[str]] = {}
    for flow in FLOWS.values():
        for state in flow.states.values():
            if flow.model is model and state.turn:
                turns.setdefault(state.turn.value, []).append(f"('{flow.name}', '{state.key}')")
    cases = [
        f"WHEN ({alias}.flow_name, {alias}.state) IN ({', '.join(found)}) THEN '{role}'"
        for role, found in turns.items()
    ]
    return f"CASE {' '.join(cases)} END"


def parameters(actor: Actor, cohort: int) -> dict[str, Any]:
    """What the statement is given: confirmations before this instant are a working day old (INV-49)."""
    return {"open_before": waited_before(timezone.now(), DAYS_TO_WAIT)}


@dataclass(frozen=True, slots=True)
class Readiness:
    """How far one graduate's archive is: the answer, whose turn it is and since when."""

    standing: Standing
    who: str
    since: Any

    @property
    def words(self) -> str:
        """The line for the graduate."""
        since = timezone.localtime(self.since) if self.since else None
        return self.standing.words.format(
            who=WHO.get(self.who, ""), since=f"{since.month} 月 {since.day} 日" if since else "",
            until=opening_words(self.since) if self.standing.key == "waiting" else "",
        )  # fmt: skip


def readiness(actor: Actor, graduate: Graduate) -> Readiness | None:
    """One graduate's line, as far as `actor` sees it; None where the archive is not the school's to send (ARC-08)."""
    given = parameters(actor, graduate.cohort) | {
        "node": actor.node, "tier": str(actor.tier), "cohort": graduate.cohort, "graduate": graduate.pk
    }  # fmt: skip
    scope = LISTED[Area.ARCHIVE].sql(type(graduate), actor, "g")
    row = statements.one(
        f"SELECT x.reason, {MENDER} AS who, {SINCE} AS since FROM {source()} "  # noqa: S608 -- our own names
        f"WHERE g.id = %(graduate)s AND {scope} AND {WITH_ARCHIVE}",
        given,
    )
    return None if row is None else Readiness(BY_KEY[row.reason], row.who, row.since)


def request_of(actor: Actor) -> Mailing | None:
    """The graduate's own request that is not over."""
    return Mailing.objects.seen_by(actor).filter(live=True).select_related("batch").first()


def registration_of(graduate: int) -> str | None:
    """The public id of the registration in force, where the employment record came from one."""
    rows = Registration.objects.unscoped("the graduate's own registration, to link to its page")
    found = rows.filter(graduate=graduate, live=True, state="effective").values_list("public_id", flat=True).first()
    return str(found) if found else None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the letter as its page shows it: lines, and the change that mends it with its page."""

    lines: list[tuple[str, str]]
    name: str
    follows: str
    page: str
    given: Mapping[str, str]


def parts(case: Mailing, said: Mapping[str, str]) -> list[Part]:
    """The letter part by part, each with the change that is right for it at this school (MAIL-01)."""
    registration = registration_of(case.graduate_id)
    found = []
    for key, change in changes_of(case.school_id, case.cohort).items():
        fields = [field for field in LETTER if field.group == key]
        page, given = change.address(case, registration) if callable(change.address) else (change.address, {})
        lines = [(field.label, field.shown(said.get(field.key))) for field in fields]
        found.append(Part(lines, change.name, change.follows, page, given))
    return found


# ---- batches

LETTERS = f"""SELECT m.public_id, m.state, m.version, m.letter, m.tracking, m.sent_at, m.signed_at, m.graduate_id, {HELD} AS held,
    {CHANGED} AS changed FROM transfer_mailing m
    JOIN roster_graduate g ON g.cohort = m.cohort AND g.id = m.graduate_id LEFT JOIN roster_employmentrecord e ON e.cohort = g.cohort AND e.graduate_id = g.id
    LEFT JOIN transfer_archiverecord a ON a.graduate_id = g.id LEFT JOIN transfer_confirmation c ON c.graduate_id = g.id
    WHERE m.batch_id = %(batch)s"""  # noqa: S608 -- our own names


def letters(actor: Actor, batch: MailBatch) -> list[Any]:
    """The letters of a batch in the order of their hand-over, each with whether it is held back, at one moment."""
    scope = Mailing.scope.sql(Mailing, actor, "m")
    return statements.rows(
        f"{LETTERS} AND {scope} ORDER BY m.letter ->> 'college', m.letter ->> 'student_number', m.id",
        {"batch": batch.pk, "node": actor.node, "tier": str(actor.tier)},
    )


def printable(rows: Sequence[Any]) -> list[Any]:
    """Those that may go: a letter that is held back or came back is on no label and no hand-over sheet."""
    return [row for row in rows if not row.held and row.state in ("batched", "sent", "signed")]


def printed(row: Any) -> dict[str, str]:
    """What a print keeps of a letter."""
    return {key: row.letter.get(key, "") for key in PRINTED} | {"tracking": row.tracking}


@dataclass(frozen=True, slots=True)
class News:
    """What a new print would say otherwise than the last: names that came, that went, and those that changed."""

    last: MailPrint
    came: list[str]
    went: list[str]
    changed: list[str]

    @property
    def is_any(self) -> bool:
        return bool(self.came or self.went or self.changed)


def news(actor: Actor, batch: MailBatch, kind: str, rows: Sequence[Any]) -> News | None:
    """What has changed since the last print of that kind; None where there was none."""
    last = MailPrint.objects.seen_by(actor).filter(batch=batch, kind=kind).order_by("-id").first()
    if last is None:
        return None
    # The number is no part of the label.
    keys = PRINTED if kind == "labels" else (*PRINTED, "tracking")
    now = {str(row.public_id): printed(row) for row in printable(rows)}
    came = [said["name"] for key, said in now.items() if key not in last.letters]
    went = [said.get("name", "") for key, said in last.letters.items() if key not in now]
    changed = [
        said["name"] for key, said in now.items()
        if key in last.letters and any(said.get(one, "") != last.letters[key].get(one, "") for one in keys)
    ]  # fmt: skip
    return News(last, came, went, changed)
