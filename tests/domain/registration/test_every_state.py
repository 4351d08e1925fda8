"""What may be done in every state of a graduate's own ways, and by whom: nothing but what the signed tables say."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.utils import timezone

from qicheng.domain.orgs.models import Cohort, Opening, SigningSettings
from qicheng.domain.registration.flows.destination import DESTINATION
from qicheng.domain.registration.flows.offline_dissolution import OFFLINE_DISSOLUTION
from qicheng.domain.registration.flows.offline_signing import OFFLINE_SIGNING
from qicheng.domain.registration.flows.supplementary import SUPPLEMENTARY
from qicheng.domain.roster.models import Graduate
from qicheng.foundation.access import SYSTEM, Actor, Level, Role
from qicheng.foundation.flow.declare import FLOWS
from qicheng.foundation.flow.models import Record
from qicheng.foundation.flow.perform import NotFound, NotOpen, Refused, Stale, begin, open_acts, perform
from qicheng.foundation.notice.models import Notice
from tests.domain.registration.places import EVERY_PLACE, PLACES, SAID
from tests.world import DISSOLUTION, FORM, PAPER, World, filled_destination

pytestmark = pytest.mark.django_db
NOT_OPEN, NOT_ALLOWED = "现在不能这样做。", "你的账号没有这项操作的权限。"
# How the graduate begins each way.
BEGIN = {
    "offline_signing": lambda world, actor: begin(OFFLINE_SIGNING, actor, **FORM),
    "supplementary": lambda world, actor: begin(SUPPLEMENTARY, actor, **PAPER),
    "destination": lambda world, actor: begin(DESTINATION, actor, kind="contract", **filled_destination("contract")),
}


def everybody(world: World, case) -> list[Actor]:
    """Whoever sees 陈诚's case, and the product itself."""
    roles = (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY)
    return [*map(world.actor, roles), world.bearer(case), SYSTEM]


def strangers(world: World, case) -> list[Actor]:
    """Whoever has nothing to do with 陈诚, in each role that may act, and the bearer of a link to another case."""
    roles = (Role.GRADUATE, Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE)
    other = Actor(Role.COLLEGE, world.other_college.pk, None, world.actor(Role.COLLEGE).levels)
    elsewhere = Actor(Role.BEARER, case.pk + 1, None, world.actor(Role.COLLEGE).levels)
    return [*map(world.stranger_actor, roles), world.of(world.neighbour), other, elsewhere]


def stored(case):
    rows = type(case).all_rows.filter(pk=case.pk)
    return rows.values().get(), Record.objects.count(), Notice.objects.count()


def refusal(case, act, actor, **given):
    """The exception that an act ends in."""
    with pytest.raises((NotFound, NotOpen, Refused, Stale)) as stopped, transaction.atomic():
        perform(case, act, actor, **given)
    return type(stopped.value), str(stopped.value)


def test_every_declared_state_has_a_place():
    assert {flow: set(states) for flow, states in PLACES.items()} == {flow: set(FLOWS[flow].states) for flow in PLACES}


@pytest.mark.rule("ORG-01", "REG-02")
@pytest.mark.parametrize(("flow", "state"), EVERY_PLACE)
def test_in_no_state_does_anybody_what_is_not_declared_for_them_there(world, flow, state):
    case = PLACES[flow][state](world)
    assert (case.flow_name, case.state, case.live) == (flow, state, FLOWS[flow].states[state].live)
    before, names = stored(case), sorted({act.name for act in FLOWS[flow].acts})

    for actor in everybody(world, case):
        sees = actor is SYSTEM or type(case).objects.seen_by(actor).filter(pk=case.pk).exists()
        for name in names:
            declared = FLOWS[flow].find(state, name, actor.role)
            if declared is None or declared.carried:
                assert refusal(case, name, actor, **SAID)[0] is (NotOpen if sees else NotFound), (actor.role, name)
        declared = {act.name for act in FLOWS[flow].leaving(state) if actor.role in act.by and not act.carried}
        assert {one.act.name for one in open_acts(case, actor)} == (
            declared if actor.levels or actor is SYSTEM else set()
        )
    for actor in strangers(world, case):
        assert {refusal(case, name, actor, **SAID)[0] for name in names} == {NotFound}, actor
    assert stored(case) == before


OFF_ROSTER = "学生已从学校名单中删除，这条登记暂时失效；重新上传名单后自动恢复。"
HOLDS = {
    "module closed": "省级用户没有开启「毕业去向登记与网签」模块，开启后才能办理。",
    "settings not submitted": "学校还没有提交签约设置，提交后才能办理。",
    "off the roster": OFF_ROSTER,
}


def hold(world, why):
    match why:
        case "module closed":
            Opening.objects.filter(province=world.province).update(is_open=False)
        case "settings not submitted":
            SigningSettings.all_rows.filter(school=world.school).update(submitted_at=None)
        case "off the roster":
            Graduate.all_rows.filter(pk=world.graduate.pk).update(removed_at=timezone.now())


@pytest.mark.rule("ORG-02", "SET-02", "ROS-07")
@pytest.mark.parametrize(
    ("flow", "state"), [place for place in EVERY_PLACE if any(not act.carried for act in FLOWS[place[0]].leaving(place[1]))]
)  # fmt: skip
def test_what_holds_a_school_or_a_graduate_holds_every_act_in_every_state(world, flow, state):
    case = PLACES[flow][state](world)
    offers = [(act.name, role) for act in FLOWS[flow].leaving(state) if not act.carried for role in act.by]
    for why, words in HOLDS.items():
        point = transaction.savepoint()
        hold(world, why)
        before = stored(case)
        for name, role in offers:
            actor = world.bearer(case) if role is Role.BEARER else world.actor(role)
            assert refusal(case, name, actor, **SAID) == (Refused, words), name
            assert {one.why for one in open_acts(case, actor) if one.act.name == name} == {words}
        assert stored(case) == before
        transaction.savepoint_rollback(point)


@pytest.mark.rule("ORG-05")
@pytest.mark.parametrize("flow", PLACES)
def test_a_permission_to_read_is_none_to_act_on_a_graduates_own_ways(world, flow):
    case = PLACES[flow]["college_review"](world)

    for act, role in (("approve", Role.COLLEGE), ("recall", Role.GRADUATE)):
        assert refusal(case, act, world.actor(role, level=Level.READ)) == (NotOpen, NOT_ALLOWED)
        assert open_acts(case, world.actor(role, level=Level.READ)) == []


@pytest.mark.rule("ROS-03")
@pytest.mark.parametrize("way", BEGIN)
def test_a_cohort_that_is_closed_begins_nothing(db, way):
    old = World(cohort=2024)

    with pytest.raises(Refused, match="2024 届办理到次年 1 月 31 日为止，现在只能查看。"):
        BEGIN[way](old, old.actor(Role.GRADUATE))


@pytest.mark.parametrize("way", BEGIN)
@pytest.mark.parametrize("why", HOLDS)
def test_what_holds_a_school_or_a_graduate_holds_every_beginning(world, way, why):
    hold(world, why)

    with pytest.raises(Refused) as refused:
        BEGIN[way](world, world.actor(Role.GRADUATE))
    assert str(refused.value) == HOLDS[why]


@pytest.mark.parametrize("way", BEGIN)
def test_only_a_graduate_begins_a_graduates_own_way(world, way):
    for role in Role:
        if role is not Role.GRADUATE:
            actor = SYSTEM if role is Role.SYSTEM else Actor(role, 1, None, world.actor(Role.SCHOOL).levels)
            with pytest.raises(NotOpen, match=NOT_ALLOWED):
                BEGIN[way](world, actor)
    with pytest.raises(NotOpen, match=NOT_ALLOWED):
        BEGIN[way](world, world.actor(Role.GRADUATE, level=Level.READ))


@pytest.mark.rule("REG-04")
@pytest.mark.parametrize("flow", PLACES)
def test_an_act_on_an_old_page_is_told_what_happened(world, flow):
    case = PLACES[flow]["college_review"](world)
    seen = case.version
    perform(case, "return", world.actor(Role.COLLEGE), **SAID)

    with pytest.raises(Stale) as stale:
        perform(case, "recall", world.actor(Role.GRADUATE), seen=seen)
    assert (stale.value.label, stale.value.record.act) == (case.standing.label, "return")


@pytest.mark.rule("REG-02")
@pytest.mark.parametrize("flow", PLACES)
@pytest.mark.parametrize("act", ["return", "reject"])
@pytest.mark.parametrize(
    ("reason", "words"), [("", ""), ("", "公章看不清"), ("r_other", ""), ("r_other", "  "), ("r_other", "\u200b")]
)
def test_a_return_and_a_rejection_need_a_reason_and_words(world, flow, act, reason, words):
    case = PLACES[flow]["college_review"](world)

    assert refusal(case, act, world.actor(Role.COLLEGE), reason=reason, words=words) == (
        Refused, "选一个原因并写明情况，对方才知道怎么办。",
    )  # fmt: skip
    perform(case, act, world.actor(Role.COLLEGE), **SAID)
    record = Record.objects.filter(case=str(case.public_id)).latest("pk")
    assert (record.act, record.reason, record.words, record.name) == (act, "r_other", SAID["words"], "李华")


@pytest.mark.rule("REG-12")
@pytest.mark.parametrize("way", BEGIN)
def test_a_case_keeps_the_edition_that_its_cohort_had_when_it_began(world, way):
    Cohort.objects.filter(year=world.cohort).update(edition="2023")
    case = BEGIN[way](world, world.actor(Role.GRADUATE))
    Cohort.objects.filter(year=world.cohort).update(edition="2024")

    case.refresh_from_db()
    assert case.edition == "2023"


def test_a_dissolution_on_paper_is_begun_by_the_graduate_of_the_agreement_alone(world):
    agreement = world.supplementary()

    for actor in (world.of(world.neighbour), world.stranger_actor(Role.GRADUATE)):
        with pytest.raises(NotFound):
            begin(OFFLINE_DISSOLUTION, actor, agreement=agreement, **DISSOLUTION[Role.GRADUATE])
    for role in (Role.EMPLOYER, Role.COLLEGE, Role.SCHOOL, Role.PROVINCE, Role.MINISTRY):
        with pytest.raises(NotOpen, match=NOT_ALLOWED):
            begin(OFFLINE_DISSOLUTION, world.actor(role), agreement=agreement, **DISSOLUTION[Role.GRADUATE])
