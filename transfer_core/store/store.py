"""All rows of one workspace."""

import sqlite3
from collections.abc import Sequence

from transfer_core.store.datasets import Datasets
from transfer_core.store.jobs import Jobs
from transfer_core.store.moving import OF_DATASETS, Moving
from transfer_core.store.remarks import Remarks
from transfer_core.types import JOINED, Status


class Store(Datasets, Jobs, Remarks, Moving):
    """Reads and writes of one workspace's `graft.db`. Give `write=True` in the process that holds the lock."""

    def deleted(self, spared: Sequence[Status] = ()) -> tuple[list[str], list[str]]:
        """Ids of (datasets, jobs) that were deleted and can be restored until `purge`.

        `spared`: without jobs that stand so, datasets that have such a job, and all jobs of these.
        """
        with self.read() as db:
            return _deleted(db, spared)

    def purge(self, spared: Sequence[Status] = ()) -> tuple[list[str], list[str]]:
        """Forget what was deleted, save what is `spared`. Returns the ids of (datasets, jobs) whose files may go."""
        with self.write() as db:
            datasets, jobs = _deleted(db, spared)
            for id in datasets:
                for table, key in OF_DATASETS:
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


def _deleted(db: sqlite3.Connection, spared: Sequence[Status]) -> tuple[list[str], list[str]]:
    marks = ",".join("?" * len(spared))
    busy = f"SELECT dataset FROM jobs WHERE status IN ({marks})"
    gone = f"SELECT id FROM datasets WHERE deleted IS NOT NULL AND id NOT IN ({busy})"
    datasets = [id for (id,) in db.execute(gone, spared)]
    jobs = db.execute(
        f"SELECT id FROM jobs WHERE dataset IN ({gone}) OR (deleted IS NOT NULL AND status NOT IN ({marks}) "
        f"AND NOT EXISTS (SELECT id FROM datasets WHERE id = jobs.dataset AND deleted IS NOT NULL))",
        (*spared, *spared),
    )
    return datasets, [id for (id,) in jobs]
