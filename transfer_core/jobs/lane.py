"""A background thread that owns one queue of jobs and supervises a warm worker. Nothing ends it but `close`."""

import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from transfer_core import awake
from transfer_core.errors import GraftError, StoreError, disk_is_full, disk_words, unforeseen
from transfer_core.jobs.process import Worker
from transfer_core.jobs.protocol import unpack
from transfer_core.jobs.record import cut_off, finish, printed, reason, record, wrong
from transfer_core.jobs.tasks import EXPORTS, SHORT
from transfer_core.jobs.tasks.train import Train
from transfer_core.journal import Journal
from transfer_core.store import Store
from transfer_core.store.jobs import CUT_OFF, ENDED_MEANWHILE, PAUSED
from transfer_core.types import Device, Event, Job, Notice, Progress, RunEnd

AUTO = "auto"  # the lane of the default device
MADE_WAY = "It made way for what you asked for, and goes on when the device is free."
MOST_RESUMED = 3  # times that a run goes on by itself after its worker's death
KILL_SECONDS = 4.0  # of silence, once told to stop; a worker that reports progress may test what was learned
KEEP_SECONDS = 3.0  # likewise when Graft ends, for a run to keep where it stands
RETRY_SECONDS = 2.0  # between two looks whether the disk has room again
RESTART_SECONDS = 20.0  # between two tries to start a first worker
CLASS = re.compile(r"^[\w.]*(Error|Exception): ")  # before what an exception says
ROOM_BYTES = 1 << 20  # that the disk must take before a queue goes on


class PutBack(Exception):
    """A job was left and is to go on later: it made way, or its worker died."""

    def __init__(self, why: str, *, died: bool = False) -> None:
        super().__init__(why)
        self.why, self.died = why, died


class Lane(threading.Thread):
    """Runs the jobs of one lane, one after the other."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        root: Path,
        lane: str,
        *,
        found: Callable[[], None] | None = None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        """`found`: called when a worker has said which devices there are; such a lane keeps one warm. `ended`: called
        when a job has.
        """
        super().__init__(name=f"graft-{lane}", daemon=True)
        self.store, self.journal, self.root, self.lane = store, journal, root, lane
        self.devices: tuple[Device, ...] = ()
        self.worker: Worker | None = None
        self.trouble = ""  # why nothing runs here, in a sentence; '' while all is well
        self.leaving = False  # it takes no further job: its device does not exist
        self._found, self._ended, self._told = found, ended, False
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._starting = threading.Lock()
        self._ending = 0.0  # when it was told to close
        self._trains = False  # its worker is at work on a run
        self._full = False  # the last job failed because the disk is
        self._need = 0  # bytes that it wanted to be free
        self._tried = -RESTART_SECONDS  # when a first worker was started last

    def wake(self) -> None:
        self._wake.set()

    @property
    def device(self) -> str:
        """What this lane computes on; AUTO until its worker has said."""
        if self.lane == AUTO:
            return self.devices[0].name if self.devices else AUTO
        return "cpu" if self.lane in (SHORT, EXPORTS) else self.lane

    @property
    def _served(self) -> list[str]:
        """The names under which jobs wait for it."""
        return sorted({self.lane, self.device}) if self.lane == AUTO else [self.lane]

    def close(self) -> None:
        """End the worker; the job that it was running ends interrupted. A run keeps where it stands first."""
        self._ending = awake.seconds()
        self._closing.set()
        self._wake.set()
        if not self._trains:
            with self._starting:
                self._drop()

    def run(self) -> None:
        while not self._closing.is_set():
            try:
                if self._found is not None and not self._told:
                    self._warm_up()
                    if not self._told:  # what is queued waits for a worker that can start
                        self._wait(1.0)
                        continue
                job = self._next_job()
                if job is None and self._unknown_device():
                    self.leaving = True  # from here on `Lanes.wake` starts another; what came in between is taken
                    job = self._next_job()
                    if job is None:
                        break
                if job is None:
                    self._wait(1.0)
                else:
                    self._drive(job)
                    self._ended()
            except GraftError as error:
                self._pause(f"{error} What waits goes on by itself then.", error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the queue goes on
                shown = self.journal.caught(error, f"lane {self.lane}")
                self._pause(f"Graft failed here and tries again (error {shown}; the log has the rest).", None)
        with self._starting:
            self._drop()

    def _next_job(self) -> Job | None:
        """The next one in the queue, once what could not be written before is."""
        self.store.write_kept()
        if self._full and set(self._served) & self.store.waiting_lanes():
            self._need_room()
        job = self.store.claim(self._served, self.device)
        self._recovered()
        return job

    def _need_room(self) -> None:
        """Raises StoreError while the disk is full, or has less room than the last job wanted."""
        probe = self.root / "staging" / f".room-{self.lane.replace(':', '-')}"
        try:
            probe.parent.mkdir(exist_ok=True)
            probe.write_bytes(bytes(ROOM_BYTES))
        except OSError as error:
            words = f"The disk of {self.root} is full. Free some space there."
            raise StoreError(words, why="the disk is full", full=True) from error
        finally:
            with suppress(OSError):
                probe.unlink(missing_ok=True)
        free = shutil.disk_usage(self.root).free
        if free < self._need:
            lack = f"{free / 1e9:.1f} GB are free, and what waits may need {self._need / 1e9:.1f} GB"
            words = f"The disk of {self.root} is too full: {lack}. Free some space there."
            raise StoreError(words, why="the disk is full", full=True)
        self._full, self._need = False, 0

    def _pause(self, trouble: str, error: GraftError | None) -> None:
        """Hold the queue for a moment, and say why."""
        if trouble != self.trouble:
            self.journal.say(f"lane {self.lane} pauses: {trouble}")
        self.trouble = trouble
        self._full = self._full or disk_is_full(error)
        self._wait(RETRY_SECONDS)

    def _recovered(self) -> None:
        if self.trouble:
            self.journal.say(f"lane {self.lane} goes on")
        self.trouble = ""

    def _wait(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    # --- the worker ---

    def _warm_up(self) -> None:
        """Start the first worker and tell what it found; one that cannot start is a trouble, and tried again later."""
        if not self.devices:
            if time.monotonic() - self._tried < RESTART_SECONDS:
                return
            self._tried = time.monotonic()
            worker, why = self._ready_worker(None)
            if worker is None:
                if not self._closing.is_set():
                    self.trouble = f"The worker, which computes, cannot start, and is tried again: {why}"
                    self.journal.say(f"lane {self.lane}: {self.trouble}")
                return
        if self._found is not None:
            self._found()
        self._told = True
        self._ended()

    def _ready_worker(self, job: Job | None) -> tuple[Worker | None, str]:
        """A worker that has said hello, a new one where there was none; else None, and why in a sentence.

        None also when it was told to stop meanwhile.
        """
        if self.worker is not None and self.worker.alive:
            return self.worker, ""
        try:
            with self._starting:  # so that `close` sees every worker
                if self._closing.is_set():
                    return None, ENDED_MEANWHILE
                self._drop()
                self.worker = worker = Worker(self.root, self.lane)
        except OSError as error:
            return None, disk_words(error)
        if job is not None:
            record(self.store, job, [Progress(what="Starting the worker", done=0, of=1, unit="steps")])
        while (message := worker.next(0.25)) is not None:
            if "hello" in message:
                self.devices = tuple(Device(**device) for device in message["hello"])
                return worker, ""
            if self._closing.is_set() or (job is not None and self.store.job(job.id).status == "stopping"):
                break
        code, last = worker.end(), CLASS.sub("", printed(worker.log).rpartition("\n")[2])
        return None, f"{_died_of(code)}. {last}".strip()

    def _unknown_device(self) -> bool:
        return bool(self.devices) and self.lane not in (AUTO, SHORT, EXPORTS, *(known.name for known in self.devices))

    # --- one job ---

    def _drive(self, job: Job) -> None:
        """Run one job to its end, and keep how it ended."""
        self.journal.say(f"{job.kind} starts on {self.device}", job=job.id)
        last: Sequence[Event] = ()
        log = ""
        try:
            self._trains = job.kind == Train.kind
            end, last, log = self._supervised(job)
        except PutBack as left:
            if self.store.requeue(job.id, left.why, died=left.died, events=[Notice(text=left.why)]):
                self.journal.say(f"{job.kind} goes back into the queue: {left.why}", job=job.id)
                return
            end = RunEnd(status="stopped")
        except GraftError as error:
            self._full = disk_is_full(error)
            end = cut_off(job, reason(error))
            self._drop()
        except Exception as error:  # noqa: BLE001 - it must not stay "running"
            shown = self.journal.caught(error, f"{job.kind} failed", job=job.id)
            end = RunEnd(status="failed", error=unforeseen("", shown))
            self._drop()
        finally:
            self._trains = False
        finish(self.store, self.journal, self.root, job, end, log=log, last=last)

    def _drop(self) -> None:
        """End the worker, whatever it does; the next job gets a new one."""
        if self.worker is not None:
            self.worker.end()

    def _supervised(self, job: Job) -> tuple[RunEnd, Sequence[Event], str]:
        """How a job ended, the events that go with it, and what is known where it printed nothing. Raises PutBack."""
        worker, why = self._ready_worker(job)
        if worker is None:
            return self._gone(job, f"The worker, which computes, could not start: {why}"), (), ""
        if self._unknown_device():
            known = ", ".join(device.name for device in self.devices)
            error = f"There is no device '{self.lane}' here. Choose one of: {known}."
            return RunEnd(status="failed", error=error), (), ""
        worker.send({"job": job.id, "kind": job.kind, "payload": job.payload, "device": self.device})
        stops, heard = 0, 0.0  # how often it was told to stop; when it was told or said something last
        lost: GraftError | None = None  # why its events cannot be kept
        leaving = pausing = False  # it was told to make way, or to pause
        while (message := worker.next(0.2)) is not None and (self._trains or not self._closing.is_set()):
            if message.get("job") not in (None, job.id):
                continue  # the last words of one that was given up
            if "stopped" in message:
                return self._unkept(job, lost) or RunEnd(status="stopped"), (), ""
            if "paused" in message:
                words = CUT_OFF if self._closing.is_set() else PAUSED
                return self._unkept(job, lost) or RunEnd(status="interrupted", error=words), (), ""
            if "dropped" in message:
                raise PutBack(MADE_WAY)
            if "error" in message:
                self._full, self._need = bool(message.get("full")), int(message.get("need", 0))
                words = message["error"]
                if trace := message.get("trace", ""):
                    shown = self.journal.reported(trace, f"{job.kind} failed", job=job.id)
                    words = unforeseen(words, shown) if message.get("unforeseen") else words
                return self._unkept(job, lost) or wrong(job, words, full=self._full), (), ""
            events = unpack(message.get("events", ()))
            if events and isinstance(events[-1], RunEnd):
                return self._unkept(job, lost) or events[-1], () if lost else events[:-1], ""
            try:
                if lost is None:
                    record(self.store, job, events)
                now = self.store.job(job.id)
                asked, pauses = now.stops, bool(now.payload.get("pausing"))
                if now.payload.get("by_itself") and not leaving and self.store.others_wait(self._served):
                    leaving, heard = True, awake.seconds()
                    worker.send({"drop": job.id})
            except GraftError as error:
                lost = lost or error
                asked, pauses = (stops, True) if job.kind == Train.kind else (2, False)
            if (pauses or self._closing.is_set()) and not pausing:
                pausing, heard = True, awake.seconds()
                worker.send({"pause": job.id})
            heard = awake.seconds() if events else heard
            while stops < asked:
                stops, heard = stops + 1, awake.seconds()
                worker.send({"stop": job.id})
            if (stops or leaving or pausing) and awake.seconds() - heard > KILL_SECONDS:
                worker.end()
            if self._closing.is_set() and awake.seconds() - self._ending > KEEP_SECONDS:
                worker.end()
        code = worker.end()
        if leaving and not self._closing.is_set():
            raise PutBack(MADE_WAY)
        self._full = code == -signal.SIGBUS  # a map of a file had no room, perhaps
        words = f"The worker process ended unexpectedly ({_died_of(code)})."
        if lost is None and self._goes_on(job):
            raise PutBack(f"{words} Training went on with a new one.", died=True)
        return self._unkept(job, lost) or self._gone(job, words), (), printed(worker.log)

    def _goes_on(self, job: Job) -> bool:
        """Whether a run whose worker died is tried again by itself."""
        died = not self._closing.is_set() and self.store.job(job.id).status == "running"
        return died and job.kind == Train.kind and job.payload.get("deaths", 0) < MOST_RESUMED

    def _unkept(self, job: Job, lost: GraftError | None) -> RunEnd | None:
        """The end of a job whose events could not be kept."""
        if lost is None:
            return None
        self._full = disk_is_full(lost)
        return cut_off(job, reason(lost))

    def _gone(self, job: Job, words: str) -> RunEnd:
        """How a job ends whose worker is gone: killed to stop it, ended with Graft, or dead for a reason of its own."""
        now = self.store.job(job.id)
        if now.payload.get("pausing"):
            return RunEnd(status="interrupted", error=PAUSED)
        if now.status == "stopping":
            return RunEnd(status="stopped")
        if self._closing.is_set():
            return RunEnd(status="interrupted", error=CUT_OFF if job.kind == Train.kind else ENDED_MEANWHILE)
        return cut_off(job, words)


def _died_of(code: int) -> str:
    if code == -9:
        return "killed, often for lack of memory: try a smaller batch size"
    if code == -signal.SIGBUS:
        return "signal 7, often a full disk: free some space"
    return f"signal {-code}" if code < 0 else f"exit code {code}"
