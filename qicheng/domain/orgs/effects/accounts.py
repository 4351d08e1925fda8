"""What is done to accounts from above: made, changed, suspended, restored, given a password (ORG-05 … ORG-09)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import binding
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.orgs.models import Account, College, ReviewMode, School, Seat, Session, SigningSettings
from qicheng.foundation.access import Actor, Area, Level, Role, Tier
from qicheng.foundation.flow.perform import Refused, be, note

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

# Letters and digits that cannot be taken for one another when read from a screen.
READABLE = "23456789abcdefghjkmnpqrstuvwxyz"


def temporary_password() -> str:
    """Twelve characters to be typed once; 59 bits."""
    return "".join(secrets.choice(READABLE) for _ in range(12))


def make_account(actor: Actor, role: Role, node: int, given: Mapping[str, Any]) -> tuple[Seat, str]:
    """An account with its seat, one level below the actor or beside it; (seat, temporary password) (ORG-05)."""
    levels = _within(actor, given, dict.fromkeys(Area, Level.NONE))
    tier = Tier(given.get("tier") or (actor.tier if role is actor.role else Tier.ALL))
    if role is Role.SCHOOL and role is actor.role and actor.tier not in (Tier.ALL, tier):
        raise Refused(f"你负责{actor.tier.label}，不能建负责{tier.label}的账号。")
    password = temporary_password()
    hashed = make_password(password)
    try:
        with transaction.atomic():
            be(actor)
            account = Account.objects.create(
                login=given["login"], name=given["name"], phone=given.get("phone") or None, password=hashed,
                must_change_password=True, made_by_id=actor.account,
            )  # fmt: skip
            is_administrator = bool(given.get("is_administrator")) and role is not actor.role
            sign_on_name = (given.get("sign_on_name") or "").strip()
            _nobody_elses(role, node, sign_on_name, account.pk)
            seat = Seat.objects.create(
                account=account, role=role, node=node, tier=tier, is_administrator=is_administrator, sign_on_name=sign_on_name, **levels
            )  # fmt: skip
            _note_seat(actor, "add", seat, {"登录名": ["", account.login]} | _seat_changes({}, _shown(seat)))
    except IntegrityError as broken:
        raise Refused(occupied(broken)) from None
    return seat, password


def change_seat(actor: Actor, seat: Seat, seen: str, given: Mapping[str, Any]) -> None:
    """Change whose account it is, what it may do, and for which levels of study."""
    try:
        with transaction.atomic():
            be(actor)
            row = _hold(actor, seat)
            if seen != queries.stamp(_shown(row)):
                raise Outdated
            before = _shown(row)
            levels = _within(actor, given, row.levels)
            if row.employment == Level.WRITE and levels["employment"] != Level.WRITE:
                _not_the_last(row)
            for key, level in levels.items():
                setattr(row, key, level)
            row.tier = given.get("tier") or row.tier
            if row.role != actor.role:
                row.is_administrator = bool(given.get("is_administrator"))
            row.sign_on_name = (given.get("sign_on_name") or "").strip()
            _nobody_elses(Role(row.role), row.node, row.sign_on_name, row.account_id)
            row.account.name, row.account.phone = given["name"], given.get("phone") or None
            row.save()
            row.account.save(update_fields=["name", "phone"])
            _note_seat(actor, "change", row, _seat_changes(before, _shown(row)))
    except IntegrityError as broken:
        raise Refused(occupied(broken)) from None


def suspend(actor: Actor, seat: Seat) -> None:
    """The account is out at once: its open sessions end with it (ORG-09). Of several seats only this one ends."""
    with transaction.atomic():
        be(actor)
        row = _hold(actor, seat)
        if not in_force(row):
            raise Refused("这个账号已经停用。")
        if row.employment == Level.WRITE:
            _not_the_last(row)
        if Seat.objects.filter(account=row.account_id, ended_at=None).exclude(pk=row.pk).exists():
            row.ended_at = timezone.now()
            row.save(update_fields=["ended_at"])
            Session.objects.filter(seat=row).delete()
        else:
            row.account.suspended_at = timezone.now()
            row.account.save(update_fields=["suspended_at"])
            Session.objects.filter(account=row.account_id).delete()
        _note_seat(actor, "suspend", row, {"状态": ["使用中", "已停用"]})


def restore(actor: Actor, seat: Seat) -> None:
    """The account may log in again."""
    with transaction.atomic():
        be(actor)
        row = _hold(actor, seat)
        if in_force(row):
            raise Refused("这个账号正在使用。")
        row.ended_at = None
        row.save(update_fields=["ended_at"])
        row.account.suspended_at = None
        row.account.save(update_fields=["suspended_at"])
        _note_seat(actor, "restore", row, {"状态": ["已停用", "使用中"]})


def reset_password(actor: Actor, seat: Seat) -> str:
    """A temporary password, to be changed at the next log-in; open sessions end, and so does a WeChat that is bound."""
    password = temporary_password()
    hashed = make_password(password)
    with transaction.atomic():
        be(actor)
        row = _hold(actor, seat)
        row.account.password = hashed
        row.account.must_change_password = True
        row.account.save(update_fields=["password", "must_change_password"])
        Session.objects.filter(account=row.account_id).delete()
        _note_seat(actor, "reset_password", row, {})
        binding.end_of(row.account_id, binding.NEW_PASSWORD)
    return password


def move_seat(actor: Actor, seat: Seat, college: College) -> None:
    """An account goes to the college whose name the roster has (ORG-06)."""
    try:
        with transaction.atomic():
            be(actor)
            row = _hold(actor, seat)
            before = College.objects.get(pk=row.node).name
            row.node = college.pk
            row.save(update_fields=["node"])
            Session.objects.filter(seat=row).delete()
            _note_seat(actor, "move", row, {"院系名称": [before, college.name]})
    except IntegrityError:
        raise Refused(f"这个人在{college.name}已经有账号。") from None


def in_force(seat: Seat) -> bool:
    """Whether the seat can be used now."""
    return seat.ended_at is None and seat.account.suspended_at is None


def _nobody_elses(role: Role, node: int, sign_on_name: str, account: int) -> None:
    """A work number stands for one person at a school (CAM-06); the school is locked, so that of two who give it one is told."""
    school = queries.school_of(role, node)
    if not sign_on_name or school is None:
        return
    School.objects.select_for_update(no_key=True).get(pk=school)
    if any(seat.account_id != account for seat in queries.seats_named(school, sign_on_name)):
        raise Refused("这个统一身份认证工号已用在本校另一个账号上，核对后再填。")


def _hold(actor: Actor, seat: Seat) -> Seat:
    """The seat and its account, locked; its school first, so that of two who take away the last ones one is told."""
    school = queries.school_of(Role(seat.role), seat.node)
    if school:
        School.objects.select_for_update(no_key=True).get(pk=school)
    found = Seat.objects.select_for_update().select_related("account")
    row = found.filter(queries.reach(actor), pk=seat.pk).first()
    if row is None or not queries.may_change(actor, row):
        raise Refused("这个账号不归你管理。")
    return row


def _not_the_last(seat: Seat) -> None:
    """ORG-09, and for colleges what SET-05 asked for when review at two levels was chosen."""
    others = Seat.objects.filter(
        role=seat.role, node=seat.node, employment=Level.WRITE, ended_at=None, account__suspended_at=None
    )
    if not in_force(seat) or others.exclude(pk=seat.pk).exists():
        return
    if seat.role == Role.SCHOOL:
        raise Refused("这是学校最后一个读写账号，先建好另一个，才能停用或改它。")
    if seat.role == Role.COLLEGE and _reviews(seat.node):
        raise Refused("审核方式是「先院系再校级审核」，这是这个院系最后一个读写账号，先建好另一个。")


def _reviews(college: int) -> bool:
    rows = SigningSettings.objects.unscoped("whether the college has to review")
    return rows.filter(school__college=college, review_mode=ReviewMode.COLLEGE_THEN_SCHOOL).exists()


def _within(actor: Actor, given: Mapping[str, Any], standing: Mapping[Area, Level]) -> dict[str, Level]:
    levels = {}
    for area in Area:
        level = Level(int(given.get(area.value) or 0))
        if level not in queries.levels_to_give(actor, area, standing[area]):
            raise Refused(f"{area.label}的权限不能高于你自己的。")
        levels[area.value] = level
    return levels


def seat_values(seat: Seat) -> dict[str, Any]:
    """What the account's form shows of a seat."""
    return _shown(seat)


def _shown(seat: Seat) -> dict[str, Any]:
    return {
        "name": seat.account.name, "phone": seat.account.phone or "", "tier": str(seat.tier),
        "is_administrator": seat.is_administrator, "sign_on_name": seat.sign_on_name, **{area.value: int(level) for area, level in seat.levels.items()},
    }  # fmt: skip


def _seat_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[str]]:
    labels = {"name": "使用人姓名", "phone": "手机号", "tier": "负责的学历层次", "is_administrator": "可以创建同级账号",
              "sign_on_name": "统一身份认证工号"}  # fmt: skip

    def words(key: str, value: Any) -> str:
        if value in (None, ""):
            return "没有填写"
        if key == "tier":
            return Tier(value).label
        if key == "is_administrator":
            return "是" if value else "否"
        return Level(value).label if key in set(Area) else str(value)

    labels |= {area.value: area.label for area in Area}
    return {
        label: [words(key, before.get(key)), words(key, after[key])]
        for key, label in labels.items()
        if before.get(key) != after[key]
    }


def _note_seat(actor: Actor, act: str, seat: Seat, changes: Mapping[str, Any]) -> None:
    school = queries.school_of(Role(seat.role), seat.node)
    note(actor, act, "account", changes, subject=f"seat {seat.pk}", school=school)


def occupied(broken: IntegrityError) -> str:
    """Which of an account's unique columns somebody else has, in the user's words."""
    constraint = getattr(getattr(broken.__cause__, "diag", None), "constraint_name", "") or ""
    if "phone" in constraint:
        return "这个手机号已用在另一个账号上，换一个，或者先空着。"
    return "这个登录名已有人用，换一个。"


def college_named(school: int, cohort: int, name: str) -> College:
    """The college of that name; a name that is nearly the roster's is refused with the roster's own (ORG-06)."""
    known = list(queries.roster_colleges(school, cohort).values_list("name", flat=True))
    if name not in known and (meant := queries.nearly(name, known)):
        raise Refused(f"名单里写的是「{meant}」，照着填，一字不差。")
    return College.objects.get_or_create(school_id=school, name=name)[0]


def opened(actor: Actor, about: str, subject: UUID, *, cohort: int = 0, school: int | None = None) -> None:
    """The ministry's opening of a person's case or of a unit is on record; others read their own work.

    It stands beside the case, not on its timeline: what happened to a case is not who looked at it.
    """
    if actor.role is Role.MINISTRY:
        note(actor, "open", about, subject=f"look:{subject.hex}", cohort=cohort, school=school)
