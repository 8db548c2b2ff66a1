"""Every kind of image becomes upright 8-bit RGB, and squares are torchvision's."""

import io
import os
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from tests.sweeping import sweep
from transfer_core.data import pixels as module
from transfer_core.data.pixels import decode, fit_square, open_rgb, pixels, square
from transfer_core.errors import DatasetError, ImageError
from transfer_core.types import Dataset, Fit

RAMP = np.linspace(0, 255, 40 * 60).reshape(40, 60)  # dark at the top left, bright at the bottom right


def photo(width: int, height: int, seed: int = 0) -> Image.Image:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize((width, height), Image.Resampling.BICUBIC)
    noise = rng.normal(0, 6, (height, width, 3))
    return Image.fromarray((np.asarray(small) + noise).clip(0, 255).astype(np.uint8))


def stored(image: Image.Image, kind: str, **options: object) -> io.BytesIO:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    buffer.seek(0)
    return buffer


def turned(orientation: int, kind: str) -> io.BytesIO:
    """RAMP, stored turned, with the EXIF tag that says how to turn it back."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the inverse of each turn
    image = Image.fromarray(RAMP.astype(np.uint8)).convert("RGB")
    if orientation > 1:
        image = image.transpose(Image.Transpose(back[orientation]))
    return stored(image, kind, exif=exif)


def deep(dtype: str, top: float, kind: str) -> io.BytesIO:
    return stored(Image.fromarray((RAMP / 255 * top).astype(dtype)), kind)


GREY = Image.fromarray(RAMP.astype(np.uint8))
KINDS: dict[str, Callable[[], io.BytesIO]] = {
    "grey": lambda: stored(GREY, "PNG"),
    "grey JPEG": lambda: stored(GREY, "JPEG", quality=95),
    "two levels of alpha": lambda: stored(GREY.convert("LA"), "PNG"),
    "RGBA": lambda: stored(GREY.convert("RGBA"), "WEBP", lossless=True),
    "CMYK": lambda: stored(GREY.convert("CMYK"), "JPEG", quality=95),
    "YCbCr": lambda: stored(GREY.convert("YCbCr"), "TIFF"),
    "palette": lambda: stored(GREY.convert("P"), "PNG"),
    "GIF": lambda: stored(GREY, "GIF"),
    "animated GIF": lambda: stored(GREY, "GIF", save_all=True, append_images=[Image.new("L", GREY.size, 255)]),
    "animated WebP": lambda: stored(
        GREY.convert("RGB"), "WEBP", save_all=True, append_images=[Image.new("RGB", GREY.size)], lossless=True
    ),
    "animated PNG": lambda: stored(GREY, "PNG", save_all=True, append_images=[Image.new("L", GREY.size, 255)]),
    "pages": lambda: stored(GREY, "TIFF", save_all=True, append_images=[Image.new("L", GREY.size, 255)]),
    "BMP": lambda: stored(GREY.convert("RGB"), "BMP"),
    "16 bits": lambda: deep("uint16", 65535, "PNG"),
    "16 bits, TIFF": lambda: deep("uint16", 65535, "TIFF"),
    "12 bits in 16": lambda: deep("uint16", 4095, "PNG"),
    "8 bits in 16": lambda: deep("uint16", 255, "PNG"),
    "32 bits": lambda: deep("int32", 65535, "TIFF"),
    "floats to 1": lambda: deep("float32", 1, "TIFF"),
    "floats to 255": lambda: deep("float32", 255, "TIFF"),
    "floats to 1e9": lambda: deep("float32", 1e9, "TIFF"),
    **{f"turned {n}": lambda n=n: turned(n, "PNG") for n in range(1, 9)},
    "turned TIFF": lambda: turned(6, "TIFF"),
    "turned WebP": lambda: turned(6, "WEBP"),
    "turned JPEG": lambda: turned(8, "JPEG"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_opens_as_upright_rgb(kind: str) -> None:
    image = open_rgb(KINDS[kind]())
    assert (image.mode, image.size) == ("RGB", (60, 40))
    assert np.abs(np.asarray(image).mean(2) - RAMP).max() < 12


def test_black_and_white() -> None:
    values = np.asarray(open_rgb(stored(GREY.convert("1"), "TIFF")))
    assert set(np.unique(values)) == {0, 255}


def test_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    palette = clear.convert("P")
    palette.info["transparency"] = palette.getpixel((0, 0))
    for image in (clear, palette):
        assert (np.asarray(open_rgb(stored(image, "PNG"))) == 255).all()


def truncated(kind: str) -> io.BytesIO:
    data = stored(photo(300, 200), kind).getvalue()
    return io.BytesIO(data[: len(data) * 2 // 3])


def header_only(width: int, height: int) -> io.BytesIO:
    data = bytearray(stored(Image.new("1", (8, 8)), "BMP").getvalue())
    data[18:26] = width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return io.BytesIO(data)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: io.BytesIO(b""), "not an image of a kind that Graft reads"),
        (lambda: io.BytesIO(b"<svg/>"), "not an image of a kind that Graft reads"),
        (lambda: io.BytesIO(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), "not an image of a kind"),
        (lambda: truncated("JPEG"), "cut off or damaged"),
        (lambda: truncated("PNG"), "cut off or damaged"),
        (lambda: truncated("WEBP"), "cut off or damaged"),
        (lambda: truncated("TIFF"), "cut off or damaged"),
        (lambda: truncated("GIF"), "cut off or damaged"),
        (lambda: truncated("BMP"), "cut off or damaged"),
        (lambda: header_only(9000, 9000), "9000 x 9000 pixels; at most 80 million"),
        (lambda: header_only(60000, 60000), "more than 80 million pixels"),
    ],
)
@pytest.mark.parametrize("enough_px", [None, 64])
def test_says_why_not(build: Callable[[], io.BytesIO], sentence: str, enough_px: int | None) -> None:
    with pytest.raises(ImageError, match=sentence):
        decode(build(), enough_px=enough_px)


def test_plain_files_are_told_from_others() -> None:
    rgb = photo(30, 20)
    assert decode(stored(rgb, "PNG")).plain
    others = [stored(rgb.convert("L"), "PNG"), stored(rgb.convert("RGBA"), "PNG"), stored(rgb, "BMP"), turned(3, "PNG")]
    assert not any(decode(file).plain for file in others)
    assert decode(stored(rgb, "JPEG")).jpeg


SIZES = ((224, 298), (640, 480), (64, 64), (31, 200), (225, 224), (1000, 60))
ODD_SIZES = ((500, 100), (100, 500), (1, 300), (300, 1), (3, 2), (63, 65))


def check_square(size: tuple[int, int], resize_px: int, crop_px: int) -> None:
    presets = pytest.importorskip("torchvision.transforms._presets")
    import torch

    image = photo(*size)
    preset = presets.ImageClassification(
        crop_size=crop_px, resize_size=resize_px, mean=(0, 0, 0), std=(1, 1, 1), antialias=True
    )
    theirs = (preset(image) * 255).round().to(torch.int16).permute(1, 2, 0).numpy()
    ours = fit_square(image, resize_px=resize_px, crop_px=crop_px).astype(np.int16)
    assert np.abs(ours - theirs).max() <= (0 if max(size) <= 8 * min(size) else 1)


def test_squares_are_torchvisions() -> None:
    sweep(check_square, [(size, *px) for size in SIZES for px in ((256, 224), (232, 224), (64, 64), (73, 64))])


def check_fits(size: tuple[int, int], resize_px: int, crop_px: int) -> None:
    pytest.importorskip("torchvision")
    import torch
    from torchvision.transforms import v2

    image, side = photo(*size), (crop_px, crop_px)
    tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1)  # (H, W, 3) -> (3, H, W)
    width, height = (max(1, round(crop_px * each / max(size))) for each in size)
    left, top = (crop_px - width) // 2, (crop_px - height) // 2
    beside = (left, top, crop_px - width - left, crop_px - height - top)
    theirs = {
        "crop": v2.Compose([v2.Resize(resize_px, antialias=True), v2.CenterCrop(side)]),
        "pad": v2.Compose([v2.Resize((height, width), antialias=True), v2.Pad(beside, fill=127)]),
        "squeeze": v2.Resize(side, antialias=True),
    }
    assert set(theirs) == set(get_args(Fit))
    for fit, transform in theirs.items():
        ours = fit_square(image, resize_px=resize_px, crop_px=crop_px, fit=fit).astype(np.int16)
        assert ours.shape == (*side, 3)
        assert np.abs(ours - transform(tensor).permute(1, 2, 0).numpy()).max() <= 1, fit


def test_every_fit_is_torchvisions_on_tensors() -> None:
    sweep(check_fits, [(size, *px) for size in ODD_SIZES for px in ((73, 64), (64, 64), (110, 96))])


def test_a_strip_costs_no_more_than_a_square() -> None:
    strip = Image.new("RGB", (1_000_000, 1), "red")
    assert (fit_square(strip, resize_px=256, crop_px=224) == (255, 0, 0)).all()
    assert (fit_square(strip, resize_px=256, crop_px=224, fit="squeeze") == (255, 0, 0)).all()
    padded = (fit_square(strip, resize_px=256, crop_px=224, fit="pad") == (255, 0, 0)).all(2)
    assert padded.sum(1).tolist() == [0] * 111 + [224] + [0] * 112, "a line of one pixel across the middle"


def test_large_jpegs_come_smaller_but_alike() -> None:
    data = stored(photo(2000, 1600), "JPEG", quality=90).getvalue()
    assert min(decode(io.BytesIO(data), enough_px=768).image.size) == 800
    assert decode(io.BytesIO(data), enough_px=768).width == 2000
    full = fit_square(open_rgb(io.BytesIO(data)), resize_px=256, crop_px=224).astype(float)
    assert np.abs(square(io.BytesIO(data), resize_px=256, crop_px=224) - full).mean() < 0.5


def dataset(folder: Path, count: int = 6) -> Dataset:
    (folder / "samples").mkdir()
    files = tuple(f"{i:06d}.jpg" for i in range(count))
    for i, name in enumerate(files):
        (folder / "samples" / name).write_bytes(stored(photo(80, 60, seed=i), "JPEG").getvalue())
    column = np.zeros(count, np.int64)
    columns = dict.fromkeys(("labels", "splits", "groups", "widths", "heights"), column)
    return Dataset(id="d", name="photos", classes=("a", "b"), paths=files, files=files, **columns)


def finish(steps: Generator[object, None, np.ndarray]) -> tuple[int, np.ndarray]:
    count = 0
    while True:
        try:
            next(steps)
            count += 1
        except StopIteration as end:
            return count, end.value


def test_pixels_are_decoded_once(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    steps, first = finish(pixels(data, tmp_path, resize_px=40, crop_px=32))
    assert steps == len(data)
    all_ = np.arange(len(data))
    assert first.shape == first[all_].shape == (6, 32, 32, 3) and first[all_].dtype == np.uint8
    assert (first[all_[3:4]][0] == square(tmp_path / "samples" / "000003.jpg", resize_px=40, crop_px=32)).all()
    steps, again = finish(pixels(data, tmp_path, resize_px=40, crop_px=32))
    assert steps == 0
    assert (again[all_] == first[all_]).all()


@pytest.mark.parametrize("fit", get_args(Fit))
def test_the_kept_squares_of_each_fit_are_their_own(fit: Fit, tmp_path: Path) -> None:
    data = dataset(tmp_path)
    for other in get_args(Fit):
        finish(pixels(data, tmp_path, resize_px=40, crop_px=32, fit=other))
    steps, kept = finish(pixels(data, tmp_path, resize_px=40, crop_px=32, fit=fit))
    assert steps == 0
    for file, found in zip(data.files, kept[np.arange(len(data))], strict=True):
        assert (found == square(tmp_path / "samples" / file, resize_px=40, crop_px=32, fit=fit)).all()


def test_pixels_are_made_anew_when_their_file_was_cut(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    finish(pixels(data, tmp_path, resize_px=40, crop_px=32))
    os.truncate(tmp_path / "pixels-40-32.npy", 5000)
    assert finish(pixels(data, tmp_path, resize_px=40, crop_px=32))[0] == len(data)


@pytest.mark.parametrize(("place", "most"), [(-1, 256), (-3000, 256), (-9000, 0)])
def test_a_square_that_changed_on_the_disk_is_decoded_again(
    place: int, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_MENDED", most)
    data, file, all_ = dataset(tmp_path), tmp_path / "pixels-40-32.npy", np.arange(6)
    _, right = finish(pixels(data, tmp_path, resize_px=40, crop_px=32))
    content, kept = bytearray(file.read_bytes()), right[all_]
    content[place] ^= 1
    file.write_bytes(content)
    steps, found = finish(pixels(data, tmp_path, resize_px=40, crop_px=32))
    assert steps == 0 and file.exists()
    assert (found[all_] == kept).all() and (found[all_] == kept).all(), "also when it is taken again"
    assert not file.exists(), "the next who asks makes all of them anew"
    assert finish(pixels(data, tmp_path, resize_px=40, crop_px=32))[0] == len(data)


def test_closing_leaves_nothing_behind(tmp_path: Path) -> None:
    steps = pixels(dataset(tmp_path, 40), tmp_path, resize_px=40, crop_px=32)
    next(steps)
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == ["samples"]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("images")]


def test_pixels_name_a_sample_that_is_gone(tmp_path: Path) -> None:
    data = dataset(tmp_path)
    (tmp_path / "samples" / "000002.jpg").write_bytes(b"?")
    with pytest.raises(DatasetError, match=r"Sample 000002\.jpg of 'photos'"):
        finish(pixels(data, tmp_path, resize_px=40, crop_px=32))
    assert [path.name for path in tmp_path.iterdir()] == ["samples"]


def test_pixels_need_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPARE_BYTES", 1 << 60)
    with pytest.raises(DatasetError, match=r"need 0\.0 GB and .* are free"):
        finish(pixels(dataset(tmp_path), tmp_path, resize_px=40, crop_px=32))
