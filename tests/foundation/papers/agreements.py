"""Agreements as the registration room would write them, for the tests of documents and for the bench."""

from typing import Any

LONG_TERMS = "乙方报到前须通过入职体检；甲方为乙方提供人才公寓一间，租金按照当地标准收取。" * 3


def row(label: str, value: str | None, empty: str = "未填写") -> dict[str, Any]:
    return {"label": label, "value": value, "empty": empty}


def agreement(form: str = "three_party", name: str = "陈诚", **given: Any) -> dict[str, Any]:
    """Values of an online agreement with every field of its declaration filled in, two optional ones left open."""
    employer, university = "星河精密制造（东莞）有限公司", "江海大学"
    school_title = {"two_party": "鉴证方（毕业院校）", "three_party": "丙方（毕业院校）"}[form]
    school_mark, school_act = {"two_party": ("线上鉴证", "学校鉴证"), "three_party": ("线上审核", "学校审核")}[form]
    return {
        "form": form,
        "title": "全国高校毕业生就业协议书",
        "kind": "线上签约",
        "number": "2026412345678901234",
        "qr": "2026412345678901234",
        "blocks": [
            {
                "title": "甲方（用人单位）",
                "rows": [
                    row("单位名称", employer),
                    row("统一社会信用代码", "91441900MA4UQXHT2K"),
                    row("单位性质", "民营企业"),
                    row("单位行业", "计算机、通信和其他电子设备制造业"),
                    row("通讯地址", "广东省东莞市松山湖高新技术产业开发区"),
                    row("详细地址", "科技九路 8 号星河产业园 3 栋 1201 室"),
                    row("单位联系人", "欧阳敏"),
                    row("联系人固话", "0769-22330011"),
                    row("联系人手机", "13800138000"),
                    row("联系人邮箱", "hr@xinghe.example.com"),
                ],
            },
            {
                "title": "乙方（毕业生）",
                "rows": [
                    row("姓名", name),
                    row("性别", "男"),
                    row("身份证号", "32010220030515123X"),
                    row("民族", "汉族"),
                    row("政治面貌", "共青团员"),
                    row("毕业院校", university),
                    row("学历", "本科生毕业"),
                    row("专业", "机械设计制造及其自动化"),
                    row("学制", "4 年"),
                    row("培养方式", "非定向"),
                    row("学号", "2022010315"),
                    row("生源所在地", "江苏省南京市玄武区"),
                    row("毕业时间", "202606"),
                    row("手机号码", "13900139000"),
                    row("电子邮箱", "chencheng@mail.example.com"),
                ],
            },
            {
                "title": school_title,
                "rows": [
                    row("院校名称", university),
                    row("就业协议经办人", "李华"),
                    row("联系电话", "025-83590000"),
                    row("邮政编码", "210093"),
                    row("学校通讯地址", "江苏省南京市鼓楼区汉口路 22 号大学生就业指导中心 105 室"),
                ],
            },
            {
                "title": "约定事项",
                "rows": [
                    row("职位类别", "工程技术人员"),
                    row("岗位名称", "结构工程师"),
                    row("试用期", "3 个月"),
                    row("试用起薪", "8000 元/月", "未约定"),
                    row("转正起薪", "10000 元/月", "未约定"),
                    row("违约金", None, "未约定"),
                    row("报到地点", "东莞市松山湖星河产业园人力资源部", "未约定"),
                    row("报到期限", "2026-07-10", "未约定"),
                    row("实际工作地点", "广东省东莞市", "未约定"),
                    row("协议补充内容", LONG_TERMS, "未约定"),
                ],
            },
            {
                "title": "档案转递",
                "rows": [
                    row("档案转递类型", "签约单位接收"),
                    row("转递单位联系人", "周宁"),
                    row("转递单位名称", "东莞市人才服务中心"),
                    row("转递单位邮编", "523000"),
                    row("转递单位地址", "东莞市南城街道元美东路 5 号"),
                    row("转递联系电话", "0769-22110099"),
                ],
            },
            {"title": "户口迁移", "rows": [row("户口迁移类型", "不迁户口"), row("户口迁移地址", "")]},
            {
                "title": "签约过程",
                "rows": [
                    row("邀约时间", "2026-03-01 10:22:31"),
                    row("应约有效期", "3 天"),
                    row("应约截止时间", "2026-03-05 00:00:00"),
                    row("应约时间", "2026-03-02 20:05:09"),
                ],
            },
        ],
        "marks": [
            {
                "party": "甲方（用人单位）",
                "name": employer,
                "mark": "线上签约",
                "rows": [{"label": "发出邀约", "value": "2026-03-01 10:22:31"}],
            },
            {
                "party": "乙方（毕业生）",
                "name": name,
                "mark": "线上签约",
                "rows": [{"label": "确认应约", "value": "2026-03-02 20:05:09"}],
            },
            {
                "party": school_title,
                "name": university,
                "mark": school_mark,
                "rows": [
                    {"label": "学院审核", "value": "2026-03-03 09:00:12"},
                    {"label": school_act, "value": "2026-03-03 15:41:50"},
                ],
            },
        ],
        "made_at": "2026-03-03T15:41:50+08:00",
        **given,
    }
