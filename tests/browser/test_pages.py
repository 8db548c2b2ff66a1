"""What must hold in a real browser: deep links, a broken zip, the catalogue of backbones, recipes through a file."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import PAGES, Server, screenshot, unfold, upload

# JavaScript: where each word stands that is underlined.
MARKED = """new Map([...(CSS.highlights.get('graft-term') ?? [])]
    .map(range => [range.toString(), range.getBoundingClientRect()]))"""


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


def test_a_broken_zip_gets_its_sentence(ready: Server, page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 this is not a zip")
    upload(page, ready, broken)
    alert = page.locator(".st-key-preview [data-testid=stAlert]")
    expect(alert).to_contain_text("'broken.zip' is a damaged or incomplete zip", timeout=20_000)
    assert "Traceback" not in alert.inner_text()
    screenshot(page, "broken-zip")
    page.get_by_role("button", name="Take something else").click()
    expect(alert).to_have_count(0)


def test_a_backbone_is_measured_and_another_one_chosen_from_the_catalogue(
    ready: Server, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))  # no weights but the bundled ones
    ready.restart()
    page.goto(f"{ready.url}/train")
    unfold(page, "Set up runs")
    card, dialog = page.locator(".st-key-backbone_card"), page.get_by_role("dialog")
    expect(card).to_contain_text("Works offline")
    page.wait_for_function(f"() => {MARKED}.has('ImageNet')")
    x, y = page.evaluate(f"(() => {{ const at = {MARKED}.get('ImageNet'); return [at.x + 5, at.y + 5] }})()")
    page.mouse.move(x, y)
    expect(page.get_by_role("tooltip")).to_contain_text("ImageNet: 1.3 million photos")
    page.get_by_role("button", name="What this page is for").click()
    expect(page.get_by_text("Here runs are set up, launched, watched and stopped.")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="the backbone's numbers into your classes")).to_be_visible()
    page.keyboard.press("Escape")
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
