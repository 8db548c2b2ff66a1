"""Which runs to hold against each other where nobody has chosen."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from transfer_core.compare.comparison import train_images
from transfer_core.compare.verdict import judged
from transfer_core.types import Dataset, Run


def best_runs(runs: Iterable[Run], dataset: Dataset, judged: Callable[[Run], float] = judged) -> tuple[Run, ...]:
    """The best finished run of each strategy, the best first, judged by validation and never by the test split.

    `judged`: by what; accuracy unless something else counts.

    All were trained on equally many images: as many as most strategies were trained on, of equals the most images.
    Folds are left out: they are tested on images of their own. Of equal runs the first counts, the newest where runs
    come newest first.
    """
    sizes: dict[int, dict[str, Run]] = defaultdict(dict)
    for run in runs:
        if run.tested and not run.recipe.folds:
            best = sizes[train_images(dataset, run)]
            known = best.get(run.recipe.strategy)
            if known is None or judged(run) > judged(known):
                best[run.recipe.strategy] = run
    if not sizes:
        return ()
    most = max(sizes, key=lambda size: (len(sizes[size]), size))
    return tuple(sorted(sizes[most].values(), key=lambda run: -judged(run)))
