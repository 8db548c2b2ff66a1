"""Work on many images at once, in threads: Pillow and hashlib let go of Python's lock while they compute."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from transfer_core import awake
from transfer_core.types import Progress

T = TypeVar("T")
R = TypeVar("R")

MOST_WORKERS = 8  # each may hold a large image in memory


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def paced(what: str, done: int, of: int, start: float) -> Progress:
    """How far images are that were begun at `start`, by `awake.seconds`."""
    rate = done / max(awake.seconds() - start, 1e-6)
    return Progress(what=what, done=done, of=of, seconds_left=(of - done) / rate, images_per_second=rate)


def in_order(work: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
    """Results of `work` in the order of `items`, a few computed ahead; closing it waits for those under way only."""
    workers = min(cores(), MOST_WORKERS)
    pool = ThreadPoolExecutor(workers, thread_name_prefix="images")
    ahead: deque[Future[R]] = deque()
    try:
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > 2 * workers:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
