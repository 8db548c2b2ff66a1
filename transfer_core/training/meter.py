"""What a run has done, how fast, how much memory it took, and how long it will still take."""

import os
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from transfer_core import awake
from transfer_core.strategies.definition import Stage
from transfer_core.training import heap
from transfer_core.training.ahead import Leg, Paces, seconds_left
from transfer_core.types import EpochEnd, Progress

Pass = Literal["forward", "train"]
FORGET = 0.9  # share of the past that a pace keeps at each batch
KEPT = (
    *("step", "epoch", "peak_bytes", "saved", "slope"),
    *("_forward", "_solving", "_leg", "_recent", "_total", "_share"),
)
PREPARED = 0.02  # of the bar: images are read before the run's own clock begins


class Meter:
    """Counts steps, epochs and images of one run.

    `forward` and `legs` are the image passes that it is planned to make, `solving` the seconds of fitting heads.
    """

    def __init__(
        self,
        device: torch.device,
        *,
        forward: int,
        legs: Sequence[Leg] = (),
        solving: float = 0.0,
        clock: Callable[[], float] = awake.seconds,
    ) -> None:
        self.device = device
        self.step = 0  # of any solver, over the whole run
        self.epoch = 0
        self.peak_bytes = 0
        self.saved: float | None = None  # seconds that what was kept from before has saved; None: not looked for yet
        self.slope: float | None = None  # seconds that an image takes longer where all learns, against the head alone
        self._clock, self._began = clock, clock()
        self._forward, self._legs, self._solving = float(forward), list(legs), solving
        self._leg = -1  # that is under way
        self._planned = bool(forward or self._legs)  # else it is part of a longer job
        self._recent: dict[
            Pass | float, tuple[float, float]
        ] = {}  # images, seconds; both decayed; by share that learns
        self._first: set[Pass | float] = set()  # of which the first batch alone is known, which chose algorithms
        self._total: dict[Pass, tuple[int, float]] = {}
        self._share = 0.0
        heap.trim()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def plain(self) -> dict[str, Any]:
        """Where it stands, for a checkpoint."""
        return {
            **{name: getattr(self, name) for name in KEPT},
            "_first": list(self._first),
            "_legs": [(leg.images, leg.share) for leg in self._legs],
            "seconds": self.seconds(),
        }

    def resume(self, kept: dict[str, Any]) -> None:
        """Go on from where `plain` stood, in seconds too."""
        for name in KEPT:
            setattr(self, name, kept[name])
        self._first = set(kept["_first"])
        self._legs = [Leg(images=images, share=share) for images, share in kept["_legs"]]
        self._began = self._clock() - kept["seconds"]

    def begin_leg(self) -> Leg | None:
        """The next stage of training begins. Returns what it is planned to be; None for one that was not planned."""
        self._leg += 1
        return self._legs[self._leg] if self._leg < len(self._legs) else None

    def lasting(self) -> float:
        """The largest share of the network that any stage ahead learns."""
        return max((leg.share for leg in self._legs[self._leg :]), default=0.0)

    def passed(self, kind: Pass, images: int, seconds: float) -> None:
        """Record a batch."""
        self._count(kind, -images)
        key: Pass | float = kind if kind == "forward" else self._now
        seen, spent = self._recent.get(key, (0.0, 0.0))
        if key in self._first:
            seen, spent = 0.0, 0.0
            self._first.discard(key)
        elif key not in self._recent:
            self._first.add(key)
        self._recent[key] = (FORGET * seen + images, FORGET * spent + seconds)
        all_seen, all_spent = self._total.get(kind, (0, 0.0))
        self._total[kind] = (all_seen + images, all_spent + seconds)

    def add(self, kind: Pass, images: int) -> None:
        """Passes that were not planned."""
        if kind == "train" and not self._legs:
            self._legs, self._leg = [Leg(images=0.0, share=1.0)], 0
        self._count(kind, images)

    def drop(self, kind: Pass, images: int) -> None:
        """Passes that will not be made, since training stops early."""
        self._count(kind, -images)

    def only(self, *, forward: int) -> None:
        """Training has been stopped: these passes are all that is left."""
        self._forward, self._legs, self._solving = float(forward), [], 0.0

    def solved(self) -> None:
        """The heads that were to be fitted are."""
        self._solving = 0.0

    def _count(self, kind: Pass, images: int) -> None:
        if kind == "forward":
            self._forward = max(0.0, self._forward + images)
        elif 0 <= self._leg < len(self._legs):
            leg = self._legs[self._leg]
            self._legs[self._leg] = replace(leg, images=max(0.0, leg.images + images))

    @property
    def _now(self) -> float:
        """The share of the network that learns now."""
        return self._legs[self._leg].share if 0 <= self._leg < len(self._legs) else 1.0

    def spare(self, seconds: float) -> None:
        """What the run found when it first looked for anything kept would have taken so long; the rest is its own."""
        if self.saved is None:
            self.saved = seconds

    def seconds(self) -> float:
        """Since the run began."""
        return self._clock() - self._began

    def total(self, kind: Pass) -> tuple[int, float]:
        """Images passed so far, and the seconds they took."""
        return self._total.get(kind, (0, 0.0))

    def speed(self) -> float | None:
        """Images per second over the whole run: of training where there was any, else of forward passes."""
        seen, spent = self._total.get("train") or self._total.get("forward") or (0, 0.0)
        return seen / spent if spent else None

    def seconds_left(self) -> float | None:
        """Of the whole run; None before the first batch. Early stopping can only shorten it."""
        known = {key: spent / seen for key, (seen, spent) in self._recent.items() if seen}
        train = {key: pace for key, pace in known.items() if not isinstance(key, str)}
        left = seconds_left(
            self._forward, self._legs, Paces(forward=known.get("forward"), train=train, slope=self.slope)
        )
        return None if left is None else left + self._solving

    def share(self, left: float | None) -> float:
        """Of the whole run that is done: never less than before."""
        spent = self.seconds()
        if left is not None:
            self._share = max(self._share, spent / max(spent + left, 1e-9))
        return PREPARED + (1 - PREPARED) * self._share

    def progress(
        self, what: str, done: int, of: int, *, kind: Pass | None = None, unit: str = "images", extra: float = 0.0
    ) -> Progress:
        """Where a phase stands. `extra`: seconds left of what is not counted in images."""
        left = self.seconds_left()
        left = None if left is None and not extra else (left or 0.0) + extra
        return Progress(
            what=what,
            done=done,
            of=of,
            unit=unit,
            seconds_left=left,
            share=self.share(left) if self._planned else None,
            images_per_second=self._rate(kind) if kind else None,
            memory_bytes=self.memory_bytes(),
        )

    def epoch_end(
        self,
        stage: Stage,
        *,
        train: tuple[float, float],
        val: tuple[float, float] | None,
        best: bool,
        lr: float | None = None,
        refined: float | None = None,
    ) -> EpochEnd:
        """`train` and `val` are loss and accuracy; `refined` is the loss at the temperature that suits it best."""
        self.epoch += 1
        return EpochEnd(
            stage=stage.name,
            epoch=self.epoch,
            step=self.step,
            train_loss=train[0],
            train_accuracy=train[1],
            val_loss=val[0] if val else None,
            val_accuracy=val[1] if val else None,
            best=best,
            seconds=self.seconds(),
            lr=lr,
            images_per_second=self._rate("train"),
            val_refined=refined,
        )

    def memory_bytes(self) -> int:
        """On CUDA the peak that tensors took on the device; elsewhere the memory of the process. Keeps the highest."""
        cuda = self.device.type == "cuda"
        now = torch.cuda.max_memory_allocated(self.device) if cuda else resident_bytes()
        self.peak_bytes = max(self.peak_bytes, now)
        return now

    def _rate(self, kind: Pass) -> float | None:
        seen, spent = self._recent.get(kind if kind == "forward" else self._now, (0.0, 0.0))
        return seen / spent if spent else None


def resident_bytes() -> int:
    """Memory that this process holds now; its peak where the system does not tell."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
