"""Runs that repeat one recipe with other seeds or folds: their mean and spread."""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from transfer_core.types import Repeats, Run


def repeats(runs: Iterable[Run]) -> tuple[Repeats, ...]:
    """Two runs or more that differ in seed and fold alone, in the order of their first; each run once."""
    same: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        same[run.recipe.repeats].append(run)
    found = []
    for group in same.values():
        ordered = sorted(group, key=lambda run: (run.recipe.seed, run.recipe.fold))
        if len({(run.recipe.seed, run.recipe.fold) for run in ordered}) < 2:
            continue
        known = np.array([run.test_accuracy for run in ordered if run.test_accuracy is not None])
        found.append(
            Repeats(
                runs=tuple(ordered),
                mean=float(known.mean()) if len(known) else None,
                spread=float(known.std(ddof=1)) if len(known) > 1 else None,
            )
        )
    return tuple(found)
