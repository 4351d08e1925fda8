"""The fields of this room's forms: settings, accounts, contacts, flags, and what a unit says of itself."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import forms

from qicheng.foundation import codes
from qicheng.foundation.access import Area, Level, Role, Tier
from qicheng.foundation.access.passwords import weakness
from qicheng.foundation.codes import divisions
from qicheng.foundation.kit.identity import FORMS, NotValid, credit_code
from qicheng.foundation.sheets import Field, Sheet

from .models import KEY_SCOPES, AgreementForm, Edition, Module, ReviewMode, SignOnProtocol, WebhookTopic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# ---- settings


def postcode_is_one(given: Mapping[str, Any]) -> dict[str, str]:
    """Six digits, the first of them 0 to 8."""
    text = given.get("postcode") or ""
    return {} if not text or FORMS["postcode"].fullmatch(text) else {"postcode": "邮政编码是 6 位数字"}


SWITCHES = (
    Field("online_signing", "在线签约", "switch", hint="开启后，补登和填报去向登记同时开启，名单不能再批量删除。"),
    Field("supplementary", "补登", "switch", hint="允许毕业生补登已经签好的协议。"),
    Field("destination", "填报去向登记", "switch", hint="允许毕业生登记升学、创业等其他去向。"),
)
SIGNING = Sheet(
    "Signing",
    (
        *SWITCHES,
        Field("review_mode", "审核方式", "choice", choices=tuple(ReviewMode.choices)),
        Field(
            "dissolution_limit", "毕业生可申请解约的次数", "whole", low=0, high=99, unit="次", hint="0 到 99 的整数。"
        ),
        Field(
            "long_wait", "等多久算久", "whole", low=1, high=30, unit="个工作日",
            hint="1 到 30 的整数。等到这么久，会列入「久等清单」，并提醒轮到的人。",
        ),
    ),
)  # fmt: skip

# The same of a module of transfer: archive or household (SET-09).
TRANSFER = Sheet(
    "Transfer",
    (
        Field("is_on", "开放登记", "switch", hint="开启后，审核通过的签约和去向会把信息同步过来，毕业生可以申请修改。"),
        SIGNING["review_mode"],
    ),
)

HANDLER = Sheet(
    "Handler",
    (
        Field("tier", "负责的学历层次", "choice", choices=tuple((t.value, t.label) for t in Tier)),
        Field("name", "经办人姓名", limit=40),
        Field("phone", "经办人电话", "phone"),
        Field("address", "学校通讯地址", limit=200, hint="会印在协议书上，写到街道门牌号。"),
        Field("postcode", "邮政编码", limit=6),
    ),
    check=postcode_is_one,
)

PROVINCE = Sheet(
    "Province",
    (
        Field("agreement_form", "就业协议书类型", "choice", choices=tuple(AgreementForm.choices),
              hint="两方协议由学校鉴证，三方协议由学校审核。协议书用固定模板。"),
        *(Field(module.value, module.label, "switch") for module in Module),
    ),
)  # fmt: skip

COHORT = Sheet(
    "Cohort",
    (
        Field("year", "毕业年份", "whole", low=2000, high=2099, unit="届"),
        Field("edition", "执行的规则版本", "choice", choices=tuple(Edition.choices)),
    ),
)
NEW_PROVINCE = Sheet("NewProvince", (Field("code", "行政区划代码", limit=6), Field("name", "名称", limit=60)))
NEW_SCHOOL = Sheet(
    "NewSchool",
    (Field("code", "院校代码", limit=5, hint="5 位数字"), Field("name", "学校名称", limit=60)),
    check=lambda given: (
        {} if FORMS["school_code"].fullmatch(given.get("code") or "") else {"code": "院校代码是 5 位数字"}
    ),
)
REASON = Sheet(
    "Reason",
    (
        Field(
            "purpose",
            "用在",
            "choice",
            choices=(("reject", "审核不通过"), ("return", "退回修改"), ("void", "作废协议")),
        ),
        Field("words", "原因", limit=100),
    ),
)


def server_is_one(given: Mapping[str, Any]) -> dict[str, str]:
    """The address of a log-in server, as far as it was filled in."""
    return _address_is_one(given, "server")


def receiver_is_one(given: Mapping[str, Any]) -> dict[str, str]:
    """The address of a webhook, as far as it was filled in."""
    return _address_is_one(given, "address")


def _address_is_one(given: Mapping[str, Any], key: str) -> dict[str, str]:
    """An address over TLS and nothing else in it; this machine's own may go without where the deployment lets it be asked."""
    address = given.get(key) or ""
    try:
        parts = urlsplit(address)
        plain = parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
        )
        plain = plain and bool(parts.hostname) and address.isascii() and address.isprintable() and parts.port != 0
    except ValueError:
        plain = False
    if not address or (plain and not parts.username and not parts.query and not parts.fragment and " " not in address):
        return {}
    return {key: "地址以 https:// 开头，不带问号和井号后面的内容"}


SIGN_ON = Sheet(
    "SignOn",
    (
        Field("protocol", "协议", "choice", choices=tuple(SignOnProtocol.choices)),
        Field(
            "server", "服务地址", hint="CAS 填到 /login 之前，如 https://sso.example.edu.cn/cas；OpenID Connect 填 issuer。以 https 开头。"
        ),
        Field("client_id", "客户端编号", when=("protocol", (SignOnProtocol.OPENID.value,)), hint="OpenID Connect 才填，信息中心登记本平台时给的 client_id。"),
        Field(
            "secret", "客户端密钥", required=False, when=("protocol", (SignOnProtocol.OPENID.value,)),
            hint="加密保存，不再显示。留空就用原来的；换了服务地址或客户端编号，要重新填。",
        ),
        Field(
            "claim", "哪一项是学号、工号", required=False, limit=60,
            hint="认证服务返回的属性名，如 xgh、employeeNumber。留空就用账号名（CAS 的 user，OpenID Connect 的 sub）。",
        ),
    ),
    check=server_is_one,
)  # fmt: skip


# ---- keys of the API


@cache
def key_sheet(role: Role) -> Sheet:
    """What whoever makes a key for a unit of that role fills in (SYN-02)."""
    return Sheet(
        "Key",
        (
            Field("name", "名称", limit=30, hint="写清楚是哪个系统，例如「教务系统」。用它做的每一步，记录里都写着这个名称。"),
            Field("scopes", "权限", "several", choices=tuple((one.value, one.label) for one in KEY_SCOPES[role]), hint="只选要用的。"),
            Field("days", "有效期", "choice", choices=(("90", "90 天"), ("180", "180 天"), ("365", "一年"))),
            Field("a_minute", "每分钟最多", "whole", low=1, high=600, unit="次", hint="超过的会被告知稍后再来。"),
            Field(
                "networks", "可用地址", "long", required=False, limit=400,
                hint="只能从这些 IP 地址或网段使用，用逗号分开，例如 203.0.113.0/24。留空就不限制。",
            ),
        ),
    )  # fmt: skip


# ---- webhooks

WEBHOOK = Sheet(
    "Webhook",
    (
        Field("name", "名称", limit=30, hint="写清楚是哪个系统，例如「教务系统」。"),
        Field("address", "接收地址", limit=300, hint="以 https:// 开头的完整地址，例如 https://jw.example.edu.cn/qicheng。要在公网上，平台不访问内网。"),
        Field("topics", "通知哪些变化", "several", choices=tuple(WebhookTopic.choices), hint="只选要用的。"),
    ),
    check=receiver_is_one,
)  # fmt: skip
WEBHOOK_SPAN = Sheet("WebhookSpan", (Field("first", "从哪天", "date"), Field("last", "到哪天", "date")))


# ---- accounts and contacts


def account_sheet(
    role: Role, given: Mapping[Area, Sequence[Level]], *, where: Sequence[tuple[str, str]] = (), tiers: Sequence[Tier] = (),
    is_new: bool = True, may_be_administrator: bool = False,
) -> Sheet:  # fmt: skip
    """The form of an account of that role: what may be chosen is what whoever fills it in may give (ORG-05, ORG-07)."""
    fields: list[Field] = []
    if is_new:
        if role is Role.COLLEGE:
            fields.append(Field("college", "院系名称", limit=60, hint="与名单里的院系名称一字不差。"))
        elif where:
            fields.append(Field("node", "所属单位", "choice", choices=tuple(where)))
        fields.append(Field("login", "登录名", limit=30, hint="4 到 30 位字母、数字、点、横线或下划线。"))
    fields.append(Field("name", "使用人姓名", limit=60))
    fields.append(Field("phone", "手机号", "mobile", required=False, hint="可以用来登录。"))
    for area, levels in given.items():
        choices = tuple((str(int(level)), level.label) for level in levels)
        fields.append(Field(area.value, area.label, "choice", choices=choices))
    if role is Role.SCHOOL and tiers:
        fields.append(Field("tier", "负责的学历层次", "choice", choices=tuple((t.value, t.label) for t in tiers)))
    if may_be_administrator:
        fields.append(Field("is_administrator", "可以创建同级账号", "switch"))
    if role in (Role.SCHOOL, Role.COLLEGE):
        fields.append(
            Field(
                "sign_on_name",
                "统一身份认证工号",
                required=False,
                limit=60,
                hint="学校开启统一身份认证登录后，凭这个工号对应到账号。",
            )
        )
    return Sheet("Account", tuple(fields), check=login_is_plain if is_new else None)


def login_is_plain(given: Mapping[str, Any]) -> dict[str, str]:
    """A log-in name is short, plain and no telephone number: those are looked up as such."""
    login = given.get("login") or ""
    plain = all(sign.isascii() and (sign.isalnum() or sign in ".-_") for sign in login)
    if not login:
        return {}
    if not plain or len(login) < 4:
        return {"login": "登录名要 4 到 30 位，只用字母、数字、点、横线和下划线"}
    if login.isdigit() or (len(login) == 18 and login[:17].isdigit()):
        return {"login": "登录名里至少有一个字母，免得与手机号、证件号混淆"}
    return {}


CONTACT = Sheet(
    "Contact",
    (
        Field("name", "联系人", limit=40, hint="例如：就业中心 钱老师"),
        Field("phone", "联系电话", "phone"),
        Field("hours", "接听时间", required=False, limit=60, hint="例如：工作日 8:30–17:30"),
        Field("tier", "面向的学历层次", "choice", choices=tuple((t.value, t.label) for t in Tier)),
    ),
)

# ---- employers


def unit_is_true(given: Mapping[str, Any]) -> dict[str, str]:
    """The credit code by its check digits (EMP-01), the area to its finest level, one telephone at least."""
    wrong: dict[str, str] = {}
    try:
        credit_code(given.get("credit_code") or "", is_kind=codes.table("uscc_prefixes").has)
    except NotValid as fault:
        if given.get("credit_code"):
            wrong["credit_code"] = str(fault)
    return wrong | area_is_finest(given) | one_telephone(given)


def area_is_finest(given: Mapping[str, Any]) -> dict[str, str]:
    """Down to the county where the division has any."""
    code = given.get("area") or ""
    return {"area": f"{divisions.full_name(code)}下面还要选一级"} if code and divisions.children(code) else {}


def one_telephone(given: Mapping[str, Any]) -> dict[str, str]:
    """A landline or a mobile number: one is enough."""
    return {} if given.get("phone") or given.get("mobile") else {"mobile": "固话和手机填一个就行，现在都空着"}


CONTACT_FIELDS = (
    Field("contact", "联系人", limit=40),
    Field("phone", "联系人固话", "phone", required=False, hint="固话和手机填一个就行。"),
    Field("mobile", "联系人手机", "mobile", required=False),
    Field("email", "联系人邮箱", "email", limit=60),
)
UNIT_FIELDS = (
    Field("name", "单位名称", limit=120, hint="与营业执照或登记证书一致。"),
    Field("credit_code", "统一社会信用代码", limit=40, hint="18 位，在营业执照或登记证书上。"),
    Field("nature", "单位性质", "code", table="unit_nature"),
    Field("industry", "单位行业", "code", table="unit_industry"),
    Field("area", "单位所在地", "area"),
    Field("address", "详细地址", hint="写到街道门牌号。"),
)
# All that a unit says of itself; UNIT alone is what only the operator changes afterwards (EMP-02).
WHOLE = Sheet("Whole", (*UNIT_FIELDS, *CONTACT_FIELDS), check=unit_is_true)
UNIT = Sheet("Unit", UNIT_FIELDS, check=lambda given: {k: v for k, v in unit_is_true(given).items() if k != "mobile"})
REACH = Sheet("Reach", CONTACT_FIELDS, check=one_telephone)
APPLICANT = Sheet(
    "Applicant",
    (
        Field("login", "登录名", limit=30, hint="4 到 30 位字母、数字、点、横线或下划线。", autocomplete="username"),
        Field("applicant", "你的姓名", limit=60, autocomplete="name"),
    ),
    check=login_is_plain,
)


def plain_code(text: str) -> str:
    """The credit code as it is kept, whatever way it was written."""
    return credit_code(text).number


def flag_is_true(given: Mapping[str, Any]) -> dict[str, str]:
    """The credit code by its check digits, and a link that a browser opens as a page (WRN-01)."""
    wrong: dict[str, str] = {}
    try:
        credit_code(given.get("credit_code") or "")
    except NotValid as fault:
        if given.get("credit_code"):
            wrong["credit_code"] = str(fault)
    return wrong | link_is_a_page(given)


def link_is_a_page(given: Mapping[str, Any]) -> dict[str, str]:
    """A link, where there is one, is an address of the web without gaps."""
    link = given.get("link") or ""
    if not link or re.fullmatch(r"https?://[^\s/]+(/\S*)?", link):
        return {}
    return {"link": "网址以 http:// 或 https:// 开头，从浏览器地址栏复制过来"}


# A change leaves the code alone: another code is another unit.
ON_FLAG = (
    Field("name", "单位名称", limit=120),
    Field("nature", "单位性质", "code", table="unit_nature"),
    Field("industry", "单位行业", "code", table="unit_industry"),
    Field("kind", "违规类型", "code", table="warning_unit_types"),
    Field("note", "情况说明", "long", limit=200, hint="本校毕业生和审核人会看到这段话，写清楚要提防什么。"),
    Field("evidence", "依据", "long", limit=1000, hint="看到了什么，在哪里看到的。只有本校和上级用户能看到。"),
    Field("link", "依据的网址", required=False, limit=300),
)
FLAG = Sheet(
    "Flag",
    (
        ON_FLAG[0],
        Field(
            "credit_code",
            "统一社会信用代码",
            limit=40,
            hint="18 位。提醒按代码显示，名称相同、代码不同的单位不受影响。",
        ),
        *ON_FLAG[1:],
    ),
    check=flag_is_true,
)
FLAG_CHANGE = Sheet("FlagChange", ON_FLAG, check=link_is_a_page)

LARGEST_LICENCE = 5 * 1024 * 1024
SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"%PDF-", "application/pdf"))


def kind_of(content: bytes) -> str | None:
    """The type of a licence by its first bytes, whatever its name says; None where it is none that we take."""
    return next((kind for start, kind in SIGNATURES if content.startswith(start)), None)


class LicenceField(forms.FileField):
    """A photo or scan, judged by its content; cleaned to its bytes."""

    def clean(self, value: Any, initial: Any = None) -> bytes:
        file = super().clean(value, initial)
        if not file:
            return b""
        if file.size > LARGEST_LICENCE:
            raise forms.ValidationError("文件超过 5 MB，压缩或重拍一张")
        content = file.read()
        if kind_of(content) is None:
            raise forms.ValidationError("文件打开后不是 JPG、PNG 或 PDF，换一个文件")
        return content


class Correction(forms.Form):
    """A new licence, where the one that was sent in would not do."""

    licence = LicenceField(
        label="营业执照或登记证书", required=False, help_text="原来的清楚就不用再传。JPG、PNG 或 PDF，不超过 5 MB。",
        error_messages={"empty": "这个文件是空的，换一个文件"},
    )  # fmt: skip


class Proof(forms.Form):
    """What proves that somebody stands for a unit, and the password of their log-in."""

    licence = LicenceField(
        label="营业执照或登记证书", help_text="照片或扫描件，四角完整、文字清楚。JPG、PNG 或 PDF，不超过 5 MB。只有平台核验人员和你们单位能看到。",
        error_messages={"required": "营业执照或登记证书还没有上传", "empty": "这个文件是空的，换一个文件"},
    )  # fmt: skip
    password = forms.CharField(
        label="密码", strip=False, max_length=128, help_text="至少 10 个字符。",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "密码还没有填写", "max_length": "密码最多 128 个字符"},
    )  # fmt: skip
    again = forms.CharField(
        label="再输一次密码", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "再输一次密码，免得输错"},
    )  # fmt: skip

    def is_strong(self, *known: str) -> bool:
        """Whether the password is typed twice alike and not one that is guessed first."""
        given = self.cleaned_data
        if given["password"] != given["again"]:
            self.add_error("again", "两次输入的密码不一样")
        elif words := weakness(given["password"], *known):
            self.add_error("password", words)
        return not self.errors
