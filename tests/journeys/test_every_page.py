"""Every page of every role, as everybody may need to see it: light and dark, in large type, on small screens, by assistive technology."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import pytest
from django.db import connections
from django.test import Client

from tests.clients import signed_in

from . import campus
from .country import Country, addresses, patterns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.conftest import Databases

# One process walks them all, so that what somebody has looked at need not be looked at again by another.
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("every page")]

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
ALL = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
# What can be wrong in other colours, or in another size, although the page is the same.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
SAME_COLOURS = {**ALL, "rules": {rule: {"enabled": False} for rule in COLOURS["runOnly"]}}
SIZES = {"runOnly": ["target-size", "scrollable-region-focusable"]}
# Of every element: what it is with all that is around it, and with the element around it alone, each as a number.
LOOKS = """() => {
    const number = text => { let n = 2166136261; for (let i = 0; i < text.length; i++) n = Math.imul(n ^ text.charCodeAt(i), 16777619); return n >>> 0 };
    const styled = /^(class|style|type|role|aria-(current|invalid|sort|pressed|expanded))$/, whole = new Map(), own = new Map();
    return [...document.querySelectorAll('*')].map(e => {
        const said = e.localName + [...e.attributes].map(a => styled.test(a.name) ? a.name + a.value : a.name).join();
        const above = e.parentElement;
        own.set(e, said), whole.set(e, number((whole.get(above) || 0) + said));
        return [whole.get(e), number((own.get(above) || '') + '>' + said)];
    });
}"""
FAULTS = """async options => {
    const every = document.querySelectorAll('*');
    const where = options.elements ? {include: options.elements.map(n => every[n])} : options.within || document;
    const found = await axe.run(where, {...options, resultTypes: ['violations'], elementRef: false});
    return found.violations.map(rule => rule.id + ' ' + rule.nodes.map(node => node.target + ' ' + (node.any[0] || node.all[0] || node.none[0] || {}).message).slice(0, 2).join('; '));
}"""
DIALOGS = "[...document.querySelectorAll('dialog[id]')].map(one => one.id)"
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, select, input:not([type=file]):not([type=hidden]), summary')].filter(e => {
    const box = (e.closest('label') || e).getBoundingClientRect(), style = getComputedStyle(e);
    if (!box.width || e.closest('dialog:not([open])') || style.display === 'inline' || getComputedStyle(e, '::after').position === 'absolute') return false;
    return box.height < 44 && !e.closest('.tbl, .check');
}).map(e => 'low target ' + Math.round((e.closest('label') || e).getBoundingClientRect().height) + ' ' + e.outerHTML.slice(0, 80))"""
TOO_WIDE = """large => {
    if (large) document.documentElement.dataset.text = 'large'; else delete document.documentElement.dataset.text;
    const width = document.documentElement.clientWidth, over = document.documentElement.scrollWidth - width;
    if (over <= 0) return '';
    const out = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1 && !e.closest('.tbl__scroll, .sr, dialog'));
    return over + ' px too wide: ' + out.slice(-2).map(e => e.outerHTML.slice(0, 90)).join(' | ');
}"""
# The attributes that a style may ask for; of the others only that they are there.
STYLED = re.compile("class|style|type|role|aria-(current|invalid|sort|pressed|expanded)")
VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
# What a line cannot be broken in: no Chinese, no space.
UNBROKEN = re.compile(r"[!-~]+")
# The shapes, and the names of pages, that were looked at on a phone, and on a PC, by anybody of this process; in other colours and
# sizes the pieces; whose colours were looked at, by their looks; and how long the longest word was on a page of that name.
SEEN: dict[bool, set[str]] = {True: set(), False: set()}
PIECES: dict[bool, set[str]] = {True: set(), False: set()}
COLOURED: dict[tuple[bool, str], set[int]] = {
    (screen, scheme): set() for screen in (True, False) for scheme in ("light", "dark")
}
LONGEST: dict[tuple[bool, str], int] = {}
# The names of pages that answered anybody of this process.
ANSWERED: set[str] = set()
# Whoever has the most pages first: where two share the work, none is left over with a long one.
WHO = [
    "college", "school", "ministry", "province", "employer", "graduate", "graduate who fills in", "school at the beginning", "public",
    "graduate who corrects", "graduate who has it stamped", "graduate who dissolves on paper", "graduate with an agreement",
    "graduate whose archive came back", "graduate who is verified",
    "graduate with a destination", "graduate who dissolves", "graduate at the beginning", "employer at the beginning",
    *campus.ONLY,
]  # fmt: skip
# Whoever is at the beginning, or at the end, has seen the other pages in the middle.
ONLY = campus.ONLY | {
    "graduate at the beginning": ("/", "/records/", "/me/check/", "/invites/…"),
    "graduate with an agreement": ("/", "/records/", "/me/check/", "/invites/…", "/confirm/…", "/report/…", "/act/…"),
    "graduate who dissolves": ("/", "/records/", "/terminate/…", "/act/…"),
    "graduate who fills in": (
        "/",
        "/records/",
        "/go/offline/…",
        "/go/paper/…",
        "/go/new/…",
        *(f"/go/{digit}…" for digit in "0123456789abcdef"),
        "/invites/…",
        "/proofs/…",
        "/act/…",
    ),
    "graduate who has it stamped": ("/", "/records/", "/go/…", "/invites/…", "/proofs/…", "/act/…"),
    "graduate who corrects": ("/", "/go/…", "/invites/…", "/act/…"),
    "graduate with a destination": ("/", "/go/…", "/invites/…", "/confirm/…", "/act/…"),
    "graduate whose archive came back": ("/files/…", "/act/…"),
    "graduate who is verified": ("/transfer/", "/report/…", "/act/…"),
    "graduate who dissolves on paper": ("/", "/terminate/…", "/invites/…", "/proofs/…", "/act/…"),
    "employer at the beginning": (
        "/org/",
        "/org/profile/",
        "/org/invites/",
        "/org/invites/new/",
        "/org/cases/…",
        "/org/accounts/",
    ),
    "school at the beginning": (
        "/home/",
        "/review/",
        "/students/",
        "/imports/",
        "/settings/",
        "/settings/handlers/all/",
        "/accounts/",
        "/contacts/",
        "/log/",
    ),
}


class Shapes(HTMLParser):
    """How everything on a page is nested, with what a style may ask for: the same shapes look the same. And its longest word.

    `pieces` are the same with the element around each alone: what colours and sizes of type hang on.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str, str]] = [("", "", "")]
        self.shapes: set[str] = set()
        self.pieces: set[str] = set()
        self.longest = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = "".join(f"[{key}={value}]" if STYLED.fullmatch(key) else f"[{key}]" for key, value in attrs)
        _, around, shape = self.open[-1]
        own, shape = tag + said, f"{shape}>{tag}{said}"
        self.shapes.add(shape)
        self.pieces.add(f"{around}>{own}")
        if tag not in VOID:
            self.open.append((tag, own, shape))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and any(one == tag for one, _, _ in self.open):
            while self.open.pop()[0] != tag:
                pass

    def handle_data(self, text: str) -> None:
        self.longest = max(self.longest, *map(len, UNBROKEN.findall(text)), 0)


@pytest.fixture(scope="module")
def built(databases: Databases, django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, Country]]:
    """The country, built once, and the database that it is cloned from for each who looks at it."""
    with django_db_blocker.unblock(), databases.own() as name:
        country = Country()
        connections.close_all()
        yield name, country


@pytest.fixture
def committed(built: tuple[str, Country], databases: Databases, django_db_blocker: Any) -> Iterator[Databases]:
    with django_db_blocker.unblock(), databases.own(built[0]) as databases.name:
        yield databases


@pytest.fixture
def country(built: tuple[str, Country], committed: Databases) -> Country:
    return built[1]


@pytest.fixture(autouse=True)
def official(settings: Any) -> None:
    """A deployment with a WeChat account: otherwise its pages are not there (ORG-11)."""
    settings.QICHENG_WECHAT_APP = settings.QICHENG_WECHAT_SECRET = "trial"


def pages_of(country: Country, who: str) -> dict[str, tuple[str, Shapes]]:
    """The addresses that answer with a page of their own, each with the name of its pattern and the shapes that it has."""
    seat = country.people()[who]
    client = signed_in(seat) if seat else Client()
    found: dict[str, tuple[str, Shapes]] = {}
    for name, address in addresses(country, seat):
        if who in ONLY and not within(address, ONLY[who]):
            continue
        answer = client.get(address)
        if answer.status_code != 404:
            ANSWERED.add(name)
        is_page = not answer.streaming and answer.content.lstrip()[:9].lower() == b"<!doctype"
        if is_page and (answer.status_code == 200 or "/nothing/" in address):
            found.setdefault(address, (name, Shapes(answer.content.decode())))
    return found


def within(address: str, only: tuple[str, ...]) -> bool:
    """Whether an address is among those that somebody looks at."""
    return any(address == one or (one.endswith("…") and address.startswith(one[:-1])) for one in only)


def faults(page: Page, name: str, options: Any, *, large: bool = False) -> list[str]:
    """What is wrong with what is on the screen, in that size of type; without options, only what is too wide."""
    wide = page.evaluate(TOO_WIDE, large)
    found = page.evaluate(FAULTS, options) if options else []
    return [f"{name}: {fault}" for fault in [*found, *([wide] if wide else [])]]


def unlike(looks: list[tuple[int, int]], on_phone: bool, scheme: str) -> dict[str, Any]:
    """The check of colours for the elements that look like none before: in light with all that is around them, in dark with the next alone."""
    seen, kind = COLOURED[on_phone, scheme], 0 if scheme == "light" else 1
    first: dict[int, int] = {}
    for place, look in enumerate(looks):
        if look[kind] not in seen:
            first.setdefault(look[kind], place)
    seen.update(first)
    return {**COLOURS, "elements": list(first.values())} if first else {}


def faults_of_dialogs(page: Page) -> list[str]:
    """What is wrong with the dialogs of the page, each opened as its button opens it."""
    found = []
    for one in page.evaluate(DIALOGS):
        page.evaluate("id => qc.open(id)", one)
        found += [f"dialog {one}: {fault}" for fault in page.evaluate(FAULTS, {**ALL, "within": f"#{one}"})]
        page.evaluate("id => document.getElementById(id).close()", one)
    return found


@pytest.mark.parametrize("who", WHO)
def test_every_page_is_right_for_every_eye(who, country, screens):
    on_phone = who == "public" or who.startswith("graduate")
    seat = country.people()[who]
    page = screens.open("phone" if on_phone else "pc", seat, device_scale_factor=1)
    usual = {"width": 390, "height": 844} if on_phone else {"width": 1440, "height": 900}
    wrong: list[str] = []
    seen, pieces = SEEN[on_phone], PIECES[on_phone]
    page.context.add_init_script(AXE)
    for address, (name, made) in pages_of(country, who).items():
        # Other words in shapes that were looked at before can only be too long, or tell two things apart no more: each page once.
        is_new, is_known = not made.shapes <= seen, name in seen
        if not is_new and is_known and made.longest <= LONGEST[on_phone, name]:
            continue
        has_new_pieces = not made.pieces <= pieces
        seen |= {*made.shapes, name}
        pieces |= made.pieces
        LONGEST[on_phone, name] = max(made.longest, LONGEST.get((on_phone, name), 0))
        page.set_viewport_size(usual)
        page.goto(address)
        found = faults(page, "light", SAME_COLOURS) if is_new or not is_known else []
        if is_new:
            looks = page.evaluate(LOOKS)
            found += faults(page, "light", unlike(looks, on_phone, "light"))
        if has_new_pieces:
            page.emulate_media(color_scheme="dark")
            found += faults(page, "dark", unlike(looks, on_phone, "dark")) + faults_of_dialogs(page)
            page.emulate_media(color_scheme="light")
            found += faults(page, "large", SIZES, large=True)
        page.set_viewport_size({"width": 320, "height": 640})
        if has_new_pieces and not is_known:
            found += faults(page, "small", SAME_COLOURS)
        found += faults(page, "small and large", SIZES if has_new_pieces else None, large=True)
        if on_phone:
            found += page.evaluate(SMALL_TARGETS)
        wrong += [f"{address}: {fault}" for fault in found]
    assert wrong == []


def test_no_page_was_left_out(country):
    missing = {name for name, _, _ in patterns()} - ANSWERED
    for who, seat in country.people().items() if missing else ():
        client = signed_in(seat) if seat else Client()
        asked = [
            (name, one)
            for name, one in addresses(country, seat)
            if name in missing and within(one, campus.ONLY.get(who, ("…",)))
        ]
        missing -= {name for name, address in asked if client.get(address).status_code != 404}
    assert missing == set()


def test_the_walk_finds_what_is_wrong(screens):
    page = screens.open("phone")
    page.goto("/login/")
    page.evaluate(AXE)
    assert faults(page, "light", ALL) == []
    page.evaluate("""document.querySelector('main').insertAdjacentHTML('beforeend',
        '<div class="card__body"><button></button><p class="tag" id="w">' + 'W'.repeat(90) + '</p></div><dialog id="bad"><button></button></dialog>')""")
    assert [one for one in faults(page, "light", SAME_COLOURS) if "button-name" in one]
    assert [one for one in faults_of_dialogs(page) if "button-name" in one]
    assert [one for one in faults(page, "small", SAME_COLOURS) if "too wide" in one]
    assert page.evaluate(SMALL_TARGETS)
    looks = page.evaluate(LOOKS)
    for scheme in ("light", "dark"):
        unlike(looks, on_phone=True, scheme=scheme)
        assert unlike(looks, on_phone=True, scheme=scheme) == {}
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<p class=pale>看不清</p>')")
    page.evaluate("document.querySelector('.pale').style.color = '#ddd'")
    pale = unlike(page.evaluate(LOOKS), on_phone=True, scheme="light")
    assert len(pale["elements"]) == 1
    assert [one for one in faults(page, "light", pale) if "color-contrast" in one]
