"""Pages of the archive's way by post: the graduate's own request, and one letter as everybody sees it (MAIL-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from qicheng.domain.orgs.effects.accounts import opened
from qicheng.domain.orgs.queries import contacts_for
from qicheng.domain.roster.models import Graduate
from qicheng.domain.transfer.flows.mailing import MAILING
from qicheng.domain.transfer.models import Mailing
from qicheng.domain.transfer.pages import letters
from qicheng.domain.transfer.queries import mailing as queries
from qicheng.domain.transfer.sheets.mailing import LETTER, changed_since, letter_now
from qicheng.foundation.access import Area, Role
from qicheng.foundation.access.pages import audience
from qicheng.foundation.flow.perform import NotFound, Stopped, begin, find, open_acts, timeline
from qicheng.foundation.flow.words import sentence
from qicheng.foundation.kit.numbers import token
from qicheng.foundation.listing.page import render, say

if TYPE_CHECKING:
    from uuid import UUID

    from qicheng.foundation.access.pages import Request

STAFF = (Role.COLLEGE, Role.SCHOOL)
EVERYBODY = (Role.GRADUATE, *STAFF, Role.PROVINCE, Role.MINISTRY)
# States in which what the letter says is still the graduate's to submit.
UNSENT = ("draft", "returned")


@audience(Role.GRADUATE, *STAFF)
def mail(request: Request) -> HttpResponse:
    """The graduate's own request, or the school's list of them."""
    return own(request) if request.actor.role is Role.GRADUATE else letters.requests(request, Area.ARCHIVE)


@audience(Role.GRADUATE)
def own(request: Request) -> HttpResponse:
    """What the letter would say and whether it can be asked for; `申请邮寄` begins the request."""
    actor = request.actor
    case = queries.request_of(actor)
    if case is not None:
        return redirect("transfer:mailing", case.public_id)
    if request.method == "POST":
        try:
            begun = begin(MAILING, actor, key=request.POST.get("key", "")[:64] or None)
        except Stopped as stopped:
            say(request, str(stopped), "warn")
            return redirect("transfer:mail")
        return redirect("transfer:mailing", begun.public_id)
    blank = MAILING.begin.make(actor)
    assert isinstance(blank, Mailing)
    blank.flow_name = MAILING.name
    why = next((why for guard in MAILING.against(MAILING.begin) if (why := guard(blank, actor))), "")
    return shown(request, blank, why=why, blank=True)


@audience(*EVERYBODY)
def mailing(request: Request, public_id: UUID) -> HttpResponse:
    """One letter: what it says, where it is, what has changed since, what can be done."""
    actor = request.actor
    if not actor.may_read(Area.ARCHIVE):
        raise Http404
    try:
        case = find(Mailing, public_id, actor)
    except NotFound:
        raise Http404 from None
    opened(actor, case.flow_name, public_id, cohort=case.cohort, school=case.school_id)
    return shown(request, case)


def shown(request: Request, case: Mailing, *, why: str = "", blank: bool = False) -> HttpResponse:
    """The letter's page, in the shape of whoever looks."""
    actor, is_own = request.actor, request.actor.role is Role.GRADUATE
    now = letter_now(case)
    said = now if blank or case.state in UNSENT else case.letter
    acts = [] if blank else open_acts(case, actor)
    records = [] if blank else timeline(case)
    graduate = Graduate.objects.unscoped("the letter's own graduate, for the own line").get(pk=case.graduate_id)
    context: dict[str, Any] = {
        "case": case, "blank": blank, "why": why or next((one.why for one in acts if one.why and one.act.primary), ""), "key": token(),
        "parts": queries.parts(case, said), "said": LETTER.lines(said), "acts": acts, "readiness": queries.readiness(actor, graduate),
        "changed": changed_since(case.letter, now) if not blank and case.state in ("pending", "batched") else {},
        "timeline": [(sentence(record, case), record.words, record.at) for record in reversed(records)], "graduate": graduate,
        "contacts": contacts_for(graduate) if is_own else [],
    }  # fmt: skip
    return render(request, "transfer/mail_own.html" if is_own else "transfer/mail_letter.html", context)
