"""`check`: whether the workspace's database is whole."""

import argparse
from typing import Any

from transfer_core.commands.follow import root
from transfer_core.errors import GraftError, WorkspaceDamaged
from transfer_core.workspace import Workspace


def check(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Reads all of it and changes nothing."""
    folder = root(options)
    if not (folder / "graft.db").exists():
        raise GraftError(f"{folder} is no workspace. Name one with --workspace or GRAFT_WORKSPACE.")
    try:
        with Workspace(folder, write=False) as workspace:
            findings = workspace.damage()
    except WorkspaceDamaged as error:  # so much that it cannot be opened
        findings = (str(error),)
    return {"whole": not findings, "findings": findings}, "\n".join(findings) or "The database is whole."
