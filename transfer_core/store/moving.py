"""Rows that leave for a backup or another workspace, and rows that come from there."""

import sqlite3
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path

from transfer_core.errors import StoreError
from transfer_core.store.database import Database, said
from transfer_core.store.datasets import TABLES, free_name
from transfer_core.store.schema import MIGRATIONS
from transfer_core.types import JOINED

OF_DATASETS = (*TABLES, ("said", "dataset"), ("ensembles", "dataset"))  # tables, and their column with its id
PACKED = ("train", "measure", "pilot", "rates")  # kinds of jobs that say something of a dataset, and name no file
STRANGE = (  # ids and file names become parts of paths, so nothing else may stand in them
    ("a trigger or a view", "SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index')"),
    ("the id of a dataset", "SELECT id FROM datasets WHERE id = '' OR id GLOB '*[^0-9A-Za-z_-]*'"),
    ("the id of a job", "SELECT id FROM jobs WHERE id = '' OR id GLOB '*[^0-9A-Za-z_-]*'"),
    ("the file of an image", "SELECT file FROM samples WHERE file GLOB '.*' OR file GLOB '*[^0-9A-Za-z_.-]*'"),
)


class Moving(Database):
    """Copies of a database, and rows from one database in another."""

    @staticmethod
    def migrations() -> list[str]:
        """The names of all changes of its tables, the oldest first."""
        return [name for name, _ in MIGRATIONS]

    def copy_to(self, file: Path) -> None:
        """Write all of it, as it is at one moment, into a new file. Writers go on meanwhile. Raises StoreError."""
        with said(self.file):
            try:
                if self._copy is not None:
                    self._copy.execute("VACUUM INTO ?", (str(file),))
                else:
                    with closing(self._reader()) as db:
                        db.execute("VACUUM INTO ?", (str(file),))
            except sqlite3.OperationalError as error:
                raise StoreError(
                    f"No copy of {self.file} could be put into {file.parent} ({error}). Free some space there, or check"
                    " who owns the folder."
                ) from error

    def strange(self) -> str:
        """The first thing that no Graft puts into a database, in words; '' where there is none."""
        with self.read() as db:
            for what, query in STRANGE:
                if found := db.execute(query).fetchone():
                    return f"{what}, {found[0]!r}"
        return ""

    def ids(self) -> tuple[list[str], list[str]]:
        """Ids of all (datasets, jobs), the oldest first, those that were deleted too."""
        with self.read() as db:
            datasets = db.execute("SELECT id FROM datasets ORDER BY created").fetchall()
            jobs = db.execute("SELECT id FROM jobs ORDER BY number").fetchall()
        return [id for (id,) in datasets], [id for (id,) in jobs]

    def sample_files(self) -> list[tuple[str, str]]:
        """(id of the dataset, file) of each image, without datasets that were deleted."""
        query = (
            "SELECT dataset, file FROM samples WHERE dataset IN (SELECT id FROM datasets WHERE deleted IS NULL)"
            " ORDER BY dataset, number"
        )
        with self.read() as db:
            return db.execute(query).fetchall()

    def keep_only(self, dataset: str) -> None:
        """In a copy: leave one dataset, its runs that have begun, what was found out of it and what people wrote.

        What was deleted goes, and whatever names files of this machine. A run that goes on elsewhere does so on the
        default device there.
        """
        packed = ",".join("?" * len(PACKED))
        with self.write() as db:
            for table, key in OF_DATASETS:
                db.execute(f"DELETE FROM {table} WHERE {key} != ?", (dataset,))
            db.execute(
                "DELETE FROM jobs WHERE dataset != ? OR deleted IS NOT NULL OR status = 'queued'"
                f" OR kind NOT IN ({packed}) OR (kind != 'train' AND status != 'done')",
                (dataset, *PACKED),
            )
            db.execute("UPDATE jobs SET lane = 'auto', log = ''")
            db.execute("DELETE FROM events WHERE job NOT IN (SELECT id FROM jobs)")
            db.execute("DELETE FROM remarks WHERE about != ? AND about NOT IN (SELECT id FROM jobs)", (dataset,))
            there = {id for (id,) in db.execute("SELECT id FROM jobs WHERE kind = 'train'")}
            for (id,) in db.execute("SELECT id FROM ensembles").fetchall():
                if not there.issuperset(id.split(JOINED)):
                    db.execute("DELETE FROM ensembles WHERE id = ?", (id,))
        with self._lock, said(self.file):
            assert self._writer is not None
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA journal_mode=DELETE")  # it leaves as one file

    def trashed(self, dataset: str) -> bool:
        """Whether a dataset was deleted and can still be restored."""
        query = "SELECT id FROM datasets WHERE id = ? AND deleted IS NOT NULL"
        with self.read() as db:
            return db.execute(query, (dataset,)).fetchone() is not None

    def take_in(
        self, packed: "Moving", dataset: str, *, known: bool, jobs: Collection[str], names: Mapping[str, str]
    ) -> str:
        """Add a dataset's rows and those of these jobs from a database that `keep_only` left, all or nothing.

        `known`: the dataset is here already, so its own rows stay. `names`: of runs that get another one, by id.
        Returns the dataset's name here: the next free one where another dataset has its own.
        """
        with packed.read() as source, self.write() as db:
            if not known:
                for table, key in OF_DATASETS:
                    db.execute(f"DELETE FROM {table} WHERE {key} = ?", (dataset,))
                for table, key in OF_DATASETS[:-1]:
                    _insert(db, table, *_rows(source, table, f"{key} = ?", dataset))
                (name,) = db.execute("SELECT name FROM datasets WHERE id = ?", (dataset,)).fetchone()
                query = "UPDATE datasets SET name = ?, created = ? WHERE id = ?"
                db.execute(query, (free_name(db, name, dataset), time.time(), dataset))
                _insert(db, "remarks", *_rows(source, "remarks", "about = ?", dataset))
            for id in jobs:
                _insert(db, "jobs", *_rows(source, "jobs", "id = ?", id), without="number")
                _insert(db, "events", *_rows(source, "events", "job = ?", id))
                _insert(db, "remarks", *_rows(source, "remarks", "about = ?", id))
                if id in names:
                    db.execute("UPDATE remarks SET name = ? WHERE about = ?", (names[id], id))
            there = "SELECT id FROM jobs WHERE dataset = ? AND kind = 'train' AND deleted IS NULL"
            runs = {id for (id,) in db.execute(there, (dataset,))}
            for (id,) in source.execute("SELECT id FROM ensembles WHERE dataset = ?", (dataset,)).fetchall():
                if runs.issuperset(id.split(JOINED)):
                    db.execute("INSERT OR IGNORE INTO ensembles VALUES (?, ?)", (dataset, id))
            return str(db.execute("SELECT name FROM datasets WHERE id = ?", (dataset,)).fetchone()[0])


def _rows(db: sqlite3.Connection, table: str, where: str, *values: str) -> tuple[list[str], list[tuple[object, ...]]]:
    """Names of columns, and rows."""
    found = db.execute(f"SELECT * FROM {table} WHERE {where}", values)
    return [column[0] for column in found.description], found.fetchall()


def _insert(
    db: sqlite3.Connection, table: str, columns: list[str], rows: list[tuple[object, ...]], *, without: str = ""
) -> None:
    """In place of rows with the same key. `without`: a column that is numbered anew."""
    taken = [place for place, column in enumerate(columns) if column != without]
    names, marks = ", ".join(columns[place] for place in taken), ", ".join("?" * len(taken))
    query = f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({marks})"
    db.executemany(query, ([row[place] for place in taken] for row in rows))
