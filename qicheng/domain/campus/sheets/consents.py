"""The forms of 暂缓派遣 and 更改毕业去向, and the proofs that they take (PKU-05, PKU-07)."""

from __future__ import annotations

from dataclasses import replace

from qicheng.foundation.papers import ProofKind
from qicheng.foundation.sheets import Field, Sheet

SIGNED = ProofKind("signed", "本人签字的申请表", "下载打印，签字以后拍照或扫描", most=3)
LETTERS = ProofKind("letters", "解约函、新协议", "原单位的解约函、新单位的协议或录取通知书，有什么传什么", most=6)
REASON = Field("reason", "申请理由", "long", limit=500, hint="老师按这里写的审批，会印在申请表上")

DEFERRAL = Sheet("Deferral", (REASON,))


CHANGE = Sheet("OneChange", (
    Field("wish", "新的就业形式", "code", table="employment_forms"),
    Field("wish_unit", "新的单位或学校", limit=120, hint="单位全称，同公章；升学的写学校和院系；没有单位的写去向"),
    replace(REASON, label="变更原因"),
))  # fmt: skip


def loose(sheet: Sheet) -> Sheet:
    """The same while it is being filled in: what is missing may be missing until it is submitted."""
    return replace(sheet, fields=tuple(replace(field, required=False) for field in sheet))
