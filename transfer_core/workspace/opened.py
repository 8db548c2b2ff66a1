"""A workspace that is open: its folder, database, threads and jobs."""

import logging
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from transfer_core.errors import ArchiveError, GraftError, RecipeError, WorkspaceBusy
from transfer_core.jobs.inline import drive
from transfer_core.jobs.queue import Lanes
from transfer_core.jobs.work import run_folder, staging
from transfer_core.store import Store
from transfer_core.types import Device, Event, Job, Kind

COPY_BYTES = 1 << 20


def default_root() -> Path:
    """The folder that GRAFT_WORKSPACE names, else `workspace` here."""
    return Path(os.environ.get("GRAFT_WORKSPACE") or "workspace").expanduser().resolve()


class Opened:
    """A folder with its lock, its database and its queue of jobs."""

    def __init__(self, root: Path, *, write: bool = True) -> None:
        self.root = root
        self._lanes: Lanes | None = None
        self._lock: FileLock | None = None
        if write:
            self._take(root)
        self._store = Store(root / "graft.db", write=write)
        if write:
            self._tidy()

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
                f"Graft cannot write to its workspace {root} ({error.strerror}). "
                "Name another folder with GRAFT_WORKSPACE."
            ) from error

    def _tidy(self) -> None:
        """What the last process left half done, and what was deleted in it."""
        self._store.interrupt_all()
        datasets, jobs = self._store.purge()
        gone = [self.root / "datasets" / id for id in datasets] + [run_folder(self.root, id) for id in jobs]
        waiting = {job.id for job in self._store.jobs(active=True)}
        if (self.root / "staging").exists():
            gone += [folder for folder in (self.root / "staging").iterdir() if folder.name not in waiting]
        for folder in gone:
            shutil.rmtree(folder, ignore_errors=True)
        kept = [f"features/{id}-*" for id in datasets]
        for half in ("datasets/*/.pixels-*", "datasets/*/*.part", "features/*.part", "runs/*/*.part", *kept):
            for file in self.root.glob(half):
                file.unlink(missing_ok=True)

    def serve(self) -> None:
        """Start the background threads and warm the first worker."""
        if self._lanes is None:
            self._lanes = Lanes(self._store, self.root)

    def close(self) -> None:
        if self._lanes is not None:
            self._lanes.close()
        self._store.close()
        if self._lock is not None:
            self._lock.release()

    def devices(self) -> tuple[Device, ...]:
        """The default first; empty until the first worker has looked."""
        return self._lanes.devices() if self._lanes is not None else ()

    def troubles(self) -> tuple[str, ...]:
        """What keeps this workspace from working now, a sentence each; empty while all is well."""
        return ()

    def caught(self, error: BaseException) -> str:
        """Log an error that nobody foresaw, with its traceback. Returns the id under which the log has it."""
        id = secrets.token_hex(3)
        logging.getLogger("graft").error("%s", id, exc_info=error)
        return id

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

    def _queue(
        self, id: str, kind: Kind, payload: dict[str, Any], lane: str, dataset: str = "", recipe: str = ""
    ) -> str:
        self._store.add_job(id=id, kind=kind, payload=payload, lane=lane, dataset=dataset, recipe=recipe)
        if self._lanes is not None:
            self._lanes.wake(lane)
        return id

    def _kept(self, id: str, file: IO[bytes], name: str) -> Path:
        """An upload in a job's staging folder."""
        folder = staging(self.root, id)
        folder.mkdir(parents=True)
        try:
            with (folder / name).open("wb") as out:
                shutil.copyfileobj(file, out, COPY_BYTES)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise ArchiveError(f"The upload could not be kept: {error.strerror}. Free some disk space.") from error
        return folder / name

    def drive(self, id: str, *, device: str = "cpu") -> Iterator[Event]:
        """Run a queued job in this process."""
        return drive(self._store, self.root, id, device=device)

    def stop(self, id: str) -> None:
        """Ask a job to stop. A queued one stops at once; a running one between two steps, or by force after 4 s."""
        self._store.request_stop(id)

    def job(self, id: str) -> Job:
        """Raises UnknownJob."""
        return self._store.job(id)

    def jobs(self, *, kind: Kind | None = None, active: bool = False) -> list[Job]:
        """Newest first."""
        return self._store.jobs(kind=kind, active=active)

    def events(self, job: str, after: int = 0) -> list[tuple[int, float, Event]]:
        """(seq, time, event) of every event above `after`, in order."""
        return self._store.events(job, after)


def new_id() -> str:
    return secrets.token_hex(4)


def title(name: str) -> str:
    """A dataset's name from a file's: without folders and `.zip`, on one line, at most 80 characters."""
    base = name.replace("\\", "/").rstrip("/").split("/")[-1]
    base = base[:-4] if base.lower().endswith(".zip") else base
    return " ".join("".join(c if c.isprintable() else " " for c in base).split())[:80] or "images"
