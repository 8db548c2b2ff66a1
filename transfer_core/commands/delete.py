"""`delete`: datasets with their runs, or runs, gone for good."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.commands.named import bytes_of, named
from transfer_core.errors import GraftError
from transfer_core.types import ENSEMBLE, Dataset, Run
from transfer_core.words import size
from transfer_core.workspace import Workspace

YES = ("y", "yes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", nargs="+", metavar="DATASET|RUN", help="a dataset's name, or an id or its beginning")
    parser.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal to ask on")


def delete(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Say what goes, ask, and remove it with its files. There is no undo here, as a dashboard has until it ends."""
    with Workspace(root(options)) as workspace:
        chosen = {found.id: found for found in (named(workspace, text) for text in options.what)}
        datasets = [each for each in chosen.values() if isinstance(each, Dataset)]
        with_them = {run.id: run for each in datasets for run in _all_runs(workspace, each.id)}
        named_runs = {each.id: each for each in chosen.values() if isinstance(each, Run)}
        lost = _ensembles(workspace, named_runs)
        runs = named_runs | lost | with_them
        own = [*map(workspace.datasets.files, datasets), *map(workspace.runs.files, runs.values())]
        freed = bytes_of(file for files in own for file in files)
        goes = [_words(each, workspace) for each in (chosen | lost).values() if each.id not in with_them]
        _require_yes(goes, freed, options.yes)
        for dataset in datasets:
            workspace.datasets.delete(dataset.id)
        for id in runs.keys() - with_them.keys():
            workspace.runs.delete(id)
    Workspace(root(options)).close()  # whose start removes what was deleted
    result = {"datasets": [each.id for each in datasets], "runs": sorted(runs), "bytes": freed}
    return result, "\n".join([*(f"Deleted: {words}" for words in goes), f"{size(freed)} of files are gone."])


def _all_runs(workspace: Workspace, dataset: str) -> tuple[Run, ...]:
    return (*workspace.runs.list(dataset), *workspace.ensembles.list(dataset))


def _ensembles(workspace: Workspace, runs: Mapping[str, Run]) -> dict[str, Run]:
    """Those that go because one of these runs is a member. Raises GraftError for an ensemble that nobody keeps."""
    kept = {
        each.id: each for id in {run.recipe.dataset for run in runs.values()} for each in workspace.ensembles.list(id)
    }
    for run in runs.values():
        if run.members and run.id not in kept:
            raise GraftError(
                f"The ensemble {run.id} is not kept, so there is nothing to delete. `graft list` shows all."
            )
    return {id: each for id, each in kept.items() if any(member.id in runs for member in each.members)}


def _words(found: Dataset | Run, workspace: Workspace) -> str:
    if isinstance(found, Run):
        bundle = " and its bundle" if workspace.exports.bundle(found.id) is not None else ""
        title = workspace.runs.title(found)
        kind = ENSEMBLE if found.members else "run"
        return f"{kind} {found.id} ({title}, of {workspace.datasets.get(found.recipe.dataset).name}){bundle}"
    runs = len(_all_runs(workspace, found.id))
    return f"dataset {found.name} ({found.id}) with its {len(found):,} images and {runs} run{'s' * (runs != 1)}"


def _require_yes(goes: Sequence[str], freed: int, yes: bool) -> None:
    """Raises GraftError unless the user agrees."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise GraftError(f"Nothing was deleted: this would delete {'; '.join(goes)}, for good. Add --yes to do that.")
    print(*(f"This deletes {words}." for words in goes), sep="\n", file=sys.stderr)
    print(f"{size(freed)} of files go, for good. Delete? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in YES:
        raise GraftError("Nothing was deleted.")
