"""Memory that training frees stays with the process, and is given back when the next run begins."""

import subprocess
import sys

import pytest

from transfer_core.training import heap

ROUNDS = """
import resource, torch
from transfer_core.training import heap
from transfer_core.training.meter import Meter, resident_bytes

def step():
    large = [torch.ones(12 << 20) for _ in range(4)]  # 48 MB each, above what glibc keeps by itself

step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
faults, kept = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, resident_bytes()
meter = Meter(torch.device("cpu"), forward=0)
print(faults * resource.getpagesize() / 2**20, (kept - meter.memory_bytes()) / 2**20)
"""


@pytest.mark.skipif(not heap._has("mallopt"), reason="not glibc")
def test_steps_take_what_the_last_one_freed_and_a_run_begins_without_it() -> None:
    said = subprocess.run([sys.executable, "-c", ROUNDS], capture_output=True, text=True, check=True).stdout
    new, given_back = (float(word) for word in said.split())
    assert new < 192, "MB of new pages in ten steps that use 192 MB each"
    assert given_back > 150, "MB that the run before left"
