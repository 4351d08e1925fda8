"""Coming in by a school's own log-in (CAM-06): which school, the way to its server, and who it says has come back.

It opens accounts that are there and makes none; the password's door stands beside it all the while.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from qicheng.domain.orgs import queries
from qicheng.domain.orgs.effects import sessions, sign_on
from qicheng.domain.orgs.effects.sign_on import Busy, NotVouched, Silent
from qicheng.domain.roster.queries import lines_numbered
from qicheng.foundation.access import Role
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.listing.page import render
from qicheng.interfaces.web import menus
from qicheng.interfaces.web.middleware import address
from qicheng.interfaces.web.ways import TOO_MANY_HERE, admit, own_path, why_shut

if TYPE_CHECKING:
    from qicheng.domain.orgs.effects.sign_on import Vouched
    from qicheng.domain.orgs.models import Account, Seat, SignOn

log = logging.getLogger(__name__)

WITH_SCHOOLS = ("graduate", "school")
STATE_SECONDS = 10 * 60
SCHOOL_DAYS = 400
MOST_SCHOOLS = 30
SALT = "sign-on"
BESIDE = "可以先用手机号和密码登录"
WRONG_TURN = f"这次登录没有接上：离开太久，或者中间换了浏览器。重新来一次，也{BESIDE}。"
SILENT = f"学校的服务没有回应，{BESIDE}，过一会儿再来。"
DENIED = f"学校的服务没有确认这次登录。重新来一次，也{BESIDE}。"
SHUT = "这所学校没有开启统一身份认证登录，用手机号和密码登录。"


class State(NamedTuple):
    """What a browser carries from the way out to the way back, signed: of which log-in, for whom, and what then."""

    secret: str
    school: str
    version: int
    kind: str
    onward: str
    trying: int


# ---- before: which school


def offered(request: HttpRequest, kind: str, onward: str) -> dict[str, Any]:
    """What the log-in's page says of schools' own log-ins: (label, address) of the browser's school, and where all of them are."""
    if kind not in WITH_SCHOOLS or not queries.has_sign_ons():
        return {"sign_ons": "", "sign_on": None}
    row = queries.sign_on_at(request.COOKIES.get(_named("school"), "")[:5])
    own = (row.school.name, _start(row.school.code, kind, onward)) if row is not None and row.is_on else None
    return {"sign_ons": f"{reverse('sign_on')}?{_query(kind, onward)}", "sign_on": own}


@anyone
def schools(request: HttpRequest) -> HttpResponse:
    """Which school: found by its name, each a link to its own log-in."""
    kind, onward = _kind(request), own_path(request.GET.get("next"))
    words = request.GET.get("q", "").strip()[:60]
    found = queries.sign_ons(words)
    rows = [(school.name, _start(school.code, kind, onward)) for school in found[:MOST_SCHOOLS]]
    context = {"rows": rows, "more": len(found) - len(rows), "words": words, "kind": kind, "next": onward}
    return _uncached(render(request, "sign_on.html", context))


@anyone
def start(request: Any, code: str) -> HttpResponse:
    """To the school's server, with a state that only this browser can bring back. A school's user tries settings that are off yet."""
    row = queries.sign_on_at(code)
    trying = _tries(request, row)
    if not trying and request.session_row is not None:
        return redirect(menus.home(request.actor.role) if request.actor else "seat")
    if row is None or not (row.is_on or trying):
        return _refused(request, SHUT, "off", code)
    state = State(
        secrets.token_urlsafe(24), code, row.version, _kind(request), own_path(request.GET.get("next")), request.actor.account if trying else 0
    )  # fmt: skip
    try:
        response = redirect(sign_on.way_out(row, state.secret, _back(request, row, state)))
    except (Silent, Busy, NotVouched) as why:
        return _refused(request, SILENT, str(why), code, trying=bool(trying))
    _keep(response, "state", signing.dumps(state, salt=SALT), STATE_SECONDS)
    return _uncached(response)


# ---- after: who has come back


@csrf_exempt
@anyone
def back(request: HttpRequest, code: str) -> HttpResponse:
    """Back from the school's server. Only what answers this browser's own question is looked at, and once; a POST is a server's log-out notice."""
    row = queries.sign_on_at(code)
    if row is None:
        raise Http404
    if request.method == "POST":
        return _noticed(request, row)
    state = _state(request, row)
    response = (
        _come_back(request, row, state) if state else _refused(request, WRONG_TURN, "no state of this browser", code)
    )
    response.delete_cookie(_named("state"), samesite="Lax")
    return _uncached(response)


def _come_back(request: HttpRequest, row: SignOn, state: State) -> HttpResponse:
    trying = bool(state.trying)
    if trying and state.trying != _tries(request, row):
        return _refused(request, WRONG_TURN, "tried by somebody else", state.school)
    if not (row.is_on or trying):
        return _refused(request, SHUT, "off", state.school)
    if not sessions.reserve_at(address(request)):
        return _refused(request, f"{TOO_MANY_HERE}。", "too many", state.school, trying=trying)
    try:
        said = sign_on.vouched(row, request.GET.dict(), state.secret, _back(request, row, state))
    except NotVouched as why:
        return _refused(request, DENIED, str(why), state.school, trying=trying)
    except (Silent, Busy) as why:
        return _refused(request, SILENT, f"{type(why).__name__}: {why}", state.school, trying=trying)
    sessions.give_back(address(request))
    return _tried(request, row, said) if trying else _let_in(request, row, state, said)


def _let_in(request: HttpRequest, row: SignOn, state: State, said: Vouched) -> HttpResponse:
    number = sign_on.number_of(row, said)
    account, why, is_new = meant(row, state.kind, number)
    if account is None:
        if number:
            sign_on.note_refusal(row.school_id, number, why)
        context = {
            "why": why,
            "is_new": is_new,
            "school": row.school,
            "kind": state.kind,
            "request_id": getattr(request, "number", ""),
        }
        return render(request, "sign_on_unknown.html", context, status=403)

    def among(seats: list[Seat]) -> list[Seat]:
        return queries.seats_at(row.school_id, seats)

    came_by = sessions.CameBy(row.pk, sign_on.digest(said.ticket))
    response = admit(request, account, state.kind, state.onward, came_by=came_by, among=among)
    _keep(response, "school", row.school.code, SCHOOL_DAYS * 24 * 3600)
    return response


def meant(row: SignOn, kind: str, number: str) -> tuple[Account | None, str, bool]:
    """(the one account of that school that a number means, '', False), or (None, why not, whether a first log-in would help)."""
    if not number:
        return None, "学校的服务没有给出唯一的学号或工号。联系学校信息中心，也可以用手机号和密码登录。", False
    found, why, is_new = (_graduate if kind == "graduate" else _colleague)(row, number)
    if found is not None and (shut := why_shut(found)):
        return None, f"{shut}。", False
    return found, why, is_new


def _graduate(row: SignOn, number: str) -> tuple[Account | None, str, bool]:
    lines = lines_numbered(row.school_id, number)
    standing = [line for line in lines if line.removed_at is None]
    if len({line.id_number for line in standing}) > 1:
        return None, "名单里有两个人用这个学号，认不出是哪一位。请学院更正名单，也可以用手机号和密码登录。", False
    if lines and not standing:
        return None, "学校已把这个学号从名单中删除。有疑问联系学院。", False
    if not lines:
        return None, "学校名单里没有这个学号。请学院查一下名单，漏了会补传。", False
    accounts = {
        line.account for line in standing if line.account is not None and line.account.id_number == line.id_number
    }
    if len(accounts) > 1:
        return None, "这个学号对应两个账号，认不出是哪一个。请用手机号和密码登录，并告诉学校。", False
    account = next(iter(accounts), None)
    return (
        account,
        ""
        if account
        else "你在学校的名单里，还没有登录过。第一次登录要核对身份、设好密码，之后就能用统一身份认证登录。",
        account is None,
    )


def _colleague(row: SignOn, number: str) -> tuple[Account | None, str, bool]:
    found = {seat.account_id: seat.account for seat in queries.seats_named(row.school_id, number)}
    if len(found) == 1:
        return next(iter(found.values())), "", False
    if found:
        return None, "两个账号填了这个工号，认不出是哪一个。请学校的账号管理员更正，也可以用账号和密码登录。", False
    return (
        None,
        "还没有账号对应这个工号。请学校的账号管理员在「账号管理」里填上你的工号，也可以用账号和密码登录。",
        False,
    )


# ---- trying the settings, and leaving


def _tries(request: Any, row: SignOn | None) -> int:
    """The account of a school's user who tries the own school's settings; 0 for everybody else."""
    actor = request.actor
    is_own = row is not None and actor is not None and (actor.role, actor.node) == (Role.SCHOOL, row.school_id)
    if not is_own or not sign_on.may_set(actor):
        return 0
    return actor.account or 0


def _tried(request: Any, row: SignOn, said: Vouched) -> HttpResponse:
    """What the server gave, shown once to the school's user; only that it went well is kept."""
    number = sign_on.number_of(row, said)
    if number:
        sign_on.note_try(request.actor, row)
    matches = [
        (label, *meant(row, kind, number)[:2])
        for label, kind in (("按学号找毕业生", "graduate"), ("按工号找老师", "school"))
    ]
    values = [(name[:60], "、".join(found)[:200]) for name, found in list(said.values.items())[:60]]
    context = {"row": row, "values": values, "number": number, "matches": matches}
    return render(request, "sign_on_tried.html", context)


def _noticed(request: HttpRequest, row: SignOn) -> HttpResponse:
    """The school's server says that somebody has left there: the session of that ticket ends here too."""
    if sign_on.end_by_notice(row, request.POST.get("logoutRequest", "")):
        log.info("sign-on of %s: a session ended by notice", row.school.code)
    return HttpResponse(status=204)


def opened_this(request: Any) -> SignOn | None:
    """The school's own log-in by which this browser's session was opened, if by one."""
    return queries.sign_on_of_session(request.session_hash) if request.session_row is not None else None


@anyone
def left(request: HttpRequest, code: str) -> HttpResponse:
    """Out here, and still in at the school: on a machine that others use too one leaves there as well."""
    row = queries.sign_on_at(code)
    if row is None or not row.is_on:
        return redirect("login")
    way_off = sign_on.way_off(row, request.build_absolute_uri(reverse("login")))
    return _uncached(render(request, "sign_on_left.html", {"school": row.school, "way_off": way_off}))


# ---- the browser's part


def _state(request: HttpRequest, row: SignOn) -> State | None:
    """The state that this browser has kept, if the address brings back the same for these settings; each is good once."""
    try:
        state = State(*signing.loads(request.COOKIES.get(_named("state"), ""), salt=SALT, max_age=STATE_SECONDS))
    except (signing.BadSignature, TypeError):
        return None
    if not hmac.compare_digest(state.secret.encode(), request.GET.get("state", "").encode()):
        return None
    if (state.school, state.version) != (row.school.code, row.version):
        return None
    return state if sessions.spend(f"sign-on state|{state.secret}", 1, 2 * STATE_SECONDS) else None


def _back(request: HttpRequest, row: SignOn, state: State) -> str:
    """The address that the server leads back to. CAS brings back nothing but what stands in it, OpenID Connect the state by itself."""
    address = request.build_absolute_uri(reverse("sign_on_back", args=[row.school.code]))
    return f"{address}?{urlencode({'state': state.secret})}" if row.protocol == "cas" else address


def _refused(request: Any, words: str, why: str, code: str, *, trying: bool = False) -> HttpResponse:
    """Words, what to do and the number under which the log has the reason; nothing of the person."""
    log.warning("sign-on of %s: %s", code if code.isdecimal() else "?", why)
    home = reverse("orgs:sign_on") if trying else reverse("login")
    context = {
        "words": words,
        "why": why if trying else "",
        "home": home,
        "trying": trying,
        "request_id": getattr(request, "number", ""),
    }
    return _uncached(render(request, "sign_on_refused.html", context, status=404 if words == SHUT else 403))


def _start(code: str, kind: str, onward: str) -> str:
    return f"{reverse('sign_on_start', args=[code])}?{_query(kind, onward)}"


def _query(kind: str, onward: str) -> str:
    return urlencode({"kind": kind, "next": onward} if onward else {"kind": kind})


def _kind(request: HttpRequest) -> str:
    return "school" if request.GET.get("kind") == "school" else "graduate"


def _named(what: str) -> str:
    return f"__Host-sign-on-{what}" if settings.QICHENG_TLS else f"sign-on-{what}"


def _keep(response: HttpResponse, what: str, value: str, seconds: int) -> None:
    response.set_cookie(
        _named(what), value, max_age=seconds, secure=settings.QICHENG_TLS, httponly=True, samesite="Lax", path="/"
    )


def _uncached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
