"""What the pages draw of a job, kept as it comes: a tick reads the events that are new and nothing else."""

import math
import threading

import numpy as np
import streamlit as st

from transfer_core.types import EpochEnd, Event, Floats, Notice, Progress, Resumed, StageStart
from transfer_core.workspace import Workspace

JOBS_KEPT = 64  # of the whole process; a run of 100,000 steps takes 3 MB
PANELS = ("loss", "accuracy")
ROOM = 64  # points of a new curve


class Curve:
    """Points (x, y) that only become more; those that are not finite are left out."""

    def __init__(self) -> None:
        self._points = np.empty((2, ROOM))
        self._count = 0

    def add(self, x: float, y: float | None) -> None:
        if y is None or not (math.isfinite(x) and math.isfinite(y)):
            return
        if self._count == self._points.shape[1]:
            self._points = np.concatenate((self._points, np.empty_like(self._points)), axis=1)
        self._points[:, self._count] = x, y
        self._count += 1  # last, so that nobody sees a point that is not written yet

    def __bool__(self) -> bool:
        return self._count > 0

    @property
    def points(self) -> tuple[Floats, Floats]:
        """x and y (N,) as they stand; not to be written to."""
        count = self._count  # first: what it counts is in any later array too
        x, y = self._points[:, :count]
        return x, y


class Feed:
    """A job's events, digested in the order in which they come.

    One thread at a time takes events. Others draw meanwhile without a lock: everything here grows or is replaced whole.
    """

    def __init__(self) -> None:
        self.seq = 0  # of the last event taken
        self.stage: StageStart | None = None
        self.progress: tuple[float, Progress] | None = None  # the last, and when it was written
        self.share = 0.0  # of the whole job that is done; where it has stages it never goes back
        self.images_per_second: float | None = None  # the last that was said
        self.peak_bytes: int | None = None
        self.epochs = 0
        self.best_accuracy: float | None = None  # validation's, of the network that would be kept now
        self.highest: tuple[float, str] | None = None  # validation's highest accuracy so far, and where that was
        self.kept = ""  # where the network stood that would be kept now: "epoch 14 of 22"
        self.timed = Curve()  # validation's accuracy by seconds since the run began
        self.judge = Curve()  # the loss by which gradient descent keeps a network
        self.steps = Curve()  # training loss by step, where steps tell theirs
        self.curves = {(part, panel): Curve() for part in ("train", "val") for panel in PANELS}  # by epoch
        self.best = {panel: Curve() for panel in PANELS}  # the best epoch so far alone
        self.notices: tuple[str, ...] = ()
        self.marks: tuple[tuple[float, StageStart], ...] = ()  # step at which a further stage with curves begins
        self.rounds: tuple[tuple[float, str], ...] = ()  # seconds and name: a round of a race begins
        self.judged: dict[str, dict[int, Curve]] = {}  # accuracy by seconds: of a candidate, by number of stage
        self.unit: str = "epoch"  # what EpochEnd counts; "epoch" where its stages differ
        self._units: dict[str, str] = {}
        self._in_stage: dict[str, int] = {}  # epochs, or steps of a solver, that have ended
        self._ended: set[str] = set()  # stages of which an epoch has ended
        self._begun: StageStart | None = None  # the stage that has no curves yet
        self._drawn = 0  # stages that have
        self._step = self._seconds = 0.0  # the furthest so far
        self._taking = threading.Lock()

    def read(self, workspace: Workspace, job: str) -> None:
        """Take what the store has beyond the last event taken."""
        with self._taking:
            for seq, when, event in workspace.jobs.events(job, after=self.seq):
                self.take(event, when)
                self.seq = seq

    def take(self, event: Event, when: float = 0.0) -> None:
        if isinstance(event, StageStart):
            if event.number == 1 and self.stage is not None:
                self._begin_anew()
            self._stage(event)
        elif isinstance(event, Progress):
            self._progress(event, when)
        elif isinstance(event, EpochEnd):
            self._epoch(event)
        elif isinstance(event, Notice):
            self.notices += (event.text,)
        elif isinstance(event, Resumed):
            self._begin_anew()
            how = f"It went on from step {event.step:,}." if event.step else "It began anew."
            self.notices = (f"{event.why} {how}",) if event.why else ()

    def _begin_anew(self) -> None:
        """Of a run that goes on, or starts over: what it had drawn before is told again, or gone."""
        kept = ("seq", "notices", "_taking")
        self.__dict__.update({name: value for name, value in vars(Feed()).items() if name not in kept})

    def _stage(self, event: StageStart) -> None:
        self.stage = self._begun = event
        self._units[event.stage] = event.unit
        self._settle_unit()
        if event.stage.startswith("round "):
            self.rounds += ((self._seconds, event.stage),)

    def _progress(self, event: Progress, when: float) -> None:
        self.progress = when, event
        self._advance(event)
        self.images_per_second = event.images_per_second or self.images_per_second
        self.peak_bytes = max(event.memory_bytes or 0, self.peak_bytes or 0) or None
        if event.steps:
            self._reach(*event.steps)
        for step, loss in zip(event.steps, event.losses, strict=True):
            self.steps.add(step, loss)

    def _advance(self, event: Progress) -> None:
        """Where the job does not tell how far it is as a whole, its stages count alike."""
        share, stage = min(1.0, event.done / event.of) if event.of else 0.0, self.stage
        if event.share is not None:
            share = event.share
        elif stage is not None and stage.stages > 1:
            share = (stage.number - 1 + share) / stage.stages
        else:  # phases of their own, of which nobody knows how many there are
            self.share = share
            return
        self.share = max(self.share, share)

    def _epoch(self, event: EpochEnd) -> None:
        self.epochs += 1
        self._reach(event.step)
        self._seconds = max(self._seconds, event.seconds)
        self._ended.add(event.stage)
        self._settle_unit()
        for part, panel in self.curves:
            value = getattr(event, f"{part}_{panel}")
            self.curves[part, panel].add(event.step, value)
            if event.best and part == "val" and value is not None:
                self.best = self.best | {panel: Curve()}
                self.best[panel].add(event.step, value)
        self.judge.add(event.step, event.val_refined)
        self.timed.add(event.seconds, event.val_accuracy)
        self._in_stage[event.stage] = self._in_stage.get(event.stage, 0) + 1
        if event.best:
            self.kept = self._place(event.stage)
        if event.val_accuracy is None:
            return
        if self.highest is None or event.val_accuracy > self.highest[0]:
            self.highest = event.val_accuracy, self._place(event.stage)
        if event.best:
            self.best_accuracy = event.val_accuracy
        number = self.stage.number if self.stage is not None else 0
        rounds = self.judged.get(event.stage, {})
        if number not in rounds:
            self.judged = self.judged | {event.stage: rounds | {number: Curve()}}
        self.judged[event.stage][number].add(event.seconds, event.val_accuracy)

    def _place(self, stage: str) -> str:
        """ "epoch 14 of 22", "step 5 of the solver", "strength 3": the epoch, or step of a solver, that ended last."""
        number, begun = self._in_stage[stage], self.stage
        unit = self._units.get(stage, "epoch")
        if unit != "epoch":
            name, _, of = unit.partition(" of ")
            return f"{name.partition(' ')[0]} {number}" + f" of {of}" * bool(of)
        several = sum(each == "epoch" for each in self._units.values()) > 1
        of = f" of {begun.of}" if begun is not None and begun.of else ""
        return f"epoch {number}{of}" + (f" of “{begun.title}”" if several and begun is not None else "")

    def _reach(self, *steps: int) -> None:
        """A curve gets points up to here; the first of a stage mark where it begins."""
        if self._begun is not None:
            if self._drawn:
                self.marks += ((self._step, self._begun),)
            self._begun, self._drawn = None, self._drawn + 1
        self._step = max(self._step, *steps)

    def _settle_unit(self) -> None:
        """Of the stages of which an epoch has ended."""
        units = {self._units[name] for name in self._ended if name in self._units}
        self.unit = units.pop() if len(units) == 1 else "epoch"


@st.cache_resource(max_entries=JOBS_KEPT, show_spinner=False)
def _kept(root: str, job: str) -> Feed:
    return Feed()


def feed(workspace: Workspace, job: str) -> Feed:
    """A job's feed, up to date: one for all tabs of this process."""
    kept = _kept(str(workspace.root), job)
    kept.read(workspace, job)
    return kept
