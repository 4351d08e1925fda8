"""What acts do with what graduates say of themselves: it goes into the roster, at once (CAM-02) or when the college approves (PKU-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.domain.campus.models import PersonalInformation, Supplement
from qicheng.domain.campus.sheets.personal import PERSONAL, SUPPLEMENT, own_values, told
from qicheng.domain.roster.effects import LOG_IN_YOURSELF, PHONE_IS_TAKEN, is_free, write_own
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.flow.perform import Refused, clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qicheng.domain.campus.models.personal import OwnInformation
    from qicheng.foundation.access import Actor
    from qicheng.foundation.sheets import Sheet


# ---- 个人信息完善


def personal_information(actor: Actor, **typed: Any) -> PersonalInformation:
    """The unsaved first submission of a graduate (CAM-02)."""
    case = _begun(PersonalInformation, actor)
    case.terms = _filled_in(PERSONAL, case, typed)
    return case


def stamp(case: OwnInformation, actor: Actor) -> None:
    """When it was submitted, by the database's clock."""
    case.submitted_at = clock(case)


def declare(case: PersonalInformation, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """Write what the graduate says to the roster; what changed by it is on record (CAM-02)."""
    if typed:
        case.terms = _filled_in(PERSONAL, case, typed)
        stamp(case, actor)
    line = case.above("graduate")
    _must_be_free(case.terms["phone"], line)
    write_own(case.graduate_id, is_own=not actor.is_vouched, **case.terms)
    return told(PERSONAL, own_values(line, PERSONAL), case.terms)


# ---- 补充个人就业信息


def supplement(actor: Actor, **typed: Any) -> Supplement:
    """The unsaved submission of a graduate, for the college to review (PKU-01)."""
    case = _begun(Supplement, actor)
    case.terms = _filled_in(SUPPLEMENT, case, typed)
    return case


def submit(case: Supplement, actor: Actor, **typed: Any) -> Mapping[str, Any]:
    """Freeze what is submitted and what the roster says of it now."""
    if typed:
        case.terms = _filled_in(SUPPLEMENT, case, typed)
    line = case.above("graduate")
    _must_be_free(case.terms["phone"], line)
    own = case.graduate.account
    if (
        actor.is_vouched
        and own is not None
        and (case.terms["phone"], case.terms["email"]) != (own.phone or "", own.email)
    ):
        raise Refused(LOG_IN_YOURSELF)
    case.before = own_values(line, SUPPLEMENT)
    stamp(case, actor)
    return told(SUPPLEMENT, case.before, case.terms)


def freeze(case: Supplement, actor: Actor) -> None:
    """The same of the first submission, before it is written."""
    submit(case, actor)


def compared(case: Supplement, actor: Actor) -> Mapping[str, Any]:
    """What the submission would change, for its record."""
    return told(SUPPLEMENT, case.before, case.terms)


def take_back(case: Supplement, actor: Actor) -> None:
    """The graduate's alone again, until it is submitted anew."""
    case.submitted_at = None


def approve(case: Supplement, actor: Actor) -> None:
    """The roster says what the college has approved (PKU-01)."""
    case.closed_at = clock(case)
    try:
        write_own(case.graduate_id, is_own=True, **case.terms)
    except Refused:
        raise Refused("这个手机号已经绑定了其他账号。请退回，让毕业生换一个。") from None


def end(case: Supplement, actor: Actor) -> None:
    """Given up: what the roster says stays as it is."""
    case.closed_at = clock(case)


def _begun(model: Any, actor: Actor) -> Any:
    graduate, now = Graduate.objects.seen_by(actor).get(), clock()
    return model(
        cohort=graduate.cohort, school_id=graduate.school_id, college_id=graduate.college_id, tier=graduate.tier, graduate=graduate,
        begun_at=now, waiting_since=now,
    )  # fmt: skip


def _filled_in(sheet: Sheet, case: OwnInformation, typed: Mapping[str, Any]) -> dict[str, str]:
    form = sheet.form(case.cohort)(typed)
    if not form.is_valid():
        raise Refused(f"还没有填好：{'、'.join(str(form.fields[key].label) for key in form.errors)}。改好以后再提交。")
    return {key: form.cleaned_data.get(key) or "" for key in sheet.keys}


def _must_be_free(phone: str, line: Any) -> None:
    if not is_free(phone, line.account_id):
        raise Refused(PHONE_IS_TAKEN)
