"""Finds what is wrong in a staged file, set by set, and says it by line, place and reason (IMP-02, IMP-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.foundation import codes
from qicheng.foundation.access import statements
from qicheng.foundation.flow.perform import waiting_among
from qicheng.foundation.kit.identity import (
    ID_CHECKS,
    ID_WEIGHTS,
    OLDEST,
    YOUNGEST,
    NotValid,
    examinee_number,
    identity_number,
)

from .columns import BY_KEY, READ, TEXTS, WRONG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qicheng.domain.roster.models import Upload

REASON_LENGTH = 200
# Directed and commissioned graduates who may not sign online: the school uploads their unit (ROS-06).
WITH_UNIT = ("21", "41")
NOT_ONLINE = tuple(code for code in codes.table("training_modes") if not codes.may_sign_online(code))
IN_PROCESS = "还有业务在办理，办完或者撤回以后才能改成定向或委培（不可网签）"
DIGITS = "".join(
    f"{' + ' if place else ''}(n / {10 ** (16 - place)} %% 10) * {weight}" for place, weight in enumerate(ID_WEIGHTS)
)
MONTHS = "312931303130313130313031"
# n is the first 17 digits as a number, d its birth date; NULL where the number has not even the shape of one.
FALSE_IDENTITY = f"""(n IS NULL OR n < 10000000000000000
    OR substr('{ID_CHECKS}', (({DIGITS}) %% 11)::int + 1, 1) <> right(id_number, 1)
    OR d / 100 %% 100 NOT BETWEEN 1 AND 12
    OR d %% 100 NOT BETWEEN 1 AND substr('{MONTHS}', (greatest(least(d / 100 %% 100, 12), 1) * 2 - 1)::int, 2)::int
    OR (d %% 10000 = 229 AND NOT (d / 10000 %% 4 = 0 AND (d / 10000 %% 100 <> 0 OR d / 10000 %% 400 = 0)))
    OR d NOT BETWEEN %(oldest)s AND %(youngest)s)"""
STAGED = """(SELECT *, n / 1000 %% 100000000 AS d FROM (
    SELECT *, CASE WHEN octet_length(id_number) = 18 AND left(id_number, 17) !~ '[^0-9]' THEN left(id_number, 17)::bigint END AS n
    FROM roster_uploadline WHERE upload_id = %(upload)s AND line BETWEEN %(first)s AND %(last)s OFFSET 0) numbered OFFSET 0) s"""
IN_NAMES = r"[0-9=+@<>{}\[\]\\/|;:!?#$%%^&*_~\"]"


def forget(upload: Upload) -> None:
    """Drop what was found wrong so far."""
    statements.change("DELETE FROM roster_uploadfault WHERE upload_id = %s", (upload.pk,))


def look_at_cells(upload: Upload) -> None:
    """Write the faults that the staged lines show by themselves."""
    statements.change(IN_CELLS, parameters(upload) | {"first": 0, "last": 2**31 - 1})


def compare(upload: Upload) -> None:
    """Write the faults that show between lines of the file and against the roster, once all lines are looked at."""
    asked = parameters(upload)
    for statement in (*_twice_in_file(), *_against_roster()):
        statements.change(statement, asked)
    _leaving(upload)
    _word(upload)


def parameters(upload: Upload) -> dict[str, object]:
    """What the checks' statements ask of an upload; IN_CELLS wants the `first` and `last` line, too."""
    row = statements.plain(
        "SELECT to_char(current_date - make_interval(years => %s), 'YYYYMMDD')::bigint, "
        "to_char(current_date - make_interval(years => %s), 'YYYYMMDD')::bigint",
        (OLDEST + 1, YOUNGEST),
    )
    assert row is not None
    return {
        "upload": upload.pk, "school": upload.school_id, "cohort": upload.cohort, "tier": upload.tier,
        "oldest": row[0] + 1, "youngest": row[1],
    }  # fmt: skip


def _conditions() -> Iterable[tuple[str, str, str]]:
    """(place, condition, reason as SQL) of everything that one cell or line shows by itself."""
    for key in READ:
        yield key, f"starts_with({key}, '{WRONG}')", f"substr({key}, 2)"
    for key in TEXTS:
        field = BY_KEY[key]
        if field.required and key not in ("exam_number", "id_number"):
            yield key, f"{key} = ''", f"'{field.label}没有填写'"
        yield (
            key, f"(octet_length({key}) > {field.limit} AND char_length({key}) > {field.limit})",
            f"'{field.label}有 ' || char_length({key}) || ' 个字，最多 {field.limit} 个字'",
        )  # fmt: skip
    # What is wrong with a number is worded afterwards by the kit.
    yield "id_number", FALSE_IDENTITY, "''"
    yield "exam_number", "octet_length(exam_number) NOT BETWEEN 10 AND 18 OR exam_number ~ '[^0-9A-Z]'", "''"
    yield "name", f"name ~ '{IN_NAMES}'", "'姓名里有数字或符号，请核对；间隔号用「·」'"
    yield (
        "sex", "sex IN ('0', '1', '2', '9') AND n IS NOT NULL AND sex <> CASE n %% 10 %% 2 WHEN 1 THEN '1' ELSE '2' END",
        "'性别与身份证号第 17 位不符，请核对'",
    )  # fmt: skip
    yield (
        "birth_date", f"birth_date <> '' AND NOT starts_with(birth_date, '{WRONG}') AND d IS NOT NULL AND birth_date <> d::text",
        "'出生日期与身份证号第 7 至 14 位不符，请核对'",
    )  # fmt: skip
    yield (
        "graduates_on", (f"NOT starts_with(graduates_on, '{WRONG}') AND NOT starts_with(entered_on, '{WRONG}') "
        "AND graduates_on < entered_on"), "'毕业时间早于入学时间，请核对'",
    )  # fmt: skip
    yield (
        "directed_unit",
        f"directed_unit = '' AND training_mode IN {WITH_UNIT}",
        "'定向或委培（不可网签）要填写定向或委培单位'",
    )
    yield (
        "phone",
        "phone <> '' AND (octet_length(phone) < 5 OR phone ~ '[^0-9+() -]')",
        "'手机号码只能有数字和短横，请核对'",
    )
    yield "email", "email <> '' AND email NOT LIKE '_%%@_%%'", "'电子邮箱里要有一个 @，请核对'"
    yield (
        "level",
        "%(tier)s <> 'all' AND tier <> '' AND tier <> %(tier)s",
        "'你的账号不负责这个学历层次，请由负责的老师上传'",
    )


def _in_cells() -> str:
    conditions = list(_conditions())
    # Most lines are right: each condition is asked once, and only wrong lines are looked at condition by condition.
    any_wrong = " OR ".join(f"({condition})" for _, condition, _ in conditions)
    each = ", ".join(f"('{place}', CASE WHEN {condition} THEN {reason} END)" for place, condition, reason in conditions)
    return f"""
INSERT INTO roster_uploadfault (upload_id, line, place, reason)
SELECT upload_id, line, place, left(reason, {REASON_LENGTH})
FROM (SELECT * FROM {STAGED} WHERE {any_wrong} OFFSET 0) wrong
CROSS JOIN LATERAL (VALUES {each}) found(place, reason) WHERE reason IS NOT NULL"""


IN_CELLS = _in_cells()


def _twice_in_file() -> Iterable[str]:
    for key in ("exam_number", "id_number"):
        yield f"""
WITH twice AS (
    SELECT {key}, array_agg(line ORDER BY line) AS lines FROM roster_uploadline
    WHERE upload_id = %(upload)s AND {key} <> '' GROUP BY {key} HAVING count(*) > 1)
INSERT INTO roster_uploadfault (upload_id, line, place, reason)
SELECT %(upload)s, line, '{key}', left('文件里第 ' || array_to_string((array_remove(lines, line))[:5], '、') ||
    ' 行也是这个{BY_KEY[key].label}，请只保留一行', {REASON_LENGTH})
FROM twice CROSS JOIN LATERAL unnest(lines) AS line"""


def _against_roster() -> Iterable[str]:
    same_person = "s.id_number = g.id_number AND s.exam_number <> g.exam_number"
    yield _clash("id_number", same_person, "'这个身份证号在名单里属于另一个考生号，请核对'")
    another = "s.exam_number = g.exam_number AND s.id_number <> g.id_number AND (s.name <> g.name OR g.removed_at IS NOT NULL)"
    yield _clash("exam_number", another, "'这个考生号在名单里属于另一个人，请核对'")
    foreign = "s.exam_number = g.exam_number AND %(tier)s <> 'all' AND g.tier <> %(tier)s"
    yield _clash("level", foreign, "'名单里这位学生的学历层次不由你的账号负责，请由负责的老师上传'")


def _clash(place: str, condition: str, reason: str) -> str:
    return f"""
INSERT INTO roster_uploadfault (upload_id, line, place, reason)
SELECT s.upload_id, s.line, '{place}', {reason} FROM roster_uploadline s
JOIN roster_graduate g ON g.school_id = %(school)s AND g.cohort = %(cohort)s AND {condition}
WHERE s.upload_id = %(upload)s"""


def _leaving(upload: Upload) -> None:
    """Refuse the lines that take somebody out of online signing while something is in process (ROS-06)."""
    found = leaving_online_signing(upload)
    waiting = waiting_among([row.graduate for row in found])
    if wrong := [row.line for row in found if row.graduate in waiting]:
        statements.change(
            """INSERT INTO roster_uploadfault (upload_id, line, place, reason)
            SELECT %s, line, 'training_mode', %s FROM unnest(%s::int[]) AS line""",
            (upload.pk, IN_PROCESS, wrong),
        )


def leaving_online_signing(upload: Upload, *, hold: bool = False) -> list[Any]:
    """(line, graduate) of the lines whose new training mode has no online signing; with `hold` the graduates are locked."""
    return statements.rows(
        f"""SELECT s.line, g.id AS graduate FROM roster_uploadline s
        JOIN roster_graduate g ON g.school_id = %(school)s AND g.cohort = %(cohort)s AND g.exam_number = s.exam_number
        WHERE s.upload_id = %(upload)s AND s.training_mode = ANY(%(modes)s) AND s.training_mode <> g.training_mode
        ORDER BY g.id{" FOR NO KEY UPDATE OF g" if hold else ""}""",
        parameters(upload) | {"modes": list(NOT_ONLINE)},
    )


def _word(upload: Upload) -> None:
    """Let the kit say what is wrong with the numbers that SQL found to be wrong."""
    readers: dict[str, Callable[[str], object]] = {"id_number": identity_number, "exam_number": examinee_number}
    wrong = statements.rows(
        """SELECT f.id, f.place, CASE f.place WHEN 'id_number' THEN s.id_number ELSE s.exam_number END AS number
        FROM roster_uploadfault f JOIN roster_uploadline s USING (upload_id, line) WHERE f.upload_id = %s AND f.reason = ''""",
        (upload.pk,),
    )
    words = []
    for fault in wrong:
        try:
            readers[fault.place](fault.number)
        except NotValid as why:
            words.append(str(why)[:REASON_LENGTH])
        else:
            words.append("号码不正确，请核对")
    if wrong:
        statements.change(
            """UPDATE roster_uploadfault f SET reason = w.reason FROM unnest(%s::bigint[], %s::text[]) AS w(id, reason)
            WHERE f.id = w.id""",
            ([fault.id for fault in wrong], words),
        )
