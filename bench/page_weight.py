"""Budget 11: what pages weigh and how soon they stand, in Chromium on a slow line and a slow processor, with nothing cached."""

from __future__ import annotations

import shutil
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import country, website
from bench.figures import ROUNDS, Figure
from bench.reviewer_list import PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

KILOBYTE = 1024
# 1.6 Mbit/s down, 0.75 up, 150 ms; a processor four times as slow.
LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
SLOWER = 4
PHONE, DESK = (390, 844), (1440, 900)
CHROMIUM = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WATCH = """
window.shift = 0; window.largest = 0;
new PerformanceObserver(l => { for (const e of l.getEntries()) if (!e.hadRecentInput) shift += e.value; }).observe({type: 'layout-shift', buffered: true});
new PerformanceObserver(l => { for (const e of l.getEntries()) largest = e.startTime; }).observe({type: 'largest-contentful-paint', buffered: true});
"""


def measure() -> list[Figure]:
    """Kilobytes over the line, requests to other hosts, layout shift, seconds to the largest paint: the worst page of each kind."""
    from playwright.sync_api import sync_playwright

    person = country.PHONED
    session = f"graduate-{person}"
    phone = (
        ("/login/", ""),
        ("/", session),
        (f"/invites/{country.public_id(person)}/", session),
        ("/records/", session),
    )
    desk = ((PATH, "school-77"), (f"/review/{country.public_id(country.WAITING_STEP * 38_000 + 1)}/", "school-77"))
    with website.product() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM))
        try:
            phones = [_opened(browser, site.port, path, token, PHONE) for path, token in phone]
            desks = [_opened(browser, site.port, path, token, DESK) for path, token in desk]
        finally:
            browser.close()
    every = [*phones, *desks]
    return [
        Figure(11, "weight of a page on a phone", _worst(phones, "bytes") / KILOBYTE, "KB", 60, at_least=False),
        Figure(11, "weight of a reviewer's page", _worst(desks, "bytes") / KILOBYTE, "KB", 120, at_least=False),
        Figure(11, "requests to other hosts", _worst(every, "strangers"), "", 0, at_least=False),
        Figure(11, "cumulative layout shift", _worst(every, "shift"), "", 0.02, at_least=False),
        Figure(11, "largest contentful paint", _worst(every, "largest") / 1000, "s", 2.5, at_least=False),
    ]


def _worst(pages: Sequence[dict[str, float]], figure: str) -> float:
    return max(page[figure] for page in pages)


def _opened(browser: Any, port: int, path: str, token: str, size: tuple[int, int]) -> dict[str, float]:
    """The figures of one page, each the median of some openings with nothing cached."""
    rounds = [_once(browser, port, path, token, size) for _ in range(ROUNDS)]
    return {figure: median(one[figure] for one in rounds) for figure in rounds[0]}


def _once(browser: Any, port: int, path: str, token: str, size: tuple[int, int]) -> dict[str, float]:
    home = f"http://127.0.0.1:{port}"
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
    try:
        if token:
            context.add_cookies([{"name": "session", "value": token, "url": home}])
        page = context.new_page()
        page.add_init_script(WATCH)
        devices = context.new_cdp_session(page)
        devices.send("Network.enable")
        devices.send("Network.emulateNetworkConditions", LINE)
        devices.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        weights: list[float] = []
        asked: list[str] = []
        devices.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
        page.on("request", lambda request: asked.append(request.url))
        answer = page.goto(home + path)
        if answer is None or not answer.ok or page.url != home + path:
            raise RuntimeError(f"{path} is not there: {page.url}")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(500)
        shift, largest = page.evaluate("[window.shift, window.largest]")
        strangers = sum(not url.startswith((home, "data:", "blob:")) for url in asked)
        return {"bytes": sum(weights), "strangers": strangers, "shift": shift, "largest": largest}
    finally:
        context.close()
