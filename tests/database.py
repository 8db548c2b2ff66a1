"""A workspace's database, opened beside it: for what otherwise only a job that has run writes."""

from contextlib import closing

from transfer_core.store import Store
from transfer_core.workspace import Workspace


def database(workspace: Workspace) -> "closing[Store]":
    return closing(Store(workspace.root / "graft.db", write=True))
