"""Fine-tuning beside fastai's: `python -m benchmarks.peer_fastai --data FOLDER --workspace FOLDER --fastai PYTHON`.

The same 100 training images a class of clothing, the same real weights (squeezenet1_1 under TORCH_HOME), the same
number of epochs, the same test images; three seeds. PYTHON is an interpreter that has fastai 2.8. Each side is a
process of its own, one after the other, timed from its start to its end: libraries loaded, images decoded, trained and
tested. Nothing that an earlier run kept is used.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.backbones import imported
from transfer_core.training.rows import chosen_rows
from transfer_core.types import SPLITS, Dataset, Recipe
from transfer_core.workspace import Workspace

PER_CLASS, SEEDS, EPOCHS, BACKBONE = 100, 3, 5, "squeezenet1_1"


def laid_out(dataset: Dataset, recipe: Recipe, root: Path) -> Path:
    """The recipe's images as folders of links, as fastai reads them."""
    folder = root / "fastai" / f"{dataset.id}-{recipe.per_class}-{recipe.seed}"
    shutil.rmtree(folder, ignore_errors=True)
    used = chosen_rows(dataset, recipe)
    for number, split in enumerate(SPLITS):
        for row in used.rows(number):
            target = folder / split / dataset.classes[dataset.labels[row]]
            target.mkdir(parents=True, exist_ok=True)
            os.symlink(
                (root / "datasets" / dataset.id / "samples" / dataset.files[row]).resolve(), target / dataset.files[row]
            )
    return folder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--fastai", type=Path, required=True, metavar="PYTHON")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--skip-fastai", action="store_true")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(given.workspace)
    dataset = imported(workspace, given.data, "clothing")
    settings = {"per_class": PER_CLASS, "epochs": given.epochs}
    recipes = [
        workspace.recipes.make(dataset, "fine_tune_all", BACKBONE, seed=seed, **settings) for seed in range(SEEDS)
    ]
    workspace.close()
    found: dict[str, list[tuple[float, float]]] = {"Graft": [], "fastai": []}
    for recipe in recipes:
        options = ("--backbone", BACKBONE, "--seed", str(recipe.seed), "--per-class", str(PER_CLASS))
        command = (sys.executable, "-m", "transfer_core", "run", dataset.id, "--strategy", "fine_tune_all", *options)
        for kept in (given.workspace / "features", *(given.workspace / "datasets" / dataset.id).glob("pixels*")):
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink(missing_ok=True)
        found["Graft"].append(
            _timed(*command, "--epochs", str(given.epochs), "--workspace", str(given.workspace), "--again", "--json")
        )
        if not given.skip_fastai:
            folder = laid_out(dataset, recipe, given.workspace)
            script = Path(__file__).with_name("fastai_side.py")
            found["fastai"].append(
                _timed(str(given.fastai), str(script), str(folder), str(recipe.seed), str(given.epochs))
            )
        for name, runs in found.items():
            if runs:
                print(f"| {name} | seed {recipe.seed} | {runs[-1][0]:.3f} | {runs[-1][1]:.0f} s |", flush=True)
    means = {name: np.mean(runs, 0) for name, runs in found.items() if runs}
    for name, (accuracy, seconds) in means.items():
        print(f"{name}: mean {accuracy:.3f}, {seconds:.0f} s")
    if len(means) == 2:
        (ours, fast), (theirs, slow) = means["Graft"], means["fastai"]
        print(f"Graft is {100 * (ours - theirs):+.1f} points and takes {fast / slow:.2f} times the time")
    return 0


def _timed(*command: str) -> tuple[float, float]:
    """Test accuracy, and seconds from the start of the process to its end."""
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(ended.stderr)
    return json.loads(ended.stdout.splitlines()[-1])["test_accuracy"], time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
