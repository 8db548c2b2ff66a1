"""What commands share: the workspace they name, and a job followed on a terminal."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transfer_core.errors import GraftError
from transfer_core.types import EpochEnd, Notice, Progress, RunEnd, StageStart
from transfer_core.workspace import Workspace, default_root, expanded

BAR = 30


def root(options: argparse.Namespace) -> Path:
    return expanded(options.workspace) if options.workspace else default_root()


def follow(workspace: Workspace, job: str, device: str) -> RunEnd:
    """Drive a job, show where it stands on a terminal. Ctrl-C stops it, as Stop does on a page.

    Raises GraftError when it fails, KeyboardInterrupt where it was stopped and left nothing.
    """
    terminal = sys.stderr is not None and sys.stderr.isatty()
    end = RunEnd(status="stopped")
    with _stops() as stops:
        for event in workspace.drive(job, device=device, stops=stops):
            if isinstance(event, RunEnd):
                end = event
            elif terminal:
                _show(event)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr)
    if end.status == "failed":
        raise GraftError(end.error)
    if end.status == "stopped" and not end.result:
        raise KeyboardInterrupt
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


def _show(event: Any) -> None:
    if isinstance(event, Progress):
        share = event.done / event.of if event.of else 0.0
        left = f", {event.seconds_left:.0f} s left" if event.seconds_left is not None else ""
        bar = "#" * round(share * BAR)
        line = f"\r\033[K{event.what:<28} [{bar:<{BAR}}] {event.done:,} of {event.of:,} {event.unit}{left}"
        print(line, end="", file=sys.stderr, flush=True)
    elif isinstance(event, StageStart):
        print(f"\r\033[K{event.number}/{event.stages} {event.title}", file=sys.stderr)
    elif isinstance(event, EpochEnd):
        shown = [
            f"{name} {value:{form}}"
            for name, value, form in (
                ("train loss", event.train_loss, ".3f"),
                ("val loss", event.val_loss, ".3f"),
                ("val accuracy", event.val_accuracy, ".1%"),
            )
            if value is not None
        ]
        print(f"\r\033[K  {event.epoch:>4}  {'  '.join(shown)}{'  *' if event.best else ''}", file=sys.stderr)
    elif isinstance(event, Notice):
        print(f"\r\033[K{event.text}", file=sys.stderr)
