"""Training: recipes become networks and predictions. Whatever here is loaded first also loads torch first."""

import os

# Threads that wait for each other without spinning: beside one other busy process on 2 cores, training
# mobilenet_v3_small at 128 px goes 9 times as fast (6 and 9 images/s against 55 and 86). Read when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
