"""`rename`: another name for a dataset."""

import argparse
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.workspace import Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", help="name or id, or its beginning")
    parser.add_argument("name", help="what to call it from now on")


def rename(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """A name that another dataset has gets a number."""
    with Workspace(root(options)) as workspace:
        dataset = workspace.datasets.find(options.dataset)
        name = workspace.datasets.rename(dataset.id, options.name)
    taken = "" if name == " ".join(options.name.split()) else " Another dataset has that name, so a number was added."
    return {"dataset": dataset.id, "name": name, "was": dataset.name}, f"{dataset.name} is called {name} now.{taken}"
