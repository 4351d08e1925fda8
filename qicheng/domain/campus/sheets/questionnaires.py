"""What a school declares of a questionnaire beside its questions: whom it asks, whether it is anonymous, what waits for it (PKU-08)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qicheng.foundation import codes
from qicheng.foundation.sheets import Field, Sheet

from .made import asked_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Entry = Mapping[str, Any]

# Fewer than these are not shown by themselves where a questionnaire is anonymous.
FEWEST = 5
# What can wait for a questionnaire: (what the school chooses, what the graduate is told to do it before).
GATES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "": ("不作为条件，想填的填", ""),
    "destination": ("提交毕业去向以前", "提交毕业去向"),
    "files": ("提交户档信息登记以前", "提交户档信息登记"),
    "report": ("生成去向登记信息报告以前", "生成去向登记信息报告"),
})  # fmt: skip
NOT_A_CONDITION = "none"
LEVELS: tuple[str, ...] = ("博士", "硕士", "研究生班", "本科", "专科")
DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {"levels": [], "colleges": [], "is_anonymous": False, "may_change": False, "gate": ""}
)
WHO, HOW = "谁来填", "怎么填"
# What an anonymous questionnaire does not ask for: whoever answers would name themselves.
NAMING = ("known", "phone", "email")


def terms_sheet(colleges: Sequence[tuple[str, str]]) -> Sheet:
    """The builder's form; `colleges` are the (id, name) of those that the school has."""
    of_colleges = (
        Field("colleges", "学院", "several", required=False, choices=tuple(colleges), group=WHO, hint="不勾选就是全部学院"),
    )  # fmt: skip
    return Sheet(
        "QuestionnaireTerms",
        (
            Field("levels", "学历", "several", required=False, choices=tuple((one, one) for one in LEVELS), group=WHO, hint="不勾选就是全部学历"),
            *(of_colleges if colleges else ()),
            Field("is_anonymous", "匿名", "switch", group=HOW,
                  hint="学校只看得到谁填了、谁没填，看不到谁填了什么。发布以后不能再改成不匿名，也不能从不匿名改成匿名"),
            Field("may_change", "提交以后、截止以前可以修改", "switch", group=HOW),
            Field("gate", "作为哪一步的条件", "choice", choices=tuple((key or NOT_A_CONDITION, words) for key, (words, _) in GATES.items()), group=HOW,
                  hint="选了条件，在问卷开放期间，没有填的毕业生做不了那一步，页面会请他先来填问卷"),
        ),
    )  # fmt: skip


def whole(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a version with what was never set as it is by default."""
    return {**DEFAULTS, **terms}


def typed(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms as the builder's form shows them."""
    said = whole(terms)
    return said | {"gate": said["gate"] or NOT_A_CONDITION, "colleges": list(map(str, said["colleges"]))}


def kept(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the builder's form says, as a version keeps it."""
    gate = given["gate"]
    return {
        "levels": list(given.get("levels") or ()), "colleges": sorted(map(int, given.get("colleges") or ())),
        "is_anonymous": bool(given.get("is_anonymous")), "may_change": bool(given.get("may_change")), "gate": "" if gate == NOT_A_CONDITION else gate,
    }  # fmt: skip


def codes_of(levels: Iterable[str]) -> list[str]:
    """The codes of 学历 that these words stand for."""
    table, wanted = codes.table("education_levels"), set(levels)
    return [code for code in table if table.row(code)["level"] in wanted]


def faults(fields: Sequence[Entry], terms: Mapping[str, Any]) -> list[str]:
    """What keeps a version from being published, in words."""
    found = [] if asked_of(fields) else ["还没有一项要填写的内容"]
    return found + faults_of_terms(fields, terms)


def faults_of_terms(fields: Sequence[Entry], terms: Mapping[str, Any]) -> list[str]:
    """What does not fit: whoever is promised not to be named is not asked for what names them."""
    said = whole(terms)
    if said["gate"] not in GATES:
        return ["没有这一步，请重新选择"]
    if not said["is_anonymous"]:
        return []
    return [f"匿名的问卷不能有「{entry['label']}」，填了就知道是谁" for entry in fields if entry["kind"] in NAMING]


def questions(versions: Sequence[Sequence[Entry]]) -> list[dict[str, Any]]:
    """The questions of all versions in one list, the newest first: what is asked no longer stands behind, choices that are gone too."""
    found: dict[str, dict[str, Any]] = {}
    for fields in versions:
        for entry in asked_of(fields):
            known = found.setdefault(entry["key"], {**entry, "choices": list(entry.get("choices") or ())})
            if known["kind"] == entry["kind"]:
                offered = {value for value, _ in known["choices"]}
                known["choices"] += [one for one in entry.get("choices") or () if one[0] not in offered]
    return list(found.values())


def merged(numbers: Sequence[tuple[Any, int]], fewest: int = FEWEST) -> list[tuple[tuple[Any, ...], int]]:
    """((what, …), how many): what has fewer than `fewest` goes together with the next smallest, so that nobody is told apart.

    What nobody chose stays by itself: it is about nobody. All of it is one where there are too few for two.
    """
    groups: list[tuple[tuple[Any, ...], int]] = [((what,), number) for what, number in numbers if number]
    while len(groups) > 1 and (least := min(groups, key=lambda one: one[1]))[1] < fewest:
        groups.remove(least)
        other = min(groups, key=lambda one: one[1])
        groups[groups.index(other)] = ((*other[0], *least[0]), other[1] + least[1])
    return [*groups, *(((what,), 0) for what, number in numbers if not number)]
