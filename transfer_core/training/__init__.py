"""Training: recipes become networks and predictions. Whatever here is loaded first also loads torch first."""

import os

from transfer_core.training import heap

# How long a thread of torch spins before it sleeps, in libgomp's units; read when torch loads. mobilenet_v3_small at
# 128 px trains on two quiet cores at 259 images/s (libgomp's own choice 257; 2,000: 206; passive waiting 153). Beside
# several busy processes libgomp's own choice fell to 6, since threads spun while those they waited for had no core;
# less spinning helps there, how much 10,000 does was not measured (benchmarks/RESULTS.md).
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

heap.keep()
