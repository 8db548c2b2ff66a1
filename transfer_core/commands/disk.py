"""`disk`: what a workspace takes, by kind, and freeing what can be made again."""

import argparse
from dataclasses import asdict
from typing import Any

from transfer_core.commands.follow import root, table
from transfer_core.words import size
from transfer_core.workspace import FREED_KINDS, Workspace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--free", nargs="+", choices=FREED_KINDS, metavar="KIND", default=[], help=f"one of {', '.join(FREED_KINDS)}"
    )


def disk(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Frees first, where that is asked for, then says what there is."""
    with Workspace(root(options), write=bool(options.free)) as workspace:
        freed = [workspace.disk.free(kind) for kind in dict.fromkeys(options.free)]
        usage, (free, total) = workspace.disk.usage(), workspace.disk.room()
    rows = [("kind", "size", "files", "what")]
    rows += [(each.kind, size(each.bytes), f"{each.files:,}", each.holds) for each in usage]
    lines = [*table(rows, right=(1, 2)), f"{size(free)} of {size(total)} are free on this disk."]
    lines += [f"To free {each.kind}: {each.cost} {each.stays}".rstrip() for each in usage if each.free_bytes]
    done = [f"Freed {size(each.bytes)} of {each.kind}. {each.stays}".rstrip() for each in freed]
    result = {"free": free, "total": total, "usage": list(map(asdict, usage)), "freed": list(map(asdict, freed))}
    return result, "\n".join([*done, *lines])
