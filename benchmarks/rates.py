"""Which learning rates fine-tuning should have: `python -m benchmarks.rates --data FOLDER --workspace FOLDER`.

`fine_tune_all`, 100 training images a class, its other settings by rule, at a grid of peak rates of the head and of the
backbone. Chosen by validation accuracy alone. Of each run: what the fitted head has right before it, after the first
epoch, and what the kept network has. Resumable; one process, so that a run can take features that were kept.
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks.backbones import imported
from transfer_core.types import EpochEnd, RunEnd
from transfer_core.workspace import Workspace

PER_CLASS = 100
TASKS = ("clothing", "monkeys", "metal_defects")
# Peaks of head and backbone: ten times apart, as when the head is random, and alike, as it has been fitted by then.
RATES = ((1e-3, 1e-4), (3e-4, 3e-4), (2e-3, 2e-4), (5e-4, 5e-5), (1e-4, 1e-4), (4e-3, 4e-4))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--backbone", default="")
    parser.add_argument("--px", type=int, default=128)
    parser.add_argument("--task", action="append", default=[])
    parser.add_argument("--rates", action="append", default=[], metavar="HEAD,BACKBONE")
    parser.add_argument("--table", action="store_true", help="print what there is, train nothing")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(given.workspace)
    kept = given.workspace / "rates.json"
    found = json.loads(kept.read_text()) if kept.exists() else {}
    network = workspace.backbones.get(given.backbone)
    rates = [tuple(map(float, pair.split(","))) for pair in given.rates] or list(RATES)
    print("| dataset | head | backbone | fitted head | after an epoch | kept | epochs | seconds |")
    for head, backbone in rates:
        for name in given.task or TASKS:
            key = f"{network.name} {given.px} {name} {head:g} {backbone:g}"
            if key not in found and not given.table:
                dataset = imported(workspace, given.data, name)
                settings = {"px": given.px, "per_class": PER_CLASS, "lr": head, "backbone_lr": backbone}
                found[key] = trained(workspace, dataset, network.name, settings)
                kept.write_text(json.dumps(found, indent=1))
            if key in found:
                row = found[key]
                shares = " | ".join(f"{100 * row[part]:.1f} %" for part in ("fitted", "first", "kept"))
                print(f"| {name} | {head:g} | {backbone:g} | {shares} | {row['epochs']} | {row['seconds']:.0f} |")
                sys.stdout.flush()
    workspace.close()
    return 0


def trained(workspace: Workspace, dataset, backbone: str, settings: dict[str, float]) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """Validation accuracies of one run."""
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, "fine_tune_all", backbone, **settings)])
    events = list(workspace.jobs.drive(id))
    ended = events[-1]
    assert isinstance(ended, RunEnd) and ended.status == "done", ended
    curve = [event for event in events if isinstance(event, EpochEnd) and event.val_accuracy is not None]
    head = [event for event in curve if event.stage == "head"]
    tuned = [event for event in curve if event.stage != "head"]
    return {
        "fitted": next(event.val_accuracy or 0.0 for event in reversed(head) if event.best),
        "first": tuned[0].val_accuracy or 0.0,
        "kept": ended.result["val_accuracy"],
        "test": ended.result["test_accuracy"],
        "epochs": len(tuned),
        "seconds": ended.result["seconds"],
    }


if __name__ == "__main__":
    sys.exit(main())
