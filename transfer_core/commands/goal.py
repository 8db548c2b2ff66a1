"""`goal`: what counts for a dataset, shown or set."""

import argparse
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.workspace import Workspace, words, written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", help="name or id, or its beginning")
    parser.add_argument(
        "goal",
        nargs="?",
        help="accuracy, macro-f1, or recall:CLASS@PRECISION: the images of a class that are found while that share of"
        " what is called so is right (default: show what counts)",
    )


def goal(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """What verdicts, pilots and the epochs that are kept go by from now on."""
    with Workspace(root(options), write=options.goal is not None) as workspace:
        dataset = workspace.datasets.find(options.dataset)
        studies = workspace.studies
        found = studies.goal(dataset) if options.goal is None else studies.count(dataset, options.goal)
    return {"dataset": dataset.id, "goal": written(found)}, f"What counts for {dataset.name} is {words(found)}."
