"""The page that verifies without a network: opened from a file in a real browser, it believes what is genuine and nothing else (VER-01)."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import expect

from qicheng.domain.transfer.models import RevokedNumber
from qicheng.domain.transfer.queries import verification as queries
from qicheng.foundation.papers import seal, statement
from qicheng.foundation.papers.statement import Revoked
from qicheng.foundation.papers.typeset import typeset
from tests.domain.transfer import outside
from tests.foundation.papers.test_seal import TEMPLATE, VALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.journey, pytest.mark.django_db]

NUMBER, OTHER = "2610001AD4MJRWK44X", "2610001AAAAAAAAAAA"
LINES = ("陈诚", "男", "江临大学", "2026 年 6 月", "本科", "计算机科学与技术", "签就业协议形式就业", "云岭数据科技有限公司", "北京市西城区", "托管单位接收", "北京市西城区人才服务中心")  # fmt: skip
NOW = datetime.now(UTC)
# Ten thousand things that can happen to a text or a file, from one seed; `check` says what the page makes of each.
MUTATIONS = """async ([kind, given, times, seed]) => {
  let state = seed;
  const dice = (n) => { state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff; return Math.floor(state / 0x80000000 * n); };
  const believed = [], reasons = {};
  const bytes = kind === "pdf" ? from64(given) : null;
  const seal = bytes ? latin.decode(bytes).indexOf("/ByteRange") : 0;
  const near = () => Math.min(bytes.length - 1, Math.max(0, seal - 4000 + dice(8000)));
  const text = () => {
    const at = dice(given.length), cut = (more) => given.slice(0, at) + more + given.slice(at + 1);
    switch (dice(5)) {
      case 0: { const letters = LETTERS + "0189abcxyz!?-:"; let c; do c = letters[dice(letters.length)]; while (c === given[at]); return cut(c); }
      case 1: return cut("");
      case 2: return given.slice(0, at) + LETTERS[dice(32)] + given.slice(at);
      case 3: return given.slice(0, at);
      default: { let i; do i = dice(given.length - 1); while (given[i] === given[i + 1]); return given.slice(0, i) + given[i + 1] + given[i] + given.slice(i + 2); }
    }
  };
  const file = () => {
    const at = dice(2) ? near() : dice(bytes.length);
    switch (dice(8)) {
      case 0: return joined(bytes.subarray(0, at), bytes.subarray(at + 1));
      case 1: return joined(bytes.subarray(0, at), Uint8Array.of(dice(256)), bytes.subarray(at));
      case 2: return bytes.subarray(0, bytes.length - 1 - dice(2000));
      case 3: return joined(bytes, Uint8Array.of(dice(256)));
      case 4: { const copy = bytes.slice(); let v; do v = dice(256); while (v === copy[at]); copy[at] = v; return copy; }
      default: { const copy = bytes.slice(); copy[at] ^= 1 << dice(8); return copy; }
    }
  };
  for (let i = 0; i < times; i++) {
    const one = kind === "pdf" ? file() : text();
    const answer = kind === "pdf" ? await checkPdf(one) : await checkText(one);
    if (answer.state !== "unknown") believed.push(i); else reasons[answer.why] = (reasons[answer.why] || 0) + 1;
  }
  const whole = kind === "pdf" ? await checkPdf(bytes) : await checkText(given);
  return [believed.length, whole.state, Object.keys(reasons).length];
}"""


@pytest.fixture(autouse=True)
def keys(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield outside.with_keys(settings, tmp_path_factory)
    queries.forget_list()


@pytest.fixture
def sealed() -> bytes:
    """A report's file, sealed."""
    values = {**VALUES, "number": "2610 001A D4MJ RWK4 4X", "qr": statement.sign(NUMBER, "g", LINES, issued=NOW)}
    return seal.ready().sign(typeset(TEMPLATE, values, standards=("a-2b",)))


@pytest.fixture
def text() -> str:
    return statement.sign(NUMBER, "g", LINES, issued=NOW, until=NOW + timedelta(days=60))


@pytest.fixture
def stick(db: None, tmp_path: Path) -> Path:
    """The page as it was downloaded, in a folder."""
    RevokedNumber.objects.create(report="0" * 32, number=OTHER, day=NOW.date(), reason=statement.SUPERSEDED, until=NOW.date() + timedelta(days=90))  # fmt: skip
    queries.forget_list()
    return kept(tmp_path, Client().get("/v/offline.html").content.decode())


def kept(folder: Path, source: str) -> Path:
    file = folder / "qicheng-verify.html"
    file.write_text(source, "utf-8")
    return file


@pytest.fixture
def opened(browser: Browser) -> Iterator[Any]:
    """Open a file; whatever it complains of, and anything that it asks of a network, fails the test."""
    complaints: list[str] = []
    contexts = []

    def open_(file: Path, **options: Any) -> Page:
        context = browser.new_context(offline=True, locale="zh-CN", timezone_id="Asia/Shanghai", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.on(
            "request",
            lambda asked: (
                complaints.append(asked.url) if not asked.url.startswith(("file:", "blob:", "data:")) else None
            ),
        )
        page.goto(file.as_uri())
        page.evaluate("() => ready")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


def checked(page: Page, text: str, now: datetime = NOW) -> str:
    state: str = page.evaluate(
        "async ([text, now]) => (await checkText(text, now)).state", [text, now.timestamp() * 1000]
    )
    return state


def checked_pdf(page: Page, content: bytes, now: datetime = NOW) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        "async ([file, now]) => await checkPdf(from64(file), now)",
        [base64.b64encode(content).decode(), now.timestamp() * 1000],
    )
    return found


@pytest.mark.rule("VER-01")
def test_from_a_stick_without_a_network_a_genuine_code_is_believed(opened, stick, text):
    page = opened(stick, viewport={"width": 390, "height": 844})

    page.get_by_label("核验码文字").fill(text[:200] + "\n" + text[200:])
    page.get_by_role("button", name="核对核验码").click()

    answer = page.locator("#answer")
    expect(answer.get_by_role("heading", name="核验通过")).to_be_visible()
    expect(answer).to_be_focused()
    said = answer.inner_text()
    assert [line for line in LINES if line not in said] == []
    assert [label for label in ("姓名", "接收单位", "有效至") if label not in said] == []
    assert "2610 001A D4MJ RWK4 4X" in said


@pytest.mark.rule("REP-02")
def test_a_file_that_is_dropped_on_the_page_is_checked_too(opened, stick, sealed, tmp_path):
    page = opened(stick)
    (tmp_path / "report.pdf").write_bytes(sealed)
    (tmp_path / "changed.pdf").write_bytes(sealed[:9_000] + bytes((sealed[9_000] ^ 1,)) + sealed[9_001:])

    page.locator("#pdf").set_input_files(tmp_path / "report.pdf")
    expect(page.get_by_role("heading", name="核验通过")).to_be_visible()
    assert "2610 001A D4MJ RWK4 4X" in page.locator("#answer").inner_text()
    page.locator("#pdf").set_input_files(tmp_path / "changed.pdf")
    expect(page.get_by_role("heading", name="没有核验到")).to_be_visible()

    page.evaluate(
        """(file) => { const data = new DataTransfer(); data.items.add(new File([from64(file)], "report.pdf", {type: "application/pdf"}));
        document.dispatchEvent(new DragEvent("drop", {dataTransfer: data, cancelable: true})); }""",
        base64.b64encode(sealed).decode(),
    )
    expect(page.get_by_role("heading", name="核验通过")).to_be_visible()


@pytest.mark.rule("VER-01")
def test_ten_thousand_changes_of_a_code_are_all_refused(opened, stick, text):
    believed, whole, reasons = opened(stick).evaluate(MUTATIONS, ["text", text, 10_000, 11])

    assert (believed, whole) == (0, "valid")
    assert reasons > 3


@pytest.mark.rule("REP-02")
def test_ten_thousand_changes_of_a_file_are_all_refused(opened, stick, sealed):
    given = base64.b64encode(sealed).decode()

    believed, whole, reasons = opened(stick).evaluate(MUTATIONS, ["pdf", given, 10_000, 17])

    assert (believed, whole) == (0, "valid")
    assert reasons > 10


CONTROLS = {
    "the signature of a code": ("text", "if (!await crypto.subtle.verify({name: \"ECDSA\", hash: \"SHA-256\"}, await keyOf(jwk), signature, structure)) refuse(\"signature\");", ""),
    "the digest of a file": ("pdf", "!same(inner(is(known.get(MESSAGE_DIGEST), 4)), await digest(covered, name))", "false"),
    "the end of a file": ("pdf", "after + rest !== bytes.length", "false"),
    "what is left in the hole": ("pdf", "if (sealed[i]) refuse(\"pdf: more in the hole\");", ";"),
    "the one form of a CMS": ("pdf", "if (!same(rebuilt, raw(outer))) refuse(\"cms: not in its one form\");", ""),
}  # fmt: skip


@pytest.mark.parametrize("left_out", CONTROLS)
def test_with_one_check_left_out_changes_would_be_believed(opened, stick, text, sealed, left_out, tmp_path):
    """The control: each check has something to do that no other does."""
    kind, check, instead = CONTROLS[left_out]
    source = stick.read_text("utf-8")
    assert source.count(check) == 1
    given = text if kind == "text" else base64.b64encode(sealed).decode()
    # Its policy allows the one script that it was served with.
    changed = source.replace(check, instead).replace('http-equiv="Content-Security-Policy"', 'name="policy"')

    page = opened(kept(tmp_path, changed))

    # Every run has another key and another file; of ten thousand changes only a few meet the rarest of the checks, or none.
    assert any(page.evaluate(MUTATIONS, [kind, given, 10_000, seed])[0] for seed in range(23, 83))


@pytest.mark.rule("VER-01")
def test_what_the_list_says_counts(opened, stick, text):
    page = opened(stick)
    superseded = statement.sign(OTHER, "a", LINES, issued=NOW)

    assert checked(page, superseded) == "superseded"
    assert checked(page, text) == "valid"
    assert checked(page, text, NOW + timedelta(days=6)) == "valid"
    assert checked(page, text, NOW + timedelta(days=8)) == "stale"
    assert checked(page, superseded, NOW + timedelta(days=8)) == "superseded"
    assert checked(page, text, NOW + timedelta(days=61)) == "expired"
    assert checked(page, text, NOW - timedelta(days=3)) == "clock"


def test_a_newer_list_and_newer_keys_are_loaded_as_files(opened, stick, text, tmp_path, settings):
    page = opened(stick)
    later = NOW + timedelta(days=10)
    (tmp_path / "new.cbor").write_bytes(
        statement.revocations([Revoked(NUMBER, NOW.date(), statement.WITHDRAWN)], at=later)
    )
    # The last byte of a signature is nought in one of seventeen, so it is changed, not set.
    *begun, last = (tmp_path / "new.cbor").read_bytes()
    (tmp_path / "forged.cbor").write_bytes(bytes((*begun, last ^ 1)))

    page.locator("#list").set_input_files(tmp_path / "forged.cbor")
    expect(page.get_by_role("heading", name="没有读到内容")).to_be_visible()
    assert checked(page, text) == "valid"
    page.locator("#list").set_input_files(tmp_path / "new.cbor")
    expect(page.locator("#trust-from")).to_contain_text("换好了")
    assert checked(page, text, later) == "superseded"

    settings.QICHENG_STATEMENT_KEYS = tmp_path / "others"
    statement.new_key(tmp_path / "others", "2027-1")
    newer = statement.sign(NUMBER, "g", LINES, issued=NOW)
    assert checked(page, newer, later) == "unknown"
    (tmp_path / "keys.json").write_bytes(Client().get("/v/keys.json").content)
    page.locator("#keys").set_input_files(tmp_path / "keys.json")
    expect(page.locator("#trust-from")).to_contain_text("别人给的不能信")
    assert checked(page, newer, later) == "superseded"


def test_another_s_code_another_s_seal_and_what_is_neither_are_unknown(opened, stick, sealed, tmp_path, settings):
    page = opened(stick)
    settings.QICHENG_STATEMENT_KEYS = tmp_path / "others"
    statement.new_key(tmp_path / "others", "2026-1")
    from qicheng.interfaces.command.authority import make_seal

    settings.QICHENG_SEAL = str(make_seal(tmp_path / "seal", "江临大学"))
    values = {**VALUES, "number": "2610 001A D4MJ RWK4 4X", "qr": "QC1"}
    forged = seal.ready().sign(typeset(TEMPLATE, values, standards=("a-2b",)))

    assert checked(page, statement.sign(NUMBER, "g", LINES, issued=NOW)) == "unknown"
    assert checked_pdf(page, forged)["state"] == "unknown"
    assert checked_pdf(page, typeset(TEMPLATE, values, standards=("a-2b",)))["state"] == "unknown"
    assert checked_pdf(page, b"%PDF-1.7\n")["state"] == "unknown"
    assert checked(page, "https://dj.example.edu.cn/v/abc/") == "unknown"
    page.get_by_label("核验码文字").fill("不是核验码")
    page.get_by_role("button", name="核对核验码").click()
    expect(page.get_by_role("heading", name="没有核验到")).to_be_visible()


def test_a_file_says_its_number_and_is_looked_up_in_the_list(opened, stick, sealed, tmp_path):
    page = opened(stick)

    assert checked_pdf(page, sealed)["number"] == NUMBER
    (tmp_path / "new.cbor").write_bytes(statement.revocations([Revoked(NUMBER, NOW.date())], at=NOW))
    page.locator("#list").set_input_files(tmp_path / "new.cbor")
    expect(page.locator("#trust-from")).to_contain_text("换好了")
    assert checked_pdf(page, sealed)["state"] == "superseded"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 390, 1440])
def test_everybody_can_use_it(opened, stick, text, width, dark):
    page = opened(stick, viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
    faults = [one["id"] for one in Axe().run(page).response["violations"]]
    page.get_by_label("核验码文字").fill(text)
    page.get_by_role("button", name="核对核验码").click()
    expect(page.locator("#answer")).to_be_visible()
    faults += [one["id"] for one in Axe().run(page).response["violations"]]

    assert faults == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_everything_and_says_where_it_is(opened, stick):
    page = opened(stick)
    reached = []
    for _ in range(8):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id"))

    # The photograph is offered where the browser can read codes.
    assert [one for one in reached if one and one != "photo"][:5] == ["typed", "check", "pdf", "list", "keys"]


def test_its_policy_allows_its_own_script_and_style_and_nothing_else(stick, client):
    response = Client().get("/v/offline.html")

    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert policy.replace("; frame-ancestors 'none'", "") in response.content.decode()
    assert "'unsafe" not in policy
    assert "connect-src" not in policy
    assert "<link" not in response.content.decode()
    assert "src=" not in response.content.decode().replace("-src=", "")


def test_keys_and_list_are_published(stick):
    published = json.loads(Client().get("/v/keys.json").content)
    fetched = Client().get("/v/revoked.cbor")

    assert published["keys"] == statement.published()["keys"]
    assert [len(published[key]) for key in ("authorities", "seals")] == [1, 1]
    assert "PRIVATE" not in json.dumps(published)
    assert fetched["Content-Type"] == "application/cbor"
    assert statement.revoked(fetched.content, OTHER) == Revoked(OTHER, NOW.date(), statement.SUPERSEDED)


def test_without_a_key_the_list_says_why_there_is_none_and_the_page_still_opens(db, settings, tmp_path):
    settings.QICHENG_STATEMENT_KEYS, settings.QICHENG_SEAL = tmp_path / "none", ""
    queries.forget_list()

    fetched = Client().get("/v/revoked.cbor")

    assert (fetched.status_code, "还没有配置" in fetched.content.decode()) == (503, True)
    assert Client().get("/v/offline.html").status_code == 200
