"""A real server on a free port and a real browser on it."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

playwright = pytest.importorskip("playwright.sync_api")
from tests.browser.chromium import find  # noqa: E402 - after the check that Playwright is there

playwright.expect.set_options(timeout=20_000)  # on a busy machine a page takes more than the 5 s of the default
PROJECT = Path(__file__).resolve().parents[2]
SCREENSHOTS = Path(__file__).with_name("screenshots")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# JavaScript: the number of points of the longest curve of the live chart; 0 while there is none.
plotted = """Math.max(0, ...[...document.querySelectorAll('.graft-live-plot')]
    .flatMap(plot => (plot.data ?? []).map(curve => curve.x?.length ?? 0)))"""
PAGES = {
    "": "Graft",
    **{each.lower(): each for each in ("Data", "Decide", "Train", "Compare", "Predict", "Settings")},
}
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


class Server:
    """The dashboard as `make app` starts it, on a workspace of its own."""

    options: ClassVar[Sequence[str]] = ()  # after `streamlit run app.py`
    environment: ClassVar[Mapping[str, str]] = {}

    def __init__(
        self, workspace: Path, roots: Path | None = None, *, first_model: bool = False, backbone: str | None = None
    ) -> None:
        """`first_model`: train one by itself of whatever comes in; most tests look at runs of their own alone.

        `backbone`: the default one; None is Graft's own choice.
        """
        self.workspace = workspace
        workspace.mkdir(exist_ok=True)
        (workspace / "settings.json").write_text(json.dumps({"first_model": first_model, "backbone": backbone}))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = workspace.parent / f"server-{self.port}.log"
        self.roots = roots
        self.start()

    def start(self) -> None:
        environment = {**os.environ, "GRAFT_WORKSPACE": str(self.workspace), **self.environment}
        environment.pop("OMP_NUM_THREADS", None)  # as a user has it, unlike in the other tests
        if self.roots is not None:
            environment["GRAFT_IMPORT_ROOTS"] = str(self.roots)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port), *self.options],
                cwd=PROJECT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        end = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1):
                    return
            except urllib.error.HTTPError:  # one that is shared asks for its token
                return
            except OSError:
                assert time.monotonic() < end and self.process.poll() is None, self.log.read_text()
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=20)

    def restart(self) -> None:
        self.stop()
        self.start()


@pytest.fixture(scope="session")
def browser() -> Iterator["playwright.Browser"]:
    executable = find()
    if executable is None:
        pytest.skip("no Chrome or Chromium here; `make test` installs one")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server") / "workspace", roots=tmp_path_factory.getbasetemp())
    yield running
    running.stop()


@pytest.fixture
def open_page(browser: "playwright.Browser") -> Iterator[Callable[..., "playwright.Page"]]:
    """Opens pages that fail their test when the console shows an error."""
    contexts, errors = [], []

    def opener(size: dict[str, int] = DESKTOP, scheme: str = "light") -> "playwright.Page":
        context = browser.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not errors


@pytest.fixture
def page(open_page: Callable[..., "playwright.Page"]) -> "playwright.Page":
    return open_page()


def screenshot(page: "playwright.Page", name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png")


def unfold(page: "playwright.Page", title: str) -> None:
    summary = page.locator("summary", has_text=title)
    playwright.expect(summary).to_be_visible()
    if summary.locator("..").get_attribute("open") is None:
        summary.click()
        playwright.expect(summary.locator("..")).to_have_attribute("open", "")
    still = page.locator("[data-test-script-state=notRunning]")  # what it unfolds
    playwright.expect(still).to_be_visible()


def upload(page: "playwright.Page", server: Server, file: Path) -> None:
    page.goto(f"{server.url}/data")
    expect = playwright.expect
    expect(page.get_by_role("heading", name="Data", exact=True)).to_be_visible()
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_visible()
    if page.locator("summary", has_text="Import other images").count():
        unfold(page, "Import other images")
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(file)


@pytest.fixture(scope="module")
def zipped(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip whose name and one class are Markdown, to see that they are shown and not obeyed."""
    root = tmp_path_factory.mktemp("zip")
    shutil.copytree(photos, root / "in")
    (root / "in" / "red").rename(root / "in" / "red ![x](http:evil)")
    return Path(shutil.make_archive(str(root / "my *photos*"), "zip", root / "in"))


@pytest.fixture(scope="module")
def ready(server: Server, browser: "playwright.Browser", zipped: Path) -> Server:
    """The server with the photos imported through its page."""
    context = browser.new_context()
    page = context.new_page()
    upload(page, server, zipped)
    page.get_by_role("button", name="Import these images").click()
    imported = page.get_by_text(re.compile(r"Ready: 60 images, 3 classes"))
    playwright.expect(imported).to_be_visible(timeout=60_000)
    assert page.locator("img[src*=evil]").count() == 0
    context.close()
    return server
