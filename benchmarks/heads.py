"""Seconds of fitting linear heads on kept features: `python -m benchmarks.heads --data FOLDER --workspace FOLDER`.

What `transfer_core.expected` counts for each image, feature and class before anything is measured.
"""

import argparse
import sys
import time
from pathlib import Path

import torch

from benchmarks.advice import last
from benchmarks.backbones import imported
from transfer_core.training.devices import device
from transfer_core.training.features import frozen_features
from transfer_core.training.fit import HEADS
from transfer_core.training.setup import begin, plan, prepare
from transfer_core.types import TRAIN
from transfer_core.workspace import Workspace

TASKS = (("wallpaper", 0), ("wallpaper", 20), ("clothing", 50), ("monkeys", 0))  # images a class; 0: all
STRATEGIES = ("linear_probe", "linear_svm", "all_layers")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace, where = Workspace(given.workspace), torch.device(device("auto").name)
    print("| dataset | training images | head | seconds | for each image, feature and class |\n" + "| --- " * 5 + "|")
    for name, per_class in TASKS:
        dataset = imported(workspace, given.data, name)
        for strategy in STRATEGIES:
            recipe = workspace.recipes.make(dataset, strategy, per_class=per_class)
            backbone, (stage,) = plan(recipe, dataset, workspace.root)
            run = begin(last(prepare(recipe, dataset, backbone, workspace=workspace.root, device=where)))
            last(frozen_features(run, backbone.taps))
            began = time.monotonic()
            for _ in HEADS[stage.solver](run, stage):
                pass
            seconds, images = time.monotonic() - began, run.context.dataset.count(TRAIN)
            taps = backbone.taps[-1:] if stage.solver == "logistic" else backbone.taps
            each = seconds / (images * sum(tap.channels for tap in taps) * len(dataset.classes))
            print(f"| {name} | {images} | {stage.solver} | {seconds:.1f} | {each:.1e} |", flush=True)
    workspace.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
