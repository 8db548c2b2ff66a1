"""Rows of datasets, of what was said of them, and of marks on their images."""

import json
import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from transfer_core.errors import DatasetError
from transfer_core.kept import DAMAGED
from transfer_core.store.database import Database
from transfer_core.types import FACTS, FIRST_RULES, Dataset, Ints, Mark, Problem, Rendering, from_plain

NAMED = ("name", "owner", "classes", "splits_from", "seed")
COLUMNS = ("labels", "splits", "groups", "widths", "heights")  # in the order of the table of samples
DATASETS_KEPT = 4  # whole datasets in memory
TABLES = (  # of one dataset, and their keys
    ("datasets", "id"),
    ("samples", "dataset"),
    ("problems", "dataset"),
    ("marks", "dataset"),  # they name samples by number, which an import may deal anew
)


class Datasets(Database):
    """What a workspace holds of its datasets, save their files."""

    def __init__(self, file: Path, *, write: bool) -> None:
        super().__init__(file, write=write)
        self._whole = lru_cache(DATASETS_KEPT)(self._whole_dataset)  # by id and creation; only its name changes

    def add_dataset(self, dataset: Dataset) -> str:
        """Write a dataset whole, in place of one that was deleted under its id. Returns the name that it got."""
        with self.write() as db:
            for table, key in TABLES:
                db.execute(f"DELETE FROM {table} WHERE {key} = ?", (dataset.id,))
            name = free_name(db, dataset.name, dataset.id)
            db.execute(
                "INSERT INTO datasets (id, name, owner, created, classes, splits_from, seed, images) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    dataset.id,
                    name,
                    dataset.owner,
                    dataset.created,
                    json.dumps(dataset.classes),
                    dataset.splits_from,
                    dataset.seed,
                    len(dataset),
                ),
            )
            columns = [getattr(dataset, name).tolist() for name in COLUMNS]
            db.executemany(
                "INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (dataset.id, number, path, file, *numbers)
                    for number, (path, file, *numbers) in enumerate(
                        zip(dataset.paths, dataset.files, *columns, strict=True)
                    )
                ),
            )
            db.executemany(
                "INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?)",
                ((dataset.id, n, p.file, p.reason, p.kind, p.files) for n, p in enumerate(dataset.problems)),
            )
        self._whole.cache_clear()
        return name

    def bring_back(self, id: str, name: str) -> str | None:
        """Show a deleted dataset again, its runs aside, under the next free name; None where there is none.

        Its rows keep their numbers, by which kept features and thumbnails are known.
        """
        with self.write() as db:
            if not db.execute("SELECT id FROM datasets WHERE id = ? AND deleted IS NOT NULL", (id,)).fetchone():
                return None
            name = free_name(db, name, id)
            db.execute(
                "UPDATE datasets SET deleted = NULL, name = ?, created = ? WHERE id = ?", (name, time.time(), id)
            )
        return name

    def dataset(self, id: str) -> Dataset:
        """The dataset with all its columns. Raises DatasetError when there is none."""
        with self.read() as db:
            row = db.execute("SELECT name, created FROM datasets WHERE id = ? AND deleted IS NULL", (id,)).fetchone()
        found = self._whole(id, row[1]) if row else None
        if found is None:
            raise DatasetError(f"There is no dataset {id!r} here. It may have been deleted; pick another one.")
        return replace(found, name=row[0])

    def _whole_dataset(self, id: str, created: float) -> Dataset | None:
        """None when it went meanwhile."""
        with self.read() as db:
            row = db.execute(
                f"SELECT {', '.join(NAMED)} FROM datasets WHERE id = ? AND created = ?", (id, created)
            ).fetchone()
            samples = db.execute(
                "SELECT path, file, label, split, grp, width, height FROM samples WHERE dataset = ? ORDER BY number",
                (id,),
            ).fetchall()
            problems = db.execute(
                "SELECT file, reason, kind, files FROM problems WHERE dataset = ? ORDER BY number", (id,)
            ).fetchall()
        if row is None:
            return None
        paths, files, *numbers = zip(*samples, strict=True)
        facts: dict[str, Any] = dict(zip(NAMED, row, strict=True))
        rendering, shown = self._beside(id)
        found = tuple(
            Problem(file=f, reason=r, kind=k, files=n, shown=tuple(shown.get(str(number), ())))
            for number, (f, r, k, n) in enumerate(problems)
        )
        facts |= zip(COLUMNS, map(_column, numbers), strict=True)
        facts["classes"] = tuple(json.loads(facts["classes"]))
        return Dataset(id=id, created=created, paths=paths, files=files, problems=found, rendering=rendering, **facts)

    def _beside(self, id: str) -> tuple[Rendering, dict[str, list[str]]]:
        """What the dataset's own folder keeps of it: how its files are read, and which its problems show, by number.

        Of an earlier Graft there is nothing.
        """
        try:
            kept = json.loads((self.file.parent / "datasets" / id / FACTS).read_text(encoding="utf-8"))
            return from_plain(Rendering, kept["rendering"], earlier=True), kept["shown"]
        except FileNotFoundError:
            return FIRST_RULES, {}
        except (OSError, *DAMAGED) as error:
            raise DatasetError(
                f"{FACTS} of the dataset {id}, which says how its images are read, is damaged. Delete the dataset and"
                " import its images again."
            ) from error

    def dataset_rows(self) -> list[tuple[str, str, float, int, int]]:
        """(id, name, created, images, classes) of every dataset, newest first."""
        with self.read() as db:
            rows = db.execute(
                "SELECT id, name, created, images, classes FROM datasets WHERE deleted IS NULL ORDER BY created DESC"
            ).fetchall()
        return [(id, name, created, images, len(json.loads(classes))) for id, name, created, images, classes in rows]

    def rename_dataset(self, id: str, name: str) -> str:
        """Returns the name that it got: the next free one where another dataset has it."""
        with self.write() as db:
            name = free_name(db, name, id)
            db.execute("UPDATE datasets SET name = ? WHERE id = ?", (name, id))
        return name

    def delete_dataset(self, id: str) -> None:
        """Stop its jobs, hide it and them; their rows and files go at the next start."""
        now = time.time()
        with self.write() as db:
            db.execute("UPDATE datasets SET deleted = ?, removed = ? WHERE id = ?", (now, now, id))
            stop = "UPDATE jobs SET status = ?, finished = ? WHERE dataset = ? AND status = ?"
            db.execute(stop, ("stopped", now, id, "queued"))
            db.execute(stop, ("stopping", None, id, "running"))
            db.execute("UPDATE jobs SET deleted = ? WHERE dataset = ? AND deleted IS NULL", (now, id))

    def restore_dataset(self, id: str) -> None:
        """Undo `delete_dataset`, also when the same images came in again meanwhile.

        Runs that were deleted on their own before stay so.
        """
        with self.write() as db:
            db.execute(
                "UPDATE jobs SET deleted = NULL WHERE dataset = ? "
                "AND deleted = (SELECT removed FROM datasets WHERE datasets.id = ?)",
                (id, id),
            )
            name = db.execute("SELECT name FROM datasets WHERE id = ?", (id,)).fetchone()
            if name is not None:
                db.execute(
                    "UPDATE datasets SET deleted = NULL, name = ? WHERE id = ?", (free_name(db, name[0], id), id)
                )

    def say(self, dataset: str, body: dict[str, Any]) -> None:
        """Keep what was said of a dataset in place of what was said before."""
        with self.write() as db:
            db.execute("INSERT OR REPLACE INTO said VALUES (?, ?, ?)", (dataset, json.dumps(body), time.time()))

    def said(self, dataset: str) -> dict[str, Any]:
        """Empty while nothing was said."""
        with self.read() as db:
            row = db.execute("SELECT body FROM said WHERE dataset = ?", (dataset,)).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def mark(self, dataset: str, marks: Iterable[Mark]) -> None:
        """Keep marks, each in place of one that its image has."""
        with self.write() as db:
            values = [(dataset, mark.sample, mark.label) for mark in marks]
            db.executemany("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", values)

    def unmark(self, dataset: str, samples: Iterable[int] | None = None) -> None:
        """Take back the marks of some images; None: all."""
        with self.write() as db:
            if samples is None:
                db.execute("DELETE FROM marks WHERE dataset = ?", (dataset,))
            else:
                values = [(dataset, sample) for sample in samples]
                db.executemany("DELETE FROM marks WHERE dataset = ? AND sample = ?", values)

    def marks(self, dataset: str) -> tuple[Mark, ...]:
        """By sample."""
        with self.read() as db:
            rows = db.execute(
                "SELECT sample, label FROM marks WHERE dataset = ? ORDER BY sample", (dataset,)
            ).fetchall()
        return tuple(Mark(sample=sample, label=label) for sample, label in rows)

    def add_ensemble(self, dataset: str, id: str) -> None:
        with self.write() as db:
            db.execute("INSERT OR REPLACE INTO ensembles VALUES (?, ?)", (dataset, id))

    def remove_ensemble(self, id: str) -> None:
        with self.write() as db:
            db.execute("DELETE FROM ensembles WHERE id = ?", (id,))

    def ensembles(self, dataset: str = "") -> tuple[str, ...]:
        """Of a dataset, or all, the newest first."""
        where = "WHERE dataset = ? " if dataset else ""
        with self.read() as db:
            found = db.execute(f"SELECT id FROM ensembles {where}ORDER BY rowid DESC", (dataset,) * bool(dataset))
            return tuple(id for (id,) in found)


def free_name(db: sqlite3.Connection, name: str, own: str) -> str:
    """The name itself, or with the first number that no other dataset has it with."""
    taken = {other for (other,) in db.execute("SELECT name FROM datasets WHERE deleted IS NULL AND id != ?", (own,))}
    if name not in taken:
        return name
    return next(n for i in range(2, len(taken) + 3) if (n := f"{name} {i}") not in taken)


def _column(values: Sequence[int]) -> Ints:
    """Not to be written to: it is shared by all who ask for the dataset."""
    column = np.array(values, dtype=np.int64)
    column.flags.writeable = False
    return column
