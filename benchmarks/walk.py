"""A new user's walk with a clock, in a real browser: from photos to a downloaded model, with nothing read.

    python -m benchmarks.walk PHOTOS.zip
    python -m benchmarks.walk ../shared/data/clothing.zip --photos 2000 --side 1024

The zip is dropped on Start, with a new workspace and every setting as it comes; the first model trains by itself; it is
taken home as a checked bundle. `--photos` walks with so many of the zip's photos, drawn by seed 0, in folders of their
classes alone; `--side` scales them to that shorter side first, as a camera would have left them.
"""

import argparse
import io
import os
import random
import re
import sys
import tempfile
import time
import zipfile
from pathlib import Path, PurePosixPath

from PIL import Image
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.browser.chromium import find
from tests.browser.conftest import FLAGS, Server
from transfer_core.workspace import Workspace

PATIENCE_MS = 600_000
QUIET_SECONDS = 8.0  # for the worker to start, as it does while somebody looks for their zip
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def drawn(source: Path, target: Path, photos: int, side: int) -> None:
    """A zip of so many of another's photos, one folder per class. `side`: px of the shorter one; 0 as they are."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as made:
        names = sorted(name for name in given.namelist() if name.lower().endswith(ENDINGS))
        for number, name in enumerate(random.Random(0).sample(names, photos)):
            label, data = PurePosixPath(name).parent.name, given.read(name)
            if side:
                picture = Image.open(io.BytesIO(data)).convert("RGB")
                scale, out = side / min(picture.size), io.BytesIO()
                picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
                picture.save(out, "JPEG", quality=90)
                data, name = out.getvalue(), "camera.jpg"
            made.writestr(f"photos/{label}/{number:05d}{PurePosixPath(name).suffix}", data)


class Walk:
    """The clock, and how often something was clicked or dropped."""

    def __init__(self) -> None:
        self.began, self.clicks = time.monotonic(), 0

    def click(self, what: Locator) -> None:
        self.clicks += 1
        what.click()

    def say(self, what: str) -> None:
        load = os.getloadavg()[0]
        print(f"| {what} | {time.monotonic() - self.began:.1f} | {self.clicks} | {load:.1f} |", flush=True)


def walk(page: Page, photos: Path) -> None:
    drop = page.locator("[data-testid=stFileUploaderDropzoneInput]")
    drop.wait_for(state="attached")
    time.sleep(QUIET_SECONDS)
    print("| until | seconds | clicks | load |\n| --- | --- | --- | --- |")
    walk = Walk()
    walk.clicks += 1  # what is dropped
    drop.set_input_files(photos)
    take = page.get_by_role("button", name="Import these images")
    expect(take).to_be_focused()
    walk.say("it is shown how they are read")
    walk.clicks += 1
    page.keyboard.press("Enter")
    decide = page.get_by_role("button", name="Decide on a strategy")
    expect(decide).to_be_visible()
    walk.say("the images are in")
    walk.click(decide)
    right = page.locator(".st-key-cost").get_by_text(re.compile(r" of the validation images right"))
    expect(right).to_be_visible()
    walk.say(f"the first model stands there: {right.inner_text()}")
    walk.click(page.get_by_role("link", name="Train"))
    walk.click(page.get_by_role("button", name="Take it home"))
    expect(page.get_by_text(re.compile(r"Checked on .* test images"))).to_be_visible()
    walk.say("its bundle is made and checked")
    with page.expect_download() as saved:
        walk.click(page.get_by_role("button", name=re.compile("Download the bundle")))
    walk.say(f"it is on the disk ({Path(saved.value.path()).stat().st_size / 1e6:.0f} MB)")


def parts(root: Path) -> None:
    """Where the time went: each job's wait and work, its stages, and the parts of the export."""
    with Workspace(root, write=False) as workspace:
        print("\n| job | waited, s | took, s | of it |\n| --- | --- | --- | --- |")
        for job in reversed(workspace.jobs.list()):
            if job.started is None or job.finished is None:
                continue
            seen: dict[str, list[float]] = {}
            for _, at, event in workspace.jobs.events(job.id):
                if what := getattr(event, "what", ""):
                    seen.setdefault(what, [at, at])[1] = at
            laps = job.result.get("parts") or {what: last - first for what, (first, last) in seen.items()}
            told = ", ".join(f"{what} {seconds:.1f}" for what, seconds in laps.items())
            print(f"| {job.kind} | {job.started - job.created:.1f} | {job.finished - job.started:.1f} | {told} |")


def main() -> int:
    words = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=words)
    parser.add_argument("images", type=Path, help="a zip of labelled images")
    parser.add_argument("--photos", type=int, default=0, help="how many of them (default: all)")
    parser.add_argument("--side", type=int, default=0, help="px of their shorter side (default: as they are)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        photos = given.images.resolve()
        if given.photos:
            photos = Path(folder) / "photos.zip"
            drawn(given.images, photos, given.photos, given.side)
        server = Server(Path(folder) / "workspace", first_model=True)
        browser = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        expect.set_options(timeout=PATIENCE_MS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_MS)
        try:
            page.goto(server.url)
            walk(page, photos)
        finally:
            browser.close()
            server.stop()
        parts(Path(folder) / "workspace")
    return 0


if __name__ == "__main__":
    sys.exit(main())
