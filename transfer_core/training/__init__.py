"""Training: recipes become networks and predictions. Whatever here is loaded first also loads torch first."""

import os

from transfer_core.training import heap

# How long a thread of torch spins before it sleeps, in libgomp's units; read when torch loads. As fast as libgomp's own
# choice on quiet cores; beside busy processes less spinning helps, since threads that spin keep those they wait for
# from a core (benchmarks/RESULTS.md, Threads of torch beside other work).
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

heap.keep()
