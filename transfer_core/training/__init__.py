"""Training: recipes become networks and predictions. Whatever here is loaded first also loads torch first."""

import os

# How long a thread of torch spins before it sleeps, in libgomp's units; read when torch loads. mobilenet_v3_small at
# 128 px trains on two quiet cores at 259 images/s (libgomp's own choice 257, 2,000: 206, passive waiting 153); beside other
# busy processes the choice of libgomp fell to 6 images/s, since threads spun while those they waited for had no core.
os.environ.setdefault("GOMP_SPINCOUNT", "10000")
