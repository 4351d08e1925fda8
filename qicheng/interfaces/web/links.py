"""The way in by a link: an employer without an account downloads one form, and brings it back with its stamp (OFF-03).

Whoever holds a link that serves is its bearer. One that was guessed, used, revoked or has expired is answered alike, whatever was
asked, so that nobody learns which it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.registration import queries
from qicheng.domain.registration.effects import offline
from qicheng.domain.registration.models import EmployerLink
from qicheng.foundation.access import FULL, Actor, Role
from qicheng.foundation.access.pages import anyone
from qicheng.foundation.flow import gather
from qicheng.foundation.flow.perform import Stopped, held, perform
from qicheng.foundation.kit.numbers import token as new_key
from qicheng.foundation.listing.page import render, say
from qicheng.foundation.papers import proofs as kept
from qicheng.foundation.papers import store
from qicheng.interfaces.web.proofs import ACCEPT, SHRUNK_TO, Files, shown, taken

if TYPE_CHECKING:
    from django.http import HttpRequest

    from qicheng.domain.registration.models import Registration
    from qicheng.foundation.papers.models import Paper

# What one address may ask for in ten minutes: an office has several links, and a page some pictures.
VISITS, TEN_MINUTES = 300, 600
# The origin goes along with a form, or its sender could not be told from another site; the path, which has the token, never does.
REFERRER = "strict-origin"
GONE = "registration/link_gone.html"


@anyone
def page(request: HttpRequest, token: str) -> HttpResponse:
    """What is asked, by whom; the form to be stamped, the pictures of it, and the button that hands them in."""
    link = came_by(request, token)
    if not isinstance(link, EmployerLink):
        return link
    case, actor = link.registration, bearer(link, request)
    if request.method != "POST":
        offline.open_link(link, actor)
        return showing(request, link, actor)
    step = request.POST.get("step", "")
    if step == "hand_in":
        return handed_in(request, link, actor)
    if step == "remove":
        return removed(request, link, actor)
    asked = gather.gathered(case)[0]
    form = Files(asked, request.POST, request.FILES)
    number = taken(case, asked.kind.key, form, actor)
    if number:
        say(request, f"已添加 {number} 份。")
    return showing(request, link, actor, form=form, status=422) if form.errors else unread(redirect("link", token))


@anyone
def form(request: HttpRequest, token: str) -> HttpResponse:
    """The form that has to be stamped, as a PDF."""
    link = came_by(request, token)
    if not isinstance(link, EmployerLink):
        return link
    paper = queries.agreement_of(link.registration)
    content = printed(paper)
    if content is None:
        say(request, "协议书正在生成，一般不到一分钟，过一会儿再下载。", "info")
        return unread(redirect("link", token))
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{link.registration.number}.pdf"'
    return unread(response)


@anyone
def proof(request: HttpRequest, token: str, public_id: UUID, part: str = kept.WHOLE) -> HttpResponse:
    """A picture that was brought by a link to this case: to whoever holds one that serves."""
    link = came_by(request, token)
    if not isinstance(link, EmployerLink):
        return link
    found = next((one for one in brought(link.registration) if one.public_id == public_id), None)
    if found is None:
        raise Http404
    return unread(shown(found, part))


def came_by(request: Any, token: str) -> EmployerLink | HttpResponse:
    """The link that serves, or the page that says that there is none; an address that asks too often is told to wait."""
    if not spend(f"link|{request.origin}", VISITS, TEN_MINUTES):
        return unread(render(request, GONE, {"is_busy": True}, status=429))
    return queries.link_by(token) or gone(request)


def gone(request: HttpRequest) -> HttpResponse:
    """The one answer to a link that does not serve."""
    return unread(render(request, GONE, {"is_busy": False}, status=404))


def bearer(link: EmployerLink, request: Any) -> Actor:
    """Who came by the link: it may do what its case lets a bearer do, and nothing else."""
    return Actor(
        Role.BEARER, link.registration.pk, levels=FULL, unit=link.registration.employer_name, origin=request.origin
    )


def brought(case: Registration) -> list[Any]:
    """The pictures that were brought by a link, in order."""
    return [one for found in gather.gathered(case) for one in found.proofs if one.role == Role.BEARER]


def showing(
    request: HttpRequest,
    link: EmployerLink,
    actor: Actor,
    *,
    why: str = "",
    form: Files | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a link that serves."""
    case = link.registration
    found, own = gather.gathered(case)[0], brought(case)
    form = form or Files(found)
    form.fields["added"].required = not own
    context = {
        "link": link, "case": case, "token": link.token, "form": form, "of": found, "own": own, "why": why or held(case, actor) or "",
        "is_held": bool(held(case, actor)), "accept": ACCEPT, "shrunk_to": SHRUNK_TO, "key": new_key(), "is_made": is_made(queries.agreement_of(case)),
        "returned": case.state == "signing_returned",
    }  # fmt: skip
    return unread(render(request, "registration/link.html", context, status=status))


def handed_in(request: HttpRequest, link: EmployerLink, actor: Actor) -> HttpResponse:
    """Hand in what was brought; the link has served then."""
    case, seen = link.registration, request.POST.get("seen", "")
    if not brought(case):
        return showing(request, link, actor, why="先上传盖章的协议书图像，再提交。", status=422)
    try:
        perform(case, "bring_back", actor, seen=int(seen) if seen.isdecimal() and len(seen) < 10 else case.version)
    except Stopped as stopped:
        fresh = queries.link_by(link.token)
        return gone(request) if fresh is None else showing(request, fresh, actor, why=str(stopped), status=409)
    return unread(render(request, "registration/link_done.html", {"case": case}))


def removed(request: HttpRequest, link: EmployerLink, actor: Actor) -> HttpResponse:
    """Take out a picture that was brought by a link; what the graduate brought stays."""
    wanted = request.POST.get("proof", "")
    found = next((one for one in brought(link.registration) if str(one.public_id) == wanted), None)
    try:
        if found is not None:
            gather.remove_proof(link.registration, found.public_id, actor)
            say(request, "已移除一份。")
    except Stopped as why:
        say(request, str(why), "warn")
    return unread(redirect("link", link.token))


def is_made(paper: Paper | None) -> bool:
    """Whether there is a form to download."""
    return paper is not None and paper.is_made


def printed(paper: Paper | None) -> bytes | None:
    """The form's content; None while it is not made, or cannot be read."""
    try:
        return store.read(paper) if paper is not None and paper.is_made else None
    except store.Damaged:
        return None


def unread(response: HttpResponse) -> HttpResponse:
    """Kept by nobody, and told to nobody from where one came."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = REFERRER
    response["X-Robots-Tag"] = "noindex"
    return response
