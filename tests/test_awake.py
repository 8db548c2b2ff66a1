"""A clock that stands still while its process does."""

import os
import signal
import subprocess
import sys
import time

CHILD = """
import sys, time
from transfer_core import awake
awake.TICK, awake.GAP = 0.05, 0.4
def told():
    print(time.monotonic() - began, awake.seconds() - counted, flush=True)
    sys.stdin.readline()
began, counted = time.monotonic(), awake.seconds()
told()
told()  # it was stopped meanwhile
began, counted = time.monotonic(), awake.seconds()
while time.monotonic() < began + 0.8:
    sum(range(20_000_000))  # nothing else runs, the clock's own thread neither
told()
"""
STOPPED = 1.0  # seconds


def test_it_leaves_out_the_time_in_which_the_process_was_stopped() -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", CHILD], **pipes) as child:
        assert child.stdin is not None and child.stdout is not None

        def told() -> tuple[float, float]:
            passed, counted = map(float, child.stdout.readline().split())
            return passed, counted

        told()
        os.kill(child.pid, signal.SIGSTOP)
        time.sleep(STOPPED)
        os.kill(child.pid, signal.SIGCONT)
        child.stdin.write("\n")
        child.stdin.flush()
        passed, counted = told()
        assert passed >= STOPPED and passed - counted > 0.8 * STOPPED
        child.stdin.write("\n")
        child.stdin.flush()
        passed, counted = told()
        assert passed >= 0.8 and abs(passed - counted) < 0.1, "at work it counts"
        child.stdin.close()
