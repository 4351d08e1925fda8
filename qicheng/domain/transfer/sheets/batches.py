"""What is asked about a hand-over batch: its name and day, and why one is taken back."""

from qicheng.foundation.sheets import Field, Sheet

COLLECT = Sheet(
    "Handover",
    (
        Field("title", "批次名称", limit=60, hint="例如：第一批，机要"),
        Field("handed_on", "移交日期", "date", hint="打印在移交清单上"),
    ),
)
TAKE_BACK = Sheet("TakeBack", (Field("words", "撤销的原因", "long", limit=200, hint="留在这一批的记录里"),))
