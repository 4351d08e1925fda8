"""The ways in: whatever proves who somebody is (a password, a code, later a single sign-on) ends in `enter`."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from qicheng.domain.orgs.effects import sessions
from qicheng.domain.orgs.models import Account, Seat
from qicheng.domain.orgs.queries import seats_in_force
from qicheng.domain.roster.effects import take_own_lines
from qicheng.foundation.access import Role
from qicheng.interfaces.web import menus
from qicheng.interfaces.web.middleware import address


def enter(
    request: HttpRequest, account: Account, seat: Seat | None, onward: str = "", *, cohort: int | None = None
) -> HttpResponse:
    """Open a session for somebody who has proved who it is, under a new token, and lead on.

    Every way in calls this and nothing else. Without a seat the next page asks which one; the session that the browser had
    ends (fixation), and forms of before are worthless.
    """
    leave_session(request)
    browser = request.META.get("HTTP_USER_AGENT", "")
    token = sessions.open_session(account, seat, cohort=cohort, origin=address(request), browser=browser)
    rotate_token(request)
    if account.must_change_password:
        response = redirect("password")
    elif seat is None:
        response = redirect(f"/login/seat/{'?next=' + onward if onward else ''}")
    else:
        response = redirect(onward or menus.home(Role(seat.role)))
    set_cookie(response, token)
    return response


def admit(request: HttpRequest, account: Account, kind: str, onward: str = "") -> HttpResponse:
    """Let in somebody who has proved to be this account: at its only seat of that kind, or to the choice of one (ROS-08)."""
    take_own_lines(account)
    seats = seats_in_force(account.pk, kind)
    sessions.note_log_in(account)
    return enter(request, account, seats[0] if len(seats) == 1 else None, onward)


def leave_session(request: Any) -> None:
    """End the session that this browser has, if it has one."""
    if row := request.session_row:
        sessions.end_session(request.session_hash, row.account_id)


def set_cookie(response: HttpResponse, token: str) -> None:
    """The session's cookie: gone with the browser, out of reach of scripts, bound to this host under TLS."""
    response.set_cookie(
        settings.QICHENG_SESSION_COOKIE, token, secure=settings.QICHENG_TLS, httponly=True, samesite="Lax", path="/"
    )


def prove(number: int | None, password: str) -> str:
    """'' if it is the password of that account, else what to tell: the second look at acts done in person (INV-20)."""
    account = Account.objects.filter(pk=number or 0).first()
    guess = sessions.reserve("account", number)
    if not guess.is_allowed:
        return f"密码错的次数多了，{guess.minutes} 分钟后再试"
    if sessions.is_password(account, password):
        sessions.forgive(guess)
        return ""
    return f"密码不对。{remaining(guess)}"


def remaining(guess: sessions.Guess) -> str:
    """「再错 3 次要等 10 分钟」, or how long to wait now."""
    return f"再错 {guess.left} 次要等 10 分钟" if guess.left else f"错的次数多了，{guess.minutes} 分钟后再试"


def own_path(given: str | None) -> str:
    """`given` if it is a path of this site, else ''."""
    if not given or not given.startswith("/") or not url_has_allowed_host_and_scheme(given, allowed_hosts=None):
        return ""
    return given if given.isprintable() and len(given) < 1000 else ""
