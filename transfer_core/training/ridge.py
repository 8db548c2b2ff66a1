"""Ridge regression on class indicators: every strength from one eigendecomposition. NumPy, float64, deterministic."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transfer_core.types import Floats, Ints

TINY = 1e-12  # of the largest eigenvalue: directions below it hold nothing


@dataclass(frozen=True, kw_only=True, eq=False)
class Ridge:
    """All solutions of min |Y - X W - b|^2 + penalty |W|^2 for indicators Y (N, K) of the labels, X (N, C).

    The bias is free: X and Y are centred. In the eigenvectors of X'X, a penalty only divides by its eigenvalues.
    """

    mean: Floats  # (C,) of the rows
    shares: Floats  # (K,) of the classes
    axes: Floats  # (C, R)
    spectrum: Floats  # (R,)
    products: Floats  # (R, K)

    @classmethod
    def of(cls, codes: Floats, labels: Ints, classes: int) -> "Ridge":
        """From rows (N, C) and their labels (N,), by the smaller of X'X and XX'."""
        mean, targets = codes.mean(0), np.eye(classes)[labels]
        shares = targets.mean(0)
        x, y = codes - mean, targets - shares  # (N, C), (N, K)
        if x.shape[1] <= x.shape[0]:
            spectrum, axes = np.linalg.eigh(x.T @ x)
            kept = spectrum > TINY * spectrum[-1]
            spectrum, axes = spectrum[kept], axes[:, kept]
        else:
            spectrum, left = np.linalg.eigh(x @ x.T)
            kept = spectrum > TINY * spectrum[-1]
            spectrum = spectrum[kept]
            axes = x.T @ (left[:, kept] / np.sqrt(spectrum))
        return cls(mean=mean, shares=shares, axes=axes, spectrum=spectrum, products=axes.T @ (x.T @ y))

    def weight(self, penalty: float) -> Floats:
        """(C, K)."""
        return np.asarray(self.axes @ (self.products / (self.spectrum + penalty)[:, None]))

    def scores(self, codes: Floats, penalties: Floats) -> Iterator[Floats]:
        """For each penalty, what it says of other rows (M, C): (M, K), near 1 for the class it takes."""
        turned = (codes - self.mean) @ self.axes  # (M, R)
        for penalty in penalties:
            yield turned @ (self.products / (self.spectrum + penalty)[:, None]) + self.shares


def strongest_first(ridge: Ridge, penalty: float) -> Ints:
    """Features (C,) in the order of the norms of their weights (Head2Toe's relevance scores)."""
    return np.argsort(-np.linalg.norm(ridge.weight(penalty), axis=1), kind="stable")


def first(order: Ints, share: float) -> Ints:
    """The first places of an order, at least one, ascending."""
    return np.sort(order[: max(1, round(share * len(order)))])


def cross_validated(codes: Floats, labels: Ints, fold: Ints, classes: int, penalties: Floats) -> Iterator[Floats]:
    """For each held-out fold (N,), of each penalty: rows that are right, and their squared error, (2, P)."""
    for right, error in held_out(codes, labels, fold, classes, penalties):
        yield np.array((right.sum(1), error))


def held_out(
    codes: Floats, labels: Ints, fold: Ints, classes: int, penalties: Floats
) -> Iterator[tuple[NDArray[np.bool_], Floats]]:
    """For each held-out fold, ascending: at each penalty which of its rows are right (P, M), and their error (P,)."""
    for part in np.unique(fold):
        held = fold == part
        yield _judged(Ridge.of(codes[~held], labels[~held], classes), codes[held], labels[held], penalties)


def errors_of_shares(
    codes: Floats,
    labels: Ints,
    fold: Ints,
    classes: int,
    penalties: Floats,
    *,
    shares: Sequence[float],
    penalty: float,
) -> Iterator[tuple[int, float]]:
    """Squared error on each held-out fold with each share of the strongest features, at its best penalty.

    Yields the share's place and its error, fold by fold.

    Which features are strongest, at `penalty`, is seen on the fold's own training rows.
    """
    for part in np.unique(fold):
        held = fold == part
        order = strongest_first(Ridge.of(codes[~held], labels[~held], classes), penalty)
        for place, share in enumerate(shares):
            kept = first(order, share)
            ridge = Ridge.of(codes[~held][:, kept], labels[~held], classes)
            yield place, float(_judged(ridge, codes[held][:, kept], labels[held], penalties)[1].min())


def _judged(ridge: Ridge, codes: Floats, labels: Ints, penalties: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """At each penalty: which rows (M, C) are right, (P, M), and their squared error, (P,)."""
    targets = np.eye(len(ridge.shares))[labels]
    found = [
        (scores.argmax(1) == labels, np.square(scores - targets).sum()) for scores in ridge.scores(codes, penalties)
    ]
    return np.array([right for right, _ in found]), np.array([error for _, error in found])
