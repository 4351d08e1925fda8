"""What a graduate checks at first log-in, and the contacts that are its own to change (ROS-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect

from qicheng.domain.orgs.models import Account
from qicheng.domain.orgs.queries import contacts_for
from qicheng.domain.roster import effects
from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import must_confirm, student
from qicheng.domain.roster.sheets import CONTACTS, STUDENT
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import Refused
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@audience(Role.GRADUATE)
def check(request: HttpRequest) -> HttpResponse:
    """The basic information in the order of the guide; the graduate confirms the revision that the page showed."""
    graduate = own_line(request)
    if request.method == "POST":
        seen = request.POST.get("seen", "")
        if seen.isascii() and seen.isdigit() and effects.confirm(graduate.pk, int(seen[:9])):
            return redirect(request.me.home)  # type: ignore[attr-defined]
        say(request, "学校刚更新了你的信息，这一页是旧的。请看过最新内容再确认。", "warn")
        return redirect("roster:check")
    return render(request, "roster/check.html", {
        "graduate": graduate, "lines": STUDENT.lines(student(graduate)), "must_confirm": must_confirm(graduate),
        "contacts": contacts_for(graduate),
    })  # fmt: skip


@audience(Role.GRADUATE)
def profile(request: HttpRequest) -> HttpResponse:
    """Own phone and e-mail: the account's, and with it every own roster line's. Nothing else can be changed here."""
    actor = request.actor  # type: ignore[attr-defined]
    mine = Account.objects.get(pk=actor.account)
    form = CONTACTS.form()(request.POST or None, initial={"phone": mine.phone or "", "email": mine.email})
    if request.method == "POST" and form.is_valid() and actor.is_vouched:
        form.add_error(None, effects.LOG_IN_YOURSELF)
    if request.method == "POST" and form.is_valid():
        try:
            changes = effects.change_contacts(mine.pk, actor, **form.cleaned_data)
            say(request, "已更新，学校名单里的联系方式同步更新。" if changes else "没有变化。")
            return redirect("roster:check")
        except Refused as why:
            form.add_error("phone", str(why))
    return render(request, "roster/profile.html", {"form": form}, status=422 if form.errors else 200)


def own_line(request: HttpRequest) -> Graduate:
    """The roster line on which whoever asks stands, read through the own scope."""
    rows = Graduate.objects.seen_by(request.actor).select_related("school", "college")  # type: ignore[attr-defined]
    return rows.get()
