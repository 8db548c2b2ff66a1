"""`list`: the datasets and runs of a workspace."""

import argparse
import time
from typing import Any

from transfer_core.commands.follow import root, table
from transfer_core.types import Run, attributes
from transfer_core.workspace import DatasetRow, Workspace, holds

EMPTY = (
    "There is no dataset yet. Take one in with `graft import photos.zip`, or draw one with `graft example wallpaper`."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="?", choices=("datasets", "runs"), help="one of the two alone")
    parser.add_argument("--dataset", default="", help="its runs alone, by its name or id")
    parser.add_argument("--search", default="", metavar="WORDS", help="those alone whose name, tags or note hold them")


def listed(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options), write=False) as workspace:
        of = workspace.datasets.find(options.dataset).id if options.dataset else ""
        datasets = [row for row in workspace.datasets.list() if of in ("", row.id)]
        names = {row.id: row.name for row in datasets}
        made = [run for id in names for run in workspace.ensembles.list(id)]
        runs = tuple(run for run in (*workspace.runs.list(of), *made) if run.recipe.dataset in names)
        titles: dict[str, str] = {}
        for id in names:
            titles |= workspace.runs.titles([run for run in runs if run.recipe.dataset == id])
    count = {id: sum(run.recipe.dataset == id for run in runs) for id in names}
    if options.search:
        datasets = [row for row in datasets if holds(options.search, row.name, row.remark)]
        runs = tuple(run for run in runs if holds(options.search, f"{titles[run.id]} {run.strategy}", run.remark))
    result: dict[str, Any] = {}
    parts = []
    if options.what != "runs":
        result["datasets"] = [_dataset(row, count[row.id]) for row in datasets]
        parts.append("\n".join(_datasets_table(datasets, count)) if datasets else EMPTY)
    if options.what != "datasets":
        result["runs"] = [_run(run, names, titles) for run in runs]
        parts.append("\n".join(_runs_table(runs, names, titles)) if runs else "There is no run yet.")
    return result, "\n\n".join(parts)


def _dataset(row: DatasetRow, runs: int) -> dict[str, Any]:
    told = {"runs": runs, "created": row.created, **attributes(row.remark, "note", "tags")}
    return {"dataset": row.id, **attributes(row, "name", "images", "classes"), **told}


def _run(run: Run, names: dict[str, str], titles: dict[str, str]) -> dict[str, Any]:
    return {
        "run": run.id,
        "title": titles[run.id],
        "dataset": run.recipe.dataset,
        "name": names[run.recipe.dataset],
        **attributes(run, "strategy", "backbone", "status", "test_accuracy", "val_accuracy", "seconds"),
        **attributes(run, "whole_seconds", "created"),
        **attributes(run.remark, "note", "tags"),
    }


def _datasets_table(datasets: list[DatasetRow], count: dict[str, int]) -> list[str]:
    head = ("dataset", "name", "images", "classes", "runs", "created")
    rows = [
        (row.id, row.name, f"{row.images:,}", str(row.classes), str(count[row.id]), when(row.created))
        for row in datasets
    ]
    return table([head, *rows], right=(2, 3, 4))


def _runs_table(runs: tuple[Run, ...], names: dict[str, str], titles: dict[str, str]) -> list[str]:
    head = ("run", "dataset", "status", "test", "validation", "seconds", "created", "what")
    rows = [
        (
            run.id,
            names[run.recipe.dataset],
            run.status,
            _share(run.test_accuracy),
            _share(run.val_accuracy),
            "" if run.whole_seconds is None else f"{run.whole_seconds:,.1f}",
            when(run.created),
            titles[run.id] + "".join(f" #{tag}" for tag in run.remark.tags),
        )
        for run in runs
    ]
    return table([head, *rows], right=(3, 4, 5))


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def when(moment: float) -> str:
    """A time as this machine's clock says it, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))
