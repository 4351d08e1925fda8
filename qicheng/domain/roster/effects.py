"""What acts do to the roster: write the employment record (REG-08, SYN-01), take a line off and back (ROS-07), change contacts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from qicheng.domain.orgs.effects.binding import start_anew
from qicheng.domain.orgs.models import Account, Binding, Seat, SigningSettings
from qicheng.domain.orgs.queries import edition_of, stamp
from qicheng.foundation import codes
from qicheng.foundation.access import Area, Level, Role, statements
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import (
    NotFound,
    NotOpen,
    Refused,
    again,
    be,
    clock,
    in_process,
    note,
    noted,
    waiting_among,
)
from qicheng.foundation.kit.calendar import cohort_closes

from .models import CONFIRMED, SEEKING_WORK, EmploymentRecord, Graduate, Roster
from .sheets import OPENED, OPENED_EXTRA, TRAINING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID

    from qicheng.foundation.access import Actor

BLANK: Mapping[str, Any] = {
    "employer_name": "", "credit_code": "", "nature": "", "industry": "", "area": "", "address": "", "job_category": "",
    "contact": "", "phone": "", "mobile": "", "email": "", "number": "", "signed_on": None,
}  # fmt: skip
PHONE_IS_TAKEN = "这个手机号已经绑定了其他账号，请换一个，或联系客服解除。"
# What a request to bind WeChat is about, and how long nobody is asked again (NOT-03).
ASKED, ASKED_AGAIN = "wechat_ask", timedelta(days=7)
# What rooms above do after every change of employment records, in the order in which they said so.
_FOLLOWERS: list[Callable[[Sequence[int]], None]] = []


def record_followed_by(effect: Callable[[Sequence[int]], None]) -> None:
    """Let a room above have its part in every change of employment records: `effect(graduates)`, in the same transaction.

    Said once, when the room starts. Whoever writes records calls `record_changed` after the last of them.
    """
    _FOLLOWERS.append(effect)


def record_changed(graduates: Sequence[int]) -> None:
    """Let the rooms above follow a change of these graduates' records; whoever writes many says so once."""
    for effect in _FOLLOWERS if graduates else ():
        effect(graduates)


def write_record(
    *, graduate: int, cohort: int, school: int, destination: str, case: str, source: str = "system", **values: Any
) -> None:
    """Write the graduate's one employment record from an approved case, in the caller's transaction.

    `source` is a key of `EmploymentRecord.SOURCES`: ours, or a school's own platform, from which it is reported later (CON-01).
    """
    row = {
        **BLANK,
        **values,
        "destination": destination,
        "case": case,
        "source": source,
        "changed_at": timezone.now(),
    }
    EmploymentRecord.objects.unscoped("an approval writes the record of its own graduate").update_or_create(
        graduate_id=graduate,
        defaults={**row, "version": F("version") + 1},
        create_defaults={**row, "cohort": cohort, "school_id": school},
    )
    record_changed([graduate])


def clear_record(*, graduate: int, case: str) -> None:
    """Set the record to seeking work, if it came from that case; no case stands behind it any more."""
    rows = EmploymentRecord.objects.unscoped("an ended case clears the record that it wrote")
    row = {
        **BLANK,
        "destination": SEEKING_WORK,
        "case": "",
        "source": "system",
        "changed_at": timezone.now(),
        "version": F("version") + 1,
    }
    if rows.filter(graduate_id=graduate, case=case).update(**row):
        record_changed([graduate])


def amend_record(*, graduate: int, case: str, **values: Any) -> None:
    """Carry an amendment of an approved case to the record that it wrote."""
    rows = EmploymentRecord.objects.unscoped("an amended case amends the record that it wrote")
    row = {**values, "changed_at": timezone.now(), "version": F("version") + 1}
    if rows.filter(graduate_id=graduate, case=case).update(**row):
        record_changed([graduate])


# ---- one person, one account, a seat for every roster line (ROS-08)


def open_account(line: int | None, password: str) -> Account:
    """Give the person of a roster line its account with this password, or its existing account a new one, and every line a seat."""
    with transaction.atomic():
        graduate = Graduate.objects.unscoped("the code went to this line's phone").select_for_update().get(pk=line)
        account = graduate.account or Account.objects.filter(id_number=graduate.id_number).first()
        if account is not None and account.name != graduate.name:
            raise Refused("名单上的姓名与已有账号的姓名不一致，请联系学校更正名单。")
        if account is None:
            taken = Account.objects.filter(phone=graduate.phone).exists()
            account = Account(
                login=graduate.id_number, id_number=graduate.id_number, name=graduate.name, email=graduate.email,
                phone=None if taken or not graduate.phone else graduate.phone,
            )  # fmt: skip
            account.set_password(password)
            account.save()
        else:
            start_anew(account, password)
        take_own_lines(account)
    return account


def take_own_lines(account: Account) -> int:
    """Bind every unbound roster line of the account's identity number and name to it, each with a seat; how many there were."""
    if not account.id_number:
        return 0
    lines = Graduate.objects.unscoped("lines of the person's own identity number").filter(
        Q(account=None) | Q(account=account), id_number=account.id_number, name=account.name
    )
    found = list(lines.values_list("pk", "account_id"))
    seated = set(Seat.objects.filter(account=account, role=Role.GRADUATE).values_list("node", flat=True))
    lines.filter(account=None).update(account=account)
    full = {area.value: Level.WRITE for area in Area}
    missing = [pk for pk, _ in found if pk not in seated]
    Seat.objects.bulk_create(
        [Seat(account=account, role=Role.GRADUATE, node=pk, **full) for pk in missing], ignore_conflicts=True
    )
    return len(missing)


def lock_roster(school: int, cohort: int) -> Roster:
    """The roster's own row, locked: whoever changes lines takes it first, so that two of them come one after the other."""
    Roster.objects.get_or_create(school_id=school, cohort=cohort)
    return Roster.objects.select_for_update().get(school=school, cohort=cohort)


def move_on(roster: Roster) -> None:
    """Count a change of the roster, so that previews made before it know that they are old."""
    Roster.objects.filter(pk=roster.pk).update(version=F("version") + 1)


def must_be_open(cohort: int) -> None:
    """Raise Refused where the cohort can only be looked at (ROS-03)."""
    if timezone.now() >= cohort_closes(cohort):
        raise Refused(f"{cohort} 届办理到次年 1 月 31 日为止，现在只能查看。")


def remove_line(public_id: UUID | str, actor: Actor, *, words: str) -> Graduate:
    """Take a graduate off the roster: the row stays, every case is frozen, nothing is lost (ROS-07). Raises NotFound, Refused."""
    if not words.strip():
        raise Refused("写明删除的原因，以后查得到。")
    with transaction.atomic():
        roster, graduate = _locked(public_id, actor)
        if graduate.removed_at is not None:
            raise Refused("这位毕业生已经从名单中删除。")
        graduate.removed_at = timezone.now()
        graduate.save(update_fields=["removed_at"])
        move_on(roster)
        _noted(actor, "remove_line", graduate, words)
    return graduate


def remove_lines(
    public_ids: Collection[UUID], cohort: int, actor: Actor, *, words: str
) -> tuple[list[Graduate], list[tuple[Graduate, str]]]:
    """Take many graduates off the roster for one reason, each on record: (who is off, who stays and why) (ROS-07).

    One transaction: all that may go, or nobody. Raises Refused once online signing is on (SET-03).
    """
    if not words.strip():
        raise Refused("写明删除的原因，以后查得到。")
    must_be_open(cohort)
    with transaction.atomic():
        be(actor)
        if hold_signing(actor.node, cohort):
            raise Refused("已经开启在线签约，不能再批量删除。要删除的学生，打开每一位分别办理。")
        roster = lock_roster(actor.node, cohort)
        seen = Graduate.objects.seen_by(actor).filter(public_id__in=public_ids, cohort=cohort)
        lines = list(seen.select_for_update(of=("self",)).select_related("college").order_by("pk"))
        busy = waiting_among([line.pk for line in lines])
        removed, refused = [], []
        for line in lines:
            if line.removed_at is not None:
                refused.append((line, "已经从名单中删除"))
            elif line.pk in busy:
                refused.append((line, "有业务在办理，打开这位学生单独删除"))
            else:
                removed.append(line)
        now = timezone.now()
        Graduate.objects.unscoped("the lines that were just locked").filter(pk__in=[one.pk for one in removed]).update(
            removed_at=now
        )
        for line in removed:
            line.removed_at = now
            _noted(actor, "remove_line", line, words)
        if removed:
            move_on(roster)
    return removed, refused


def hold_signing(school: int, cohort: int) -> bool:
    """Whether the school has turned online signing on; it stays so until the caller's transaction ends (INV-10)."""
    # Who turns it on holds the school's row, there may be no settings yet.
    statements.plain("SELECT id FROM orgs_school WHERE id = %s FOR SHARE", (school,))
    return is_signing(school, cohort)


def is_signing(school: int, cohort: int) -> bool:
    """Whether the school has turned online signing on."""
    rows = SigningSettings.objects.unscoped("the settings of the roster's own school")
    return rows.filter(school=school, cohort=cohort, online_signing=True).exists()


def change_training(
    public_id: UUID | str, actor: Actor, *, seen: str, training_mode: str, directed_unit: str, words: str
) -> dict[str, list[str]]:
    """Change the training mode and the directed unit of one line: what changed, label → [before, after] (ROS-06).

    `seen` is the stamp of both as the page showed them. A new mode is for the graduate to confirm again (ROS-02). Raises NotFound,
    Refused where it takes the graduate out of online signing while something is in process.
    """
    with transaction.atomic():
        roster, graduate = _locked(public_id, actor)
        if graduate.removed_at is not None:
            raise Refused("这位毕业生已经从名单中删除，先恢复名单。")
        before = {key: getattr(graduate, key) for key in ("training_mode", "directed_unit")}
        if seen != stamp(before):
            raise Refused("这位毕业生的培养方式刚有变化，看过最新内容再改。")
        after = {"training_mode": training_mode, "directed_unit": directed_unit.strip()}
        changes = TRAINING.changes(before, after)
        if not changes:
            raise Refused("培养方式和单位都没有变化。")
        is_new_mode = after["training_mode"] != before["training_mode"]
        if (
            is_new_mode
            and not codes.may_sign_online(training_mode)
            and (waiting := in_process(area=Area.EMPLOYMENT, graduate_id=graduate.pk))
        ):
            kinds = "、".join(f"{FLOWS[flow].label} {number} 条" for flow, number in waiting.items())
            raise Refused(
                f"还有业务在办理（{kinds}），办完或者撤回以后才能改成{TRAINING['training_mode'].shown(training_mode)}。"
            )
        Graduate.objects.unscoped("the line that was just locked").filter(pk=graduate.pk).update(
            **after, revision=F("revision") + int(is_new_mode)
        )
        move_on(roster)
        note(
            actor, "training_mode" if is_new_mode else "directed_unit", "roster", changes, subject=str(graduate.public_id),
            cohort=graduate.cohort, school=graduate.school_id, words=words.strip(),
        )  # fmt: skip
    return changes


def restore_line(public_id: UUID | str, actor: Actor) -> Graduate:
    """Bring a graduate back as it was, and report the employment record again at once (ROS-07). Raises NotFound, Refused."""
    with transaction.atomic():
        roster, graduate = _locked(public_id, actor)
        if graduate.removed_at is None:
            raise Refused("这位毕业生就在名单里，不用恢复。")
        graduate.removed_at, graduate.restored_at = None, timezone.now()
        graduate.save(update_fields=["removed_at", "restored_at"])
        move_on(roster)
        report_again(graduate.pk)
        _noted(actor, "restore_line", graduate, "")
    return graduate


def report_now(public_id: UUID | str, actor: Actor) -> Graduate:
    """恢复网签数据: report the record of a graduate who was uploaded again without waiting for the job (ROS-07)."""
    with transaction.atomic():
        _, graduate = _locked(public_id, actor)
        if graduate.removed_at is not None:
            raise Refused("这位毕业生还不在名单里，先恢复名单。")
        if not report_again(graduate.pk):
            raise Refused("网签数据已经恢复，没有等待上报的。")
        _noted(actor, "report_again", graduate, "")
    return graduate


def report_again(graduate: int | None = None) -> int:
    """Report the records of graduates who came back since they were last reported, or of one of them; how many there were."""
    rows = statements.rows(
        """UPDATE roster_employmentrecord r SET changed_at = clock_timestamp(), version = r.version + 1 FROM roster_graduate g
        WHERE g.cohort = r.cohort AND g.id = r.graduate_id AND g.removed_at IS NULL AND g.restored_at IS NOT NULL AND r.changed_at < g.restored_at
            AND (%(graduate)s::bigint IS NULL OR g.id = %(graduate)s::bigint)
        RETURNING r.graduate_id""",
        {"graduate": graduate},
    )
    record_changed([row.graduate_id for row in rows])
    return len(rows)


def confirm(graduate: int, seen: int) -> bool:
    """The graduate confirms the data of revision `seen`; False where the roster has changed since (ROS-02, INV-03)."""
    rows = Graduate.objects.unscoped("the graduate confirms its own line").filter(pk=graduate, revision=seen)
    return bool(rows.filter(removed_at=None).update(confirmed_revision=seen, confirmed_at=timezone.now()))


@again
def change_contacts(account: int, actor: Actor, *, phone: str, email: str) -> dict[str, list[str]]:
    """Phone and e-mail of an account, and with them of all its roster lines (ROS-02); what changed, label → [before, after].

    Raises Refused where another account has the phone.
    """
    with transaction.atomic():
        be(actor)
        # Lines before the account, as whoever holds a line and goes on to its account.
        lines = Graduate.objects.unscoped("a person's own lines, by its account").filter(account=account).order_by("pk")
        list(lines.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
        changes = _carry_contacts(account, phone, email)
        if changes:
            note(actor, "change_contacts", "roster", {label: ["已登记" if pair[0] else "", "已更换"] for label, pair in changes.items()},
                 subject=str(account))  # fmt: skip
    return changes


def _carry_contacts(account: int, phone: str, email: str) -> dict[str, list[str]]:
    mine = Account.objects.select_for_update().get(pk=account)
    pairs = {"手机号码": [mine.phone or "", phone], "电子邮箱": [mine.email, email]}
    changes = {label: pair for label, pair in pairs.items() if pair[0] != pair[1]}
    if changes:
        try:
            with transaction.atomic():
                Account.objects.filter(pk=account).update(phone=phone, email=email)
        except IntegrityError:
            raise Refused(PHONE_IS_TAKEN) from None
    rows = Graduate.objects.unscoped("a person's own lines, by its account").filter(account=account)
    rows.exclude(phone=phone, email=email).update(phone=phone, email=email)
    return changes


LOG_IN_YOURSELF = "手机号和邮箱是登录和找回密码用的，用统一身份认证进来时不能改。退出后用手机号和密码登录，再来改。"


def is_free(phone: str, account: int | None) -> bool:
    """Whether no other account has the phone."""
    taken = Account.objects.filter(phone=phone)
    return not (taken if account is None else taken.exclude(pk=account)).exists()


def write_own(graduate: int, *, phone: str, email: str, is_own: bool, **said: str) -> None:
    """Write what a university's own platform opens to the graduate (CAM-02, PKU-01): OPENED, OPENED_EXTRA, and the contacts of ROS-02.

    The account's own phone and e-mail, by which a password is found again, follow only where `is_own`: the person came in by the own
    password (CAM-06). In the caller's transaction, which holds the line and is somebody (`perform.be`). Whoever says anew what was confirmed has
    confirmed it by that: the revision goes on (ROS-05), and nobody is asked again. Raises Refused where another account has the phone.
    """
    rows = Graduate.objects.unscoped("the line that the caller holds").filter(pk=graduate)
    line = rows.get()
    columns: dict[str, Any] = {key: said[key] for key in OPENED if key in said and said[key] != getattr(line, key)}
    extra = {**line.extra, **{key: said[key] for key in OPENED_EXTRA if key in said}}
    extra = {key: value for key, value in extra.items() if value not in ("", None)}
    if extra != line.extra:
        columns["extra"] = extra
    if any(key in CONFIRMED for key in columns):
        columns["revision"] = F("revision") + 1
        if line.has_confirmed:
            columns |= {"confirmed_revision": F("revision") + 1, "confirmed_at": timezone.now()}
    if line.account_id is not None and is_own:
        _carry_contacts(line.account_id, phone, email)
    else:
        columns |= {"phone": phone, "email": email}
    if columns:
        rows.update(**columns)


def mark_recommended(public_ids: Collection[UUID | str], cohort: int, actor: Actor, *, is_recommended: bool) -> int:
    """Let a school mark graduates as 推免 (保研), or take the mark away, each on record; how many it changed (PKU-01)."""
    must_be_open(cohort)
    with transaction.atomic():
        be(actor)
        seen = Graduate.objects.seen_by(actor).filter(public_id__in=public_ids, cohort=cohort, removed_at=None)
        lines = list(seen.select_for_update(of=("self",), no_key=True).order_by("pk"))
        changed = [line for line in lines if bool(line.extra.get("recommended")) is not is_recommended]
        for line in changed:
            line.extra = {key: value for key, value in line.extra.items() if key != "recommended"}
            line.extra |= {"recommended": True} if is_recommended else {}
            note(
                actor, "recommended", "roster", {"推免（保研）": ["否" if is_recommended else "是", "是" if is_recommended else "否"]},
                subject=str(line.public_id), cohort=line.cohort, school=line.school_id,
            )  # fmt: skip
        Graduate.objects.unscoped("the lines that were just locked").bulk_update(changed, ["extra"])
    return len(changed)


def ask_to_bind(public_ids: Sequence[UUID], cohort: int, actor: Actor) -> int:
    """Ask those of them to bind WeChat whom the actor sees, who have not, and who were not asked in the last days (NOT-03); how many."""
    if actor.role not in (Role.COLLEGE, Role.SCHOOL) or not actor.may_write(Area.EMPLOYMENT):
        raise NotOpen("你的账号没有这项操作的权限。")
    with transaction.atomic():
        be(actor)
        seen = Graduate.objects.seen_by(actor).filter(public_id__in=public_ids, cohort=cohort, removed_at=None)
        lines = {str(one.public_id): one for one in seen.select_for_update(of=("self",), no_key=True).order_by("pk")}
        # Two at once: the second finds, once it has the lines, whom the first has asked.
        asked = {
            one.case
            for one in noted(ASKED, newest=len(lines) or 1, case__in=list(lines), at__gte=clock() - ASKED_AGAIN)
        }
        accounts = [one.account_id for one in lines.values() if one.account_id]
        bound = set(Binding.objects.filter(account__in=accounts, ended_at=None).values_list("account", flat=True))
        owed = [one for subject, one in lines.items() if subject not in asked and one.account_id not in bound]
        official = edition_of(cohort).public_account
        for one in owed:
            note(
                actor, "ask", ASKED, {"公众号": ["", official]}, subject=str(one.public_id), cohort=cohort, school=one.school_id,
                tell=((Role.GRADUATE, one.pk),),
            )  # fmt: skip
    return len(owed)


def _locked(public_id: UUID | str, actor: Actor) -> tuple[Roster, Graduate]:
    be(actor)
    seen = Graduate.objects.seen_by(actor).filter(public_id=public_id).first()
    if seen is None:
        raise NotFound("没有找到这位毕业生。")
    must_be_open(seen.cohort)
    roster = lock_roster(seen.school_id, seen.cohort)
    return roster, Graduate.objects.seen_by(actor).select_for_update(of=("self",)).get(pk=seen.pk)


def _noted(actor: Actor, act: str, graduate: Graduate, words: str) -> None:
    note(
        actor,
        act,
        "roster",
        subject=str(graduate.public_id),
        cohort=graduate.cohort,
        school=graduate.school_id,
        words=words,
    )
