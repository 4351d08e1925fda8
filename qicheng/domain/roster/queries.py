"""Reads of the roster that more than one page, and the room above, need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.orgs.effects.binding import openid_of
from qicheng.domain.orgs.models import College, Employer
from qicheng.domain.orgs.queries import edition_of, open_cohorts, units
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Role, statements
from qicheng.foundation.kit import masks
from qicheng.foundation.notice import wechat
from qicheng.foundation.notice.channels import Address

from .models import SEEKING_WORK, EmploymentRecord, Graduate
from .sheets import FIXED, ROSTER_LINE, STUDENT, SYNCED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qicheng.domain.orgs.models import Seat
    from qicheng.foundation.access import Actor


def student(graduate: Graduate) -> dict[str, Any]:
    """The roster line in the keys of the sheet `STUDENT`, as a registration freezes it (ROS-05)."""
    line = {key: getattr(graduate, key) for key in STUDENT.keys if key not in ("school", "college")}
    return line | {"school": graduate.school.name, "college": graduate.college.name}


def differences(frozen: dict[str, Any], graduate: Graduate) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What the roster says otherwise than the frozen line: (may be taken over, may not), label → [frozen, roster] (ROS-05)."""
    now = student(graduate)
    changed = {key for key in (*SYNCED, *FIXED) if (frozen.get(key) or "") != (now.get(key) or "")}

    def shown(keys: tuple[str, ...]) -> dict[str, list[str]]:
        return {
            STUDENT[key].label: [STUDENT[key].shown(frozen.get(key)), STUDENT[key].shown(now.get(key))]
            for key in keys
            if key in changed
        }

    return shown(SYNCED), shown(FIXED)


def must_confirm(graduate: Graduate) -> bool:
    """Whether the graduate has to check the basic information before anything else opens (ROS-02, INV-03)."""
    return graduate.removed_at is None and not graduate.has_confirmed


def withheld(actor: Actor) -> frozenset[str]:
    """The columns of a roster line that belong to an area which the actor may not read (ORG-05)."""
    return frozenset(f"{area.value}_moved" for area in (Area.ARCHIVE, Area.HOUSEHOLD) if not actor.may_read(area))


def history(graduate: int, actor: Actor) -> list[tuple[Any, str, dict[str, list[str]]]]:
    """(when, role, label → [before, after]) of every change of a roster line that the actor may read, newest first, whichever way it came (ROS-07)."""
    rows = statements.rows(
        "SELECT at, role, was, became FROM flow_history WHERE table_name = 'roster_graduate' AND row_id = %s ORDER BY id DESC LIMIT 100",
        (graduate,),
    )
    hidden = withheld(actor)
    sides = [({key: value for key, value in row.was.items() if key not in hidden}, row.became) for row in rows]
    colleges = _colleges_in(sides)
    shown = [(row.at, row.role, _in_words(*pair, colleges)) for row, pair in zip(rows, sides, strict=True)]
    return [line for line, (was, _), row in zip(shown, sides, rows, strict=True) if was or not row.was]


def _colleges_in(sides: list[tuple[dict[str, Any], dict[str, Any]]]) -> dict[int, str]:
    named = {side["college_id"] for pair in sides for side in pair if side.get("college_id")}
    return dict(College.objects.filter(pk__in=named).values_list("pk", "name")) if named else {}


def _in_words(was: dict[str, Any], became: dict[str, Any], colleges: dict[int, str]) -> dict[str, list[str]]:
    found = {}
    for key, before in was.items():
        after = became.get(key)
        if key == "college_id":
            found["所在院系"] = [colleges.get(side or 0, "") for side in (before, after)]
        elif key == "id_number":
            found["身份证号"] = [masks.id_number(side or "") for side in (before, after)]
        elif key == "phone":
            found["手机号码"] = [masks.phone(side or "") for side in (before, after)]
        elif key == "email":
            found["电子邮箱"] = [masks.email(side or "") for side in (before, after)]
        elif key in ROSTER_LINE.keys:
            found[ROSTER_LINE[key].label] = [ROSTER_LINE[key].shown(side) for side in (before, after)]
        elif key == "removed_at":
            found["名单"] = ["已删除", "已恢复"] if before else ["在名单中", "已删除"]
        elif key == "confirmed_at":
            found["本人核对"] = ["", "确认无误"]
    return found


def own_lines(account: int) -> list[Graduate]:
    """All roster lines of one person, newest cohort first (ROS-08)."""
    rows = Graduate.objects.unscoped("a person's own lines, by its account").filter(account=account)
    return list(rows.select_related("school", "college").order_by("-cohort", "-id"))


def record_of(graduate: int, actor: Actor) -> EmploymentRecord | None:
    """The employment record of a graduate, as far as the actor may see it."""
    return EmploymentRecord.objects.seen_by(actor).filter(graduate=graduate).first()


def destination_words(record: EmploymentRecord) -> str:
    """What a record says of the destination; one without work reads as the cohort's edition calls it (REG-12)."""
    if record.destination != SEEKING_WORK:
        return codes.table("destination_types").label(record.destination)
    return edition_of(record.cohort).without_work


# Who asks, of whatever role: the session with its account, seat, unit and what waits unread, in one statement. It stands here
# because a graduate's unit and cohort are on the roster. A suspended account, an ended seat and a session that has run out,
# lain idle (2 hours; a graduate's 12) or come by a WeChat that is bound no more, are nobody at once (ORG-09, ORG-11).
_WHO = """
SELECT s.account_id, s.seat_id, coalesce(s.sign_on_id, s.binding_id) IS NOT NULL AS is_vouched, s.cohort AS chosen, s.seen_at < now() - interval '1 minute' AS is_old,
    a.name, a.must_change_password, t.role, t.node, t.employment, t.archive, t.household, t.tier, t.is_administrator,
    g.cohort AS own_cohort, c.name AS college, sc.name AS school, sc.id AS school_id, coalesce(p.id, sc.province_id) AS province_id,
    p.name AS province, e.name AS employer,
    (SELECT count(*) FROM (SELECT n.read_at FROM notice_notice n WHERE n.channel = 'inbox' AND n.role = t.role
        AND n.node = t.node ORDER BY n.id DESC LIMIT 100) newest WHERE newest.read_at IS NULL) AS unread
FROM orgs_session s
JOIN orgs_account a ON a.id = s.account_id AND a.suspended_at IS NULL
LEFT JOIN orgs_binding b ON b.id = s.binding_id
LEFT JOIN orgs_seat t ON t.id = s.seat_id AND t.account_id = a.id AND t.ended_at IS NULL
LEFT JOIN LATERAL (SELECT cohort, college_id FROM roster_graduate WHERE t.role = 'graduate' AND id = t.node OFFSET 0) g ON true
LEFT JOIN orgs_college c ON c.id = CASE t.role WHEN 'college' THEN t.node WHEN 'graduate' THEN g.college_id END
LEFT JOIN orgs_school sc ON sc.id = CASE t.role WHEN 'school' THEN t.node ELSE c.school_id END
LEFT JOIN orgs_province p ON t.role = 'province' AND p.id = t.node
LEFT JOIN orgs_employer e ON t.role = 'employer' AND e.id = t.node
WHERE s.token_hash = %(hash)s AND s.expires_at > now() AND b.ended_at IS NULL AND (s.seat_id IS NULL OR t.id IS NOT NULL)
    AND s.seen_at > now() - CASE t.role WHEN 'graduate' THEN interval '12 hours' ELSE interval '2 hours' END
"""


def who_asks(token_hash: bytes) -> Any | None:
    """The open session under a cookie's hash with all that a page needs of its account and seat, or None."""
    return statements.one(_WHO, {"hash": token_hash})


def line_of(name: str, id_number: str, exam_number: str) -> Graduate | None:
    """The newest roster line that all three agree on; a line that the school took away is none (ROS-01)."""
    rows = Graduate.objects.unscoped("whoever knows all three is asked for the code on its phone").select_related(
        "account"
    )
    given = {"name": name.strip(), "id_number": id_number.strip().upper(), "exam_number": exam_number.strip()}
    return rows.filter(**given, removed_at=None).order_by("-cohort", "-id").first()


def lines_numbered(school: int, number: str) -> list[Graduate]:
    """The lines of a school's rosters with this student number (CAM-06), those that it took away too.

    Of whoever never logged in, the lines of the cohorts that still act: two persons with one number are to be seen.
    """
    rows = Graduate.objects.unscoped("whom the school's own log-in means by a number").select_related("account")
    known = rows.filter(school=school, student_number=number)
    return [*known.filter(account__isnull=False), *known.filter(account=None, cohort__in=open_cohorts())]


def seat_labels(seats: Iterable[Seat]) -> list[tuple[Seat, str]]:
    """Each seat with the words to choose it by: 「2026 届　江临大学　计算机学院」 for a roster line, role and unit else (ROS-08)."""
    seats = list(seats)
    own = [seat.node for seat in seats if seat.role == Role.GRADUATE]
    rows = (
        Graduate.objects.unscoped("the lines of the person's own seats")
        .filter(pk__in=own)
        .select_related("school", "college")
    )
    lines = {row.pk: f"{row.cohort} 届　{row.school.name}　{row.college.name}" for row in rows}
    names = units(seat for seat in seats if seat.role not in (Role.GRADUATE, Role.EMPLOYER))
    employers = dict(
        Employer.objects.unscoped("the units of the person's own seats")
        .filter(pk__in=[seat.node for seat in seats if seat.role == Role.EMPLOYER])
        .values_list("pk", "name")
    )
    labelled = []
    for seat in seats:
        role = Role(seat.role)
        unit = (
            lines.get(seat.node)
            if role is Role.GRADUATE
            else employers.get(seat.node)
            if role is Role.EMPLOYER
            else None
        )
        labelled.append((seat, unit or f"{role.label}　{names.get((seat.role, seat.node), '')}".strip("　")))
    return labelled


def address(graduate: int) -> Address:
    """How a graduate is reached: by the account's phone and e-mail, which are the graduate's own, else by the roster's."""
    row = Graduate.objects.unscoped("a message finds its own receiver").select_related("account").get(pk=graduate)
    account = row.account
    return Address(
        mail=(account and account.email) or row.email, sms=(account and account.phone) or row.phone,
        wechat=openid_of(account.pk) if account and wechat.is_on() else "",
    )  # fmt: skip
