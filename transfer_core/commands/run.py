"""`run`: a strategy trained, once or several times."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import follow, root
from transfer_core.errors import RecipeError
from transfer_core.types import Dataset, Recipe, Run, attributes
from transfer_core.workspace import SETTINGS, Setting, Workspace

YES_NO = {"yes": True, "no": False}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", help="name or id, or its beginning")
    parser.add_argument("--strategy", help="one of `graft strategies`; with --recipe, instead of its own")
    parser.add_argument("--backbone", help="(default: efficientnet_lite0, or bundled where that is not installed)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="train so many times, seed after seed")
    parser.add_argument("--recipe", type=Path, metavar="FILE", help="settings from a recipe's JSON")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0, mps")
    parser.add_argument("--again", action="store_true", help="train although the same recipe has finished before")
    settings = parser.add_argument_group(
        "settings", "What is not said is by rule; what a strategy does not have is left aside."
    )
    for setting in SETTINGS.values():
        settings.add_argument(
            setting.flag, help=f"{setting.label}. {setting.help}".replace("%", "%%"), **_taken(setting)
        )


def _taken(setting: Setting) -> dict[str, Any]:
    """How argparse takes a setting; what it allows is checked with the recipe, in the same words as everywhere."""
    if setting.kind is bool:
        return {"choices": tuple(YES_NO)}
    if setting.choices:
        return {"metavar": "|".join(str(choice) for choice, _ in setting.choices)}
    if setting.layer:
        return {"metavar": "TAP|last|auto" if setting.layer == "any" else "TAP"}
    return {"type": setting.kind, "metavar": "N" if setting.kind is int else "X"}


def run(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    runs: list[Run] = []
    try:
        with Workspace(root(options)) as workspace:
            wanted = _wanted(options, workspace, workspace.datasets.find(options.dataset))
            chosen = workspace.jobs.device(options.device)
            for recipe in wanted:  # one by one: what is not reached is not left in the queue
                (id,) = workspace.runs.submit([recipe], again=options.again)
                if workspace.runs.get(id).status == "done":
                    print("The same recipe has finished before; --again trains it once more.", file=sys.stderr)
                else:
                    follow(workspace, id, chosen.name)
                runs.append(workspace.runs.get(id))
                if runs[-1].status == "stopped":
                    raise KeyboardInterrupt
    except BaseException:
        print(*map(run_text, runs), sep="\n", end="\n" * bool(runs), file=sys.stderr)
        raise
    results, lines = [run_result(run) for run in runs], [run_text(run) for run in runs]
    if len(runs) == 1:
        return results[0], lines[0]
    groups = workspace.runs.repeats(runs=runs)
    mean, spread = (groups[0].mean, groups[0].spread) if groups else (None, None)
    if mean is not None and spread is not None:
        lines.append(f"mean {mean:.1%}, standard deviation {spread:.1%} over {len(runs)} runs")
    return {"runs": results, "mean": mean, "spread": spread}, "\n".join(lines)


def run_text(run: Run) -> str:
    test, val = ("none" if value is None else f"{value:.1%}" for value in (run.test_accuracy, run.val_accuracy))
    status = run.stopped_words or run.status
    return (
        f"{run.id} {status}: {run.recipe.strategy} on {run.recipe.backbone}{_repeat(run)}, "
        f"test accuracy {test}, validation {val}, {run.whole_seconds or 0:.1f} s"
    )


def _wanted(options: argparse.Namespace, workspace: Workspace, dataset: Dataset) -> tuple[Recipe, ...]:
    """The recipes that the command line asks for: what a file says, changed by what else it says. Raises RecipeError.

    A file that is one fold of several gives that fold, unless folds or seeds are asked for.
    """
    values = {} if options.recipe is None else _json(options.recipe)
    if not isinstance(values, dict):
        raise RecipeError(f"{options.recipe} holds no recipe. A run's folder holds its recipe.json.")
    own_network = isinstance(values.get("strategy"), str) and workspace.strategies.get(values["strategy"]).network
    if own_network and options.strategy not in (None, values["strategy"]):
        values = {name: value for name, value in values.items() if name != "backbone"}
    said = {name: getattr(options, name) for name in ("strategy", "backbone", *SETTINGS)}
    said = {
        name: YES_NO[value] if name in SETTINGS and SETTINGS[name].kind is bool else value
        for name, value in said.items()
        if value is not None
    }
    values = {"backbone": ""} | {name: value for name, value in values.items() if value is not None} | said
    if "strategy" not in values:
        raise RecipeError("Name a --strategy, or a --recipe that has one. `strategies` lists them.")
    if options.folds is not None and options.fold is None:
        values.pop("fold", None)
    first = workspace.recipes.from_json(values, dataset)
    if options.seeds == 1 and values.get("fold") is not None:
        return (first,)
    settings = workspace.strategies.get(first.strategy).settings
    given = {name: value for name, value in values.items() if name in settings and name not in ("folds", "fold")}
    made = workspace.recipes.repeated(
        dataset, first.strategy, first.backbone, folds=first.folds, seeds=options.seeds, **given
    )
    return tuple(recipe for recipe in made if options.fold in (None, recipe.fold))


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecipeError(f"{file} cannot be read: {error.strerror}. Check the path.") from error
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{file} is not JSON ({error}). A run's folder holds its recipe.json.") from error


def _repeat(run: Run) -> str:
    """Which repetition a run is."""
    fold = f", fold {run.recipe.fold + 1} of {run.recipe.folds}" if run.recipe.folds else ""
    return fold + (f", seed {run.recipe.seed}" if run.recipe.seed else "")


def run_result(run: Run) -> dict[str, Any]:
    found = {"run": run.id, **attributes(run, "status", "test_accuracy", "val_accuracy", "seconds", "whole_seconds")}
    found |= attributes(run, "images_per_second", "peak_bytes") | {"recipe": asdict(run.recipe)}
    return found | (attributes(run, "tap", "depth_curve") if run.tap else {})
