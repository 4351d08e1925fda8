"""What changes the forms that a school makes, each on record: begin, edit entry by entry, publish, close, begin a new version.

Every way in holds the form's row, refuses what was seen older (`Outdated`) and keeps nothing of a list that has a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.campus.models import MadeForm, MadeVersion, Part, Purpose
from qicheng.domain.campus.queries.made import in_the_making, versions_of
from qicheng.domain.campus.queries.profile import has_part
from qicheng.domain.campus.queries.questionnaires import has_ended, is_anonymous, why_not_again
from qicheng.domain.campus.sheets import applications, questionnaires
from qicheng.domain.campus.sheets.made import FORM, differences, entry_of, faults
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow.perform import NotFound, Refused, be, clock, note
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from uuid import UUID

    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.perform import Record

ABOUT = "made_form"
# The part of the profile that each purpose belongs to.
PARTS: Mapping[str, Part] = {Purpose.APPLICATION: Part.APPLICATIONS, Purpose.QUESTIONNAIRE: Part.QUESTIONNAIRES}


# What has to be right before a version is published, beside its list; each purpose has its own.
CHECKS: Mapping[str, Callable[[Sequence[Mapping[str, Any]], Mapping[str, Any]], list[str]]] = {
    Purpose.APPLICATION: applications.faults,
    Purpose.QUESTIONNAIRE: questionnaires.faults,
}
# What has to be right before what a version declares beside its list is kept.
TERMS_CHECKS: Mapping[str, Callable[[Sequence[Mapping[str, Any]], Mapping[str, Any]], list[str]]] = {
    Purpose.APPLICATION: applications.faults_of_terms,
    Purpose.QUESTIONNAIRE: questionnaires.faults_of_terms,
}


def make_form(
    actor: Actor, cohort: int, purpose: str, given: Mapping[str, Any], fields: Sequence[Mapping[str, Any]] = (),
    terms: Mapping[str, Any] | None = None,
) -> MadeForm:  # fmt: skip
    """Begin a form of the actor's school with the values of the sheet `FORM`; its first version is in the making."""
    _may(actor)
    if not has_part(actor.node, cohort, PARTS[purpose]):
        raise Refused(f"学校没有开启「{PARTS[purpose].label}」，开启后才能设计。")
    _right(fields)
    with transaction.atomic():
        be(actor)
        row = MadeForm(school_id=actor.node, purpose=purpose)
        _say(row, given, cohort)
        row.save()
        MadeVersion(form=row, fields=list(fields), terms=dict(terms or {})).save()
        note(
            actor, "add", ABOUT, {"名称": ["", row.title]}, subject=str(row.public_id), cohort=cohort, school=actor.node
        )
    return row


def change_form(actor: Actor, public_id: UUID | str, seen: int, given: Mapping[str, Any], cohort: int) -> None:
    """Change what is no part of a version: title, words, cohort, days. Whoever has begun keeps what they began with."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        before, day = said_of(row), day_of(clock())
        why = why_not_again(row, day)
        _say(row, given, row.cohort or cohort)
        if why and not has_ended(row, day):
            raise Refused(why)
        _put(actor, row, "change", FORM.changes(before, said_of(row)))


def put_entry(actor: Actor, public_id: UUID | str, seen: int, key: str, given: Mapping[str, Any]) -> str:
    """Change the entry of that key, or with '' add one at the end; its key. `given` are the values of `sheets.made.entry_sheet`."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        version = _making(row)
        fields = list(version.fields)
        place = _place(fields, key) if key else len(fields)
        key = key or _new_key(row)
        entry = entry_of(key, given, fields[place] if place < len(fields) else None)
        fields[place : place + 1] = [entry]
        _keep(actor, row, version, fields, "put_entry")
    return key


def move_entry(actor: Actor, public_id: UUID | str, seen: int, key: str, by: int) -> None:
    """Move an entry up (-1) or down (1); at the end of the list it stays where it is."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        version = _making(row)
        fields = list(version.fields)
        place = _place(fields, key)
        fields.insert(max(place + by, 0), fields.pop(place))
        _keep(actor, row, version, fields, "move_entry")


def remove_entry(actor: Actor, public_id: UUID | str, seen: int, key: str) -> None:
    """Take an entry away, unless the condition of another one needs it."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        version = _making(row)
        place = _place(version.fields, key)
        _keep(actor, row, version, [*version.fields[:place], *version.fields[place + 1 :]], "remove_entry")


def put_terms(
    actor: Actor, public_id: UUID | str, seen: int, terms: Mapping[str, Any], changes: Mapping[str, list[str]]
) -> None:
    """Keep what a form has beside its fields; `changes` says in words what is different."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        version = _making(row)
        if found := TERMS_CHECKS[row.purpose](version.fields, terms):
            raise Refused("；".join(found) + "。")
        if (
            row.purpose == Purpose.QUESTIONNAIRE
            and row.current is not None
            and terms.get("is_anonymous", False) != is_anonymous(row)
        ):
            raise Refused("发布过的问卷不能在匿名和不匿名之间改。要改的，另建一份。")
        version.terms = dict(terms)
        version.save()
        _put(actor, row, "put_terms", changes)


def publish(actor: Actor, public_id: UUID | str, seen: int) -> MadeVersion:
    """Freeze the version in the making: whoever begins from now on begins with it. Refused with everything that is wrong."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        version = _making(row)
        _right(version.fields, *CHECKS[row.purpose](version.fields, version.terms))
        version.published_at = clock()
        version.save()
        if row.closed_at is not None and (why := why_not_again(row, day_of(clock()))):
            raise Refused(why)
        row.current, row.closed_at = version, None
        _put(actor, row, "publish", {"版本": ["", f"第 {version.number} 版"]})
    return version


def close(actor: Actor, public_id: UUID | str, seen: int) -> None:
    """Nobody begins any more; what was begun goes on."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        if not row.is_open:
            raise Refused("没有在开放，不用关闭。")
        row.closed_at = clock()
        _put(actor, row, "close", {})


def reopen(actor: Actor, public_id: UUID | str, seen: int) -> None:
    """Open again what was closed, with the version that was published last."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        if row.closed_at is None:
            raise Refused("没有关闭，不用重新开放。")
        if why := why_not_again(row, day_of(clock())):
            raise Refused(why)
        row.closed_at = None
        _put(actor, row, "reopen", {})


def revise(actor: Actor, public_id: UUID | str, seen: int) -> MadeVersion:
    """Begin the next version as a copy of the published one, which stays in force until the new one is published."""
    with transaction.atomic():
        row = _held(actor, public_id, seen)
        last = row.current
        if last is None or in_the_making(row) is not None:
            raise Refused("已经有一版正在修改，接着改就可以。")
        version = MadeVersion(form=row, number=last.number + 1, fields=last.fields, terms=last.terms)
        version.save()
        _put(actor, row, "revise", {"版本": ["", f"第 {version.number} 版"]})
    return version


def said_of(row: MadeForm) -> dict[str, Any]:
    """What is no part of a version, in the keys of the sheet `FORM`."""
    return {
        "title": row.title, "about": row.about, "every_cohort": row.cohort == 0, "opens_on": row.opens_on, "closes_on": row.closes_on,
    }  # fmt: skip


def _say(row: MadeForm, given: Mapping[str, Any], cohort: int) -> None:
    row.title, row.about = given["title"].strip(), (given.get("about") or "").strip()
    row.cohort = 0 if given.get("every_cohort") else cohort
    row.opens_on, row.closes_on = given.get("opens_on"), given.get("closes_on")


def _may(actor: Actor) -> None:
    if actor.role is not Role.SCHOOL or not actor.may_write(Area.EMPLOYMENT):
        raise Refused("你的账号没有这项操作的权限。")


def _held(actor: Actor, public_id: UUID | str, seen: int) -> MadeForm:
    _may(actor)
    be(actor)
    rows = MadeForm.objects.seen_by(actor).select_for_update(of=("self",)).select_related("current")
    row: MadeForm | None = rows.filter(public_id=public_id).first()
    if row is None:
        raise NotFound("没有找到这份表。")
    if row.version != seen:
        raise Outdated
    return row


def _making(row: MadeForm) -> MadeVersion:
    version = in_the_making(row)
    if version is None:
        raise Refused("已经发布的内容不能直接改，先开始一个新版本，改好再发布。")
    return version


def _place(fields: Sequence[Mapping[str, Any]], key: str) -> int:
    place = next((place for place, entry in enumerate(fields) if entry["key"] == key), None)
    if place is None:
        raise Refused("这一项已经不在表里了，看过最新的内容再改。")
    return place


def _new_key(row: MadeForm) -> str:
    """A key that no version of the form has had: answers of an old entry are never taken for those of a new one."""
    used = {entry["key"] for version in versions_of(row) for entry in version.fields}
    return next(key for key in _keys() if key not in used)


def _keys() -> Iterator[str]:
    number = 1
    while True:
        yield f"f{number}"
        number += 1


def _keep(actor: Actor, row: MadeForm, version: MadeVersion, fields: list[Any], act: str) -> None:
    _right(fields)
    changes = {label: [was, became] for label, was, became in differences(version.fields, fields)}
    version.fields = fields
    version.save()
    _put(actor, row, act, changes)


def _right(fields: Sequence[Any], *more: str) -> None:
    if found := [*faults(fields), *more]:
        raise Refused("；".join(found) + "。")


def _put(actor: Actor, row: MadeForm, act: str, changes: Mapping[str, Any]) -> Record:
    row.version += 1
    row.save()
    return note(actor, act, ABOUT, changes, subject=str(row.public_id), cohort=row.cohort, school=row.school_id)
