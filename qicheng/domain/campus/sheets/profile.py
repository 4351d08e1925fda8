"""The form of a school's profile: a switch for every part, and the day on which graduates stop editing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import EXCLUDING, NEEDING, Part
from qicheng.foundation.sheets import Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping

PERSON, DESTINATION, CHANGE, MORE = "个人信息", "毕业去向", "审核通过以后", "其他"
GROUP_OF = {
    Part.PERSONAL: PERSON, Part.SUPPLEMENT: PERSON, Part.PLATFORM: DESTINATION, Part.FORMS: DESTINATION, Part.FILES: DESTINATION,
    Part.PLAN: DESTINATION, Part.DEFERRAL: DESTINATION, Part.CHANGES: CHANGE, Part.ONE_CHANGE: CHANGE,
}  # fmt: skip
ABOUT = {
    Part.PERSONAL: "毕业生先补全政治面貌、生源地、联系方式等，提交后写入名单，不用审核。",
    Part.SUPPLEMENT: "毕业生先补充生源地、手机、邮箱，学院审核通过后才能填报毕业去向。与「个人信息完善」二选一。",
    Part.PLATFORM: "毕业生在学校平台登记去向，院校两级审核通过一个工作日后，到国家平台确认。",
    Part.FORMS: "先选就业形式，表单跟着变，能推出来的自动填好。与「在学校平台登记毕业去向」二选一。",
    Part.FILES: "去向登记之后登记档案和户口，单独审核。需要先开「在学校平台登记毕业去向」。",
    Part.PLAN: "到了上报日期，院系上报就业方案，之后的修改由院系办理。",
    Part.DEFERRAL: "灵活就业的毕业生可以申请把档案和户口留在学校到年底。",
    Part.CHANGES: "审核通过以后再修改：新旧对照，院校两级审核，通过之前仍按原来的信息。",
    Part.ONE_CHANGE: "审核通过以后只能再改一次，要院系和学校都同意。",
    Part.APPLICATIONS: "学校自己设计申请表，毕业生在线申请，审核后打印结果。例如遗失补办、选调生推荐。",
    Part.QUESTIONNAIRES: "学校自己设计问卷，看结果，导出；可以要求填完才能办下一步。",
    Part.NEWS: "毕业生首页显示学校的公告、新闻、活动和日历。",
}
PROFILE_FIELDS = tuple(
    Field(part.value, part.label, "switch", hint=ABOUT[part], group=GROUP_OF.get(part, MORE)) for part in Part
)


def parts_fit(given: Mapping[str, Any]) -> dict[str, str]:
    """Of two parts that do the same there is one; a part that changes another one's cases has it."""
    wrong = {}
    for one, other in EXCLUDING.items():
        if given.get(one.value) and given.get(other.value):
            wrong[other.value] = f"「{one.label}」和「{other.label}」只能开一个"
    for one, needed in NEEDING.items():
        if given.get(one.value) and not given.get(needed.value):
            wrong[one.value] = f"先打开「{needed.label}」，才能开「{one.label}」"
    return wrong


PROFILE = Sheet(
    "Profile",
    (
        *PROFILE_FIELDS,
        Field("closes_on", "毕业生自己修改到哪一天为止", "date", required=False, group=DESTINATION,
              hint="从这一天起毕业生不能再改，由院系上报就业方案；不填就是毕业当年 6 月 10 日。只对「按就业形式填报毕业去向」有用。"),
    ),
    check=parts_fit,
)  # fmt: skip
