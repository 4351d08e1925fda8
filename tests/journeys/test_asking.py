"""A form that asks by what was answered: fields come and go, and names are offered while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.template import engines

from qicheng.domain.registration.sheets import destinations
from tests.world import World

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHOWN = "[...document.querySelectorAll('main .field')].filter(one => !one.hidden).map(one => (one.querySelector('label, legend').firstChild.data || '').trim())"
PUT = "html => { document.querySelector('main').innerHTML = '<form>' + html + '</form>' }"
RUN = "address => new Promise(ok => { const one = document.createElement('script'); one.src = address; one.onload = ok; document.head.append(one) })"
ALWAYS = ["所在地", "所属行业", "职位类别"]


@pytest.fixture
def startup(committed, screens) -> Page:
    """The form of 自主创业 on a phone, with the script beside it."""
    world = World()
    page = screens.open("phone", world.graduate_seat(world.graduate))
    page.goto("/go/")
    form = destinations.of("startup").sheet.form(2026)()
    template = engines["jinja2"].env.from_string("{% for one in form %}{{ ui.field(one) }}{% endfor %}")
    page.evaluate(PUT, template.render(form=form))
    page.evaluate(RUN, "/static/qc/asking.js")
    return page


@pytest.mark.journey
def test_fields_come_and_go_with_the_answer_that_asks_for_them(startup):
    assert startup.evaluate(SHOWN) == ["创业形式", *ALWAYS]
    startup.check('input[value="753"]')
    assert startup.evaluate(SHOWN) == ["创业形式", "网店名称", "平台", "网址", *ALWAYS]
    startup.check('input[value="751"]')
    assert startup.evaluate(SHOWN) == ["创业形式", "企业名称", "统一社会信用代码", "本人角色", *ALWAYS]


@pytest.mark.journey
def test_names_of_a_long_table_are_offered_while_one_types(startup):
    with startup.expect_response("**/codes/admin_divisions/?q=*"):
        startup.locator("input[name=area]").press_sequentially("昆山")
    startup.locator("#l-id_area option").wait_for(state="attached")
    assert startup.locator("#l-id_area option").get_attribute("value") == "江苏省苏州市昆山市"
