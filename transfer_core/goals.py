"""What counts, as text and in words; and what a model reaches of it, by scikit-learn's metrics."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transfer_core.errors import RecipeError
from transfer_core.types import Floats, Goal, Ints, Kind

ACCURACY = Goal()
KINDS: dict[Kind, str] = {"accuracy": "Accuracy", "macro_f1": "Macro-F1", "recall": "Recall of one class"}
ASKED = 0.9  # precision where none is said
LEAST, MOST = 0.05, 0.99  # of a precision that may be asked for


def written(goal: Goal) -> str:
    """As recipes and workspaces keep it: "accuracy", "macro_f1", "recall:rare@0.9"."""
    return f"recall:{goal.label}@{goal.precision:g}" if goal.kind == "recall" else goal.kind


def goal_of(text: str, classes: Sequence[str]) -> Goal:
    """What `written` wrote, or a user: "macro-f1", "recall:rare". Raises RecipeError."""
    kind, _, rest = text.partition(":")
    if kind.replace("-", "_") in ("accuracy", "macro_f1") and not rest:
        return Goal(kind="accuracy" if kind == "accuracy" else "macro_f1")
    label, precision = rest, ASKED
    if rest not in classes and "@" in rest:
        label, _, number = rest.rpartition("@")
        try:
            precision = float(number)
        except ValueError:
            precision = 0.0
    if kind != "recall":
        raise RecipeError(f"What counts is {text!r}; say accuracy, macro-f1 or recall:CLASS@PRECISION.")
    if label not in classes:
        raise RecipeError(f"There is no class {label!r} whose recall could count. There are: {', '.join(classes)}.")
    if not LEAST <= precision <= MOST:
        raise RecipeError(f"A precision lies between {LEAST:g} and {MOST:g}, as in recall:{label}@0.9.")
    return Goal(kind="recall", label=label, precision=precision)


def words(goal: Goal) -> str:
    """ "accuracy", "macro-F1", "recall of “rare” at 90 % precision" """
    if goal.kind == "recall":
        return f"recall of “{goal.label}” at {100 * goal.precision:.0f} % precision"
    return KINDS[goal.kind][0].lower() + KINDS[goal.kind][1:]


def threshold(positive: NDArray[np.bool_], shares: Floats, precision: float) -> float | None:
    """From which probability (N,) on as many as possible of the positive images (N,) are found, while what is called so
    is right that often; None where no probability keeps that, or nothing is positive."""
    from sklearn.metrics import precision_recall_curve  # here, since it takes a second to import

    if not positive.any():
        return None
    kept, found, cuts = precision_recall_curve(positive, shares)
    keeps = np.flatnonzero((kept[:-1] >= precision) & (found[:-1] > 0))
    if not len(keeps):
        return None
    best = keeps[found[keeps] == found[keeps].max()][-1]  # of equals the highest
    return float(cuts[best])


def reached(goal: Goal, labels: Ints, shares: Floats, classes: Sequence[str]) -> float:
    """What probabilities (N, C) reach of a goal on images with these labels (N,), between 0 and 1; the threshold of a
    recall is set on the same images, so these are validation images."""
    if goal.kind == "accuracy" or not len(labels):
        return float((shares.argmax(1) == labels).mean()) if len(labels) else 0.0
    if goal.kind == "macro_f1":
        from sklearn.metrics import f1_score

        return float(f1_score(labels, shares.argmax(1), average="macro", zero_division=0))
    place = classes.index(goal.label)
    positive = labels == place
    cut = threshold(positive, shares[:, place], goal.precision)
    return 0.0 if cut is None else float((shares[positive, place] >= cut).mean())
