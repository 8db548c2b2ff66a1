"""The report as its reader has it: a file, no network; every figure drawn, on the screen and on paper."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, screenshot
from transfer_core.types import RunEnd
from transfer_core.workspace import Workspace

FIGURES = {"forest", "versus", "time", "curves", "reliability", "approaches"}
drawn = """plots => plots.filter(plot => plot.querySelectorAll('.scatterlayer .trace').length
    && plot.querySelector('svg.main-svg').getBoundingClientRect().width <= plot.getBoundingClientRect().width + 1)
    .map(plot => plot.dataset.figure)"""
inks = """plots => [...new Set(plots.flatMap(plot =>
    [...plot.querySelectorAll('.annotation-text')].map(text => getComputedStyle(text).fill)))]"""


@pytest.fixture(scope="module")
def report(photos: Path, tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> Path:
    """A report on three strategies, one of them with fewer images, too; a class has markup for a name."""
    root = tmp_path_factory.mktemp("report")
    images = shutil.copytree(photos, root / "in")
    (images / "red").rename(images / "red <img src=x onerror=alert(1)>")
    workspace = Workspace(root / "workspace")

    def drive(job: str) -> RunEnd:
        *_, end = workspace.jobs.drive(job)
        assert isinstance(end, RunEnd) and end.status == "done", end
        return end

    dataset = workspace.datasets.get(drive(workspace.datasets.import_path(images)).result["id"])
    recipes = [workspace.recipes.make(dataset, "linear_probe", per_class=n) for n in (0, 4)]
    recipes += [workspace.recipes.make(dataset, name, epochs=2) for name in ("fine_tune_all", "from_scratch")]
    for run in workspace.runs.submit(recipes):
        drive(run)
    file = root / "report.html"
    file.write_text(workspace.comparisons.report(dataset).html, encoding="utf-8")
    workspace.close()
    return file


def is_outside(url: str) -> bool:
    return not url.startswith(("file:", "data:"))


@pytest.fixture
def open_report(browser: Browser, report: Path) -> Iterator[Callable[..., Page]]:
    """Opens the file without a network; the test fails when anything but the file is asked for, or the console errs."""
    contexts, errors = [], []

    def opener(size: dict[str, int] = DESKTOP, scheme: str = "light") -> Page:
        context = browser.new_context(viewport=size, color_scheme=scheme, offline=True)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: errors.append(dialog.message))
        page.on("request", lambda asked: errors.append(asked.url) if is_outside(asked.url) else None)
        page.goto(report.as_uri())
        expect(page.locator("html")).to_have_attribute("data-drawn", "yes", timeout=20_000)
        return page

    yield opener
    for context in contexts:
        context.close()
    assert not errors


def test_every_figure_is_drawn_and_can_be_used(open_report: Callable[..., Page]) -> None:
    page = open_report()
    plots = page.locator("[data-figure]")
    assert set(plots.evaluate_all(drawn)) == FIGURES
    expect(page.get_by_text("These figures as a table").first).to_be_visible()
    expect(page.locator("details.numbers[open]")).to_have_count(0)
    screenshot(page, "report")

    page.locator("[data-figure=time] .points path").first.hover(force=True)
    expect(page.locator("[data-figure=time] .hovertext")).to_contain_text("95 % interval")
    curves = page.locator("[data-figure=curves] .scatterlayer .trace")
    before = curves.count()
    probe = page.get_by_role("button", name="Linear probe")
    probe.click()
    expect(probe).to_have_attribute("aria-pressed", "false")
    assert curves.count() < before
    page.get_by_text("Linear probe, all images", exact=True).last.click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save").click()
    assert json.loads(Path(saved.value.path()).read_text())["strategy"] == "linear_probe"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it_in_both_themes(scheme: str, open_report: Callable[..., Page]) -> None:
    page = open_report(PHONE, scheme)
    assert set(page.locator("[data-figure]").evaluate_all(drawn)) == FIGURES
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    ink = page.evaluate("getComputedStyle(document.body).color")
    assert ink in page.locator("[data-figure=forest]").evaluate_all(inks), "figures have the theme's ink"
    page.emulate_media(color_scheme="dark" if scheme == "light" else "light")
    other = page.evaluate("getComputedStyle(document.body).color")
    assert other != ink
    expect(page.locator("[data-figure=forest] .annotation-text").first).to_have_css("fill", other)


def test_it_prints_in_light_on_a4(open_report: Callable[..., Page]) -> None:
    page = open_report(scheme="dark")
    page.evaluate("""addEventListener('beforeprint', () => {
        window.printed = [...document.querySelectorAll('[data-figure]')].map(plot => [plot.dataset.figure,
            plot.querySelector('svg.main-svg').width.baseVal.value,
            getComputedStyle(plot.querySelector('.xtick text, .x2tick text')).fill]) })""")
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.startswith(b"%PDF") and re.search(rb"/MediaBox \[0 0 59[45][.\d]* 84[12][.\d]*\]", pdf)
    printed = page.evaluate("window.printed")
    assert {name for name, *_ in printed} == FIGURES
    assert max(width for _, width, _ in printed) <= 688
    assert {ink for *_, ink in printed} == {"rgb(19, 27, 26)"}, "in the light theme's ink, also from a dark screen"
    expect(page.locator("html")).to_have_attribute("data-drawn", "yes")
    assert set(page.locator("[data-figure]").evaluate_all(drawn)) == FIGURES
