"""Random flips, turns, crops, colours and erased parts, on the device, a batch at a time."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from transfer_core.types import Augmentation, Floats, Ints

FIRST_DRAWS, MORE_DRAWS = 9, 7  # numbers drawn for an image: those of the first presets, and of what came later
ASPECT = 4 / 3  # of a crop, either way, as in torchvision's RandomResizedCrop
ERASED, ERASED_ASPECT = (0.02, 0.4), 1 / 0.3  # shares of the area, and either way: s_l, s_h and r_2 of Zhong et al.


def draws(images: int, seed: int, epoch: int) -> Floats:
    """Uniform numbers for each image, (N, FIRST_DRAWS + MORE_DRAWS).

    (seed, epoch, index) decides all, whatever the batches; the first are those that earlier recipes were trained by.
    """
    rng = np.random.default_rng([seed, epoch])
    first = rng.random((images, FIRST_DRAWS))
    return np.hstack((first, rng.random((images, MORE_DRAWS))))


def augment(x: Tensor, drawn: Floats, augmentation: Augmentation) -> Tensor:
    """A batch (B, 3, side, side) as one epoch shows it; `drawn` are its rows of `draws`.

    Flips and quarter turns move pixels and change none. Crops, shifts and tilts are one bilinear resampling, mirrored
    at the edges, which takes the flip left and right along.
    """
    moved = bool(augmentation.shift or augmentation.crop or augmentation.tilt)
    x = placed(x, drawn, augmentation, flip=0.0 if moved else augmentation.flip)
    if moved:
        theta = torch.from_numpy(affine(drawn, augmentation)).to(x)
        grid = F.affine_grid(theta, list(x.shape), align_corners=False)
        x = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    if augmentation.colour:
        x = recoloured(x, drawn, augmentation.colour)
    return erased(x, drawn, augmentation.erasing) if augmentation.erasing else x


def placed(x: Tensor, drawn: Floats, augmentation: Augmentation, *, flip: float) -> Tensor:
    """Quarter turns and flips (B, 3, side, side), exact: a turn is a transposition and flips."""
    chance, quarters = augmentation.quarter_turns, np.zeros(len(drawn), np.int64)
    if chance:
        quarters = np.where(drawn[:, 10] < chance, 1 + (3 * drawn[:, 10] / chance).astype(np.int64), 0)
    across = (drawn[:, 2] < flip) ^ (quarters >= 2)
    down = (drawn[:, 9] < augmentation.flip_up) ^ ((quarters == 1) | (quarters == 2))
    for chosen, turned in ((quarters % 2 == 1, (2, 3)), (across, (3,)), (down, (2,))):
        if chosen.any():
            other = x.transpose(2, 3) if len(turned) == 2 else x.flip(turned)
            x = torch.where(torch.from_numpy(chosen).to(x.device).view(-1, 1, 1, 1), other, x)
    return x


def affine(drawn: Floats, augmentation: Augmentation) -> Floats:
    """Uniform numbers (B, ...) -> maps from output to input (B, 2, 3), in torch's coordinates: -1 to 1 a side."""
    signed = 2 * drawn - 1
    angle = signed[:, 0] * math.radians(augmentation.tilt)
    side = np.sqrt(1 - augmentation.crop * drawn[:, 1])
    aspect = np.sqrt(ASPECT ** signed[:, 5]) if augmentation.crop else np.ones(len(drawn))
    wide, high = np.minimum(side * aspect, 1), np.minimum(side / aspect, 1)
    mirror = np.where(drawn[:, 2] < augmentation.flip, -1.0, 1.0)
    right = signed[:, 3] * (2 * augmentation.shift + 1 - wide)
    down = signed[:, 4] * (2 * augmentation.shift + 1 - high)
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


def erased(x: Tensor, drawn: Floats, chance: float) -> Tensor:
    """Images (B, 3, H, W), of which some lose a rectangle to the mean colour, 0 (Zhong et al. 2020, Random Erasing)."""
    hit, area, aspect, left, top = drawn[:, 11:].T
    least, most = ERASED
    area, aspect = least + (most - least) * area, np.sqrt(ERASED_ASPECT ** (2 * aspect - 1))
    wide, high = np.minimum(np.sqrt(area) * aspect, 1), np.minimum(np.sqrt(area) / aspect, 1)  # shares of the sides
    inside = []
    for size, start, pixels in ((high, top * (1 - high), x.shape[2]), (wide, left * (1 - wide), x.shape[3])):
        middles = (np.arange(pixels) + 0.5) / pixels
        inside.append((middles >= start[:, None]) & (middles < (start + size)[:, None]))  # (B, pixels)
    lost = inside[0][:, None, :, None] & inside[1][:, None, None, :] & (hit < chance)[:, None, None, None]
    return x.masked_fill(torch.from_numpy(lost).to(x.device), 0.0)


def shuffled(rows: Ints, batch_size: int, seed: int, epoch: int) -> list[Ints]:
    """All rows once, in an order that (seed, epoch) decides, in batches that differ by at most one in size."""
    order = np.random.default_rng([seed, epoch, 1]).permutation(rows)
    return np.array_split(order, math.ceil(len(rows) / batch_size))
