"""Finished runs whose predictions are known, without training any; and a small dataset that has some."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from tests.database import database
from transfer_core.types import TEST, TRAIN, VAL, Dataset, EpochEnd, Predictions, Recipe, Run, StageStart, Status
from transfer_core.workspace import Workspace

Finish = Callable[..., Run]
CLASSES = ("<b>cat</b>", "=dog", "owl")
LABELS = np.repeat([0, 1, 2], (30, 30, 4))
# What each strategy takes images for: the first errs on 26 cats, the second on the 4 others; all on two owls.
NAMED = {
    "linear_probe": np.r_[np.ones(26), np.zeros(4), np.ones(30), [2, 2, 0, 0]].astype(int),
    "fine_tune_all": np.r_[np.zeros(26), np.ones(4), np.ones(30), [2, 2, 0, 0]].astype(int),
    "linear_svm": np.r_[np.zeros(30), np.ones(30), [2, 2, 0, 0]].astype(int),
}


@contextmanager
def filled(folder: Path) -> Iterator[Workspace]:
    """A workspace of its own, filled."""
    st.cache_data.clear()
    workspace = Workspace(folder)
    fill(workspace)
    yield workspace
    workspace.close()


def fill(workspace: Workspace, trained: int = 0) -> None:
    """Dataset "d" of 64 test images and `trained` to train on, and a finished run of each strategy of NAMED; its id is
    the strategy's name.
    """
    tested, count = len(LABELS), len(LABELS) + trained
    dataset = Dataset(
        id="d",
        name="Animals",
        classes=CLASSES,
        paths=tuple(f"=animals/{i}.png" for i in range(count)),
        files=tuple(f"{i}.png" for i in range(count)),
        labels=np.concatenate([LABELS, np.arange(trained) % len(CLASSES)]),
        splits=np.repeat([TEST, TRAIN], [tested, trained]),
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


def finished(
    workspace: Workspace,
    dataset: Dataset,
    strategy: str,
    wrong: int,
    *,
    seconds: float | None = 10.0,
    val: float = 0.8,
    status: Status = "done",
    told: dict[str, Any] | None = None,
    **fields: Any,
) -> Run:
    """A run that has so many test images wrong, with its predictions, curves and model file.

    `told`: what else its job told; `fields`: of its recipe.
    """
    backbone = fields.pop("backbone", None)
    recipe = workspace.recipes.make(dataset, strategy, **fields)
    recipe = recipe if backbone is None else replace(recipe, backbone=backbone)
    id = f"run{len(workspace.jobs.list()):04d}"
    payload = {"recipe": asdict(recipe)}
    kept = some_wrong(dataset, wrong)
    accuracy = float((kept.test_probabilities.argmax(1) == kept.test_labels).mean())
    result = {"seconds": seconds, "val_accuracy": val, "test_accuracy": accuracy, "peak_bytes": 10**9, **(told or {})}
    with database(workspace) as store:
        store.add_job(id=id, kind="train", payload=payload, lane="cpu", dataset=dataset.id, recipe=recipe.id)
        store.append(id, story(gradient=bool(recipe.epochs)))
        store.finish(id, status, result=result)
    folder = workspace.root / "runs" / id
    folder.mkdir(parents=True)
    np.savez(folder / "predictions.npz", **vars(kept))
    (folder / "model.safetensors").write_bytes(b"0" * 2_000_000)
    return workspace.runs.get(id)


def some_wrong(dataset: Dataset, wrong: int) -> Predictions:
    found = {}
    for name, split in (("val", VAL), ("test", TEST)):
        rows = np.flatnonzero(dataset.splits == split)
        labels = dataset.labels[rows]
        named = labels.copy()
        named[:wrong] = (named[:wrong] + 1) % len(dataset.classes)
        shares = np.full((len(rows), len(dataset.classes)), 0.1)
        shares[np.arange(len(rows)), named] = 0.8
        found |= {f"{name}_samples": rows, f"{name}_labels": labels, f"{name}_probabilities": shares}
    return Predictions(**found)


def _end(stage: str, epoch: int, seconds: float) -> EpochEnd:
    return EpochEnd(
        stage=stage,
        epoch=epoch,
        step=epoch,
        train_loss=1.0 / epoch,
        train_accuracy=0.5,
        val_loss=1.2 / epoch,
        val_accuracy=0.4,
        best=True,
        seconds=seconds,
    )


def story(*, gradient: bool) -> list[StageStart | EpochEnd]:
    """A head that a solver fits in three steps; with `gradient`, two epochs of fine-tuning after it."""
    head: list[StageStart | EpochEnd] = [
        StageStart(stage="head", title="Head", number=1, stages=2, unit="step of the solver", of=300),
        *(_end("head", step, 5.0) for step in (1, 2, 3)),
    ]
    tuned = [
        StageStart(stage="tune", title="Tune", number=2, stages=2, unit="epoch", of=2),
        _end("tune", 4, 8.0),
        _end("tune", 5, 9.0),
    ]
    return head + tuned if gradient else head
