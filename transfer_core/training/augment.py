"""Random shifts, rotations and flips, on the device, a batch at a time."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from transfer_core.types import Floats, Ints


@dataclass(frozen=True, kw_only=True)
class Preset:
    shift: float  # at most, as a share of the side
    degrees: float  # at most, either way
    zoom: float  # at most, as a factor either way
    flip: float  # probability of left-right


PRESETS: dict[str, Preset] = {
    "light": Preset(shift=0.1, degrees=15, zoom=1.0, flip=0.5),  # translation, rotation, flip (Stack Exchange)
    "standard": Preset(shift=0.15, degrees=30, zoom=1.25, flip=0.5),
}


def draws(images: int, seed: int, epoch: int) -> Floats:
    """Five uniform numbers for each image, (N, 5): (seed, epoch, index) decides all, whatever the batches."""
    return np.random.default_rng([seed, epoch]).random((images, 5))


def augment(x: Tensor, drawn: Floats, preset: Preset) -> Tensor:
    """One bilinear resampling of a batch (B, 3, H, W), mirrored at the edges; `drawn` are its rows of `draws`."""
    theta = torch.from_numpy(affine(drawn, preset)).to(x)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)


def affine(drawn: Floats, preset: Preset) -> Floats:
    """Uniform numbers (B, 5) -> maps from output to input (B, 2, 3), in torch's coordinates: -1 to 1 across a side."""
    signed = 2 * drawn - 1
    angle = signed[:, 0] * math.radians(preset.degrees)
    scale = preset.zoom ** signed[:, 1]
    mirror = np.where(drawn[:, 2] < preset.flip, -1.0, 1.0)
    shift = signed[:, 3:5] * preset.shift * 2
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    return np.stack(
        (np.stack((cos * mirror, -sin, shift[:, 0]), 1), np.stack((sin * mirror, cos, shift[:, 1]), 1)), 1
    )  # (B, 2, 3)


def shuffled(rows: Ints, batch_size: int, seed: int, epoch: int) -> list[Ints]:
    """All rows once, in an order that (seed, epoch) decides, in batches that differ by at most one in size.

    No batch is smaller than two, which BatchNorm needs: a single image stands twice in its batch.
    """
    order = np.random.default_rng([seed, epoch, 1]).permutation(rows)
    batches = np.array_split(order, math.ceil(len(rows) / batch_size))
    return [batch if len(batch) > 1 else batch.repeat(2) for batch in batches]
