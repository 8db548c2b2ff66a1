"""`backup` and `restore`: a whole workspace as one file, and back."""

import argparse
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import root, watch
from transfer_core.words import size, some
from transfer_core.workspace import Workspace, expanded, restore_backup


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", type=Path, metavar="OUT.zip", help="where the backup goes; an older one is replaced")
    parser.epilog = "It may be made while the dashboard is open and trains."


def backup(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Reads the workspace and changes nothing in it."""
    with Workspace(root(options), write=False) as workspace:
        result = watch(workspace.backups.make(expanded(options.out))).result
    lines = [f"{result['out']}: {_counted(result)}, {size(result['bytes'])}."]
    if left := [each for each in result["left_out"] if each["bytes"]]:
        parts = ", ".join(f"{each['title'].lower()} ({size(each['bytes'])})" for each in left)
        lines.append(f"Left out, since it is made again or says nothing elsewhere: {parts}.")
    return result, "\n".join([*lines, *gone(result)])


def gone(result: dict[str, Any]) -> list[str]:
    """A line on images whose files were not there to be taken."""
    files = some(result["gone"], "file")
    words = f"{files} of images are gone from the workspace. Import the same images again to have them back."
    return [words] if result["gone"] else []


def restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="what `graft backup` wrote")
    parser.epilog = "The workspace's folder has to be empty, or not there."


def restore(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Everything is checked before any of it is in its place."""
    result = watch(restore_backup(expanded(options.file), root(options))).result
    return result, f"{result['workspace']}: {_counted(result)}, {size(result['bytes'])}, all as it was put in."


def _counted(result: dict[str, Any]) -> str:
    return f"{some(result['datasets'], 'dataset')}, {some(result['runs'], 'run')}, {some(result['files'], 'file')}"
