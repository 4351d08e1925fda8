"""An application that a school has declared and published, and graduates who apply."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.effects import applications, made
from qicheng.domain.campus.flows.application import APPLICATION
from qicheng.domain.campus.models import Application, MadeForm, Part, Purpose
from qicheng.domain.campus.queries.applications import check_token
from qicheng.domain.campus.queries.profile import profile_of
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import begin, perform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from qicheng.foundation.access import Actor
    from tests.world import World

LOST = {
    "key": "f1",
    "kind": "choice",
    "label": "遗失的情况",
    "required": True,
    "choices": [["1", "本人遗失"], ["2", "破损"]],
}
FIELDS: list[dict[str, Any]] = [
    {"key": "k1", "kind": "known", "label": "毕业生姓名", "source": "name"}, LOST,
    {"key": "f2", "kind": "text", "label": "原编号", "required": True, "when": ["f1", ["1"]]},
    {"key": "p1", "kind": "proof", "label": "破损的原件", "low": 1, "high": 2, "when": ["f1", ["2"]]},
]  # fmt: skip
TERMS: dict[str, Any] = {
    "levels": "both", "often": "once", "after": "any", "notice_title": "遗失公示", "notice_text": "{姓名}遗失 {原编号}", "notice_days": 7,
    "result_title": "补办证明", "result_text": "{毕业生姓名}，{学院}，原编号 {原编号}。\n凭本证明补办。",
}  # fmt: skip
NO_NOTICE = {"notice_title": "", "notice_text": "", "notice_days": None}
ANSWERS = {"f1": "1", "f2": "A-001"}


def open_applications(world: World, school: Any = None) -> None:
    """The part is on, beside those that are on already."""
    school = school or world.school
    on = {Part(part) for part in profile_of(school.pk, world.cohort).parts}
    world.open_parts(*sorted(on | {Part.APPLICATIONS}), school=school)


def published(
    world: World, actor: Actor | None = None, *, fields: Any = FIELDS, title: str = "遗失补办", **terms: Any
) -> MadeForm:
    """A form of the actor's school (陈诚's unless said), open to its graduates."""
    actor = actor or world.actor(Role.SCHOOL)
    form = made.make_form(actor, world.cohort, Purpose.APPLICATION, {"title": title}, fields, TERMS | terms)
    made.publish(actor, form.public_id, 1)
    return MadeForm.all_rows.select_related("current").get(pk=form.pk)


def drafted(world: World, form: MadeForm, graduate: Any = None, **answers: Any) -> Application:
    """A draft of an application, filled in."""
    actor = world.of(graduate or world.graduate)
    case = begin(APPLICATION, actor, form=form)
    assert isinstance(case, Application)
    perform(case, "edit", actor, **(ANSWERS | answers))
    return case


def applied(world: World, form: MadeForm, graduate: Any = None, **answers: Any) -> Application:
    """The same, submitted."""
    case = drafted(world, form, graduate, **answers)
    perform(case, "submit", world.of(graduate or world.graduate))
    return case


def noticed(world: World, form: MadeForm, graduate: Any = None) -> Application:
    """The same, approved by its reviewers: it stands in a public notice."""
    case = applied(world, form, graduate)
    world.approved(case)
    return case


@contextmanager
def days_ago(days: int) -> Iterator[None]:
    """What acts on applications do meanwhile, they do as if it were so many days ago."""
    now = applications.clock
    applications.clock = lambda case=None: now() - timedelta(days=days)
    try:
        yield
    finally:
        applications.clock = now


def everywhere(world: World) -> list[Application]:
    """One in a draft, one returned, one with its reviewers, one whose public notice is over; each of another graduate."""
    open_applications(world)
    form = the_one(world)
    returned = applied(world, form, world.neighbour)
    perform(returned, "return", world.reviewer(returned, Role.COLLEGE), reason="01", words="编号不对")
    with days_ago(9):
        over = noticed(world, form, world.new_graduate("苏木", world.college))
    return [drafted(world, form), returned, applied(world, form, world.new_graduate("方远", world.college)), over]


def the_one(world: World) -> MadeForm:
    """The form of 陈诚's school, published once."""
    found = MadeForm.all_rows.filter(school=world.school, current__isnull=False).select_related("current").first()
    return found or published(world, often="again")


class Declared:
    """What a school has declared, for whoever looks at every page: an open form with a next version in the making, and three applications of
    `graduate`: one with the college, one in a draft, one that has ended with its result."""

    def __init__(self, world: World, actor: Actor, graduate: Any) -> None:
        self.form = published(world, actor, title="推荐表遗失补办")
        made.revise(actor, self.form.public_id, 2)
        made.put_entry(actor, self.form.public_id, 3, "", {"kind": "scale", "label": "着急程度", "steps": "5"})
        kinds = [("登报声明", {}), ("在读证明", {"levels": "none", **NO_NOTICE})]
        other, at_once = (published(world, actor, title=title, **terms) for title, terms in kinds)
        self.cases = [
            applied(world, self.form, graduate),
            drafted(world, other, graduate),
            applied(world, at_once, graduate),
        ]

    def given(self, actor: Actor) -> dict[str, list[dict[str, Any]]]:
        """What to put into the addresses of the pages."""
        waiting, draft, done = (case.public_id for case in self.cases)
        of_form = {"purpose": "application", "public_id": self.form.public_id}
        one = [of_form]
        found: dict[str, list[dict[str, Any]]] = {
            "campus:made_forms": [{"purpose": "application"}], "campus:made_new": [{"purpose": "application"}], "campus:made": one,
            "campus:made_spec": one, "campus:made_terms": one, "campus:made_new_entry": one, "campus:made_entry": [{**of_form, "key": "f2"}],
            "campus:made_preview": [{**of_form, "number": 2}], "campus:made_result": [{**of_form, "number": 2}],
            "campus:made_compare": [{**of_form, "number": 2}], "campus:made_step": [{**of_form, "name": "close"}],
            "campus:made_move": [{**of_form, "key": "f2", "step": "up"}],
            "campus:apply": [{"public_id": self.form.public_id}], "campus:fill_in_application": [{"public_id": draft}],
            "campus:application": [{"public_id": one} for one in (waiting, done)] + ([{"public_id": draft}] if actor.role is Role.GRADUATE else []),
            "campus:application_result": [{"public_id": done}],
        }  # fmt: skip
        return found

    def checked(self) -> list[dict[str, str]]:
        """What to put into the address that a printed result leads anybody to: of one that was issued, and of none."""
        number = self.cases[2].number
        return [{"number": number, "token": check_token(number)}, {"number": "nothing", "token": "nothing"}]
