"""The main line, as a new user walks it: the built-in example, three strategies, live curves, a choice."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, plotted, screenshot

FIRST_PROGRESS_SECONDS = 3.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """As it is when nobody has set anything."""
    running = Server(tmp_path_factory.mktemp("journey") / "workspace", first_model=True)
    yield running
    running.stop()


@pytest.mark.timeout(360)
def test_from_the_example_to_a_choice(server: Server, page: Page, photos: Path) -> None:
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Graft")).to_be_visible()
    screenshot(page, "start")
    page.get_by_role("button", name="Try wallpaper").click()
    expect(page.locator(".st-key-import_progress")).to_be_visible()
    ready = page.get_by_text("Ready: 1,020 images, 17 classes, balanced, nothing wrong.")
    expect(ready).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Balanced: 42 training images a class")).to_be_visible()
    screenshot(page, "data")

    page.get_by_role("button", name="Decide on a strategy").click()
    page.get_by_role("radio", name=re.compile("Very different")).click()
    expect(page.locator(".st-key-decision_cards")).to_contain_text("Scenario 3")
    page.get_by_role("radio", name=re.compile("Similar")).click()  # another answer leads elsewhere, and trains faster
    expect(page.locator(".st-key-decision_cards")).to_contain_text("Scenario 1")
    page.get_by_role("radio", name=re.compile("Ample")).press("Enter")
    expect(page.get_by_role("radio", name=re.compile("Ample"))).to_have_attribute("aria-checked", "true")
    cost = page.locator(".st-key-cost")
    expect(cost).to_contain_text(re.compile(r"About \d"), timeout=60_000)
    expect(cost).to_contain_text(re.compile(r"Linear probe.* of the validation images right"), timeout=120_000)
    page.get_by_role("button", name="Choose yourself").click()
    launch = page.get_by_role("button", name="Launch 3 strategies")
    expect(launch).to_be_visible()
    screenshot(page, "decide")

    launch.click()
    clicked = time.monotonic()
    expect(page.locator(".st-key-run_status [data-testid=stProgress]")).to_be_visible()
    waited = time.monotonic() - clicked
    assert waited < FIRST_PROGRESS_SECONDS, f"the first progress came after {waited:.1f} s"

    page.get_by_role("button", name="Fine-tune everything").click()
    before = max_points(page, least=2)
    max_points(page, least=before + 1)
    expect(page.locator(".st-key-run_status")).to_contain_text("Epoch 2 of", timeout=120_000)
    screenshot(page, "train")

    queue = page.locator(".st-key-queue")
    tuned = queue.locator("[class*=st-key-queue_]").filter(has_text="Fine-tune everything")
    tuned.get_by_role("button", name="Stop", exact=True).click()  # the epochs that are left take minutes on two cores
    expect(tuned).to_contain_text("Stopped")
    runs = queue.locator("[class*=st-key-queue_]")  # on a slow machine the first model is one more, of a part
    expect(runs.filter(has_text="started by itself")).to_have_count(runs.count() - 3)
    expect(queue.get_by_text(re.compile("Done"))).to_have_count(runs.count() - 1, timeout=120_000)
    page.get_by_role("button", name="Compare the runs").click()
    expect(page.locator(".st-key-verdict")).to_contain_text("Take ")
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.locator("figure.pairs")).to_contain_text("signific")
    page.wait_for_load_state("networkidle")
    screenshot(page, "compare")
    page.get_by_role("tab", name="Table").click()
    table = page.get_by_role("region", name="The figures of the runs that are compared")
    expect(table.locator("canvas").first).to_be_visible()

    page.get_by_role("button", name="Predict with the chosen run").click()
    page.get_by_role("button", name="Try one of the test images").click()
    expect(page.get_by_text(re.compile(r"Its label is"))).to_be_visible(timeout=30_000)
    screenshot(page, "predict")
    shown = page.locator(".st-key-answer")
    expect(shown).to_have_count(1)
    page.locator('[class*="st-key-photos_"] input[type="file"]').set_input_files(
        [photos / "red" / "0.png", photos / "blue" / "1.png"]
    )
    expect(page.get_by_text(re.compile(r"\d of 2 images"))).to_be_visible(timeout=30_000)
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV", exact=True).click()
    lines = Path(saved.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 3 and lines[1].startswith("0.png,")


def max_points(page: Page, least: int) -> int:
    """Waits until a curve of the run on show has at least so many points."""
    page.wait_for_function(f"() => ({plotted}) >= {least}", timeout=90_000)
    return int(page.evaluate(f"() => ({plotted})"))
