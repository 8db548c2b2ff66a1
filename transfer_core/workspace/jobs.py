"""Jobs of a workspace: queued, followed, stopped, run; and the devices that they run on."""

import shutil
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from transfer_core.errors import RecipeError
from transfer_core.jobs.inline import drive
from transfer_core.jobs.queue import Lanes
from transfer_core.jobs.tasks import Task, staging, task_of
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.types import Device, Event, Job
from transfer_core.workspace.uploads import new_id


class Jobs:
    """Long work: imports, measurements, trainings, predictions, exports."""

    def __init__(self, store: Store, journal: Journal, root: Path) -> None:
        self._store, self._journal, self._root = store, journal, root
        self.lanes: Lanes | None = None  # the background threads, while the workspace serves

    def list(self, *, kind: str = "", active: bool = False) -> tuple[Job, ...]:
        """Jobs, newest first, without those that were deleted.

        `kind`: of one kind alone ("import", "train", "measure", ...). `active`: those that wait or run.
        """
        return tuple(self._store.jobs(kind=kind, active=active))

    def get(self, id: str) -> Job:
        """The job of that id, a deleted one too. Raises UnknownJob."""
        return self._store.job(id)

    def task(self, job: Job) -> Any:
        """What a job is to do: a frozen value of its kind. Raises UnknownJob for one that this Graft does not know."""
        return task_of(job)

    def events(self, id: str, after: int = 0) -> tuple[tuple[int, float, Event], ...]:
        """(seq, seconds since 1970, event) of every event of a job whose seq is above `after`, in order."""
        return tuple(self._store.events(id, after))

    def add(self, task: Task, *, device: str = "auto", id: str = "", again: bool = False) -> str:
        """Queue a job. Returns its id, or that of one that does the same already; with `again` it is a new one.

        `id`: the id that it gets, under which its uploads are kept. Raises RecipeError for a device that this machine
        does not have.
        """
        self._check(device)
        lane = task.lane or self.lane(device)
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
                shutil.rmtree(staging(self._root, id), ignore_errors=True)
            raise
        if self.lanes is not None:
            self.lanes.wake(lane)
        return queued

    def stop(self, id: str) -> None:
        """Ask a job to stop. A queued one stops at once; a running one between two steps, or by force after 4 s of
        silence. A run tests what it has learned and keeps it; asked once more, it keeps that untested.
        """
        self._store.request_stop(id)
        if self._store.job(id).status == "stopped":  # it had not begun, so nobody else clears what it was given
            shutil.rmtree(staging(self._root, id), ignore_errors=True)

    def stop_timings(self, device: str = "auto") -> None:
        """Have timings that wait or run on a device make way; whoever needs them asks again."""
        lane = self.lane(device)
        for job in self.list(kind="speed", active=True):
            if job.lane == lane:
                self.stop(job.id)

    def drive(
        self, id: str, *, device: str = "cpu", stops: Callable[[], int] = lambda: 0
    ) -> Generator[Event, None, None]:
        """Run a queued job in this process and yield its events, of which the last is RunEnd.

        `device`: "cpu", "cuda:0", "mps". `stops`: how often it was told to stop, as `stop` does. Closing the iterator
        ends the job at once. A user's error ends it failed; an exception that nobody foresaw does too, and is raised.
        """
        return drive(self._store, self._journal, self._root, id, device=device, stops=stops)

    def troubles(self) -> tuple[str, ...]:
        """Why jobs do not run, a sentence each, with what to do about it; empty while all is well."""
        return self.lanes.troubles() if self.lanes is not None else ()

    def devices(self) -> tuple[Device, ...]:
        """What jobs can run on, the default first; empty until the first worker has looked."""
        return self.lanes.devices() if self.lanes is not None else ()

    def device(self, name: str = "auto") -> Device:
        """One to drive jobs on in this process, which loads torch: that of the name, or the fastest.

        Raises RecipeError when this machine has none such.
        """
        from transfer_core.training.devices import device

        return device(name)

    def lane(self, device: str) -> str:
        """The queue of a device: its name, "auto" also for the default device by its own name."""
        return "auto" if [device] == [known.name for known in self.devices()[:1]] else device

    def worker_pids(self) -> dict[str, int]:
        """Process ids of the workers by the name of their thread."""
        return self.lanes.worker_pids() if self.lanes is not None else {}

    def _check(self, device: str) -> None:
        known = {"auto", *(found.name for found in self.devices())}
        if self.devices() and device not in known:
            raise RecipeError(f"There is no device {device!r} here. Choose one of: {', '.join(sorted(known))}.")
