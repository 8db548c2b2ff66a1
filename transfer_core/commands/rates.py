"""`rates`: which learning rates a strategy learns at, and from which on it breaks."""

import argparse
from dataclasses import asdict
from typing import Any

from transfer_core import findings, words
from transfer_core.commands.follow import follow, root
from transfer_core.errors import GraftError
from transfer_core.types import RateTest
from transfer_core.workspace import Workspace

ROWS = 20  # of the table, at most
BAR = 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", help="name or id, or its beginning")
    parser.add_argument("--strategy", required=True, help="one of `graft strategies` that has epochs")
    parser.add_argument(
        "--backbone", default="", help="(default: efficientnet_lite0, or bundled where that is not installed)"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda:0, mps")


def rates(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options)) as workspace:
        dataset = workspace.datasets.find(options.dataset)
        recipe = workspace.recipes.make(dataset, options.strategy, options.backbone)
        chosen = workspace.jobs.device(options.device).name
        id = workspace.studies.find_rate(dataset, recipe, chosen)
        if workspace.jobs.get(id).active:
            follow(workspace, id, chosen)
        found = workspace.studies.rate_test(dataset, recipe)
    if found is None:
        raise GraftError("The test was stopped before it ended.")
    return asdict(found), _text(found)


def _text(found: RateTest) -> str:
    """The finding, then the smoothed loss by learning rate."""
    said = "nothing" if found.suggested is None else words.rate(found.suggested)
    head = f"suggested: {said}; by rule: {words.rate(found.own)} ({found.steps} steps, {found.seconds:.0f} s)"
    most = max(found.begun, *found.smoothed)
    every = -(-len(found.rates) // ROWS)
    rows = [
        f"{words.rate(rate):>9} {loss:8.3f}  {'#' * round(BAR * loss / most)}"
        for rate, loss in list(zip(found.rates, found.smoothed, strict=True))[::every]
    ]
    return "\n".join((findings.learning_rates(found), head, "", f"{'rate':>9} {'loss':>8}", *rows))
