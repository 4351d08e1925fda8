"""The one page of all acts: what will follow, what has to be filled in, and the act itself. It knows no room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from qicheng.domain.orgs.queries import reasons
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, find, open_acts, perform
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say
from qicheng.interfaces.web import menus
from qicheng.interfaces.web.ways import own_path, prove

if TYPE_CHECKING:
    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.declare import Act
    from qicheng.foundation.flow.perform import Case, Record

LONGEST_WORDS = 500


class Said(forms.Form):
    """What every act may carry beside its own fields: the reason (REG-02), words among reviewers, the password (INV-20)."""

    def __init__(self, act: Act, case: Case, actor: Actor, given: Any = None) -> None:
        super().__init__(given)
        if act.reason:
            if listed := reasons(act.name, getattr(case, "school_id", None), act.reason):
                self.fields["reason"] = forms.ChoiceField(
                    label="原因", choices=[("", "请选择"), *listed],
                    error_messages={"required": "原因还没有选择", "invalid_choice": "没有这个原因，重新选择"},
                )  # fmt: skip
            self.fields["words"] = forms.CharField(
                label="说明", max_length=LONGEST_WORDS,
                help_text="写清楚哪里不对、怎么改，对方会看到这些话" if listed else "写明核实的情况，双方都会看到这些话",
                widget=forms.Textarea(attrs={"rows": 4, "maxlength": LONGEST_WORDS}),
                error_messages={"required": "写明原因，对方才知道怎么办"},
            )  # fmt: skip
        if actor.role.is_staff:
            self.fields["internal"] = forms.CharField(
                label="内部备注", required=False, max_length=LONGEST_WORDS, help_text="只有审核的人看得到",
                widget=forms.Textarea(attrs={"rows": 2, "maxlength": LONGEST_WORDS}),
            )  # fmt: skip
        if act.in_person:
            self.fields["password"] = forms.CharField(
                label="登录密码", help_text="确认是你本人在操作", strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
                error_messages={"required": "输入登录密码，确认是你本人"},
            )  # fmt: skip


@dataclass(slots=True)
class Asked:
    """What one request asks of one case."""

    request: HttpRequest
    case: Case
    act: Act
    actor: Actor
    seen: int
    key: str
    form: forms.Form | None
    said: Said

    @property
    def forms(self) -> list[forms.Form]:
        return [form for form in (self.form, self.said) if form is not None]


@audience(*menus.EVERYBODY)
def act(request: HttpRequest, flow: str, public_id: UUID, name: str) -> HttpResponse:
    """Show what an act means, or do it: a stale page and a case that is not theirs are told apart from a refusal (REG-04)."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if flow not in FLOWS:
        raise Http404
    try:
        case = find(FLOWS[flow].model, public_id, actor)
    except NotFound:
        raise Http404 from None
    if case.flow_name != flow or not actor.may_write(case.flow.area):
        raise Http404
    declared = case.flow.find(case.state, name, actor.role)
    if declared is None and request.method == "POST":
        declared = next((a for a in case.flow.acts if a.name == name and actor.role in a.by), None)
    if declared is None:
        return _overtaken(request, case, name)
    if declared.in_place and request.method != "POST":
        return redirect(_detail(case, actor))
    asked = _asked(request, case, declared, actor)
    return _done(asked) if request.method == "POST" else _shown(asked)


def _asked(request: HttpRequest, case: Case, declared: Act, actor: Actor) -> Asked:
    posted = request.POST if request.method == "POST" else None
    asked = declared.sheet(case)
    sheet = asked.form(case.cohort) if asked else None
    form = None
    if sheet:
        form = (
            sheet(posted, request.FILES)
            if posted is not None
            else sheet(initial=_draft(case, declared) if declared.drafted else None)
        )
    seen = request.POST.get("seen", "") if posted is not None else ""
    return Asked(
        request, case, declared, actor, seen=int(seen) if seen.isdecimal() and len(seen) < 10 else 0 if declared.in_place else case.version,
        key=request.POST.get("key", "")[:64] or token(), form=form, said=Said(declared, case, actor, posted),
    )  # fmt: skip


def _shown(asked: Asked, why: str = "", *, status: int = 200) -> HttpResponse:
    """The confirmation, with what was typed and what stands against it."""
    against = why or next((o.why for o in open_acts(asked.case, asked.actor) if o.act is asked.act and o.why), "")
    context = {
        "case": asked.case, "act": asked.act, "form": asked.said if asked.form is None else asked.form, "forms": asked.forms,
        "seen": asked.seen, "key": asked.key, "why": against, "can": status != 200 or not against, "back": _detail(asked.case, asked.actor),
        "heading": asked.case.said(asked.act.label), "next": own_path(asked.request.GET.get("next") or asked.request.POST.get("next")),
        "frame": menus.FRAMES[asked.actor.role], "multipart": any(form.is_multipart() for form in asked.forms),
    }  # fmt: skip
    return render(asked.request, "act.html", context, block="act" if asked.actor.role.is_staff else None, status=status)


def _done(asked: Asked) -> HttpResponse:
    if not all([form.is_valid() for form in asked.forms]):  # noqa: C419 -- every form has to find its own errors
        return _shown(asked, status=422)
    if asked.act.in_person and (wrong := prove(asked.actor.account, asked.said.cleaned_data["password"])):
        asked.said.add_error("password", wrong)
        return _shown(asked, status=422)
    said = asked.said.cleaned_data
    try:
        record = perform(
            asked.case, asked.act.name, asked.actor, seen=asked.seen, key=asked.key,
            **{key: said.get(key, "") for key in ("reason", "words", "internal")} | (asked.form.cleaned_data if asked.form else {}),
        )  # fmt: skip
    except (NotFound, NotOpen):
        raise Http404 from None
    except Stale as stale:
        say(asked.request, overtaken(stale, asked.actor), "warn")
    except Refused as refused:
        return _shown(asked, str(refused), status=422)
    else:
        say(asked.request, outcome(asked.act, asked.case, record))
    return _onward(asked)


def _onward(asked: Asked) -> HttpResponse:
    url = own_path(asked.request.POST.get("next")) or _detail(asked.case, asked.actor)
    if asked.request.META.get("HTTP_HX_REQUEST") == "true":
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _overtaken(request: HttpRequest, case: Case, name: str) -> HttpResponse:
    """The act is not open here: to whoever might have done it a moment ago, how the case stands; to others nothing."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    if not any(a.name == name and actor.role in a.by for a in case.flow.acts):
        raise Http404
    say(request, f"这条记录现在是「{case.standing.label}」，这一步已经不用做了。", "warn")
    return redirect(_detail(case, actor))


def overtaken(stale: Stale, actor: Actor) -> str:
    """「李敏 10:21 已审核通过，现在是「…」。」 Names are told among staff; the parties read the role (REG-04)."""
    record = stale.record
    if record is None:
        return str(stale)
    declared = FLOWS[record.flow].act_named(record.act)
    who = record.name if actor.role.is_staff and record.name else Role(record.role).label
    if record.account_id == actor.account:
        who = "你"
    when = f"{timezone.localtime(record.at):%H:%M}"
    label = declared.label if declared else record.act
    return f"{who} {when} 已做过「{label}」，现在是「{stale.label}」。你刚才的操作没有生效，看过最新内容再决定。"


def outcome(act: Act, case: Case, record: Record) -> str:
    """What happened, and whose turn it is now."""
    state = case.flow.states[record.after]
    is_own = state.turn is not None and state.turn.value == record.role
    turn = "接下来由你办理。" if is_own else f"接下来等{state.turn.label}办理。" if state.turn else ""
    return f"「{case.said(act.label)}」办好了，现在是「{state.label}」。{turn}"


def _draft(case: Case, act: Act) -> dict[str, Any]:
    """The act's fields as the case has them, in its columns or its documents."""
    sheet = act.sheet(case)
    assert sheet is not None
    documents = [getattr(case, f.attname) or {} for f in case._meta.concrete_fields if isinstance(f, models.JSONField)]
    columns = {field.attname for field in case._meta.concrete_fields}
    draft = {}
    for key in sheet.keys:
        if key in columns:
            draft[key] = getattr(case, key)
        else:
            draft[key] = next(
                (document[key] for document in documents if isinstance(document, dict) and key in document), None
            )
    return draft


def _detail(case: Case, actor: Actor) -> str:
    try:
        return reverse(case.detail, kwargs={"public_id": case.public_id})
    except NoReverseMatch:
        return menus.home(actor.role)
