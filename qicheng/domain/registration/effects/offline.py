"""Offline signing: the numbered form, its way back with a stamp, and the employer's link (OFF-02 … OFF-07)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Now

from qicheng.domain.orgs.effects.sessions import spend
from qicheng.domain.registration.models import EmployerLink, Registration
from qicheng.foundation.flow.gather import freeze_proofs, gathered
from qicheng.foundation.flow.perform import Refused, clock, note
from qicheng.foundation.kit import masks
from qicheng.foundation.later import later

from .registering import end, next_number, take_effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.foundation.access import Actor


# How long an employer has to print, stamp and bring back.
LINK_SERVES = timedelta(days=15)
# How many links a graduate may send in 24 hours: they go to telephones that the graduate names.
MOST_LINKS = 10


def approve_form(case: Registration, actor: Actor) -> Mapping[str, Any]:
    """The form is approved: it has its number from now on, and is made as a PDF to be stamped (OFF-02)."""
    case.number = next_number(case)
    later("registration.make_agreement", case=str(case.public_id))
    return {"协议编号": ["", case.number]}


def bring_back(case: Registration, actor: Actor, *, statement: str = "") -> Mapping[str, Any]:
    """The stamped form is handed in, or a statement of what is wrong with it (OFF-03 … OFF-05)."""
    if not any(one.proofs for one in gathered(case)) and not statement.strip():
        raise Refused("先上传盖章的协议书图像；协议书信息有误要重新填写的，写一份情况说明。")
    changes = dict(freeze_proofs(case))
    if statement.strip() != case.statement:
        changes["情况说明"] = [case.statement, statement.strip()]
    case.statement, case.submitted_at = statement.strip(), clock(case)
    close_links(case, used=True)
    return changes


def seal(case: Registration, actor: Actor, *, sealed: bool = False) -> Mapping[str, Any]:
    """The signing is approved; where the paper gets the school's seal, that paper and image were compared (OFF-07)."""
    take_effect(case, actor)
    later("registration.make_agreement", case=str(case.public_id))
    return {"学校盖章": ["", "已核对要盖章的协议书与上传的图像一致"]} if sealed else {}


def take_image_back(case: Registration, actor: Actor) -> None:
    """At the signing step only the image comes back; the form stays approved (REG-03)."""
    case.submitted_at = None


def send_link(case: Registration, actor: Actor, *, mobile: str = "", email: str = "") -> Mapping[str, Any]:
    """Send the employer a link by which it brings back the stamped form; links sent before are dead (OFF-03).

    The link itself is told by the act's notice to its bearer. Raises Refused over the limit of a day.
    """
    if not spend(f"send_link|{case.graduate_id}", MOST_LINKS, 24 * 3600):
        raise Refused(f"24 小时内最多发 {MOST_LINKS} 次链接，已经用完。明天再发，或者自己拍照上传。")
    close_links(case)
    EmployerLink.objects.unscoped("the graduate's own act makes it").create(
        registration=case, phone=mobile, email=email, expires_at=clock(case) + LINK_SERVES
    )
    return {"链接发给": ["", "、".join(filter(None, [masks.phone(mobile), email]))]}


def revoke_link(case: Registration, actor: Actor) -> None:
    """The graduate takes the link back."""
    close_links(case)


def give_up(case: Registration, actor: Actor) -> None:
    """The graduate gives up: the number is spent, the link dies (REG-13)."""
    end(case, actor)
    close_links(case)


def open_link(link: EmployerLink, actor: Actor) -> None:
    """Every opening of a link is on record, beside the case and not on its timeline; the first one stands with the link (OFF-03)."""
    rows = EmployerLink.objects.unscoped("the link by which the actor came")
    rows.filter(pk=link.pk, opened_at=None).update(opened_at=Now())
    case = link.registration
    note(actor, "open_link", "employer_link", subject=str(link.public_id), cohort=case.cohort, school=case.school_id)


def close_links(case: Registration, *, used: bool = False) -> None:
    """No link of this case opens anything from now on."""
    rows = EmployerLink.objects.unscoped("an act on the case closes the links to it")
    rows.filter(registration=case.pk, revoked_at=None, used_at=None).update(
        **{"used_at" if used else "revoked_at": Now()}
    )
