"""Random crops, shifts, rotations, flips and colours, on the device, a batch at a time."""

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from transfer_core.types import Floats, Ints

DRAWS = 9  # numbers drawn for an image
ASPECT = 4 / 3  # of a crop, either way, as in torchvision's RandomResizedCrop


@dataclass(frozen=True, kw_only=True)
class Preset:
    shift: float  # at most, as a share of the side
    flip: float = 0.5  # probability of left-right
    degrees: float = 0.0  # at most, either way
    crop: float = 1.0  # smallest share of the area that is seen
    colour: float = 0.0  # contrast and saturation: at most, as a share either way; brightness: in standard deviations


PRESETS: dict[str, Preset] = {
    "light": Preset(shift=0.1),  # translation and flip (Stack Exchange)
    "standard": Preset(shift=0.05, degrees=15, crop=0.5, colour=0.2),
}


def draws(images: int, seed: int, epoch: int) -> Floats:
    """Uniform numbers for each image, (N, DRAWS): (seed, epoch, index) decides all, whatever the batches."""
    return np.random.default_rng([seed, epoch]).random((images, DRAWS))


def augment(x: Tensor, drawn: Floats, preset: Preset) -> Tensor:
    """One bilinear resampling of a batch (B, 3, H, W), mirrored at the edges; `drawn` are its rows of `draws`."""
    theta = torch.from_numpy(affine(drawn, preset)).to(x)
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return recoloured(x, drawn, preset.colour) if preset.colour else x


def affine(drawn: Floats, preset: Preset) -> Floats:
    """Uniform numbers (B, DRAWS) -> maps from output to input (B, 2, 3), in torch's coordinates: -1 to 1 a side."""
    signed = 2 * drawn - 1
    angle = signed[:, 0] * math.radians(preset.degrees)
    side = np.sqrt(1 - (1 - preset.crop) * drawn[:, 1])
    aspect = np.sqrt(ASPECT ** signed[:, 5]) if preset.crop < 1 else np.ones(len(drawn))
    wide, high = np.minimum(side * aspect, 1), np.minimum(side / aspect, 1)
    mirror = np.where(drawn[:, 2] < preset.flip, -1.0, 1.0)
    right = signed[:, 3] * (2 * preset.shift + 1 - wide)
    down = signed[:, 4] * (2 * preset.shift + 1 - high)
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack(
        (np.stack((cos * wide * mirror, -sin * high, right), 1), np.stack((sin * wide * mirror, cos * high, down), 1)),
        1,
    )  # (B, 2, 3)


def recoloured(x: Tensor, drawn: Floats, most: float) -> Tensor:
    """Brightness, contrast and saturation of normalised images (B, 3, H, W), each by up to `most` either way."""
    bright, contrast, colour = (
        torch.from_numpy((2 * drawn[:, i] - 1) * most).to(x).view(-1, 1, 1, 1) for i in (6, 7, 8)
    )
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (1 + colour)
    middle = x.mean((1, 2, 3), keepdim=True)
    return middle + (x - middle) * (1 + contrast) + bright


def shuffled(rows: Ints, batch_size: int, seed: int, epoch: int) -> list[Ints]:
    """All rows once, in an order that (seed, epoch) decides, in batches that differ by at most one in size."""
    order = np.random.default_rng([seed, epoch, 1]).permutation(rows)
    return np.array_split(order, math.ceil(len(rows) / batch_size))
