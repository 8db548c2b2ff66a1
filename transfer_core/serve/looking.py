"""Images of requests become squares, in Graft's decoding processes: without torch, under a memory limit."""

import asyncio
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from transfer_core.data.archive import Member
from transfer_core.data.decoding import Decoders, Look, Shape
from transfer_core.data.parallel import cores

MOST_PROCESSES = 8
START_S = 60


class Looking:
    """A thread for each decoding process."""

    def __init__(self, shape: Shape) -> None:
        self._shape, self._own, self._lock = shape, threading.local(), threading.Lock()
        self._all: list[Decoders] = []
        self._folder = TemporaryDirectory(prefix="graft-serve-")
        workers = min(cores(), MOST_PROCESSES)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="looking", initializer=self._start)
        ready = threading.Barrier(workers + 1)
        for _ in range(workers):
            self._threads.submit(ready.wait, START_S)
        ready.wait(START_S)  # so that each thread has its process

    def _start(self) -> None:
        self._own.decoders = Decoders(1)
        self._own.decoders.start()
        with self._lock:
            self._all.append(self._own.decoders)

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        for each in self._all:
            each.close()
        self._folder.cleanup()

    async def look(self, name: str, data: bytes) -> Look:
        """One image, decoded; `error` says why it could not be. Raises OSError where the disk takes no more."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._look, name, data)

    def _look(self, name: str, data: bytes) -> Look:
        file = Path(self._folder.name) / secrets.token_hex(8)
        member = Member(path=name, size=len(data), index=0, refusal="")
        decoders: Decoders = self._own.decoders
        try:
            file.write_bytes(data)
            (look,) = decoders.looks([(file, member)], [self._shape], thumbnail_px=0)
            return look
        finally:
            file.unlink(missing_ok=True)
