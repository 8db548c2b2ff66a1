"""From a user's own zip over the first finished run to a bundle on their disk that answers without Graft."""

import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, screenshot


@pytest.mark.timeout(240)
def test_from_an_upload_to_a_bundle_that_answers(server: Server, page: Page, photos: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    page.goto(server.url)
    zipped = shutil.make_archive(str(tmp_path / "colours"), "zip", photos)
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(zipped)
    page.get_by_role("button", name="Import these images").click()
    expect(page.get_by_text(re.compile("Ready: 60 images, 3 classes"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Decide on a strategy").click()
    page.get_by_role("radio", name=re.compile("Similar")).click()
    expect(page.locator(".st-key-decision_cards")).to_contain_text("Scenario 1")
    page.get_by_role("button", name=re.compile("^Launch (?!all)")).click()
    expect(page.locator(".st-key-queue").get_by_text(re.compile("Done"))).to_be_visible(timeout=120_000)

    page.get_by_role("button", name="Take it home").click()
    expect(page.get_by_text(re.compile(r"Checked on .* on \d+ of \d+ test images"))).to_be_visible(timeout=120_000)
    with page.expect_download() as saved:
        page.get_by_role("button", name=re.compile("Download the bundle")).click()
    screenshot(page, "take-home")
    print(f"from the first page to the bundle: {time.monotonic() - began:.0f} s")
    with zipfile.ZipFile(saved.value.path()) as packed:
        packed.extractall(tmp_path / "home")
    (bundle,) = (tmp_path / "home").iterdir()
    program = [sys.executable, "-I", str(bundle / "predict.py"), str(photos / "blue" / "1.png")]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60, cwd=tmp_path).stdout
    assert "blue" in said.split("1.png")[1], said
