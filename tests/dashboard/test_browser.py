"""The dashboard as a user meets it: one server, a headless Chromium, clicks and keys.

Without a Chromium these tests fail, so that nobody believes they ran; DCTWIN_NO_BROWSER=1 skips
them with that reason.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from epw_text import broken_epw, epw

import dctwin

playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")

pytestmark = pytest.mark.browser
OFF = os.environ.get("DCTWIN_NO_BROWSER") == "1"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
START_S, WAIT_MS = 60, 30_000
ROW = '.ag-center-cols-container .ag-row[row-id="{0}"]'
NUMBER = "#knobs .knob:has(label:text-is('{0}')) input.mantine-NumberInput-input"
SERVE = "import sys; from dctwin.dashboard.app import main; main(port=0, results=sys.argv[1])"
SWEEP = {
    "name": "small",
    "designs": ["chilled-water-tower-ac"],
    "sites": ["inzai"],
    "vary": {"cooling.loops.chw.supply_c": [8, 10, 12]},
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own on a free port; its address is what it prints."""
    if OFF:
        pytest.skip("DCTWIN_NO_BROWSER=1")
    home = tmp_path_factory.mktemp("dashboard")
    errors = home / "stderr.txt"
    dctwin.sweep(SWEEP, home / "small", workers=1)
    with errors.open("w") as sink:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVE, home], stdout=subprocess.PIPE, stderr=sink, text=True
        )
        assert server.stdout is not None
        line = server.stdout.readline()  # ends when the server ends, so it cannot hang on a crash
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        try:
            assert found, errors.read_text()
            yield found.group()
        finally:
            server.terminate()
            server.wait(START_S)
    assert "Traceback" not in errors.read_text()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if OFF:
        pytest.skip("DCTWIN_NO_BROWSER=1")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium"
    if not Path(path).is_file():
        pytest.fail("no Chromium found: install it, or set DCTWIN_NO_BROWSER=1 to skip these tests")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


class Visit:
    """An open page, with all that it complained about and asked for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.asked: list[str] = []
        page.set_default_timeout(WAIT_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def open(self, address: str) -> Visit:
        self.page.goto(address)
        self.page.wait_for_selector(".ag-row")
        self.page.wait_for_function("document.querySelectorAll('#figure .sankey-link').length > 3")
        return self

    def choose(self, row: str) -> None:
        design, site = row.split("@")
        self.page.locator(ROW.format(row)).click()
        self.until("#result-title", f"{design} at {site}")

    def pick(self, chooser: str, typed: str, name: str) -> None:
        """Find a name in a chooser by typing a part of it, and take it."""
        self.page.get_by_role("textbox", name=chooser, exact=True).fill(typed)
        self.page.get_by_role("option", name=name, exact=True).click()
        self.page.keyboard.press("Escape")

    def until(self, selector: str, text: str) -> None:
        playwright.expect(self.page.locator(selector)).to_contain_text(text, timeout=WAIT_MS)

    def cells(self, column: str) -> list[str]:
        """The texts of a column of the grid, from the top."""
        script = """column => [...document.querySelectorAll('.ag-row')]
            .filter(row => row.querySelector(`[col-id="${column}"]`))
            .sort((a, b) => a.getAttribute('row-index') - b.getAttribute('row-index'))
            .map(row => row.querySelector(`[col-id="${column}"]`).innerText)"""
        return list(self.page.evaluate(script, column))

    def upload(self, name: str, text: str) -> None:
        file = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        self.page.set_input_files("#upload input[type=file]", files=[file])


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    visit = Visit(context.new_page()).open(address)
    yield visit
    context.close()
    assert visit.complaints == []
    elsewhere = [u for u in visit.asked if not u.startswith((address, "data:", "blob:"))]
    assert elsewhere == []


def test_choose_designs_and_sites(visit: Visit) -> None:
    page = visit.page
    first = len(visit.cells("design"))
    assert first > 1
    page.get_by_role("button", name="Choose none: Designs").click()
    visit.until("#table", "Choose at least one design and one site.")
    visit.pick("Designs", "chilled-water-tow", "chilled-water-tower-ac")
    playwright.expect(page.locator(ROW.format("chilled-water-tower-ac@inzai"))).to_be_visible()
    visit.pick("Sites", "osa", "osaka")
    playwright.expect(page.locator(ROW.format("chilled-water-tower-ac@osaka"))).to_be_visible()
    assert set(visit.cells("design")) == {"chilled-water-tower-ac"}


def test_sort_by_a_heading(visit: Visit) -> None:
    page = visit.page
    before = [float(text) for text in visit.cells("pue")]
    assert before == sorted(before)
    heading = page.locator('.ag-header-cell[col-id="pue"] .ag-header-cell-label')
    heading.click()
    heading.click()
    page.wait_for_function(
        "document.querySelector('.ag-header-cell[col-id=\"pue\"]').ariaSort === 'descending'"
    )
    after = [float(text) for text in visit.cells("pue")]
    assert after == sorted(after, reverse=True)
    assert after != before


def test_a_row_shows_its_result_in_every_view(visit: Visit) -> None:
    page = visit.page
    visit.choose("chilled-water-tower-ac@inzai")
    visit.until("#figure", "chilled-water-tower-ac at inzai")
    page.click("#tab-months")
    visit.until("#figure", "by month")
    page.click("#tab-hours")
    visit.until("#figure", "hour of the day")
    page.get_by_role("textbox", name="Quantity").click()
    page.get_by_role("option", name="loop.cw.supply [°C]").click()
    visit.until("#figure", "loop.cw.supply [°C]")
    page.click("#tab-facts")
    visit.until("#words", "partial PUE, cooling")
    page.click("#tab-sources")
    visit.until("#words", "synthetic year")
    page.click("#tab-flags")
    playwright.expect(page.locator("#figure")).to_be_hidden()
    playwright.expect(page.locator("#words")).not_to_be_empty()


def test_metrics_of_the_figures_can_be_switched(visit: Visit) -> None:
    visit.until("#bar", "PUE")
    visit.page.get_by_text("Water (WUE)").click()
    visit.until("#bar", "WUE")
    visit.until("#map", "WUE")
    visit.page.get_by_text("Carbon (CUE)").click()
    visit.until("#bar", "CUE")


def test_a_set_point_changes_pue_within_a_second(visit: Visit) -> None:
    page = visit.page
    visit.choose("chilled-water-tower-ac@inzai")
    number = page.locator(NUMBER.format("chw supply [°C]"))
    own = number.input_value()
    began = time.perf_counter()
    number.fill("13")
    number.press("Tab")
    page.wait_for_selector("#change-pue")
    shown_s = time.perf_counter() - began
    assert page.inner_text("#change-pue").startswith("▼ −0.0")
    assert "set-points changed" in page.inner_text("#result-head")
    computed = re.search(r"computed in (\d+) ms", page.inner_text("#change"))
    assert computed
    assert int(computed.group(1)) < 1000
    assert shown_s < 5  # with the pause after typing, both ways and drawing, on a busy machine
    page.click("#reset")
    visit.until("#change-title", "Key figures")
    playwright.expect(number).to_have_value(own)


def test_a_slider_moves_by_keys_and_takes_its_number_along(visit: Visit) -> None:
    page = visit.page
    visit.choose("chilled-water-tower-ac@inzai")
    slider = page.get_by_role("slider", name="Slider: chw supply [°C]")
    number = page.locator(NUMBER.format("chw supply [°C]"))
    own = float(number.input_value())
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    page.wait_for_selector("#change-pue")
    assert float(number.input_value()) > own


def test_an_impossible_set_point_is_one_clear_alert(visit: Visit) -> None:
    page = visit.page
    visit.choose("chilled-water-tower-ac@inzai")
    number = page.locator(NUMBER.format("chw supply [°C]"))
    number.fill("500")
    number.press("Tab")
    visit.until("#result-alert", "cooling.loops.chw.supply_c")
    visit.until("#result-alert", "allowed -20 to 70 °C (got 500)")
    page.click("#reset")
    playwright.expect(page.locator("#result-alert")).to_be_empty()


def test_an_uploaded_year_replaces_the_sites_and_can_be_taken_back(visit: Visit) -> None:
    page = visit.page
    visit.choose("chilled-water-tower-ac@inzai")
    visit.until("#result-head", "synthetic weather")
    before = page.locator(ROW.format("chilled-water-tower-ac@inzai")).inner_text()
    visit.upload("mild.epw", epw())
    visit.until("#weather-list", "mild.epw (uploaded)")
    visit.until("#result-head", "uploaded weather")
    row = page.locator(ROW.format("chilled-water-tower-ac@inzai"))
    playwright.expect(row).not_to_have_text(before)
    visit.until("#comparison-weather", "synthetic weather: ")
    page.get_by_role("button", name="Back to the own weather of inzai").click()
    visit.until("#result-head", "synthetic weather")
    assert "uploaded" not in page.inner_text("#weather-list")


def test_a_broken_file_is_one_message_and_changes_nothing(visit: Visit) -> None:
    page = visit.page
    before = visit.cells("pue")
    visit.upload("bad.epw", broken_epw())
    visit.until(".mantine-Notification-root", "bad.epw:10:")
    visit.until(".mantine-Notification-root", "'warm'")
    assert page.locator(".mantine-Notification-root").count() == 1
    assert visit.cells("pue") == before
    visit.upload("large.epw", "x" * (9 * 1024 * 1024))
    visit.until("body", "large.epw is too large, allowed 8 MiB (got 9.0 MiB)")
    visit.upload("mild.epw", epw())  # and the page goes on
    visit.until("#weather-list", "mild.epw (uploaded)")


def test_a_sweep_shows_its_progress_its_best_points_and_its_front(visit: Visit) -> None:
    page = visit.page
    visit.until("#sweep-progress", "complete")
    visit.until("#sweep-progress", "3 of 3")
    visit.until("#sweep-best", "Best by PUE; 3 of 3 points")
    visit.until("#sweep-front", "WUE, site [L/kWh]")
    page.get_by_role("textbox", name="Best by").click()
    page.get_by_role("option", name=re.compile("Cost: facility in all")).click()
    visit.until("#sweep-best", "cost_total_per_year* [2024 JPY/year]")


def test_figures_follow_dark_and_light(visit: Visit) -> None:
    page = visit.page
    ink = "getComputedStyle(document.querySelector('#bar .gtitle')).fill"
    light = page.evaluate(ink)
    page.get_by_role("button", name="Switch between light and dark").click()
    page.wait_for_function(f"{ink} !== '{light}'")


@pytest.mark.parametrize("width", [1600, 1280, 800, 390])
def test_nothing_is_wider_than_the_page(browser: Any, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    Visit(page).open(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_it_can_be_used_with_the_keyboard(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the comparison"
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(e => e.value || e.id || e.getAttribute('aria-label') || e.textContent)"
                "(document.activeElement)"
            )
        )
    assert {"toggle", "designs-all", "sites-none", "upload-button", "inzai"} <= reached
