"""Forms that a school makes for itself: a list of fields kept as rows, what may stand in it, and the sheet that it becomes.

A list is what JSON keeps in `MadeVersion.fields`: one mapping for each entry, in the order of the form, with `key`, `kind`, `label` and
what its kind has beside (`REST`). Keys stay through all versions of a form, so that versions compare and answers can be counted.
"""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qicheng.domain.roster.sheets import ROSTER_LINE
from qicheng.foundation import codes
from qicheng.foundation.papers import ProofKind
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Entry = Mapping[str, Any]

KINDS: Mapping[str, str] = MappingProxyType({
    "text": "填一行字", "long": "填一段话", "choice": "单选", "several": "多选", "scale": "打分", "date": "日期", "whole": "整数",
    "phone": "电话", "email": "电子邮箱", "table": "从国家代码表里选", "known": "名单里的信息（自动带入，不能改）", "note": "只显示一段说明",
    "proof": "上传证明材料",
})  # fmt: skip
CHOSEN = frozenset({"choice", "several", "scale"})
# What nobody fills in; proofs are brought by themselves.
UNASKED = frozenset({"known", "note", "proof"})
UNCONDITIONAL = frozenset({"known", "note"})
# Code tables that a form may ask by, and how: a select, or typed by name.
TABLES: Mapping[str, tuple[str, str]] = MappingProxyType({
    "admin_divisions": ("地区", "lookup"), "universities_2022": ("高等学校", "lookup"), "countries": ("国家和地区", "lookup"),
    "political_status": ("政治面貌", "code"), "ethnic_groups": ("民族", "code"), "unit_nature": ("单位性质", "code"),
    "unit_industry": ("单位行业", "code"), "job_categories": ("职位类别", "code"), "hardship_types": ("困难生类别", "code"),
})  # fmt: skip
# What the roster knows of a graduate and a form may show.
KNOWN: tuple[str, ...] = (
    "name", "student_number", "exam_number", "sex", "nation", "political_status", "level", "college", "major", "class_name", "training_mode",
    "study_years", "entered_on", "graduates_on", "origin", "phone", "email",
)  # fmt: skip
SCALES = ((5, "1 到 5"), (10, "1 到 10"))
# What an entry has beside key, kind and label, and what it is where nothing is said.
REST: Mapping[str, Any] = MappingProxyType({
    "required": False, "hint": "", "choices": [], "low": None, "high": None, "low_word": "", "high_word": "", "table": "", "source": "",
    "when": None,
})  # fmt: skip
LEAST_OF_PROOF, MOST_OF_PROOF = 1, 6
MOST_ENTRIES, MOST_CHOICES, LONGEST_LABEL, LONGEST_HINT, LONGEST_TEXT = 60, 30, 60, 500, 1_000
LARGEST = 10**9
# Signs that a printed text gives a meaning of its own.
RESERVED = frozenset("{}")


# ---- what a list becomes


def asked_of(entries: Iterable[Entry]) -> list[Entry]:
    """The entries that are filled in: neither notes nor what the roster knows."""
    return [entry for entry in entries if entry["kind"] not in UNASKED]


def complete(entry: Entry) -> dict[str, Any]:
    """An entry with everything that it leaves unsaid."""
    return {**REST, **entry}


def sheet_of(entries: Iterable[Entry], name: str = "Made") -> Sheet:
    """The sheet of what is filled in; form, page, comparison and stored values come from it as from any other."""
    return Sheet(name, tuple(field_of(entry) for entry in asked_of(entries)))


def field_of(entry: Entry) -> Field:
    """The field of one entry that is filled in."""
    whole = complete(entry)
    kind, table, when = whole["kind"], whole["table"] if whole["kind"] == "table" else "", whole["when"]
    return Field(
        whole["key"], whole["label"],
        {"scale": "choice", "table": TABLES[table][1] if table else ""}.get(kind, kind),
        required=whole["required"], hint=whole["hint"], table=table, choices=choices_of(whole),
        limit=LONGEST_TEXT if kind == "long" else 200, low=whole["low"] if kind == "whole" else None,
        high=whole["high"] if kind == "whole" else None, when=(when[0], tuple(when[1])) if when else None,
    )  # fmt: skip


def choices_of(entry: Entry) -> tuple[tuple[str, str], ...]:
    """(value, words) of what can be chosen; a scale has its steps, the ends with their words."""
    if entry["kind"] == "scale":
        top = entry["high"]
        ends = {1: entry.get("low_word"), top: entry.get("high_word")}
        return tuple((str(n), f"{n}（{ends[n]}）" if ends.get(n) else str(n)) for n in range(1, top + 1))
    return tuple((value, words) for value, words in entry.get("choices") or ())


def proofs_of(entries: Sequence[Entry], answers: Mapping[str, Any]) -> tuple[ProofKind, ...]:
    """The kinds of proof that are asked for beside these answers (REG-09)."""
    return tuple(
        ProofKind(entry["key"], entry["label"], entry.get("hint", ""), *files_of(entry))
        for entry in entries if entry["kind"] == "proof" and is_asked(entry, answers)
    )  # fmt: skip


def files_of(entry: Entry) -> tuple[int, int]:
    """How many files an entry of proof asks for: at least, at most."""
    return entry.get("low") or 0, entry.get("high") or MOST_OF_PROOF


def is_asked(entry: Entry, answers: Mapping[str, Any]) -> bool:
    """Whether an entry belongs to the form beside these answers."""
    when = entry.get("when")
    return Field(entry["key"], entry["label"], when=(when[0], tuple(when[1])) if when else None).is_asked(answers)


def known_of(entries: Iterable[Entry], roster: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(label, words) of what the roster knows and the form shows; `roster` is `roster_line` of the graduate, or the line as it was frozen."""
    return [
        (entry["label"], ROSTER_LINE[entry["source"]].shown(roster.get(entry["source"])))
        for entry in entries if entry["kind"] == "known"
    ]  # fmt: skip


def roster_line(graduate: Any) -> dict[str, Any]:
    """What the roster knows of a graduate, in the keys of KNOWN; kept with a case as it was."""
    line = {key: getattr(graduate, key) for key in KNOWN if key != "college"}
    return line | {"college": graduate.college.name}


SAMPLE_LINE: Mapping[str, Any] = MappingProxyType({
    "name": "张三", "student_number": "2022100001", "exam_number": "22110101150001", "sex": "1", "nation": "01", "political_status": "03",
    "level": "31", "college": "计算机学院", "major": "软件工程", "class_name": "软件 2201", "training_mode": "1", "study_years": "4",
    "entered_on": "202209", "graduates_on": "202606", "origin": "110101", "phone": "13900000000", "email": "zhangsan@example.com",
})  # fmt: skip


def sample_of(entry: Entry) -> Any:
    """A value as somebody might fill it in, for previews of what is printed."""
    match entry["kind"]:
        case "choice" | "scale":
            return choices_of(entry)[0][0]
        case "several":
            return [value for value, _ in choices_of(entry)[:2]]
        case "date":
            return "2026-06-10"
        case "whole":
            return entry.get("low") or 1
        case "phone":
            return "010-12345678"
        case "email":
            return "zhangsan@example.com"
        case "table":
            return next(iter(codes.table(entry["table"])))
    return f"（{entry['label']}）"


# ---- what may stand in a list


def faults(entries: Sequence[Any]) -> list[str]:
    """Everything that is wrong with a list, in the words of whoever makes it; nothing where it may be kept."""
    found: list[str] = []
    if len(entries) > MOST_ENTRIES:
        found.append(f"最多 {MOST_ENTRIES} 项，现在有 {len(entries)} 项")
    before: dict[str, Entry] = {}
    labels: set[str] = set()
    for number, entry in enumerate(entries, 1):
        if not _is_entry(entry):
            return [*found, f"第 {number} 项看不懂，请删掉重新添加"]
        label = entry["label"]
        said = f"「{label}」" if label else f"第 {number} 项"
        found += [f"{said}{why}" for why in _of_label(label)]
        if label in labels:
            found.append(f"有两项都叫{said}，请改成不同的名称")
        if entry["key"] in before:
            found.append(f"{said}和另一项的编号重复，请删掉重新添加")
        found += [f"{said}{why}" for why in (*_of_kind(entry), *_of_condition(entry, before))]
        before[entry["key"]] = entry
        labels.add(label)
    return found


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not {"key", "kind", "label"} <= set(entry) <= {"key", "kind", "label", *REST}:
        return False
    texts = [entry.get(key, "") for key in ("key", "kind", "label", "hint", "low_word", "high_word", "table", "source")]
    numbers = [entry.get(key) for key in ("low", "high")]
    choices, when = entry.get("choices", []), entry.get("when")
    return (
        all(isinstance(text, str) for text in texts) and entry.get("key", "").isidentifier() and entry.get("kind") in KINDS
        and all(number is None or type(number) is int for number in numbers) and isinstance(entry.get("required", False), bool)
        and isinstance(choices, list) and all(_is_pair(one) for one in choices)
        and (when is None or (isinstance(when, list) and len(when) == 2 and isinstance(when[0], str) and _is_texts(when[1])))
    )  # fmt: skip


def _is_pair(choice: Any) -> bool:
    return _is_texts(choice) and len(choice) == 2 and bool(choice[0]) and " " not in choice[0]


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _of_label(label: str) -> list[str]:
    if not label.strip():
        return ["还没有名称"]
    if len(label) > LONGEST_LABEL:
        return [f"的名称最多 {LONGEST_LABEL} 个字"]
    return ["的名称里不能有花括号"] if RESERVED & set(label) else []


def _of_kind(entry: Entry) -> list[str]:
    kind, found = entry["kind"], []
    choices = entry.get("choices") or []
    words = [words.strip() for _, words in choices]
    if len(entry.get("hint", "")) > LONGEST_HINT:
        found.append(f"的说明最多 {LONGEST_HINT} 个字")
    if kind in ("choice", "several"):
        if len(words) < 2:
            found.append("至少要有两个选项")
        if not all(words):
            found.append("有空的选项")
        if len(words) > MOST_CHOICES:
            found.append(f"最多 {MOST_CHOICES} 个选项")
        if len(set(words)) < len(words) or len({value for value, _ in choices}) < len(words):
            found.append("有两个相同的选项")
        if any(len(one) > LONGEST_LABEL for one in words):
            found.append(f"的选项最多 {LONGEST_LABEL} 个字")
    if kind == "scale" and entry.get("high") not in dict(SCALES):
        found.append("还没有选打分的范围")
    if kind == "whole" and not -LARGEST <= (entry.get("low") or 0) <= LARGEST >= (entry.get("high") or 0) >= -LARGEST:
        found.append("的最小值和最大值不能超过十亿")
    low, high = entry.get("low"), entry.get("high")
    if kind == "whole" and low is not None and high is not None and low > high:
        found.append("的最小值比最大值大")
    if kind == "table" and entry.get("table") not in TABLES:
        found.append("还没有选代码表")
    if kind == "known" and entry.get("source") not in KNOWN:
        found.append("还没有选带入名单里的哪一项")
    if kind == "proof" and not 0 <= (entry.get("low") or 0) <= (entry.get("high") or MOST_OF_PROOF) <= 20:
        found.append("的份数最少 0 份，最多 20 份，最少不能比最多还多")
    if kind in UNASKED and entry.get("required"):
        found.append("不用填写，不能设为必填")
    if kind in UNCONDITIONAL and entry.get("when"):
        found.append("不能有条件")
    return found


def _of_condition(entry: Entry, before: Mapping[str, Entry]) -> list[str]:
    if not (when := entry.get("when")):
        return []
    other = before.get(when[0])
    if other is None:
        return ["的条件要看的那一项不在它前面"]
    if other["kind"] not in CHOSEN:
        return [f"的条件要看「{other['label']}」，但那一项不是选择题"]
    offered = {value for value, _ in choices_of(other)} if not _of_kind(other) else set()
    if not when[1] or not set(when[1]) <= offered:
        return [f"的条件用到了「{other['label']}」里没有的选项"]
    return []


# ---- the builder's own forms


SPEC = (
    Field("title", "名称", limit=40, hint="毕业生看到的名称，例如：三方协议遗失补办"),
    Field("about", "说明", "long", required=False, limit=1_000, hint="写在表的最前面：什么情况要填，多久办好，找谁问"),
    Field("every_cohort", "每一届都能用", "switch", required=False, hint="不勾选就只给现在看的这一届用"),
    Field("opens_on", "从哪一天开始填", "date", required=False, hint="不填就是发布以后马上开始"),
    Field("closes_on", "到哪一天为止（含当天）", "date", required=False, hint="不填就是一直开放"),
)  # fmt: skip


def days_fit(given: Mapping[str, Any]) -> dict[str, str]:
    """What opens does not close before."""
    first, last = given.get("opens_on"), given.get("closes_on")
    return {"closes_on": "截止的日期早于开始的日期"} if first and last and last < first else {}


FORM = Sheet("MadeForm", SPEC, check=days_fit)


def kinds_for(purpose: str) -> tuple[str, ...]:
    """The kinds of entry that a form of that purpose may have: only applications take proofs."""
    return tuple(kind for kind in KINDS if kind != "proof" or purpose == "application")


def entry_sheet(before: Sequence[Entry], kinds: Iterable[str] = tuple(KINDS)) -> Sheet:
    """The builder's form of one entry that stands behind the entries `before`, whose choices its condition may name."""
    chosen = [(kind, words) for kind, words in KINDS.items() if kind in set(kinds)]
    conditions = tuple(
        (f"{entry['key']}:{value}", f"{entry['label']}：{words}")
        for entry in before if entry["kind"] in CHOSEN for value, words in choices_of(entry)
    )  # fmt: skip
    asked = tuple(kind for kind, _ in chosen if kind not in UNASKED)
    conditional = tuple(kind for kind, _ in chosen if kind not in UNCONDITIONAL)
    sources = tuple((key, ROSTER_LINE[key].label) for key in KNOWN)
    condition = (
        Field("conditions", "什么时候才问", "several", required=False, choices=conditions, when=("kind", conditional),
              hint="不勾选就总是问；勾选前面某一题的选项，选了其中一个才问这一项。只能勾选同一题的选项"),
    ) if conditions else ()  # fmt: skip
    return Sheet(
        "MadeEntry",
        (
            Field("label", "名称", limit=LONGEST_LABEL, hint="这一项问什么；只显示说明的，写说明的标题"),
            Field("kind", "填写的方式", "choice", choices=tuple(chosen)),
            Field("hint", "提示或说明", "long", required=False, limit=LONGEST_HINT, hint="写在这一项下面，帮毕业生填对"),
            Field("options", "选项", "long", limit=2_000, when=("kind", ("choice", "several")), hint="一行一个，至少两个"),
            Field("steps", "打分的范围", "choice", choices=tuple((str(top), words) for top, words in SCALES), when=("kind", ("scale",))),
            Field("low_word", "最低分的意思", required=False, limit=20, when=("kind", ("scale",)), hint="例如：很不满意"),
            Field("high_word", "最高分的意思", required=False, limit=20, when=("kind", ("scale",)), hint="例如：很满意"),
            Field("low", "最小", "whole", required=False, low=-LARGEST, high=LARGEST, when=("kind", ("whole",))),
            Field("high", "最大", "whole", required=False, low=-LARGEST, high=LARGEST, when=("kind", ("whole",))),
            Field("table", "代码表", "choice", choices=tuple((key, words) for key, (words, _) in TABLES.items()), when=("kind", ("table",))),
            Field("source", "带入名单里的", "choice", choices=sources, when=("kind", ("known",))),
            *(
                (Field("least", "最少几份", "whole", low=0, high=20, when=("kind", ("proof",)), hint="填 0 就是可以不上传"),
                 Field("most", "最多几份", "whole", low=1, high=20, when=("kind", ("proof",)))) if "proof" in dict(chosen) else ()
            ),
            Field("required", "一定要填", "switch", required=False, when=("kind", asked)),
            *condition,
        ),
        check=_one_other,
    )  # fmt: skip


def _one_other(given: Mapping[str, Any]) -> dict[str, str]:
    others = {one.partition(":")[0] for one in given.get("conditions") or ()}
    return {"conditions": "只能勾选同一题的选项"} if len(others) > 1 else {}


def entry_of(key: str, given: Mapping[str, Any], was: Entry | None = None) -> dict[str, Any]:
    """The entry that the builder's form says; a choice whose words stay keeps its value, so that conditions and answers still mean it."""
    kind = given["kind"]
    entry: dict[str, Any] = {"key": key, "kind": kind, "label": given["label"].strip()}
    conditions = [one.partition(":")[::2] for one in given.get("conditions") or ()]
    said: dict[str, Any] = {
        "hint": (given.get("hint") or "").strip(),
        "required": bool(given.get("required")) and kind not in UNASKED,
        "choices": _numbered(given.get("options") or "", was) if kind in ("choice", "several") else [],
        "low": given.get({"whole": "low", "proof": "least"}.get(kind, "")),
        "high": int(given["steps"]) if kind == "scale" else given.get({"whole": "high", "proof": "most"}.get(kind, "")),
        "low_word": (given.get("low_word") or "") if kind == "scale" else "",
        "high_word": (given.get("high_word") or "") if kind == "scale" else "",
        "table": (given.get("table") or "") if kind == "table" else "",
        "source": (given.get("source") or "") if kind == "known" else "",
        "when": [conditions[0][0], [value for _, value in conditions]] if conditions else None,
    }
    return entry | {name: value for name, value in said.items() if value != REST[name]}


def typed_of(entry: Entry) -> dict[str, Any]:
    """An entry in the keys of the builder's form, to be changed there."""
    whole = complete(entry)
    when = whole["when"]
    least, most = files_of(whole) if whole["kind"] == "proof" else (LEAST_OF_PROOF, MOST_OF_PROOF)
    return {
        **{key: whole[key] for key in ("label", "kind", "hint", "required", "low", "high", "low_word", "high_word", "table", "source")},
        "options": "\n".join(words for _, words in whole["choices"]), "steps": str(whole["high"] or ""),
        "least": least, "most": most,
        "conditions": [f"{when[0]}:{value}" for value in when[1]] if when else [],
    }  # fmt: skip


def told(entry: Entry, before: Sequence[Entry]) -> str:
    """One entry in a line: how it is filled in, whether it must be, and when it is asked."""
    found = [KINDS[entry["kind"]]]
    if entry["kind"] in ("choice", "several"):
        found.append("、".join(words for _, words in choices_of(entry)))
    if entry["kind"] == "scale":
        found.append(dict(SCALES)[entry["high"]])
    if entry["kind"] == "table":
        found.append(TABLES[entry["table"]][0])
    if entry["kind"] == "known":
        found.append(ROSTER_LINE[entry["source"]].label)
    if entry["kind"] == "proof":
        found.append("最少 {} 份，最多 {} 份".format(*files_of(entry)))
    if entry["kind"] not in UNASKED:
        found.append("必填" if entry.get("required") else "选填")
    if when := entry.get("when"):
        other = next(one for one in before if one["key"] == when[0])
        words = "、".join(words for value, words in choices_of(other) if value in when[1])
        found.append(f"「{other['label']}」选「{words}」时才问")
    return "，".join(found)


def differences(before: Sequence[Entry], after: Sequence[Entry]) -> list[tuple[str, str, str]]:
    """(label, what it was, what it became) of every entry that was added, taken away, moved past another, or changed."""
    old, new = ({entry["key"]: (place, entry) for place, entry in enumerate(side, 1)} for side in (before, after))
    stayed = [[key for key in side if key in old and key in new] for side in (old, new)]
    blocks = SequenceMatcher(None, stayed[0], stayed[1], autojunk=False).get_matching_blocks()
    in_order = {key for block in blocks for key in stayed[0][block.a : block.a + block.size]}
    found = []
    for key in dict.fromkeys((*new, *old)):
        was, became = _line(old.get(key), before), _line(new.get(key), after)
        moved = key in old and key in new and key not in in_order
        if was != became or moved:
            entry = (new.get(key) or old[key])[1]
            first, then = (f"第 {side[key][0]} 项，" if moved else "" for side in (old, new))
            found.append((entry["label"], first + was, then + became))
    return found


def _line(placed: tuple[int, Entry] | None, around: Sequence[Entry]) -> str:
    if placed is None:
        return ""
    entry = placed[1]
    return f"{entry['label']}：{told(entry, around)}" + (f"；{entry['hint']}" if entry.get("hint") else "")


def _numbered(options: str, was: Entry | None) -> list[list[str]]:
    kept = {words: value for value, words in (was or {}).get("choices") or ()}
    lines = [line.strip() for line in options.splitlines() if line.strip()]
    taken = max((int(value) for value in kept.values() if value.isdecimal()), default=0)
    found = []
    for words in lines:
        if words not in kept:
            taken += 1
        found.append([kept.get(words) or str(taken), words])
    return found


# ---- for a case that keeps its version


def loose(entries: Iterable[Entry]) -> Sheet:
    """The sheet in which anything may still be missing."""
    return Sheet("Drafted", tuple(replace(field, required=False) for field in map(field_of, asked_of(entries))))


def drafted(case: Any) -> Sheet:
    """The form of a draft of the case's own version (`case.made`)."""
    return loose(case.made.fields)


def proofs_asked(case: Any) -> tuple[ProofKind, ...]:
    """The proofs that the case's own version asks for beside what was answered."""
    return proofs_of(case.made.fields, case.answers)
