"""Every page within reach of all: by keyboard, at 200 % zoom, and for those who have it read to them.

axe-core looks for what stands in the way, in both themes, with all that is folded unfolded.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PAGES, Server
from tests.components.finished_runs import fill
from transfer_core.workspace import Workspace

CONTRAST = {"runOnly": ["color-contrast"]}  # all that a theme changes
ZOOMED = {"width": DESKTOP["width"] // 2, "height": DESKTOP["height"] // 2}  # 200 %


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("reach") / "workspace"
    workspace = Workspace(folder)
    fill(workspace, trained=6)
    workspace.close()
    running = Server(folder)
    yield running
    running.stop()


def _still(page: Page) -> None:
    expect(page.locator("h1")).to_be_visible()
    page.wait_for_timeout(200)  # until a script begins that a press has asked for
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()


def _unfold(page: Page) -> None:
    folded = page.locator("details:not([open]) > summary:visible")
    for _ in range(20):
        if not folded.count():
            return
        folded.first.click()
    _still(page)


def _found(page: Page, where: str, options: dict[str, Any], inside: str) -> list[str]:
    """What is serious or critical, a line each."""
    violations = Axe().run(page, inside, options).response["violations"]
    return [
        f"{where}: {broken['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for broken in violations
        if broken["impact"] in ("serious", "critical")
        for node in broken["nodes"]
    ]


def _in_both_themes(page: Page, where: str, inside: str = "html") -> list[str]:
    app = page.locator(".stApp")
    page.emulate_media(color_scheme="light")
    expect(app).to_have_css("color-scheme", "light")
    found = _found(page, f"{where}, light", {}, inside)
    page.emulate_media(color_scheme="dark")
    expect(app).to_have_css("color-scheme", "dark")
    return found + _found(page, f"{where}, dark", CONTRAST, inside)


def test_nothing_serious_stands_in_the_way(server: Server, page: Page, tmp_path: Path) -> None:
    wrong: list[str] = []
    empty = Server(tmp_path / "workspace")
    try:
        for path in PAGES:
            page.goto(f"{empty.url}/{path}")
            _still(page)
            wrong += _in_both_themes(page, f"empty /{path}")
        page.add_style_tag(content="p { color: #888 !important }")
        assert "color-contrast" in _in_both_themes(page, "made worse")[0]
    finally:
        empty.stop()
    for path in PAGES:
        page.goto(f"{server.url}/{path}?dataset=d")
        _still(page)
        _unfold(page)
        wrong += _in_both_themes(page, f"/{path}")
        tabs = page.get_by_role("tab")
        for tab in range(1, tabs.count()):
            tabs.nth(tab).click()
            _still(page)
            wrong += _in_both_themes(page, f"/{path}, tab {tab + 1}", "[role=tabpanel]")
    assert not wrong, "\n".join(wrong)


def test_the_menu_closes_at_200_percent_and_the_focus_shows(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(ZOOMED)
    page.goto(f"{server.url}/settings?dataset=d")
    _still(page)
    opener, menu = page.get_by_role("button", name="Expand sidebar"), page.get_by_test_id("stSidebar")
    for key in ("Escape", "Enter"):
        opener.press("Enter")
        here = menu.get_by_role("link", name="Settings")
        expect(here).to_be_focused()
        expect(here).to_have_css("outline-style", "solid")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press(key)
        expect(menu).to_have_attribute("data-collapsed", "true")
    expect(page.get_by_role("heading", name="Predict", exact=True)).to_be_visible()

    page.set_viewport_size(DESKTOP)
    for scheme, least in (("light", 0), ("dark", 128)):
        page.emulate_media(color_scheme=scheme)
        link = page.get_by_role("link", name="Compare")
        link.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        expect(link).to_have_css("outline-style", "solid")
        green = int(link.evaluate("link => getComputedStyle(link).outlineColor").split(",")[1])
        assert least <= green < least + 128


def test_a_theme_that_is_set_holds_on_every_page(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/settings")
    _still(page)
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")
    page.goto(f"{server.url}/data?dataset=d")
    _still(page)
    expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")
    page.goto(f"{server.url}/settings")
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    page.get_by_role("radio", name="As the system").check(force=True)
    expect(page.locator(".stApp")).to_have_css("color-scheme", "light")
