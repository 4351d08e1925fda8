"""Two questions that lead to a few types each; the third is made of the answers that those types declare (REG-10)."""

from __future__ import annotations

SITUATION = "你现在是哪种情况？"
# What one may answer to the first question -> (the words, the second question, its answers). A place is 'first.second'.
QUESTIONS: dict[str, tuple[str, str, dict[str, str]]] = {
    "unit": ("有单位要我，或者已经在工作", "和单位签了什么，或者拿到了什么？", {
        "agreement": "要签、或者已经签了就业协议书",
        "contract": "签了劳动合同（聘用合同）",
        "letter": "不签协议书，有录用单位的接收函、录取通知",
        "certificate": "只有聘用证明、聘用协议，或者只有工资收入记录",
        "programme": "参加基层项目，有录用文件",
        "abroad": "单位在境外，或者是国际组织",
    }),
    "study": ("已经录取，要继续读书", "去哪里读？", {"home": "境内", "abroad": "境外，包括港澳台"}),
    "army": ("去部队，或者打算去", "去做什么，到哪一步了？", {
        "soldier": "当义务兵，已经拿到通知书", "officer": "当军官、军士或者文职人员，已经录用", "planning": "还在报名、体检、政审",
    }),
    "own": ("自己创业，或者做自由职业", "已经开始了吗？", {"started": "已经开始", "planning": "还在准备"}),
    "none": ("还没有着落", "接下来怎么打算？", {
        "work": "找工作，或者准备考公务员、事业单位等", "study": "准备考试升学，或者申请出国出境", "rest": "暂时不找工作，也不准备升学、出国",
    }),
}  # fmt: skip
PLACES = frozenset(f"{first}.{second}" for first, (_, _, answers) in QUESTIONS.items() for second in answers)
# Where agreements are: flows of their own, which no type declares.
AGREEMENTS = "unit.agreement"
