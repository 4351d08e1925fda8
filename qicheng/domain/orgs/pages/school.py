"""Pages of a school's settings: signing, handlers, reasons, contacts, and who changed what (SET-02 … SET-08, ORG-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import settings
from qicheng.domain.orgs.models import Contact, Module, Reason, School
from qicheng.domain.orgs.pages import filled, status_of, stood, tried
from qicheng.domain.orgs.pages.keys import KEY_LABELS
from qicheng.domain.orgs.pages.webhooks import WEBHOOK_LABELS
from qicheng.domain.orgs.sheets import CONTACT, HANDLER, REASON, SIGNING, TRANSFER
from qicheng.foundation.access import Area, Role, Tier
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import begun, in_process, noted
from qicheng.foundation.listing.page import render

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor

KEPT = (
    "signing_settings",
    "campus_profile",
    "campus_news",
    "made_form",
    "handler",
    "reason",
    "contact",
    "account",
    "flag",
    "sign_on",
    "key",
    "webhook",
)
TRANSFER_AREAS = (Area.ARCHIVE, Area.HOUSEHOLD)


@audience(Role.SCHOOL, area=Area.EMPLOYMENT)
def signing(request: Any) -> HttpResponse:
    """The signing settings of the school for the cohort that is looked at."""
    actor, cohort = request.actor, request.cohort
    row = queries.signing_settings(actor.node, cohort, actor)
    form = filled(SIGNING, request, {key: getattr(row, key) for key in SIGNING.keys})
    sent = request.POST.get("seen", "")
    seen = int(sent) if sent.isdecimal() and len(sent) < 10 else -1
    if tried(request, form, lambda given: settings.set_signing(actor, cohort, seen, given), "签约设置已提交。"):
        return redirect("orgs:settings")
    context = {"form": form, "row": row, **standing(actor, cohort)}
    return render(request, "orgs/signing.html", context, status=status_of(form))


def standing(actor: Actor, cohort: int) -> dict[str, Any]:
    """What bears on the settings: the province's part, who is missing, what is under way (SET-01, SET-04 … SET-06)."""
    school = School.objects.select_related("province").get(pk=actor.node)
    where: dict[str, Any] = {"school_id": school.pk, "cohort": cohort, "review_mode__isnull": False}
    known = queries.handlers(school.pk, cohort)
    return {
        "school": school,
        "agreement_form": queries.agreement_form(school.province_id, cohort),
        "is_open": queries.openings(school.province_id, cohort)[Module.SIGNING],
        "has_begun": begun(area=Area.EMPLOYMENT, **where),
        "waiting": [(FLOWS[name], number) for name, number in in_process(area=Area.EMPLOYMENT, **where).items()],
        "lacking": queries.colleges_without_reviewer(school.pk, cohort),
        "handlers": [known[tier] for tier in Tier if tier in known],
        "tiers": queries.tiers_to_set(known, actor.tier),
        "may_write": actor.may_write(Area.EMPLOYMENT),
    }


@audience(Role.SCHOOL)
def transfer_settings(request: Any) -> HttpResponse:
    """The settings of the modules archive and household, those that the account may read, each its own form (SET-09)."""
    actor = request.actor
    areas = [area for area in TRANSFER_AREAS if actor.may_read(area)]
    if not areas:
        raise Http404
    sent = next((area for area in areas if area.value == request.POST.get("area")), None)
    if request.method == "POST" and (sent is None or not actor.may_write(sent)):
        raise Http404
    parts = [transfer_part(request, area, is_sent=area is sent) for area in areas]
    if any(part["is_done"] for part in parts):
        return redirect("orgs:transfer_settings")
    school = School.objects.select_related("province").get(pk=actor.node)
    context = {"parts": parts, "school": school, "cohort": request.cohort}
    return render(request, "orgs/transfer_settings.html", context, status=status_of(*(part["form"] for part in parts)))


def transfer_part(request: Any, area: Area, *, is_sent: bool) -> dict[str, Any]:
    """One module of the page: the form as it was sent or stands, and what bears on it (SET-05, SET-06)."""
    actor, cohort, title = request.actor, request.cohort, Module(area.value).label
    row = queries.transfer_settings(actor.node, cohort, area, actor)
    values, prefix = {key: getattr(row, key) for key in TRANSFER.keys}, area.value
    form = TRANSFER.form(cohort)(request.POST if is_sent else None, initial=values, prefix=prefix)
    sent, where = request.POST.get("seen", ""), {"school_id": actor.node, "cohort": cohort}
    seen = int(sent) if sent.isdecimal() and len(sent) < 10 else -1
    done = is_sent and tried(
        request, form, lambda given: settings.set_transfer(actor, area, cohort, seen, given), f"「{title}」设置已提交。", area
    )  # fmt: skip
    province = School.objects.values_list("province", flat=True).get(pk=actor.node)
    return {
        "area": area, "title": title, "row": row, "form": form, "is_done": done, "may_write": actor.may_write(area),
        "is_open": queries.openings(province, cohort)[Module(area.value)],
        "waiting": [(FLOWS[name], number) for name, number in in_process(area=area, **where).items()],
        "lacking": queries.colleges_without_reviewer(actor.node, cohort, area),
    }  # fmt: skip


@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def handler(request: Any, tier: str) -> HttpResponse:
    """Submit the handler of a tier; shown once more before it is for good (SET-08)."""
    actor, cohort = request.actor, request.cohort
    if tier not in set(Tier):
        raise Http404
    form = filled(HANDLER, request, {"tier": tier})
    del form.fields["tier"]
    done = f"{Tier(tier).label}的经办人已提交，会印在协议书上。"
    if tried(request, form, lambda given: settings.set_handler(actor, cohort, {**given, "tier": tier}), done):
        return redirect("orgs:settings")
    is_open = Tier(tier) in queries.tiers_to_set(queries.handlers(actor.node, cohort), actor.tier)
    context = {"form": form, "tier": Tier(tier), "may_set": is_open}
    return render(request, "orgs/handler.html", context, status=status_of(form))


@audience(Role.SCHOOL, area=Area.EMPLOYMENT)
def reasons(request: Any) -> HttpResponse:
    """The school's own reasons beside the operator's (REG-02)."""
    actor = request.actor
    form = filled(REASON, request)
    done = "原因已添加，审核时就能选。"
    if tried(request, form, lambda given: settings.add_reason(actor, given["purpose"], given["words"]), done):
        return redirect("orgs:reasons")
    rows = Reason.objects.filter(school=actor.node, ended_at=None).order_by("purpose", "pk")
    purposes = dict(REASON["purpose"].choices)
    context = {
        "form": form, "rows": rows, "purposes": purposes, "may_write": actor.may_write(Area.EMPLOYMENT),
        "given": [(purposes[key], words) for key in purposes for _, words in queries.reasons(key)],
    }  # fmt: skip
    return render(request, "orgs/reasons.html", context, status=status_of(form))


@require_POST
@audience(Role.SCHOOL, area=Area.EMPLOYMENT, write=True)
def end_reason(request: Any, reason: int) -> HttpResponse:
    """Offer a reason no longer."""
    get_object_or_404(Reason, pk=reason, school=request.actor.node)
    stood(request, lambda: settings.end_reason(request.actor, reason), "原因已停用，以前用过的记录不变。")
    return redirect("orgs:reasons")


@audience(Role.SCHOOL, Role.COLLEGE, area=Area.EMPLOYMENT)
def contacts(request: Any) -> HttpResponse:
    """Whom graduates ask: the school's contacts, or the college's own (ORG-12)."""
    return contact_page(request, None)


@audience(Role.SCHOOL, Role.COLLEGE, area=Area.EMPLOYMENT, write=True)
def contact(request: Any, contact: int) -> HttpResponse:
    """Change one contact."""
    return contact_page(request, get_object_or_404(own_contacts(request.actor), pk=contact))


def contact_page(request: Any, row: Contact | None) -> HttpResponse:
    """The list with the form of a new contact, or of `row`."""
    actor = request.actor
    tier = actor.tier if actor.role is Role.SCHOOL else Tier.ALL
    form = filled(CONTACT, request, {key: getattr(row, key) for key in CONTACT.keys} if row else {"tier": tier})
    done = "联系人已保存，毕业生马上能看到。"
    if tried(request, form, lambda given: settings.keep_contact(actor, given, row), done):
        return redirect("orgs:contacts")
    context = {
        "form": form, "rows": own_contacts(actor), "row": row, "may_write": actor.may_write(Area.EMPLOYMENT),
        "colleges": Contact.objects.filter(school=actor.node).exclude(college=None).select_related("college")
        if actor.role is Role.SCHOOL else (),
    }  # fmt: skip
    return render(request, "orgs/contacts.html", context, status=status_of(form))


def own_contacts(actor: Actor) -> Any:
    """The contacts that the actor keeps."""
    rows = Contact.objects.order_by("tier", "pk")
    return (
        rows.filter(college=actor.node) if actor.role is Role.COLLEGE else rows.filter(school=actor.node, college=None)
    )


@require_POST
@audience(Role.SCHOOL, Role.COLLEGE, area=Area.EMPLOYMENT, write=True)
def drop_contact(request: Any, contact: int) -> HttpResponse:
    """Take a contact away."""
    row = get_object_or_404(own_contacts(request.actor), pk=contact)
    stood(request, lambda: settings.drop_contact(request.actor, row), "联系人已移除。")
    return redirect("orgs:contacts")


@audience(Role.SCHOOL, area=Area.EMPLOYMENT)
def log(request: Any) -> HttpResponse:
    """Who changed which setting, when, from what to what (SET-10)."""
    own = [f"{area.value}_settings" for area in TRANSFER_AREAS if request.actor.may_read(area)]
    records = noted(*KEPT, *own, school_id=request.actor.node)
    return render(request, "orgs/log.html", {"records": records, "labels": LABELS, "heading": "操作记录"})


LABELS = {
    ("campus_profile", "submit"): "提交学校平台设置",
    ("campus_news", "publish"): "发布公告、新闻或活动", ("campus_news", "change"): "修改公告、新闻或活动", ("campus_news", "withdraw"): "撤下公告、新闻或活动",
    ("campus_news", "publish_again"): "重新发布公告、新闻或活动",
    ("made_form", "add"): "新建申请或问卷", ("made_form", "change"): "修改申请或问卷的名称和日期", ("made_form", "put_entry"): "修改申请或问卷的一项",
    ("made_form", "move_entry"): "移动申请或问卷的一项", ("made_form", "remove_entry"): "删除申请或问卷的一项",
    ("made_form", "put_terms"): "修改申请的办理规则", ("made_form", "publish"): "发布申请或问卷", ("made_form", "close"): "关闭申请或问卷",
    ("made_form", "reopen"): "重新开放申请或问卷", ("made_form", "revise"): "申请或问卷改一版",
    ("archive_settings", "submit"): "提交档案信息登记设置", ("household_settings", "submit"): "提交户口信息登记设置",
    ("signing_settings", "submit"): "提交签约设置", ("handler", "submit"): "提交协议经办人", ("reason", "add"): "添加审核原因",
    ("reason", "end"): "停用审核原因", ("contact", "add"): "添加联系人", ("contact", "change"): "修改联系人",
    ("contact", "drop"): "移除联系人", ("account", "add"): "创建账号", ("account", "change"): "修改账号",
    ("account", "suspend"): "停用账号", ("account", "restore"): "恢复账号", ("account", "move"): "更换院系",
    ("account", "reset_password"): "重置密码", ("province_settings", "change"): "修改协议类型与模块",
    ("cohort", "change"): "设置届别", ("province", "add"): "添加省份", ("school", "add"): "添加学校",
    ("employer", "change"): "修改单位资料", ("flag", "add"): "标记预警单位", ("flag", "change"): "修改预警单位",
    ("flag", "remove"): "取消预警单位", ("sign_on", "submit"): "提交统一身份认证设置", ("sign_on", "switch"): "开关统一身份认证登录",
    **KEY_LABELS, **WEBHOOK_LABELS, ("sign_on", "try"): "试登录成功", ("sign_on", "refuse"): "统一身份认证没有对上账号",
}  # fmt: skip
