"""Expected against real seconds: `python -m benchmarks.estimates --data FOLDER --workspace FOLDER`.

Each task is measured, which leaves its features kept as it does for a user; then every strategy's default recipe runs
with early stopping off, in the same process. Only runs longer than 20 s count. Resumable.
"""

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.advice import datasets
from transfer_core.studies.measure import measure
from transfer_core.training.devices import device
from transfer_core.training.fit import fit
from transfer_core.training.rows import chosen_rows
from transfer_core.types import Measured, RunEnd, from_plain
from transfer_core.workspace import Workspace

TASKS = ("wallpaper,20,bundled", "brain_mri,100,bundled", "clothing,20,squeezenet1_1")
COUNTS_FROM = 20.0  # seconds
WITHIN = 0.25


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--task", action="append", metavar="DATASET,IMAGES A CLASS,BACKBONE", help="repeatable")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(given.workspace)
    found, where = datasets(workspace, given.data), device("auto").name
    ratios = []
    print("| task | strategy | expected, s | real, s | expected / real |\n| --- | --- | --- | --- | --- |")
    for name, per_class, backbone in (task.split(",") for task in given.task or TASKS):
        whole, file = found[name], given.workspace / f"estimates-{name}-{per_class}-{backbone}.json"
        kept = json.loads(file.read_text()) if file.exists() else {"real": {}}
        first = workspace.recipes.make(whole, "linear_probe", backbone, per_class=int(per_class))
        if "measured" not in kept:
            some = chosen_rows(whole, first)
            *_, end = measure(some, workspace.backbones.get(backbone), workspace=given.workspace, device=where)
            assert isinstance(end, RunEnd)
            kept["measured"] = end.result
            file.write_text(json.dumps(kept))
        for estimate in from_plain(Measured, kept["measured"], earlier=True).estimates:
            if estimate.seconds > COUNTS_FROM / 2 and estimate.strategy not in kept["real"]:
                made = workspace.recipes.make(whole, estimate.strategy, backbone, per_class=int(per_class))
                out = given.workspace / "estimated" / f"{name}-{estimate.strategy}"
                out.mkdir(parents=True, exist_ok=True)
                *_, end = fit(replace(made, patience=0), whole, workspace=given.workspace, out=out, device=where)
                assert isinstance(end, RunEnd)
                kept["real"][estimate.strategy] = end.result["seconds"]
                file.write_text(json.dumps(kept))
            real = kept["real"].get(estimate.strategy, 0.0)
            if real > COUNTS_FROM:
                ratios.append(estimate.seconds / real)
                row = f"{name} {per_class} a class, {backbone} | {estimate.strategy}"
                print(f"| {row} | {estimate.seconds:.0f} | {real:.0f} | {ratios[-1]:.2f} |", flush=True)
    good = sum(abs(ratio - 1) <= WITHIN for ratio in ratios)
    print(f"\n{good} of {len(ratios)} runs longer than {COUNTS_FROM:.0f} s within {WITHIN:.0%}")
    workspace.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
