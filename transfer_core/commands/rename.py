"""`rename`, `note` and `tag`: what people write of datasets and runs."""

import argparse
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.commands.named import named
from transfer_core.errors import GraftError
from transfer_core.types import JOINED, Run
from transfer_core.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="DATASET|RUN", help="a dataset's name, or an id or its beginning")
    parser.add_argument("name", help="what to call it from now on")


def rename(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """A name that another dataset, or another run of the dataset, has gets a number."""
    with Workspace(root(options)) as workspace:
        dataset = named(workspace, options.what)
        if isinstance(dataset, Run):
            was, name = workspace.runs.title(dataset), workspace.runs.rename(dataset.id, options.name)
            said = f"{was} is called {name} now." if name else f"{was} has its title back."
            return {"run": dataset.id, "name": name, "was": was}, said
        name = workspace.datasets.rename(dataset.id, options.name)
    taken = "" if name == " ".join(options.name.split()) else " Another dataset has that name, so a number was added."
    return {"dataset": dataset.id, "name": name, "was": dataset.name}, f"{dataset.name} is called {name} now.{taken}"


def note_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="DATASET|RUN", help="a dataset's name, or an id or its beginning")
    parser.add_argument("text", help="the note, in place of the last one; '' takes it away")


def note(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options)) as workspace:
        id = _one(workspace, options.what)
        workspace.remarks.note(id, options.text)
        kept = workspace.remarks.get(id).note
    return {"about": id, "note": kept}, f"{id}: {kept}" if kept else f"{id} has no note now."


def tag_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", metavar="DATASET|RUN", help="a dataset's name, or an id or its beginning")
    parser.add_argument("tags", nargs="+", metavar="TAG", help="added to those it has")
    parser.add_argument("--remove", action="store_true", help="take these away instead")


def tag(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options)) as workspace:
        id = _one(workspace, options.what)
        had, told = workspace.remarks.get(id).tags, [each for part in options.tags for each in part.split(",")]
        kept = workspace.remarks.tag(
            id, [each for each in had if each not in told] if options.remove else [*had, *told]
        )
    return {"about": id, "tags": kept}, f"{id}: {', '.join(kept)}" if kept else f"{id} has no tags now."


def _one(workspace: Workspace, text: str) -> str:
    """The id of a dataset or a run. Raises GraftError, for an ensemble too."""
    if JOINED in text:
        raise GraftError("An ensemble has no notes and tags of its own. Name one of its members.")
    return named(workspace, text).id
