"""Augmentation: decided by (seed, epoch, index), and geometrically what it says."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from transfer_core.training.augment import DRAWS, PRESETS, Preset, augment, draws, recoloured, shuffled

STILL = Preset(shift=0, flip=0)
EVEN = np.full((1, DRAWS), 0.5)  # no turn, no shift, no colour


def image() -> torch.Tensor:
    return torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        (STILL, lambda x: x),
        (Preset(shift=0, flip=1), lambda x: x.flip(3)),
        (Preset(shift=0, degrees=90, flip=0), lambda x: torch.rot90(x, 1, (2, 3))),
        (Preset(shift=0, degrees=180, flip=0), lambda x: x.flip(2, 3)),
        (Preset(shift=0, crop=0, flip=0), lambda x: grown(x[..., 4:12, 4:12])),
        (Preset(shift=0, colour=0.5, flip=0), lambda x: x),
    ],
    ids=["still", "flip", "quarter turn", "half turn", "middle quarter", "colours at rest"],
)
def test_extremes_are_exact(preset: Preset, expected) -> None:
    drawn = EVEN.copy()
    drawn[:, 0], drawn[:, 1] = 1.0, 0.75  # the widest turn; a quarter of the area from a crop of 0
    inner = slice(1, -1)  # at the edge of a crop lie the image's own pixels
    found, wanted = augment(image(), drawn, preset), expected(image())
    assert torch.allclose(found[..., inner, inner], wanted[..., inner, inner], atol=1e-5)


def test_a_shift_by_whole_pixels_moves_pixels() -> None:
    drawn = EVEN.copy()
    drawn[:, 3] = 1.0
    moved = augment(image(), drawn, Preset(shift=2 / 16, flip=0))
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


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_an_image_s_fate_does_not_depend_on_its_batch(preset: Preset) -> None:
    drawn = draws(8, seed=5, epoch=2)
    assert (drawn == draws(8, seed=5, epoch=2)).all()
    assert (drawn != draws(8, seed=5, epoch=3)).any()
    x = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    together = augment(x, drawn, preset)
    alone = augment(x[3:4], drawn[3:4], preset)
    assert torch.allclose(together[3:4], alone, atol=1e-6)
    assert not torch.allclose(together, x, atol=1e-2)


@pytest.mark.parametrize(("count", "size"), [(1, 32), (33, 32), (64, 32), (7, 3), (5, 1)])
def test_batches_hold_every_row_once(count: int, size: int) -> None:
    rows = np.arange(100, 100 + count)
    batches = shuffled(rows, size, seed=0, epoch=1)
    assert sorted(np.concatenate(batches)) == sorted(rows)
    assert all(len(batch) <= size for batch in batches)
