"""What is done to employers: registered, verified, joined, changed, and the licences that are kept of them (EMP-01, EMP-02)."""

from __future__ import annotations

import os
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects.accounts import occupied
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.orgs.models import Account, Employer, EmployerCase, Seat, Session
from qicheng.domain.orgs.sheets import REACH, UNIT, WHOLE, plain_code
from qicheng.foundation.access import FULL, Actor, Area, Level, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import Refused, be, begin, note

if TYPE_CHECKING:
    from collections.abc import Mapping


def register_unit(
    *, unit: Mapping[str, Any], login: str, applicant: str, password: str, licence: bytes, origin: str = ""
) -> None:
    """Somebody registers a unit (EMP-01): verification begins, or, where the unit is verified, the asking to join it."""
    hashed = make_password(password)
    path = keep_licence(licence)
    unit = {**unit, "credit_code": plain_code(unit["credit_code"])}
    try:
        with transaction.atomic():
            account = Account.objects.create(login=login, name=applicant, email=unit["email"], password=hashed)
            _apply(account, unit, path, origin)
    except IntegrityError as broken:
        drop_licence(path)
        raise Refused(occupied(broken)) from None
    except BaseException:
        drop_licence(path)
        raise


def _apply(account: Account, unit: Mapping[str, Any], path: str, origin: str) -> None:
    rows = Employer.objects.unscoped("whether the unit is known is asked by nobody who could be told")
    known, is_new = rows.get_or_create(credit_code=unit["credit_code"], defaults=dict(unit))
    if not is_new:
        known = rows.select_for_update(no_key=True).get(pk=known.pk)
    applicant = Actor(Role.SYSTEM, levels=FULL, name=account.name, unit=unit["name"], origin=origin)
    if is_new:
        seat = _seat_in(known, account, administrator=True)
        applicant = seat.actor(name=account.name, unit=known.name, origin=origin)
    flow = FLOWS["joining_a_unit" if known.is_verified else "employer_verification"]
    begin(flow, applicant, employer=known, account=account, shown=WHOLE.stored(unit), licence=path)


def _seat_in(unit: Employer, account: Account, *, administrator: bool) -> Seat:
    full = {area.value: Level.WRITE for area in Area}
    seat, _ = Seat.objects.update_or_create(
        account=account, role=Role.EMPLOYER, node=unit.pk,
        defaults={**full, "is_administrator": administrator, "ended_at": None},
    )  # fmt: skip
    return seat


def application(
    actor: Actor, *, employer: Employer, account: Account, shown: Mapping[str, Any], licence: str
) -> EmployerCase:
    """The unsaved case of somebody who registers."""
    return EmployerCase(employer=employer, account=account, shown=dict(shown), licence=licence)


def correct(case: EmployerCase, actor: Actor, *, licence: str = "", **given: Any) -> Mapping[str, Any]:
    """The applicant sends in what was returned; the code stays the one that was registered."""
    given["credit_code"] = case.shown["credit_code"]
    after = WHOLE.stored(given)
    changes = WHOLE.changes(case.shown, after)
    if licence:
        changes["营业执照或登记证书"] = ["", "已换成新的"]
        case.licence = licence
    case.shown = after
    return changes


def verify(case: EmployerCase, actor: Actor) -> Mapping[str, Any]:
    """The unit is what the application says, and whoever applied stands for it; who claimed it before does not (EMP-01)."""
    unit = Employer.objects.unscoped("the unit of the case").select_for_update(no_key=True).get(pk=case.employer_id)
    if unit.is_verified:
        raise Refused("这家单位已经核验过，这份申请只能不通过；申请人重新注册，由单位管理员同意后加入。")
    before = {key: getattr(unit, key) for key in WHOLE.keys}
    for key in WHOLE.keys:
        setattr(unit, key, case.shown.get(key) or "")
    unit.is_verified = True
    unit.save()
    others = Seat.objects.filter(role=Role.EMPLOYER, node=unit.pk, ended_at=None).exclude(account=case.account_id)
    Session.objects.filter(seat__in=others.values("pk")).delete()
    others.update(ended_at=timezone.now())
    _seat_in(unit, case.account, administrator=True)
    return WHOLE.changes(before, case.shown)


def admit(case: EmployerCase, actor: Actor) -> None:
    """The applicant becomes a colleague."""
    _seat_in(case.employer, case.account, administrator=False)


def change_unit(actor: Actor, unit: Employer, seen: str, given: Mapping[str, Any]) -> None:
    """The operator changes name, code, nature, industry or address; what graduates were shown stays (EMP-02)."""
    given = {**given, "credit_code": plain_code(given["credit_code"])}
    _change_unit(actor, unit, UNIT.keys, seen, given)


def change_reach(actor: Actor, unit: Employer, seen: str, given: Mapping[str, Any]) -> None:
    """The unit changes whom to call."""
    _change_unit(actor, unit, REACH.keys, seen, given)


def _change_unit(actor: Actor, unit: Employer, keys: tuple[str, ...], seen: str, given: Mapping[str, Any]) -> None:
    try:
        with transaction.atomic():
            be(actor)
            row = Employer.objects.seen_by(actor).select_for_update(no_key=True).get(pk=unit.pk)
            before = unit_values(row, keys)
            if seen != queries.stamp(before):
                raise Outdated
            for key in keys:
                setattr(row, key, given[key])
            row.save()
            if changes := WHOLE.changes(before, {key: given[key] for key in keys}):
                note(actor, "change", "employer", changes, subject=str(row.public_id))
    except IntegrityError:
        raise Refused("这个统一社会信用代码已登记在另一家单位名下，请核对。") from None


def unit_values(unit: Employer, keys: tuple[str, ...]) -> dict[str, Any]:
    """What a form of those keys shows of a unit."""
    return {key: getattr(unit, key) for key in keys}


def end_colleague(actor: Actor, seat: Seat) -> None:
    """A colleague of the unit is out at once; one administrator stays."""
    with transaction.atomic():
        be(actor)
        Employer.objects.seen_by(actor).select_for_update(no_key=True).get()
        row = _colleague(actor, seat)
        row.ended_at = timezone.now()
        row.save(update_fields=["ended_at"])
        Session.objects.filter(seat=row).delete()
        note(actor, "end", "colleague", {"状态": ["使用中", "已移出单位"]}, subject=f"seat {row.pk}")


def appoint_colleague(actor: Actor, seat: Seat) -> None:
    """A colleague of the unit may decide with its administrators."""
    with transaction.atomic():
        be(actor)
        Employer.objects.seen_by(actor).select_for_update(no_key=True).get()
        row = _colleague(actor, seat)
        row.is_administrator = True
        row.save(update_fields=["is_administrator"])
        note(actor, "appoint", "colleague", {"管理员": ["否", "是"]}, subject=f"seat {row.pk}")


def _colleague(actor: Actor, seat: Seat) -> Seat:
    # Asked after the lock: of two administrators who put each other out, the second is one no more.
    if not queries.decides_for_unit(actor, actor.node):
        raise Refused("只有单位管理员可以这样做。")
    row = (
        Seat.objects.select_for_update().filter(pk=seat.pk, role=Role.EMPLOYER, node=actor.node, ended_at=None).first()
    )
    if row is None or row.account_id == actor.account:
        raise Refused("没有找到这位同事，或者是你自己。")
    return row


# ---- licences


def keep_licence(content: bytes) -> str:
    """Keep a licence under a random name that only this account of the machine can read; its path below QICHENG_FILES."""
    name = uuid.uuid4().hex
    folder = Path(settings.QICHENG_FILES) / "licences" / name[:2]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, aside = tempfile.mkstemp(dir=folder, prefix=".")  # mkstemp makes it 0600
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(aside).replace(folder / name)
    return f"licences/{name[:2]}/{name}"


def drop_licence(path: str) -> None:
    """Forget a licence whose application did not come about."""
    (Path(settings.QICHENG_FILES) / path).unlink(missing_ok=True)


def read_licence(path: str) -> bytes | None:
    """The licence's content, None where the file is gone."""
    try:
        return (Path(settings.QICHENG_FILES) / path).read_bytes()
    except OSError:
        return None
