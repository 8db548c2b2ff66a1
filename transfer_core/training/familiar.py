"""What a run was trained on, as its network sees it, kept beside the network."""

import zipfile
from collections.abc import Generator
from pathlib import Path

import numpy as np

from transfer_core.compare.familiar import Familiar, familiar
from transfer_core.training.checkpoint import whole
from transfer_core.training.features import outputs
from transfer_core.training.setup import Setup
from transfer_core.types import TRAIN, VAL, Ints, Progress

FAMILIAR = "familiar.npz"
MOST = 1_000  # training images, and validation images, that are remembered


def remembered(setup: Setup) -> Generator[Progress, None, Familiar]:
    """From the run's network as it stands, and some of its training and validation images."""
    rows = [_some(setup.rows(split)) for split in (TRAIN, VAL)]
    setup.meter.add("forward", sum(map(len, rows)))
    classes = len(setup.dataset.classes)
    train = yield from outputs(setup, setup.network.both, rows[0], "Remembering training images")
    held = yield from outputs(setup, setup.network.both, rows[1], "Remembering validation images")
    return familiar(train[:, :-classes], held[:, :-classes], held[:, -classes:])


def _some(rows: Ints) -> Ints:
    """At most MOST of them, in order."""
    return np.sort(np.random.default_rng(0).permutation(rows)[:MOST])


def save_familiar(known: Familiar, file: Path) -> None:
    with whole(file) as part, part.open("wb") as opened:
        np.savez(opened, **vars(known))


def load_familiar(run: Path) -> Familiar | None:
    """None for a run without one, or with a damaged one: then nothing is warned of."""
    try:
        with np.load(run / FAMILIAR) as kept:
            arrays = {name: kept[name] for name in ("codes", "distances", "logits")}
            return Familiar(**arrays, threshold=float(kept["threshold"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
