"""What must hold while something runs and after it: zoom, re-attaching, stop, full pages on a phone."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.conftest import PAGES, PHONE, Server, plotted, screenshot, unfold


def launch_long(page: Page, server: Server, epochs: int) -> None:
    """Start a training of about a thousand epochs, which lasts until it is stopped, and wait for its first ones.

    Another number makes another recipe: one that was stopped would be launched again, but beside its first run.
    """
    page.goto(f"{server.url}/train")
    unfold(page, "Set up runs")
    strategies = page.locator(".st-key-strategies")
    strategies.get_by_text("Linear probe", exact=True).click()
    strategies.get_by_text("From scratch", exact=True).click()
    page.get_by_text("Change the settings").click()
    for label, value in (("Image side", 32), ("Epochs", epochs)):  # small images, so that an epoch takes no time
        field = page.get_by_role("spinbutton", name=label, exact=True)
        field.fill(str(value))
        field.press("Enter")
    expect(page.get_by_text(f"epochs {epochs}")).to_be_visible()
    expect(page.locator(".st-key-augmented img")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page.locator(".st-key-queue").get_by_role("button", name="Stop", exact=True)).to_have_count(1)
    expect(page.locator(".st-key-run_status [data-testid=stProgress]")).to_be_visible()
    page.wait_for_function(f"() => ({plotted}) >= 2", timeout=60_000)


def stop_all(page: Page) -> None:
    """Stop the run that trains and wait for its end, so that the next test has the worker to itself."""
    stop = page.locator(".st-key-queue").get_by_role("button", name="Stop", exact=True)
    stop.first.click()
    expect(stop).to_have_count(0, timeout=15_000)


def test_zoom_and_hidden_curves_survive_updates_and_another_page(ready: Server, page: Page) -> None:
    launch_long(page, ready, epochs=998)
    plot = page.locator(".graft-live-plot")
    all_curves = "() => document.querySelector('.graft-live-plot').data.filter(c => c.x.length).length >= 6"
    page.wait_for_function(all_curves, timeout=60_000)
    plot.scroll_into_view_if_needed()
    box = plot.locator(".nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.8, steps=5)
    page.mouse.up()
    plot.locator(".legendtoggle").first.click()
    state = """() => { const p = document.querySelector('.graft-live-plot');
        return JSON.stringify([p?.layout?.xaxis.range, p?.data?.map(t => t.visible ?? true)]) }"""
    page.wait_for_function(f"() => ({state})().includes('legendonly')")
    before, points = page.evaluate(state), page.evaluate(f"() => ({plotted})")
    page.evaluate("() => { document.querySelector('.graft-live-plot').dataset.mark = 'same node' }")
    page.wait_for_function(f"() => ({plotted}) >= {points + 3}", timeout=60_000)
    assert page.evaluate(state) == before
    assert plot.get_attribute("data-mark") == "same node"
    page.get_by_role("link", name="Data").click()
    expect(plot).to_have_count(0)
    page.get_by_role("link", name="Train").click()
    page.wait_for_function(f"() => ({plotted}) >= 2")
    assert page.evaluate(state) == before
    page.get_by_role("button", name="Reset zoom").click()
    page.wait_for_function(f"""() => ({state})() !== {json.dumps(before)}
        && document.querySelector('.graft-live-plot').layout.xaxis.autorange""")
    expect(page.get_by_role("button", name="Reset zoom")).to_be_hidden()
    stop_all(page)


def test_a_closed_tab_changes_nothing_and_a_new_one_attaches_again(
    ready: Server, open_page: Callable[..., Page]
) -> None:
    first = open_page()
    launch_long(first, ready, epochs=999)
    points = first.evaluate(f"() => ({plotted})")
    first.context.close()
    second = open_page()
    second.goto(f"{ready.url}/train")
    second.wait_for_function(f"() => ({plotted}) > {points}", timeout=60_000)
    stop_all(second)


def test_stop_is_shown_at_once_and_ends_the_run(ready: Server, page: Page) -> None:
    launch_long(page, ready, epochs=1000)
    newest = page.locator(".st-key-queue [class*=st-key-queue_]").first
    begun = time.monotonic()
    newest.get_by_role("button", name="Stop", exact=True).click()
    expect(newest.locator(".stMarkdownBadge").get_by_text(re.compile("Stopp(ing|ed)"))).to_be_visible(timeout=5_000)
    expect(newest.locator(".stMarkdownBadge").get_by_text("Stopped")).to_be_visible(timeout=10_000)
    expect(newest.get_by_role("button", name="Stop", exact=True)).to_have_count(0)
    assert time.monotonic() - begun < 10


def test_measuring_goes_on_in_a_closed_tab_and_lights_its_own_path(
    ready: Server, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.goto(f"{ready.url}/decide")
    page.get_by_role("radio", name=re.compile("^Similar")).press("Enter")  # what the user says, by keyboard
    expect(page.locator(".st-key-decision_cards")).to_contain_text("Scenario 1")
    page.get_by_role("button", name="Measure my images").click()
    expect(page.locator(".st-key-study_measure [data-testid=stProgress]")).to_be_visible()
    page.close()
    again = open_page()
    again.goto(f"{ready.url}/decide")
    folded = again.locator("summary", has_text="Your images look unlike ImageNet's (measured)")
    expect(folded).to_be_visible(timeout=100_000)
    unfold(again, "Your images look unlike")
    expect(again.get_by_role("button", name="Measure again")).to_be_visible()
    expect(again.get_by_text(re.compile("42 training images look unlike")).first).to_be_visible()
    expect(again.get_by_role("radio", name=re.compile("measured")).first).to_be_visible()
    unfold(again, "What each strategy takes")
    expect(again.get_by_role("row", name=re.compile("Fine-tune everything"))).to_contain_text(re.compile("[MG]B"))
    screenshot(again, "decide measured")


def test_every_page_fits_a_phone(ready: Server, open_page: Callable[..., Page]) -> None:
    page = open_page(PHONE, "dark")
    for path, title in PAGES.items():
        page.goto(f"{ready.url}/{path}")
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
        screenshot(page, f"phone-{path or 'start'}")


def test_the_server_process_never_loads_torch(ready: Server) -> None:
    maps = Path(f"/proc/{ready.process.pid}/maps")
    if not maps.exists():
        pytest.skip("no /proc here to see what a process has loaded")
    assert "torch" not in maps.read_text()
