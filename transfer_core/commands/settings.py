"""`settings`: what holds in the whole workspace."""

import argparse
from typing import Any

from transfer_core.commands.follow import root, table
from transfer_core.workspace import Workspace

AUTO = "auto"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--backbone", metavar="NAME", help=f"the one that is taken unless another is chosen; {AUTO}: Graft's own choice"
    )
    parser.add_argument(
        "--first-model",
        choices=("yes", "no"),
        help="whether the dashboard trains a first model of a new dataset by itself; commands never do",
    )
    parser.add_argument(
        "--resume",
        choices=("yes", "no"),
        help="whether the dashboard, when it starts, goes on by itself with runs that were cut off",
    )


def settings(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Shows them; where some are given, as they are after that."""
    given: dict[str, Any] = {}
    if options.backbone is not None:
        given["backbone"] = None if options.backbone == AUTO else options.backbone
    if options.first_model is not None:
        given["first_model"] = options.first_model == "yes"
    if options.resume is not None:
        given["resume"] = options.resume == "yes"
    with Workspace(root(options), write=bool(given)) as workspace:
        now = workspace.settings.change(**given) if given else workspace.settings.get()
        troubles, backbone = workspace.settings.troubles(), workspace.backbones.get()
    chosen = backbone.name if now.backbone else f"{AUTO}, which is {backbone.name}"
    rows = [("backbone", chosen), ("first model", "yes" if now.first_model else "no")]
    rows.append(("resume", "yes" if now.resume else "no"))
    result = {**vars(now), "default_backbone": backbone.name, "troubles": troubles}
    return result, "\n".join([*table(rows), *troubles])
