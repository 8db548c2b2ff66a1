"""Background threads, one per device and one for short jobs: each owns a queue and supervises a warm worker."""

import threading
import time
from pathlib import Path

from transfer_core.jobs.process import Worker
from transfer_core.jobs.protocol import unpack
from transfer_core.jobs.record import LOG_TAIL, finish, record
from transfer_core.jobs.work import run_folder
from transfer_core.store import Store
from transfer_core.types import Device, Job, Progress, RunEnd

KILL_SECONDS = 4.0  # how long a worker may take to stop between two steps; a stop frees the device within 10 s


class Lane(threading.Thread):
    """Runs the jobs of one lane, one after the other."""

    def __init__(self, store: Store, root: Path, lane: str, *, warm: bool) -> None:
        super().__init__(name=f"graft-{lane}", daemon=True)
        self.store, self.root, self.lane = store, root, lane
        self.devices: tuple[Device, ...] = ()
        self.worker: Worker | None = None
        self._warm = warm
        self._wake = threading.Event()
        self._closing = threading.Event()

    def wake(self) -> None:
        self._wake.set()

    @property
    def device(self) -> str:
        """What this lane computes on; "auto" until its worker has said."""
        if self.lane == "auto":
            return self.devices[0].name if self.devices else "auto"
        return "cpu" if self.lane == "short" else self.lane

    def run(self) -> None:
        if self._warm:
            self._ready_worker()
        while not self._closing.is_set():
            lanes = {self.lane, self.device} if self.lane == "auto" else {self.lane}
            job = self.store.claim(sorted(lanes), self.device)
            if job is None:
                self._wake.wait(1.0)
                self._wake.clear()
            else:
                self._drive(job)

    def close(self) -> None:
        """End the worker; a job that was running becomes interrupted at the next start."""
        self._closing.set()
        self._wake.set()
        if self.worker is not None:
            self.worker.end()

    def _ready_worker(self, job: Job | None = None) -> Worker | None:
        """A worker that has said hello; a new one when there was none. None when it died or was stopped meanwhile."""
        if self.worker is not None:
            if self.worker.alive:
                return self.worker
            self.worker.end()
        self.worker = worker = Worker(self.root, self.lane)
        if job is not None:
            self.store.append(job.id, [Progress(what="Starting the worker", done=0, of=1, unit="steps")])
        while (message := worker.next(0.25)) is not None:
            if "hello" in message:
                self.devices = tuple(Device(**device) for device in message["hello"])
                return worker
            if self._closing.is_set():
                return None
            if job is not None and self.store.job(job.id).status == "stopping":
                worker.end()
        return None

    def _drive(self, job: Job) -> None:
        """Run one job to its end and keep how it ended."""
        worker = self._ready_worker(job)
        if worker is None:
            if not self._closing.is_set():
                self._lost(job, None)
            return
        worker.send({"run": job.id, "kind": job.kind, "payload": job.payload, "device": self.device})
        asked_to_stop = 0.0
        while not self._closing.is_set():
            message = worker.next(0.2)
            if message is None:
                self._lost(job, worker)
                return
            if "events" in message:
                events = unpack(message["events"])
                record(self.store, job, events)
                if isinstance(events[-1], RunEnd):
                    self._finish(job, events[-1])
                    return
            elif "stopped" in message:
                self._finish(job, RunEnd(status="stopped"))
                return
            elif "error" in message:
                self._finish(job, RunEnd(status="failed", error=message["error"]), log=message.get("trace", ""))
                return
            if not asked_to_stop and self.store.job(job.id).status == "stopping":
                asked_to_stop = time.monotonic()
                worker.send({"stop": job.id})
            elif asked_to_stop and time.monotonic() - asked_to_stop > KILL_SECONDS:
                worker.end()

    def _finish(self, job: Job, end: RunEnd, log: str = "") -> None:
        try:
            finish(self.store, self.root, job, end, log)
        except Exception as error:  # noqa: BLE001 - a full disk, say: the run must not stay "running"
            finish(self.store, self.root, job, RunEnd(status="failed", error=f"Could not keep the result: {error}"))

    def _lost(self, job: Job, worker: Worker | None) -> None:
        """The worker is gone: killed to stop a job that did not stop by itself, or dead for a reason of its own."""
        lost = worker or self.worker
        self.worker = None
        code = lost.end() if lost is not None else None
        if self.store.job(job.id).status == "stopping":
            self._finish(job, RunEnd(status="stopped"))
            return
        logs = [run_folder(self.root, job.id) / "worker.log"] + ([lost.log] if lost is not None else [])
        tail = "\n".join(log.read_text(errors="replace")[-LOG_TAIL:] for log in logs if log.exists()).strip()
        error = f"The worker process ended unexpectedly ({_died_of(code)}). The next job gets a new one."
        self._finish(job, RunEnd(status="failed", error=error), log=tail)


def _died_of(code: int | None) -> str:
    if code == -9:
        return "killed, often for lack of memory: try a smaller batch size"
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


class Lanes:
    """All threads of one workspace."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store, self._root = store, root
        self._lanes: dict[str, Lane] = {}
        self._lock = threading.Lock()
        for lane in ("auto", "short"):
            self._start(lane, warm=lane == "auto")

    def _start(self, name: str, *, warm: bool) -> Lane:
        lane = self._lanes[name] = Lane(self._store, self._root, name, warm=warm)
        lane.start()
        return lane

    def devices(self) -> tuple[Device, ...]:
        """The devices that the first worker found, the default first; empty until it has said."""
        return self._lanes["auto"].devices

    def wake(self, name: str) -> None:
        """Have the lane's thread look for work; a device that is not the default one gets its thread now."""
        with self._lock:
            if name == self._lanes["auto"].device:
                name = "auto"
            lane = self._lanes.get(name) or self._start(name, warm=False)
        lane.wake()

    def worker_pids(self) -> dict[str, int]:
        return {name: lane.worker.process.pid for name, lane in self._lanes.items() if lane.worker is not None}

    def close(self) -> None:
        for lane in self._lanes.values():
            lane.close()
        for lane in self._lanes.values():
            lane.join(timeout=5)
