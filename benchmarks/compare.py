"""What comparing costs: `python -m benchmarks.compare`.

Twelve runs of 10,000 test images of invented predictions, in a real workspace: how long a comparison takes that was
never made before, against scipy's own paired bootstrap of the accuracies alone; how long each section of the Compare
page takes to rerun in the server, and how long a list of 100 runs. Nothing is trained.
"""

import argparse
import itertools
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import stats
from streamlit.testing.v1 import AppTest

from components import state
from components.kit import guard
from transfer_core.store import Store
from transfer_core.types import TEST, TRAIN, VAL, Dataset, EpochEnd, Predictions, StageStart
from transfer_core.workspace import Workspace

RUNS, LISTED, IMAGES, RESAMPLES = 12, 100, 10_000, 2_000
SECTIONS = ("Approaches", "Cost", "Curves", "Classes", "Images", "Recipes", "Table")
PAGE = Path(__file__).resolve().parents[1] / "pages" / "compare.py"
EPOCHS = 20


def invented(workspace: Workspace, classes: int, rng: np.random.Generator) -> Dataset:
    """As many images for training and half as many for validation as for the test, all of them the same picture."""
    splits = np.repeat([TEST, TRAIN, VAL], [IMAGES, IMAGES, IMAGES // 2])
    count = len(splits)
    folder = workspace.root / "datasets" / "invented" / "samples"
    folder.mkdir(parents=True)
    Image.fromarray(rng.integers(0, 255, (160, 160, 3), dtype=np.uint8)).save(folder / "0.jpg")
    dataset = Dataset(
        id="invented",
        name="invented",
        classes=tuple(f"class {i}" for i in range(classes)),
        paths=tuple(f"{i}.jpg" for i in range(count)),
        files=("0.jpg",) * count,
        labels=rng.integers(0, classes, count),
        splits=splits,
        groups=np.arange(count),
        widths=np.full(count, 160),
        heights=np.full(count, 160),
    )
    with closing(Store(workspace.root / "graft.db", write=True)) as store:
        store.add_dataset(dataset)
    return workspace.datasets.find("invented")


def finished(workspace: Workspace, dataset: Dataset, number: int, rng: np.random.Generator) -> str:
    """A run with its curve and predictions, more accurate the higher its number. Returns its id."""
    names = [strategy.name for strategy in workspace.strategies.list() if not strategy.network]
    recipe = workspace.recipes.make(dataset, names[number % len(names)], seed=number // len(names))
    id = f"run{number:03d}"
    payload, accuracy = {"recipe": asdict(recipe)}, 0.6 + 0.02 * (number % RUNS)
    result = {"seconds": 10.0 + number, "val_accuracy": accuracy, "test_accuracy": accuracy, "peak_bytes": 10**9}
    with closing(Store(workspace.root / "graft.db", write=True)) as store:
        store.add_job(id=id, kind="train", payload=payload, lane="cpu", dataset=dataset.id, recipe=recipe.id)
        store.append(id, curve(accuracy))
        store.finish(id, "done", result=result)
    kept = {}
    for name, split in (("val", VAL), ("test", TEST)):
        rows = np.flatnonzero(dataset.splits == split)
        shares = rng.dirichlet(np.full(len(dataset.classes), 0.1), len(rows))  # (N, C)
        right = rng.random(len(rows)) < accuracy
        shares[right, dataset.labels[rows][right]] += 1.0
        kept[f"{name}_samples"], kept[f"{name}_labels"] = rows, dataset.labels[rows]
        kept[f"{name}_probabilities"] = shares / shares.sum(1, keepdims=True)
    folder = workspace.root / "runs" / id
    folder.mkdir(parents=True)
    np.savez(folder / "predictions.npz", **kept)
    return id


def curve(accuracy: float) -> list[StageStart | EpochEnd]:
    start = StageStart(stage="tune", title="Tune", number=1, stages=1, unit="epoch", of=EPOCHS)
    return [start] + [
        EpochEnd(
            stage="tune",
            epoch=epoch,
            step=epoch,
            train_loss=1 / epoch,
            train_accuracy=accuracy,
            val_loss=1.2 / epoch,
            val_accuracy=accuracy,
            best=True,
            seconds=float(epoch),
        )
        for epoch in range(1, EPOCHS + 1)
    ]


def peer(kept: list[Predictions]) -> float:
    """Seconds that scipy takes for the accuracies of one pair of runs: paired bootstrap, and McNemar's exact test."""
    right = [(each.test_probabilities.argmax(1) == each.test_labels).astype(float) for each in kept[:2]]
    began = time.perf_counter()

    def lead(a: np.ndarray, b: np.ndarray, axis: int) -> np.ndarray:
        return a.mean(axis) - b.mean(axis)

    stats.bootstrap(right, lead, paired=True, vectorized=True, n_resamples=RESAMPLES, batch=250, method="percentile")
    wins, losses = int((right[0] > right[1]).sum()), int((right[1] > right[0]).sum())
    stats.binomtest(wins, wins + losses)
    return time.perf_counter() - began


def rerun(section: str) -> tuple[float, float]:
    """Seconds of the page's first run with a section open, and the median of three that follow, in the server."""
    page = AppTest.from_file(str(PAGE), default_timeout=120)
    page.session_state[state.opened.key] = True
    page.query_params["section"] = section
    took = []
    for _ in range(4):
        began = time.perf_counter()
        page.run()
        took.append(time.perf_counter() - began)
        if page.exception or page.error:
            raise RuntimeError(f"{section}: {page.exception or page.error}")
    return took[0], float(np.median(took[1:]))


def measured(classes: int) -> None:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder, Workspace(Path(folder)) as workspace:
        guard.workspace = lambda: workspace
        dataset = invented(workspace, classes, rng)
        ids = [finished(workspace, dataset, number, rng) for number in range(RUNS)]
        began = time.perf_counter()
        workspace.comparisons.make(ids)
        took = time.perf_counter() - began
        pairs = len(list(itertools.combinations(ids, 2)))
        alone = pairs * peer([workspace.runs.predictions(id) for id in ids])
        print(f"| {classes} | compare {RUNS} runs | {took:.2f} | scipy, accuracies alone: {alone:.1f} |", flush=True)
        for section in SECTIONS:
            first, again = rerun(section)
            print(f"| {classes} | page, {section} | {again:.3f} | first time: {first:.2f} |", flush=True)
        for number in range(RUNS, LISTED):
            finished(workspace, dataset, number, rng)
        began = time.perf_counter()
        runs = workspace.runs.list(dataset.id)
        workspace.runs.titles(runs)
        took = time.perf_counter() - began
        print(f"| {classes} | list {len(runs)} runs | {took:.3f} | |", flush=True)
        first, again = rerun(SECTIONS[0])
        print(f"| {classes} | page among {len(runs)} runs | {again:.3f} | first time: {first:.2f} |", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--classes", type=int, action="append", help="repeatable (default: 20 and 100)")
    given = parser.parse_args()
    print("| classes | what | seconds | beside it |")
    print("| --- " * 4 + "|")
    for classes in given.classes or (20, 100):
        measured(classes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
