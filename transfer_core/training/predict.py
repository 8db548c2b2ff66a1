"""A finished run's network on one new image."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from transfer_core.data.pixels import square
from transfer_core.training.checkpoint import load_network
from transfer_core.training.features import precise
from transfer_core.training.images import Images
from transfer_core.training.solvers import softmax
from transfer_core.types import Event, Progress, RunEnd, StageStart

TOP = 5


def predict(run: Path, image: Path, *, device: str) -> Iterator[Event]:
    """The result is {"top": [[class, probability], ...]}, at most five, best first, as the run's own test would say.

    Raises DatasetError when the run left no network, ImageError when the image cannot be read.
    """
    yield StageStart(stage="predict", title="Look at the image", number=1, stages=1, unit="image")
    yield Progress(what="Loading the network", done=0, of=1)
    network, classes = load_network(run, torch.device(device))
    facts = network.backbone
    seen = square(image, resize_px=facts.resize_px, crop_px=facts.input_px, fit=facts.fit)
    pixels = seen[None]  # (1, H, W, 3)
    x = Images(pixels, facts, torch.device(device)).batch(np.arange(1))  # (1, 3, H, W)
    probabilities = softmax(precise(network, x))[0]  # (K,)
    best = probabilities.argsort()[::-1][:TOP]
    yield RunEnd(status="done", result={"top": [[classes[k], float(probabilities[k])] for k in best]})
