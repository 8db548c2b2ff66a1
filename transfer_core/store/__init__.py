"""The one meeting point of pages, threads and workers: a SQLite file. One process writes, any number read."""

from transfer_core.store.store import Store

__all__ = ["Store"]
