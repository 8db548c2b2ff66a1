"""A small dataset with finished runs whose predictions are known, without training any."""

from dataclasses import asdict
from typing import Any

import numpy as np
from PIL import Image

from tests.database import database
from transfer_core.types import Dataset, Predictions, Recipe
from transfer_core.workspace import Workspace

CLASSES = ("<b>cat</b>", "=dog", "owl")
LABELS = np.repeat([0, 1, 2], (30, 30, 4))
# What each strategy takes images for: the first errs on 26 cats, the second on the 4 others; all on two owls.
NAMED = {
    "linear_probe": np.r_[np.ones(26), np.zeros(4), np.ones(30), [2, 2, 0, 0]].astype(int),
    "fine_tune_all": np.r_[np.zeros(26), np.ones(4), np.ones(30), [2, 2, 0, 0]].astype(int),
    "linear_svm": np.r_[np.zeros(30), np.ones(30), [2, 2, 0, 0]].astype(int),
}


def fill(workspace: Workspace) -> None:
    """Dataset "d" of 64 test images, and a finished run of each strategy of NAMED; its id is the strategy's name."""
    count = len(LABELS)
    dataset = Dataset(
        id="d",
        name="Animals",
        classes=CLASSES,
        paths=tuple(f"=animals/{i}.png" for i in range(count)),
        files=tuple(f"{i}.png" for i in range(count)),
        labels=LABELS,
        splits=np.full(count, 2),
        groups=np.arange(count),
        widths=np.full(count, 8),
        heights=np.full(count, 8),
    )
    with database(workspace) as store:
        store.add_dataset(dataset)
        for name in NAMED:
            recipe = Recipe(dataset="d", backbone="bundled", weights="w", version=1, strategy=name)
            payload = {"recipe": asdict(recipe)}
            store.add_job(id=name, kind="train", payload=payload, lane="auto", dataset="d", recipe=recipe.id)
            store.finish(name, "done", result={"seconds": 1.0, "val_accuracy": 0.5})
    samples = workspace.root / "datasets" / "d" / "samples"
    samples.mkdir(parents=True)
    for i in range(count):
        Image.new("RGB", (8, 8), (i, 2 * i, 3 * i)).save(samples / f"{i}.png")
    for name, named in NAMED.items():
        (workspace.root / "runs" / name).mkdir(parents=True)
        np.savez(workspace.root / "runs" / name / "predictions.npz", **asdict(predictions(named)))


def predictions(named: "np.ndarray[Any, Any]") -> Predictions:
    """Test images only, each some 80 % sure of the class named, the first ones a little surer."""
    shares = np.full((len(named), 3), 0.1)
    shares[np.arange(len(named)), named] = 0.8 + 0.1 * np.linspace(1, 0, len(named))
    none = np.zeros(0, dtype=np.int64)
    return Predictions(
        val_samples=none,
        val_labels=none,
        val_probabilities=np.zeros((0, 3)),
        test_samples=np.arange(len(named)),
        test_labels=LABELS,
        test_probabilities=shares / shares.sum(1, keepdims=True),
    )
