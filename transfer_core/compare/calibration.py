"""How sure a network may be: the temperature by which its logits are divided, from images it did not learn from."""

import numpy as np
from numpy.typing import NDArray

from transfer_core.types import Floats, Ints, Predictions

Logits = NDArray[np.float32] | Floats

LEAST, MOST = 0.05, 20.0  # temperatures taken: beyond, a network is told apart from guessing by its rounding alone
TINY = 1e-300


def temperature(decisions: Logits, labels: Ints) -> float:
    """The T for which softmax(decisions / T) has the lowest cross-entropy (Guo et al. 2017). 1 without any rows.

    Golden-section search over log T, in which the loss has one valley.
    """
    if not len(labels):
        return 1.0
    low, high, ratio = np.log(1e-3), np.log(1e3), (np.sqrt(5) - 1) / 2
    for _ in range(60):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss_of(decisions / np.exp(left), labels) <= loss_of(decisions / np.exp(right), labels):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def loss_of(logits: Logits, labels: Ints) -> float:
    """Mean cross-entropy of logits (N, K)."""
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    return float((np.log(np.exp(shifted).sum(1)) - shifted[np.arange(len(labels)), labels]).mean())


def fitted_temperature(predictions: Predictions) -> float:
    """The temperature of a run, from its validation images; between `LEAST` and `MOST`.

    1 where it has none, or all of them right: the surer such a network were, the better it would look, without an end.
    """
    labels, probabilities = predictions.val_labels, predictions.val_probabilities
    if not len(labels) or (probabilities.argmax(1) == labels).all():
        return 1.0
    found = temperature(np.log(np.maximum(probabilities, TINY)), labels)  # logits, up to a number for each image
    return min(max(found, LEAST), MOST)


def calibrated(probabilities: Floats, t: float) -> Floats:
    """softmax(logits / t) of the logits whose softmax `probabilities` (N, K) are. The order of the classes stays."""
    powers = (probabilities / probabilities.max(1, keepdims=True, initial=0.0)) ** (1 / t)
    return np.asarray(powers / powers.sum(1, keepdims=True))
