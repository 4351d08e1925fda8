"""Coming in and going out: log-in by role, choice of seat, first log-in, forgotten password, and why it may not work (ORG-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django import forms
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from qicheng.domain.orgs.effects import binding, sessions
from qicheng.domain.orgs.models import Account, LoginCode
from qicheng.domain.orgs.queries import KINDS, account_of, account_of_person, school_contacts, seats_of_session
from qicheng.domain.roster.effects import open_account
from qicheng.domain.roster.queries import line_of, seat_labels
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.access.passwords import weakness
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.listing.page import render, say
from qicheng.interfaces.web import menus, sign_on, wechat
from qicheng.interfaces.web.middleware import address
from qicheng.interfaces.web.ways import TOO_MANY_HERE, admit, go_on, leave_session, own_path, remaining, why_shut

if TYPE_CHECKING:
    from collections.abc import Mapping

ROLES = (
    ("graduate", "毕业生", "登记去向、回应邀请", "school", "手机号或身份证号"),
    ("employer", "用人单位", "发出邀请、办理解约", "building", "手机号或账号"),
    ("school", "学校、学院", "审核、统计、上报", "file-check", "账号或手机号"),
    ("province", "省级、部级", "设置、看板、报表", "gov", "账号或手机号"),
)
TICKET = "login code"
TICKET_SECONDS = 15 * 60


def _text(label: str, missing: str, *, limit: int = 60, **attributes: str) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=limit, widget=forms.TextInput(attrs={"spellcheck": "false", **attributes}),
        error_messages={"required": missing, "max_length": f"{label}太长了，对照再填"},
    )  # fmt: skip


def secret(label: str, autocomplete: str, hint: str = "") -> forms.CharField:
    """A password's field: never filled in again, its spaces kept."""
    return forms.CharField(
        label=label, max_length=200, strip=False, help_text=hint,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
        error_messages={"required": f"{label}还没有填写", "max_length": "密码最多 200 个字符"},
    )  # fmt: skip


class Door(forms.Form):
    """Who, and the password."""

    login = _text("账号", "账号还没有填写", autocomplete="username")
    password = secret("密码", "current-password")

    def __init__(self, kind: str, given: Any = None) -> None:
        super().__init__(given)
        label = next(role[4] for role in ROLES if role[0] == kind)
        self.fields["login"].label = label
        self.fields["login"].error_messages["required"] = f"{label}还没有填写"


class Person(forms.Form):
    """What only the graduate and the roster know together."""

    name = _text("姓名", "姓名还没有填写", autocomplete="name")
    id_number = _text("身份证号", "身份证号还没有填写", limit=18, autocomplete="off")
    exam_number = _text("考生号", "考生号还没有填写", limit=18, autocomplete="off")


class Whoever(forms.Form):
    """Whose password was forgotten."""

    login = _text("账号、手机号或身份证号", "账号还没有填写", autocomplete="username")


class Chosen(forms.Form):
    """A new password, twice."""

    new = secret("新密码", "new-password", "至少 10 个字符，别用生日、手机号和连号")
    again = secret("再输一次新密码", "new-password")

    def check(self, *known: str) -> bool:
        """Whether both are the same and good enough; `known` must not stand in it."""
        if not self.is_valid():
            return False
        if self.cleaned_data["new"] != self.cleaned_data["again"]:
            self.add_error("again", "两次输入的密码不一样，再输一次")
        if weak := weakness(self.cleaned_data["new"], *known):
            self.add_error("new", weak)
        return not self.errors


class Code(Chosen):
    """The code from the phone, and the password that it lets one choose."""

    code = _text("短信验证码", "验证码还没有填写", limit=10, autocomplete="one-time-code", inputmode="numeric")
    field_order = ("code", "new", "again")


@anyone
def login(request: HttpRequest) -> HttpResponse:
    """Who comes, as links; then account and password. The answer is the same whoever is not let in."""
    given = request.POST if request.method == "POST" else request.GET
    kind = given.get("kind", "") if given.get("kind") in KINDS else "graduate"
    onward = own_path(given.get("next"))
    actor = request.actor  # type: ignore[attr-defined]
    if request.method != "POST":
        if request.session_row is not None:  # type: ignore[attr-defined]
            return redirect(menus.home(actor.role) if actor else "seat")
        return _door(request, Door(kind), kind, onward)
    form = Door(kind, request.POST)
    if not form.is_valid():
        return _door(request, form, kind, onward, status=422)
    account, wrong = _recognised(form.cleaned_data["login"], form.cleaned_data["password"], address(request), kind)
    if account is None:
        form.add_error(None, wrong)
        return _door(request, form, kind, onward, status=422)
    return admit(request, account, kind, onward)


def _recognised(typed: str, password: str, origin: str, kind: str) -> tuple[Account | None, str]:
    """The account that the password opens, or the words to say. The guess is counted before the password is looked at."""
    account = account_of(typed)
    if not sessions.reserve_at(origin):
        return None, TOO_MANY_HERE
    guess = sessions.reserve("account", account.pk) if account else sessions.reserve("login", typed.strip().upper())
    if not guess.is_allowed:
        return None, f"错的次数多了，{guess.minutes} 分钟后再试。忘了密码，可以用短信验证码重设"
    if not sessions.is_password(account, password):
        who = "手机号" if kind == "graduate" else "账号"
        return None, f"{who}或密码不对。{remaining(guess)}"
    assert account is not None
    sessions.forgive(guess)
    sessions.give_back(origin)
    if shut := why_shut(account):
        return None, shut
    return account, ""


def _door(request: HttpRequest, form: Door, kind: str, onward: str, *, status: int = 200) -> HttpResponse:
    tail = f"&{urlencode({'next': onward})}" if onward else ""
    roles = [
        {"label": title, "more": more, "icon": icon, "url": f"/login/?kind={key}{tail}", "is_current": key == kind}
        for key, title, more, icon, _ in ROLES
    ]
    context = {"form": form, "roles": roles, "kind": kind, "next": onward, **sign_on.offered(request, kind, onward)}
    context["in_wechat"] = wechat.is_inside(request)
    return _uncached(render(request, "login.html", context, status=status))


@anyone
def seat(request: HttpRequest) -> HttpResponse:
    """Which of several seats: a graduate's roster lines (ROS-08), a teacher's college and school."""
    row = request.session_row  # type: ignore[attr-defined]
    if row is None:
        return redirect("login")
    seats = seats_of_session(request.session_hash, row.account_id)  # type: ignore[attr-defined]
    if request.method == "POST":
        chosen = next((s for s in seats if str(s.pk) == request.POST.get("seat")), None)
        if chosen is not None:
            return go_on(request, chosen, own_path(request.POST.get("next")))
    context = {"seats": seat_labels(seats), "next": own_path(request.GET.get("next"))}
    return _uncached(render(request, "seat.html", context))


@anyone
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """End this browser's session."""
    row = sign_on.opened_this(request)
    leave_session(request)
    response = redirect("sign_on_left", row.school.code) if row else redirect("login")
    response.delete_cookie(settings.QICHENG_SESSION_COOKIE, samesite="Lax")
    say(request, "已退出登录。")
    return response


@anyone
def first(request: HttpRequest) -> HttpResponse:
    """A graduate's first log-in: name, identity number and examinee number, and a code goes to the phone on the roster."""
    form = Person(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _asked(request, "first.html", form)
    person = form.cleaned_data
    if refusal := _over_the_limit(request, person["id_number"].upper()):
        form.add_error(None, refusal)
        return _asked(request, "first.html", form)
    line = line_of(person["name"], person["id_number"], person["exam_number"])
    account = (line.account or account_of_person(line.id_number)) if line else None
    # Whoever has an account is reached where the account says, not where a roster that somebody has uploaded since says.
    phone = ((account.phone if account else line.phone) or "") if line else ""
    if account is not None and account.suspended_at is not None:
        phone = ""
    code = sessions.make_code(
        LoginCode.FIRST, person["id_number"].upper(), account=account, node=line.pk if line else None, phone=phone
    )
    return _to_code(code)


@anyone
def forgotten(request: HttpRequest) -> HttpResponse:
    """A code goes to the account's phone; the page is the same where there is none."""
    form = Whoever(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _asked(request, "forgotten.html", form)
    typed = form.cleaned_data["login"]
    account = account_of(typed)
    about = f"account {account.pk}" if account else typed.strip().upper()
    if refusal := _over_the_limit(request, about):
        form.add_error(None, refusal)
        return _asked(request, "forgotten.html", form)
    phone = (account.phone or "") if account and account.suspended_at is None else ""
    return _to_code(sessions.make_code(LoginCode.FORGOTTEN, about, account=account, phone=phone))


def _over_the_limit(request: HttpRequest, about: str) -> str:
    if not sessions.reserve_at(address(request)):
        return TOO_MANY_HERE
    guess = sessions.reserve("code", about)
    return "" if guess.is_allowed else f"验证码要得太多了，{guess.minutes} 分钟后再试"


def _to_code(code: LoginCode) -> HttpResponse:
    return redirect(f"/login/code/?{urlencode({'t': signing.dumps(code.pk, salt=TICKET)})}")


@anyone
def code(request: HttpRequest) -> HttpResponse:
    """The code and a new password at once; right, it lets in. It says nothing of whether a code was sent."""
    ticket = request.POST.get("t") or request.GET.get("t") or ""
    try:
        number: int = signing.loads(ticket, salt=TICKET, max_age=TICKET_SECONDS)
    except signing.BadSignature:
        say(request, "验证码已经过期，重新要一个。", "warn")
        return redirect("forgotten")
    form = Code(request.POST or None)
    if request.method != "POST" or not form.check():
        return _asked(request, "code.html", form, {"ticket": ticket})
    found, left = sessions.use_code(number, form.cleaned_data["code"].strip())
    if found is None:
        wrong = f"验证码不对或者已经过期。还可以试 {left} 次" if left else "验证码不能再用了，重新要一个"
        form.add_error("code", wrong)
        return _asked(request, "code.html", form, {"ticket": ticket, "is_over": not left})
    sessions.give_back(address(request))
    if found.purpose == LoginCode.FIRST:
        try:
            account = open_account(found.node, form.cleaned_data["new"])
        except Refused as refused:
            form.add_error(None, str(refused))
            return _asked(request, "code.html", form, {"ticket": ticket, "is_over": True})
    else:
        assert found.account is not None
        account = found.account
        binding.start_anew(account, form.cleaned_data["new"])
    say(
        request,
        "密码设好了，以后用手机号或身份证号和它登录。"
        if found.purpose == LoginCode.FIRST
        else "密码改好了，其他地方的登录都已退出。",
    )
    return admit(request, account, "graduate" if found.purpose == LoginCode.FIRST else "")


@anyone
def why(request: HttpRequest) -> HttpResponse:
    """Why a graduate cannot get in: not on the roster, or on it and not bound; and whom to ask (ROS-01). Names nobody."""
    school = request.GET.get("school", "").strip()[:60]
    return render(request, "why.html", {"school": school, "contacts": school_contacts(school) if school else []})


def _asked(
    request: HttpRequest, template: str, form: forms.Form, more: Mapping[str, Any] | None = None
) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return _uncached(render(request, template, {"form": form, **(more or {})}, status=status))


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
