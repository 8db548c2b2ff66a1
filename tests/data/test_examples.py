"""The examples that come along: drawn again byte for byte, imported whole."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.test_wallpaper import ORDERS
from transfer_core.data import examples
from transfer_core.data.dataset import read_dataset
from transfer_core.data.examples import (
    DIGITS,
    EXAMPLES,
    IMAGES_A_CLASS,
    MARGIN_PX,
    draw_digits,
    draw_example,
    draw_wallpaper,
)
from transfer_core.errors import DatasetError
from transfer_core.types import RunEnd


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    trees = []
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        (tmp_path / name).mkdir()
        last = list(draw_wallpaper(tmp_path / name, seed, images_a_class=2))[-1]
        assert (last.done, last.of) == (34, 34)
        trees.append(
            {file.relative_to(tmp_path / name): file.read_bytes() for file in (tmp_path / name).rglob("*.png")}
        )
    assert trees[0] == trees[1]
    assert len(trees[0]) == 34
    assert not set(trees[0].values()) & set(trees[2].values())


@pytest.mark.parametrize(
    ("each", "splits"),
    [
        (10, {"train": 119, "val": 26, "test": 25}),
        pytest.param(IMAGES_A_CLASS, {"train": 714, "val": 153, "test": 153}, marks=pytest.mark.soak),
    ],
)
def test_the_example_is_imported_whole(
    each: int, splits: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(EXAMPLES[0], images=17 * each, draw=partial(draw_wallpaper, images_a_class=each))
    monkeypatch.setattr(examples, "EXAMPLES", (few,))
    target = tmp_path / "target"
    target.mkdir()
    events = list(draw_example("wallpaper", target))
    end = events[-1]
    assert isinstance(end, RunEnd)
    assert end.result["splits"] == splits
    assert end.result["problems"] == 0
    dataset = read_dataset(target / "dataset.json")
    assert sorted(dataset.classes) == sorted(ORDERS)
    assert len(set(dataset.groups.tolist())) == len(dataset) == few.images  # no two count as duplicates
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_digits_are_all_there_and_look_like_ink_on_paper(tmp_path: Path) -> None:
    last = list(draw_digits(tmp_path, 0))[-1]
    files = sorted(tmp_path.glob("*/*.png"))
    assert last.done == last.of == len(files) == DIGITS
    assert [folder.name for folder in sorted(tmp_path.iterdir())] == list("0123456789")
    assert min(len(list(folder.iterdir())) for folder in tmp_path.iterdir()) == 174
    with Image.open(files[0]) as zero:
        assert zero.size == (128, 128) and zero.mode == "RGB"  # kept byte for byte by an import
        pixels = np.asarray(zero)
    assert pixels[:MARGIN_PX].min() == 255 and pixels.min() < 30 and pixels[56:72, 56:72].mean() > 200, "an open ring"
    with pytest.raises(DatasetError, match="wallpaper, digits"):
        next(iter(draw_example("letters", tmp_path)))


def test_an_unknown_example_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="'wallpapers'"):
        next(iter(draw_example("wallpapers", tmp_path)))
