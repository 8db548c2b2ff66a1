"""Images as people have them, from upload over the preview to a trained probe."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("playwright")
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Server, screenshot
from tests.data.test_packed import raw_zip


def picture(kind: int, number: int) -> bytes:
    """Stripes whose angle and colour tell the kind."""
    rng = np.random.default_rng((kind, number))
    y, x = np.mgrid[0:24, 0:24] / 24
    wave = np.sin(12 * (x * np.cos(kind) + y * np.sin(kind)) + rng.uniform(0, 6))
    shade = (
        110 + 70 * wave[..., None] * np.array([1, np.cos(kind), np.sin(3 * kind)]) + 12 * rng.normal(size=(24, 24, 3))
    )
    out = io.BytesIO()
    Image.fromarray(np.clip(shade, 0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


def nested() -> dict[str, bytes]:
    """train/<of 3>/<of 9>/<of 81>/, and test/ alike, as a set of groceries has it."""
    tops = ("Fruit", "Packages", "Vegetables")
    kinds = ("Apple", "Pear", "Milk", "Juice", "Leek", "Onion", "Melon", "Plum", "Yoghurt")
    sorts = ("Arla", "Bravo", "Conference", "Fuji", "Gala", "Kaiser", "Oatly", "Royal", "Vine")
    files = {}
    for kind in range(81):
        folder = f"{tops[kind // 27]}/{kinds[kind // 9]}/{kinds[kind // 9]}-{sorts[kind % 9]}"
        for number in range(3):
            files[f"grocery/{'test' if number > 1 else 'train'}/{folder}/{number}.png"] = picture(kind, number)
    return files


def in_names() -> dict[str, bytes]:
    names = ("Abyssinian", "basset_hound", "Birman")
    return {f"images/{name}_{i}.png": picture(kind, i) for kind, name in enumerate(names) for i in range(1, 13)}


def in_a_table() -> dict[str, bytes]:
    files = {f"dogs/train/{i:08x}.png": picture(i % 3, i) for i in range(30)}
    files |= {f"dogs/test/{i:08x}.png": picture(i % 3, i) for i in range(100, 104)}
    rows = ["id,breed", *(f"{i:08x},{('boxer', 'dingo', 'pug')[i % 3]}" for i in range(30))]
    return files | {"dogs/labels.csv": "\n".join(rows).encode()}


SETS: tuple[tuple[str, Callable[[], dict[str, bytes]], str, str, str], ...] = (
    ("grocery", nested, "81 classes, 243 images", "deepest folder", "Ready: 243 images, 81 classes"),
    ("pets", in_names, "3 classes, 36 images", "file name before _ and a number", "Ready: 36 images, 3 classes"),
    ("dogs", in_a_table, "3 classes, 30 images", "4 images, kept for Predict", "Ready: 30 images, 3 classes"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One that trains a probe of what comes in by itself, on the smallest network."""
    folder = tmp_path_factory.mktemp("server") / "workspace"
    running = Server(folder, first_model=True, backbone="bundled")
    yield running
    running.stop()


def packed(files: dict[str, bytes], file: Path) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
    return file


def give(page: Page, server: Server, files: Path) -> Locator:
    page.goto(server.url)
    page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(files)
    return page.locator(".st-key-preview")


@pytest.mark.timeout(240)
def test_from_upload_to_a_trained_probe(server: Server, page: Page, tmp_path: Path) -> None:
    """One after the other comes in while probes of those before train."""
    imported = []
    for name, files, counts, said, ready in SETS:
        shown = give(page, server, packed(files(), tmp_path / f"{name}.zip"))
        expect(shown.get_by_role("heading", name=counts)).to_be_visible(timeout=30_000)
        expect(shown).to_contain_text(said)
        expect(shown.locator(".planned img").first).to_be_visible()
        if name == "grocery":
            screenshot(page, "preview")
            shown.locator("label", has_text="class = top folder (3 classes)").click()
            expect(shown.get_by_role("heading", name="3 classes, 243 images")).to_be_visible()
            shown.locator("label", has_text="class = deepest folder").click()
            expect(shown.get_by_role("heading", name=counts)).to_be_visible()
            shown.get_by_role("button", name="Import these images").click()
        else:  # it has the focus already
            expect(shown.get_by_role("button", name="Import these images")).to_be_focused()
            page.keyboard.press("Enter")
        expect(page.get_by_text(re.compile(ready))).to_be_visible(timeout=60_000)
        imported.append(page.url.partition("?")[2])
    for which in imported:
        page.goto(f"{server.url}/train?{which}")
        probe = page.locator(".st-key-queue").get_by_text(re.compile("Done")).first
        expect(probe).to_be_visible(timeout=120_000)
    page.get_by_role("link", name="Predict", exact=True).click()  # of the last set
    page.get_by_role("radio", name="4 without a label").click()
    expect(page.get_by_text(re.compile(r"\d of 4 images"))).to_be_visible(timeout=60_000)


def test_a_folder_and_a_code_page_that_was_guessed(server: Server, page: Page, tmp_path: Path) -> None:
    for label, kind in (("кошки", 1), ("собаки", 2)):
        (tmp_path / "pets" / "train" / label).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "pets" / "train" / label / f"{number}.png").write_bytes(picture(kind, number))
    (tmp_path / "pets" / "notes.docx").write_bytes(b"x")
    page.goto(server.url)
    page.locator(".st-key-drop_zone").get_by_text("Folder", exact=True).click()
    expect(page.get_by_text("Pick or drop a folder")).to_be_visible()
    page.locator("input[webkitdirectory]").set_input_files(tmp_path / "pets")
    shown = page.locator(".st-key-preview")
    expect(shown.get_by_role("heading", name="pets: 2 classes, 6 images")).to_be_visible()
    expect(shown.locator(".glance")).to_contain_text(re.compile("Splits made by Graft.*Left out 1 file"))
    expect(shown.locator(".planned img")).to_have_count(6)

    shown.get_by_text("Another way to tell classes").click()
    pattern = shown.get_by_role("textbox", name="A pattern of file names")
    pattern.fill("#_{label}")
    pattern.press("Enter")
    expect(shown.get_by_role("alert")).to_be_visible()
    expect(shown.get_by_role("heading", name="pets")).to_have_count(0)

    data = raw_zip([f"{label}/{n}.jpg" for label in ("кошки", "собаки") for n in range(3)], "cp866")
    (tmp_path / "old.zip").write_bytes(data)
    give(page, server, tmp_path / "old.zip")
    expect(shown.get_by_text("собаки", exact=True)).to_be_visible()
    shown.get_by_role("combobox").click()
    page.get_by_role("option", name="Cyrillic (Windows, cp1251)").click()
    expect(shown.get_by_text("собаки", exact=True)).to_have_count(0)
    expect(shown.get_by_text("cannot be shown").first).to_be_visible()  # they are no images
    shown.get_by_role("button", name="Take something else").click()
    expect(shown).to_have_count(0)
