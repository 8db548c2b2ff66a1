"""What a short training shows, by its warm-up: `python -m benchmarks.short_training --data FOLDER --workspace FOLDER`.

A strategy's recipe with so many of its epochs, once with a warm-up that is shortened alike and once with the warm-up
of the whole run, half of the steps at most, which is what pilots give to random weights. Only validation images judge.
"""

import argparse
import math
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from benchmarks.backbones import imported
from transfer_core.training import gradient
from transfer_core.training.devices import device
from transfer_core.training.fit import fit
from transfer_core.training.rows import chosen_rows
from transfer_core.types import TRAIN, RunEnd
from transfer_core.workspace import Workspace

TASKS = (
    "wallpaper,10,from_scratch,20",
    "wallpaper,30,from_scratch,10",
    "wallpaper,30,fine_tune_all,8",
    "clothing,30,fine_tune_all,13",
    "brain_mri,30,fine_tune_all,15",
    "wallpaper,0,from_scratch,7",
    "wallpaper,0,from_scratch,9",
    "wallpaper,0,from_scratch,12",
    "wallpaper,0,fine_tune_all,10",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--task", action="append", metavar="DATASET,IMAGES A CLASS,STRATEGY,EPOCHS", help="repeatable")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace, where, by_rule = Workspace(given.workspace), device("auto").name, gradient.warm_up
    print(
        "| task | strategy | epochs | warm-up shortened | warm-up of the whole run |\n| --- | --- | --- | --- | --- |"
    )
    for name, per_class, strategy, epochs in (task.split(",") for task in given.task or TASKS):
        dataset = imported(workspace, given.data, name)
        whole = workspace.recipes.make(dataset, strategy, per_class=int(per_class))
        short = replace(whole, epochs=int(epochs), patience=0)
        steps = math.ceil(chosen_rows(dataset, whole).count(TRAIN) / whole.batch_size)
        shares = []
        of = {count: by_rule(count * steps, short.warm_up) for count in (short.epochs, whole.epochs)}
        for warm in (of[short.epochs], min(of[whole.epochs], short.epochs * steps / 2)):
            gradient.warm_up = lambda *_, warm=warm: warm
            with tempfile.TemporaryDirectory() as out:
                *_, end = fit(short, dataset, workspace=given.workspace, out=Path(out), device=where)
            assert isinstance(end, RunEnd)
            shares.append(f"{end.result['val_accuracy']:.1%}")
        row = f"{name} {per_class + ' a class' if int(per_class) else 'all'} | {strategy} | {epochs} of {whole.epochs}"
        print(f"| {row} | {' | '.join(shares)} |", flush=True)
    workspace.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
