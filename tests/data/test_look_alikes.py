"""Classes that a flip or a turn makes into each other are found, and no others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.conftest import SHARED
from transfer_core.data.dataset import import_images, read_dataset
from transfer_core.data.look_alikes import FILE, HOW, LookAlike, kept_look_alikes, look_alikes, warnings
from transfer_core.types import Augmentation, Dataset
from transfer_core.types.augmentation import ON


def drained(work: Any) -> Any:
    """What a generator returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def taken_in(source: Path, folder: Path) -> tuple[Dataset, Path]:
    folder.mkdir()
    for _ in import_images(source, folder, name="", seed=0):
        pass
    return read_dataset(folder / "dataset.json"), folder


def named(found: tuple[LookAlike, ...], dataset: Dataset) -> set[tuple[str, frozenset[str]]]:
    return {(each.symmetry, frozenset((dataset.classes[each.label], dataset.classes[each.like]))) for each in found}


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> tuple[Dataset, Path]:
    """Single letters, each image at another place, in another size and tilt, in noise."""
    root, rng = tmp_path_factory.mktemp("letters"), np.random.default_rng(1)
    for sign in "bdqNZ":
        (root / "drawn" / sign).mkdir(parents=True)
        for number in range(28):
            font = ImageFont.load_default(int(rng.integers(38, 54)))
            image = Image.new("L", (72, 72), 230)
            left, top, right, bottom = font.getbbox(sign)
            place = tuple(36 + rng.integers(-4, 5, 2) - ((left + right) / 2, (top + bottom) / 2))
            ImageDraw.Draw(image).text(place, sign, font=font, fill=int(rng.integers(0, 80)))
            pixels = np.asarray(image.rotate(rng.uniform(-6, 6), fillcolor=230)) + rng.normal(0, 8, (72, 72))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / "drawn" / sign / f"{number}.png")
    return taken_in(root / "drawn", root / "dataset")


def test_letters_that_a_flip_or_a_turn_makes_alike(letters: tuple[Dataset, Path]) -> None:
    dataset, folder = letters
    found = drained(look_alikes(dataset, folder))
    assert named(found, dataset) == {
        ("flip", frozenset("bd")),
        ("flip_up", frozenset("dq")),
        ("half_turn", frozenset("bq")),
        ("quarter_turn", frozenset("NZ")),
    }
    assert kept_look_alikes(folder) == found
    (folder / FILE).write_text("{")
    assert kept_look_alikes(folder) is None, "a damaged file is as none"


def test_what_is_warned_of_is_in_force_and_names_its_switch(letters: tuple[Dataset, Path]) -> None:
    dataset, folder = letters
    found = drained(look_alikes(dataset, folder))
    assert warnings(found, Augmentation(tilt=15, shift=0.1, crop=0.5, colour=0.2, erasing=0.5), dataset.classes) == ()
    (flip,) = warnings(found, Augmentation(flip=0.5), dataset.classes)
    assert flip.startswith("Flipped left and right, ") and "'b'" in flip and "'d'" in flip
    assert flip.endswith("Turn 'Flip left and right' off.")
    both = warnings(found, Augmentation(flip=0.5, flip_up=0.5), dataset.classes)
    assert [each.partition(",")[0] for each in both] == [*HOW.values()][:3], "two flips turn upside down"
    assert both[2].endswith("Turn 'Flip up and down' off.")
    assert all(each.endswith("Turn 'Quarter turns' off.") for each in warnings(found, ON, dataset.classes)[2:])


def test_photos_that_colours_tell_apart_are_not_warned_of(photos: Path, tmp_path: Path) -> None:
    assert drained(look_alikes(*taken_in(photos, tmp_path / "dataset"))) == ()


SETS = {
    "traffic_signs": {("flip", frozenset(("turn_left", "turn_right")))},
    "spoken_digits": set(),
    "clothing": set(),
}


@pytest.mark.parametrize("name", SETS)
def test_sets_of_images(name: str, tmp_path: Path) -> None:
    """Signs that turn left are those that turn right, mirrored; nothing is said of photos and of spectrograms."""
    if not (SHARED / "data" / f"{name}.zip").exists():
        pytest.skip(f"{name}.zip is not here")
    dataset, folder = taken_in(SHARED / "data" / f"{name}.zip", tmp_path / "dataset")
    assert named(drained(look_alikes(dataset, folder)), dataset) == SETS[name]
