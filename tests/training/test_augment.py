"""Augmentation: decided by (seed, epoch, index), and geometrically what it says."""

import hashlib
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from transfer_core.training.augment import FIRST_DRAWS, MORE_DRAWS, augment, draws, recoloured, shuffled
from transfer_core.types import PRESETS, Augmentation, Recipe
from transfer_core.types.augmentation import ON

EVEN = np.full((1, FIRST_DRAWS + MORE_DRAWS), 0.5)  # no turn, no shift, no colour


def image(images: int = 1) -> torch.Tensor:
    return torch.rand(images, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("augmentation", "expected"),
    [
        (Augmentation(shift=1e-9), lambda x: x),
        (Augmentation(shift=1e-9, flip=1), lambda x: x.flip(3)),
        (Augmentation(tilt=90), lambda x: torch.rot90(x, 1, (2, 3))),
        (Augmentation(tilt=180), lambda x: x.flip(2, 3)),
        (Augmentation(crop=1), lambda x: grown(x[..., 4:12, 4:12])),
        (Augmentation(colour=0.5), lambda x: x),
    ],
    ids=["still", "flip", "quarter turn", "half turn", "middle quarter", "colours at rest"],
)
def test_extremes_are_exact(augmentation: Augmentation, expected) -> None:
    drawn = EVEN.copy()
    drawn[:, 0], drawn[:, 1] = 1.0, 0.75  # the widest turn; a quarter of the area from a crop of all
    inner = slice(1, -1)  # at the edge of a crop lie the image's own pixels
    found, wanted = augment(image(), drawn, augmentation), expected(image())
    assert torch.allclose(found[..., inner, inner], wanted[..., inner, inner], atol=1e-5)


# What the two presets made when there were no others and no switches: drawn numbers, and pixels of 0 to 255.
YESTERDAY = {
    ("light", True): "f058c3d8307e2d71",
    ("light", False): "d05c980be93e249e",
    ("standard", True): "f75df866b9634b91",
    ("standard", False): "84ede2a040ed3425",
}


@pytest.mark.parametrize(("preset", "flip"), YESTERDAY)
def test_earlier_recipes_are_augmented_as_they_were(preset: str, flip: bool) -> None:
    """Pixels are rounded, since the last bits of a sine or of a sum differ between machines."""
    saved: dict[str, Any] = {"dataset": "d", "backbone": "b", "weights": "w", "strategy": "s", "version": 1}
    recipe = Recipe(**saved, augment=preset, flip=flip)
    drawn = draws(16, 3, 2)
    assert digest(drawn[:, :FIRST_DRAWS]) == "391f0549e4e77936"
    pixels = np.random.default_rng(0).integers(0, 256, (16, 3, 12, 12)).astype(np.float32) / 256
    made = augment(torch.from_numpy(pixels), drawn, recipe.augmentation)
    assert digest((made * 255).round().byte().numpy()) == YESTERDAY[preset, flip]
    assert recipe.hashed()["flip"] is flip, "as it was saved, so that its id is the same"


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def test_flips_and_quarter_turns_change_no_pixel() -> None:
    """Each of the eight places of a square is found, as often as it should be."""
    x = image().expand(4000, -1, -1, -1)
    made = augment(x, draws(4000, 0, 1), Augmentation(flip=0.5, flip_up=0.5, quarter_turns=0.75))
    eight = [torch.rot90(each, quarters, (2, 3)) for each in (image(), image().flip(3)) for quarters in range(4)]
    counts = [int((made == place).flatten(1).all(1).sum()) for place in eight]
    assert sum(counts) == 4000 and max(abs(count - 500) for count in counts) < 100
    turned = augment(x, draws(4000, 0, 1), Augmentation(quarter_turns=0.75))
    assert sorted({int((turned == place).flatten(1).all(1).sum() > 900) for place in eight[:4]}) == [1]
    for one, axis in ((Augmentation(flip=0.5), 3), (Augmentation(flip_up=0.5), 2)):
        made = augment(x, draws(4000, 0, 1), one)
        flipped, still = ((made == each).flatten(1).all(1) for each in (image().flip(axis), image()))
        assert (flipped ^ still).all() and abs(int(flipped.sum()) - 2000) < 200


def test_turns_go_with_one_resampling() -> None:
    drawn = EVEN.copy()
    drawn[:, 10], drawn[:, 3] = 0.1, 1.0  # a quarter, and the furthest shift
    both = augment(image(), drawn, Augmentation(quarter_turns=0.75, shift=2 / 16))
    assert torch.allclose(both[..., :-2], torch.rot90(image(), 1, (2, 3))[..., 2:], atol=1e-5)


def test_a_rectangle_is_erased_from_half_of_the_images() -> None:
    x = 1 + torch.rand(1000, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    made = augment(x, draws(1000, 0, 1), Augmentation(erasing=0.5))
    gone = made == 0
    assert ((made == x) | gone).all() and (gone[:, 0] == gone[:, 1]).all()
    shares = gone[:, 0].float().mean((1, 2))
    assert abs(int((shares > 0).sum()) - 500) < 60
    assert 0.15 < shares[shares > 0].mean() < 0.25 and 0.3 < shares.max() <= 0.45
    rows, columns = gone[:, 0].any(2), gone[:, 0].any(1)
    assert (rows[:, :, None] & columns[:, None, :] == gone[:, 0]).all(), "what is gone is a rectangle"


def test_a_shift_by_whole_pixels_moves_pixels() -> None:
    drawn = EVEN.copy()
    drawn[:, 3] = 1.0
    moved = augment(image(), drawn, Augmentation(shift=2 / 16))
    assert torch.allclose(moved[..., :-2], image()[..., 2:], atol=1e-5)


def grown(x: torch.Tensor) -> torch.Tensor:
    """Twice the side, bilinear; beyond the crop's edge lie the image's own pixels, so edges are left out."""
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def test_colours_move_each_by_its_own_number() -> None:
    x = image() - 0.5
    for place, same in ((6, lambda y: y - y.mean()), (7, lambda y: y / y.std()), (8, lambda y: y.mean(1))):
        drawn = EVEN.copy()
        drawn[:, place] = 1.0
        moved = recoloured(x, drawn, 0.3)
        assert not torch.allclose(moved, x, atol=1e-2)
        if place == 7:
            moved, x_ = moved - moved.mean(), x - x.mean()
            assert torch.allclose(same(moved), same(x_), atol=1e-5)
        else:
            assert torch.allclose(same(moved), same(x), atol=1e-5)


@pytest.mark.parametrize("name", ["light", "standard", "all"])
def test_an_image_s_fate_does_not_depend_on_its_batch(name: str) -> None:
    augmentation = ON if name == "all" else PRESETS[name]
    drawn = draws(8, seed=5, epoch=2)
    assert (drawn == draws(8, seed=5, epoch=2)).all()
    assert (drawn != draws(8, seed=5, epoch=3)).any()
    x = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    together = augment(x, drawn, augmentation)
    alone = augment(x[3:4], drawn[3:4], augmentation)
    assert torch.allclose(together[3:4], alone, atol=1e-6)
    assert not torch.allclose(together, x, atol=1e-2)


@pytest.mark.parametrize(("count", "size"), [(1, 32), (33, 32), (64, 32), (7, 3), (5, 1)])
def test_batches_hold_every_row_once(count: int, size: int) -> None:
    rows = np.arange(100, 100 + count)
    batches = shuffled(rows, size, seed=0, epoch=1)
    assert sorted(np.concatenate(batches)) == sorted(rows)
    assert all(len(batch) <= size for batch in batches)
