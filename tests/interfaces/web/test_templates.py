"""Base pages, the environment they are rendered in, and the one way in which a page answers."""

import gzip
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import django_htmx
import jinja2
import pytest
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory

from qicheng.foundation.listing.page import render
from qicheng.interfaces.web import words
from tests.interfaces.web import gallery

STATIC = gallery.ROOT / "interfaces/web/static/qc"
SOURCES = [
    path for folder in gallery.FOLDERS for path in sorted(folder.rglob("*")) if path.suffix in (".html", ".jinja")
]


def source_id(path: Path) -> str:
    return path.relative_to(gallery.ROOT).as_posix()


class Tags(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def env() -> jinja2.Environment:
    return gallery.templates()


@pytest.mark.parametrize("path", SOURCES, ids=source_id)
def test_a_template_compiles(path, env):
    env.compile(path.read_text(), filename=str(path))


@pytest.mark.parametrize("path", SOURCES, ids=source_id)
def test_a_template_has_no_inline_style_script_or_action(path):
    text = path.read_text()
    assert (
        re.findall(r"""\sstyle\s*=|\son[a-z]+\s*=\s*["']|<style|javascript:|hx-on|<script(?![^>]*\ssrc=)""", text) == []
    )


@pytest.mark.parametrize("path", [*SOURCES, STATIC / "app.js", STATIC / "desk.js"], ids=lambda path: path.name)
def test_the_words_keep_to_the_house(path):
    text = path.read_text()
    assert (
        re.findall(r"！|(?<![\w<-])--(?![\w>-])|点击此处|非法|操作成功|暂无数据|登陆|帐号|其它|贵单位|我校", text) == []
    )


@pytest.mark.parametrize("path", SOURCES, ids=source_id)
def test_every_form_that_posts_carries_the_token(path):
    for form in re.findall(r"<form\b[^>]*method=\"post\".*?(?=<form\b|</form>)", path.read_text(), re.DOTALL):
        assert re.search(r"csrf_input|act_fields\(csrf", form), form[:80]


def test_a_name_that_the_page_does_not_know_is_an_error(env):
    with pytest.raises(jinja2.UndefinedError):
        env.from_string("{{ nothing_of_this_name }}").render()


def test_what_people_write_is_escaped(env):
    html = env.from_string("{{ ui.kv([('单位', '<b>')]) }}{{ ui.tag('<i>') }}").render()
    assert "<b>" not in html
    assert "<i>" not in html


def test_error_pages_stand_without_request_person_or_database(env):
    titles = {
        name: re.search(r"<title>(.*?)</title>", env.get_template(f"{name}.html").render())[1]
        for name in ("404", "403", "403_csrf", "500")
    }
    assert titles == {
        "404": "没有找到｜毕业去向登记与网上签约",
        "403": "没有权限｜毕业去向登记与网上签约",
        "403_csrf": "页面放久了｜毕业去向登记与网上签约",
        "500": "系统出错｜毕业去向登记与网上签约",
    }


def test_the_title_of_a_page_with_errors_says_so_first(env):
    page = env.get_template("gallery.html")
    assert "<title>组件与状态｜毕业去向登记与网上签约</title>" in page.render(gallery.context("desk"))
    assert "<title>错误：组件与状态｜毕业去向登记与网上签约</title>" in page.render(
        gallery.context("desk", form=gallery.wrong_form())
    )


def test_sponsor_and_codes_show_only_where_the_installation_has_them(settings):
    colophon = "{{ ui.colophon() }}"
    settings.QICHENG_SITE = {"sponsor": "", "icp": "", "police": "", "site_code": "", "help_line": ""}
    assert gallery.templates().from_string(colophon).render().strip() == ""
    settings.QICHENG_SITE = {"sponsor": "江临大学", "icp": "", "police": "", "site_code": "4200000000", "help_line": ""}
    assert Tags(gallery.templates().from_string(colophon).render()).text.split() == [
        "主办单位：江临大学",
        "网站标识码：4200000000",
    ]


def test_only_the_pages_of_staff_load_htmx():
    loaded = {name: "htmx-2.min.js" in html for name, html in gallery.pages().items()}
    assert {name for name, has in loaded.items() if has} == {"desk.html", "queue.html", "errors.html"}


@pytest.mark.parametrize("name", sorted(gallery.SURFACES))
def test_a_page_has_one_heading_of_the_first_level_and_no_id_twice(name):
    tags = Tags(gallery.pages()[f"{name}.html"]).tags
    ids = [attrs["id"] for _, attrs in tags if attrs.get("id")]
    assert sum(tag == "h1" for tag, _ in tags) == 1
    assert sorted(ids) == sorted(set(ids))


def request(**headers: str) -> HttpRequest:
    made = RequestFactory().get("/review", headers=headers)
    made.me, made.actor, made.messages = gallery.STAFF, object(), ()
    return made


def shown(made: HttpRequest, **options: object) -> str:
    context = {**gallery.context("queue"), "messages": made.messages}
    return render(made, "gallery.html", context, **options).content.decode()


def test_a_page_is_answered_whole_to_a_browser_and_in_part_to_htmx():
    part = {"hx-request": "true", "hx-target": "panel"}
    assert shown(request(), block="panel").lstrip().startswith("<!doctype html>")
    assert shown(request(**part), block="panel").lstrip().startswith('<aside class="panel" id="panel"')
    assert (
        shown(request(**part), block={"panel": "panel", "work": "content"}).lstrip().startswith('<aside class="panel"')
    )
    assert (
        shown(request(**{**part, "hx-target": "elsewhere"}), block={"panel": "panel"})
        .lstrip()
        .startswith("<!doctype html>")
    )
    assert (
        shown(request(**part, **{"hx-history-restore-request": "true"}), block="panel")
        .lstrip()
        .startswith("<!doctype html>")
    )


def test_a_part_brings_the_messages_along():
    made = request(**{"hx-request": "true", "hx-target": "panel"})
    assert "hx-swap-oob" not in shown(made, block="panel")
    made.messages = [("ok", "已通过 1 条")]
    assert shown(made, block="panel").count('<div hx-swap-oob="beforeend:#toasts">') == 1


def test_pages_of_people_who_are_logged_in_are_not_kept_by_any_cache():
    context = gallery.context("queue")
    kept = render(request(), "gallery.html", context, status=422)
    assert (kept.status_code, kept["Cache-Control"], kept["Vary"]) == (422, "no-store", "HX-Request")
    stranger = RequestFactory().get("/")
    assert "Cache-Control" not in render(stranger, "404.html")


def test_the_engine_of_the_settings_is_this_environment():
    assert engines["jinja2"].env.get_template("404.html").render().startswith("<!doctype html>")


def test_a_deadline_at_midnight_belongs_to_the_day_that_it_ends():
    at = datetime(2031, 6, 12, 16, 0, tzinfo=UTC)
    assert words.deadline(at) == "2031 年 6 月 12 日 24:00"
    assert words.deadline(at + timedelta(minutes=1)) == "2031 年 6 月 13 日 00:01"
    assert words.moment(datetime(2031, 6, 9, 8, 54, tzinfo=UTC)) == "2031 年 6 月 9 日 16:54"
    assert words.stamp(datetime(2031, 6, 7, 2, 51, tzinfo=UTC)) == "2031-06-07 10:51"


def test_time_left_is_told_in_days_and_hours_and_in_minutes_only_within_the_last_hour():
    now = datetime(2026, 6, 10, tzinfo=UTC)
    left = {
        seconds: words.remaining(now + timedelta(seconds=seconds), now)
        for seconds in (190_800, 86_400, 18_000, 3_599, 59, 0)
    }
    assert left == {
        190_800: "还剩 2 天 5 小时",
        86_400: "还剩 1 天",
        18_000: "还剩 5 小时",
        3_599: "还剩 59 分钟",
        59: "还剩 0 分钟",
        0: "已截止",
    }


def test_numbers_are_written_for_people():
    assert (words.number(3543), words.money("8000.00"), words.money("6400.5"), words.percent(3543, 4526), words.percent(0, 0)) == (
        "3,543", "8,000", "6,400.50", "78.3%", "0.0%",
    )  # fmt: skip
    assert (words.grouped("91110100MA0000000X"), words.grouped("13800001111", 3, 4, 4)) == (
        "9111 0100 MA00 0000 0X",
        "138 0000 1111",
    )
    assert (words.filesize(292_864), words.filesize(5_033_164), words.filesize(12)) == ("286 KB", "4.8 MB", "1 KB")


def test_what_a_browser_loads_stays_small():
    def packed(*paths: Path) -> int:
        return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)

    htmx = Path(django_htmx.__file__).parent / "static/django_htmx/htmx-2.min.js"
    assert packed(STATIC / "app.css") <= 14 * 1024
    assert packed(STATIC / "app.js", STATIC / "boot.js") <= 8 * 1024
    assert packed(STATIC / "app.js", STATIC / "boot.js", STATIC / "desk.js", htmx) <= 30 * 1024
    assert packed(STATIC / "proofs.js") <= 2 * 1024
    assert packed(STATIC / "asking.js") <= 1024


def test_the_style_sheet_keeps_to_the_oldest_browsers():
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "app.css").read_text(), flags=re.DOTALL)
    assert re.findall(r":has\(|:is\(|:where\(|@layer|@container|color-mix\(|&[\s.:>]|https?://", css) == []
    assert css.count("{") == css.count("}")


def test_every_icon_that_is_named_is_in_the_sprite():
    drawn = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    used = set(re.findall(r'icons\.svg#([\w-]+)"', "".join(gallery.pages().values())))
    assert used - drawn == set()
