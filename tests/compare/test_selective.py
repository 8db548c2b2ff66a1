"""The confidence from which on a promise is kept."""

import numpy as np

from transfer_core.compare.selective import FEWEST, doubt


def said(sure: list[float]) -> np.ndarray:
    """Probabilities of two classes whose higher one is given."""
    return np.stack([np.array(sure), 1 - np.array(sure)], axis=1)


def test_as_many_are_answered_as_the_promise_allows() -> None:
    sure = np.linspace(0.99, 0.51, 100)
    right = np.ones(100, bool)
    right[[30, 45, 50, 61, 62, 63, *range(70, 100, 2)]] = False
    found = doubt(said(sure.tolist()), right, accuracy=0.95)
    answered = found.threshold is not None and sure >= found.threshold
    share = right[: int(np.sum(answered))].mean()
    assert found.answered == np.mean(answered) == 0.61 and share >= 0.95 > right[:62].mean()


def test_equal_confidences_are_answered_together() -> None:
    right = np.array([True] * 40 + [False] * 40)
    found = doubt(said([0.9] * 80), right, accuracy=0.95)
    assert found.threshold is None and found.answered == 0.0


def test_all_or_none() -> None:
    sure = np.linspace(0.99, 0.51, 2 * FEWEST).tolist()
    every = doubt(said(sure), np.ones(2 * FEWEST, bool))
    assert (every.threshold, every.answered) == (0.0, 1.0)
    few = doubt(said(sure[: FEWEST - 1]), np.ones(FEWEST - 1, bool))
    assert few.threshold is None, "so few show nothing"
    unjudged = doubt(said([]).reshape(0, 2), np.ones(0, bool))
    assert (unjudged.threshold, unjudged.images) == (0.0, 0), "no promise, and it says so"
