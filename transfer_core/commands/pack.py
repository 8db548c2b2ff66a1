"""`pack` and `unpack`: one dataset with its runs, from one workspace to another."""

import argparse
from pathlib import Path
from typing import Any

from transfer_core.commands.backup import gone
from transfer_core.commands.follow import root, watch
from transfer_core.words import listed, size, some
from transfer_core.workspace import Workspace, expanded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dataset", metavar="DATASET", help="its name, or its id or the beginning of it")
    parser.add_argument("out", type=Path, metavar="OUT.zip", help="where it goes; an older one is replaced")


def pack(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Reads the workspace and changes nothing in it."""
    with Workspace(root(options), write=False) as workspace:
        dataset = workspace.datasets.find(options.dataset)
        result = watch(workspace.backups.pack(dataset, expanded(options.out))).result
    held = f"{dataset.name} with {some(len(dataset), 'image')} and {some(result['runs'], 'run')}"
    return result, "\n".join([f"{result['out']}: {held}, {size(result['bytes'])}.", *gone(result)])


def unpack_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `graft pack` wrote")


def unpack(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    with Workspace(root(options)) as workspace:
        result = watch(workspace.backups.unpack(expanded(options.file))).result
    name, runs = result["name"], some(len(result["runs"]), "run")
    if result["known"]:
        lines = [f"{name} ({result['dataset']}) is here already; {runs} added, {len(result['there'])} were here."]
    else:
        lines = [f"{name} ({result['dataset']}) with {runs} added."]
        if name != result["packed_name"]:
            lines.append(f"Another dataset is called {result['packed_name']}, so a number was added.")
    lines += [f"The name of run {id} is taken, so it is called {new} now." for id, new in result["renamed"].items()]
    if result["left_out"]:
        lines.append(f"Left out: {listed(result['left_out'])}. Another backbone here has the name of theirs.")
    return result, "\n".join(lines)
