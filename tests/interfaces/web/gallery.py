"""Every component in every state, as whole pages that need no database: for the tests, and to look at."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import jinja2
from django import forms
from django.utils import timezone
from markupsafe import Markup

from qicheng.foundation.listing.page import Group, Link, Me
from qicheng.interfaces.web.jinja import environment

ROOT = Path(__file__).resolve().parents[3] / "qicheng"
FOLDERS = [ROOT / "interfaces/web/templates", *sorted((ROOT / "domain").glob("*/templates"))]
SURFACES = ("phone", "desk", "queue", "employer")
CSRF = Markup('<input type="hidden" name="csrfmiddlewaretoken" value="t">')


class Offer(forms.Form):
    """A field of every kind that the `field` component knows."""

    name = forms.CharField(label="单位全称", help_text="和公章一致", max_length=50)
    code = forms.CharField(
        label="统一社会信用代码", help_text="18 位，在营业执照上", widget=forms.TextInput(attrs={"class": "mono"})
    )
    identity = forms.CharField(label="身份证号", required=False)
    salary = forms.IntegerField(label="转正起薪", required=False, min_value=0)
    report_by = forms.DateField(label="报到期限", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    category = forms.ChoiceField(label="职位类别", choices=[("", "没有选"), ("1", "科研人员"), ("2", "工程技术人员")])
    terms = forms.CharField(label="补充条款", required=False, widget=forms.Textarea)
    transfer = forms.ChoiceField(
        label="档案转递类型",
        help_text="学校按这里转递",
        choices=[("1", "签约单位接收"), ("2", "托管单位接收")],
        widget=forms.RadioSelect,
    )
    modules = forms.MultipleChoiceField(
        label="开放的模块",
        required=False,
        choices=[("s", "网上签约"), ("r", "去向登记")],
        widget=forms.CheckboxSelectMultiple,
    )
    proof = forms.FileField(label="劳动合同照片", help_text="拍全首页、签字盖章页")
    agreed = forms.BooleanField(label="我看过协议全文，自愿签约", help_text="生效后双方都要遵守")
    secret = forms.CharField(label="密码", required=False, widget=forms.PasswordInput)
    token = forms.CharField(required=False, widget=forms.HiddenInput)


FILLED = {
    "name": "云岭数据科技有限公司",
    "code": "91110100MA0000000",
    "identity": "110101200403074519",
    "salary": 8000,
    "report_by": date(2026, 7, 15),
    "category": "1",
    "transfer": "2",
    "modules": ["s"],
}

GRADUATE = Me(
    "g1", "陈诚", "毕业生", "江临大学　计算机学院", inbox="/messages", unread=2,
    tabs=(Link("首页", "/", "home", is_current=True), Link("登记去向", "/go", "pen"), Link("记录", "/records", "list"), Link("我的", "/me", "user")),
)  # fmt: skip
STAFF = Me(
    "s1", "李敏", "学院审核人", "计算机学院", inbox="/messages", account="/account", leave="/leave", unread=3,
    tabs=(Link("去向与网签", "/", is_current=True), Link("档案户口", "/files")),
    menu=(
        Group("", (Link("首页", "/", "home"), Link("待我审核", "/review", "list", 128, True))),
        Group("毕业生", (Link("学生名单", "/students", "users", 612), Link("在线签约", "/lists/signing", "sign"))),
    ),
    cohort=2026, cohorts=(2026, 2025), cohort_url="/cohort",
)  # fmt: skip
EMPLOYER = Me(
    "e1", "李经理", "用人单位", "云岭数据科技有限公司", inbox="/messages", account="/account", leave="/leave",
    tabs=(Link("首页", "/"), Link("签约邀请", "/invites", count=3, is_current=True), Link("单位资料", "/profile")),
)  # fmt: skip

STATUS_KEYS = (
    "answer_you", "returned", "upload_you", "confirm_you", "review_you", "wait_graduate", "wait_employer", "wait_college",
    "wait_school", "running", "effective", "approved", "done", "confirmed", "rejected", "disputed", "idle", "draft", "refused",
    "withdrawn", "expired", "void", "dissolved", "invalid",
)  # fmt: skip


def templates() -> jinja2.Environment:
    """The product's environment over its real templates."""
    return environment(loader=jinja2.FileSystemLoader(FOLDERS), auto_reload=False)


def wrong_form() -> Offer:
    """A form that was sent with most of it missing."""
    return Offer({"code": "91110100MA0000000", "name": "云岭"}, auto_id="f-%s")


def context(surface: str, **more: object) -> dict[str, object]:
    """What the gallery shows; `surface` is phone, desk, queue or employer."""
    at = timezone.now() - timedelta(days=1, hours=3)
    people = (
        ("陈诚", "云岭数据科技有限公司", True),
        ("阿依古丽·买买提", "江临轨道交通集团有限公司", False),
        ("林嘉禾", "南屿市第一人民医院", False),
    )
    return {
        "surface": surface,
        "decision": False,
        "me": {"phone": GRADUATE, "employer": EMPLOYER}.get(surface, STAFF),
        "actor": None,
        "messages": [("ok", "已提交。学院一般 1 天审完，结果会发给你。")],
        "csrf_input": CSRF,
        "form": Offer(initial=FILLED, auto_id="f-%s"),
        "status_keys": STATUS_KEYS,
        "soon": timezone.now() + timedelta(days=2, hours=5, minutes=30),
        "at": at,
        "timeline": [
            ("陈诚同意签约", at, "now"),
            ("云岭数据科技有限公司发起邀请", at - timedelta(days=1), ""),
            ("学校通过", at - timedelta(days=9), "ok"),
        ],
        "counters": [
            {"label": "全部待审", "count": 128, "url": "?", "is_current": True},
            {"label": "信息不一致", "count": 15, "url": "?mismatch=1", "tone": "warn"},
            {"label": "预警单位", "count": 0, "url": "?flagged=1", "tone": "bad"},
        ],
        "rows": [
            SimpleNamespace(
                id=n,
                name=name,
                number=f"202210310{n}",
                employer=employer,
                hold=hold,
                check="2 项不一致" if hold else "一致",
                wait=f"{9 - n} 小时",
            )
            for n, (name, employer, hold) in enumerate(people * 2, 1)
        ],
        **more,
    }


def pages() -> dict[str, str]:
    """File name to HTML of everything there is to look at."""
    env = templates()
    gallery = env.get_template("gallery.html")
    made = {f"{surface}.html": gallery.render(context(surface)) for surface in SURFACES}
    made["decision.html"] = gallery.render(context("phone", decision=True, form=wrong_form(), messages=()))
    made["errors.html"] = gallery.render(context("desk", form=wrong_form()))
    made["login.html"] = env.from_string(LOGIN).render(form=Login(auto_id="f-%s"), messages=(), csrf_input=CSRF)
    made.update(
        {f"{name}.html": env.get_template(f"{name}.html").render() for name in ("404", "403", "403_csrf", "500")}
    )
    return made


class Login(forms.Form):
    """The form of the page before everything else."""

    account = forms.CharField(label="手机号或身份证号", widget=forms.TextInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(label="密码", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}))


LOGIN = """{% extends "base_public.html" %}{% block title %}登录{% endblock %}{% block content %}
<h1 id="who">你是</h1>
{{ ui.roles([{"label": "毕业生", "more": "登记去向、回应邀请", "icon": "school", "url": "?role=graduate", "is_current": true},
{"label": "用人单位", "more": "发出邀请、办理解约", "icon": "building", "url": "?role=employer"},
{"label": "学校、学院", "more": "审核、统计、上报", "icon": "file-check", "url": "?role=school"},
{"label": "省级、部级", "more": "设置、看板、报表", "icon": "gov", "url": "?role=province"}]) }}
<form class="mt-l" method="post" action="/login" novalidate>{{ csrf_input }}{{ ui.fields(form) }}{{ ui.button("登录", "primary", block=true) }}
<div class="links"><a href="/forgot">忘记密码</a><a href="/first">第一次登录</a></div></form>
{{ ui.notice("登不上？多半是学校还没有上传你的名单。") }}
{% endblock %}"""
