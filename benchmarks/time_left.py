"""Record what three runs tell of their passes, by the clock: what tests of the time left are held against.

    python -m benchmarks.time_left --workspace FOLDER --out tests/training/recorded_runs.json

The workspace has a dataset; its features are computed anew, in a folder beside it. Each record is [seconds, what, ...],
as `transfer_core.training.meter.Meter` was told it. Seconds are those that one core of this process computed, so that
what else the machine does meanwhile counts nothing.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from transfer_core.training import fit as training
from transfer_core.training import setup
from transfer_core.training.meter import Meter
from transfer_core.types import RunEnd
from transfer_core.workspace import Workspace

RUNS: dict[str, dict[str, Any]] = {
    "a linear probe": {"strategy": "linear_probe", "backbone_name": "efficientnet_lite0", "per_class": 12},
    "everything fine-tuned": {
        "strategy": "fine_tune_all",
        "backbone_name": "bundled",
        "per_class": 10,
        "epochs": 8,
        "patience": 0,
    },
    "unfrozen step by step": {
        "strategy": "gradual",
        "backbone_name": "bundled",
        "per_class": 10,
        "epochs": 8,
        "patience": 0,
    },
}
TOLD = ("begin_leg", "passed", "add", "drop", "only", "solved")


def recording(records: list[list[Any]], plan: dict[str, Any]) -> type[Meter]:
    """A meter that writes down what it is told."""

    class Recorder(Meter):
        def __init__(self, device: Any, **told: Any) -> None:
            super().__init__(device, clock=time.process_time, **told)
            if told.get("forward"):
                plan.update(told, legs=[vars(leg) for leg in told.get("legs", ())])

        def __getattribute__(self, name: str) -> Any:
            found = super().__getattribute__(name)
            if name not in TOLD:
                return found

            def call(*args: Any, **named: Any) -> Any:
                records.append([round(self.seconds(), 3), name, *_plain(args), *named.values()])
                return found(*args, **named)

            return call

        def __setattr__(self, name: str, value: Any) -> None:
            if name == "slope" and value is not None:
                records.append([round(self.seconds(), 3), name, float(f"{value:.4g}")])
            super().__setattr__(name, value)

    return Recorder


def _plain(args: tuple[Any, ...]) -> list[Any]:
    return [float(f"{each:.4g}") if isinstance(each, float) else each for each in args]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    time.monotonic = time.process_time
    workspace = Workspace(options.workspace, write=False)
    dataset = workspace.datasets.get(workspace.datasets.list()[0].id)
    found = {}
    for title, told in RUNS.items():
        with tempfile.TemporaryDirectory() as folder:
            root, records, plan = Path(folder), list[list[Any]](), dict[str, Any]()
            shutil.copytree(options.workspace / "datasets", root / "datasets")
            setup.Meter = recording(records, plan)  # type: ignore[misc]
            recipe = workspace.recipes.make(dataset, **told)
            (root / "run").mkdir()
            work = training.fit(recipe, dataset, workspace=root, out=root / "run", device="cpu")
            (end,) = [event for event in work if isinstance(event, RunEnd)]
        found[title] = {"plan": plan, "seconds": round(end.result["seconds"], 3), "records": records}
        print(title, len(records), found[title]["seconds"], flush=True)
        lines = ",\n".join(f"{json.dumps(title)}: {json.dumps(each)}" for title, each in found.items())
        options.out.write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
