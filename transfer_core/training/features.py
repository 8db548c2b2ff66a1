"""What a network says of images without learning from them: frozen features, kept on disk, and logits."""

import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from transfer_core.training.checkpoint import whole
from transfer_core.training.setup import Setup
from transfer_core.types import TEST, Ints, Progress

BATCH_SIZES = {"cuda": 256, "mps": 64, "cpu": 16}  # small on a CPU, so that progress shows and stopping is quick


def frozen_features(setup: Setup) -> Generator[Progress, None, tuple[Ints, NDArray[np.float32]]]:
    """Sample numbers (n,) of training and validation images, and their codes at the network's tap (n, C).

    Computed once per dataset, weights, size and tap; closing the generator leaves no half-done file.
    """
    rows = np.flatnonzero(setup.dataset.splits != TEST)
    shape = (len(rows), setup.network.tap.channels)
    kept = _kept(setup.features, shape)
    if kept is not None:
        yield setup.meter.progress("Reading kept features", len(rows), len(rows))
        return rows, kept
    with whole(setup.features) as part:
        codes = yield from outputs(setup, setup.network.codes, rows, "Computing features")
        with part.open("wb") as file:
            np.save(file, codes)
    return rows, codes


def outputs(
    setup: Setup, part: Callable[[Tensor], Tensor], rows: Ints, what: str
) -> Generator[Progress, None, NDArray[np.float32]]:
    """What a part of the network, in eval mode and full precision, makes of images: (n,) sample numbers -> (n, C)."""
    setup.network.eval()
    size = BATCH_SIZES[setup.device.type]
    found: list[NDArray[np.float32]] = []
    for start in range(0, len(rows), size):
        began = time.monotonic()
        batch = rows[start : start + size]
        found.append(precise(part, setup.images.batch(batch)))
        setup.meter.passed("forward", len(batch), time.monotonic() - began)
        yield setup.meter.progress(what, start + len(batch), len(rows), kind="forward")
    return np.concatenate(found) if found else np.zeros((0, 0), np.float32)


@torch.inference_mode()
def precise(part: Callable[[Tensor], Tensor], x: Tensor) -> NDArray[np.float32]:
    """Without TF32, so that what is stored agrees with what any other machine computes."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        values: NDArray[np.float32] = part(x).float().cpu().numpy()
    return values


def _kept(file: Path, shape: tuple[int, int]) -> NDArray[np.float32] | None:
    try:
        codes: NDArray[np.float32] = np.load(file)
    except (OSError, ValueError, EOFError):  # not there yet, or damaged
        return None
    return codes if codes.shape == shape else None
