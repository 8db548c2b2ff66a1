""" "Not sure" is an answer: from which confidence on a run keeps a promised accuracy (selective classification,
Geifman and El-Yaniv 2017)."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transfer_core.errors import GraftError
from transfer_core.types import Doubt, Floats

PROMISED = 0.95  # of the images that are answered, unless a user says otherwise
FEWEST = 20  # images that have to be answered for a share of them to mean anything
ALL_STAND = Doubt(accuracy=PROMISED, threshold=0.0, answered=1.0, images=0)  # where there is nothing to judge by


def checked_promise(accuracy: float) -> float:
    """The same. Raises GraftError for what no answers can be promised to be."""
    if not 0 < accuracy < 1:
        raise GraftError(f"An accuracy of {accuracy:g} cannot be promised. Say one between 0 and 1, 0.95 for 95 %.")
    return accuracy


def doubt(probabilities: Floats, right: NDArray[np.bool_], accuracy: float = PROMISED) -> Doubt:
    """The lowest confidence from which on so large a share of validation images (N, K), (N,) is right.

    A threshold stands half-way between the images that it parts; 0 where all may be answered, as without any image.
    """
    if not len(right):
        return replace(ALL_STAND, accuracy=accuracy)
    sure = probabilities.max(1, initial=0.0)
    order = np.argsort(-sure, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    ends = np.append(sure[order][1:] < sure[order][:-1], True)  # equal confidences are answered together
    good = np.flatnonzero((share >= accuracy) & ends & (np.arange(len(order)) >= FEWEST - 1))
    if not len(good):
        return Doubt(accuracy=accuracy, threshold=None, answered=0.0, images=len(order))
    last = int(good[-1])
    if last == len(order) - 1:
        return Doubt(accuracy=accuracy, threshold=0.0, answered=1.0, images=len(order))
    threshold = (sure[order[last]] + sure[order[last + 1]]) / 2
    answered = (last + 1) / len(order)
    return Doubt(accuracy=accuracy, threshold=float(threshold), answered=answered, images=len(order))
