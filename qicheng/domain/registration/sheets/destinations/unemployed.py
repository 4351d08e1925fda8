"""The types of 未就业: eight of the guide of 2023, three of 2022 (DES-01, REG-12)."""

from __future__ import annotations

from dataclasses import replace

from qicheng.foundation.sheets import Field, Sheet

from .declare import EVERY_EDITION, ONLY_2022, Destination, Group, Guide
from .employment import OTHERS
from .fields import COUNTRY, REMARK, is_abroad

NO_PROOF = "不用上传证明材料。"
UNEMPLOYED = Group.UNEMPLOYED
WISHES = (
    Field("wish_area", "意向地区", "lookup", table="admin_divisions", required=False, hint="例如：江苏省苏州市"),
    Field("wish_industry", "意向行业", "code", table="unit_industry", required=False),
    Field("wish_post", "意向岗位", required=False, limit=60),
    REMARK,
)
EXAMS = (
    ("civil", "公务员"),
    ("institution", "事业单位"),
    ("teacher", "教师"),
    ("enterprise", "国有企业"),
    ("other", "其他"),
)
STUDIES = (("master", "考研"), ("doctor", "考博"), ("second", "第二学士学位"), ("bachelor", "专升本"))
REASONS = (("health", "身体或家庭原因"), ("gap", "想休整一段时间"), ("learning", "在学习、培训"), ("other", "其他"))

SEEKING = Destination(
    "seeking", "求职中", UNEMPLOYED, "701", Sheet("Seeking", WISHES),
    Guide("正在找工作，还没有找到。", NO_PROOF, "在找工作的毕业生。填了意向，学校方便推荐岗位。" + OTHERS),
    found=("none.work",), answer="在找工作，还没有找到",
)  # fmt: skip

SIGNING = Destination(
    "signing", "签约中", UNEMPLOYED, "702",
    Sheet("Signing", (Field("wish_unit", "准备签约的单位", required=False, limit=120), *WISHES[:1], REMARK)),
    Guide("已经和单位谈好，还没有签完。", NO_PROOF, "单位已经定下、手续还没有办完的毕业生。签好以后，再来登记签约。" + OTHERS),
    found=("none.work",), answer="和单位谈好了，还没有签完",
)  # fmt: skip

EXAM = Destination(
    "exam", "拟参加公招考试", UNEMPLOYED, "703",
    Sheet("Exam", (Field("exam", "准备参加的考试", "choice", choices=EXAMS, required=False), *WISHES[:1], REMARK)),
    Guide("在准备公务员、事业单位、教师等公开招聘考试。", NO_PROOF, "还没有录用的毕业生。拿到接收函以后，改选「提供公招接收函就业」。" + OTHERS),
    found=("none.work",), answer="在准备公务员、事业单位等公开招聘考试",
)  # fmt: skip

PLANS_STARTUP = Destination(
    "plans_startup", "拟创业", UNEMPLOYED, "704",
    Sheet("PlansStartup", (Field("project", "创业方向", required=False, limit=100), *WISHES[:2], REMARK)),
    Guide("打算创业，还没有开始。", NO_PROOF, "在筹备的毕业生。有了营业执照、入孵协议或网店以后，改选「自主创业」。" + OTHERS),
    found=("own.planning",), answer="准备创业",
)  # fmt: skip

PLANS_STUDY = Destination(
    "plans_study", "不就业拟升学", UNEMPLOYED, "71",
    Sheet("PlansStudy", (Field("study", "拟升学类型", "choice", choices=STUDIES, required=False), REMARK)),
    Guide("现在不找工作，准备考试升学。", NO_PROOF, "在备考境内升学的毕业生。录取以后，改选「境内升学」。" + OTHERS),
    editions=EVERY_EDITION,
    found=("none.study",), answer="准备考试，在境内升学",
)  # fmt: skip

NOT_NOW = Destination(
    "not_now", "暂不就业", UNEMPLOYED, "721",
    Sheet("NotNow", (Field("cause", "原因", "choice", choices=REASONS), REMARK)),
    Guide("现在不打算就业，也没有升学、出国的打算。", NO_PROOF, "不属于别的几类的毕业生。" + OTHERS),
    found=("none.rest",), answer="暂时不就业",
)  # fmt: skip

PLANS_ARMY = Destination(
    "plans_army", "拟应征入伍", UNEMPLOYED, "705",
    Sheet("PlansArmy", (
        Field("batch", "准备应征的批次", "choice", choices=(("first", "上半年"), ("second", "下半年")), required=False), REMARK,
    )),
    Guide("准备报名应征，还没有定兵。", NO_PROOF, "在报名、体检、政审的毕业生。拿到通知书以后，改选「应征义务兵」。" + OTHERS),
    found=("army.planning",), answer="准备应征入伍",
)  # fmt: skip

PLANS_ABROAD = Destination(
    "plans_abroad", "拟出国出境", UNEMPLOYED, "722",
    Sheet("PlansAbroad", (replace(COUNTRY, label="拟去国家（地区）", required=False), REMARK), check=is_abroad),
    Guide("准备去境外读书或工作，还没有定。", NO_PROOF, "在申请的毕业生。录取以后，改选「出国出境深造」或「出国出境工作」。" + OTHERS),
    found=("none.study",), answer="准备出国出境，还没有定",
)  # fmt: skip

WAITING = Destination(
    "waiting", "待就业", UNEMPLOYED, "70", Sheet("Waiting", WISHES),
    Guide("还没有就业：在找工作、在签约、在备考公招、准备创业或应征。", NO_PROOF, "不准备马上升学、也还没有落实去向的毕业生。" + OTHERS),
    editions=ONLY_2022,
    found=("none.work", "army.planning", "own.planning"), answer="还没有就业，在找工作或者做准备",
)  # fmt: skip

OTHERWISE_NOT_NOW = Destination(
    "otherwise_not_now", "其他暂不就业", UNEMPLOYED, "72", NOT_NOW.sheet,
    Guide("现在不打算就业：准备出国出境，或者因为别的原因。", NO_PROOF, "不是在备考境内升学、也不在找工作的毕业生。" + OTHERS),
    editions=ONLY_2022,
    found=("none.rest", "none.study"), answer="暂时不就业，或者准备出国出境",
)  # fmt: skip

# In the order of the guides.
DESTINATIONS = (
    WAITING, SEEKING, SIGNING, EXAM, PLANS_STARTUP, PLANS_STUDY, NOT_NOW, OTHERWISE_NOT_NOW, PLANS_ARMY, PLANS_ABROAD,
)  # fmt: skip
