"""Feature extraction and fine-tuning: what either reaches on a dataset, with how many images."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from transfer_core.compare.statistics import Interval, Score, wilson
from transfer_core.compare.verdict import Table, judged
from transfer_core.strategies import strategy
from transfer_core.types import Run


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What a run reached with so many training images."""

    images: int
    accuracy: Interval  # of test; Wilson
    run: str


@dataclass(frozen=True, kw_only=True)
class Approach:
    """Feature extraction or fine-tuning, as measured on this dataset: its best run by validation."""

    name: Literal["feature extraction", "fine-tuning"]
    run: str | None  # None while it has no run here
    by_images: tuple[Reached, ...]  # its best run at each number of training images, the fewest first


def approaches(table: Table, known: Sequence[tuple[Run, int]]) -> tuple[Approach, Approach]:
    """Feature extraction and fine-tuning, each by its best run by validation. `known`: runs of the same test images,
    each with the number of images that it trained on."""
    return (
        _approach(
            "feature extraction", table, [(run, n) for run, n in known if approach_of(run) == "feature extraction"]
        ),
        _approach("fine-tuning", table, [(run, n) for run, n in known if approach_of(run) == "fine-tuning"]),
    )


def approach_of(run: Run) -> str | None:
    """Its strategy's: feature extraction leaves the pretrained backbone as it was; None for random weights, and for
    ensembles."""
    return None if run.members else strategy(run.recipe.strategy).approach


def _approach(name: str, table: Table, known: Sequence[tuple[Run, int]]) -> Approach:
    compared = {run.id for run in table.runs}
    here = [run for run, _ in known if run.id in compared]
    best_of: dict[int, Run] = {}
    for run, images in known:
        if images not in best_of or judged(run) > judged(best_of[images]):
            best_of[images] = run
    return Approach(
        name="feature extraction" if name == "feature extraction" else "fine-tuning",
        run=max(here, key=judged).id if here else None,
        by_images=tuple(_reached(n, run, table.scores) for n, run in sorted(best_of.items())),
    )


def _reached(images: int, run: Run, scores: Mapping[str, Score]) -> Reached:
    """`scores`: of runs on the same test images."""
    tested, share = next(iter(scores.values())).images, run.test_accuracy or 0.0
    low, high = wilson(round(share * tested), tested)
    return Reached(images=images, accuracy=Interval(value=share, low=low, high=high), run=run.id)
