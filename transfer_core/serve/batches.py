"""Images of several requests answered together: one thread, one session, the larger the load the larger the batch."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress

import numpy as np
from numpy.typing import NDArray

Square = NDArray[np.uint8]  # (px, px, 3)
Answer = NDArray[np.float32]  # (K,)
MOST = 8  # images in a batch: on processors larger ones are hardly faster an image, and others wait for them
WAIT_S = 0.005  # for images that are being decoded


class Batches:
    """Squares in, probabilities out. An image waits for others only while some are on their way."""

    def __init__(self, answer: Callable[[NDArray[np.uint8]], NDArray[np.float32]]) -> None:
        """`answer`: (N, px, px, 3) -> (N, K)."""
        self._answer = answer
        self._asked: queue.SimpleQueue[tuple[Square, Future[Answer]] | None] = queue.SimpleQueue()
        self._coming = 0
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Ends when all that was asked is answered."""
        self._asked.put(None)
        self._thread.join()

    @contextmanager
    def coming(self) -> Iterator[None]:
        """An image is on its way to `ask`. For the event loop's thread alone."""
        self._coming += 1
        try:
            yield
        finally:
            self._coming -= 1

    def ask(self, square: Square) -> Future[Answer]:
        future: Future[Answer] = Future()
        self._asked.put((square, future))
        return future

    def _work(self) -> None:
        more = True
        while more:
            batch: list[tuple[Square, Future[Answer]]] = []
            until = 0.0
            while len(batch) < MOST:
                each = self._next(batch, until)
                if each is None:
                    break
                if not batch:
                    until = time.monotonic() + WAIT_S
                batch.append(each)
            more = bool(batch)
            if batch:
                self._settle(batch)

    def _next(self, batch: list[tuple[Square, Future[Answer]]], until: float) -> tuple[Square, Future[Answer]] | None:
        """One more for the batch; None when it is to go as it is, or, while it is empty, when all is over."""
        if not batch:
            return self._asked.get()
        with suppress(queue.Empty):
            return self._kept(self._asked.get_nowait())
        left = until - time.monotonic()
        if not self._coming or left <= 0:
            return None
        with suppress(queue.Empty):
            return self._kept(self._asked.get(timeout=left))
        return None

    def _kept(self, each: tuple[Square, Future[Answer]] | None) -> tuple[Square, Future[Answer]] | None:
        if each is None:  # the end comes after this batch
            self._asked.put(None)
        return each

    def _settle(self, batch: list[tuple[Square, Future[Answer]]]) -> None:
        """Those who went meanwhile are passed over."""
        waiting = [(square, future) for square, future in batch if future.set_running_or_notify_cancel()]
        if not waiting:
            return
        try:
            found = self._answer(np.stack([square for square, _ in waiting]))
        except Exception as error:  # noqa: BLE001 - each request says so, and the thread lives on
            for _, future in waiting:
                future.set_exception(error)
            return
        for (_, future), each in zip(waiting, found, strict=True):
            future.set_result(each)
