"""The ways in: whatever proves who somebody is (a password, a code, a school's own log-in) ends in `enter`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Callable


TOO_MANY_HERE = "这个网络试的次数太多了，10 分钟后再试"


def enter(
    request: HttpRequest, account: Account, seat: Seat | None, onward: str = "", *, cohort: int | None = None,
    came_by: sessions.CameBy = sessions.PASSWORD,
) -> HttpResponse:  # fmt: skip
    """Open a session for somebody who has proved who it is, under a new token, and lead on.

    Every way in calls this and nothing else. Without a seat the next page asks which one; the session that the browser had
    ends (fixation), and forms of before are worthless.
    """
    leave_session(request)
    browser = request.META.get("HTTP_USER_AGENT", "")
    token = sessions.open_session(
        account, seat, cohort=cohort, origin=address(request), browser=browser, came_by=came_by
    )
    rotate_token(request)
    if account.must_change_password:
        response = redirect("password")
    elif seat is None:
        response = redirect(f"/login/seat/{'?next=' + onward if onward else ''}")
    else:
        response = redirect(onward or menus.home(Role(seat.role)))
    set_cookie(response, token)
    return response


def admit(
    request: HttpRequest, account: Account, kind: str, onward: str = "", *, came_by: sessions.CameBy = sessions.PASSWORD,
    among: Callable[[list[Seat]], list[Seat]] = list,
) -> HttpResponse:  # fmt: skip
    """Let in somebody who has proved to be this account: at its only seat of that kind, or to the choice of one (ROS-08).

    `among` leaves those of its seats that this way in leads to.
    """
    take_own_lines(account)
    seats = among(seats_in_force(account.pk, kind))
    sessions.note_log_in(account)
    return enter(request, account, seats[0] if len(seats) == 1 else None, onward, came_by=came_by)


def why_shut(account: Account) -> str:
    """Why somebody who has proved to be this account may not come in all the same; '' where nothing is in the way."""
    if account.suspended_at is not None:
        return "这个账号已经停用。需要恢复，联系给你开账号的上级"
    if not seats_in_force(account.pk):
        return "这个账号现在没有可以进入的单位或届别。联系给你开账号的上级，毕业生联系学院"
    return ""


def go_on(request: Any, seat: Seat, onward: str = "") -> HttpResponse:
    """Go on in another seat of one's own, under a new token; how the session came in goes with it (CAM-06)."""
    return enter(request, seat.account, seat, onward, came_by=sessions.how_it_came(request.session_hash))


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
