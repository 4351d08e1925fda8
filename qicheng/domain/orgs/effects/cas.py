"""A school's log-in by CAS 3.0: the way to the server, the ticket that comes back, and what the server says of it (CAM-06).

The CAS Protocol Specification 3.0.3, §§ 2.1, 2.3.3, 2.5 and appendix A.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx
from lxml import etree

from qicheng.domain.orgs.effects.vouching import Errand, NotVouched, Vouched
from qicheng.foundation.kit.outward import Silent

if TYPE_CHECKING:
    from qicheng.domain.orgs.models import SignOn

USER = "user"
SPACE = "{http://www.yale.edu/tp/cas}"
ENDED = "{urn:oasis:names:tc:SAML:2.0:protocol}"
TICKET = re.compile(r"ST-[A-Za-z0-9._~-]{1,250}")


def way_out(row: SignOn, back: str) -> str:
    """The address of the server that asks who it is and leads back to `back` with a ticket."""
    return f"{row.server}/login?{urlencode({'service': back})}"


def way_off(row: SignOn, back: str) -> str:
    """The address at which the person leaves the school's own session too."""
    return f"{row.server}/logout?{urlencode({'service': back})}"


def vouched(row: SignOn, errand: Errand, ticket: str, back: str) -> Vouched:
    """What the server says of whom it gave this ticket for this very `back`, once. Raises NotVouched, Silent."""
    if not TICKET.fullmatch(ticket):
        raise NotVouched("no ticket")
    answer = errand.ask("GET", f"{row.server}/p3/serviceValidate", params={"service": back, "ticket": ticket})
    if answer.status != httpx.codes.OK:
        raise Silent(f"status {answer.status}")
    said = _parsed(answer.content)
    if said is None or said.tag != f"{SPACE}serviceResponse" or len(said) != 1:
        raise Silent("not the agreed answer")
    (outcome,) = said
    if outcome.tag == f"{SPACE}authenticationFailure":
        raise NotVouched("ticket refused")
    users = outcome.findall(f"{SPACE}{USER}")
    if outcome.tag != f"{SPACE}authenticationSuccess" or len(users) != 1:
        raise Silent("not the agreed answer")
    values: dict[str, list[str]] = {}
    for attribute in outcome.iterfind(f"{SPACE}attributes/*"):
        values.setdefault(etree.QName(attribute).localname, []).append((attribute.text or "").strip())
    values[USER] = [(users[0].text or "").strip()]
    return Vouched(values, ticket)


def ended_ticket(notice: str) -> str:
    """The ticket whose session a server's log-out notice ends; '' where it is none."""
    said = _parsed(notice.encode()) if len(notice) < 10_000 else None
    if said is None or said.tag != f"{ENDED}LogoutRequest":
        return ""
    ticket = (said.findtext(f"{ENDED}SessionIndex") or "").strip()
    return ticket if TICKET.fullmatch(ticket) else ""


def _parsed(content: bytes) -> etree._Element | None:
    """The document's root, without comments and instructions; None for what is no XML or brings declarations of its own."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if root is None or root.getroottree().docinfo.doctype else root
