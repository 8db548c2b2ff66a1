"""What commands share: the workspace they name, and a job followed on a terminal."""

import argparse
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Container, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from transfer_core.errors import GraftError
from transfer_core.types import EpochEnd, Event, Notice, Progress, Resumed, RunEnd, StageStart
from transfer_core.words import remaining, some
from transfer_core.workspace import Workspace, default_root, expanded

BAR = 30
FIRST_LINE = 10.0  # s: of a job that takes less, a log needs no line
RARER = 15  # later lines are this share of the time so far apart: some 110 in a day


def root(options: argparse.Namespace) -> Path:
    return expanded(options.workspace) if options.workspace else default_root()


def add_promise(parser: argparse.ArgumentParser) -> None:
    words = "accuracy that answers called sure have to have on validation images (default: 0.95)"
    parser.add_argument("--promise", type=float, default=0.95, metavar="SHARE", help=words)


def put(file: Path, write: Callable[[Path], object]) -> None:
    """A file, whole or not at all; `write` fills one beside it. Raises GraftError."""
    half = file.with_name(f".graft-{secrets.token_hex(4)}.part")
    try:
        write(half)
        os.replace(half, file)
    except OSError as error:
        with suppress(OSError):
            half.unlink(missing_ok=True)
        raise GraftError(f"{file} cannot be written: {error.strerror}. Name another file or folder.") from error


def follow(workspace: Workspace, job: str, device: str) -> RunEnd:
    """Drive a job, show where it stands on standard error. Ctrl-C stops it, as Stop does on a page.

    Raises GraftError when it fails or cannot go on, KeyboardInterrupt where it was stopped and left nothing.
    """
    with _stops() as stops:
        end = watch(workspace.jobs.drive(job, device=device, stops=stops))
    if end.status in ("failed", "interrupted"):
        raise GraftError(end.error)
    if end.status == "stopped" and not end.result:
        raise KeyboardInterrupt
    return end


def watch(events: Generator[Event, None, None]) -> RunEnd:
    """Show work in this process on standard error, to its end; whatever ends it before closes it. Returns its last
    event."""
    shown = Bar() if sys.stderr is not None and sys.stderr.isatty() else Lines()
    end = RunEnd(status="stopped")
    try:
        for event in events:
            if isinstance(event, RunEnd):
                end = event
            else:
                shown.show(event)
    finally:
        events.close()
        shown.close()
    return end


@contextmanager
def _stops() -> Iterator[Callable[[], int]]:
    """How often Ctrl-C was pressed; the third time ends the program. In the main thread alone."""
    pressed = 0

    def press(*_: object) -> None:
        nonlocal pressed
        pressed += 1
        if pressed > 2:
            raise KeyboardInterrupt
        words = "Stopping. What was learned is tested and kept; Ctrl-C again keeps it untested."
        print("\r\033[K" * sys.stderr.isatty() + (words if pressed == 1 else "Ending it now."), file=sys.stderr)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: 0
        return
    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def table(rows: Sequence[Sequence[str]], *, right: Container[int] = ()) -> list[str]:
    """A line a row, columns aligned; `right`: those of numbers."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


class Bar:
    """A job on a terminal: its stages and epochs as lines, below them a bar that moves."""

    def show(self, event: Event) -> None:
        if isinstance(event, Progress):
            share = event.share if event.share is not None else event.done / event.of if event.of else 0.0
            bar = "#" * round(share * BAR)
            self._print(f"{event.what:<28} [{bar:<{BAR}}] {_done(event)}", end="")
        elif isinstance(event, EpochEnd):
            self._print(f"  {event.epoch:>4}  {_figures(event)}{'  *' if event.best else ''}")
        elif isinstance(event, StageStart):
            self._print(f"{event.number}/{event.stages} {event.title}")
        elif isinstance(event, Notice):
            self._print(event.text)
        elif isinstance(event, Resumed):
            self._print(_resumed(event))

    def close(self) -> None:
        self._print("", end="")

    def _print(self, text: str, end: str = "\n") -> None:
        print(f"\r\033[K{text}", end=end, file=sys.stderr, flush=True)


class Lines:
    """A job in a log: a plain line now and then, the rarer the longer it takes; what takes a moment leaves none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = self._last = clock()
        self._stage = self._epoch = ""

    def show(self, event: Event) -> None:
        if isinstance(event, StageStart):
            self._stage, self._epoch = f"{event.number}/{event.stages} {event.title}: ", ""
        elif isinstance(event, EpochEnd):
            self._epoch = f"{event.epoch} done, {_figures(event)}; "
        elif isinstance(event, Progress):
            self._print(f"{event.what}, {_done(event)}")
        elif isinstance(event, Notice | Resumed):
            print(_resumed(event) if isinstance(event, Resumed) else event.text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Lines need no end."""

    def _print(self, text: str) -> None:
        now = self._clock()
        if now - self._last >= max(FIRST_LINE, (now - self._began) / RARER):
            self._last = now
            print(f"{now - self._began:7,.0f} s  {self._stage}{self._epoch}{text}", file=sys.stderr, flush=True)


def _resumed(event: Resumed) -> str:
    return f"Goes on from step {event.step:,}, after {some(event.epoch, 'epoch')}." if event.step else "Begins anew."


def _done(event: Progress) -> str:
    left = f", {remaining(event.seconds_left)}" if event.seconds_left is not None else ""
    return f"{event.done:,} of {event.of:,} {event.unit}{left}"


def _figures(event: EpochEnd) -> str:
    measured = (
        ("train loss", event.train_loss, ".3f"),
        ("val loss", event.val_loss, ".3f"),
        ("val accuracy", event.val_accuracy, ".1%"),
    )
    return "  ".join(f"{name} {value:{form}}" for name, value, form in measured if value is not None)
