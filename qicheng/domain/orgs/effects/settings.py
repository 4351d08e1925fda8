"""What changes the settings of operator, province and school, each in one transaction and on record (SET-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.models import (
    Cohort,
    College,
    Contact,
    Handler,
    Module,
    Opening,
    Province,
    ProvinceSettings,
    Reason,
    ReviewMode,
    School,
    SigningSettings,
    TransferSettings,
)
from qicheng.domain.orgs.sheets import CONTACT, HANDLER, PROVINCE, SIGNING, TRANSFER
from qicheng.foundation.access import Actor, Area, Role, Tier
from qicheng.foundation.flow.perform import Refused, again, be, begun, in_process, note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# What follows when a module of file or household opens at schools: declared by the room above, once, when it starts.
FOLLOWING: list[Callable[[Area, Sequence[int], int], None]] = []


def opening_followed_by(effect: Callable[[Area, Sequence[int], int], None]) -> None:
    """Let a room above have its part when the modules file and household open: `effect(area, schools, cohort)`, in the same transaction."""
    if effect not in FOLLOWING:
        FOLLOWING.append(effect)


class Outdated(Refused):
    """The page was older than what it changes; nothing has changed."""

    def __init__(self) -> None:
        super().__init__("这一页打开之后内容已被更新，刚才的修改没有保存。下面是最新的，看过再改。")


def province_values(province: int, cohort: int) -> dict[str, Any]:
    """What a province has set for a cohort, in the keys of the sheet PROVINCE."""
    form = queries.agreement_form(province, cohort)
    return {"agreement_form": form.value if form else ""} | {
        module.value: is_open for module, is_open in queries.openings(province, cohort).items()
    }


def set_province(actor: Actor, cohort: int, seen: str, given: Mapping[str, Any]) -> None:
    """The agreement form (SET-01) and the open modules (ORG-02) of the actor's province."""
    with transaction.atomic():
        be(actor)
        province = Province.objects.select_for_update(no_key=True).get(pk=actor.node)
        before = province_values(province.pk, cohort)
        if seen != queries.stamp(before):
            raise Outdated
        # Every act holds its school's settings shared: after this no act is under way that saw a module open.
        rows = SigningSettings.objects.unscoped("the settings below the province, to be locked")
        list(rows.select_for_update(of=("self",)).filter(school__province=province, cohort=cohort).order_by("pk"))
        rows = TransferSettings.objects.unscoped("the settings below the province, to be locked")
        held = list(
            rows.select_for_update(of=("self",)).filter(school__province=province, cohort=cohort).order_by("pk")
        )
        ProvinceSettings.objects.update_or_create(
            province=province, cohort=cohort, defaults={"agreement_form": given["agreement_form"]}
        )
        for module in Module:
            Opening.objects.update_or_create(
                province=province, cohort=cohort, module=module, defaults={"is_open": given[module.value]}
            )
        for area in (Area.ARCHIVE, Area.HOUSEHOLD):
            if given[Module(area.value).value] and not before[Module(area.value).value]:
                _open(area, [row.school_id for row in held if row.area == area.value and row.is_on], cohort)
        changes = PROVINCE.changes(before, given)
        if changes:
            note(actor, "change", "province_settings", changes, subject=f"province {province.pk}", cohort=cohort)
    queries.forget_kept()


@again
def set_cohort(actor: Actor, year: int, edition: str) -> None:
    """A cohort and the edition that cases begun from now on follow (REG-12); the database makes room for a new one, as soon as nobody writes."""
    with transaction.atomic():
        be(actor)
        row = Cohort.objects.select_for_update().filter(year=year).first()
        before = row.get_edition_display() if row else ""
        if row is None:
            row = Cohort(year=year)
        row.edition = edition
        row.save()
        after = row.get_edition_display()
        if before != after:
            note(actor, "change", "cohort", {"执行的规则版本": [before, after]}, subject=str(year), cohort=year)
    queries.forget_kept()


def add_province(actor: Actor, code: str, name: str) -> Province:
    """A provincial authority, whose accounts the ministry makes afterwards."""
    try:
        with transaction.atomic():
            be(actor)
            province = Province.objects.create(code=code, name=name)
            note(actor, "add", "province", {"名称": ["", name]}, subject=f"province {province.pk}")
    except IntegrityError:
        raise Refused(f"代码 {code} 已有省份在用，请核对。") from None
    return province


def add_school(actor: Actor, code: str, name: str) -> School:
    """A school of the actor's province."""
    try:
        with transaction.atomic():
            be(actor)
            school = School.objects.create(province_id=actor.node, code=code, name=name)
            note(actor, "add", "school", {"名称": ["", name]}, subject=f"school {school.pk}", school=school.pk)
    except IntegrityError:
        raise Refused(f"院校代码 {code} 已有学校在用，请核对。") from None
    return school


def set_signing(actor: Actor, cohort: int, seen: int, given: Mapping[str, Any]) -> SigningSettings:
    """Submit the signing settings of the actor's school (SET-01 … SET-07).

    The row is locked against every act of the school, which holds it shared: what is asked about cases stays true (INV-09, INV-11).
    """
    with transaction.atomic():
        be(actor)
        school = School.objects.select_for_update(no_key=True).get(pk=actor.node)
        if queries.agreement_form(school.province_id, cohort) is None:
            raise Refused("省级用户还没有设置就业协议书类型，设置后学校才能提交签约设置。")
        if not queries.openings(school.province_id, cohort)[Module.SIGNING]:
            raise Refused("省级用户没有开启「毕业去向登记与网签」模块，开启后才能设置。")
        own = SigningSettings.objects.seen_by(actor).filter(school=school, cohort=cohort)
        row = own.select_for_update(of=("self",)).first() or SigningSettings(school=school, cohort=cohort)
        if seen != row.version:
            raise Outdated
        before = {key: getattr(row, key) for key in SIGNING.keys} if row.version else {}
        after = _implied(given)
        _allowed(row, after)
        for key, value in after.items():
            setattr(row, key, value)
        row.version += 1
        row.submitted_at = row.submitted_at or timezone.now()
        row.save()
        note(actor, "submit", "signing_settings", SIGNING.changes(before, after), cohort=cohort, school=school.pk)
    return row


def _implied(given: Mapping[str, Any]) -> dict[str, Any]:
    after = {key: given[key] for key in SIGNING.keys}
    if after["online_signing"]:
        after["supplementary"] = after["destination"] = True  # SET-03
    return after


def _allowed(row: SigningSettings, after: Mapping[str, Any]) -> None:
    # What is reviewed registers something; what a graduate only says of itself is no business of signing.
    where: dict[str, Any] = {"school_id": row.school_id, "cohort": row.cohort, "review_mode__isnull": False}
    if row.online_signing and not after["online_signing"] and begun(area=Area.EMPLOYMENT, **where):
        raise Refused("已有毕业生或用人单位办理过业务，在线签约不能再关闭。")  # SET-04
    _review_may_be(row, after["review_mode"], Area.EMPLOYMENT)


def _review_may_be(row: SigningSettings | TransferSettings, mode: str, area: Area) -> None:
    """Raise Refused where the mode of review of that area's cases cannot be changed to this one (SET-05, SET-06, SET-09)."""
    if mode == row.review_mode:
        return
    # Only cases that are reviewed: what waits for the post or for an answer has no mode of review.
    if waiting := in_process(area=area, school_id=row.school_id, cohort=row.cohort, review_mode__isnull=False):
        raise Refused(f"还有 {sum(waiting.values())} 条业务在办理，全部办完才能改审核方式。")  # SET-06
    if mode == ReviewMode.COLLEGE_THEN_SCHOOL:
        lacking = queries.colleges_without_reviewer(row.school_id, row.cohort, area)
        if lacking:  # SET-05
            names = "、".join(college.name for college in lacking)
            permission = "" if area is Area.EMPLOYMENT else f"{area.label}的"
            raise Refused(f"{names}还没有{permission}读写账号，先给它们建账号，才能选「先院系再校级审核」。")


def set_transfer(actor: Actor, area: Area, cohort: int, seen: int, given: Mapping[str, Any]) -> TransferSettings:
    """Submit the actor's school's settings of the module archive or household: its switch, its own mode of review (SET-09).

    The row is locked against every act of the module, as that of signing is. Raises Refused, Outdated.
    """
    if not actor.may_write(area):
        raise Refused("你的账号没有这项操作的权限。")
    with transaction.atomic():
        be(actor)
        school = School.objects.select_for_update(no_key=True).get(pk=actor.node)
        module = Module(area.value)
        if not queries.openings(school.province_id, cohort)[module]:
            raise Refused(f"省级用户没有开启「{module.label}」模块，开启后才能设置。")
        own = TransferSettings.objects.seen_by(actor).filter(school=school, cohort=cohort, area=area.value)
        row = own.select_for_update(of=("self",)).first() or TransferSettings(
            school=school, cohort=cohort, area=area.value
        )
        if seen != row.version:
            raise Outdated
        before = {key: getattr(row, key) for key in TRANSFER.keys} if row.version else {}
        after = {key: given[key] for key in TRANSFER.keys}
        _review_may_be(row, after["review_mode"], area)
        was_taking = row.is_on and row.submitted_at is not None
        for key, value in after.items():
            setattr(row, key, value)
        row.version += 1
        row.submitted_at = row.submitted_at or timezone.now()
        row.save()
        if row.is_on and not was_taking:
            _open(area, [school.pk], cohort)
        note(
            actor, "submit", f"{area.value}_settings", TRANSFER.changes(before, after), cohort=cohort, school=school.pk
        )
    return row


def _open(area: Area, schools: Sequence[int], cohort: int) -> None:
    for effect in FOLLOWING if schools else ():
        effect(area, schools, cohort)


def set_handler(actor: Actor, cohort: int, given: Mapping[str, Any]) -> Handler:
    """Submit the handler of a tier, for good (SET-08); of two at once the database lets one in."""
    tier = Tier(given["tier"])
    if tier not in queries.tiers_to_set(queries.handlers(actor.node, cohort), actor.tier):
        raise Refused(_taken(tier, actor))
    try:
        with transaction.atomic():
            be(actor)
            row = Handler.objects.unscoped("the school's own new handler").create(
                school_id=actor.node, cohort=cohort, **{key: given[key] for key in HANDLER.keys}
            )
            note(actor, "submit", "handler", HANDLER.changes({}, given), cohort=cohort, school=actor.node)
    except IntegrityError:
        raise Refused(f"{tier.label}的经办人刚由另一位同事提交了，提交之后不能再改。") from None
    return row


def _taken(tier: Tier, actor: Actor) -> str:
    if actor.tier not in (Tier.ALL, tier):
        return f"你负责{actor.tier.label}，只能提交{actor.tier.label}的经办人。"
    return f"{tier.label}的经办人已经提交，或已包含在提交过的经办人里，不能再改。"


def add_reason(actor: Actor, purpose: str, words: str) -> Reason:
    """A reason of the school's own (REG-02)."""
    with transaction.atomic():
        be(actor)
        if Reason.objects.filter(school=actor.node, purpose=purpose, words=words, ended_at=None).exists():
            raise Refused("这条原因已经在用。")
        row = Reason.objects.create(school_id=actor.node, purpose=purpose, words=words)
        note(actor, "add", "reason", {"原因": ["", words]}, subject=str(row.pk), school=actor.node)
    return row


def end_reason(actor: Actor, reason: int) -> None:
    """A reason is offered no longer; what was decided with it keeps its words."""
    with transaction.atomic():
        be(actor)
        row = Reason.objects.select_for_update().filter(pk=reason, school=actor.node, ended_at=None).first()
        if row is None:
            raise Refused("这条原因已经停用。")
        row.ended_at = timezone.now()
        row.save(update_fields=["ended_at"])
        note(actor, "end", "reason", {"原因": [row.words, "已停用"]}, subject=str(row.pk), school=actor.node)


def keep_contact(actor: Actor, given: Mapping[str, Any], contact: Contact | None = None) -> Contact:
    """Add or change a contact of the actor's school or college (ORG-12)."""
    school, college = _desk(actor)
    if actor.role is Role.SCHOOL and Tier(given["tier"]) is not actor.tier and actor.tier is not Tier.ALL:
        raise Refused(f"你负责{actor.tier.label}，只能填写{actor.tier.label}的联系人。")
    with transaction.atomic():
        be(actor)
        row = contact or Contact(school_id=school, college_id=college)
        before = {key: getattr(row, key) for key in CONTACT.keys} if contact else {}
        for key in CONTACT.keys:
            setattr(row, key, given[key])
        row.save()
        act = "change" if contact else "add"
        note(actor, act, "contact", CONTACT.changes(before, given), subject=str(row.pk), school=school)
    return row


def drop_contact(actor: Actor, contact: Contact) -> None:
    """A contact is shown no longer."""
    with transaction.atomic():
        be(actor)
        before = {key: getattr(contact, key) for key in CONTACT.keys}
        note(actor, "drop", "contact", CONTACT.changes(before, {}), subject=str(contact.pk), school=contact.school_id)
        contact.delete()


def _desk(actor: Actor) -> tuple[int, int | None]:
    if actor.role is Role.COLLEGE:
        return College.objects.values_list("school", flat=True).get(pk=actor.node), actor.node
    return actor.node, None
