"""What a run was trained on, as its network sees it, kept beside the network."""

from collections.abc import Generator
from pathlib import Path

import numpy as np

from transfer_core.compare.familiar import Familiar, familiar
from transfer_core.kept import DAMAGED
from transfer_core.training.features import Codes, frozen_features, outputs
from transfer_core.training.setup import State
from transfer_core.types import TRAIN, Progress

FAMILIAR = "familiar.npz"
MOST = 500  # training images that are remembered; of those whose codes are kept, twice as many


def remembered(run: State, held: Codes) -> Generator[Progress, None, Familiar]:
    """From the run's network as it stands and some training images. `held`: codes and logits of validation images.

    Where only a head was fitted, the codes are those that it was fitted on.
    """
    classes, rows = len(run.context.dataset.classes), run.context.dataset.rows(TRAIN)
    if run.epochs:
        chosen = np.sort(np.random.default_rng(0).permutation(rows)[:MOST])
        run.meter.add("forward", len(chosen))
        train = yield from outputs(run, run.network.codes, chosen, "Remembering training images")
    else:
        kept, parts = yield from frozen_features(run, run.network.taps)
        chosen = np.random.default_rng(0).permutation(np.flatnonzero(np.isin(kept, rows)))[: 2 * MOST]
        train = np.concatenate([part[np.sort(chosen)] for part in parts], axis=1)
    return familiar(train, held[:, :-classes], held[:, -classes:])


def load_familiar(run: Path) -> Familiar | None:
    """None for a run without one, or with a damaged one: then nothing is warned of."""
    try:
        with np.load(run / FAMILIAR) as kept:
            arrays = {name: kept[name] for name in ("codes", "distances", "logits")}
            return Familiar(**arrays, threshold=float(kept["threshold"]))
    except (OSError, *DAMAGED):
        return None
