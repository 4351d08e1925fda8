"""The forms of a province's receiving offices: its rule, and the names of one division."""

from qicheng.domain.campus.models import OfficeKind, Pattern
from qicheng.foundation.sheets import Field, Sheet

RULE = Sheet("ReceivingRule", (
    Field("pattern", "没有另外填写名称的地方，待就业以外的毕业生由谁接收", "choice", choices=tuple(Pattern.choices),
          hint="前面加上地名，例如「江苏省苏州市昆山市教育局」。待就业的毕业生一律由人力资源和社会保障局接收。"),
))  # fmt: skip
OFFICE = Sheet("ReceivingOffice", (
    Field(OfficeKind.OTHERS.value, "待就业以外的毕业生，接收单位全称", required=False, limit=60, hint="空着就用上一级的名称，都没有的按规则生成"),
    Field(OfficeKind.UNEMPLOYED.value, "待就业毕业生，接收单位全称", required=False, limit=60, hint="空着就用上一级的名称，都没有的按规则生成"),
))  # fmt: skip
