"""Which office receives file and household: its province says so, place by place, or by a rule."""

from __future__ import annotations

import pytest

from qicheng.domain.campus.effects.offices import name_office, set_rule, values_at
from qicheng.domain.campus.queries.offices import office_of
from qicheng.domain.orgs.effects.settings import Outdated
from qicheng.domain.orgs.queries import stamp
from qicheng.foundation.access import Role
from qicheng.foundation.flow.perform import NotFound, NotOpen, noted
from tests.clients import signed_in

pytestmark = pytest.mark.django_db

KUNSHAN, SUZHOU, JIANGSU = "320583", "320500", "320000"


@pytest.fixture
def province(world):
    """江苏省, whose places are in the table of divisions."""
    world.province.code = JIANGSU
    world.province.save()
    return world.actor(Role.PROVINCE)


def named(actor, place, **names):
    name_office(actor, place, stamp(values_at(place)), names)


@pytest.mark.rule("PKU-02")
def test_without_a_word_of_the_province_the_office_bears_the_name_of_the_place(world):
    assert office_of(KUNSHAN, for_unemployed=True) == "江苏省苏州市昆山市人力资源和社会保障局"
    assert office_of(KUNSHAN, for_unemployed=False) == "江苏省苏州市昆山市人力资源和社会保障局"
    assert office_of("", for_unemployed=False) == "生源地人力资源和社会保障局"


@pytest.mark.rule("PKU-02")
def test_the_rule_of_the_province_is_for_everybody_but_those_without_a_job(province):
    set_rule(province, 0, {"pattern": "education"})
    assert office_of(KUNSHAN, for_unemployed=True) == "江苏省苏州市昆山市人力资源和社会保障局"
    assert office_of(KUNSHAN, for_unemployed=False) == "江苏省苏州市昆山市教育局"
    assert office_of("330106", for_unemployed=False) == "浙江省杭州市西湖区人力资源和社会保障局"
    with pytest.raises(Outdated):
        set_rule(province, 0, {"pattern": "labour"})


@pytest.mark.rule("PKU-02")
def test_a_name_holds_for_the_places_below_until_they_have_their_own(province):
    named(province, JIANGSU, others="江苏省高校招生就业指导服务中心")
    named(province, SUZHOU, others="苏州市人才服务中心")
    assert office_of(KUNSHAN, for_unemployed=False) == "苏州市人才服务中心"
    assert office_of("320102", for_unemployed=False) == "江苏省高校招生就业指导服务中心"
    assert office_of(KUNSHAN, for_unemployed=True) == "江苏省苏州市昆山市人力资源和社会保障局"
    named(province, SUZHOU)
    assert office_of(KUNSHAN, for_unemployed=False) == "江苏省高校招生就业指导服务中心"
    assert [record.changes for record in noted("receiving_office", case=SUZHOU)][-1] == {
        "待就业以外的毕业生，接收单位全称": ["没有填写", "苏州市人才服务中心"]
    }


@pytest.mark.rule("PKU-02")
def test_a_province_names_its_own_places_and_nobody_else_does(world, province):
    with pytest.raises(NotFound):
        named(province, "330100", others="甲")
    with pytest.raises(NotOpen):
        named(world.actor(Role.SCHOOL), SUZHOU, others="甲")
    with pytest.raises(Outdated):
        name_office(province, SUZHOU, "earlier", {"others": "甲"})
    assert signed_in(world.seats[Role.SCHOOL]).get("/gov/offices/").status_code == 404


def test_the_pages_of_a_province_show_what_counts_and_keep_what_is_named(world, province):
    client = signed_in(world.seats[Role.PROVINCE])
    assert "江苏省南京市人力资源和社会保障局（自动）" in client.get("/gov/offices/").content.decode()
    page = client.get(f"/gov/offices/{KUNSHAN}/")
    answer = client.post(
        f"/gov/offices/{KUNSHAN}/", {"others": "昆山市教育局", "unemployed": "", "seen": page.content.decode().split('name="seen" value="')[1].split('"')[0]}
    )  # fmt: skip
    assert (answer.status_code, answer["Location"]) == (302, f"/gov/offices/?in={SUZHOU}")
    assert "昆山市教育局" in client.get(answer["Location"]).content.decode()
    assert client.get("/gov/offices/330100/").status_code == 404
