"""Near-duplicates are found, look-alikes are left alone."""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy.ndimage import gaussian_filter, map_coordinates

from transfer_core.data import near_duplicates as module
from transfer_core.data.near_duplicates import near_duplicates
from transfer_core.data.thumbnails import look

DATA = Path(__file__).resolve().parents[2] / "../shared/data"


def grouped(looks: np.ndarray, labels: np.ndarray | None = None, px: int = 200 * 150) -> np.ndarray:
    return run(looks, labels, px).numbers


def run(looks: np.ndarray, labels: np.ndarray | None = None, px: int = 200 * 150) -> module.Groups:
    labels = np.zeros(len(looks), np.int64) if labels is None else labels
    steps = near_duplicates(looks, np.full(len(looks), px), np.arange(len(looks)), labels)
    while True:
        try:
            assert next(steps).of <= len(looks)
        except StopIteration as end:
            found: module.Groups = end.value
            return found


def doubles(groups: np.ndarray) -> int:
    return len(groups) - len(np.unique(groups))


def photo(rng: np.random.Generator) -> Image.Image:
    """Smooth patches of colour under some grain, (150, 200)."""
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8)).resize((200, 150), Image.Resampling.BICUBIC)
    return Image.fromarray((np.asarray(small) + rng.normal(0, 8, (150, 200, 1))).clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality)
    return Image.open(buffer).convert("RGB")


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG": lambda image: encoded(image, "JPEG", 60),
    "WebP": lambda image: encoded(image, "WEBP", 60),
    "half": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC),
    "larger, squashed": lambda image: image.resize((400, 400), Image.Resampling.BILINEAR),
    "paler": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "brighter": lambda image: image.point(lambda value: value * 0.8 + 40),
    "cropped": lambda image: image.crop((7, 2, 197, 145)),
    "mirrored": lambda image: encoded(image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG", 75),
    "turned": lambda image: encoded(image.transpose(Image.Transpose.ROTATE_90), "JPEG", 75),
}


@pytest.mark.parametrize("copy", COPIES)
def test_finds_copies(copy: str) -> None:
    rng = np.random.default_rng(0)
    originals = [photo(rng) for _ in range(40)]
    looks = np.stack([look(image) for image in [*originals, *map(COPIES[copy], originals)]])
    groups = grouped(looks)
    assert (groups[:40] == groups[40:]).all()
    assert doubles(groups) == 40


@pytest.mark.parametrize("copy", ["JPEG", "cropped", "turned"])
def test_dim_pictures_are_found_like_others(copy: str) -> None:
    rng = np.random.default_rng(9)
    originals = [ImageEnhance.Brightness(photo(rng)).enhance(0.1) for _ in range(40)]
    copies = [COPIES[copy](image) for image in originals]
    assert doubles(grouped(np.stack([look(image) for image in [*copies, *originals]]))) == 40  # the part comes first


@pytest.mark.parametrize("light", [1.0, 0.3, 0.1])
def test_a_little_other_shape_is_another_picture_however_dim(light: float) -> None:
    rng = np.random.default_rng(10)
    slices = []
    for _ in range(40):
        image = np.asarray(photo(rng).convert("L")).astype(float)
        slices += [image, bent(image, rng)]
    assert doubles(grouped(np.stack([look(encoded(grey(light * each), "JPEG", 90)) for each in slices]))) <= 2


@pytest.mark.parametrize("side", [48, 64, 100])
def test_small_pictures_are_found_and_told_apart(side: int) -> None:
    rng = np.random.default_rng(12)
    originals = [photo(rng) for _ in range(40)]
    slices = [grey(bent(np.asarray(image.convert("L")).astype(float), rng)) for image in originals]
    copies = [COPIES["JPEG"](image.resize((side, side))) for image in originals]
    looks = [look(image.resize((side, side))) for image in [*originals, *slices]] + [look(copy) for copy in copies]
    groups = grouped(np.stack(looks), px=side * side)
    assert (groups[:40] == groups[80:]).sum() >= 39
    assert doubles(groups[:80]) <= 2


def bent(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same, each place moved by some 1.5 % of the side, neighbours alike: as in slices of a body."""
    by = [gaussian_filter(rng.normal(size=image.shape), 16) for _ in range(2)]
    at = [places + 3 * each / each.std() for places, each in zip(np.indices(image.shape), by, strict=True)]
    return map_coordinates(image, at, order=1, mode="nearest")


def test_clipped_light_hides_no_copy() -> None:
    rng = np.random.default_rng(11)
    originals = [photo(rng).convert("L").convert("RGB") for _ in range(40)]
    lighter = [ImageEnhance.Brightness(image).enhance(1.25) for image in originals]
    assert doubles(grouped(np.stack([look(image) for image in [*originals, *lighter]]))) >= 39


def grey(values: np.ndarray) -> Image.Image:
    return Image.fromarray(values.clip(0, 255).astype(np.uint8)).convert("RGB")


def stripes(rng: np.random.Generator) -> Image.Image:
    y, x = np.mgrid[:128, :128]
    angle, waves, phase = rng.uniform(0, np.pi), rng.uniform(0.02, 0.5), rng.uniform(0, 6)
    return grey(127 + 120 * np.sin(2 * np.pi * waves * (x * np.cos(angle) + y * np.sin(angle)) + phase))


def tiles(rng: np.random.Generator) -> Image.Image:
    motif = Image.fromarray(rng.integers(0, 256, (7, 7, 3), np.uint8)).resize((28, 28), Image.Resampling.BICUBIC)
    return Image.fromarray(np.tile(np.asarray(motif), (6, 6, 1))).rotate(rng.uniform(0, 360)).crop((30, 30, 140, 140))


LOOK_ALIKES: dict[str, Callable[[np.random.Generator], Image.Image]] = {
    "photos": photo,
    "tiles": tiles,
    "stripes": stripes,
    "noise": lambda rng: grey(rng.normal(128, 40, (224, 224))),
    "plain colours": lambda rng: Image.new("RGB", (64, 64), tuple(rng.integers(0, 256, 3).tolist())),
}


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_leaves_look_alikes_alone(kind: str) -> None:
    rng = np.random.default_rng(1)
    assert doubles(grouped(np.stack([look(LOOK_ALIKES[kind](rng)) for _ in range(300)]))) <= 1


def test_same_shape_in_another_colour_is_another_picture() -> None:
    shape = np.asarray(photo(np.random.default_rng(2)).convert("L")) / 255
    tinted = [
        Image.fromarray((shape[..., None] * colour).astype(np.uint8)) for colour in ((255, 90, 90), (90, 160, 255))
    ]
    assert doubles(grouped(np.stack([look(image) for image in tinted]))) == 0


def test_one_camera_does_not_become_one_group() -> None:
    rng = np.random.default_rng(3)
    scene = np.asarray(photo(rng)).astype(float)
    frames = [grey_noise(scene, rng) for _ in range(60)]
    frames += [frames[0]]  # stored twice: the same to the last bit, so still together
    groups = grouped(np.stack([look(frame) for frame in frames]), np.arange(61) % 2)
    assert np.bincount(groups).max() <= 0.3 * 31
    assert groups[0] == groups[60]


def grey_noise(scene: np.ndarray, rng: np.random.Generator) -> Image.Image:
    shifted = scene + 25 * np.sin(rng.uniform(0, 6, (1, 1, 3)) + np.arange(200)[None, :, None] / rng.uniform(3, 30))
    return Image.fromarray(shifted.clip(0, 255).astype(np.uint8))


TURNS = [None, *Image.Transpose]


def test_every_turn_is_found_and_said() -> None:
    rng = np.random.default_rng(4)
    originals = [photo(rng) for _ in TURNS]
    copies = [image if turn is None else image.transpose(turn) for image, turn in zip(originals, TURNS, strict=True)]
    looks = np.stack([look(image) for image in [*originals, *(encoded(copy, "JPEG", 75) for copy in copies)]])
    found = run(looks)
    assert (found.numbers[:8] == found.numbers[8:]).all()
    assert doubles(found.numbers) == 8
    assert (found.turned[:8] != found.turned[8:]).tolist() == [turn is not None for turn in TURNS]


def test_a_turn_that_makes_another_class_is_no_copy() -> None:
    image = photo(np.random.default_rng(8))
    looks = np.stack([look(image), look(image.transpose(Image.Transpose.ROTATE_90))])
    assert doubles(grouped(looks, np.array([0, 1]))) == 0
    assert doubles(grouped(looks, np.array([0, 0]))) == 1


def test_no_turn_is_further_away_than_what_the_first_step_sees() -> None:
    rng = np.random.default_rng(4)
    low = rng.normal(size=(50, module.LOW**2)).astype(np.float32)
    low[:, 0] = 0  # the mean
    rough = module._unturned(low)
    for place, sign in zip(module.PLACES, module.SIGNS, strict=True):
        turned = low[:, place] * sign
        assert np.allclose(module._unturned(turned), rough, atol=1e-5)
        assert ((low[:25] * turned[25:]).sum(1) <= (rough[:25] * rough[25:]).sum(1) + 1e-3).all()


def test_likeness_is_not_handed_on() -> None:
    rng = np.random.default_rng(6)
    wide = np.asarray(Image.fromarray(rng.integers(0, 256, (12, 40, 3), np.uint8)).resize((600, 150)))
    pan = [Image.fromarray(wide[:, 9 * i : 9 * i + 200]) for i in range(20)]  # each 4 % further to the right
    groups = grouped(np.stack([look(image) for image in pan]))
    assert (groups[1:] == groups[:-1]).any()
    spans = [np.ptp(np.flatnonzero(groups == group)) for group in np.unique(groups)]
    assert max(spans) <= 4


def test_a_light_or_an_edge_that_all_share_is_not_likeness() -> None:
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[:128, :128]
    scene = 60 + 90 * (columns > 50) + 0.3 * rows
    frames = [grey(scene + 4 * gaussian_filter(rng.normal(0, 3, (128, 128)), 1.5)) for _ in range(60)]
    assert doubles(grouped(np.stack([look(frame) for frame in frames]))) == 0


@pytest.mark.parametrize("noise", [1, 25])
def test_thousands_of_pictures_all_alike_stay_quick(noise: int) -> None:
    rng = np.random.default_rng(5)
    looks = (rng.integers(0, 230, 4144) + rng.integers(0, noise, (4000, 4144))).astype(np.uint8)
    start = time.monotonic()
    groups = grouped(looks, np.arange(4000) % 3)
    assert time.monotonic() - start < 20  # 1 s alone; pair by pair takes minutes
    assert len(np.unique(groups)) == 4000  # nothing can be held together, so nothing is


def test_brain_scans_are_told_apart() -> None:
    source = DATA / "brain_mri.zip"
    if not source.exists():
        pytest.skip("shared/data/brain_mri.zip is not here")
    with zipfile.ZipFile(source) as file:
        names = [name for name in file.namelist() if "/train/pituitary_tumor/" in name][:300]
        scans = [Image.open(file.open(name)).convert("RGB") for name in names]
    copies = [encoded(scan, "JPEG", 50) for scan in scans[:50]]
    groups = grouped(np.stack([look(scan) for scan in [*scans, *copies]]))
    assert (groups[:50] == groups[300:]).all()
    assert doubles(groups[:300]) <= 12  # neighbouring slices of one patient
