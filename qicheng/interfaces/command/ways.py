"""What the demo's graduates begin themselves: forms to be stamped, paper agreements, other destinations, and ways out again."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from PIL import Image, ImageDraw

from qicheng.domain.registration.flows.destination import DESTINATION
from qicheng.domain.registration.flows.offline_dissolution import OFFLINE_DISSOLUTION
from qicheng.domain.registration.flows.offline_signing import OFFLINE_SIGNING
from qicheng.domain.registration.flows.online_dissolution import ONLINE_DISSOLUTION
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.registration.sheets import AGREEMENT, PAPER, destinations
from qicheng.foundation import codes
from qicheng.foundation.access import Role
from qicheng.foundation.flow.gather import add_proof
from qicheng.foundation.flow.perform import begin, perform
from qicheng.foundation.kit.identity import credit_check_character, organisation_check_character

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping

    from qicheng.domain.registration.models import Dissolution, Registration
    from qicheng.domain.roster.models import Graduate
    from qicheng.foundation.access import Actor
    from qicheng.foundation.flow.declare import Flow
    from qicheng.foundation.sheets import Field, Sheet

    Reviewers = Mapping[Any, Actor | None]
    Person = Callable[[Graduate], Actor]

UNITS = (
    "清原县第二中学",
    "江临市规划设计院",
    "北岭新材料有限公司",
    "远山会计师事务所",
    "云岭区人民政府",
    "海澜船舶重工有限公司",
)
NAMED_LOOKUPS = {"universities_2022": "南京大学", "countries": "英国", "admin_divisions": "江苏省苏州市昆山市"}
RETURNED = {"reason": "x_proof", "words": "第二页公章看不清，请重新拍一张"}
REJECTED = {"reason": "x_employer_name", "words": "单位名称与公章不一致，请与单位核对后重新登记"}
VERIFIED = {"verified": "与单位人事处电话核实，同意解约"}
# How far a case gets, and how many of ten do.
FORM_FATES = (
    "draft", "submitted", "form_at_school", "form_returned", "form_approved", "brought_back", "at_school", "returned", "effective", "effective",
)  # fmt: skip
FATES = (
    "draft",
    "submitted",
    "submitted",
    "at_school",
    "at_school",
    "returned",
    "rejected",
    "effective",
    "effective",
    "ended",
)
EACH_WAY = {"offline": 20, "paper": 12, "destination": 60}


def begin_ways(
    people: list[Graduate], signed: list[Registration], reviewers: Reviewers, person: Person, dice: random.Random
) -> None:
    """Let some graduates begin what they can, each in a state of its own; `signed` are agreements in force to be dissolved."""
    waiting = iter(people)
    for number in range(EACH_WAY["offline"]):
        _offline(next(waiting), FORM_FATES[number % 10], reviewers, person, dice)
    for number in range(EACH_WAY["paper"]):
        case = _submitted(SUPPLEMENTARY, next(waiting), person, FATES[number % 10], PAPER, dice)
        _decided(case, FATES[number % 10], reviewers, person)
        if FATES[number % 10] == "effective":
            _dissolved(case, number, reviewers, person)
    kinds = [key for key in destinations.REGISTRY if any(one.key == key for one in destinations.types("2024", "1"))]
    for number in range(EACH_WAY["destination"]):
        kind = kinds[number % len(kinds)]
        fate = FATES[(number * 7) % 10]
        case = _submitted(DESTINATION, next(waiting), person, fate, destinations.of(kind).sheet, dice, kind=kind)
        _decided(case, fate, reviewers, person)
    for number, agreement in enumerate(signed):
        _dissolving(agreement, number, person)


def _offline(graduate: Graduate, fate: str, reviewers: Reviewers, person: Person, dice: random.Random) -> None:
    actor = person(graduate)
    case: Any = begin(OFFLINE_SIGNING, actor, **filled(AGREEMENT, dice))
    if fate == "draft":
        return
    perform(case, "submit", actor)
    if fate == "form_returned":
        perform(case, "return", _reviewer(case, reviewers), reason="x_position", words="岗位名称与职位类别不符，请改正")
    if fate in ("submitted", "form_returned"):
        return
    _approve(case, reviewers, levels=1 if fate == "form_at_school" else 2)
    if fate == "form_at_school":
        return
    if fate == "form_approved":
        perform(case, "send_link", actor, mobile=case.employer_shown["mobile"], email="")
        return
    prove(case, actor, "stamped")
    perform(case, "bring_back", actor)
    _decided(case, fate, reviewers, person)


def _submitted(
    flow: Flow, graduate: Graduate, person: Person, fate: str, sheet: Sheet, dice: random.Random, **given: Any
) -> Registration:
    actor = person(graduate)
    case: Any = begin(flow, actor, **given, **filled(sheet, dice))
    if fate != "draft":
        for kind in case.proofs_asked:
            if kind.least:
                prove(case, actor, kind.key)
        perform(case, "submit", actor)
    return case


def _decided(case: Registration, fate: str, reviewers: Reviewers, person: Person) -> None:
    if fate in ("returned", "rejected"):
        said: dict[str, Any] = RETURNED if fate == "returned" else REJECTED
        perform(case, "return" if fate == "returned" else "reject", _reviewer(case, reviewers), **said)
    if fate in ("at_school", "effective", "ended"):
        _approve(case, reviewers, levels=1 if fate == "at_school" else 2)
    if fate == "ended" and case.flow_name == "destination":
        perform(case, "cancel", person(case.graduate))


def _dissolved(case: Registration, number: int, reviewers: Reviewers, person: Person) -> None:
    """Dissolve an agreement on paper, as far as its number goes: submitted, or done."""
    actor = person(case.graduate)
    request: Any = begin(
        OFFLINE_DISSOLUTION, actor, agreement=case, reason="x_study", explanation="考上研究生，已与单位商量一致"
    )
    prove(request, actor, "letter")
    perform(request, "submit", actor)
    if number % 2:
        _approve(request, reviewers)


def _dissolving(agreement: Registration, number: int, person: Person) -> None:
    """Ask online for the dissolution of an agreement: some wait for the employer, some are withdrawn."""
    actor = person(agreement.graduate)
    request = begin(
        ONLINE_DISSOLUTION, actor, agreement=agreement, reason="x_other_destination", explanation="已与单位电话商量一致"
    )
    if number % 4 == 3:
        perform(request, "withdraw", actor)


def _approve(case: Registration | Dissolution, reviewers: Reviewers, *, levels: int = 2) -> None:
    """So many levels, or as many as the case has."""
    flow = case.flow_name
    for _ in range(levels):
        if (turn := case.standing.turn) not in (Role.COLLEGE, Role.SCHOOL):
            return
        given: dict[str, Any] = {}
        if flow == "offline_dissolution":
            given = VERIFIED if turn is Role.COLLEGE else VERIFIED | {"manner": "x_mutual", "grounds": ""}
        perform(case, "approve", _reviewer(case, reviewers), **given)


def _reviewer(case: Registration | Dissolution, reviewers: Reviewers) -> Actor:
    found = reviewers["school"] if case.standing.turn is Role.SCHOOL else reviewers[case.college_id]
    assert found is not None
    return found


def filled(sheet: Sheet, dice: random.Random) -> dict[str, Any]:
    """Every field that is asked, filled in with something that can be true."""
    given: dict[str, Any] = {}
    for field in sheet:
        if field.is_asked(given):
            given[field.key] = _typed(field, dice)
    form = sheet.form(None)(given)
    if not form.is_valid():
        raise ValueError(f"{sheet.name}: {form.errors.as_json()}")
    return form.cleaned_data


def _typed(field: Field, dice: random.Random) -> Any:
    today = timezone.localdate()
    match field.kind:
        case "code":
            return "x_trustee" if field.key == "archive_type" else dice.choice(codes.table(field.table).choices())[0]
        case "choice":
            return dice.choice(field.choices)[0]
        case "several":
            return [dice.choice(field.choices)[0]]
        case "lookup":
            return NAMED_LOOKUPS[field.table]
        case "area":
            return dice.choice(("320583", "110102", "420106"))
        case "date":
            return (today + timedelta(days={"signed_on": -20, "until_on": 1100}.get(field.key, 30))).isoformat()
        case "whole":
            pay = dice.randrange(55, 120) * 100
            return str(pay if field.high is None or pay <= field.high else field.low or 1)
        case "phone":
            return "0512-66666666"
        case "mobile":
            return f"139{dice.randrange(10**8):08d}"
        case "email":
            return "hr@example.com"
        case "switch":
            return "on"
    if field.key == "credit_code":
        return _credit_code(dice.randrange(10**6))
    named = {"name": dice.choice(UNITS), "post": "教师", "contact": "何老师", "address": "学府路 18 号"}
    return named.get(field.key, "江临市学府路 18 号" if "地址" in field.label else field.label[: field.limit])


def _credit_code(number: int) -> str:
    organisation = f"{70000000 + number:08d}"
    first = "12320583" + organisation + organisation_check_character(organisation)
    return first + credit_check_character(first)


def prove(case: Registration | Dissolution, actor: Actor, kind: str) -> None:
    add_proof(case, kind, page(), actor)


@cache
def page() -> bytes:
    """A sheet of paper as a phone sees it: lines of writing and a red seal."""
    paper = Image.new("RGB", (1240, 1754), "#f7f5ef")
    pen = ImageDraw.Draw(paper)
    for line in range(160, 1300, 46):
        pen.line((130, line, 1110 - (line * 7) % 300, line), fill="#444", width=6)
    pen.ellipse((720, 1300, 1040, 1620), outline="#c8322b", width=10)
    pen.regular_polygon((880, 1460, 60), 5, fill="#c8322b")
    content = BytesIO()
    paper.save(content, "JPEG", quality=85)
    return content.getvalue()
