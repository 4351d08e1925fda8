"""The components: what each of them promises in HTML, and how they stand in a real browser."""

import functools
import http.server
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import django_htmx
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect, sync_playwright

from qicheng.foundation.flow.gather import Gathered
from qicheng.foundation.papers import ProofKind
from qicheng.foundation.papers.models import Proof
from tests.interfaces.web import gallery
from tests.interfaces.web.test_templates import STATIC, Tags

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=zh-CN",
]  # fmt: skip
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; form-action 'self'"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}
# What can be wrong in other colours, although the page is the same.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}


# ---------- what a macro writes


@pytest.fixture(scope="module")
def show() -> Callable[..., Tags]:
    """Render a piece of template with the components at hand, and read its tags."""
    env = gallery.templates()

    def rendered(source: str, **context: object) -> Tags:
        made = Tags(env.from_string(source).render(csrf=gallery.CSRF, **context))
        made.text = re.sub(r"\s+", " ", made.text).strip()
        return made

    return rendered


def first(made: Tags, tag: str, **attributes: str) -> dict[str, str | None]:
    wanted = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return next(found for name, found in made.tags if name == tag and wanted.items() <= found.items())


def names(made: Tags) -> list[str]:
    return [name for name, _ in made.tags]


def test_an_icon_is_decoration_unless_it_has_a_label(show):
    assert first(show("{{ ui.icon('check') }}"), "svg") == {"class": "i", "aria-hidden": "true", "focusable": "false"}
    assert first(show("{{ ui.icon('x', '移除') }}"), "svg") == {
        "class": "i",
        "role": "img",
        "aria-label": "移除",
        "focusable": "false",
    }


@pytest.mark.parametrize("key", gallery.STATUS_KEYS)
def test_a_status_has_text_a_shape_and_a_tone(key, show):
    made = show("{{ ui.status(key) }}", key=key)
    assert re.fullmatch(r"tag tag--(warn|info|ok|bad|neu)", first(made, "span")["class"] or "")
    assert names(made) == ["span", "svg", "use"]
    assert len(made.text) >= 3


def test_the_table_of_statuses_is_the_one_that_is_tested(show):
    module = gallery.templates().get_template("ui.jinja").module
    assert sorted(module.STATUSES) == sorted(gallery.STATUS_KEYS)


def test_a_relay_says_in_words_whose_turn_it_is(show):
    made = show(
        "{{ ui.relay([('单位', '已发起', 'done'), ('你', '待回应', 'you'), ('学院', '退回', 'stop'), ('学校', '审核', '')]) }}"
    )
    assert first(made, "ol")["aria-label"] == "办理进度"
    assert [attrs.get("class") for name, attrs in made.tags if name == "li"] == [
        "is-done",
        "is-now is-you",
        "is-stop",
        None,
    ]
    assert [attrs.get("aria-current") for name, attrs in made.tags if name == "li"] == [None, "step", None, None]
    assert re.findall(r"（(.*?)）", made.text) == ["已完成", "轮到你", "未通过", "还没到"]


def test_an_act_is_a_form_with_the_token_the_version_that_was_seen_and_a_key(show):
    made = show("{{ ui.act_button('通过', '/cases/1/approve', csrf, seen=0, key='k1', tone='primary', shortcut='A') }}")
    assert first(made, "form") == {"class": "act", "method": "post", "action": "/cases/1/approve"}
    hidden = {attrs["name"]: attrs["value"] for name, attrs in made.tags if name == "input"}
    assert hidden == {"csrfmiddlewaretoken": "t", "seen": "0", "key": "k1"}
    assert first(made, "button") == {"class": "btn btn--primary", "type": "submit", "data-key": "a"}


def test_an_act_that_opens_a_dialog_is_a_link_to_a_page_for_those_without_scripts(show):
    made = show(
        "{{ ui.act_buttons([{'label': '退回修改', 'url': '/cases/1/return', 'dialog': 'return'}], csrf, seen=2) }}"
    )
    assert first(made, "a") == {"class": "btn", "href": "/cases/1/return", "data-open": "return"}
    sheet = show(
        "{% call ui.act_dialog('return', '退回修改', '/cases/1/return', csrf, '退回修改', seen=2, key='k') %}后果{% endcall %}"
    )
    assert first(sheet, "dialog") == {"id": "return", "aria-labelledby": "return-t"}
    assert first(sheet, "form")["action"] == "/cases/1/return"
    assert [attrs["type"] for name, attrs in sheet.tags if name == "button"] == ["button", "submit"]


def test_proofs_are_links_to_pictures_that_a_viewer_opens_where_scripts_run(show):
    small = {"small": {"width": 270, "height": 360}}
    photo = Proof(public_id=UUID(int=1), media="image/jpeg", parts=small)
    document = Proof(public_id=UUID(int=2), media="application/pdf", parts=small | {"10": {}, "1": {}, "2": {}})
    gathered = [
        Gathered(ProofKind("contract", "劳动合同"), [photo, document]),
        Gathered(ProofKind("letter", "说明"), []),
    ]
    made = show("{{ ui.proofs(gathered, shortcut='V') }}", gathered=gathered)
    links = [attrs for name, attrs in made.tags if name == "a"]
    assert [(link["href"], link["data-view"]) for link in links] == [
        (f"/proof/{photo.public_id}/", "劳动合同第 1 份"),
        (f"/proof/{document.public_id}/1/", "劳动合同第 2 份第 1 页，共 3 页"),
        (f"/proof/{document.public_id}/2/", "劳动合同第 2 份第 2 页，共 3 页"),
        (f"/proof/{document.public_id}/10/", "劳动合同第 2 份第 10 页，共 3 页"),
    ]
    assert [link.get("data-key") for link in links] == ["v", None, None, None]
    assert [link.get("data-save") for link in links] == [None, *[f"/proof/{document.public_id}/"] * 3]
    assert [attrs["src"] for name, attrs in made.tags if name == "img"] == [
        f"/proof/{one.public_id}/small/" for one in (photo, document)
    ]
    assert show("{{ ui.proofs([]) }}").text == "没有上传证明材料"


def test_the_viewer_of_proofs_can_be_told_by_its_names_alone(show):
    made = show("{{ ui.proof_viewer() }}")
    assert first(made, "dialog")["aria-labelledby"] == first(made, "h2")["id"]
    assert [attrs["aria-label"] for name, attrs in made.tags if "data-viewer" in attrs] == [
        "上一张", "下一张", "缩小", "放大", "向左转",
    ]  # fmt: skip
    assert names(made).count("script") == 1


def test_the_card_of_what_to_do_now_names_the_deadline_and_what_follows_without_it(show):
    until = timezone.now() + timedelta(days=2, hours=5, minutes=30)
    made = show(
        "{{ ui.now_card('回应签约邀请', '查看并回应', '/i/1', who='云岭', until=until, otherwise='到时会自动失效。') }}",
        until=until,
    )
    assert first(made, "section")["aria-labelledby"] == first(made, "h2")["id"] == "now-h"
    assert first(made, "span", class_="left num")["data-deadline"] == gallery.environment.__globals__["words"].iso(
        until
    )
    assert made.text.startswith("现在要做还剩 2 天 5 小时")
    assert made.text.endswith("到时会自动失效。")


def test_a_task_is_described_by_its_hint_and_state_and_only_an_open_one_is_not_a_link(show):
    made = show(
        "{{ ui.tasks([{'label': '甲', 'url': '/a', 'hint': '提示', 'state': 'now'}, {'label': '乙', 'note': '7 月'}]) }}"
    )
    assert first(made, "a") == {"href": "/a", "aria-current": "step", "aria-describedby": "task1h task1s"}
    ids = {attrs["id"] for _, attrs in made.tags if "id" in attrs}
    assert {"task1h", "task1s"} <= ids
    assert made.text.endswith("2乙7 月")


def test_what_was_left_empty_says_so_in_words(show):
    assert (
        show("{{ ui.kv([('地点', ''), ('年限', 0), ('备注', none)]) }}").text
        == "地点单位没有填写 年限0 备注单位没有填写"
    )
    assert show("{{ ui.kv([('地点', none)], empty='你还没有登记') }}").text == "地点你还没有登记"
    assert "单位没有填写" in show("{{ ui.tiles([('地点', '', '', '')]) }}").text


FIELDS = ["name", "code", "salary", "report_by", "category", "terms", "secret"]


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_puts_label_hint_error_and_control_in_this_order(name, show):
    form = gallery.Offer({"salary": "x", "report_by": "x"}, auto_id="f-%s")
    made = show("{{ ui.field(field) }}", field=form[name])
    control = next(attrs for tag, attrs in made.tags if tag in ("input", "select", "textarea"))
    order = [attrs.get("for") or attrs["id"] for tag, attrs in made.tags if attrs.get("for") or attrs.get("id")]
    described = [part for part in (control.get("aria-describedby") or "").split() if part]
    assert order == [f"f-{name}", *described, f"f-{name}"]
    assert described == [f"h-f-{name}"] * bool(form[name].help_text) + [f"e-f-{name}"] * bool(form[name].errors)
    assert control.get("aria-invalid") == ("true" if form[name].errors else None)
    assert ("选填" in made.text) == (not form.fields[name].required)


def test_a_control_keeps_what_was_typed_in_the_form_that_its_kind_needs(show):
    form = gallery.Offer(initial=gallery.FILLED, auto_id="f-%s")
    assert first(show("{{ ui.field(f, suffix='元/月') }}", f=form["salary"]), "input") == {
        "id": "f-salary", "name": "salary", "class": "in", "inputmode": "numeric", "type": "text", "value": "8000",
    }  # fmt: skip
    assert first(show("{{ ui.field(f) }}", f=form["report_by"]), "input")["value"] == "2026-07-15"
    assert first(show("{{ ui.field(f) }}", f=form["category"]), "option", value="1") == {"value": "1", "selected": None}
    assert "value" not in first(show("{{ ui.field(f) }}", f=gallery.Offer({"secret": "hunter2"})["secret"]), "input")


def test_choices_are_one_group_with_a_legend(show):
    form = gallery.wrong_form()
    made = show("{{ ui.field(form['transfer']) }}{{ ui.field(form['modules']) }}", form=form)
    group = first(made, "fieldset", role="radiogroup")
    assert (group["aria-invalid"], group["aria-describedby"]) == ("true", "h-f-transfer e-f-transfer")
    assert [attrs["id"] for tag, attrs in made.tags if tag == "input"] == [
        "f-transfer_0",
        "f-transfer_1",
        "f-modules_0",
        "f-modules_1",
    ]


def test_the_error_summary_leads_to_each_control_in_the_words_that_stand_there(show):
    made = show("{{ ui.error_summary(form) }}", form=gallery.wrong_form())
    assert first(made, "div") == {"class": "err-sum", "role": "alert", "tabindex": "-1", "id": "errs"}
    assert [attrs["href"] for tag, attrs in made.tags if tag == "a"] == [
        "#f-category",
        "#f-transfer_0",
        "#f-proof",
        "#f-agreed",
    ]
    assert made.text.startswith("有 4 处要改")
    assert show("{{ ui.error_summary(form) }}", form=gallery.Offer()).tags == []


def test_an_upload_names_its_list_and_how_small_pictures_become(show):
    made = show("{{ ui.upload(f, shrink=300, accept='image/*') }}", f=gallery.Offer(auto_id="f-%s")["proof"])
    control = first(made, "input")
    assert (control["type"], control["data-shrink"], control["data-list"], control["accept"]) == (
        "file",
        "300",
        "s-f-proof",
        "image/*",
    )
    assert first(made, "ul")["id"] == "s-f-proof"


def test_a_counter_of_nothing_stays_and_is_muted(show):
    made = show(
        "{{ ui.counters([{'label': '甲', 'count': 0, 'url': '?a', 'tone': 'bad'}, {'label': '乙', 'count': 2, 'url': '?b', 'is_current': true}], '类型') }}"
    )
    assert [attrs for tag, attrs in made.tags if tag == "a"] == [
        {"href": "?a", "class": "zero"},
        {"href": "?b", "aria-current": "true"},
    ]


def test_a_sorted_heading_says_its_direction_and_links_to_the_other(show):
    made = show("{{ ui.th('等待', '?sort=wait', 'descending', num=true) }}")
    assert first(made, "th") == {"scope": "col", "class": "num", "aria-sort": "descending"}
    assert first(made, "a")["href"] == "?sort=wait"


def test_a_row_on_hold_carries_it_on_its_box(show):
    made = show("<table><tr>{{ ui.pick('case', 7, '陈诚', hold=true) }}</tr></table>")
    assert first(made, "input") == {
        "class": "tick",
        "type": "checkbox",
        "name": "case",
        "value": "7",
        "data-hold": None,
    }
    assert made.text == "选择 陈诚"


def test_differences_come_first_and_the_rest_is_folded(show):
    made = show(
        "{{ ui.diff([('专业', '甲', '甲', false, ''), ('毕业时间', '', '202606', true, '可同步')], '登记', '名单') }}"
    )
    assert made.text.index("毕业时间") < made.text.index("另外 1 项一致") < made.text.index("专业")
    assert re.search(r"毕业时间可同步\s?没有填写\s?202606", made.text)
    assert names(made).count("del") == names(made).count("ins") == 1


def test_a_job_asks_for_itself_only_while_it_runs(show):
    running = first(show("{{ ui.job('导入', url='/jobs/1', done=1, total=2) }}"), "div", class_="job")
    assert (running["data-poll"], running["id"]) == ("/jobs/1", "job")
    for state in ("done", "failed"):
        ended = show("{{ ui.job('导入', url='/jobs/1', state=state) }}", state=state)
        assert "data-poll" not in first(ended, "div", class_="job")
        assert "progress" not in names(ended)


def test_a_chart_is_an_image_with_its_numbers_as_a_sentence(show):
    made = show("{{ ui.stacked([('升学', 3), ('未落实', 1)], '构成') }}")
    assert first(made, "svg")["aria-label"] == "构成：升学 3 人，未落实 1 人"
    assert [attrs["width"] for tag, attrs in made.tags if tag == "rect"] == ["74.7", "24.7"]
    assert "75.0%" in made.text


def test_a_pager_may_not_know_the_total(show):
    assert show("{{ ui.pager(1, 50, none, next='?page=2') }}").text == "1–50"
    assert show("{{ ui.pager(51, 100, 1280, previous='?page=1') }}").text == "51–100，共 1,280"


# ---------- how they stand in a browser


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files under the product's own content security policy; what is posted is counted."""

    posted: list[bytes] = []

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_POST(self) -> None:
        self.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        threading.Event().wait(0.4)
        self.send_response(204)
        self.end_headers()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: Any) -> Iterator[str]:
    """Address of a server with the gallery's pages and the static files."""
    if not CHROMIUM.exists():
        pytest.skip("needs Debian's chromium")
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copytree(STATIC, folder / "static/qc")
    shutil.copytree(Path(django_htmx.__file__).parent / "static/django_htmx", folder / "static/django_htmx")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser(site: str) -> Iterator[Browser]:
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def visit(browser: Browser, site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Page]]:
    """Open a page of the gallery; what the console complains of fails the test."""
    folder = next(tmp_path_factory.getbasetemp().glob("gallery*"))
    if not (folder / "desk.html").exists():
        for name, html in gallery.pages().items():
            (folder / name).write_text(html)
    contexts, complaints = [], []

    def open_page(
        name: str,
        width: int = 1440,
        height: int = 900,
        scheme: Any = "light",
        *,
        large: bool = False,
        scripts: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                complaints.append(request.url) if not request.url.startswith((site, "blob:", "data:")) else None
            ),
        )
        if large:
            page.add_init_script("localStorage.setItem('qc-text', 'large')")
        page.goto(f"{site}{name}.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in complaints if not re.search("/job|404|INTERNET_DISCONNECTED", text)] == []


PHONE = [(320, 640, False), (390, 844, True)]
VIEWS = [
    *[(name, *size) for name in ("phone", "decision", "login", "queue", "employer") for size in PHONE],
    *[(name, 1440, 900, False) for name in ("desk", "errors", "queue", "employer", "login", "404")],
]  # fmt: skip


def faults(page: Page, rules: Any = RULES) -> list[str]:
    found = Axe().run(page, options=rules).response["violations"]
    return [f"{rule['id']} {rule['nodes'][0]['target']} {rule['nodes'][0].get('failureSummary')}" for rule in found]


@pytest.mark.journey
@pytest.mark.parametrize(("name", "width", "height", "large"), VIEWS, ids=str)
def test_nothing_is_wrong_for_assistive_technology_and_nothing_sticks_out(name, width, height, large, visit):
    page = visit(name, width, height, large=large)
    assert faults(page) == []
    # Without motion: colours on their way from light to dark are neither.
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert faults(page, COLOURS) == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


@pytest.mark.journey
def test_the_check_itself_finds_what_is_wrong(visit):
    page = visit("desk")
    page.evaluate(
        "document.querySelector('#main').insertAdjacentHTML('beforeend', '<img src=\"/x\"><button></button>')"
    )
    assert len(faults(page)) >= 2


@pytest.mark.journey
@pytest.mark.parametrize(("name", "width", "scheme"), [("decision", 390, "light"), ("desk", 1440, "dark")])
def test_an_open_dialog_is_right_too(name, width, scheme, visit):
    page = visit(name, width, 844, scheme)
    for dialog in ("dlg-keys", "dlg-proof", "dlg-return", "dlg-yes", "dlg-no"):
        page.evaluate("id => { qc.open(id) }", dialog)
        assert page.is_visible(f"#{dialog}")
        assert faults(page) == []
        page.keyboard.press("Escape")
        expect(page.locator(f"#{dialog}")).to_be_hidden()


@pytest.mark.journey
def test_targets_on_a_phone_are_large_enough_for_a_thumb(visit):
    page = visit("phone", 390, 844)
    small = page.evaluate("""() => [...document.querySelectorAll('a, button, select, input:not([type=file]):not([type=hidden]), summary')].filter(e => {
        const box = (e.closest('label') || e).getBoundingClientRect(), style = getComputedStyle(e);
        if (!box.width || e.closest('dialog') || style.display === 'inline' || getComputedStyle(e, '::after').position === 'absolute') return false;
        return box.height < 44 && !e.closest('.toast, .tbl, .check');
    }).map(e => e.outerHTML.slice(0, 80))""")
    assert small == []


@pytest.mark.journey
def test_a_form_is_sent_once_however_often_its_button_is_pressed(visit):
    page = visit("desk")
    Quiet.posted.clear()
    button = page.locator(".submitbar .btn--primary")
    width = button.evaluate("e => e.offsetWidth")
    page.evaluate("() => { const b = document.querySelector('.submitbar .btn--primary'); b.click(); b.click() }")
    page.wait_for_selector(".submitbar .is-busy")
    assert button.evaluate("e => e.offsetWidth") == width
    page.evaluate("() => document.querySelector('.submitbar .btn--primary').click()")
    ends = time.monotonic() + 15
    while not Quiet.posted and time.monotonic() < ends:
        page.wait_for_timeout(50)
    page.wait_for_timeout(900)
    assert len(Quiet.posted) == 1


@pytest.mark.journey
def test_what_was_typed_stays_on_the_device_but_no_number_of_a_paper_and_no_password(visit):
    page = visit("phone", 390, 844)
    page.fill("#f-name", "南屿市第一人民医院")
    page.fill("#f-identity", "11010120040307451X")
    page.fill("#f-secret", "hunter2")
    kept, ends = "", time.monotonic() + 15
    while "南屿市第一人民医院" not in kept and time.monotonic() < ends:
        page.wait_for_timeout(600)
        kept = page.evaluate("localStorage.getItem('qc-draft:g1:gallery') || ''")
    assert ("南屿市第一人民医院" in kept, "1101012004" in kept, "hunter2" in kept) == (True, False, False)
    page.reload()
    assert page.input_value("#f-name") == "云岭数据科技有限公司"
    page.click("text=接着填")
    expect(page.locator("#f-name")).to_have_value("南屿市第一人民医院")


@pytest.mark.journey
def test_a_lost_network_loses_nothing_and_says_so(visit):
    page = visit("desk")
    page.context.set_offline(True)
    page.fill("#f-name", "南屿市第一人民医院")
    page.click(".submitbar .btn--primary")
    expect(page.locator("#toasts")).to_contain_text("网络断开，刚才填写的内容已存在这台设备上")
    assert page.input_value("#f-name") == "南屿市第一人民医院"


@pytest.mark.journey
def test_a_number_is_read_back_while_it_is_typed(visit):
    page = visit("phone", 390, 844)
    said = {}
    for control, value in (
        ("code", "9111"),
        ("code", "91350100M000100Y43"),
        ("code", "91350100M000100Y44"),
        ("identity", "11010519491231002X"),
    ):
        page.fill(f"#f-{control}", value)
        said[value] = page.text_content(f"#r-f-{control}")
    assert said == {
        "9111": "已输入 4 位，还差 14 位",
        "91350100M000100Y43": "9135 0100 M000 100Y 43",
        "91350100M000100Y44": "9135 0100 M000 100Y 44\n有一位不对，对照执照再看一遍",
        "11010519491231002X": "110105 1949 12 31 002X\n生日 1949 年 12 月 31 日",
    }


@pytest.mark.journey
def test_a_deadline_that_passes_on_an_open_page_takes_the_button_away(visit):
    page = visit("phone", 390, 844)
    assert page.locator("[data-closes] .btn").count() == 1
    page.clock.install()
    page.reload()
    page.clock.fast_forward(3 * 24 * 3600 * 1000)
    expect(page.locator("[data-closes]")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("已截止。单位可以再次邀请你")


@pytest.mark.journey
def test_a_batch_counts_what_it_will_pass_and_names_what_it_skips(visit):
    page = visit("queue")
    assert not page.is_visible("#batch")
    page.check("#grid tbody tr:nth-child(1) .tick")
    page.check("#grid tbody tr:nth-child(2) .tick")
    assert page.inner_text("#batch [data-counted]") == "通过 1 条"
    assert page.inner_text("#batch [data-note]") == "1 条要逐条看，不会批量通过"
    page.check("[data-all]")
    assert page.inner_text("#batch [data-counted]") == "通过 4 条"
    page.click("[data-every]")
    assert (page.inner_text("#batch [data-n]"), page.input_value("[name=every]")) == ("128", "1")
    page.uncheck("#grid tbody tr:nth-child(3) .tick")
    assert (page.inner_text("#batch [data-n]"), page.input_value("[name=every]")) == ("5", "")
    page.click("[data-clear]")
    assert not page.is_visible("#batch")


@pytest.mark.journey
def test_the_keyboard_walks_the_queue_acts_on_the_open_row_and_can_be_switched_off(visit):
    page = visit("queue")
    Quiet.posted.clear()
    fetched: list[str] = []
    panel = re.search(r'<aside class="panel".*?</aside>', gallery.pages()["queue.html"], re.DOTALL)[0].replace(
        "陈诚", "林嘉禾"
    )
    page.route(
        "**/review/*",
        lambda route: (
            fetched.append(route.request.url.rsplit("/", 1)[1]),
            route.fulfill(body=panel, content_type="text/html"),
        ),
    )
    page.route("**/review/1/approve", lambda route: (fetched.append("approve"), route.fulfill(status=204)))
    page.keyboard.press("j")
    expect(page.locator("#panel-t")).to_have_text("林嘉禾")
    page.keyboard.press("x")
    assert (page.inner_text("#batch [data-n]"), fetched) == ("1", ["2"])
    page.keyboard.press("/")
    page.keyboard.type("jjaa")
    assert (page.input_value("[data-search]"), fetched) == ("jjaa", ["2"])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    assert page.is_visible("#dlg-keys")
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.locator("#dlg-keys")).to_be_hidden()
    page.keyboard.press("r")
    assert page.is_visible("#dlg-return")
    page.keyboard.press("Escape")
    expect(page.locator("#dlg-return")).to_be_hidden()
    with page.expect_response("**/review/1/approve"):
        page.keyboard.press("a")
    assert fetched == ["2", "approve"]
    page.uncheck("[data-keys]")
    page.keyboard.press("j")
    page.wait_for_timeout(200)
    assert fetched == ["2", "approve"]


@pytest.mark.journey
def test_on_a_small_screen_the_panel_is_a_page(visit):
    page = visit("queue", 390, 844)
    page.route(
        "**/review/2", lambda route: route.fulfill(body="<title>整页</title>", content_type="text/html; charset=utf-8")
    )
    page.click("#grid tbody tr:nth-child(2) [data-openrow]")
    expect(page).to_have_title("整页")


@pytest.mark.journey
def test_a_job_card_asks_until_the_answer_no_longer_asks(visit):
    page = visit("desk")
    ended = '<div class="job" id="j1" data-say="导入，已完成">已完成</div>'
    asked: list[dict[str, str]] = []
    page.route(
        "**/job",
        lambda route: (asked.append(route.request.headers), route.fulfill(body=ended, content_type="text/html")),
    )
    expect(page.locator("#j1")).to_have_text("已完成")
    page.wait_for_timeout(2500)
    assert [(headers["hx-request"], headers["hx-target"]) for headers in asked] == [("true", "j1")]


@pytest.mark.journey
def test_without_scripts_every_act_is_a_link_or_a_form_that_can_be_seen(visit):
    page = visit("decision", 390, 844, scripts=False)
    assert page.is_visible(".actbar a[href='/confirm/accept']")
    assert not page.is_visible("dialog#dlg-yes")
    queue = visit("queue", scripts=False)
    assert queue.is_visible("#batch button[value=approve]")
    assert queue.inner_text("#batch button[value=approve]") == "通过所选"
    assert queue.is_visible(".bar button[type=submit]")
    assert not queue.is_visible("[data-theme-toggle]")


@pytest.mark.journey
def test_the_focus_is_always_seen_and_never_under_a_bar(visit):
    page = visit("decision", 390, 844)
    page.evaluate("document.activeElement.blur()")
    hidden, stops = [], 0
    for _ in range(60):
        page.keyboard.press("Tab")
        stop = page.evaluate("""() => { const e = document.activeElement; if (!e || e === document.body) return null;
            const s = getComputedStyle(e), b = e.getBoundingClientRect(), top = document.elementFromPoint(b.x + b.width / 2, b.y + Math.min(b.height / 2, 20));
            const drop = e.closest('.drop'), ring = s.outlineStyle !== 'none' || (drop && getComputedStyle(drop).outlineStyle !== 'none');
            const covered = top && !(e === top || e.contains(top) || top.contains(e) || (e.labels && [...e.labels].some(l => l.contains(top))));
            return [e.outerHTML.slice(0, 60), !!ring, !!covered] }""")
        if stop is None:
            break
        stops += 1
        if stop[1:] != [True, False]:
            hidden.append(stop)
    assert stops > 20
    assert hidden == []
