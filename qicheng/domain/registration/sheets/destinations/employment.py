"""The types of 其他形式就业: fourteen of the guide of 2023, and the one that gathered five of them in 2022 (DES-01, REG-12)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from qicheng.foundation.sheets import Field, Sheet

from .declare import EVERY_EDITION, ONLY_2022, Destination, Group, Guide
from .fields import (
    ADDRESS,
    AREA,
    CONTACTS,
    COUNTRY,
    CREDIT_CODE,
    FROM,
    FULL_UNIT,
    INDUSTRY,
    JOB_CATEGORY,
    NAME,
    NATURE,
    PAY,
    PAY_AT_LEAST,
    POST,
    REMARK,
    SIGNED_ON,
    TERM,
    TRANSFER,
    UNIT,
    UNTIL,
    WHERE,
    agreement_checks,
    all_of,
    asked_when,
    dates_in_order,
    file_has_receiver,
    home_office,
    is_abroad,
    optional,
    picture,
    place_is_exact,
    subkinds,
    unit_checks,
)

OTHERS = "培养方式为定向、委培（不可网签）的毕业生不能选。"
NOT_PRACTICE = "实习、见习协议不算。"
EMPLOYMENT = Group.EMPLOYMENT

CONTRACT = Destination(
    "contract", "签劳动合同就业", EMPLOYMENT, "11",
    Sheet(
        "Contract",
        (
            *FULL_UNIT, JOB_CATEGORY, POST,
            Field("term", "合同期限", "choice", choices=(("fixed", "固定期限"), ("open", "无固定期限")), group=TERM),
            replace(FROM, label="合同开始日期"), *asked_when((replace(UNTIL, label="合同结束日期"),), "term", "fixed"), PAY,
        ),
        check=unit_checks,
    ),
    Guide(
        "和用人单位签了劳动合同（聘用合同），没有签就业协议书。" + NOT_PRACTICE,
        "劳动合同：单位盖章、本人签字的各页都要拍全，看得清合同期限和薪酬。",
        "已经和单位签好劳动合同的毕业生。又签合同又签就业协议书的，按签就业协议书登记。" + OTHERS,
    ),
    proofs=(picture("contract", "劳动合同", "盖章、签字的各页都要有", most=20),),
    editions=EVERY_EDITION, labels=MappingProxyType({"2022": "签劳动合同形式就业"}),
    found=("unit.contract",), answer="签了劳动合同",
)  # fmt: skip

RECRUITMENT_LETTER = Destination(
    "recruitment_letter", "提供公招接收函就业", EMPLOYMENT, "10",
    Sheet("RecruitmentLetter", (*FULL_UNIT, JOB_CATEGORY, POST, SIGNED_ON, *TRANSFER), check=agreement_checks),
    Guide(
        "通过公务员、事业单位、国有企业等公开招考，由单位或上级主管部门出接收函，不签就业协议书。",
        "公招接收函或录用通知，盖录用单位或上级主管部门的公章。",
        "已经公示录用、拿到接收函的毕业生。还在备考的，选「拟参加公招考试」。" + OTHERS,
    ),
    proofs=(picture("letter", "接收函或录用通知", "单位或上级主管部门盖章"),), derive=home_office,
    found=("unit.letter",), answer="公务员、事业单位、国有企业等公开招考录用",
)  # fmt: skip

HIRED = Destination(
    "hired", "其他录用证明就业", EMPLOYMENT, "12",
    Sheet(
        "Hired",
        (
            NAME, CREDIT_CODE, NATURE, INDUSTRY, AREA, *optional((ADDRESS, *CONTACTS)), JOB_CATEGORY, POST,
            replace(FROM, label="聘期开始日期"), *optional((replace(UNTIL, label="聘期结束日期", hint="没有约定的，空着"),)),
            PAY_AT_LEAST,
        ),
        check=all_of(place_is_exact, dates_in_order),
    ),
    Guide(
        "已经在单位工作，没有签就业协议书也没有签劳动合同，只有单位的聘用证明或工资收入记录。薪酬不低于当地最低工资标准。" + NOT_PRACTICE,
        "用人单位出具的聘用证明，或者本人的工资收入流水，有一种就可以。",
        "签不了协议和合同，但确实受雇的毕业生。能签的，先和单位签。" + OTHERS,
    ),
    proofs=(picture("hired", "聘用证明或收入流水", "有一种就可以，写明岗位、聘期和薪酬"),),
    editions=EVERY_EDITION, labels=MappingProxyType({"2022": "其他录用形式就业（聘用证明）"}),
    found=("unit.certificate",), answer="在单位上班，只有聘用证明或工资收入记录",
)  # fmt: skip

DIRECTED = Destination(
    "directed", "定向/委培毕业去向补充登记", EMPLOYMENT, "10",
    Sheet(
        "Directed", (*optional((JOB_CATEGORY, POST)), *optional((SIGNED_ON,)), *TRANSFER, REMARK),
        check=all_of(dates_in_order, file_has_receiver),
    ),
    Guide(
        "入学时已签定向或委托培养协议，毕业后回协议单位就业。单位由学校上传，本人不能修改。",
        "定向或委托培养协议。",
        "只有培养方式为定向、委培（不可网签）的毕业生，也只能选这一类。单位或培养方式有误的，请联系学校就业部门修改。",
    ),
    proofs=(picture("directed", "定向/委培协议", "单位、学校盖章的各页", most=12),),
    derived=(Field("name", "定向/委培单位", group=UNIT),),
    derive=lambda kept, around: {"name": around.directed_unit, **home_office(kept, around)},
    editions=EVERY_EDITION, for_training="directed",
)  # fmt: skip

FREELANCE = Destination(
    "freelance", "自由职业", EMPLOYMENT, "76",
    Sheet(
        "Freelance",
        (
            Field("post", "职业内容", limit=60, hint="做什么，例如：自由撰稿、翻译、视频制作"),
            replace(INDUSTRY, label="所属行业", group=""), *optional((replace(JOB_CATEGORY, group=""),)),
            replace(AREA, label="主要从业地", group=""),
            replace(PAY_AT_LEAST, label="月收入", hint="最近几个月的平均数，不低于当地最低工资标准，否则不能按这一类登记", group=""),
            REMARK,
        ),
    ),
    Guide(
        "不受雇于一家单位，以自己的劳动取得收入，例如作家、自由撰稿人、翻译、经纪、艺术工作、互联网营销、全媒体运营、电子竞技等。"
        "收入不低于当地最低工资标准。",
        "本人签字的声明，写明做什么、收入多少；另附收入证明。由学院、学校就业部门负责人审定。",
        "已经在做、有收入的毕业生。打算做、还没有开始的，按未就业登记。" + OTHERS,
    ),
    proofs=(picture("statement", "本人签字的声明"), picture("income", "收入证明", "转账记录、平台收入截图等")),
    editions=EVERY_EDITION,
    found=("own.started",), answer="没有开公司，靠自己的专长接活、有收入",
)  # fmt: skip

PROGRAMME = (
    replace(NAME, label="服务单位名称"), *optional((CREDIT_CODE,)), replace(AREA, label="服务单位所在地"), *optional((ADDRESS,)),
    *optional((replace(POST, group=UNIT),)), replace(FROM, label="服务期开始日期"), replace(UNTIL, label="服务期结束日期"),
)  # fmt: skip
PROGRAMME_PROOFS = (picture("hired", "录用文件或接收证明", "录用文件、有关部门的接收证明、服务协议，有一种就可以"),)

NATIONAL_PROGRAMME = Destination(
    "national_programme", "国家基层项目", EMPLOYMENT, "50",
    Sheet("NationalProgramme", (subkinds("501", "502", "503", label="项目类别"), *PROGRAMME), check=all_of(place_is_exact, dates_in_order)),
    Guide(
        "参加国家组织的基层项目：特岗教师、三支一扶、西部计划。",
        "录用文件，或者有关部门的接收证明、服务协议，有一种就可以。",
        "已经录用的毕业生。地方自己组织的项目，选「地方基层项目」。" + OTHERS,
    ),
    proofs=PROGRAMME_PROOFS, subkind="subkind", editions=EVERY_EDITION,
    found=("unit.programme",), answer="国家的项目：特岗教师、三支一扶、西部计划",
)  # fmt: skip

LOCAL_PROGRAMME = Destination(
    "local_programme", "地方基层项目", EMPLOYMENT, "51",
    Sheet(
        "LocalProgramme",
        (
            subkinds("511", "512", "513", "514", "515", "519", label="项目类别"),
            *asked_when((Field("programme", "项目名称", limit=60),), "subkind", "519"), *PROGRAMME,
        ),
        check=all_of(place_is_exact, dates_in_order),
    ),
    Guide(
        "参加省、市、县组织的基层项目：特岗教师、选调生、农技特岗、乡村医生、乡村教师等。",
        "录用文件，或者有关部门的接收证明、服务协议，有一种就可以。",
        "已经录用的毕业生。国家的特岗教师、三支一扶、西部计划，选「国家基层项目」。" + OTHERS,
    ),
    proofs=PROGRAMME_PROOFS, subkind="subkind", editions=EVERY_EDITION,
    found=("unit.programme",), answer="地方的项目：特岗教师、选调生、农技特岗、乡村医生、乡村教师等",
)  # fmt: skip

ASSISTANT_ONLY, POSTDOC_ONLY = "271", "272"
ASSISTANT = Destination(
    "assistant", "科研助理管理助理", EMPLOYMENT, "27",
    Sheet(
        "Assistant",
        (
            subkinds(ASSISTANT_ONLY, POSTDOC_ONLY), replace(NAME, hint="聘用或进站单位，填全称"), CREDIT_CODE,
            NATURE, INDUSTRY, AREA, *optional((ADDRESS, *CONTACTS)), *optional((JOB_CATEGORY,)),
            *asked_when((POST, replace(FROM, label="聘期开始日期"), replace(UNTIL, label="聘期结束日期"), PAY_AT_LEAST), "subkind", ASSISTANT_ONLY),
            *asked_when((Field("entered_on", "进站日期", "date", group=TERM),), "subkind", POSTDOC_ONLY),
        ),
        check=all_of(place_is_exact, dates_in_order),
    ),
    Guide(
        "受聘为高校、科研机构或企业的科研助理、管理助理；博士后进站也在这里登记。薪酬不低于当地最低工资标准。",
        "科研助理、管理助理：聘用证明或协议。博士后：进站函或录用通知。",
        "已经受聘的毕业生，或者已经进站的博士毕业生。到境外做博士后的，选「出国出境深造」。" + OTHERS,
    ),
    subkind="subkind",
    proofs_of_subkind=MappingProxyType({
        ASSISTANT_ONLY: (picture("hired", "聘用证明或协议", "写明岗位、聘期和薪酬"),),
        POSTDOC_ONLY: (picture("entered", "博士后进站函或录用通知"),),
    }),
    editions=EVERY_EDITION, labels=MappingProxyType({"2022": "科研助理管理助理（含博士后入站）"}),
    found=("unit.certificate", "unit.letter"), answer="当科研助理、管理助理，或者博士后进站",
)  # fmt: skip

CONSCRIPT = Destination(
    "conscript", "应征义务兵", EMPLOYMENT, "46",
    Sheet(
        "Conscript",
        (
            Field("area", "入伍地", "lookup", table="admin_divisions", hint="征兵办公室所在的区县；" + WHERE),
            Field("from_on", "入伍日期", "date", hint="通知书上的日期"),
        ),
        check=place_is_exact,
    ),
    Guide(
        "应征入伍，服义务兵役。",
        "预定兵通知书，或者入伍通知书，有一种就可以。",
        "已经拿到通知书的毕业生。打算报名、还没有定的，选「拟应征入伍」；到部队当军官或文职人员的，选「部队军官或文职人员」。" + OTHERS,
    ),
    proofs=(picture("notice", "预定兵通知书或入伍通知书"),), editions=EVERY_EDITION,
    found=("army.soldier",), answer="应征义务兵",
)  # fmt: skip

COMPANY, INCUBATED, SHOP = "751", "752", "753"
STARTUP = Destination(
    "startup", "自主创业", EMPLOYMENT, "75",
    Sheet(
        "Startup",
        (
            subkinds(COMPANY, INCUBATED, SHOP, label="创业形式"),
            *asked_when(
                (
                    replace(NAME, label="企业名称", hint="与营业执照一致"), CREDIT_CODE,
                    Field("part", "本人角色", "choice", choices=(("legal", "法定代表人"), ("share", "股东"), ("owner", "个体经营者")), group=UNIT),
                ),
                "subkind", COMPANY,
            ),
            *asked_when(
                (Field("incubator", "孵化机构名称", limit=120, hint=FULL_UNIT[0].hint, group=UNIT), Field("project", "项目名称", limit=60, group=UNIT)),
                "subkind", INCUBATED,
            ),
            *asked_when(
                (
                    Field("shop", "网店名称", limit=120, group=UNIT), Field("platform", "平台", limit=40, group=UNIT),
                    Field("link", "网址", limit=200, group=UNIT),
                ),
                "subkind", SHOP,
            ),
            replace(AREA, label="所在地"), replace(INDUSTRY, label="所属行业"), *optional((replace(JOB_CATEGORY, group=UNIT),)),
        ),
        check=place_is_exact,
    ),
    Guide(
        "自己创办公司或个体工商户，在孵化机构里创业，或者开网店，以此为业。",
        "创立公司：营业执照，以及本人是法定代表人、股东或经营者的证明。孵化机构：入孵协议或证明。电子商务：网店信息截图和收入流水。",
        "已经创业的毕业生。打算创业、还没有开始的，选「拟创业」。" + OTHERS,
    ),
    subkind="subkind",
    proofs_of_subkind=MappingProxyType({
        COMPANY: (picture("licence", "营业执照"), picture("holder", "法定代表人、股东或经营者证明", "股东名册、登记信息截图等")),
        INCUBATED: (picture("incubation", "入孵协议或证明", "孵化机构盖章"),),
        SHOP: (picture("shop", "网店信息截图", "看得到店名、网址和经营者"), picture("income", "收入流水")),
    }),
    reported=MappingProxyType({"employer_name": ("name", "incubator", "shop")}), editions=EVERY_EDITION,
    found=("own.started",), answer="开了公司、个体户、网店，或者入驻孵化机构",
)  # fmt: skip

MILITARY = Destination(
    "military", "部队军官或文职人员", EMPLOYMENT, "10",
    Sheet(
        "Military",
        (
            Field("rank", "身份", "choice", choices=(("officer", "军官"), ("sergeant", "军士"), ("civilian", "文职人员"))),
            replace(NAME, label="接收单位名称", hint="填通知上对外公开的名称，不写涉密信息"), replace(AREA, label="接收单位所在地", hint="能公开到哪一级，就填到哪一级"),
            JOB_CATEGORY, *optional((POST,)), SIGNED_ON, *optional(CONTACTS), *TRANSFER,
        ),
        check=all_of(dates_in_order, file_has_receiver),
    ),
    Guide(
        "到部队当军官、军士，或者当文职人员。",
        "部队接收函，或者录用通知。",
        "已经录用的毕业生。服义务兵役的，选「应征义务兵」。" + OTHERS,
    ),
    proofs=(picture("letter", "部队接收函或录用通知", "有涉密内容的，先遮住再拍"),),
    derived=(NATURE,), derive=lambda kept, around: {"nature": "40", **home_office(kept, around)},
    found=("army.officer", "unit.letter"), answer="到部队当军官、军士或者文职人员",
)  # fmt: skip

RESIDENT = Destination(
    "resident", "医学规培生", EMPLOYMENT, "10",
    Sheet(
        "Resident",
        (
            replace(NAME, label="规培单位名称"), *FULL_UNIT[1:], JOB_CATEGORY, replace(POST, label="规培专业"), SIGNED_ON,
            replace(FROM, label="规培开始日期"), *optional((replace(UNTIL, label="规培结束日期"),)), *TRANSFER,
        ),
        check=agreement_checks,
    ),
    Guide(
        "参加住院医师规范化培训。",
        "规培协议，或者培训基地的录取通知。",
        "已经被培训基地录取的医学毕业生。读研同时规培的，选「境内升学」。" + OTHERS,
    ),
    proofs=(picture("residency", "规培协议或录取通知", "培训基地盖章"),), derive=home_office,
    found=("unit.letter",), answer="参加住院医师规范化培训",
)  # fmt: skip

ABROAD = (
    Field("name", "单位中文名称", limit=120, group=UNIT), Field("name_foreign", "单位外文名称", limit=120, group=UNIT),
    replace(COUNTRY, group=UNIT), Field("address", "单位地址", required=False, hint="国家以下，写到城市和街道", group=UNIT),
)  # fmt: skip

INTERNATIONAL_ORGANISATION = Destination(
    "international_organisation", "国际组织任职", EMPLOYMENT, "10",
    Sheet(
        "InternationalOrganisation",
        (
            replace(ABROAD[0], label="组织中文名称"), replace(ABROAD[1], label="组织外文名称"), replace(COUNTRY, label="任职国家（地区）", group=UNIT), ABROAD[3],
            JOB_CATEGORY, POST, SIGNED_ON, replace(FROM, label="任职开始日期"), *optional((replace(UNTIL, label="任职结束日期"),)),
            *optional(CONTACTS), *TRANSFER,
        ),
        check=all_of(dates_in_order, file_has_receiver),
    ),
    Guide(
        "到联合国等国际组织任职。",
        "国际组织的录用函。",
        "已经录用的毕业生，在境内的办事机构任职也选这一类。" + OTHERS,
    ),
    proofs=(picture("letter", "国际组织录用函"),), derive=home_office,
    found=("unit.abroad",), answer="到联合国等国际组织任职",
)  # fmt: skip

WORK_ABROAD = Destination(
    "work_abroad", "出国出境工作", EMPLOYMENT, "10",
    Sheet(
        "WorkAbroad",
        (*ABROAD, JOB_CATEGORY, POST, SIGNED_ON, replace(FROM, label="工作开始日期"), *optional(CONTACTS), *TRANSFER),
        check=all_of(dates_in_order, is_abroad, file_has_receiver),
    ),
    Guide(
        "到境外单位工作，包括港澳台地区。",
        "境外单位的接收证明，或者工作签证，有一种就可以。",
        "已经被境外单位录用的毕业生。由境内单位派出的，按和境内单位签的协议或合同登记；去读书的，选「出国出境深造」。" + OTHERS,
    ),
    proofs=(picture("letter", "境外单位接收证明或工作签证"),), derive=home_office,
    found=("unit.abroad",), answer="到境外的单位工作",
)  # fmt: skip

AT_HOME, ELSEWHERE = ("letter", "sergeant", "resident"), ("organisation", "abroad")
SIGNED_OTHERWISE = Destination(
    "signed_otherwise", "签就业协议形式就业", EMPLOYMENT, "10",
    Sheet(
        "SignedOtherwise",
        (
            Field("subkind", "类别", "choice", choices=(
                ("letter", "公招接收函"), ("sergeant", "士官"), ("resident", "医学规培"), ("organisation", "国际组织任职"), ("abroad", "出国出境工作"),
            )),
            NAME, *asked_when((CREDIT_CODE,), "subkind", "letter", "resident"),
            *asked_when((NATURE, INDUSTRY, AREA), "subkind", *AT_HOME),
            *asked_when((ABROAD[1], COUNTRY), "subkind", *ELSEWHERE), *optional((ADDRESS, *CONTACTS)), JOB_CATEGORY, POST, SIGNED_ON, *TRANSFER,
        ),
        check=all_of(place_is_exact, dates_in_order, file_has_receiver),
    ),
    Guide(
        "不签就业协议书、但等同于签协议的就业：公招接收函、士官、医学规培、国际组织任职、出国出境工作。",
        "录用单位或上级主管部门的接收函、录用通知、规培协议、国际组织录用函、境外单位接收证明或工作签证。",
        "已经录用的毕业生。签了就业协议书的，按签就业协议书登记。" + OTHERS,
    ),
    proofs=(picture("letter", "接收函或录用证明", "按所选类别，拍接收函、录用通知、规培协议、录用函或工作签证"),), subkind="subkind",
    derive=home_office, editions=ONLY_2022,
    found=("unit.letter", "unit.abroad", "army.officer"), answer="公招接收函、士官、医学规培、国际组织任职、出国出境工作",
)  # fmt: skip

# In the order of the guides.
DESTINATIONS = (
    SIGNED_OTHERWISE, CONTRACT, RECRUITMENT_LETTER, HIRED, DIRECTED, FREELANCE, NATIONAL_PROGRAMME, LOCAL_PROGRAMME, ASSISTANT, CONSCRIPT,
    STARTUP, MILITARY, RESIDENT, INTERNATIONAL_ORGANISATION, WORK_ABROAD,
)  # fmt: skip
