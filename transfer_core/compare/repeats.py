"""Runs that repeat one recipe with other seeds or folds: their mean and spread."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from transfer_core.compare.compared import Resampled
from transfer_core.compare.statistics import corrected_t, holm
from transfer_core.types import Repeats, Run


def repeats(runs: Iterable[Run]) -> tuple[Repeats, ...]:
    """Groups of runs, newest first, that differ in seed and fold alone, of two or more, in the order of their first.

    Of runs with one seed and fold the newest that has ended well counts, else the newest.
    """
    same: dict[str, dict[tuple[int, int], Run]] = defaultdict(dict)
    for run in runs:
        group, place = same[run.recipe.repeats], (run.recipe.seed, run.recipe.fold)
        if place not in group or (run.status == "done" and group[place].status != "done"):
            group[place] = run
    found = []
    for group in same.values():
        if len(group) > 1:
            ordered = tuple(group[place] for place in sorted(group))
            mean, spread = mean_and_spread(ordered)
            found.append(Repeats(runs=ordered, mean=mean, spread=spread))
    return tuple(found)


def mean_and_spread(runs: Iterable[Run]) -> tuple[float | None, float | None]:
    """Of test accuracies: their mean, None without any, and their standard deviation (n - 1), None below two."""
    done = [run for run in runs if run.status == "done"]  # of one that was stopped more was to come
    known = np.array([run.test_accuracy for run in done if run.test_accuracy is not None])
    return (
        float(known.mean()) if len(known) else None,
        float(known.std(ddof=1)) if len(known) > 1 else None,
    )


def resampled(groups: Sequence[Repeats], sizes: Mapping[str, tuple[int, int]]) -> tuple[Resampled, ...]:
    """Every two recipes that were cross-validated on the same folds, all of them ended.

    `sizes`: how many images each run was trained and tested on.
    """
    whole = [group for group in groups if group.runs[0].recipe.folds > 1 and group.done == len(group.runs)]
    tests = []
    for one, other in combinations(whole, 2):
        places = [[(run.recipe.folds, run.recipe.seed, run.recipe.fold) for run in each.runs] for each in (one, other)]
        folds = one.runs[0].recipe.folds
        if places[0] != places[1] or len(places[0]) % folds:
            continue
        pairs = zip(one.runs, other.runs, strict=True)
        differences = [(a.test_accuracy or 0.0) - (b.test_accuracy or 0.0) for a, b in pairs]
        trained = min(sizes[run.id][0] for run in (*one.runs, *other.runs))
        tested = float(np.mean([sizes[run.id][1] for run in one.runs]))
        tests.append((one, other, *corrected_t(differences, trained, tested)))
    adjusted = holm([p for *_, p in tests])
    return tuple(
        Resampled(
            first=one.runs[0].recipe.repeats,
            second=other.runs[0].recipe.repeats,
            difference=difference,
            p=p,
            adjusted=more,
            folds=len(one.runs),
        )
        for (one, other, difference, p), more in zip(tests, adjusted, strict=True)
    )
