"""One's own account: password, open sessions, seats, the cohort that is looked at, and the modules that are open."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from qicheng.domain.orgs.effects import binding, sessions
from qicheng.domain.orgs.models import Account
from qicheng.domain.orgs.queries import open_modules, open_sessions, seats_in_force, seats_of_session
from qicheng.domain.roster.queries import own_lines, seat_labels
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import anyone, audience
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.notice import wechat
from qicheng.interfaces.web import menus
from qicheng.interfaces.web.login import Chosen, secret
from qicheng.interfaces.web.ways import enter, go_on, own_path, prove

EVERYBODY = menus.EVERYBODY


class Changed(Chosen):
    """The old password and a new one."""

    old = secret("现在的密码", "current-password")
    field_order = ("old", "new", "again")

    def check(self, *known: str) -> bool:
        if self.is_valid() and self.cleaned_data["old"] == self.cleaned_data["new"]:
            self.add_error("new", "新密码和现在的一样，换一个")
            return False
        return super().check(*known)


@audience(*EVERYBODY)
def account(request: Any) -> HttpResponse:
    """Who I am here, my seats, my sessions."""
    person = Account.objects.get(pk=request.actor.account)
    opened = [
        {"key": bytes(row.token_hash).hex(), "browser": browser(row.browser), "origin": row.origin, "made_at": row.made_at,
         "seen_at": row.seen_at, "is_this": bytes(row.token_hash) == request.session_hash,
         "by_wechat": row.binding_id is not None}
        for row in open_sessions(person.pk)
    ]  # fmt: skip
    seats = [
        (seat, label, seat.pk == request.session_row.seat_id)
        for seat, label in seat_labels(seats_of_session(request.session_hash, person.pk))
    ]
    role = request.actor.role
    context = {
        "person": person, "sessions": opened, "seats": seats, "frame": menus.FRAMES[role],
        "chooses": role in (Role.GRADUATE, Role.EMPLOYER), "has_wechat": role is Role.GRADUATE and wechat.is_on(),
    }  # fmt: skip
    return render(request, "account.html", context)


@anyone
def password(request: Any) -> HttpResponse:
    """Choose another password: every other session ends, and this one goes on under a new token."""
    row = request.session_row
    if row is None:
        return redirect("login")
    person = Account.objects.get(pk=row.account_id)
    form = Changed(request.POST or None)
    context = {"form": form, "must": person.must_change_password}
    if request.method != "POST" or not form.check(person.login, person.phone or "", person.id_number or ""):
        return _kept_off(render(request, "password.html", context, status=422 if form.errors else 200))
    if wrong := prove(person.pk, form.cleaned_data["old"]):
        form.add_error("old", wrong)
        return _kept_off(render(request, "password.html", context, status=422))
    sessions.set_password(person, form.cleaned_data["new"])
    say(request, "密码改好了，其他地方的登录都已退出。")
    seats = seats_in_force(person.pk)
    here = next((seat for seat in seats if seat.pk == row.seat_id), seats[0] if len(seats) == 1 else None)
    onward = ""
    if here is not None and here.role == Role.GRADUATE and wechat.is_on() and binding.standing(person.pk):
        # The page where it is ended: whoever has the WeChat comes in without a password.
        say(request, "微信仍然绑定着，还能直接登录。不是你自己绑定的，在这里解除。", "warn")
        onward = reverse("wechat")
    return enter(request, person, here, onward, cohort=row.chosen)


@audience(*EVERYBODY)
@require_POST
def end_session(request: Any) -> HttpResponse:
    """End one of my sessions, or all but this one."""
    key = request.POST.get("key", "")
    if key == "others":
        number = sessions.end_sessions(request.actor.account, but=request.session_hash)
        say(request, f"已退出其他 {number} 处登录。" if number else "没有其他地方的登录。")
    elif len(key) == 64 and all(c in "0123456789abcdef" for c in key):
        ended = sessions.end_session(bytes.fromhex(key), request.actor.account)
        say(request, "那一处登录已退出。" if ended else "那一处登录已经不在了。")
    return redirect("account")


@audience(*EVERYBODY)
@require_POST
def change_seat(request: Any) -> HttpResponse:
    """Go on in another of my seats, under a new token."""
    seats = seats_of_session(request.session_hash, request.actor.account)
    chosen = next((seat for seat in seats if str(seat.pk) == request.POST.get("seat")), None)
    if chosen is None:
        raise Http404
    return go_on(request, chosen)


@audience(*EVERYBODY)
@require_POST
def cohort(request: Any) -> HttpResponse:
    """Look at another cohort (ROS-03); for a graduate that is another roster line, with its own rules (ROS-08)."""
    year = request.POST.get("cohort", "")
    back = own_path(request.POST.get("next")) or menus.home(request.actor.role)
    if request.actor.role is Role.GRADUATE:
        nodes = {line.pk for line in own_lines(request.actor.account) if str(line.cohort) == year}
        seats = seats_of_session(request.session_hash, request.actor.account)
        chosen = next((seat for seat in seats if seat.role == Role.GRADUATE and seat.node in nodes), None)
        if chosen is None:
            raise Http404
        return go_on(request, chosen)
    if year not in {str(known) for known in request.me.cohorts}:
        raise Http404
    sessions.look_at_cohort(request.session_hash, int(year))
    return redirect(back)


@audience(Role.GRADUATE, Role.SCHOOL, Role.COLLEGE)
def modules(request: Any) -> HttpResponse:
    """The choice of modules after log-in (ORG-04), and the roster and accounts one click away (ORG-08)."""
    row, role = request.session_row, request.actor.role
    opened = open_modules(row.province_id, request.cohort)
    context = {
        "modules": menus.choices(role, (bool(row.employment), bool(row.archive), bool(row.household)), opened),
        "extra": menus.roster_pages(role, bool(row.employment)), "frame": menus.FRAMES[role],
    }  # fmt: skip
    return render(request, "modules.html", context)


def browser(agent: str) -> str:
    """「Chrome，Windows」 of what a browser says of itself."""
    programs = (
        ("MicroMessenger", "微信"),
        ("Edg", "Edge"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    )
    systems = (
        ("Windows", "Windows"),
        ("Android", "安卓手机"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    )
    program = next((name for sign, name in programs if sign in agent), "未知浏览器")
    system = next((name for sign, name in systems if sign in agent), "")
    return f"{program}，{system}" if system else program


def _kept_off(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
