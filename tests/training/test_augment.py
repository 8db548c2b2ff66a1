"""Augmentation: decided by (seed, epoch, index), and geometrically what it says."""

import numpy as np
import pytest
import torch

from transfer_core.training.augment import PRESETS, Preset, augment, draws, shuffled

STILL = Preset(shift=0, degrees=0, zoom=1, flip=0)


def image() -> torch.Tensor:
    return torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        (STILL, lambda x: x),
        (Preset(shift=0, degrees=0, zoom=1, flip=1), lambda x: x.flip(3)),
        (Preset(shift=0, degrees=90, zoom=1, flip=0), lambda x: torch.rot90(x, 1, (2, 3))),
        (Preset(shift=0, degrees=180, zoom=1, flip=0), lambda x: x.flip(2, 3)),
    ],
    ids=["still", "flip", "quarter turn", "half turn"],
)
def test_extremes_are_exact(preset: Preset, expected) -> None:
    drawn = np.array([[1.0, 0.5, 0.5, 0.5, 0.5]])
    assert torch.allclose(augment(image(), drawn, preset), expected(image()), atol=1e-5)


def test_a_shift_by_whole_pixels_moves_pixels() -> None:
    drawn = np.array([[0.5, 0.5, 1.0, 1.0, 0.5]])
    moved = augment(image(), drawn, Preset(shift=2 / 16, degrees=0, zoom=1, flip=0))
    assert torch.allclose(moved[..., :-2], image()[..., 2:], atol=1e-5)


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
def test_batches_hold_every_row_and_never_one_alone(count: int, size: int) -> None:
    rows = np.arange(100, 100 + count)
    batches = shuffled(rows, size, seed=0, epoch=1)
    assert set(np.concatenate(batches)) == set(rows)
    assert all(2 <= len(batch) <= max(size, 2) for batch in batches)
    if count > 1 < size:
        assert sum(map(len, batches)) == count
