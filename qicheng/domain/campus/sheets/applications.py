"""What a school declares of an application beside its fields: who reviews, who may apply, the printed result, the public notice (CAM-05)."""

from __future__ import annotations

import re
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import Levels
from qicheng.domain.roster.sheets import ROSTER_LINE
from qicheng.foundation.sheets import Field, Sheet

from .made import KNOWN, SAMPLE_LINE, asked_of, field_of, sample_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Entry = Mapping[str, Any]

OFTEN = (("once", "每人一次"), ("again", "办结以后可以再申请"))
AFTER = (("any", "都可以申请"), ("settled", "毕业去向已经审核通过的"), ("unsettled", "还没有落实毕业去向的"))
# What a template may name beside the form's own fields, and what stands there in a preview.
FACTS: Mapping[str, str] = MappingProxyType({
    "学校": "江临大学", "届": "2026", "编号": "26100010ABCDEF2345", "申请日期": "2026 年 6 月 1 日", "办结日期": "2026 年 6 月 10 日",
})  # fmt: skip
# Names by which people call what the roster calls otherwise.
ALSO: Mapping[str, str] = MappingProxyType({"学院": "college", "手机": "phone", "邮箱": "email"})
# What does not go out to the public.
PRIVATE = ("phone", "email", "exam_number")
GAP = re.compile(r"\{([^{}]*)\}")
MOST_DAYS = 60
DEFAULTS: Mapping[str, Any] = MappingProxyType({
    "levels": Levels.BOTH.value, "often": "once", "after": "any", "result_title": "", "result_text": "", "notice_title": "", "notice_text": "",
    "notice_days": None,
})  # fmt: skip
RULES, RESULT, NOTICE = "办理规则", "打印的结果", "公示"

TERMS = Sheet(
    "ApplicationTerms",
    (
        Field("levels", "谁审核", "choice", choices=tuple(Levels.choices), group=RULES),
        Field("often", "一人能申请几次", "choice", choices=OFTEN, group=RULES),
        Field("after", "谁可以申请", "choice", choices=AFTER, group=RULES),
        Field("result_title", "打印件的标题", required=False, limit=40, group=RESULT, hint="不打印结果的，标题和正文都空着"),
        Field("result_text", "打印件的正文", "long", required=False, limit=3_000, group=RESULT,
              hint="一行一段。{姓名}、{学号} 会换成毕业生的信息，表里的每一项也可以用 {名称} 写进来"),
        Field("notice_title", "公示的标题", required=False, limit=60, group=NOTICE, hint="不用公示的，标题、内容和天数都空着"),
        Field("notice_text", "公示的内容", "long", required=False, limit=1_000, group=NOTICE,
              hint="审核通过以后在公告里公示，期满才办结。也可以用 {姓名} 这样的写法；手机号码、邮箱和考生号不能公示"),
        Field("notice_days", "公示几天", "whole", required=False, low=1, high=MOST_DAYS, unit="天", group=NOTICE),
    ),
)  # fmt: skip


def whole(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a version with what was never set as it is by default."""
    return {**DEFAULTS, **terms}


def has_result(terms: Mapping[str, Any]) -> bool:
    """Whether a version prints a result."""
    return bool(whole(terms)["result_text"])


def days_of_notice(terms: Mapping[str, Any]) -> int:
    """How long the public notice stands; 0 where there is none."""
    said = whole(terms)
    return said["notice_days"] if said["notice_text"] else 0


def faults(fields: Sequence[Entry], terms: Mapping[str, Any]) -> list[str]:
    """What keeps a version from being published, in words; beside what may not stand in a list at all (`sheets.made.faults`)."""
    is_empty = not any(entry["kind"] not in ("note", "known") for entry in fields)
    return [*(["还没有一项要填写的内容，也没有要上传的材料"] if is_empty else []), *faults_of_terms(fields, terms)]


def faults_of_terms(fields: Sequence[Entry], terms: Mapping[str, Any]) -> list[str]:
    """What is wrong with result and notice beside these fields, in words."""
    said, found = whole(terms), []
    if bool(said["result_title"]) != bool(said["result_text"]):
        found.append("打印件的标题和正文要么都写，要么都空着")
    if len({bool(said[key]) for key in ("notice_title", "notice_text", "notice_days")}) > 1:
        found.append("公示的标题、内容和天数要么都写，要么都空着")
    known, private = names(fields), private_names(fields)
    for key in ("result_title", "result_text", "notice_title", "notice_text"):
        for name in dict.fromkeys(GAP.findall(said[key])):
            if name not in known:
                found.append(f"{TERMS[key].label}里的 {{{name}}} 不知道是哪一项")
            elif key.startswith("notice") and name in private:
                found.append(f"{TERMS[key].label}里不能写 {{{name}}}")
    return found


def private_names(fields: Sequence[Entry]) -> set[str]:
    """The names of what does not go out to the public."""
    own = {entry["label"] for entry in fields if entry["kind"] in ("phone", "email") or entry.get("source") in PRIVATE}
    return own | {ROSTER_LINE[key].label for key in PRIVATE} | {name for name, key in ALSO.items() if key in PRIVATE}


def names(fields: Sequence[Entry]) -> list[str]:
    """Everything that a template of these fields may name, the form's own fields first."""
    own = [entry["label"] for entry in fields if entry["kind"] not in ("note", "proof")]
    return list(dict.fromkeys([*own, *(ROSTER_LINE[key].label for key in KNOWN), *ALSO, *FACTS]))


def said_by(
    fields: Sequence[Entry], answers: Mapping[str, Any], line: Mapping[str, Any], facts: Mapping[str, str]
) -> dict[str, str]:
    """What each name stands for; a field that was not asked for stands for nothing."""
    values = dict(facts) | {ROSTER_LINE[key].label: ROSTER_LINE[key].shown(line.get(key)) for key in KNOWN}
    values |= {name: ROSTER_LINE[key].shown(line.get(key)) for name, key in ALSO.items()}
    values |= {
        entry["label"]: ROSTER_LINE[entry["source"]].shown(line.get(entry["source"]))
        for entry in fields
        if entry["kind"] == "known"
    }
    for field in map(field_of, asked_of(fields)):
        values[field.label] = _words(field, answers.get(field.key)) if field.is_asked(answers) else ""
    return values


def _words(field: Field, value: Any) -> str:
    if field.kind == "date" and value:
        day = date.fromisoformat(value)
        return f"{day.year} 年 {day.month} 月 {day.day} 日"
    return field.shown(value)


def filled(template: str, values: Mapping[str, str]) -> str:
    """The template with what its names stand for; an unknown name stays as it is written."""
    return GAP.sub(lambda gap: values.get(gap[1], gap[0]), template)


def sample(fields: Sequence[Entry]) -> dict[str, str]:
    """What each name might stand for, for the preview of a result or a notice."""
    answers = {entry["key"]: sample_of(entry) for entry in asked_of(fields)}
    return said_by(fields, answers, SAMPLE_LINE, FACTS)


# ---- what a school can begin with


def _text(key: str, label: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": "text", "label": label, "required": True, **more}


def _known(*sources: str) -> list[dict[str, Any]]:
    return [
        {"key": f"k{number}", "kind": "known", "label": ROSTER_LINE[source].label, "source": source}
        for number, source in enumerate(sources, 1)
    ]


def _choice(key: str, label: str, *words: str, **more: Any) -> dict[str, Any]:
    choices = [[str(number), one] for number, one in enumerate(words, 1)]
    return {"key": key, "kind": "choice", "label": label, "required": True, "choices": choices, **more}


PERSON = ("name", "student_number", "college", "major")
LOST = _choice("f1", "遗失的情况", "本人遗失", "单位或邮寄途中遗失", "破损，不能使用")
EXAMPLES: Mapping[str, tuple[Mapping[str, Any], Sequence[Entry], Mapping[str, Any]]] = MappingProxyType({
    "agreement": (
        {"title": "三方协议遗失补办", "about": "纸质三方协议遗失或者破损的，在这里申请补办。学院、学校审核通过以后公示 7 天，没有异议的补发，原协议作废。"},
        (
            *_known(*PERSON), LOST, _text("f2", "原协议编号", hint="写在协议右上角；记不清的，问学院"),
            {"key": "f3", "kind": "date", "label": "发现遗失的日期", "required": True, "when": ["f1", ["1", "2"]]},
            _choice("f4", "协议上已经盖过章的", "没有盖章", "单位已经盖章", "单位和学校都已经盖章"),
            _text("f5", "单位名称", when=["f4", ["2", "3"]]),
            {"key": "f6", "kind": "long", "label": "经过", "required": True, "hint": "什么时候、在哪里、怎么遗失的，找过哪里"},
            {"key": "p1", "kind": "proof", "label": "单位同意补办的说明", "hint": "单位盖章", "low": 1, "high": 3, "when": ["f4", ["2", "3"]]},
            {"key": "p2", "kind": "proof", "label": "破损的协议", "hint": "每一页都拍清楚", "low": 1, "high": 4, "when": ["f1", ["3"]]},
        ),
        {
            "levels": "both", "often": "again", "notice_title": "三方协议遗失公示", "notice_days": 7,
            "notice_text": "{学院}{姓名}（学号 {学号}）的就业协议书遗失，编号 {原协议编号}，声明作废。公示期内有异议的，请联系学校就业中心。",
            "result_title": "就业协议书补办证明",
            "result_text": "{学院}{专业}专业毕业生{姓名}，学号 {学号}，因{遗失的情况}申请补办就业协议书。\n原协议编号 {原协议编号}，经公示无异议，自办结之日起作废。\n凭本证明到学校就业中心领取补发的协议书。",
        },
    ),
    "recommendation": (
        {"title": "就业推荐表遗失补办", "about": "就业推荐表每人一份。遗失的在这里申请补办，学院、学校审核通过以后公示 7 天再补发。"},
        (
            *_known(*PERSON), LOST, {"key": "f2", "kind": "long", "label": "经过", "required": True, "hint": "什么时候、在哪里、怎么遗失的"},
            _choice("f3", "推荐表交给过单位吗", "没有交过", "交给过单位，单位没有录用", "交给过单位，已经签约"),
            _text("f4", "交给过的单位", when=["f3", ["2", "3"]]),
            {"key": "f5", "kind": "several", "label": "补办后用来", "required": True,
             "choices": [["1", "应聘企业"], ["2", "报考公务员或事业单位"], ["3", "选调生"], ["4", "其他"]]},
            _text("f6", "其他用途", when=["f5", ["4"]]),
        ),
        {
            "levels": "both", "often": "again", "notice_title": "就业推荐表遗失公示", "notice_days": 7,
            "notice_text": "{学院}{姓名}（学号 {学号}）的就业推荐表遗失，声明作废。公示期内有异议的，请联系学校就业中心。",
            "result_title": "就业推荐表补办证明",
            "result_text": "{学院}{专业}专业毕业生{姓名}，学号 {学号}，就业推荐表因{遗失的情况}，原表自办结之日起作废。\n补发的推荐表用于：{补办后用来}。\n凭本证明到学院领取补发的推荐表。",
        },
    ),
    "civil": (
        {"title": "选调生报名推荐", "about": "报名选调生需要学校推荐的，在这里申请。学院、学校两级审核，通过以后打印推荐意见。"},
        (
            *_known(*PERSON, "political_status", "level"), {"key": "f1", "kind": "table", "label": "报名的省份", "required": True, "table": "admin_divisions"},
            _text("f2", "报名的职位", required=False),
            {"key": "f3", "kind": "several", "label": "符合的条件", "required": True,
             "choices": [["1", "中共党员（含预备党员）"], ["2", "担任过学生干部"], ["3", "获得过校级以上奖励"], ["4", "参军入伍经历"]]},
            {"key": "f4", "kind": "long", "label": "学生干部经历", "required": True, "when": ["f3", ["2"]], "hint": "职务和起止时间，一行一段"},
            {"key": "f5", "kind": "long", "label": "获奖情况", "required": True, "when": ["f3", ["3"]]},
            {"key": "f6", "kind": "date", "label": "报名截止日期", "required": True},
            {"key": "p1", "kind": "proof", "label": "成绩单", "low": 1, "high": 4},
            {"key": "p2", "kind": "proof", "label": "获奖证书", "low": 1, "high": 10, "when": ["f3", ["3"]]},
        ),
        {
            "levels": "both", "often": "again", "result_title": "选调生推荐意见",
            "result_text": "{姓名}，{性别}，{民族}，{政治面貌}，{学院}{专业}专业{届}届毕业生。\n符合的条件：{符合的条件}。\n经学院、学校审核，同意推荐报名{报名的省份}选调生。",
        },
    ),
    "sealing": (
        {"title": "档案封存申请", "about": "毕业时没有落实接收单位，需要把档案暂时封存在学校的，在这里申请。"},
        (
            *_known(*PERSON, "phone"), _choice("f1", "封存的原因", "准备升学考试", "准备公务员或事业单位考试", "创业", "其他"),
            _text("f2", "其他原因", when=["f1", ["4"]]),
            {"key": "f3", "kind": "date", "label": "封存到哪一天", "required": True, "hint": "最迟到毕业当年年底；到期没有办理转出的，转回生源地"},
            _text("f4", "紧急联系人"), {"key": "f5", "kind": "phone", "label": "紧急联系人电话", "required": True},
        ),
        {
            "levels": "both", "often": "once", "after": "unsettled", "result_title": "档案封存证明",
            "result_text": "{学院}{专业}专业毕业生{姓名}，学号 {学号}，申请把档案封存在学校，到 {封存到哪一天} 为止。\n到期以前落实单位的，凭接收单位的调档函办理转出。",
        },
    ),
    "account": (
        {"title": "发薪存折申请", "about": "签约单位要求用指定的银行存折发工资，需要学校出具在校证明的，在这里申请。"},
        (
            *_known(*PERSON), _text("f1", "签约单位"), _choice("f2", "开户的银行", "中国银行", "工商银行", "建设银行", "农业银行", "其他"),
            _text("f3", "其他银行", when=["f2", ["5"]]), {"key": "f4", "kind": "whole", "label": "需要几份", "required": True, "low": 1, "high": 5},
            {"key": "p1", "kind": "proof", "label": "单位的通知", "hint": "写明指定银行的那一页", "low": 1, "high": 2},
        ),
        {
            "levels": "school", "often": "again", "after": "settled", "result_title": "发薪开户在校证明",
            "result_text": "兹证明{姓名}，学号 {学号}，是我校{学院}{专业}专业{届}届毕业生，已与{签约单位}签约。\n因单位发放工资需要，申请在{开户的银行}{其他银行}开立存折。",
        },
    ),
})  # fmt: skip
