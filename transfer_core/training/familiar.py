"""What a run was trained on, as its network sees it, kept beside the network."""

from collections.abc import Generator
from pathlib import Path

import numpy as np

from transfer_core.compare.familiar import Familiar, familiar
from transfer_core.kept import DAMAGED
from transfer_core.strategies import strategy
from transfer_core.training.features import Codes, frozen_features, outputs
from transfer_core.training.setup import REMEMBERED, State, begin
from transfer_core.types import TRAIN, VAL, Progress

FAMILIAR = "familiar.npz"


def remembered(run: State, held: Codes) -> Generator[Progress, None, Familiar]:
    """From the run's network as it stands and some training images. `held`: codes and logits of validation images.

    Where the backbone stayed as it was pretrained, or began with random weights, the codes are the head's own. After
    fine-tuning they tell its classes apart and little else, so there they are the pretrained network's, which the head
    that it began with was fitted on (benchmarks/RESULTS.md, Unlike anything in training).
    """
    context, classes = run.context, len(run.context.dataset.classes)
    rows, logits = context.dataset.rows(TRAIN), held[:, -classes:]
    moved = strategy(context.recipe.strategy).weights == "moved"
    if run.epochs and not moved:
        chosen = np.sort(np.random.default_rng(0).permutation(rows)[:REMEMBERED])
        train = yield from outputs(run, run.network.codes, chosen, "Remembering training images")
        return familiar(train, held[:, :-classes], logits)
    kept, parts = yield from frozen_features(begin(context) if moved else run, run.network.taps)
    codes = np.concatenate(parts, axis=1)
    chosen = np.random.default_rng(0).permutation(np.flatnonzero(np.isin(kept, rows)))[
        : 2 * REMEMBERED
    ]  # more, since they are kept already
    seen = codes[np.searchsorted(kept, context.dataset.rows(VAL))] if moved else held[:, :-classes]
    return familiar(codes[np.sort(chosen)], seen, logits, pretrained=moved)


def load_familiar(run: Path) -> Familiar | None:
    """None for a run without one, or with a damaged one: then nothing is warned of."""
    try:
        with np.load(run / FAMILIAR) as kept:
            arrays = {name: kept[name] for name in ("codes", "distances", "logits")}
            pretrained = "pretrained" in kept and bool(kept["pretrained"])
            return Familiar(**arrays, threshold=float(kept["threshold"]), pretrained=pretrained)
    except (OSError, *DAMAGED):
        return None
