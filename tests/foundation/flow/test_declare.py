"""A flow that contradicts itself is an error before the server starts; what it says of itself is what it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from qicheng.domain.campus.models import Application, DestinationAmendment, FileAmendment, FileRegistration, MadeVersion
from qicheng.domain.orgs.models import School
from qicheng.domain.registration.sheets.destinations import types_of
from qicheng.foundation.access import Area, Role
from qicheng.foundation.flow import declare
from qicheng.foundation.flow.declare import FLOWS, Act, Begin, Flow, Fork, Misdeclared, Review, State
from tests.domain.campus.applying import FIELDS

GRADUATE, SCHOOL = (Role.GRADUATE,), (Role.SCHOOL,)


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flows of these tests are not known to anybody else."""
    monkeypatch.setattr(declare, "FLOWS", dict(FLOWS))


def asked(**other: Any) -> State:
    return State("asked", "已申请", **{"turn": Role.SCHOOL, **other})


def done() -> State:
    return State("done", "已通过", settled=True)


def flow(*acts: Act, start: State, name: str = "leave") -> Flow:
    begin = Begin("ask", "申请", GRADUATE, lambda actor: None)  # type: ignore[arg-type, return-value]
    return Flow(name, "请假", Area.EMPLOYMENT, None, begin, start, acts)  # type: ignore[arg-type]


def test_an_act_declared_twice_for_a_role_is_an_error():
    start, end = asked(), done()
    with pytest.raises(Misdeclared, match="approve of school in asked is declared twice"):
        flow(
            Act("approve", "同意", start, end, SCHOOL),
            Act("approve", "同意", start, end, (Role.COLLEGE, Role.SCHOOL)),
            start=start,
        )


def test_a_state_without_a_way_in_is_an_error():
    start, end = asked(), done()
    with pytest.raises(Misdeclared, match="no way leads into nowhere"):
        flow(
            Act("approve", "同意", start, end, SCHOOL),
            Act("revive", "恢复", State("nowhere", "没有"), end, SCHOOL),
            start=start,
        )


def test_a_turn_that_nobody_can_take_is_an_error():
    start, end = asked(turn=Role.COLLEGE), done()
    with pytest.raises(Misdeclared, match="it is the turn of college in asked, but nothing is open to it"):
        flow(Act("approve", "同意", start, end, SCHOOL), start=start)


def test_two_states_of_one_name_are_an_error():
    start = asked()
    with pytest.raises(Misdeclared, match="two states are called done"):
        flow(Act("approve", "同意", start, done(), SCHOOL), Act("reject", "不同意", start, done(), SCHOOL), start=start)


def test_two_flows_of_one_name_are_an_error():
    start, end = asked(), done()
    act = Act("approve", "同意", start, end, SCHOOL)
    flow(act, start=start)
    with pytest.raises(Misdeclared, match="two flows are called leave"):
        flow(act, start=start)


def test_what_a_flow_says_of_itself():
    start, end = asked(live=True), done()
    other = State("college", "等待学院", Role.COLLEGE)
    made = flow(
        Act("approve", "同意", start, Fork((other, end), lambda case: end), SCHOOL, tell=GRADUATE, rule="REG-02"),
        Act("approve", "同意", other, end, (Role.COLLEGE,)),
        start=start,
    )
    assert made.steps == {
        ("", "asked", "graduate"), ("asked", "college", "school"), ("asked", "done", "school"), ("college", "done", "college"),
    }  # fmt: skip
    assert (made.turns(Role.SCHOOL), made.turns(Role.COLLEGE), made.turns(Role.GRADUATE)) == (
        ("asked",),
        ("college",),
        (),
    )
    assert made.find("asked", "approve", Role.COLLEGE) is None
    assert made.table().split("\n") == [
        "leave | 请假 | 基本信息和就业信息",
        "",
        "state | official name | turn | live | settled | amendable",
        "asked | 已申请 | school | live | - | -",
        "college | 等待学院 | college | - | - | -",
        "done | 已通过 | - | - | settled | -",
        "",
        "at | who | act | to | guards | told | reason | rule",
        "- | graduate | 申请 (ask) | asked | - | - | - | -",
        "asked | school | 同意 (approve) | college / done | - | graduate | - | REG-02",
        "college | college | 同意 (approve) | done | - | - | - | -",
        "",
        "held by: -",
        "",
    ]
    assert made.diagram().split("\n")[1:] == [
        "    asked: 已申请（学校）", "    college: 等待学院（学院）", "    done: 已通过", "    [*] --> asked: 申请", "    asked --> college: 同意",
        "    asked --> done: 同意", "    college --> done: 同意", "    done --> [*]",
    ]  # fmt: skip


@pytest.mark.rule("REG-02")
@pytest.mark.parametrize("has_return", [True, False])
def test_a_review_has_two_levels_that_approve_reject_and_where_it_is_wanted_return(has_return):
    returned = State("returned", "退回修改", Role.GRADUATE) if has_return else None
    review = Review(
        State("one", "等待学院", Role.COLLEGE),
        State("two", "等待学校", Role.SCHOOL),
        done(),
        State("no", "不通过"),
        returned,
    )
    found = {(act.name, act.source.key, act.target.key, act.by[0], act.reason != "") for act in review.acts}
    wanted = {
        ("approve", "one", "two", Role.COLLEGE, False), ("approve", "two", "done", Role.SCHOOL, False),
        ("reject", "one", "no", Role.COLLEGE, True), ("reject", "two", "no", Role.SCHOOL, True),
    }  # fmt: skip
    if has_return:
        wanted |= {("return", "one", "returned", Role.COLLEGE, True), ("return", "two", "returned", Role.SCHOOL, True)}
    assert found == wanted


@pytest.mark.parametrize(
    ("role", "tag"), [(Role.SCHOOL, ("warn", "待你审核")), (Role.GRADUATE, ("info", "待学校审核"))]
)
def test_a_tag_tells_whose_turn_it_is_from_where_one_stands(role, tag):
    assert State("two", "等待学校审核", Role.SCHOOL, mine="待你审核", others="待学校审核").tag(role) == tag


def test_a_tag_without_a_turn_has_the_tone_of_its_state():
    assert State("done", "签约审核通过", others="已生效", tone="ok").tag(Role.SCHOOL) == ("ok", "已生效")
    assert State("done", "签约审核通过").tag(Role.SCHOOL) == ("neu", "签约审核通过")


def cases(name: str, state: State) -> list[Any]:
    """A case of each type that the flow knows, as far as its forms read of it; a row where they read what lies around it."""
    model, about = FLOWS[name].model, {"flow_name": name, "state": state.key}
    around = {
        "graduate": SimpleNamespace(name="陈诚", phone="13800000000", extra={}), "destination": None,
        "file": SimpleNamespace(edition="2024", terms={}),
    }  # fmt: skip
    if issubclass(model, DestinationAmendment):
        # It may be about any type, of whichever flow.
        found = [model(**about, kind=kind) for flow in FLOWS for kind in types_of(flow)]
        for case in found:
            case._around = {"registration": SimpleNamespace(kind=case.kind, edition="2024", terms={})}
        return found
    if issubclass(model, (FileRegistration, FileAmendment)):
        case = model(
            **about, school=School(name="江临大学"), **({"edition": "2024"} if model is FileRegistration else {})
        )
        case._around = around
        return [case]
    if model is Application:
        return [model(**about, made=MadeVersion(fields=FIELDS))]
    parts = ["destination", "archive", "household"]
    return [
        SimpleNamespace(**about, AREA=FLOWS[name].area, edition="2024", parts=parts, kind=kind)
        for kind in (types_of(name) or [""])
    ]


@pytest.mark.parametrize("name", sorted(FLOWS))
def test_no_field_of_an_act_is_taken_for_what_the_engine_asks(name):
    """`perform` keeps these words for itself; a form that used one could not be sent. A reason is one of the two, never both."""
    asked = [(act, act.sheet(case)) for act in FLOWS[name].acts if act.form for case in cases(name, act.source)]
    own = {"seen", "key", "words", "internal"}
    assert [
        (act.name, sheet.name)
        for act, sheet in asked
        if set(sheet.keys) & (own | ({"reason"} if act.reason else set()))
    ] == []
