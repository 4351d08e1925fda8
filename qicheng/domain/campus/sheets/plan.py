"""What a college writes when it reports its plan, and a school when file and household stay (PKU-03, PKU-04)."""

from qicheng.foundation.sheets import Field, Sheet

REPORT = Sheet("Plan", (
    Field("explanation", "没有填报的毕业生，说明", "long", required=False, limit=500, hint="有人没有填报的，写明原因和打算怎么办；全部填报了的，空着"),
))  # fmt: skip
KEEPING = Sheet("Keeping", (
    Field("grounds", "办理情况", "long", limit=200, hint="例如：6 月 3 日本人持公派材料当面申请，同意暂存"),
))  # fmt: skip
