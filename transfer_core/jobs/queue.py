"""All background threads of one workspace: one for the default device, one for short jobs, others as they are used."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from transfer_core.jobs.lane import AUTO, Lane
from transfer_core.jobs.tasks import SHORT
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.types import Device

CLOSE_SECONDS = 5.0  # for a thread to write how its job ended


class Lanes:
    """Starts them, wakes them, asks them, ends them."""

    def __init__(self, store: Store, journal: Journal, root: Path, *, ended: Callable[[], None] = lambda: None) -> None:
        """`ended`: called, in a thread of its lane, when a job has ended and once the devices are known."""
        self._store, self._journal, self._root, self._ended = store, journal, root, ended
        self._lanes: dict[str, Lane] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._start(AUTO)
        self._start(SHORT)

    def _start(self, name: str) -> Lane:
        found = self._wake_waiting if name == AUTO else None
        lane = self._lanes[name] = Lane(self._store, self._journal, self._root, name, found=found, ended=self._ended)
        lane.start()
        return lane

    def _wake_waiting(self) -> None:
        """Once it is known which devices there are: what waits for another one than the default gets its thread."""
        for name in self._store.waiting_lanes() - {AUTO, SHORT}:
            self.wake(name)

    def devices(self) -> tuple[Device, ...]:
        """The devices that the first worker found, the default first; empty until it has said."""
        return self._lanes[AUTO].devices

    def wake(self, name: str) -> None:
        """Have the lane's thread look for work; a device that is not the default one gets its thread now.

        Before the first worker has said which devices there are, such a job waits.
        """
        with self._lock:
            default = self._lanes[AUTO]
            lane = default if name == default.device else self._lanes.get(name)
            if self._closed or (lane is None and not default.devices):
                return
            if lane is None or lane.leaving:
                lane = self._start(name)
        lane.wake()

    def troubles(self) -> tuple[str, ...]:
        """Why something does not run, a sentence each; empty while all is well."""
        return tuple(dict.fromkeys(lane.trouble for lane in list(self._lanes.values()) if lane.trouble))

    def worker_pids(self) -> dict[str, int]:
        """Of the workers, by their lanes' names."""
        lanes = list(self._lanes.items())
        return {name: worker.process.pid for name, lane in lanes if (worker := lane.worker) is not None}

    def close(self) -> None:
        with self._lock:
            self._closed = True
            lanes = list(self._lanes.values())
        for lane in lanes:
            lane.close()
        end = time.monotonic() + CLOSE_SECONDS
        for lane in lanes:
            lane.join(timeout=max(0.0, end - time.monotonic()))
