"""What must hold in a real browser: deep links, re-attaching, stop, zoom, a broken zip, text that is not markup."""

import json
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import PHONE, Server, plotted, screenshot

PAGES = {"": "Graft", "data": "Data", "decide": "Decide", "train": "Train", "compare": "Compare", "predict": "Predict"}


@pytest.fixture(scope="module")
def zipped(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip whose name and one class are Markdown, to see that they are shown and not obeyed."""
    root = tmp_path_factory.mktemp("zip")
    shutil.copytree(photos, root / "in")
    (root / "in" / "red").rename(root / "in" / "red ![x](http:evil)")
    return Path(shutil.make_archive(str(root / "my *photos*"), "zip", root / "in"))


def unfold(page: Page, title: str) -> None:
    summary = page.locator("summary", has_text=title)
    expect(summary).to_be_visible()
    if summary.locator("..").get_attribute("open") is None:
        summary.click()
        expect(summary.locator("..")).to_have_attribute("open", "")
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()  # what it unfolds stands still


def downloaded(page: Page, button: Locator) -> Path:
    """What a button saves. On a busy machine a press is lost where the page is drawn anew under it, so three."""
    for patience in (5_000, 10_000, 20_000):
        try:
            with page.expect_download(timeout=patience) as saved:
                button.click()
        except PlaywrightTimeout:
            continue
        return Path(saved.value.path())
    raise AssertionError("three presses saved nothing")


def upload(page: Page, server: Server, file: Path) -> None:
    page.goto(f"{server.url}/data")
    unfold(page, "Bring in images")
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(file)


@pytest.fixture(scope="module")
def ready(server: Server, browser: object, zipped: Path) -> Server:
    """The server with the photos imported through its page."""
    context = browser.new_context()  # type: ignore[attr-defined]
    page = context.new_page()
    upload(page, server, zipped)
    expect(page.get_by_text(re.compile(r"my \*photos\* has 60 images in 3 classes"))).to_be_visible(timeout=60_000)
    assert page.locator("img[src*=evil]").count() == 0
    context.close()
    return server


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


@pytest.mark.parametrize("path", PAGES)
def test_a_deep_link_right_after_a_server_start_shows_the_whole_app(
    path: str, ready: Server, open_page: Callable[..., Page]
) -> None:
    ready.restart()
    page = open_page()
    page.goto(f"{ready.url}/{path}")
    expect(page.get_by_role("heading", name=PAGES[path], exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Compare")).to_be_visible()
    expect(page.locator("[data-testid=stException]")).to_have_count(0)


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


def test_a_broken_zip_gets_its_sentence(ready: Server, page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 this is not a zip")
    upload(page, ready, broken)
    alert = page.locator(".st-key-import_ended [data-testid=stAlert]")
    expect(alert).to_contain_text("'broken.zip' is a damaged or incomplete zip", timeout=20_000)
    assert "Traceback" not in alert.inner_text()
    screenshot(page, "broken-zip")
    page.get_by_role("button", name="Close").click()
    expect(alert).to_have_count(0)


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
    expect(again.get_by_role("button", name="Measure again")).to_be_visible(timeout=100_000)
    expect(again.get_by_text(re.compile("42 training images look unlike")).first).to_be_visible()
    expect(again.get_by_role("radio", name=re.compile("measured")).first).to_be_visible()
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


def test_a_backbone_is_measured_and_another_one_chosen_from_the_catalogue(
    ready: Server, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))  # no weights but the bundled ones
    ready.restart()
    page.goto(f"{ready.url}/train")
    unfold(page, "Set up runs")
    card, dialog = page.locator(".st-key-backbone_card"), page.get_by_role("dialog")
    expect(card).to_contain_text("Works offline")
    page.get_by_role("button", name="Choose another").click()  # it is measured by itself meanwhile
    expect(card).to_contain_text(re.compile(r"\d images/s here"), timeout=60_000)
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    page.get_by_role("button", name="Choose another").click()
    dialog.get_by_placeholder("Name, family or licence").fill("squeezenet 1.1")
    dialog.get_by_role("button", name="Use SqueezeNet 1.1").click()
    expect(dialog).to_have_count(0)
    expect(card).to_contain_text("SqueezeNet 1.1")
    expect(card).to_contain_text("Needs a download")
    expect(page.get_by_text("are not on this machine, so the launch fetches them first")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("fire module 8 frozen; a new linear classifier"))).to_be_visible()

    page.get_by_role("link", name="Data").click()
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    page.get_by_role("link", name="Train").click()
    expect(card).to_contain_text("SqueezeNet 1.1")
    ready.restart()
    page.goto(f"{ready.url}/train")
    unfold(page, "Set up runs")
    expect(card).to_contain_text(re.compile(r"EfficientNet-Lite0.*\d images/s here", re.DOTALL))


def test_folds_are_one_line_and_a_recipe_travels_through_a_file(ready: Server, page: Page, tmp_path: Path) -> None:
    page.goto(f"{ready.url}/train")
    unfold(page, "Set up runs")
    page.get_by_text("Change the settings").click()
    folds = page.get_by_role("spinbutton", name="Folds", exact=True)
    folds.fill("2")
    folds.press("Enter")
    page.get_by_role("button", name="Launch 2 runs").click()
    queue = page.locator(".st-key-queue")
    expect(queue.get_by_text("Linear probe, 2 folds")).to_be_visible()
    expect(queue.get_by_text("2 of 2 done")).to_be_visible(timeout=60_000)
    expect(queue.get_by_text(re.compile(r"\d\s% ± \d"))).to_be_visible()

    # The queue and the run that is shown each draw the page anew once they see the end; a press in between is lost.
    expect(page.locator(".st-key-figures").get_by_text("Time", exact=True)).to_be_visible()
    page.get_by_text("Recipe", exact=True).click()
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_visible()
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
    recipe = json.loads(downloaded(page, save).read_text())
    assert recipe["strategy"] == "linear_probe" and recipe["folds"] == 2
    file = tmp_path / "of a friend.json"
    file.write_text(json.dumps({"strategy": "fine_tune_all", "backbone": "bundled", "epochs": 7, "dataset": "another"}))

    unfold(page, "Set up runs")
    unfold(page, "Recipes: look, save")
    page.locator("input[type=file]").set_input_files(file)
    epochs = page.get_by_role("spinbutton", name="Epochs", exact=True)
    expect(epochs).to_have_value("7")
    expect(page.get_by_text("Changed: epochs 7")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Fine-tune everything")).to_be_checked()
    expect(page.get_by_role("checkbox", name="Linear probe")).not_to_be_checked()
    expect(page.locator(".st-key-augmented img")).to_be_visible(timeout=20_000)
    epochs.fill("")
    epochs.press("Enter")
    expect(page.get_by_text("Changed: epochs 7")).to_have_count(0)  # the rule decides again
    epochs.fill("9")
    epochs.press("Enter")
    page.get_by_role("button", name="Back to the rules").click()
    expect(epochs).to_have_value("")
