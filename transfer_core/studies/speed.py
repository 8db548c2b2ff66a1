"""How fast a backbone computes features, and learns, on a device: passes on the clock, with random weights."""

import math
import statistics
import time
from collections.abc import Generator, Iterator

import torch

from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import load
from transfer_core.training.devices import device as named_device
from transfer_core.training.features import BATCH_SIZES, precise
from transfer_core.types import Backbone, Event, Progress, RunEnd

SECONDS = 2.0  # of measuring, once warm
PASS_SECONDS = 0.5  # a batch that takes longer is not made larger: measuring stays short, and stopping quick
LEAST_PASSES = 3
LEARNED = 8  # images of a pass forward and back: few, so that it is quick where a batch of training would not be


def measure_speed(backbone: Backbone, *, device: str) -> Iterator[Event]:
    """Time what computing frozen features does to a batch, and what training the whole network does.

    The result holds images per second of the fastest pass: whatever else the machine does only adds to one.

    Raises RecipeError when this machine has no such device.
    """
    known = named_device(device)
    where = torch.device(known.name)
    yield Progress(what="Building the network", done=0, of=1, unit="networks")
    network = Network(load(backbone, random_init=True), backbone, 1).eval().to(where)
    if where.type != "mps":
        network.to(memory_format=torch.channels_last)
    size, seconds = yield from _warm_up(network, where)
    passes = max(LEAST_PASSES, math.ceil(SECONDS / seconds))
    times: list[float] = []
    while len(times) < LEAST_PASSES or (len(times) < passes and sum(times) < SECONDS):
        times.append(_pass(network, size, where))
        typical = statistics.median(times)
        yield Progress(
            what="Measuring its speed",
            done=len(times),
            of=max(passes, len(times)),
            unit="passes",
            seconds_left=max(0, passes - len(times)) * typical,
            images_per_second=size / typical,
        )
    learned = yield from _learning(network, min(size, LEARNED), where)
    result = {
        "backbone": backbone.name,
        "arch": backbone.arch,
        "input_px": backbone.input_px,
        "device": known.title,
        "images_per_second": size / min(times),
        "trained_per_second": learned,
    }
    yield RunEnd(status="done", result=result)


def _warm_up(network: Network, device: torch.device) -> Generator[Event, None, tuple[int, float]]:
    """Double the batch up to what features are computed with, or to what the device takes: (size, seconds a pass)."""
    size, most = 1, BATCH_SIZES[device.type]
    seconds = min(_pass(network, size, device) for _ in range(LEAST_PASSES))
    while size < most and seconds < PASS_SECONDS:
        yield Progress(what="Warming up", done=size, of=most)
        try:
            seconds = min(
                _pass(network, 2 * size, device) for _ in range(2)
            )  # the first of its size chooses algorithms
        except torch.OutOfMemoryError:
            break
        size *= 2
    return size, seconds


def _learning(network: Network, size: int, device: torch.device) -> Generator[Event, None, float]:
    """Images per second, forward and back through all layers."""
    network.train()
    times = []
    for done in range(1 + LEAST_PASSES):  # the first chooses algorithms
        px = network.backbone.input_px
        x = torch.rand(size, 3, px, px, generator=torch.Generator().manual_seed(0)).to(device)
        x = x.contiguous(memory_format=torch.channels_last)
        began = time.perf_counter()
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            network(x).float().square().sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter() - began)
        network.zero_grad()
        done = min(done, LEAST_PASSES)
        yield Progress(
            what="Measuring how fast it learns",
            done=done,
            of=LEAST_PASSES,
            unit="passes",
            images_per_second=size / times[-1],
        )
    return size / min(times[1:])


def _pass(network: Network, size: int, device: torch.device) -> float:
    """Seconds that one batch takes, from its place on the device to codes in main memory."""
    px = network.backbone.input_px
    x = torch.rand(size, 3, px, px, generator=torch.Generator().manual_seed(0)).to(device)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    began = time.perf_counter()
    precise(network.codes, x)
    return time.perf_counter() - began
