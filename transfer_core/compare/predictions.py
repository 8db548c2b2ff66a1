"""What a run left of its validation and test images, read from its folder."""

from pathlib import Path

import numpy as np

from transfer_core.errors import UnknownJob, disk_words
from transfer_core.kept import DAMAGED
from transfer_core.types import Predictions

PREDICTIONS = "predictions.npz"


def read_predictions(run: Path) -> Predictions:
    """Raises UnknownJob when the run in that folder has left none, or they cannot be read."""
    file = run / PREDICTIONS
    try:
        with file.open("rb") as opened, np.load(opened) as arrays:
            kept = Predictions(**{name: arrays[name] for name in Predictions.__dataclass_fields__})
        _check(kept)
    except FileNotFoundError as error:
        words = "it has not finished, or was ended before its test"
        raise UnknownJob(f"Run {run.name!r} has left no predictions to compare: {words}.") from error
    except DAMAGED as error:
        raise UnknownJob(f"The predictions of run {run.name!r} cannot be read. Train it again.") from error
    except OSError as error:
        raise UnknownJob(f"The predictions of run {run.name!r} cannot be read. {disk_words(error, file)}") from error
    return kept


def _check(kept: Predictions) -> None:
    """Raises ValueError for columns that do not fit together."""
    for samples, labels, probabilities in (kept.of("val"), kept.of("test")):
        if not (len(samples),) == labels.shape == probabilities.shape[:1] or probabilities.ndim != 2:
            raise ValueError("the columns are of different lengths")
