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
from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, screenshot


def picture(kind: int, number: int) -> bytes:
    """Stripes whose angle and colour tell the kind."""
    rng = np.random.default_rng((kind, number))
    y, x = np.mgrid[0:32, 0:32] / 32
    wave = np.sin(12 * (x * np.cos(kind) + y * np.sin(kind)) + rng.uniform(0, 6))
    shade = (
        110 + 70 * wave[..., None] * np.array([1, np.cos(kind), np.sin(3 * kind)]) + 12 * rng.normal(size=(32, 32, 3))
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
    ("grocery", nested, "81 classes, 243 images", "class = deepest folder", "Ready: 243 images, 81 classes"),
    ("pets", in_names, "3 classes, 36 images", "file name before _ and a number", "Ready: 36 images, 3 classes"),
    ("dogs", in_a_table, "3 classes, 30 images", "4 images without a label", "Ready: 30 images, 3 classes"),
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """One that trains a probe of what comes in by itself."""
    running = Server(tmp_path / "workspace", first_model=True)
    yield running
    running.stop()


@pytest.mark.timeout(400)
def test_from_upload_to_a_trained_probe(server: Server, page: Page, tmp_path: Path) -> None:
    for name, files, counts, said, ready in SETS:
        page.goto(server.url)
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as packed:
            for path, data in files().items():
                packed.writestr(path, data)
        page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(tmp_path / f"{name}.zip")
        shown = page.locator(".st-key-preview")
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
        expect(page.get_by_text(re.compile(ready))).to_be_visible(timeout=60_000)
        page.get_by_role("link", name="Train", exact=True).click()
        probe = page.locator(".st-key-queue").get_by_text(re.compile("Done")).first
        expect(probe).to_be_visible(timeout=120_000)
    page.get_by_role("link", name="Predict", exact=True).click()  # of the last set
    page.get_by_role("radio", name="4 without a label").click()
    expect(page.get_by_text(re.compile(r"\d of 4 images"))).to_be_visible(timeout=60_000)
