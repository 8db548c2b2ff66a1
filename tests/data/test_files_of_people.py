"""Datasets whose files are not what they seem: nothing comes out wrong without a word."""

import io
import zipfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.data.kinds_of_files import deep_png, saved, tiff
from transfer_core.data.dataset import import_images, read_dataset
from transfer_core.data.meant import Meant
from transfer_core.errors import ArchiveError
from transfer_core.types import NEWEST, Dataset, Problem

Pixels = NDArray[np.uint8]


def scene(kind: int, number: int, width: int = 64, height: int = 64) -> Pixels:
    """Picture `number` of a kind: stripes at the kind's angle over blobs of its own, (H, W, 3)."""
    rng = np.random.default_rng([kind, number, 22])
    y, x = np.mgrid[0:height, 0:width] / 64
    stripes = np.sin(2 * np.pi * (x * np.cos(kind) + y * np.sin(kind)) * (3 + kind) + rng.uniform(0, 6))
    blobs = Image.fromarray(rng.integers(0, 255, (5, 5, 3), np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    return (np.asarray(blobs) * 0.6 + 45 * stripes[..., None] + 45).clip(0, 255).astype(np.uint8)


def shades(kind: int, number: int) -> NDArray[np.float64]:
    """The same in grey, 0 to 1."""
    return scene(kind, number)[..., 1] / 255


def jpeg(kind: int, number: int) -> bytes:
    return saved(Image.fromarray(scene(kind, number)), "JPEG")


def taken(folder: Path, files: Mapping[str, bytes], bands: tuple[int, ...] = NEWEST.bands) -> Dataset:
    with zipfile.ZipFile(folder / "photos.zip", "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    (folder / "out").mkdir()
    list(import_images(folder / "photos.zip", folder / "out", name="photos", meant=Meant(bands=bands)))
    return read_dataset(folder / "out" / "dataset.json")


def stored(folder: Path, dataset: Dataset) -> dict[str, Pixels]:
    """Every picture by the user's own name."""
    samples = folder / "out" / "samples"
    return {
        path: np.asarray(Image.open(samples / file).convert("RGB"))
        for path, file in zip(dataset.paths, dataset.files, strict=True)
    }


def of(dataset: Dataset, kind: str) -> list[Problem]:
    return [problem for problem in dataset.problems if problem.kind == kind]


def looks(dataset: Dataset) -> str:
    return " ".join(problem.reason for problem in of(dataset, "look"))


def test_deep_images_that_differ_in_level_still_differ(tmp_path: Path) -> None:
    files = {}
    for name, top, start in (("low", 4095, 0), ("high", 65535, 50)):
        for i in range(12):
            values = shades(0, start + i)
            files[f"{name}/{i}.png"] = saved(Image.fromarray((values / values.max() * top).astype(np.uint16)), "PNG")
    dataset = taken(tmp_path, files)
    means = {path: picture.mean() for path, picture in stored(tmp_path, dataset).items()}
    assert dataset.rendering.integers == (0, 65535)
    assert max(means[path] for path in means if "low" in path) < min(means[path] for path in means if "high" in path)
    assert any(problem.kind == "look" and "greys are left" in problem.reason for problem in dataset.problems)


def test_a_dead_pixel_sets_no_scale(tmp_path: Path) -> None:
    files = {}
    for kind, name in enumerate(("normal", "lesion")):
        for i in range(10):
            values = (shades(kind, i) * 3900).astype(np.uint16)
            values[0, 0] = 4200 if i % 2 else values[0, 0]
            values[7, 9] = 65535 if i % 5 == 0 else values[7, 9]
            files[f"xray/{name}/{i}.png"] = saved(Image.fromarray(values), "PNG")
    pictures = stored(tmp_path, taken(tmp_path, files))
    for kind, name in enumerate(("normal", "lesion")):
        for i in range(10):
            right = shades(kind, i) * 255
            assert abs(pictures[f"xray/{name}/{i}.png"].mean() - right.mean()) < 25, (name, i)


def test_a_narrow_band_gets_all_greys(tmp_path: Path) -> None:
    files = {
        f"thermal/{name}/{i}.tiff": saved(Image.fromarray((29500 + shades(k, i) * 600).astype(np.uint16)), "TIFF")
        for k, name in enumerate(("ok", "leak"))
        for i in range(10)
    }
    dataset = taken(tmp_path, files)
    low, high = dataset.rendering.integers
    assert 29400 < low < 29700 and 29900 < high < 30200
    assert min(len(np.unique(picture)) for picture in stored(tmp_path, dataset).values()) > 60


@pytest.mark.parametrize("bad", [-9999.0, np.inf, np.nan, -3.4e38])
def test_what_stands_for_no_data_sets_no_scale(tmp_path: Path, bad: float) -> None:
    files = {}
    for kind, name in enumerate("ab"):
        for i in range(8):
            values = shades(kind, i).astype(np.float32)
            values[:4, :4] = bad
            files[f"{name}/{i}.tif"] = saved(Image.fromarray(values), "TIFF")
    dataset = taken(tmp_path, files)
    assert 0 <= dataset.rendering.floats[0] < 0.2 and 0.8 < dataset.rendering.floats[1] <= 1
    for path, picture in stored(tmp_path, dataset).items():
        assert len(np.unique(picture)) > 60, path


def test_dark_deep_colours_are_seen(tmp_path: Path) -> None:
    files = {
        f"{name}/{i}.png": deep_png(scene(k, i).astype(np.uint16) * 16) for k, name in enumerate("ab") for i in range(8)
    }
    dataset = taken(tmp_path, files)
    assert max(dataset.rendering.colours) == 4095
    for path, picture in stored(tmp_path, dataset).items():
        right = scene("ab".index(path[0]), int(path[2]))
        assert np.abs(picture.astype(int) - right).mean() < 3, path


def test_a_class_of_files_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    heic = b"\0\0\0\x18ftypheic" + b"0" * 200
    files = {f"{name}/{i}.jpg": jpeg(k, i) for k, name in enumerate(("cats", "dogs")) for i in range(8)}
    dataset = taken(tmp_path, files | {f"mine/{i}.HEIC": heic for i in range(8)})
    lost = " ".join(problem.reason for problem in of(dataset, "small"))
    assert "Class 'mine' was left out: none of its 8 files can be read" in lost
    assert ("pillow-heif" in lost) == (find_spec("pillow_heif") is None)
    assert dataset.classes == ("cats", "dogs") and len(of(dataset, "skipped")) == 8


def test_files_of_one_kind_that_is_not_read_are_refused_by_name(tmp_path: Path) -> None:
    files = {f"{name}/{i}.heic": b"\0\0\0\x18ftypheic" + b"0" * 200 for name in "ab" for i in range(4)}
    with pytest.raises(ArchiveError, match=r"no class with usable images\. 8 files were skipped"):
        taken(tmp_path, files)


def test_a_folder_of_here_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    clear = saved(Image.new("RGBA", (9, 9), (9, 9, 9, 99)), "PNG")
    files = {f"{name}/{i}.jpg": jpeg(k, i) for k, name in enumerate("ab") for i in range(3)}
    assert len(taken(Path(), files | {"a/clear.png": clear})) == 7


def test_avif_is_read_whatever_its_name(tmp_path: Path) -> None:
    files = {
        f"{name}/{i}.{'avif' if i % 2 else 'jpg'}": saved(Image.fromarray(scene(k, i)), "AVIF")
        for k, name in enumerate("ab")
        for i in range(6)
    }
    assert len(taken(tmp_path, files)) == 12


def test_odd_endings_and_none_are_read(tmp_path: Path) -> None:
    ends = ("", ".jpg?itok=ab12", ".JPG", ".jpeg_large", ".jpg ", ".pjpeg", ".jpg.1", ".jfif", ".jpe", "_jpg", ".png")
    files = {
        f"scraped/{c}/photo{i}{e}": jpeg(k, i) for k, c in enumerate(("daisy", "rose")) for i, e in enumerate(ends)
    }
    files |= {
        f"scraped/{c}/{i}.{kind}": saved(Image.fromarray(scene(k, 50 + i)).convert(mode), "PPM")
        for k, c in enumerate(("daisy", "rose"))
        for i, (kind, mode) in enumerate((("ppm", "RGB"), ("pgm", "L")))
    }
    dataset = taken(tmp_path, files)
    assert len(dataset) == len(files) and not of(dataset, "skipped")


def test_further_pages_and_empty_first_frames_are_said(tmp_path: Path) -> None:
    files = {}
    for k, name in enumerate(("normal", "lesion")):
        for i, kind in enumerate(("GIF", "TIFF", "WEBP", "PNG")):
            out = io.BytesIO()
            more = [Image.fromarray(scene(k, 10 * i + j)) for j in range(3)]
            Image.new("RGB", (64, 64)).save(out, kind, save_all=True, append_images=more)
            files[f"{name}/{i}.{kind.lower()}"] = out.getvalue()
        files[f"{name}/plain.jpg"] = jpeg(k, 99)
    dataset = taken(tmp_path, files)
    empty, pages = of(dataset, "look")
    assert empty.files == pages.files == 8 and "the first frame is empty" in empty.reason
    assert "several pages or frames, up to 4, of which only the first is read" in pages.reason
    assert set(empty.shown) == {path for path in dataset.paths if "plain" not in path}


def test_white_on_clear_gets_a_ground_on_which_it_shows(tmp_path: Path) -> None:
    files = {}
    for k, name in enumerate(("circle", "square")):
        for i in range(8):
            y, x = np.mgrid[0:64, 0:64] - 32
            mask = (x * x + y * y < (12 + i) ** 2) if k else (np.maximum(abs(x - i), abs(y)) < 12 + i)
            pixels = np.full((64, 64, 4), 255, np.uint8)
            pixels[..., 3] = mask * 255
            files[f"{name}/{i}.png"] = saved(Image.fromarray(pixels), "PNG")
    dataset = taken(tmp_path, files)
    assert dataset.rendering.ground == 0
    assert all(picture.std() > 20 for picture in stored(tmp_path, dataset).values())
    assert "one flat colour" not in looks(dataset) and "nothing to see" not in looks(dataset)


def test_what_vanishes_on_white_beside_others_is_listed(tmp_path: Path) -> None:
    files = {}
    for k, name in enumerate("ab"):
        for i in range(30):
            pixels = np.concatenate([scene(k, i), np.full((64, 64, 1), 255, np.uint8)], -1)
            pixels[:8, :8, 3] = 0
            files[f"{name}/{i}.png"] = saved(Image.fromarray(pixels), "PNG")
    files["a/blank.png"] = saved(Image.new("RGBA", (64, 64), (255, 255, 255, 9)), "PNG")
    dataset = taken(tmp_path, files)
    assert dataset.rendering.ground == 255
    (hidden,) = of(dataset, "look")
    assert hidden.shown == ("a/blank.png",) and "transparent" in hidden.reason


def test_flat_images_are_listed(tmp_path: Path) -> None:
    files = {f"{name}/{i}.jpg": jpeg(k, i) for k, name in enumerate("ab") for i in range(6)}
    files["a/black.jpg"] = saved(Image.new("RGB", (64, 64)), "JPEG")
    (flat,) = of(taken(tmp_path, files), "look")
    assert flat.shown == ("a/black.jpg",) and "one flat colour" in flat.reason


def test_what_a_crop_never_sees_is_said(tmp_path: Path) -> None:
    files = {
        f"{name}/{i}.jpg": saved(Image.fromarray(scene(k, i, width=320)), "JPEG")
        for k, name in enumerate(("oak", "pine"))
        for i in range(6)
    }
    (long,) = of(taken(tmp_path, files), "look")
    assert long.files == 12 and "never sees 80 % of them" in long.reason


def test_bands_are_said_and_chosen(tmp_path: Path) -> None:
    def bands(kind: int, number: int) -> Pixels:
        return np.concatenate([scene(kind, number), scene(kind, number)[..., ::-1]], -1)

    files = {f"{name}/{i}.tif": tiff(bands(k, i), extra=(0, 0, 0)) for k, name in enumerate("ab") for i in range(4)}
    dataset = taken(tmp_path, files, bands=(6, 5, 4))
    assert "6 bands, of which 6, 5, 4 became red, green and blue" in looks(dataset)
    assert dataset.rendering.bands == (6, 5, 4)
    assert (stored(tmp_path, dataset)["a/0.tif"] == scene(0, 0)).all()


def test_a_class_that_its_files_give_away_is_pointed_out(tmp_path: Path) -> None:
    files = {}
    for i in range(12):
        files[f"healthy/{i}.jpg"] = saved(Image.fromarray(scene(3, i, 160, 120)), "JPEG")
        files[f"ill/{i}.png"] = saved(Image.fromarray(scene(3, 50 + i)).convert("L"), "PNG")
    dataset = taken(tmp_path, files)
    said = {problem.reason.split("'")[1]: problem for problem in of(dataset, "shortcut")}
    assert said.keys() == {"healthy", "ill"}
    for part in ("PNG files", "grey", "64 x 64 px"):
        assert part in said["ill"].reason
    assert {path.split("/")[0] for path in said["ill"].shown} == {"healthy", "ill"}


def test_classes_of_one_kind_are_no_shortcut(tmp_path: Path) -> None:
    files = {f"{name}/{i}.jpg": jpeg(k, i) for k, name in enumerate("abc") for i in range(10)}
    dataset = taken(tmp_path, files)
    assert not of(dataset, "shortcut") and not of(dataset, "look")
