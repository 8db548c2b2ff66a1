"""Two tabs of one browser: what one launches the other learns of by itself; the title says what ended; links hold."""

import re
from collections.abc import Callable

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, unfold


def test_an_idle_tab_learns_of_runs_and_its_title_of_their_end(ready: Server, open_page: Callable[..., Page]) -> None:
    idle = open_page()
    idle.goto(f"{ready.url}/compare")
    expect(idle).to_have_title("Compare · my *photos* · Graft")
    expect(idle.get_by_text("No finished run of this dataset yet")).to_be_visible()
    busy = idle.context.new_page()
    busy.goto(f"{ready.url}/train")
    unfold(busy, "Set up runs")
    for box in busy.locator(".st-key-strategies input[type=checkbox]").all():
        if box.is_checked() != (box.get_attribute("aria-label") == "Linear probe"):
            box.evaluate("box => box.click()")
            expect(busy.locator("[data-test-script-state=notRunning]")).to_be_visible()
    busy.get_by_role("button", name=re.compile("^Launch$|play_arrow Launch$")).click()
    expect(idle.get_by_text(re.compile("1 (running|waiting|run done)"))).to_be_visible()
    expect(busy.locator(".notify")).to_contain_text("when a run ends")
    for page in (idle, busy):
        expect(page).to_have_title(
            re.compile(r"^Done: Linear probe \d+\s%.* · (Compare|Train) · my \*photos\* · Graft$")
        )
    expect(idle.get_by_role("tab", name="Curves")).to_be_visible()

    idle.get_by_role("tab", name="Curves").click()
    expect(idle).to_have_url(re.compile("section=Curves"))
    idle.reload()
    expect(idle.get_by_role("tab", name="Curves")).to_have_attribute("aria-selected", "true")
    link = re.sub("dataset=[0-9a-f]+", "dataset=elsewhere", idle.url)
    idle.goto(link)
    expect(idle.get_by_text("unknown in this workspace")).to_be_visible()
    expect(idle).to_have_title("Compare · Graft")
    expect(idle.get_by_text("Linear probe")).to_have_count(0)


def test_a_page_that_the_front_end_broke_is_loaded_anew_once(server: Server, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(f"{server.url}/settings")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    page.wait_for_function("() => window.graftRecover")
    error = "new ErrorEvent('error', { message: 'Bad delta path index 2' })"
    fail = f"() => {{ window.broken = true; window.dispatchEvent({error}) }}"
    page.evaluate(fail)
    page.wait_for_function("() => !window.broken && window.graftRecover")
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    page.evaluate(fail)
    page.wait_for_timeout(1000)
    assert page.evaluate("() => window.broken"), "one that breaks again at once is not loaded for ever"
