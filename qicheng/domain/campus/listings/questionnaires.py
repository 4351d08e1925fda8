"""The lists of a questionnaire: who has answered and who has not, and what was written to one question (PKU-08)."""

from __future__ import annotations

from functools import cache

from qicheng.domain.campus.models import Answer
from qicheng.domain.campus.queries import questionnaires as queries
from qicheng.domain.orgs.models import College
from qicheng.domain.registration.listings import written
from qicheng.domain.roster.models import Graduate
from qicheng.foundation import codes
from qicheng.foundation.access import Actor, Area
from qicheng.foundation.access.rows import Scope
from qicheng.foundation.listing import Column, Filter, Listing

ANSWERED = {"no": (f"NOT {queries.HAS_ANSWERED}", "没有填"), "yes": (queries.HAS_ANSWERED, "填了")}
# Whoever may read the answers of the school reads the words of all, also of those whose rows are sealed: without the person.
WORDS_OF_ALL = Scope(school="school", tier="graduate__tier", area=Area.EMPLOYMENT)


def colleges(actor: Actor, cohort: int) -> list[tuple[str, str]]:
    """The colleges of the school that the actor belongs to."""
    rows = College.objects.filter(school=actor.node).order_by("name").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


@cache
def people() -> Listing:
    """Whom one questionnaire asks; when somebody answered is said only where it is not anonymous."""
    return Listing(
        "questionnaire_people", "填写名单", Graduate, queries.PEOPLE, "g",
        (
            Column("public_id", "", "g.public_id", hidden=True),
            Column("id", "", "g.id", hidden=True),
            Column("name", "姓名", "g.name", sort=True),
            Column("student_number", "学号", "g.student_number", sort=True),
            Column("college", "学院", "k.name"),
            Column("level", "学历", "g.level", codes.table("education_levels").label),
            Column("major", "专业", "g.major"),
            Column("answered", "填写", f"CASE WHEN {queries.HAS_ANSWERED} THEN 'yes' ELSE 'no' END", lambda key: ANSWERED[key][1]),
            Column("submitted_at", "提交时间", "CASE WHEN a.state = 'submitted' THEN a.submitted_at END", written),
        ),
        (
            Filter("form", "", "f.id = %(form)s", "whole"),
            Filter("q", "搜索", "(g.name LIKE %(q_prefix)s OR g.student_number LIKE %(q_prefix)s)", "search"),
            Filter("answered", "填写", conditions={key: sql for key, (sql, _) in ANSWERED.items()}, choices=tuple((key, words) for key, (_, words) in ANSWERED.items())),
            Filter("college", "学院", "g.college_id = %(college)s", "whole", choices=colleges),
        ),
        ("g.student_number", "g.id"), where=queries.IS_ONE,
    )  # fmt: skip


_GIVEN = "a.answers ->> %(key)s::text"
_OF_ONE = (
    Filter("form", "", "a.form_id = %(form)s", "whole"),
    Filter("key", "", f"coalesce({_GIVEN}, '') <> ''"),
    Filter("until", "", queries.UP_TO, "whole"),
)


@cache
def words() -> Listing:
    """What was written to one question, with who wrote it; asked for with `form`, `key` and `until` of a `Look`."""
    return Listing(
        "questionnaire_words", "回答", Answer, queries.ANSWERS, "a",
        (
            Column("words", "回答", _GIVEN),
            Column("name", "姓名", "g.name"),
            Column("student_number", "学号", "g.student_number"),
            Column("college", "学院", "k.name"),
        ),
        (*_OF_ONE, Filter("college", "学院", "g.college_id = %(college)s", "whole", choices=colleges)),
        ("g.student_number", "a.id"), where=queries.IS_IN,
    )  # fmt: skip


@cache
def nameless_words() -> Listing:
    """What was written to one question of an anonymous questionnaire, and nothing else, in an order that says nothing."""
    return Listing(
        "questionnaire_nameless_words", "回答", Answer, queries.ANSWERS, "a", (Column("words", "回答", _GIVEN),), _OF_ONE,
        ("a.public_id::text",), where=queries.STAYS_IN, scope=WORDS_OF_ALL,
    )  # fmt: skip
