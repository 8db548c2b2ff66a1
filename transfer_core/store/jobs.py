"""Rows of jobs and of their events; ends of jobs that could not be written are kept until they can be."""

import json
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from transfer_core.errors import GraftError, UnknownJob
from transfer_core.store.database import Database
from transfer_core.store.turns import Waiting, next_turn, waiting
from transfer_core.types import ACTIVE, Event, Job, Resumed, RunEnd, Status, event_from_json, event_to_json

COLUMNS = "id, kind, payload, dataset, lane, device, status, created, started, finished, error, log, result, stops"
ENDED_MEANWHILE = "The program ended while this was running. Start it again."
PAUSED = "Paused. Resume goes on from here."
CUT_OFF = "The program ended while this was running. Resume goes on from where it was kept."
UNWRITTEN = "unwritten.json"  # beside the database: ends that it could not take


class Jobs(Database):
    """The queue, and what became of it."""

    def __init__(self, file: Path, *, write: bool) -> None:
        super().__init__(file, write=write)
        self._ends_lock = threading.Lock()
        self._ends: dict[str, dict[str, Any]] = {}  # by job: what `end` was given and could not write
        if write:
            with suppress(OSError, ValueError):
                self._ends = _well_formed(json.loads(self._unwritten.read_text(encoding="utf-8")))

    @property
    def _unwritten(self) -> Path:
        return self.file.with_name(UNWRITTEN)

    def add_job(
        self,
        *,
        id: str,
        kind: str,
        payload: dict[str, Any],
        lane: str,
        dataset: str,
        recipe: str,
        unless: Sequence[Status] = (),
    ) -> str:
        """Queue a job. Returns its id, or that of the newest of this kind, dataset and recipe that stands so already.

        `unless`: how a job may stand to be taken instead; looking and adding are one step.
        """
        with self.write() as db:
            known = db.execute(
                f"SELECT id FROM jobs WHERE kind = ? AND dataset = ? AND recipe = ? AND deleted IS NULL "
                f"AND status IN ({_marks(unless)}) ORDER BY number DESC",
                (kind, dataset, recipe, *unless),
            )
            for (other,) in known:
                if self._ends.get(other, {}).get("status", unless[0]) in unless:  # of one that has ended unwritten
                    return str(other)
            db.execute(
                "INSERT INTO jobs (id, kind, payload, dataset, recipe, lane, status, created) "
                "VALUES (?, ?, ?, ?, ?, ?, 'queued', ?)",
                (id, kind, json.dumps(payload), dataset, recipe, lane, time.time()),
            )
        return id

    def claim(self, lanes: Sequence[str], device: str) -> Job | None:
        """Take the queued job of these lanes whose turn it is and mark it running. One thread serves a lane.

        A timing waits for everything else.
        """
        with self.write() as db:
            queue = _queue(db, lanes, without="speed") or _queue(db, lanes)
            if not queue:
                return None
            chosen, overtaken = next_turn(queue)
            row = db.execute(
                f"UPDATE jobs SET status = 'running', started = ?, device = ? WHERE id = ? RETURNING {COLUMNS}",
                (time.time(), device, chosen.id),
            ).fetchone()
            for each in overtaken:
                _note(db, each.id, "payload", overtaken=each.overtaken + (chosen.expected or 0.0))
        return _job(row)

    def others_wait(self, lanes: Sequence[str]) -> bool:
        """Whether something waits there that somebody asked for; a timing is asked for by a page, and can wait."""
        with self.read() as db:
            return any(not each.by_itself for each in _queue(db, lanes, without="speed"))

    def first_of(self, ids: Sequence[str]) -> str:
        """Of these jobs the one that runs, else the one whose turn comes first; '' where all have ended."""
        query = f"SELECT id, status, payload FROM jobs WHERE id IN ({_marks(ids)}) AND deleted IS NULL ORDER BY number"
        with self.read() as db:
            rows = db.execute(query, tuple(ids)).fetchall()
        running = next((id for id, status, _ in rows if status in ("running", "stopping")), "")
        queue = [waiting(id, json.loads(payload)) for id, status, payload in rows if status == "queued"]
        return running or (next_turn(queue)[0].id if queue else "")

    def requeue(
        self,
        id: str,
        why: str,
        *,
        of: Sequence[Status] = ("running",),
        died: bool = False,
        events: Sequence[Event] = (),
    ) -> bool:
        """Put a run back into the queue, to go on from where it was kept; False where it stands as none of `of`.

        `why` it was cut off, in a sentence; '' for nothing to tell. `died`: its worker did; of one that had ended
        earlier deaths do not count. What it has told stays until it is told again. Raises StoreError where how it
        ended could not be written until now, and cannot be now.
        """
        if id in self._ends:
            self.write_kept()
        with self.write() as db:
            query = (
                "UPDATE jobs SET status = 'queued', started = NULL, finished = NULL, device = '', error = '', log = '' "
                f"WHERE id = ? AND status IN ({_marks(of)})"
            )
            if not db.execute(query, (id, *of)).rowcount:
                return False
            (payload,) = db.execute("SELECT payload FROM jobs WHERE id = ?", (id,)).fetchone()
            before = json.loads(payload)
            resumed, deaths = int(before.get("resumed", 0)) + 1, int(before.get("deaths", 0)) + died
            deaths *= "interrupted" not in of
            _note(db, id, "payload", resumed=resumed, deaths=deaths, cut_off=why, pausing=False)
            _append(db, id, events)
        return True

    def note(self, id: str, column: Literal["payload", "result"], **values: Any) -> None:
        """Set values of what a job was given, or left; those that are not named stay."""
        with self.write() as db:
            _note(db, id, column, **values)

    def ever(self, *, kind: str, dataset: str) -> list[Job]:
        """All jobs of that kind and dataset, newest first, those that were deleted too."""
        with self.read() as db:
            query = f"SELECT {COLUMNS} FROM jobs WHERE kind = ? AND dataset = ? ORDER BY number DESC"
            rows = db.execute(query, (kind, dataset)).fetchall()
        return [self._as_known(_job(row)) for row in rows]

    def waiting_lanes(self) -> set[str]:
        """Lanes with a queued job."""
        with self.read() as db:
            query = "SELECT DISTINCT lane FROM jobs WHERE status = 'queued' AND deleted IS NULL"
            return {lane for (lane,) in db.execute(query)}

    def start(self, id: str, device: str) -> Job:
        """Mark one job running, out of its turn."""
        with self.write() as db:
            db.execute(
                "UPDATE jobs SET status = 'running', started = ?, device = ? WHERE id = ?", (time.time(), device, id)
            )
        return self.job(id)

    def request_stop(self, id: str) -> None:
        """A queued job is stopped at once; a running one is marked for its thread to see, and once more when asked.

        A run that waits to go on keeps what it has learned: it is paused, unless nobody had asked for it.
        """
        waits = "UPDATE jobs SET status = ?, finished = ?, error = ? WHERE id = ? AND status = 'queued'"
        learned = "json_extract(payload, '$.resumed') > 0 AND NOT COALESCE(json_extract(payload, '$.by_itself'), 0)"
        with self.write() as db:
            if db.execute(f"{waits} AND {learned}", ("interrupted", time.time(), PAUSED, id)).rowcount:
                _note(db, id, "payload", pausing=True)
            db.execute(waits, ("stopped", time.time(), "", id))
            query = "UPDATE jobs SET status = 'stopping', stops = stops + 1 WHERE id = ? AND status IN ({})"
            db.execute(query.format(_marks(("running", "stopping"))), (id, "running", "stopping"))

    def request_pause(self, id: str) -> None:
        """A queued run is interrupted at once; a running one is marked for its thread to see."""
        waits = "UPDATE jobs SET status = 'interrupted', finished = ?, error = ? WHERE id = ? AND status = 'queued'"
        runs = "UPDATE jobs SET status = 'stopping' WHERE id = ? AND status = 'running'"
        with self.write() as db:
            if db.execute(waits, (time.time(), PAUSED, id)).rowcount or db.execute(runs, (id,)).rowcount:
                _note(db, id, "payload", pausing=True)

    def finish(
        self,
        id: str,
        status: Status,
        *,
        error: str = "",
        log: str = "",
        result: dict[str, Any] | None = None,
        events: Sequence[Event] = (),
    ) -> None:
        """Write a job's last events and how it ended, in one transaction.

        Raises StoreError when that cannot be written now. Then it is kept, and seen by all who ask this store;
        `write_kept` writes it later.
        """
        error, log = _writable(error), _writable(log)
        end = RunEnd(status=status, error=error, result=result or {})  # type: ignore[arg-type]
        last = [event_to_json(event) for event in (*events, end)]
        kept = {"status": status, "finished": time.time(), "error": error, "log": log, "result": end.result}
        try:
            with self.write() as db:
                _finish(db, id, kept, last)
        except Exception:
            with self._ends_lock:
                self._ends[id] = kept | {"events": last}
                self._keep_beside()
            raise

    def write_kept(self) -> None:
        """Write the ends that could not be written before. Raises StoreError while they still cannot."""
        with self._ends_lock:
            for id, end in list(self._ends.items()):
                try:
                    with self.write() as db:
                        _finish(db, id, end, end["events"])
                except GraftError:
                    raise
                except Exception as error:  # noqa: BLE001 - one that can never be written must not hold the others
                    words = f"How this ended could not be kept: {_writable(str(error))}."
                    with self.write() as db:
                        _finish(db, id, {**end, "status": "failed", "error": words, "log": "", "result": {}}, ())
                del self._ends[id]
                self._keep_beside()

    def _keep_beside(self) -> None:
        """In a small file too, for a process that dies before it can write; a disk that is full may refuse it."""
        with suppress(OSError):
            if self._ends:
                part = self._unwritten.with_suffix(".part")
                part.write_text(json.dumps(self._ends), encoding="utf-8")
                part.replace(self._unwritten)
            else:
                self._unwritten.unlink(missing_ok=True)

    def interrupt_all(self) -> None:
        """At start: what ran when the last process went away did not finish; what was told to stop or pause, has."""
        self.write_kept()
        with self.write() as db:
            pausing = "COALESCE(json_extract(payload, '$.pausing'), 0)"
            query = f"UPDATE jobs SET status = 'stopped', finished = ? WHERE status = 'stopping' AND NOT {pausing}"
            db.execute(query, (time.time(),))
            for which, error in ((pausing, PAUSED), ("kind = 'train'", CUT_OFF), ("TRUE", ENDED_MEANWHILE)):
                db.execute(
                    "UPDATE jobs SET status = 'interrupted', finished = ?, error = ? "
                    f"WHERE status IN ('running', 'stopping') AND {which}",
                    (time.time(), error),
                )

    def mark_job(self, id: str, *, deleted: float | None) -> None:
        with self.write() as db:
            db.execute("UPDATE jobs SET deleted = ? WHERE id = ?", (deleted, id))

    def job(self, id: str) -> Job:
        """Raises UnknownJob."""
        with self.read() as db:
            row = db.execute(f"SELECT {COLUMNS} FROM jobs WHERE id = ?", (id,)).fetchone()
        if row is None:
            raise UnknownJob(f"There is no run or job {id!r} here.")
        return self._as_known(_job(row))

    def jobs(self, *, kind: str = "", dataset: str = "", recipe: str = "", active: bool = False) -> list[Job]:
        """All of them, newest first."""
        query, values = f"SELECT {COLUMNS} FROM jobs WHERE deleted IS NULL", []
        for column, value in (("kind", kind), ("dataset", dataset), ("recipe", recipe)):
            if value:
                query += f" AND {column} = ?"
                values.append(value)
        if active:
            query += f" AND status IN ({_marks(ACTIVE)})"
            values.extend(ACTIVE)
        with self.read() as db:
            rows = db.execute(f"{query} ORDER BY number DESC", values).fetchall()
        found = [self._as_known(_job(row)) for row in rows]
        return [job for job in found if job.active] if active else found

    def standing(self, kind: str, dataset: str = "") -> dict[str, Status]:
        """How each job of a kind stands, by id; `dataset`: its id, '' for all. Much cheaper than `jobs`."""
        query = "SELECT id, status FROM jobs WHERE deleted IS NULL AND kind = ?" + " AND dataset = ?" * bool(dataset)
        with self.read() as db:
            found: dict[str, Status] = dict(db.execute(query, (kind, dataset) if dataset else (kind,)))
        return {id: self._ends.get(id, {}).get("status", status) for id, status in found.items()}

    def _as_known(self, job: Job) -> Job:
        """With the end that could not be written yet."""
        end = self._ends.get(job.id)
        return replace(job, **{name: end[name] for name in end if name != "events"}) if end else job

    # --- events ---

    def append(self, job: str, events: Sequence[Event]) -> None:
        """Add events in one transaction; where a run is resumed, in place of all that it had told before."""
        with self.write() as db:
            _append(db, job, events)

    def events(self, job: str, after: int = 0) -> list[tuple[int, float, Event]]:
        """(seq, time in s since 1970, event) of every event whose seq is above `after`, in order."""
        query = "SELECT seq, time, body FROM events WHERE job = ? AND seq > ? ORDER BY seq"
        with self.read() as db:
            rows = db.execute(query, (job, after)).fetchall()
        return [(seq, when, event_from_json(body)) for seq, when, body in rows]


def _well_formed(found: Any) -> dict[str, dict[str, Any]]:
    """Of what a file held, the ends that `finish` kept there."""
    needed = {"status", "finished", "error", "log", "result", "events"}
    ends = found.items() if isinstance(found, dict) else ()
    return {str(id): end for id, end in ends if isinstance(end, dict) and end.keys() == needed}


def _writable(text: str) -> str:
    """What of a text is not Unicode, a path's stray bytes say, is escaped: SQLite takes no other."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _queue(db: sqlite3.Connection, lanes: Sequence[str], without: str = "") -> list[Waiting]:
    """What waits in these lanes, in the order in which it came. `without`: a kind of job that does not count."""
    query = (
        f"SELECT id, payload FROM jobs WHERE status = 'queued' AND deleted IS NULL AND kind != ? "
        f"AND lane IN ({_marks(lanes)}) ORDER BY number"
    )
    return [waiting(id, json.loads(payload)) for id, payload in db.execute(query, (without, *lanes))]


def _note(db: sqlite3.Connection, id: str, column: Literal["payload", "result"], **values: Any) -> None:
    (kept,) = db.execute(f"SELECT {column} FROM jobs WHERE id = ?", (id,)).fetchone()
    db.execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", (json.dumps(json.loads(kept) | values), id))


def _finish(db: sqlite3.Connection, id: str, end: dict[str, Any], events: Sequence[str]) -> None:
    _insert(db, id, events)
    db.execute(
        "UPDATE jobs SET status = ?, finished = ?, error = ?, log = ?, result = ? WHERE id = ?",
        (end["status"], end["finished"], end["error"], end["log"], json.dumps(end["result"]), id),
    )


def _append(db: sqlite3.Connection, job: str, events: Sequence[Event]) -> None:
    _insert(db, job, [event_to_json(event) for event in events])
    again = next((place for place, event in enumerate(reversed(events), start=1) if isinstance(event, Resumed)), 0)
    if again:
        query = "DELETE FROM events WHERE job = ? AND seq <= (SELECT MAX(seq) FROM events WHERE job = ?) - ?"
        db.execute(query, (job, job, again))


def _insert(db: sqlite3.Connection, job: str, bodies: Sequence[str]) -> None:
    """With numbers that nobody has read yet."""
    (last,) = db.execute("SELECT COALESCE(MAX(seq), 0) FROM events WHERE job = ?", (job,)).fetchone()
    now = time.time()
    rows = ((job, last + 1 + n, now, body) for n, body in enumerate(bodies))
    db.executemany("INSERT INTO events VALUES (?, ?, ?, ?)", rows)


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def _job(row: tuple[Any, ...]) -> Job:
    fields = dict(zip(COLUMNS.split(", "), row, strict=True))
    fields["payload"] = json.loads(fields["payload"])
    fields["result"] = json.loads(fields["result"])
    return Job(**fields)
