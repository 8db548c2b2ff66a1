"""Processes of our own, without torch, each at the other end of a pipe."""

import os
import subprocess
import sys
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def child(module: str) -> tuple["subprocess.Popen[bytes]", Connection]:
    """A module run as a program, which is told its end of the pipe, and ours. It leaves when ours is closed."""
    ours, theirs = Pipe()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd=PROJECT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
    return process, ours


def end(process: "subprocess.Popen[bytes]", pipe: Connection) -> None:
    pipe.close()
    process.kill()
    process.wait()
