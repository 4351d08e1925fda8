"""Reads of questionnaires: what a graduate is asked, how many answered, what they answered in numbers, counted by the database (PKU-08).

What was sealed is counted and read here without its person: newest answers wait until there are enough of them, small groups go together.
"""

# ruff: noqa: S608 -- names of our own tables and columns; values are parameters

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Answer, MadeForm, Purpose
from qicheng.domain.campus.queries.made import published_form, versions_of, why_shut
from qicheng.domain.campus.sheets.made import field_of
from qicheng.domain.campus.sheets.questionnaires import FEWEST, LEVELS, codes_of, merged, questions, whole
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import Tier, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from uuid import UUID

    from qicheng.foundation.access import Actor

LEVEL = "CASE " + " ".join(
    f"WHEN g.level IN ({', '.join(map(repr, codes_of([one])))}) THEN '{one}'" for one in LEVELS
) + " ELSE '' END"  # fmt: skip
# Whether the version `v` asks the graduate `g`; no error for versions of other forms, which a plan may come to first: their levels are a word.
ASKS = f"""((coalesce(v.terms -> 'levels', '[]') = '[]' OR v.terms -> 'levels' ? ({LEVEL}))
    AND (coalesce(v.terms -> 'colleges', '[]') = '[]' OR v.terms -> 'colleges' @> to_jsonb(g.college_id)))"""
_OWED = f"""SELECT f.title, f.public_id FROM roster_graduate g
    JOIN campus_madeform f ON f.school_id = g.school_id AND f.purpose = '{Purpose.QUESTIONNAIRE.value}' AND f.cohort IN (0, g.cohort)
    JOIN campus_madeversion v ON v.id = f.current_id
    WHERE g.id = %(graduate)s AND f.closed_at IS NULL AND coalesce(f.opens_on <= %(day)s, true) AND coalesce(f.closes_on >= %(day)s, true)
    AND v.terms ->> 'gate' = %(gate)s AND {ASKS}
    AND NOT EXISTS (SELECT 1 FROM campus_answer a WHERE a.cohort = g.cohort AND a.graduate_id = g.id AND a.form_id = f.id AND a.state <> 'draft')
    ORDER BY f.id LIMIT 1"""
_ASKED = f"""SELECT f.id FROM roster_graduate g JOIN campus_madeform f ON f.school_id = g.school_id AND f.cohort IN (0, g.cohort)
    JOIN campus_madeversion v ON v.id = f.current_id
    WHERE g.id = %(graduate)s AND f.purpose = '{Purpose.QUESTIONNAIRE.value}' AND f.closed_at IS NULL AND {ASKS}"""
# Everybody of a cohort whom a questionnaire asks, or who answered it: the graduate `g`, the answer `a`, if there is one.
PEOPLE = """roster_graduate g JOIN orgs_college k ON k.id = g.college_id JOIN campus_madeform f ON f.school_id = g.school_id
    JOIN campus_madeversion v ON v.id = f.current_id
    LEFT JOIN campus_answer a ON a.cohort = g.cohort AND a.graduate_id = g.id AND a.form_id = f.id"""
IS_ONE = f"g.removed_at IS NULL AND ({ASKS} OR coalesce(a.state <> 'draft', false))"
HAS_ANSWERED = "coalesce(a.state <> 'draft', false)"
# The answers that count: of whom the actor sees, up to the newest that is not held back.
ANSWERS = "campus_answer a JOIN roster_graduate g ON g.cohort = a.cohort AND g.id = a.graduate_id JOIN orgs_college k ON k.id = g.college_id"
EVERY, NONE_YET = 0, -1
IS_IN = "a.state <> 'draft' AND g.removed_at IS NULL"
# Of an anonymous one whoever has answered stays in: what goes when somebody is taken off the roster would be what that one said.
STAYS_IN = "a.state <> 'draft'"
UP_TO = f"""(%(until)s::bigint = {EVERY}
    OR (a.submitted_at, a.id) <= (SELECT b.submitted_at, b.id FROM campus_answer b WHERE b.id = %(until)s::bigint))"""
# Each value that was given to a question, several of one answer each by itself.
_VALUES = """CROSS JOIN LATERAL jsonb_each(a.answers) e CROSS JOIN LATERAL jsonb_array_elements_text(
    CASE jsonb_typeof(e.value) WHEN 'array' THEN e.value ELSE jsonb_build_array(e.value) END) given"""
LISTED = ("text", "long", "date", "phone", "email")
MOST_VALUES = 40


# ---- the graduate's


@dataclass(frozen=True, slots=True)
class Offer:
    """A questionnaire as a graduate meets it: the own answer, if there is one, and why it is not filled in now ('' where it is)."""

    form: MadeForm
    answer: Answer | None
    why: str

    @property
    def is_answered(self) -> bool:
        return self.answer is not None and self.answer.is_submitted

    @property
    def is_waiting(self) -> bool:
        return not self.why and not self.is_answered

    @property
    def tag(self) -> tuple[str, str]:
        """(tone, words)."""
        if self.is_answered:
            return "ok", "已填写"
        if self.why:
            return "neu", "现在不能填"
        return "warn", "没有提交，接着填" if self.answer else "待你填写"


def offers(actor: Actor, graduate: Graduate, day: date) -> list[Offer]:
    """What the graduate is asked and what the graduate answered, what waits first, by its last day."""
    asked = {row.id for row in statements.rows(_ASKED, {"graduate": graduate.pk})}
    own = {one.form_id: one for one in own_answers(actor, graduate.cohort)}
    forms = {one.form_id: one.form for one in own.values()} | MadeForm.objects.unscoped(
        "what a school has published is for everybody whom it asks"
    ).select_related("current").in_bulk(asked)
    found = [Offer(form, own.get(form.pk), why_shut(form, day) or "") for form in forms.values()]
    return sorted(
        found, key=lambda one: (not one.is_waiting, one.form.closes_on is None, one.form.closes_on or day, -one.form.pk)
    )


def offer_of(actor: Actor, graduate: Graduate, public_id: UUID | str, day: date) -> Offer | None:
    """One of them; None where the graduate is not asked and has not begun."""
    form = published_form(graduate.school_id, graduate.cohort, Purpose.QUESTIONNAIRE, public_id)
    if form is None:
        return None
    answer = Answer.objects.seen_by(actor).filter(form=form).select_related("made").first()
    if answer is None and form.pk not in {row.id for row in statements.rows(_ASKED, {"graduate": graduate.pk})}:
        return None
    return Offer(form, answer, why_shut(form, day) or "")


def own_answers(actor: Actor, cohort: int) -> list[Answer]:
    """What a graduate has answered, and begun to."""
    rows = Answer.objects.seen_by(actor).filter(cohort=cohort)
    return list(rows.select_related("form", "form__current").defer("answers"))


def owed(graduate: int, gate: str, day: date) -> tuple[str, UUID] | None:
    """(title, public id) of the first questionnaire that a step waits for and the graduate has not answered; None where there is none."""
    row = statements.one(_OWED, {"graduate": graduate, "gate": gate, "day": day})
    return None if row is None else (row.title, row.public_id)


# ---- the school's


@dataclass(frozen=True, slots=True)
class Turnout:
    """How many of a college are asked, and have answered."""

    college: str
    asked: int
    answered: int


def turnout(actor: Actor, form: MadeForm, cohort: int) -> list[Turnout]:
    """College by college; of whoever the actor sees."""
    rows = statements.rows(
        f"""SELECT k.name, count(*) AS asked, count(*) FILTER (WHERE {HAS_ANSWERED}) AS answered FROM {PEOPLE}
            WHERE f.id = %(form)s AND g.cohort = %(cohort)s AND {_scope(actor)} AND {IS_ONE} GROUP BY k.id, k.name ORDER BY k.name""",
        _parameters(actor, form, cohort),
    )
    return [Turnout(row.name, row.asked, row.answered) for row in rows]


@dataclass(frozen=True, slots=True)
class Look:
    """Which answers somebody looks at: `number` of them count, `held` wait for more; `until` is the newest that counts, EVERY or NONE_YET.

    `is_divided`: whether they may be told apart by college and 学历. `colleges` and `levels` (codes) narrow what is looked at.
    """

    actor: Actor
    form: MadeForm
    cohort: int
    is_anonymous: bool
    number: int
    held: int
    until: int
    is_divided: bool
    colleges: tuple[int, ...] = ()
    levels: tuple[str, ...] = ()

    @property
    def parameters(self) -> dict[str, Any]:
        return _parameters(self.actor, self.form, self.cohort) | {
            "until": self.until, "colleges": list(self.colleges), "levels": list(self.levels)
        }  # fmt: skip

    @property
    def where(self) -> str:
        counted = STAYS_IN if self.is_anonymous else IS_IN
        return f"""a.form_id = %(form)s AND a.cohort = %(cohort)s AND {counted} AND {UP_TO} AND {_scope(self.actor)}
            AND (cardinality(%(colleges)s::bigint[]) = 0 OR g.college_id = ANY(%(colleges)s::bigint[]))
            AND (cardinality(%(levels)s::text[]) = 0 OR g.level = ANY(%(levels)s::text[]))"""


def looked_at(actor: Actor, form: MadeForm, cohort: int, day: date) -> Look:
    """All answers that count. To an anonymous questionnaire that is open only whole fives, and never the newest five: who has just answered
    is known, and what changed since must not say what."""
    anonymous, is_shut = is_anonymous(form), has_ended(form, day)
    every = Look(actor, form, cohort, anonymous, 0, 0, EVERY, not anonymous or is_shut)
    row = statements.one(f"SELECT count(*) AS number FROM {ANSWERS} WHERE {every.where}", every.parameters)
    assert row is not None
    number = row.number
    # Whoever is answerable for a part of the graduates sees none of it: beside the whole it would tell the others apart.
    if anonymous and actor.tier is not Tier.ALL:
        return Look(actor, form, cohort, anonymous, 0, number, NONE_YET, every.is_divided)
    held = (
        0 if not anonymous else (number if number < FEWEST else 0) if is_shut else min(number, number % FEWEST + FEWEST)
    )
    until = NONE_YET if held else EVERY
    if held and number > held:
        newest = statements.one(
            f"SELECT a.id FROM {ANSWERS} WHERE {every.where} ORDER BY a.submitted_at DESC, a.id DESC LIMIT 1 OFFSET %(held)s",
            every.parameters | {"held": held},
        )
        assert newest is not None
        until = newest.id
    return Look(actor, form, cohort, anonymous, number - held, held, until, every.is_divided)


def is_anonymous(form: MadeForm) -> bool:
    """Whether the questionnaire is anonymous; all its published versions are, or none."""
    return form.current is not None and bool(whole(form.current.terms)["is_anonymous"])


def has_ended(form: MadeForm, day: date) -> bool:
    """Whether nobody answers any more."""
    return form.closed_at is not None or (form.closes_on is not None and day > form.closes_on)


@dataclass(frozen=True, slots=True)
class Division:
    """One way to look at a part of the answers: the value of its filter, its words, how many."""

    key: str
    words: str
    number: int


def divisions(look: Look) -> tuple[list[Division], list[Division]]:
    """By college and by 学历; of an anonymous questionnaire each has enough answers to tell nobody apart, small ones go together."""
    if not look.is_divided or not look.number:
        return [], []
    rows = statements.rows(
        f"SELECT k.id, k.name, {LEVEL} AS level, count(*) AS number FROM {ANSWERS} WHERE {look.where} GROUP BY 1, 2, 3 ORDER BY 2",
        look.parameters,
    )
    colleges: dict[tuple[str, str], int] = {}
    levels: dict[tuple[str, str], int] = {}
    for row in rows:
        for found, what in ((colleges, (str(row.id), row.name)), (levels, (row.level, row.level))):
            found[what] = found.get(what, 0) + row.number
    fewest = FEWEST if look.is_anonymous else 0
    return tuple(
        [Division("-".join(key for key, _ in whats), "、".join(words for _, words in whats), number)
         for whats, number in merged(list(found.items()), fewest)]
        for found in (colleges, levels)
    )  # type: ignore[return-value]  # fmt: skip


def narrowed(look: Look, asked: Mapping[str, str]) -> tuple[Look, dict[str, str]]:
    """The part that a query asks for, and what it asked; what is no division is left out, and of an anonymous one there is one at a time."""
    colleges, levels = divisions(look)
    college = next((one for one in colleges if one.key == asked.get("college")), None)
    level = next((one for one in levels if one.key == asked.get("level")), None)
    if look.is_anonymous and college:
        level = None
    chosen = {key: one.key for key, one in (("college", college), ("level", level)) if one}
    return Look(
        look.actor, look.form, look.cohort, look.is_anonymous, look.number, look.held, look.until, look.is_divided,
        tuple(map(int, college.key.split("-"))) if college else (), tuple(codes_of(level.key.split("-"))) if level else (),
    ), chosen  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What was answered to one question. `bars` are (words, how many) of what was chosen; `mean` and `middle` belong to numbers."""

    entry: Mapping[str, Any]
    answered: int
    bars: tuple[tuple[str, int], ...] = ()
    mean: float | None = None
    middle: float | None = None

    @property
    def is_listed(self) -> bool:
        return self.entry["kind"] in LISTED


def results(look: Look) -> tuple[int, list[Result]]:
    """(how many answers, the result of every question that any version asked), in three statements whatever their number."""
    asked = questions([version.fields for version in versions_of(look.form) if version.published_at])
    counted = [entry["key"] for entry in asked if entry["kind"] not in (*LISTED, "whole")]
    whole_numbers = [entry["key"] for entry in asked if entry["kind"] == "whole"]
    total = statements.one(f"SELECT count(*) AS number FROM {ANSWERS} WHERE {look.where}", look.parameters)
    assert total is not None
    if not total.number or (look.is_anonymous and total.number < FEWEST):
        return 0, []
    answered = {
        row.key: row
        for row in statements.rows(
            f"""SELECT e.key, count(*) AS number, avg(CASE WHEN e.key = ANY(%(whole)s::text[]) AND jsonb_typeof(e.value) = 'number'
                    THEN (e.value #>> '{{}}')::numeric END)::float8 AS mean,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY CASE WHEN e.key = ANY(%(whole)s::text[]) AND jsonb_typeof(e.value) = 'number'
                    THEN (e.value #>> '{{}}')::float8 END) AS middle
                FROM {ANSWERS} CROSS JOIN LATERAL jsonb_each(a.answers) e
                WHERE {look.where} AND e.value NOT IN ('null', '""', '[]') GROUP BY e.key""",
            look.parameters | {"whole": whole_numbers},
        )
    }
    values: dict[str, list[tuple[str, int]]] = {}
    for row in statements.rows(
        f"""SELECT e.key, given.value, count(*) AS number FROM {ANSWERS} {_VALUES}
            WHERE {look.where} AND e.key = ANY(%(keys)s::text[]) AND given.value <> '' GROUP BY 1, 2 ORDER BY 3 DESC, 2""",
        look.parameters | {"keys": counted},
    ):
        values.setdefault(row.key, []).append((row.value, row.number))
    return total.number, [
        _result(entry, answered.get(entry["key"]), values.get(entry["key"], []), look) for entry in asked
    ]


def _result(entry: Mapping[str, Any], row: Any, values: Sequence[tuple[str, int]], look: Look) -> Result:
    number = row.number if row else 0
    if look.is_anonymous and 0 < number < FEWEST:
        return Result(entry, 0)
    if entry["kind"] == "whole":
        return Result(entry, number, mean=row.mean if row else None, middle=row.middle if row else None)
    if entry["kind"] in LISTED:
        return Result(entry, number)
    given, field = dict(values), field_of(entry)
    offered = list(dict(field.choices)) or [value for value, _ in values[:MOST_VALUES]]
    found = [(field.shown([value] if entry["kind"] == "several" else value), given.pop(value, 0)) for value in offered]
    if rest := sum(given.values()):
        found.append(("其他" if entry["kind"] == "table" else "以前的版本里的选项", rest))
    steps = [(int(value), count) for value, count in values if value.isdecimal()] if entry["kind"] == "scale" else []
    mean = sum(value * count for value, count in steps) / sum(count for _, count in steps) if steps else None
    if look.is_anonymous:
        found = [("、".join(what), count) for what, count in merged(found)]
    return Result(entry, number, tuple(found), mean)


@cache
def _columns(is_anonymous: bool) -> str:
    return (
        "a.answers"
        if is_anonymous
        else "g.name, g.student_number, k.name AS college, g.level, g.major, a.submitted_at, a.answers"
    )


def answer_rows(look: Look) -> Iterator[Any]:
    """Every answer, for the workbook: of an anonymous questionnaire nothing but what was answered, in an order that says nothing."""
    order = "a.public_id" if look.is_anonymous else "g.student_number, a.id"
    yield from statements.rows(
        f"SELECT {_columns(look.is_anonymous)} FROM {ANSWERS} WHERE {look.where} ORDER BY {order}", look.parameters
    )


def why_not_again(form: MadeForm, day: date) -> str | None:
    """An anonymous questionnaire that has ended with answers stays so: what is shown then and later must not say what came between."""
    if not is_anonymous(form) or not has_ended(form, day):
        return None
    rows = (
        Answer.objects.unscoped("whether anybody has answered, nothing else").filter(form=form).exclude(state="draft")
    )
    if not rows.exists():
        return None
    return "匿名的问卷截止以后不再开放：前后的结果一比，就知道后来的人填了什么。要再问的，另建一份。"


def _scope(actor: Actor) -> str:
    return Graduate.scope.sql(Graduate, actor, "g")


def _parameters(actor: Actor, form: MadeForm, cohort: int) -> dict[str, Any]:
    return {"node": actor.node, "tier": str(actor.tier), "form": form.pk, "cohort": cohort}
