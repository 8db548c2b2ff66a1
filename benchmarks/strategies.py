"""Every strategy on the same images: `python -m benchmarks.strategies --data FOLDER --workspace FOLDER`.

All nine at 10 training images a class in three draws and at 100 in two, four of them on all images, with real ImageNet
weights (squeezenet1_1 under TORCH_HOME) and with the bundled backbone. Each run is a process of its own, so that its
peak memory is its own, and computes its features itself, so that its seconds do not hang on what ran before. Finished
runs stay in the workspace: a second call goes on where the first one ended, and other studies use them too. `--table`
only prints what there is.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.backbones import imported
from transfer_core.strategies import strategy
from transfer_core.types import Dataset, Recipe, Run
from transfer_core.workspace import Workspace

DRAWS = {10: 3, 100: 2, 0: 1}  # images a class (0: all), draws
ON_ALL = ("linear_probe", "linear_svm", "fine_tune_all", "from_scratch")
TASKS = (
    ("clothing", "bundled"),
    ("brain_mri", "bundled"),
    ("wallpaper", "bundled"),
    ("clothing", "squeezenet1_1"),
    ("brain_mri", "squeezenet1_1"),
)


def wanted(workspace: Workspace, dataset: Dataset, backbone: str) -> Iterator[Recipe]:
    """The recipes of one task, so that a benchmark that is cut short has something of each strategy."""
    names = [known.name for known in workspace.strategies.list()]
    for per_class, draws in DRAWS.items():
        for seed in range(draws):
            for name in names if per_class else ON_ALL:
                yield workspace.recipes.make(dataset, name, backbone, per_class=per_class, seed=seed)


def done(workspace: Workspace, dataset: Dataset) -> dict[str, Run]:
    """Finished runs by their recipe's id."""
    return {run.recipe.id: run for run in workspace.runs.list(dataset.id) if run.status == "done"}


def train(root: Path, dataset: Dataset, recipe: Recipe) -> str:
    """Run a recipe in a process of its own, as a user does, without kept features. Returns what it printed."""
    shutil.rmtree(root / "features", ignore_errors=True)
    options = ["--strategy", recipe.strategy, "--seed", str(recipe.seed)]
    if not strategy(recipe.strategy).network:  # else it brings its own backbone
        options += ["--backbone", recipe.backbone]
    if recipe.px:
        options += ["--px", str(recipe.px)]
    if recipe.per_class:
        options += ["--per-class", str(recipe.per_class)]
    command = (sys.executable, "-m", "transfer_core", "run", dataset.id, *options)
    ended = subprocess.run((*command, "--workspace", str(root)), capture_output=True, text=True, check=False)
    return (ended.stdout or ended.stderr).strip()


def table(workspace: Workspace, tasks: list[tuple[str, str]]) -> str:
    """Markdown: for each task and size a row of mean test accuracies, with spreads, seconds and peak memory."""
    names = [known.name for known in workspace.strategies.list()]
    parts = []
    for title, cell in (("test accuracy, %", _accuracy), ("seconds", _seconds), ("peak memory, MB", _memory)):
        lines = [f"| {title} | images a class | {' | '.join(names)} |", "| --- " * (len(names) + 2) + "|"]
        for dataset_name, backbone in tasks:
            ids = {row.name: row.id for row in workspace.datasets.list()}
            if dataset_name not in ids:
                continue
            dataset = workspace.datasets.get(ids[dataset_name])
            known = done(workspace, dataset)
            found: dict[tuple[int, str], list[Run]] = defaultdict(list)
            for recipe in wanted(workspace, dataset, backbone):
                if recipe.id in known:
                    found[recipe.per_class, recipe.strategy].append(known[recipe.id])
            for size in DRAWS:
                cells = [cell(found[size, name]) if found[size, name] else "" for name in names]
                if any(cells):
                    lines.append(f"| {dataset_name}, {backbone} | {size or 'all'} | {' | '.join(cells)} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _accuracy(runs: list[Run]) -> str:
    values = 100 * np.array([run.test_accuracy for run in runs])
    return f"{values.mean():.1f}" + (f" ± {values.std(ddof=1):.1f}" if len(values) > 1 else "")


def _seconds(runs: list[Run]) -> str:
    return f"{np.mean([run.seconds or 0 for run in runs]):.0f}"


def _memory(runs: list[Run]) -> str:
    return f"{max(run.peak_bytes or 0 for run in runs) / 1e6:.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing.zip and brain_mri.zip")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--task", action="append", metavar="DATASET,BACKBONE", help="one of the tasks only; repeatable")
    parser.add_argument("--minutes", type=float, default=0.0, help="begin no run after so long")
    parser.add_argument("--table", action="store_true", help="print what there is, train nothing")
    given = parser.parse_args()
    tasks = [tuple(task.split(",")) for task in given.task] if given.task else list(TASKS)
    given.workspace.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    if not given.table:
        workspace = Workspace(given.workspace)
        datasets = {name: imported(workspace, given.data, name) for name, _ in tasks}
        workspace.close()
        reader = Workspace(given.workspace, write=False)
        for name, backbone in tasks:
            for recipe in wanted(reader, datasets[name], backbone):
                if given.minutes and time.monotonic() - began > 60 * given.minutes:
                    break
                if recipe.id not in done(reader, datasets[name]):
                    print(name, recipe.per_class or "all", train(given.workspace, datasets[name], recipe), flush=True)
    print(table(Workspace(given.workspace, write=False), tasks))
    return 0


if __name__ == "__main__":
    sys.exit(main())
