"""Several finished runs as one: the mean of their calibrated probabilities is its answer (deep ensembles,
Lakshminarayanan et al. 2017). Nothing is trained, and no network runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.compare.selective import ALL_STAND, PROMISED, doubt
from transfer_core.errors import DatasetError
from transfer_core.types import JOINED, Doubt, Floats, Predictions, Run

TINY = 1e-12
MOST_SUGGESTED = 5


def combined(members: Mapping[str, Predictions]) -> Predictions:
    """What an ensemble says, from what its members, by run id, said of the same images.

    Raises DatasetError where they were tested or validated on different images.
    """
    first, *others = members.values()
    for other in others:
        for mine, theirs in ((first.test_samples, other.test_samples), (first.val_samples, other.val_samples)):
            if not np.array_equal(mine, theirs):
                raise DatasetError(
                    f"The runs {', '.join(members)} were tested on different images, as folds are, so nothing shows"
                    " what they say together. Pick runs that share their test images."
                )
    by = [(each, fitted_temperature(each)) for each in members.values()]
    return Predictions(
        val_samples=first.val_samples,
        val_labels=first.val_labels,
        val_probabilities=np.mean([calibrated(each.val_probabilities, t) for each, t in by], axis=0),
        test_samples=first.test_samples,
        test_labels=first.test_labels,
        test_probabilities=np.mean([calibrated(each.test_probabilities, t) for each, t in by], axis=0),
    )


def doubt_of(members: Mapping[str, Predictions], accuracy: float = PROMISED) -> Doubt:
    """From which probability on answers stand, of one run or of an ensemble. Every answer of folds does: no validation
    image shows what they say together."""
    try:
        said = combined(members)
    except DatasetError:
        return replace(ALL_STAND, accuracy=accuracy)
    return doubt(said.val_probabilities, said.val_probabilities.argmax(1) == said.val_labels, accuracy)


def as_run(members: Sequence[Run], said: Predictions | None) -> Run:
    """An ensemble as a row among runs: it costs what all its members cost. None: nothing shows how good it is."""
    seconds = [member.whole_seconds for member in members]
    peaks = [member.peak_bytes for member in members if member.peak_bytes is not None]
    return Run(
        id=JOINED.join(member.id for member in members),
        recipe=members[0].recipe,
        status="done",
        created=max(member.created for member in members),
        started=min((member.started for member in members if member.started is not None), default=None),
        finished=max((member.finished for member in members if member.finished is not None), default=None),
        device=", ".join(sorted({member.device for member in members})),
        seconds=None if None in seconds else sum(each for each in seconds if each is not None),
        val_accuracy=None if said is None else _accuracy(said.val_probabilities, said.val_labels),
        test_accuracy=None if said is None else _accuracy(said.test_probabilities, said.test_labels),
        peak_bytes=max(peaks, default=None),
        untested=said is None,
        members=tuple(members),
    )


def _accuracy(probabilities: Floats, labels: np.ndarray) -> float | None:
    return float((probabilities.argmax(1) == labels).mean()) if len(labels) else None


def suggested(runs: Mapping[str, Predictions]) -> tuple[str, ...]:
    """The runs that are best together on validation images, at least two and at most five: forward selection by
    log-loss (Caruana et al. 2004), each run once. `runs`: two or more with the same validation images.
    """
    labels = next(iter(runs.values())).val_labels
    rows = np.arange(len(labels))
    said = {id: calibrated(kept.val_probabilities, fitted_temperature(kept)) for id, kept in runs.items()}

    def loss(chosen: Sequence[str]) -> float:
        mean = np.mean([said[id][rows, labels] for id in chosen], axis=0)
        return float(-np.log(np.maximum(mean, TINY)).mean()) if len(rows) else 0.0

    chosen: list[str] = []
    while len(chosen) < min(MOST_SUGGESTED, len(runs)):
        best = min((id for id in runs if id not in chosen), key=lambda id: loss([*chosen, id]))
        if len(chosen) >= 2 and loss([*chosen, best]) >= loss(chosen):
            break
        chosen.append(best)
    return tuple(chosen)
