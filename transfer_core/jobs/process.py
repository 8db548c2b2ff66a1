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
PROGRAM = (sys.executable, "-m", "transfer_core.jobs.worker")
LAST_WORDS_S = 0.3  # after a worker's death, for what it had sent to be read


class Worker:
    """One worker process and the pipe to it. Raises OSError when it cannot be started."""

    def __init__(self, root: Path, lane: str) -> None:
        self.log = root / "logs" / f"worker-{lane.replace(':', '-')}.log"
        self.log.parent.mkdir(exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, str(root), lane],
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
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._outbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True)
        self._listener.start()
        threading.Thread(target=self._speak, daemon=True).start()

    def _listen(self, stream: IO[str]) -> None:
        """Messages until the stream ends, or holds what is none: a worker that died may leave half of one."""
        with contextlib.suppress(ValueError, OSError), stream:
            for line in stream:
                self._messages.put(json.loads(line))
        self._messages.put(None)

    @property
    def alive(self) -> bool:
        """Whether it runs and can still be heard."""
        return self.process.poll() is None and self._listener.is_alive()

    def _speak(self) -> None:
        """A worker that does not read takes no more than a pipe's length, which must hold nobody else."""
        with contextlib.suppress(OSError, ValueError), self.input:  # that it is dead shows in its messages
            while (message := self._outbox.get()) is not None:
                send(self.input, message)

    def send(self, message: dict[str, Any]) -> None:
        self._outbox.put(message)

    def next(self, seconds: float) -> dict[str, Any] | None:
        """The next message; {} when none came in time; None when the worker is gone, or no longer to be understood."""
        try:
            return self._messages.get(timeout=seconds)
        except queue.Empty:
            pass
        if self.process.poll() is not None:  # something that it started may still hold the pipe open
            with contextlib.suppress(queue.Empty):
                return self._messages.get(timeout=LAST_WORDS_S)
            return None
        return {} if self._listener.is_alive() else None

    def end(self) -> int:
        """Kill it if it is not dead yet. Returns its exit code, negative for a signal."""
        self.process.kill()
        self._outbox.put(None)
        return self.process.wait()
