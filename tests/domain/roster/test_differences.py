"""ROS-05: where the roster says otherwise than the line that a registration froze."""

from __future__ import annotations

import pytest

from qicheng.domain.roster.models import Graduate
from qicheng.domain.roster.queries import differences, student

pytestmark = pytest.mark.django_db
SYNCED = {
    "sex": ("2", "性别"), "nation": ("03", "民族"), "political_status": ("01", "政治面貌"), "study_years": ("5", "学制"),
    "student_number": ("S1", "学号"), "graduates_on": ("202612", "毕业时间"),
}  # fmt: skip
FIXED = {
    "name": ("陈成", "姓名"),
    "level": ("11", "学历"),
    "major": ("软件工程", "专业"),
    "id_number": ("110101200305068888", "身份证号"),
}


@pytest.mark.rule("ROS-05")
@pytest.mark.parametrize("key", [*SYNCED, *FIXED])
def test_a_field_that_differs_stands_on_its_side(world, key):
    frozen = student(world.graduate)
    value, label = (SYNCED | FIXED)[key]
    Graduate.all_rows.filter(pk=world.graduate.pk).update(**{key: value})

    synced, fixed = differences(frozen, Graduate.all_rows.select_related("school", "college").get(pk=world.graduate.pk))

    assert (list(synced), list(fixed)) == (([label], []) if key in SYNCED else ([], [label]))


@pytest.mark.rule("ROS-05")
def test_another_college_can_be_taken_over_and_what_belongs_to_the_graduate_is_not_compared(world):
    frozen = student(world.graduate)
    Graduate.all_rows.filter(pk=world.graduate.pk).update(
        college=world.other_college, phone="13000000000", email="a@b.cn"
    )

    synced, fixed = differences(frozen, Graduate.all_rows.select_related("school", "college").get(pk=world.graduate.pk))

    assert (synced, fixed) == ({"院系": ["计算机学院", "外国语学院"]}, {})


@pytest.mark.rule("ROS-05")
def test_nothing_differs_where_nothing_changed(world):
    assert differences(student(world.graduate), world.graduate) == ({}, {})
