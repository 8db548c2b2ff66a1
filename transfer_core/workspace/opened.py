"""A workspace that is open: its folder, database, threads and jobs."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from transfer_core.errors import GraftError, RecipeError, WorkspaceBusy, disk_words
from transfer_core.jobs.inline import drive
from transfer_core.jobs.queue import Lanes
from transfer_core.jobs.tasks import Task, job_log, run_folder, staging, task_of
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.types import JOINED, Dataset, Device, Event, Job, Run

COPY_BYTES = 1 << 20
PREDICTIONS_KEPT = 50  # when Graft starts; the oldest go


def default_root() -> Path:
    """The folder that GRAFT_WORKSPACE names, else `workspace` here."""
    return expanded(Path(os.environ.get("GRAFT_WORKSPACE") or "workspace"))


def expanded(path: Path) -> Path:
    """A path as a user gives it, made whole. Raises GraftError for one that cannot name anything."""
    try:
        return path.expanduser().resolve()
    except (ValueError, RuntimeError, OSError) as error:  # a zero byte, a user who is not here, links in a circle
        raise GraftError(f"{str(path)!r} names no file or folder ({error}). Check the path.") from error


class Opened:
    """A folder with its lock, its database and its queue of jobs."""

    def __init__(self, root: Path, *, write: bool = True) -> None:
        self.root = root
        self._lanes: Lanes | None = None
        self._lock: FileLock | None = None
        self._journal = Journal(root)
        if write:
            self._take(root)
        try:
            self._store = Store(root / "graft.db", write=write)
            if write:
                self._tidy()
        except BaseException:
            self._leave()
            raise

    def _take(self, root: Path) -> None:
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(root / "lock", timeout=0)
            self._lock.acquire()
        except Timeout as error:
            raise WorkspaceBusy(
                f"The workspace {root} is open in another Graft, perhaps the dashboard. Close that one first, "
                "or name another folder with --workspace or GRAFT_WORKSPACE."
            ) from error
        except OSError as error:
            raise GraftError(
                f"Graft cannot write to its workspace {root} ({error.strerror}). Check who owns it, or name another "
                "folder with --workspace or GRAFT_WORKSPACE."
            ) from error

    def _tidy(self) -> None:
        """What the last process left half done, and what was deleted in it."""
        self._store.interrupt_all()
        datasets, jobs = self._store.purge()
        gone = [self.root / "datasets" / id for id in datasets] + [run_folder(self.root, id) for id in jobs]
        waiting = {job.id for job in self._store.jobs(active=True)}
        try:
            if (self.root / "staging").exists():
                gone += [folder for folder in (self.root / "staging").iterdir() if folder.name not in waiting]
            for folder in gone:
                shutil.rmtree(folder, ignore_errors=True)
            kept = [f"features/{id}-*" for id in datasets]
            answers = (self.root / "predictions").glob("*/")
            for folder in sorted(answers, key=lambda each: each.stat().st_mtime)[:-PREDICTIONS_KEPT]:
                shutil.rmtree(folder, ignore_errors=True)
            ensembles = set(self._store.ensembles())
            for folder in self.root.glob(f"runs/*{JOINED}*"):
                if folder.name not in ensembles:
                    shutil.rmtree(folder, ignore_errors=True)  # the bundle of an ensemble that is gone
            for half in ("datasets/*/.pixels-*", "datasets/*/*.part", "features/*.part", "runs/*/*.part", *kept):
                for file in self.root.glob(half):
                    file.unlink(missing_ok=True)
            for id in jobs:
                job_log(self.root, id).unlink(missing_ok=True)
        except OSError as error:  # what is left behind takes room and harms nothing
            self._journal.caught(error, "what was deleted could not be removed")

    def serve(self) -> None:
        """Start the background threads and warm the first worker."""
        if self._lanes is None:
            self._lanes = Lanes(self._store, self._journal, self.root)

    def close(self) -> None:
        """End the threads and what runs; what could not be written is tried once more."""
        if self._lanes is not None:
            self._lanes.close()
        try:
            if self._lock is not None:
                self._store.write_kept()
        except Exception as error:  # noqa: BLE001 - it is kept beside the database, and the lock has to go
            self._journal.caught(error, "how jobs ended could not be written")
        finally:
            self._store.close()
            self._leave()

    def _leave(self) -> None:
        if self._lock is not None:
            self._lock.release()
        self._journal.close()

    def troubles(self) -> tuple[str, ...]:
        """Why jobs do not run, a sentence each, with what to do about it; empty while all is well."""
        return self._lanes.troubles() if self._lanes is not None else ()

    def caught(self, error: BaseException, what: str = "a page failed") -> str:
        """Log an exception that nobody foresaw. Returns the short id under which the log has it."""
        return self._journal.caught(error, what)

    @property
    def log(self) -> Path:
        """The file that says what happened here."""
        return self._journal.file

    def folder(self, found: Dataset | Run) -> Path:
        """Where a dataset's images are, or what a run left."""
        return run_folder(self.root, found.id) if isinstance(found, Run) else self.root / "datasets" / found.id

    def files(self, found: Dataset | Run) -> list[Path]:
        """Files and folders of a dataset, its runs' aside, or of a run; those that are there."""
        features = self.root.glob(f"features/{found.id}-*")
        more = [job_log(self.root, found.id)] if isinstance(found, Run) else sorted(features)
        return [place for place in (self.folder(found), *more) if place.exists()]

    def damage(self) -> tuple[str, ...]:
        """What the database's whole check finds, a line each; empty when all is well. Reads all of it."""
        return self._store.damage()

    def devices(self) -> tuple[Device, ...]:
        """The default first; empty until the first worker has looked."""
        return self._lanes.devices() if self._lanes is not None else ()

    def device(self, name: str = "auto") -> Device:
        """One to drive jobs on in this process, which loads torch: that of the name, or the fastest.

        Raises RecipeError when this machine has none such.
        """
        from transfer_core.training.devices import device

        return device(name)

    def worker_pids(self) -> dict[str, int]:
        """Process ids of the workers by the name of their thread."""
        return self._lanes.worker_pids() if self._lanes is not None else {}

    def _check_device(self, name: str) -> None:
        known = {"auto", *(found.name for found in self.devices())}
        if self.devices() and name not in known:
            raise RecipeError(f"There is no device {name!r} here. Choose one of: {', '.join(sorted(known))}.")

    def _lane(self, device: str) -> str:
        """ "auto" also for the default device by its own name."""
        return "auto" if [device] == [known.name for known in self.devices()[:1]] else device

    def _queue(self, task: Task, *, device: str = "auto", id: str = "", again: bool = False) -> str:
        """Queue a job. Returns its id, or that of one that does the same already; with `again` it is a new one."""
        lane = task.lane or self._lane(device)
        key = task.key(lane)
        try:
            queued = self._store.add_job(
                id=id or new_id(),
                kind=task.kind,
                payload=task.payload(),
                lane=lane,
                dataset=task.about,
                recipe=key,
                unless=task.reuse if key and not again else (),
            )
        except BaseException:
            if id:  # what was uploaded for it takes room, on a disk that may be full
                shutil.rmtree(staging(self.root, id), ignore_errors=True)
            raise
        if self._lanes is not None:
            self._lanes.wake(lane)
        return queued

    def _kept(self, id: str, file: IO[bytes], name: str) -> Path:
        """An upload in a job's staging folder."""
        folder = staging(self.root, id)
        try:
            folder.mkdir(parents=True)
            with (folder / name).open("wb") as out:
                shutil.copyfileobj(file, out, COPY_BYTES)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise GraftError(f"The upload could not be kept. {disk_words(error, folder / name)}") from error
        return folder / name

    def drive(self, id: str, *, device: str = "cpu", stops: Callable[[], int] = lambda: 0) -> Iterator[Event]:
        """Run a queued job in this process. `stops`: how often it was told to stop, as `stop` does."""
        return drive(self._store, self._journal, self.root, id, device=device, stops=stops)

    def stop(self, id: str) -> None:
        """Ask a job to stop. A queued one stops at once; a running one between two steps, or by force after 4 s of
        silence. A run tests what it has learned and keeps it; asked once more, it keeps that untested.
        """
        self._store.request_stop(id)
        if self._store.job(id).status == "stopped":  # it had not begun, so nobody else clears what it was given
            shutil.rmtree(staging(self.root, id), ignore_errors=True)

    def job(self, id: str) -> Job:
        """Raises UnknownJob."""
        return self._store.job(id)

    def task(self, job: Job) -> Any:
        """What a job is to do: a frozen value of its kind. Raises UnknownJob for one that this Graft does not know."""
        return task_of(job)

    def jobs(self, *, kind: str = "", active: bool = False) -> list[Job]:
        """Newest first."""
        return self._store.jobs(kind=kind, active=active)

    def events(self, job: str, after: int = 0) -> list[tuple[int, float, Event]]:
        """(seq, time, event) of every event above `after`, in order."""
        return self._store.events(job, after)


def new_id() -> str:
    return secrets.token_hex(5)


def title(name: str) -> str:
    """A dataset's name from a file's: without folders and `.zip`, on one line, at most 80 characters."""
    base = name.replace("\\", "/").rstrip("/").split("/")[-1]
    base = base[:-4] if base.lower().endswith(".zip") else base
    return " ".join("".join(c if c.isprintable() else " " for c in base).split())[:80] or "images"
