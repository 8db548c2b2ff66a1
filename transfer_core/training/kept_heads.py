"""Linear heads that were fitted before: runs and pilots on the same frozen features of the same images share them."""

import hashlib
import json
import math
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path

import numpy as np

from transfer_core import awake
from transfer_core.kept import DAMAGED, save_arrays
from transfer_core.strategies.definition import Stage
from transfer_core.training.heads import Fitting, Head
from transfer_core.training.setup import State
from transfer_core.types import (
    AUTO,
    TRAIN,
    VAL,
    EpochEnd,
    Event,
    Notice,
    Progress,
    digest,
    event_from_json,
    event_to_json,
)

VERSION = 1  # raise it when the same stage gives another head
Solver = Callable[[State, Stage], Fitting]


def kept_or_fitted(solver: Solver, run: State, stage: Stage) -> Fitting:
    """A stage that fits a head and nothing below it: taken from disk with its curve, or fitted and kept there."""
    file = _file(run, stage)
    if kept := (yield from _restored(run, stage, file)):
        return kept
    began, saved = awake.seconds(), run.meter.saved or 0.0
    said, work = list[Event](), solver(run, stage)
    try:
        while True:
            said.append(next(work))
            yield said[-1]
    except StopIteration as end:
        fitted: Head = end.value
    bars = [event for event in said if isinstance(event, Progress)]
    facts = {
        "taps": fitted.taps,
        "found": fitted.found,
        "lowest": fitted.lowest if math.isfinite(fitted.lowest) else None,
        "step": run.meter.step,
        "epoch": run.meter.epoch,
        "steps": [step for bar in bars for step in bar.steps],
        "losses": [loss for bar in bars for loss in bar.losses],
        "curve": [event_to_json(event) for event in said if isinstance(event, EpochEnd | Notice)],
        "seconds": awake.seconds() - began + (run.meter.saved or 0.0) - saved,  # with nothing kept
    }
    save_arrays(file, weight=fitted.weight, bias=fitted.bias, facts=np.array(json.dumps(facts)))
    return fitted


def _restored(run: State, stage: Stage, file: Path) -> Generator[Event, None, Head | None]:
    """The head that was kept, if there is one."""
    try:
        with np.load(file) as kept:
            weight, bias, facts = kept["weight"], kept["bias"], json.loads(str(kept["facts"]))
    except (OSError, *DAMAGED):
        return None
    run.meter.step, run.meter.epoch = facts["step"], facts["epoch"]
    run.meter.spare(facts.get("seconds", 0.0))
    rows = run.context.dataset.count(TRAIN) + run.context.dataset.count(VAL)
    bar = Progress(what="Taking the head that was fitted before", done=rows, of=rows)
    yield replace(bar, steps=tuple(facts["steps"]), losses=tuple(facts["losses"]))
    for text in facts["curve"]:
        event = event_from_json(text)
        if isinstance(event, EpochEnd):  # the stage that fitted it may have had another name
            event = replace(event, stage=stage.name, seconds=run.meter.seconds())
        yield event
    lowest = math.inf if facts["lowest"] is None else facts["lowest"]
    return Head(taps=tuple(facts["taps"]), weight=weight, bias=bias, lowest=lowest, found=facts["found"])


def _file(run: State, stage: Stage) -> Path:
    """Named by all that decides the head: features, images, labels, and what the solver reads of the recipe.

    Settings that came later count as read, so that none is overlooked."""
    context, data, recipe = run.context, run.context.dataset, run.context.recipe
    images = hashlib.sha256(b"".join(data.rows(split).tobytes() + b"|" for split in (TRAIN, VAL))).hexdigest()
    features = [context.feature_file(tap).name for tap in context.backbone.taps]
    taps = [tap.name for tap in run.network.taps]
    tap = AUTO if stage.tap == AUTO else None  # a tap by its name is the network's own
    read = [recipe.balanced, recipe.seed, *recipe.later().items()]
    key = digest([VERSION, stage.solver, tap, taps, features, images, *read])
    return context.workspace / "features" / f"{data.id}-{key}.head.npz"
