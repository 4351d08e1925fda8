"""Questionnaires that a school has published, and graduates who answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.effects import made
from qicheng.domain.campus.effects import questionnaires as effects
from qicheng.domain.campus.models import Answer, MadeForm, Part, Purpose
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.foundation.access import Role

if TYPE_CHECKING:
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor
    from tests.world import World

WISH: dict[str, Any] = {
    "key": "f1", "kind": "choice", "label": "毕业后的打算", "required": True, "choices": [["1", "就业"], ["2", "升学"], ["3", "还没想好"]],
}  # fmt: skip
FIELDS: list[dict[str, Any]] = [
    {"key": "n1", "kind": "note", "label": "第一部分", "hint": "大约三分钟"}, WISH,
    {"key": "f2", "kind": "several", "label": "看重什么", "required": True, "choices": [["1", "收入"], ["2", "稳定"], ["3", "城市"]], "when": ["f1", ["1"]]},
    {"key": "f3", "kind": "scale", "label": "对就业指导的评价", "required": True, "high": 5, "low_word": "不满意", "high_word": "满意"},
    {"key": "f4", "kind": "whole", "label": "投过几份简历", "low": 0, "high": 999},
    {"key": "f5", "kind": "long", "label": "想对学校说的话"},
    {"key": "f6", "kind": "table", "label": "想去的地方", "table": "admin_divisions"},
]  # fmt: skip
ANSWERS: dict[str, Any] = {"f1": "1", "f2": ["1", "3"], "f3": "4", "f4": 12, "f5": "=1+1", "f6": "110000"}


def open_questionnaires(world: World, school: Any = None) -> None:
    """The part is on, beside those that are on already."""
    school = school or world.school
    on = {Part(part) for part in profile_of(school.pk, world.cohort).parts}
    world.open_parts(*sorted(on | {Part.QUESTIONNAIRES}), school=school)


def published(
    world: World, actor: Actor | None = None, *, fields: Any = FIELDS, title: str = "就业意向调查", closes_on: Any = None, **terms: Any
) -> MadeForm:  # fmt: skip
    """A questionnaire of the actor's school (陈诚's unless said), open to its graduates."""
    actor = actor or world.actor(Role.SCHOOL)
    given = {"title": title, "closes_on": closes_on, "about": "帮学校改进就业指导。"}
    form = made.make_form(actor, world.cohort, Purpose.QUESTIONNAIRE, given, fields, terms)
    made.publish(actor, form.public_id, 1)
    return now(form)


def now(form: MadeForm) -> MadeForm:
    """The form as it stands."""
    return MadeForm.all_rows.select_related("current").get(pk=form.pk)


def answered(world: World, form: MadeForm, graduate: Graduate | None = None, **answers: Any) -> Answer:
    """What the graduate (陈诚 unless said) has submitted."""
    return effects.submit(world.of(graduate or world.graduate), form.public_id, 0, ANSWERS | answers)


def drafted(world: World, form: MadeForm, graduate: Graduate | None = None, **answers: Any) -> Answer:
    """What the graduate has kept."""
    return effects.keep(world.of(graduate or world.graduate), form.public_id, 0, answers)
