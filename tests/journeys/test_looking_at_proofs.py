"""Proofs on real screens: brought from a phone, shrunk before they are sent, looked at with zoom and turn."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import expect

from qicheng.foundation.access import Role
from qicheng.foundation.flow import gather
from qicheng.foundation.papers import proofs
from tests.asking import ask_for_proofs
from tests.foundation.kit import hostile

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.journeys.conftest import Screens

pytestmark = [pytest.mark.journey, pytest.mark.rule("REG-09")]
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.fixture(autouse=True)
def asking(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> None:
    settings.QICHENG_FILES = tmp_path / "files"
    ask_for_proofs(monkeypatch)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo of a page by a phone that was held sideways: some megabytes."""
    page = hostile.drawing(4000, 3000)
    noise = Image.effect_noise((4000, 3000), 40).convert("RGB")
    path = tmp_path / "IMG_2041.jpg"
    path.write_bytes(hostile.saved(Image.blend(page, noise, 0.3), quality=92, exif=hostile.exif(6)))
    assert path.stat().st_size > 2_000_000
    return path


def address(case: Any) -> str:
    return f"/proofs/{case.flow_name}/{case.public_id}/"


def of(case: Any) -> list[Any]:
    return proofs.proofs_of(case.flow_name, str(case.public_id))


def complaints(page: Page) -> list[str]:
    return [found["id"] for found in Axe().run(page, options=RULES).response["violations"]]


def narrow(page: Page) -> bool:
    """Whether nothing sticks out to the right."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("screen", ["phone", "small", "pc"])
def test_a_photo_is_shrunk_in_the_browser_and_shown_upright(
    screens: Screens, committed_world: Any, photo: Path, screen: str
) -> None:
    case = committed_world.invitation()
    page = screens.open(screen, committed_world.seats[Role.EMPLOYER])
    page.goto(address(case))
    page.locator("#id_contract-added").set_input_files(photo)
    expect(page.locator("#s-id_contract-added li")).to_contain_text("→")
    page.get_by_role("button", name="上传劳动合同").click()
    expect(page.get_by_text("已添加 1 份。")).to_be_visible()

    (proof,) = of(case)
    assert proof.source_size < 600_000 < photo.stat().st_size
    assert proof.size <= 320_000
    assert proof.height > proof.width
    assert max(proof.width, proof.height) >= 1600
    assert (complaints(page), narrow(page)) == ([], True)


def test_without_scripts_the_original_goes_up_and_the_server_shrinks_it(
    screens: Screens, committed_world: Any, photo: Path
) -> None:
    case = committed_world.invitation()
    page = screens.open("phone", committed_world.seats[Role.EMPLOYER], scripts=False)
    page.goto(address(case))
    page.locator("#id_contract-added").set_input_files(photo)
    page.get_by_role("button", name="上传劳动合同").click()
    expect(page.get_by_text("已添加 1 份。")).to_be_visible()
    (proof,) = of(case)
    assert (proof.source_size, proof.size <= 320_000) == (photo.stat().st_size, True)

    with page.context.expect_page() as opened:
        page.locator(".thumb").click()
    assert opened.value.url.endswith(f"/proof/{proof.public_id}/")
    page.get_by_role("button", name=re.compile("^移除 ?劳动合同第 1 份$")).click()
    expect(page.get_by_text("已移除一份材料。")).to_be_visible()
    assert of(case) == []


@pytest.mark.parametrize("screen", ["phone", "small", "pc"])
def test_proofs_are_looked_at_with_zoom_and_turn(screens: Screens, committed_world: Any, screen: str) -> None:
    case, employer = committed_world.invitation(), committed_world.actor(Role.EMPLOYER)
    gather.add_proof(case, "contract", hostile.saved(hostile.drawing(1600, 1200)), employer)
    gather.add_proof(case, "contract", hostile.saved(hostile.drawing(900, 1300)), employer)
    gather.add_proof(case, "letter", hostile.pdf(pages=3), employer)
    page = screens.open(screen, committed_world.seats[Role.SCHOOL])
    page.goto(address(case))
    viewer, image = page.locator("#dlg-proof"), page.locator("[data-viewer-image]")

    page.locator(".thumb").first.click()
    expect(viewer).to_be_visible()
    expect(page.locator("#dlg-proof-t")).to_have_text("劳动合同第 1 份")
    expect(page.locator("[data-viewer-count]")).to_have_text("1 / 5")
    expect(image).to_have_js_property("complete", True)
    assert (complaints(page), narrow(page)) == ([], True)

    fit = image.bounding_box()
    page.get_by_role("button", name="放大").click()
    large = image.bounding_box()
    assert round(large["width"] / fit["width"], 1) == 1.5
    page.get_by_role("button", name="向左转").click()
    turned = image.bounding_box()
    assert turned["height"] > turned["width"]
    pane = page.locator("[data-viewer-pane]")
    assert pane.evaluate("p => p.scrollHeight >= p.querySelector('img').getBoundingClientRect().height - 1")

    page.get_by_role("button", name="下一张").click()
    expect(page.locator("#dlg-proof-t")).to_have_text("劳动合同第 2 份")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#dlg-proof-t")).to_have_text("情况说明第 1 页，共 3 页")
    expect(page.locator("[data-viewer-save]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    assert page.evaluate("document.activeElement === document.querySelector('.thumb')")


def test_pages_of_a_pdf_are_looked_at_one_after_the_other(screens: Screens, committed_world: Any) -> None:
    case, employer = committed_world.invitation(), committed_world.actor(Role.EMPLOYER)
    gather.add_proof(case, "letter", hostile.pdf(pages=3), employer)
    page = screens.open("pc", committed_world.seats[Role.SCHOOL])
    page.goto(address(case))
    following = page.get_by_role("button", name="下一张")
    titles = []
    page.locator(".thumb").first.click()
    for number in range(3):
        expect(page.locator("[data-viewer-pane]")).not_to_have_attribute("aria-busy", "true")
        titles.append(page.locator("#dlg-proof-t").inner_text())
        if number < 2:
            following.click()

    assert titles == [f"情况说明第 {n} 页，共 3 页" for n in (1, 2, 3)]
    expect(following).to_be_disabled()
