"""A new user's clock in a real browser: `python -m benchmarks.clock example`, or with PHOTOS.zip for `example`.

From the click on the built-in example, or from the choice of a zip on the Data page, over the questions (similar,
limited compute) and the recommended linear probe to a finished run and the downloaded, checked bundle. The workspace is
new, features and pixels included.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, Server

PATIENCE_MS = 600_000
QUIET_SECONDS = 5.0  # for the worker to start before the first click


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("images", help="'example', or a zip of labelled images")
    given = parser.parse_args()
    example = given.images == "example"
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder) / "workspace")
        browser = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        expect.set_options(timeout=PATIENCE_MS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        try:
            page.goto(server.url if example else f"{server.url}/data")
            start = page.get_by_role("button", name="Try the built-in example")
            drop = page.locator("[data-testid=stFileUploaderDropzoneInput]")
            (start if example else drop).wait_for(state="attached")
            time.sleep(QUIET_SECONDS)
            began = time.monotonic()

            def say(what: str) -> None:
                print(f"| {what} | {time.monotonic() - began:.1f} |", flush=True)

            print("| until | seconds |\n| --- | --- |")
            if example:
                start.click()
            else:
                drop.set_input_files(given.images)
            expect(page.get_by_text(re.compile(r" has [\d,]+ images in "))).to_be_visible()
            say("the images are in")
            page.get_by_role("button", name="Decide on a strategy").click()
            page.get_by_role("radio", name=re.compile("Similar")).click()
            expect(page.locator(".st-key-decision_cards")).to_contain_text("similar")
            page.get_by_role("radio", name=re.compile("Limited")).click()
            expect(page.locator(".st-key-decision_cards")).to_contain_text("limited compute")
            page.get_by_role("button", name="Launch recommended").click()
            say("the linear probe is launched")
            done = page.locator(".st-key-queue").get_by_text(re.compile("Done"))
            expect(done).to_be_visible()
            say(f"it is tested ({done.inner_text()})")
            page.get_by_role("button", name="Take it home").click()
            expect(page.get_by_text(re.compile(r"Checked on .* test images"))).to_be_visible()
            with page.expect_download() as saved:
                page.get_by_role("button", name=re.compile("Download the bundle")).click()
            size = Path(saved.value.path()).stat().st_size
            say(f"the checked bundle is on the disk ({size / 1e6:.0f} MB)")
        finally:
            browser.close()
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
