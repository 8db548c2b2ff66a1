"""The one meeting point of pages, threads and workers: a SQLite file. One process writes, any number read."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from transfer_core.errors import DatasetError, UnknownJob
from transfer_core.schema import MIGRATIONS
from transfer_core.types import (
    ACTIVE,
    Dataset,
    Event,
    Ints,
    Job,
    Kind,
    Mark,
    Problem,
    Status,
    event_from_json,
    event_to_json,
)

DATASETS_KEPT = 4  # whole datasets in memory
TABLES = (  # of one dataset, and their keys
    ("datasets", "id"),
    ("samples", "dataset"),
    ("problems", "dataset"),
    ("marks", "dataset"),  # they name samples by number, which an import may deal anew
)
JOB_COLUMNS = (
    "id, kind, payload, dataset, recipe, lane, device, status, created, started, finished, error, log, result, deleted"
)


class Store:
    """Reads and writes of one workspace's `graft.db`. Give `write=True` in the process that holds the lock."""

    def __init__(self, file: Path, *, write: bool) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._kept: dict[tuple[str, float], Dataset] = {}  # by id and creation; only its name changes
        if write:
            self._writer = sqlite3.connect(file, timeout=10, isolation_level=None, check_same_thread=False)
            self._writer.execute("PRAGMA journal_mode=WAL")
            self._writer.execute("PRAGMA synchronous=FULL")
            self._migrate()

    def close(self) -> None:
        if self._writer is not None:
            with self._lock:
                self._writer.close()
            self._writer = None

    def _migrate(self) -> None:
        with self._write() as db:
            db.execute("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, time REAL NOT NULL)")
            done = {name for (name,) in db.execute("SELECT name FROM migrations")}
            for name, statements in MIGRATIONS:
                if name not in done:
                    for statement in statements.split(";"):
                        db.execute(statement)
                    db.execute("INSERT INTO migrations VALUES (?, ?)", (name, time.time()))

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        assert self._writer is not None, "this store was opened for reading"
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        if not self.file.exists():
            return []
        uri = f"{self.file.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as db:
            return db.execute(query, values).fetchall()

    # --- datasets ---

    def add_dataset(self, dataset: Dataset) -> None:
        """Write a dataset whole. One that was deleted under the same id comes back with its new name."""
        with self._write() as db:
            for table, key in TABLES:
                db.execute(f"DELETE FROM {table} WHERE {key} = ?", (dataset.id,))
            db.execute(
                "INSERT INTO datasets VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    dataset.id,
                    dataset.name,
                    dataset.owner,
                    dataset.created,
                    json.dumps(dataset.classes),
                    dataset.splits_from,
                    dataset.seed,
                    len(dataset),
                ),
            )
            columns = (dataset.labels, dataset.splits, dataset.groups, dataset.widths, dataset.heights)
            db.executemany(
                "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (dataset.id, number, path, file, *numbers)
                    for number, (path, file, *numbers) in enumerate(
                        zip(dataset.paths, dataset.files, *(c.tolist() for c in columns), strict=True)
                    )
                ),
            )
            db.executemany(
                "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?)",
                ((dataset.id, n, p.file, p.reason, p.kind, p.files) for n, p in enumerate(dataset.problems)),
            )
        self._kept.pop((dataset.id, dataset.created), None)

    def dataset(self, id: str) -> Dataset:
        """The dataset with all its columns. Raises DatasetError when there is none."""
        rows = self._read(
            "SELECT name, owner, created, classes, splits_from, seed FROM datasets WHERE id = ? AND deleted IS NULL",
            (id,),
        )
        if not rows:
            raise DatasetError(f"There is no dataset {id!r} here. It may have been deleted; pick another one.")
        name, owner, created, classes, splits_from, seed = rows[0]
        if (id, created) in self._kept:
            return replace(self._kept[id, created], name=name)
        samples = self._read(
            "SELECT path, file, label, split, grp, width, height FROM samples WHERE dataset = ? ORDER BY number", (id,)
        )
        problems = self._read("SELECT file, reason, kind, files FROM problems WHERE dataset = ? ORDER BY number", (id,))
        paths, files, *numbers = zip(*samples, strict=True)
        labels, splits, groups, widths, heights = (_column(values) for values in numbers)
        dataset = Dataset(
            id=id,
            name=name,
            owner=owner,
            created=created,
            classes=tuple(json.loads(classes)),
            splits_from=splits_from,
            seed=seed,
            paths=paths,
            files=files,
            labels=labels,
            splits=splits,
            groups=groups,
            widths=widths,
            heights=heights,
            problems=tuple(Problem(file=f, reason=r, kind=k, files=n) for f, r, k, n in problems),
        )
        while len(self._kept) >= DATASETS_KEPT:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[id, created] = dataset
        return dataset

    def dataset_rows(self) -> list[tuple[str, str, float, int, int]]:
        """(id, name, created, images, classes) of every dataset, newest first."""
        rows = self._read(
            "SELECT id, name, created, images, classes FROM datasets WHERE deleted IS NULL ORDER BY created DESC"
        )
        return [(id, name, created, images, len(json.loads(classes))) for id, name, created, images, classes in rows]

    def rename_dataset(self, id: str, name: str) -> None:
        with self._write() as db:
            db.execute("UPDATE datasets SET name = ? WHERE id = ?", (name, id))

    def delete_dataset(self, id: str) -> None:
        """Hide a dataset and its runs; their rows and files go at the next start."""
        now = time.time()
        with self._write() as db:
            db.execute("UPDATE datasets SET deleted = ? WHERE id = ?", (now, id))
            db.execute("UPDATE jobs SET deleted = ? WHERE dataset = ? AND deleted IS NULL", (now, id))

    def restore_dataset(self, id: str) -> None:
        """Undo `delete_dataset`; runs that were deleted on their own before stay so."""
        with self._write() as db:
            db.execute(
                "UPDATE jobs SET deleted = NULL WHERE dataset = ? "
                "AND deleted = (SELECT deleted FROM datasets WHERE datasets.id = ?)",
                (id, id),
            )
            db.execute("UPDATE datasets SET deleted = NULL WHERE id = ?", (id,))

    def say(self, dataset: str, body: dict[str, Any]) -> None:
        """Keep what was said of a dataset in place of what was said before."""
        with self._write() as db:
            db.execute("INSERT OR REPLACE INTO said VALUES (?, ?, ?)", (dataset, json.dumps(body), time.time()))

    def said(self, dataset: str) -> dict[str, Any]:
        """Empty while nothing was said."""
        if not self._has("said"):
            return {}
        rows = self._read("SELECT body FROM said WHERE dataset = ?", (dataset,))
        return dict(json.loads(rows[0][0])) if rows else {}

    def mark(self, dataset: str, marks: Iterable[Mark]) -> None:
        """Keep marks, each in place of one that its image has."""
        with self._write() as db:
            values = [(dataset, mark.sample, mark.label) for mark in marks]
            db.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", values)

    def unmark(self, dataset: str, samples: Iterable[int] | None = None) -> None:
        """Take back the marks of some images; None: all."""
        with self._write() as db:
            if samples is None:
                db.execute("DELETE FROM marks WHERE dataset = ?", (dataset,))
            else:
                values = [(dataset, sample) for sample in samples]
                db.executemany("DELETE FROM marks WHERE dataset = ? AND sample = ?", values)

    def marks(self, dataset: str) -> tuple[Mark, ...]:
        """By sample."""
        if not self._has("marks"):
            return ()
        rows = self._read("SELECT sample, label FROM marks WHERE dataset = ? ORDER BY sample", (dataset,))
        return tuple(Mark(sample=sample, label=label) for sample, label in rows)

    def _has(self, table: str) -> bool:
        """Not so in a workspace that an older Graft wrote last, opened for reading."""
        return bool(self._read("SELECT name FROM sqlite_master WHERE name = ?", (table,)))

    # --- jobs ---

    def add_job(self, *, id: str, kind: Kind, payload: dict[str, Any], lane: str, dataset: str, recipe: str) -> None:
        with self._write() as db:
            db.execute(
                "INSERT INTO jobs (id, kind, payload, dataset, recipe, lane, status, created) "
                "VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)",
                (id, kind, json.dumps(payload), dataset, recipe, lane, time.time()),
            )

    def claim(self, lanes: Sequence[str], device: str) -> Job | None:
        """Take the oldest queued job of these lanes and mark it running. One thread serves a lane."""
        marks = ",".join("?" * len(lanes))
        with self._write() as db:
            row = db.execute(
                f"UPDATE jobs SET status = 'running', started = ?, device = ? WHERE number = (SELECT MIN(number) "
                f"FROM jobs WHERE status = 'queued' AND lane IN ({marks}) AND deleted IS NULL) RETURNING id",
                (time.time(), device, *lanes),
            ).fetchone()
        return self.job(row[0]) if row else None

    def start(self, id: str, device: str) -> Job:
        """Mark one job running, out of its turn."""
        with self._write() as db:
            db.execute(
                "UPDATE jobs SET status = 'running', started = ?, device = ? WHERE id = ?", (time.time(), device, id)
            )
        return self.job(id)

    def request_stop(self, id: str) -> None:
        """A queued job is stopped at once; a running one is marked for its thread to see."""
        with self._write() as db:
            db.execute(
                "UPDATE jobs SET status = 'stopped', finished = ? WHERE id = ? AND status = 'queued'", (time.time(), id)
            )
            db.execute("UPDATE jobs SET status = 'stopping' WHERE id = ? AND status = 'running'", (id,))

    def finish(
        self, id: str, status: Status, *, error: str = "", log: str = "", result: dict[str, Any] | None = None
    ) -> None:
        with self._write() as db:
            db.execute(
                "UPDATE jobs SET status = ?, finished = ?, error = ?, log = ?, result = ? WHERE id = ?",
                (status, time.time(), error, log, json.dumps(result or {}), id),
            )

    def interrupt_all(self) -> None:
        """At start: what ran when the last process went away did not finish."""
        with self._write() as db:
            db.execute(
                "UPDATE jobs SET status = 'interrupted', finished = ?, "
                "error = 'The program ended while this was running. Start it again.' "
                "WHERE status IN ('running', 'stopping')",
                (time.time(),),
            )

    def mark_job(self, id: str, *, deleted: float | None) -> None:
        with self._write() as db:
            db.execute("UPDATE jobs SET deleted = ? WHERE id = ?", (deleted, id))

    def job(self, id: str) -> Job:
        """Raises UnknownJob."""
        rows = self._read(f"SELECT {JOB_COLUMNS} FROM jobs WHERE id = ?", (id,))
        if not rows:
            raise UnknownJob(f"There is no run or job {id!r} here.")
        return _job(rows[0])

    def jobs(self, *, kind: Kind | None = None, dataset: str = "", recipe: str = "", active: bool = False) -> list[Job]:
        """Newest first."""
        query, values = f"SELECT {JOB_COLUMNS} FROM jobs WHERE deleted IS NULL", []
        for column, value in (("kind", kind), ("dataset", dataset), ("recipe", recipe)):
            if value:
                query += f" AND {column} = ?"
                values.append(value)
        if active:
            query += f" AND status IN ({','.join('?' * len(ACTIVE))})"
            values.extend(ACTIVE)
        return [_job(row) for row in self._read(f"{query} ORDER BY number DESC", values)]

    # --- events ---

    def append(self, job: str, events: Iterable[Event]) -> None:
        """Add events in one transaction."""
        now = time.time()
        with self._write() as db:
            (last,) = db.execute("SELECT COALESCE(MAX(seq), 0) FROM events WHERE job = ?", (job,)).fetchone()
            db.executemany(
                "INSERT INTO events VALUES (?, ?, ?, ?)",
                ((job, last + 1 + n, now, event_to_json(event)) for n, event in enumerate(events)),
            )

    def events(self, job: str, after: int = 0) -> list[tuple[int, float, Event]]:
        """(seq, time in s since 1970, event) of every event whose seq is above `after`, in order."""
        rows = self._read("SELECT seq, time, body FROM events WHERE job = ? AND seq > ? ORDER BY seq", (job, after))
        return [(seq, when, event_from_json(body)) for seq, when, body in rows]

    def purge(self) -> tuple[list[str], list[str]]:
        """Forget what was deleted before this start. Returns the ids of (datasets, jobs) whose files may go."""
        datasets = [id for (id,) in self._read("SELECT id FROM datasets WHERE deleted IS NOT NULL")]
        jobs = [id for (id,) in self._read("SELECT id FROM jobs WHERE deleted IS NOT NULL")]
        with self._write() as db:
            for id in datasets:
                for table, key in (*TABLES, ("said", "dataset")):
                    db.execute(f"DELETE FROM {table} WHERE {key} = ?", (id,))
            for id in jobs:
                db.execute("DELETE FROM jobs WHERE id = ?", (id,))
                db.execute("DELETE FROM events WHERE job = ?", (id,))
        return datasets, jobs


def _column(values: Sequence[int]) -> Ints:
    """Not to be written to: it is shared by all who ask for the dataset."""
    column = np.array(values, dtype=np.int64)
    column.flags.writeable = False
    return column


def _job(row: tuple[Any, ...]) -> Job:
    names = [name.strip() for name in JOB_COLUMNS.split(",")]
    fields = dict(zip(names, row, strict=True))
    fields["payload"] = json.loads(fields["payload"])
    fields["result"] = json.loads(fields["result"])
    for name in ("recipe", "deleted"):
        fields.pop(name)
    return Job(**fields)
