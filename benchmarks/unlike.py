"""How well Graft tells what is unlike its training: `python -m benchmarks.unlike --data FOLDER --workspace FOLDER`.

First, of a linear probe of each dataset: how many of its own test images carry the warning, and how many of 200 images
of each other dataset. Then the harder question: each class is left out of training in turn, and the score has to tell
its test images from those of the classes that stayed; the mean area under the ROC curve. By kept features of the
default network; nothing is chosen by test images.

`--run RUN` asks the same first question of a run that the workspace has, a fine-tuned one say, by predicting with it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.backbones import imported
from transfer_core.compare.familiar import familiar
from transfer_core.training.features import outputs
from transfer_core.training.setup import REMEMBERED, begin, plan, prepare
from transfer_core.types import TEST, TRAIN, VAL, Dataset, Floats, Ints, RunEnd
from transfer_core.workspace import Workspace

TASKS = ("clothing", "monkeys", "brain_mri", "traffic_signs")
OTHERS = 200  # images of each other dataset


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--run", action="append", default=[], help="of a run of this workspace; repeatable")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(given.workspace)
    if given.run:
        for run in given.run:
            print(of_run(workspace, given.data, run), flush=True)
        workspace.close()
        return 0
    codes = {name: looked_at(workspace, given.data, name) for name in TASKS}
    workspace.close()
    print("| trained on | own test images | " + " | ".join(TASKS) + " | classes left out, mean AUROC |")
    print("| --- " * (len(TASKS) + 3) + "|")
    rng = np.random.default_rng(0)
    for name in TASKS:
        seen, labels, splits = codes[name]
        train, val, test = (np.flatnonzero(splits == split) for split in (TRAIN, VAL, TEST))
        head = fitted(seen[train], labels[train])
        some = rng.permutation(train)[: 2 * REMEMBERED]
        known = familiar(seen[some], seen[val], head.decision_function(seen[val]))
        own = known.unlike(seen[test], head.decision_function(seen[test])).mean()
        cells = []
        for other in TASKS:
            far = rng.permutation(len(codes[other][0]))[:OTHERS]
            odd = codes[other][0][far]
            cells.append("" if other == name else f"{known.unlike(odd, head.decision_function(odd)).mean():.1%}")
        areas = left_out(seen, labels, train, val, test)
        area = f"{np.mean(areas):.3f} ({min(areas):.2f} to {max(areas):.2f})"
        print(f"| {name} | {own:.1%} | {' | '.join(cells)} | {area} |")
        sys.stdout.flush()
    return 0


def of_run(workspace: Workspace, data: Path, run: str) -> str:
    """Shares of its own test images and of each other dataset's that carry the warning."""
    recipe = workspace.runs.get(run).recipe
    own = workspace.datasets.get(recipe.dataset)
    found = [f"{recipe.strategy} on {own.name}, {recipe.per_class or 'all'} a class, {recipe.px or 'own'} px"]
    found.append(f"own test images {carried(workspace, run, own, own.rows(TEST)):.1%}")
    rng = np.random.default_rng(0)
    for name in TASKS:
        if name != own.name:
            other = imported(workspace, data, name)
            found.append(f"{name} {carried(workspace, run, other, rng.permutation(len(other))[:OTHERS]):.1%}")
    return ": ".join((found[0], ", ".join(found[1:])))


def carried(workspace: Workspace, run: str, dataset: Dataset, rows: Ints) -> float:
    """The share of these images that a prediction says are unlike anything in training."""
    samples = workspace.root / "datasets" / dataset.id / "samples"
    job = workspace.predictions.submit_paths([run], [samples / dataset.files[row] for row in rows])
    *_, end = workspace.jobs.drive(job)
    assert isinstance(end, RunEnd) and end.status == "done", end
    return float(workspace.predictions.get(job).unlike[0].mean())


def looked_at(workspace: Workspace, data: Path, name: str) -> tuple[Floats, Ints, Ints]:
    """Codes (N, C) of all images of a dataset, their labels and splits; kept in the workspace."""
    dataset = imported(workspace, data, name)
    file = workspace.root / f"unlike-{dataset.id}.npy"
    if not file.exists():
        recipe = workspace.recipes.make(dataset, "linear_probe")
        backbone, _ = plan(recipe, dataset, workspace.root)
        work = prepare(recipe, dataset, backbone, workspace=workspace.root, device=torch.device("cpu"))
        run = begin(ended(work))
        np.save(file, ended(outputs(run, run.network.codes, np.arange(len(dataset)), name)))
    return np.load(file), dataset.labels, dataset.splits


def ended(work):  # type: ignore[no-untyped-def]
    """What a generator returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def fitted(codes: Floats, labels: Ints) -> LogisticRegression:
    return LogisticRegression(C=0.1, max_iter=300).fit(codes, labels)


def left_out(seen: Floats, labels: Ints, train: Ints, val: Ints, test: Ints) -> list[float]:
    """The area under the ROC curve for each class that training does not see."""
    rng, areas = np.random.default_rng(0), []
    for label in range(int(labels.max()) + 1):
        stays = [rows[labels[rows] != label] for rows in (train, val)]
        head = fitted(seen[stays[0]], labels[stays[0]])
        some = rng.permutation(stays[0])[: 2 * REMEMBERED]
        known = familiar(seen[some], seen[stays[1]], head.decision_function(seen[stays[1]]))
        score = known.score(seen[test], head.decision_function(seen[test]))
        areas.append(float(roc_auc_score(labels[test] == label, score)))
    return areas


if __name__ == "__main__":
    sys.exit(main())
