"""Whether an image is like anything that a run was trained on, by where its codes lie among the training images'.

The distance to a near training image (Sun et al. 2022, deep nearest neighbours) finds what is of another world, and the
largest logit (Hendrycks et al. 2022) what is of no class though it looks like them; together they find both.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transfer_core.types import Floats

NEIGHBOUR = 10  # the one whose distance counts
TUNED = 0.5  # what the logit of a network that was fine-tuned counts: it is sure of much that it never saw
SHARE = 0.05  # of images like those of training that are called unlike them
Codes = NDArray[np.float32] | NDArray[np.float16]


@dataclass(frozen=True, kw_only=True, eq=False)
class Familiar:
    """What a run was trained on, as its network sees it, and how images like it score."""

    codes: Codes  # (n, C) of training images, each of length 1
    distances: Floats  # (m,) of images that it did not learn from, ascending
    logits: Floats  # (m,) the largest of each of them, ascending
    threshold: float  # of the score
    pretrained: bool = False  # whether codes are those of the pretrained network, and not of the run's own

    def score(self, codes: Codes, logits: Codes) -> Floats:
        """(N, C), (N, K) -> (N,): 0 the most familiar; about 2 and above as unlike as none of those images."""
        far, sure = distances(self.codes, codes), logits.max(1).astype(np.float64)
        below = np.searchsorted(self.logits, sure) / max(1, len(self.logits))
        return np.asarray(ranks(self.distances, far) + (TUNED if self.pretrained else 1) * (1 - below))

    def unlike(self, codes: Codes, logits: Codes) -> NDArray[np.bool_]:
        """(N, C), (N, K) -> (N,)."""
        return np.asarray(self.score(codes, logits) > self.threshold)


def familiar(train: Codes, held: Codes, logits: Codes, *, pretrained: bool = False) -> Familiar:
    """From codes (n, C) of training images, and codes (m, C) and logits (m, K) of images that it did not learn from.

    `pretrained`: the codes are those of the pretrained network.
    """
    known = normalised(train).astype(np.float16)
    far, sure = np.sort(distances(known, held)), np.sort(logits.max(1).astype(np.float64))
    found = Familiar(codes=known, distances=far, logits=sure, threshold=np.inf, pretrained=pretrained)
    score = found.score(held, logits)
    return replace(found, threshold=float(np.quantile(score, 1 - SHARE)) if len(score) else np.inf)


def distances(known: Codes, codes: Codes) -> Floats:
    """(n, C), (N, C) -> (N,): of each to the NEIGHBOUR-th nearest of the known, all of length 1; between 0 and 2."""
    if not len(known) or not len(codes):
        return np.zeros(len(codes))
    likeness = normalised(codes) @ known.astype(np.float32).T  # (N, n)
    place = max(0, likeness.shape[1] - NEIGHBOUR)
    near = np.partition(likeness, place, axis=1)[:, place]
    return np.asarray(np.sqrt(np.maximum(0.0, 2 - 2 * near)), np.float64)


def ranks(known: Floats, values: Floats) -> Floats:
    """Which share of the known, ascending, is below each value; beyond the highest it grows on with the distance."""
    if not len(known):
        return np.zeros(len(values))
    share = np.searchsorted(known, values) / len(known)
    spread = max(float(known[-1] - np.median(known)), 1e-9)
    return np.asarray(share + np.maximum(0.0, values - known[-1]) / spread)


def normalised(codes: Codes) -> NDArray[np.float32]:
    """Rows of length 1."""
    values = codes.astype(np.float32)
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12), np.float32)
