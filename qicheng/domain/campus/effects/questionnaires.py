"""What graduates do to questionnaires, each on record without what was answered: begun, submitted, changed; whoever has not is reminded (PKU-08)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from qicheng.domain.campus.effects.reminding import remind_each
from qicheng.domain.campus.models import Answer, AnswerState, Part
from qicheng.domain.campus.queries.profile import has_part
from qicheng.domain.campus.queries.questionnaires import offer_of
from qicheng.domain.campus.sheets.made import loose, sheet_of
from qicheng.domain.campus.sheets.questionnaires import whole
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Role, statements
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, be, clock, note
from qicheng.foundation.kit.calendar import day_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from qicheng.domain.campus.models import MadeForm
    from qicheng.foundation.access import Actor

ABOUT, REMINDER = "questionnaire", "questionnaire_reminder"
# Closing waits for whoever is submitting, and whoever submits afterwards reads that it is closed.
_HOLD = "SELECT id FROM campus_madeform WHERE public_id = %(form)s FOR SHARE"


def keep(actor: Actor, public_id: UUID | str, seen: int, given: Mapping[str, Any]) -> Answer:
    """Keep a draft, in which anything may still be missing. Raises NotFound, NotOpen, Refused, Outdated."""
    with transaction.atomic():
        answer = _held(actor, public_id)
        if answer.is_submitted:
            raise Refused("已经提交，不用再暂存。")
        if answer.version != seen:
            raise Outdated
        answer.answers = loose(answer.made.fields).stored(given)
        answer.version += 1
        answer.save()
    return answer


def submit(actor: Actor, public_id: UUID | str, seen: int, given: Mapping[str, Any]) -> Answer:
    """Submit, or change what was submitted where the school allows it; the same once more changes nothing. Raises as `keep`."""
    with transaction.atomic():
        answer = _held(actor, public_id)
        sheet, terms = sheet_of(answer.made.fields), whole(answer.made.terms)
        stored = sheet.stored(given)
        if answer.is_submitted and answer.answers == stored:
            return answer
        if answer.is_submitted and not terms["may_change"]:
            raise Refused("你已经提交，这份问卷提交以后不能修改。")
        if answer.version != seen:
            raise Outdated
        form = sheet.form(answer.cohort)(stored)
        if not form.is_valid():
            missing = "、".join(str(field.label) for key, field in form.fields.items() if key in form.errors)
            raise Refused(f"还没有填好：{missing}。改好以后再提交。")
        act = "change" if answer.is_submitted else "submit"
        answer.state = AnswerState.SEALED if terms["is_anonymous"] else AnswerState.SUBMITTED
        answer.answers, answer.submitted_at, answer.version = stored, clock(), answer.version + 1
        answer.save()
        note(
            actor, act, ABOUT, {"问卷": ["", answer.form.title]}, subject=str(answer.form.public_id), cohort=answer.cohort, school=answer.school_id
        )  # fmt: skip
    return answer


def remind(form: MadeForm, public_ids: Sequence[UUID], actor: Actor, cohort: int) -> int:
    """Remind whoever has not answered, once a day at most; how many are told. Raises NotOpen, Refused."""
    if actor.role is not Role.SCHOOL:
        raise NotOpen("你的账号没有这项操作的权限。")
    changes = {"问卷": ["", form.title]}
    return remind_each(REMINDER, public_ids, actor, cohort, of=f"{form.pk}-", changes=changes)


def _held(actor: Actor, public_id: UUID | str) -> Answer:
    """The graduate's own answer, locked; a new one of the version in force where there is none."""
    if actor.role is not Role.GRADUATE:
        raise NotOpen("只有毕业生本人填写问卷。")
    be(actor)
    statements.one(_HOLD, {"form": public_id})
    graduate = Graduate.objects.seen_by(actor).get()
    offer = offer_of(actor, graduate, public_id, day_of(clock()))
    if offer is None or not has_part(graduate.school_id, graduate.cohort, Part.QUESTIONNAIRES):
        raise NotFound("没有这份问卷。")
    if offer.why:
        raise Refused(offer.why)
    if graduate.removed_at is not None:
        raise Refused("学校已经把你从名单里移除，需要填写的请联系学校。")
    rows = Answer.objects.unscoped("the graduate's own answer, begun here")
    answer, _ = rows.get_or_create(
        cohort=graduate.cohort, graduate=graduate, form=offer.form, defaults={"school_id": graduate.school_id, "made": offer.form.current}
    )  # fmt: skip
    locked: Answer = rows.select_for_update(of=("self",), no_key=True).select_related("made", "form").get(pk=answer.pk)
    return locked
