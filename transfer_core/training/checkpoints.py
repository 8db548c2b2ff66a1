"""Where a run stands, kept on disk while it trains, so that it goes on from there after whatever ended it.

Every random number of a run comes from its seed, the epoch and the step (`training.augment`, `gradient.noise`), so what
is kept has no generator's state; on the CPU a run that was resumed ends with the same bits as one that was not.
"""

import pickle
import time
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from transfer_core.kept import whole
from transfer_core.types import EpochEnd, Event, Notice, Progress, StageStart, event_from_json, event_to_json

FORMAT = 1
KEPT = 2  # the newest; each also holds the best network so far
PAYS = 50  # times as long as one took to write has to be trained until the next: 2 % of a run
EXPECTED = 0.2  # seconds that the first is thought to take, so that a run of seconds writes none
MINUTES = 3.0  # after which one is written in the middle of an epoch
DAMAGED = (OSError, RuntimeError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, pickle.PickleError)

Plain = dict[str, Any]  # tensors, numbers, texts, and lists, tuples and dicts of such


class Checkpoints:
    """The checkpoints of one run, in the order of their steps. Each is whole or not there, and checked when read."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder, self._clock = folder, clock
        self._written, self._took = clock(), EXPECTED  # when the last one was, and how many seconds it took

    def due(self, *, epoch_ended: bool) -> bool:
        """Whether one is worth its time now: at an epoch's end nearly always, else every few minutes."""
        since = self._clock() - self._written
        return since >= PAYS * self._took and (epoch_ended or since >= 60 * MINUTES)

    def save(self, step: int, what: Plain) -> None:
        """Write where a run stands after so many steps; older ones but the last go. Raises OSError: the disk is full.

        One that cannot be written leaves the older ones as they are.
        """
        began = self._clock()
        with whole(self.folder / f"{step:09d}.pt") as part, part.open("wb") as file:
            try:
                torch.save({"format": FORMAT, **what}, file)  # by a path it would not say why it failed
            except RuntimeError as error:
                if not isinstance(full := error.__context__, OSError):
                    raise
                raise OSError(full.errno, full.strerror, str(self.folder)) from error
        for old in self._files()[:-KEPT]:
            old.unlink(missing_ok=True)
        self._written = self._clock()
        self._took = self._written - began

    def newest(self) -> Plain | None:
        """The newest one that is as it was written; None where there is none. Damaged ones are removed."""
        for file in reversed(self._files()):
            with suppress(*DAMAGED):
                with zipfile.ZipFile(file) as parts:
                    whole_ = parts.testzip() is None  # every part by its CRC-32
                found: Plain = torch.load(file, map_location="cpu", weights_only=True) if whole_ else {}
                if found.get("format") == FORMAT:
                    return found
            file.unlink(missing_ok=True)
        return None

    def remove(self) -> None:
        for file in self._files():
            file.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.pt"))


@dataclass
class Story:
    """What a run has told so far that its curves need, to be told again when it goes on."""

    told: list[str] = field(default_factory=list)  # events as JSON
    steps: list[int] = field(default_factory=list)  # of losses since the last event in `told`
    losses: list[float] = field(default_factory=list)
    bar: Progress | None = None  # the last

    def hear(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.steps += event.steps
            self.losses += event.losses
            self.bar = event
        elif isinstance(event, StageStart | EpochEnd | Notice):
            self._close()
            self.told.append(event_to_json(event))

    def _close(self) -> None:
        if self.bar is not None and self.steps:
            self.told.append(event_to_json(replace(self.bar, steps=tuple(self.steps), losses=tuple(self.losses))))
        self.steps, self.losses, self.bar = [], [], None

    def plain(self) -> list[str]:
        """All of it, for a checkpoint."""
        self._close()
        return list(self.told)

    def events(self) -> list[Event]:
        return [event_from_json(text) for text in self.told]
