"""Runs, predictions and datasets made by hand."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from transfer_core.compare.compared import Comparison
from transfer_core.compare.comparison import compared
from transfer_core.types import FIRST, HEAD, Dataset, Predictions, Recipe, Run

TITLES = {"linear_probe": "Linear probe", "fine_tune_all": "Fine-tune all", "from_scratch": "From scratch"}


def predicted(probabilities: Any, labels: Any, first_sample: int = 0) -> Predictions:
    """The same for validation and test."""
    shares, truth = np.asarray(probabilities, float), np.asarray(labels, np.int64)
    rows = np.arange(first_sample, first_sample + len(truth))
    return Predictions(
        val_samples=rows,
        val_labels=truth,
        val_probabilities=shares,
        test_samples=rows,
        test_labels=truth,
        test_probabilities=shares,
    )


def predictions(right: Sequence[bool], first_sample: int = 0) -> Predictions:
    """Labels all 0 of two classes; right predictions say 0."""
    shares = [[0.9, 0.1] if r else [0.2, 0.8] for r in right]
    return predicted(shares, [0] * len(right), first_sample)


def run(id: str, strategy: str = "linear_probe", *, seconds: float | None = 10.0, **fields: Any) -> Run:
    rest = {"created": 0.0, "started": 0.0, "finished": 0.0, "device": "cpu"}
    known = {name: fields.pop(name) for name in ("val_accuracy", "test_accuracy") if name in fields}
    tuned = {"train_from": FIRST if strategy in ("fine_tune_all", "from_scratch") else HEAD}
    made = {"weights": "random" if strategy == "from_scratch" else "w"} | tuned | fields
    recipe = Recipe(dataset="d", backbone="b", version=1, strategy=strategy, **made)
    return Run(id=id, recipe=recipe, status="done", seconds=seconds, **known, **rest)  # type: ignore[arg-type]


def dataset(images: int, groups: Any = None) -> Dataset:
    zeros = np.zeros(images, np.int64)
    return Dataset(
        id="d",
        name="d",
        classes=("a", "b"),
        paths=("",) * images,
        files=("",) * images,
        labels=zeros,
        splits=zeros + 2,
        groups=np.arange(images) if groups is None else np.asarray(groups),
        widths=zeros,
        heights=zeros,
    )


def comparison(
    right: Mapping[str, Sequence[bool]], strategies: Mapping[str, str], seconds: Mapping[str, float | None], **more: Any
) -> Comparison:
    runs = [run(id, strategies[id], seconds=seconds[id]) for id in right]
    kept = {id: predictions(each) for id, each in right.items()}
    names = {id: TITLES[strategies[id]] for id in right}
    return compared(runs, kept, dataset(len(next(iter(right.values())))), names, **more)
