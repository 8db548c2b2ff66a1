"""What a run has done, how fast, how much memory it took, and how long it will still take."""

import os
import resource
import sys
import time
from pathlib import Path
from typing import Literal

import torch

from transfer_core.strategies.definition import Stage
from transfer_core.training import heap
from transfer_core.types import EpochEnd, Progress

Pass = Literal["forward", "train"]
FORGET = 0.9  # share of the past that a rate keeps at each batch
TRAIN_COST = 3.0  # a training pass takes about three forward passes (backward: two)


class Meter:
    """Counts steps, epochs and images of one run; `forward` and `train` are the image passes it is planned to make."""

    def __init__(self, device: torch.device, *, forward: int, train: int) -> None:
        self.device = device
        self.step = 0  # of any solver, over the whole run
        self.epoch = 0
        self.peak_bytes = 0
        self.saved: float | None = None  # seconds that what was kept from before has saved; None: not looked for yet
        self._began = time.monotonic()
        self._ahead: dict[Pass, float] = {"forward": forward, "train": train}
        self._recent: dict[Pass, tuple[float, float]] = {}  # images, seconds; both decayed
        self._total: dict[Pass, tuple[int, float]] = {}
        heap.trim()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)

    def passed(self, kind: Pass, images: int, seconds: float) -> None:
        """Record a batch."""
        self._ahead[kind] = max(0.0, self._ahead[kind] - images)
        seen, spent = self._recent.get(kind, (0.0, 0.0))
        self._recent[kind] = (FORGET * seen + images, FORGET * spent + seconds)
        all_seen, all_spent = self._total.get(kind, (0, 0.0))
        self._total[kind] = (all_seen + images, all_spent + seconds)

    def add(self, kind: Pass, images: int) -> None:
        """Passes that were not planned."""
        self._ahead[kind] += images

    def drop(self, kind: Pass, images: int) -> None:
        """Passes that will not be made, since training stops early."""
        self._ahead[kind] = max(0.0, self._ahead[kind] - images)

    def only(self, *, forward: int) -> None:
        """Training has been stopped: these passes are all that is left."""
        self._ahead = {"forward": forward, "train": 0}

    def spare(self, seconds: float) -> None:
        """What the run found when it first looked for anything kept would have taken so long; the rest is its own."""
        if self.saved is None:
            self.saved = seconds

    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

    def total(self, kind: Pass) -> tuple[int, float]:
        """Images passed so far, and the seconds they took."""
        return self._total.get(kind, (0, 0.0))

    def speed(self) -> float | None:
        """Images per second over the whole run: of training where there was any, else of forward passes."""
        seen, spent = self._total.get("train") or self._total.get("forward") or (0, 0.0)
        return seen / spent if spent else None

    def seconds_left(self) -> float | None:
        """Of the whole run, from recent rates; None before the first batch. Early stopping can only shorten it."""
        forward, train = self._rate("forward"), self._rate("train")
        forward = forward or (train * TRAIN_COST if train else None)
        train = train or (forward / TRAIN_COST if forward else None)
        if forward is None or train is None:
            return None
        return self._ahead["forward"] / forward + self._ahead["train"] / train

    def progress(
        self, what: str, done: int, of: int, *, kind: Pass | None = None, unit: str = "images", extra: float = 0.0
    ) -> Progress:
        """Where a phase stands. `extra`: seconds left of what is not counted in images."""
        left = self.seconds_left()
        return Progress(
            what=what,
            done=done,
            of=of,
            unit=unit,
            seconds_left=None if left is None and not extra else (left or 0.0) + extra,
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
    ) -> EpochEnd:
        """`train` and `val` are loss and accuracy."""
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
        )

    def memory_bytes(self) -> int:
        """On CUDA the peak that tensors took on the device; elsewhere the memory of the process. Keeps the highest."""
        cuda = self.device.type == "cuda"
        now = torch.cuda.max_memory_allocated(self.device) if cuda else resident_bytes()
        self.peak_bytes = max(self.peak_bytes, now)
        return now

    def _rate(self, kind: Pass) -> float | None:
        seen, spent = self._recent.get(kind, (0.0, 0.0))
        return seen / spent if spent else None


def resident_bytes() -> int:
    """Memory that this process holds now; its peak where the system does not tell."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
