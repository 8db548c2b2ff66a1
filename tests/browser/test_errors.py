"""Confusion matrices in a browser, pressed by pointer and keyboard, side by side or in turn; a table that sorts."""

from collections.abc import Callable, Iterator

import pytest

playwright = pytest.importorskip("playwright.sync_api")
from tests.browser.conftest import PHONE, Server  # noqa: E402 - after the check that Playwright is there
from tests.components.finished_runs import fill  # noqa: E402
from transfer_core.workspace import Workspace  # noqa: E402


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("errors") / "workspace"
    workspace = Workspace(folder)
    fill(workspace)
    workspace.close()
    running = Server(folder)
    yield running
    running.stop()


def _classes(page: "playwright.Page", server: Server) -> None:
    page.goto(f"{server.url}/compare?dataset=d")
    page.get_by_role("tab", name="Classes").click()
    page.locator(".confusion .cell").first.wait_for(state="attached")


def test_a_pressed_cell_shows_its_images(server: Server, page: "playwright.Page") -> None:
    expect = playwright.expect
    _classes(page, server)
    assert page.locator(".confusion table:visible").count() == 3
    first = page.get_by_role("grid", name="Confusion matrix of Fine-tune everything")
    wrong = first.get_by_label("4 images of <b>cat</b> predicted as =dog")
    wrong.click()
    expect(page.get_by_text("taken for =dog by Fine-tune everything")).to_be_visible()
    expect(page.locator(".tiles figure")).to_have_count(4)
    page.keyboard.press("ArrowLeft")
    expect(first.get_by_label("26 images of <b>cat</b> named so")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("rightly named so by Fine-tune everything")).to_be_visible()
    expect(page.locator(".tiles figure")).to_have_count(24)
    assert wrong.get_attribute("aria-current") is None


def test_classes_are_sorted_with_the_worst_first(server: Server, page: "playwright.Page") -> None:
    _classes(page, server)
    names = page.locator(".classes tbody th")
    assert [name.strip() for name in names.all_inner_texts()] == ["<b>cat</b>", "=dog", "owl"]
    page.locator(".classes select").select_option(index=1)
    recalls = page.locator(".classes tbody tr td:nth-child(5)")
    shown = [float(each.get_attribute("data-sort")) for each in recalls.all()]
    assert shown == sorted(shown) and shown[0] < shown[-1]
    page.get_by_role("button", name="Images", exact=True).click()
    page.get_by_role("button", name="Images", exact=True).click()
    assert names.last.inner_text() == "owl" and page.locator("th[aria-sort=descending]").count() == 1


def test_a_phone_shows_one_matrix_at_a_time(server: Server, open_page: Callable[..., "playwright.Page"]) -> None:
    page = open_page(PHONE)
    _classes(page, server)
    assert page.locator(".confusion table:visible").count() == 1
    page.get_by_role("button", name="Difference", exact=True).click()
    assert " minus " in str(page.locator(".confusion table:visible").get_attribute("aria-label"))


def test_labels_are_corrected_in_a_new_version(server: Server, page: "playwright.Page") -> None:
    expect = playwright.expect
    page.goto(f"{server.url}/compare?dataset=d&runs=linear_probe,linear_svm")
    page.get_by_role("tab", name="Images").click()
    expect(page.get_by_text("Suggestion 1 of 2, a test image")).to_be_visible()
    page.keyboard.press("1")
    expect(page.get_by_text("Suggestion 2 of 2, a test image")).to_be_visible()
    page.keyboard.press("3")
    expect(page.get_by_text("1 gets another label, 1 is dropped")).to_be_visible()
    page.reload()  # in the section that the address names
    page.get_by_text("Look at what is marked").click()
    expect(page.locator("figure select").nth(1)).to_have_value("drop")
    page.get_by_role("button", name="Make a corrected version").click()
    expect(page.get_by_text("Animals, 2 corrected").first).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Open it on the Train page").click()
    expect(page.get_by_text("'Animals, 2 corrected' has no training images")).to_be_visible()
