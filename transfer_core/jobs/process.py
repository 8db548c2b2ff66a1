"""The worker's process, as the thread that owns it sees it."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from transfer_core.jobs.protocol import send

PROJECT = Path(__file__).resolve().parents[2]


class Worker:
    """One worker process and the pipe to it."""

    def __init__(self, root: Path, lane: str) -> None:
        self.log = root / "logs" / f"worker-{lane.replace(':', '-')}.log"
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "transfer_core.jobs.worker", str(root), lane],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=PROJECT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                text=True,
                encoding="utf-8",
                start_new_session=True,  # a Ctrl-C in the terminal is the server's to handle
            )
        assert self.process.stdin and self.process.stdout
        self.input: IO[str] = self.process.stdin
        self.messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True).start()

    def _listen(self, stream: IO[str]) -> None:
        with stream:
            for line in stream:
                self.messages.put(json.loads(line))
        self.messages.put(None)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # a dead worker shows as end of file on its messages
            send(self.input, message)

    def next(self, seconds: float) -> dict[str, Any] | None:
        """The next message; {} when none came in time; None when the worker is gone."""
        try:
            return self.messages.get(timeout=seconds)
        except queue.Empty:
            return {}

    def end(self) -> int:
        """Kill it if it is not dead yet. Returns its exit code, negative for a signal."""
        self.process.kill()
        with contextlib.suppress(OSError):
            self.input.close()
        return self.process.wait()
