"""Which runs are better together."""

import numpy as np

from transfer_core.compare.ensemble import suggested
from transfer_core.types import Predictions


def test_runs_are_suggested_that_are_better_together() -> None:
    rng, labels = np.random.default_rng(0), np.arange(300) % 3
    truth = np.eye(3)[labels]

    def predictions(noise: float, seed: int) -> Predictions:
        mine = np.random.default_rng(seed)
        logits = 2 * truth + mine.normal(0, noise, truth.shape)
        each = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        rows = rng.permutation(0)
        return Predictions(
            val_samples=np.arange(300), val_labels=labels, val_probabilities=each,
            test_samples=rows, test_labels=rows, test_probabilities=each[:0],
        )  # fmt: skip

    good, other = predictions(1.5, 1), predictions(1.5, 2)
    runs = {"guessing": predictions(60, 3), "good": good, "copy of good": good, "other": other}
    assert set(suggested(runs)) - {"copy of good", "good"} == {"other"} and "guessing" not in suggested(runs)
