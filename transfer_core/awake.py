"""A clock that stands still while the process does: stopped by a signal, frozen with its container or virtual machine.

A laptop that sleeps needs none of it: the system's own monotonic clock stands still then.
"""

import threading
import time

TICK = 0.5  # seconds between two looks
GAP = 3.0  # seconds without a look, of which the process did not compute, that count as standing still
IDLE = 0.2  # of one core: a process that computes more than that had not been stopped


class Awake:
    """Seconds in which this process could run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked, self._computed, self._lost = time.monotonic(), time.process_time(), 0.0
        self._ticks = False

    def seconds(self) -> float:
        """Like time.monotonic(), without what was lost."""
        with self._lock:
            if not self._ticks:
                self._look()
                self._ticks = True
                threading.Thread(target=self._tick, name="awake", daemon=True).start()
            return self._look() - self._lost

    def _tick(self) -> None:
        while True:
            time.sleep(TICK)
            with self._lock:
                self._look()

    def _look(self) -> float:
        now, computed = time.monotonic(), time.process_time()
        gap = now - self._looked - TICK
        if self._ticks and gap > GAP and computed - self._computed < IDLE * gap:
            self._lost += gap
        self._looked, self._computed = now, computed
        return now


seconds = Awake().seconds
