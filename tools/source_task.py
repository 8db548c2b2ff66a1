"""The source task of pretraining: small photos decoded once, drawn in batches, altered at random."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from transfer_core.errors import ArchiveError
from transfer_core.types import TRAIN, VAL, Ints, Progress

SOURCE_PX = 64  # images are kept as squares of this side
SPLIT_NAMES = {"train": TRAIN, "val": VAL, "valid": VAL, "validation": VAL}
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # as in torchvision's recipes


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """The source task, decoded."""

    pixels: NDArray[np.uint8]  # (N, SOURCE_PX, SOURCE_PX, 3)
    labels: Ints  # (N,)
    splits: Ints  # (N,)
    classes: tuple[str, ...]
    left_out: tuple[str, ...]


def decode(archive: Path, out: Path, leave_out: int) -> Iterator[Progress | Source]:
    """Decode `train/<class>/*` and `validation/<class>/*` of a zip once, to a memmap in `out`; the Source comes last.

    Classes whose index in the sorted ids ends in the digit `leave_out` are left out. Raises ArchiveError.
    """
    with zipfile.ZipFile(archive) as source:
        rows = sorted(
            (parts[-3], parts[-2], name)
            for name in source.namelist()
            if len(parts := name.split("/")) >= 3 and parts[-3] in SPLIT_NAMES and parts[-1]
        )
        ids = sorted({row[1] for row in rows})
        left_out = tuple(name for i, name in enumerate(ids) if i % 10 == leave_out)
        classes = tuple(name for name in ids if name not in left_out)
        rows = [row for row in rows if row[1] in classes]
        splits = np.array([SPLIT_NAMES[row[0]] for row in rows], dtype=np.int64)
        if len(classes) < 2 or set(splits) != {TRAIN, VAL}:
            raise ArchiveError(f"{archive.name} needs train/<class>/ and validation/<class>/ with two classes or more.")
        file, shape = out / f"pixels-{SOURCE_PX}.npy", (len(rows), SOURCE_PX, SOURCE_PX, 3)
        if not file.exists():
            half_done = file.with_suffix(".part")
            pixels = np.lib.format.open_memmap(half_done, mode="w+", dtype=np.uint8, shape=shape)
            for i, (_, _, name) in enumerate(rows):
                image = Image.open(io.BytesIO(source.read(name)), formats=("WEBP", "PNG", "JPEG")).convert("RGB")
                if image.size != (SOURCE_PX, SOURCE_PX):
                    image = image.resize((SOURCE_PX, SOURCE_PX), Image.Resampling.BILINEAR)
                pixels[i] = np.asarray(image)
                if i % 500 == 0:
                    yield Progress(what="Decoding images", done=i, of=len(rows))
            pixels.flush()
            half_done.replace(file)
    pixels = np.load(file, mmap_mode="r")
    if pixels.shape != shape:
        raise ArchiveError(f"{file} holds {len(pixels)} images of another archive, not {len(rows)}; delete it.")
    labels = np.array([classes.index(row[1]) for row in rows], dtype=np.int64)
    yield Source(pixels=pixels, labels=labels, splits=splits, classes=classes, left_out=left_out)


def normalise(images: NDArray[np.uint8]) -> Tensor:
    """uint8 (N, H, W, 3) to normalised float (N, 3, H, W), channels last in memory."""
    x = torch.from_numpy(images).permute(0, 3, 1, 2).float().div_(255)
    return x.sub_(torch.tensor(MEAN).view(3, 1, 1)).div_(torch.tensor(STD).view(3, 1, 1))


def augmented(
    images: NDArray[np.uint8],
    rng: np.random.Generator,
    *,
    input_px: int,
    smallest_crop_px: int,
    colour: float,
    grey: float = 0.0,
) -> Tensor:
    """Crop, flip and recolour a batch (N, SOURCE_PX, SOURCE_PX, 3) -> (N, 3, input_px, input_px).

    Each image has a crop of its own, so that a batch, which BatchNorm normalises by itself, mixes all zooms. A share
    `grey` of the images loses its colours.
    """
    n = len(images)
    x = normalise(images)
    if smallest_crop_px < SOURCE_PX:
        side = rng.uniform(smallest_crop_px, SOURCE_PX, n) / SOURCE_PX
        flip = np.where(rng.random(n) < 0.5, -1.0, 1.0)
        theta = np.zeros((n, 2, 3), np.float32)
        theta[:, 0, 0], theta[:, 1, 1] = side * flip, side
        theta[:, :, 2] = rng.uniform(-1, 1, (n, 2)) * (1 - side)[:, None]
        grid = F.affine_grid(torch.from_numpy(theta), [n, 3, input_px, input_px], align_corners=False)
        x = F.grid_sample(x, grid, mode="bilinear", padding_mode="border", align_corners=False)
    elif input_px != SOURCE_PX:
        x = F.interpolate(x, input_px, mode="bilinear", align_corners=False)
    if grey:
        chosen = torch.from_numpy(rng.random((n, 1, 1, 1)) < grey)
        x = torch.where(chosen, x.mean(1, keepdim=True), x)
    gain = torch.from_numpy(rng.uniform(1 - colour, 1 + colour, (n, 1, 1, 1)).astype(np.float32))
    shift = torch.from_numpy(rng.uniform(-colour, colour, (n, 3, 1, 1)).astype(np.float32))
    return (x * gain + shift).contiguous(memory_format=torch.channels_last)
