"""What a command line names where both a dataset and a run may stand, and how much room it takes."""

from collections.abc import Iterable
from pathlib import Path

from transfer_core.errors import GraftError
from transfer_core.types import JOINED, Dataset, Run
from transfer_core.workspace import Workspace, matching


def named(workspace: Workspace, text: str) -> Dataset | Run:
    """The dataset or the run of that name or id, or whose id begins so. Raises GraftError when it is none, or several.

    Those that were deleted are none.
    """
    if JOINED in text:
        return workspace.runs.find(text)
    datasets = {row.id: row.name for row in workspace.datasets.list()}
    runs = {run.id: run for run in workspace.runs.list()}
    found = matching(text, datasets | dict.fromkeys(runs, ""))
    if len(found) > 1:
        kinds = [f"dataset {id} ({datasets[id]})" if id in datasets else f"run {id}" for id in found]
        raise GraftError(f"{text!r} may be more than one thing: {', '.join(kinds)}. Give the whole id of one.")
    if not found:
        raise GraftError(f"There is no dataset and no run {text!r} in this workspace. `graft list` shows what it has.")
    return runs[found[0]] if found[0] in runs else workspace.datasets.get(found[0])


def run_or_taken(workspace: Workspace, text: str) -> Run:
    """A run; of a dataset, by its whole name or id, the one that Graft recommends. Raises GraftError as `find` does."""
    for row in workspace.datasets.list():
        if text in (row.id, row.name):
            taken = workspace.comparisons.choice(workspace.datasets.get(row.id))
            if taken is None:
                raise GraftError(f"'{row.name}' has no finished run yet. Train a strategy on it first.")
            return taken
    return workspace.runs.find(text)


def bytes_of(places: Iterable[Path]) -> int:
    """Of all files in these folders. One that goes meanwhile counts nothing."""
    total = 0
    for place in places:
        for file in place.rglob("*") if place.is_dir() else (place,):
            try:
                total += file.stat().st_size if file.is_file() else 0
            except OSError:
                continue
    return total
