"""All rows of one workspace."""

from transfer_core.store.datasets import TABLES, Datasets
from transfer_core.store.jobs import Jobs
from transfer_core.store.remarks import Remarks
from transfer_core.types import JOINED


class Store(Datasets, Jobs, Remarks):
    """Reads and writes of one workspace's `graft.db`. Give `write=True` in the process that holds the lock."""

    def purge(self) -> tuple[list[str], list[str]]:
        """Forget what was deleted before this start. Returns the ids of (datasets, jobs) whose files may go."""
        with self.write() as db:
            datasets = [id for (id,) in db.execute("SELECT id FROM datasets WHERE deleted IS NOT NULL")]
            gone = "deleted IS NOT NULL OR dataset IN (SELECT id FROM datasets WHERE deleted IS NOT NULL)"
            jobs = [id for (id,) in db.execute(f"SELECT id FROM jobs WHERE {gone}")]
            for id in datasets:
                for table, key in (*TABLES, ("said", "dataset"), ("ensembles", "dataset")):
                    db.execute(f"DELETE FROM {table} WHERE {key} = ?", (id,))
            for id in (*datasets, *jobs):
                db.execute("DELETE FROM remarks WHERE about = ?", (id,))
            for id in jobs:
                db.execute("DELETE FROM jobs WHERE id = ?", (id,))
                db.execute("DELETE FROM events WHERE job = ?", (id,))
            for (id,) in db.execute("SELECT id FROM ensembles").fetchall():
                if not set(jobs).isdisjoint(id.split(JOINED)):
                    db.execute("DELETE FROM ensembles WHERE id = ?", (id,))
        return datasets, jobs
