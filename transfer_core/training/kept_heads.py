"""Linear heads that were fitted before: runs and pilots on the same frozen features of the same images share them."""

import hashlib
import json
import math
import time
import zipfile
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from transfer_core.training.checkpoint import whole
from transfer_core.training.setup import Setup
from transfer_core.types import (
    AUTO,
    TRAIN,
    VAL,
    EpochEnd,
    Event,
    Notice,
    Progress,
    Stage,
    digest,
    event_from_json,
    event_to_json,
)

VERSION = 1  # raise it when the same stage gives another head
Solver = Callable[[Setup, Stage], Iterator[Event]]


def kept_or_fitted(solver: Solver, setup: Setup, stage: Stage) -> Iterator[Event]:
    """A stage that fits a head and nothing below it: taken from disk with its curve, or fitted and kept there."""
    file = _file(setup, stage)
    if (yield from _restored(setup, stage, file)):
        return
    curve: list[str] = []
    began, saved = time.monotonic(), setup.saved
    steps: list[int] = []
    losses: list[float] = []
    for event in solver(setup, stage):
        if isinstance(event, EpochEnd | Notice):
            curve.append(event_to_json(event))
        elif isinstance(event, Progress):
            steps.extend(event.steps)
            losses.extend(event.losses)
        yield event
    facts = {
        "taps": [tap.name for tap in setup.network.taps],
        "found": setup.found,
        "lowest": setup.lowest if math.isfinite(setup.lowest) else None,
        "step": setup.meter.step,
        "epoch": setup.meter.epoch,
        "steps": steps,
        "losses": losses,
        "curve": curve,
        "seconds": time.monotonic() - began + setup.saved - saved,  # with nothing kept
    }
    head = setup.network.head
    with whole(file) as part, part.open("wb") as out:
        weight, bias = head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy()
        np.savez(out, weight=weight, bias=bias, facts=np.array(json.dumps(facts)))


def _restored(setup: Setup, stage: Stage, file: Path) -> Generator[Event, None, bool]:
    """Whether there was a head to put in place."""
    try:
        with np.load(file) as kept:
            weight, bias, facts = kept["weight"], kept["bias"], json.loads(str(kept["facts"]))
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return False
    setup.cut([setup.backbone.tap(name) for name in facts["taps"]])
    with torch.no_grad():
        setup.network.head.weight.copy_(torch.from_numpy(weight))
        setup.network.head.bias.copy_(torch.from_numpy(bias))
    setup.found |= facts["found"]
    setup.lowest = math.inf if facts["lowest"] is None else facts["lowest"]
    setup.meter.step, setup.meter.epoch = facts["step"], facts["epoch"]
    setup.looked, setup.saved = True, setup.saved + facts.get("seconds", 0.0)
    rows = setup.dataset.count(TRAIN) + setup.dataset.count(VAL)
    bar = Progress(what="Taking the head that was fitted before", done=rows, of=rows)
    yield replace(bar, steps=tuple(facts["steps"]), losses=tuple(facts["losses"]))
    for text in facts["curve"]:
        event = event_from_json(text)
        if isinstance(event, EpochEnd):  # the stage that fitted it may have had another name
            event = replace(event, stage=stage.name, seconds=setup.meter.seconds())
        yield event
    return True


def _file(setup: Setup, stage: Stage) -> Path:
    """Named by all that decides the head: features, images, labels, and what the solver reads of the recipe.

    Settings that came later count as read, so that none is overlooked."""
    data, recipe = setup.dataset, setup.recipe
    images = hashlib.sha256(b"".join(data.rows(split).tobytes() + b"|" for split in (TRAIN, VAL))).hexdigest()
    features = [setup.feature_file(tap).name for tap in setup.backbone.taps]
    taps = [tap.name for tap in setup.network.taps]
    tap = AUTO if stage.tap == AUTO else None  # a tap by its name is the network's own
    read = [recipe.balanced, recipe.seed, *recipe.later().items()]
    key = digest([VERSION, stage.solver, tap, taps, features, images, *read])
    return setup.workspace / "features" / f"{data.id}-{key}.head.npz"
