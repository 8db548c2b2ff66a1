"""The learning-rate range test: minibatches with an ever higher rate, and where the loss falls and rises again."""

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from transfer_core.errors import RecipeError
from transfer_core.strategies import until_descent
from transfer_core.strategies.definition import Stage
from transfer_core.training.devices import device as named_device
from transfer_core.training.fit import solve
from transfer_core.training.gradient import Descent
from transfer_core.training.setbacks import does_not_fit, memory_is_full
from transfer_core.training.setup import State, begin, plan, prepare
from transfer_core.types import Dataset, Event, Floats, Ints, RateTest, Recipe, RunEnd, StageStart

LOWEST_RATE, HIGHEST_RATE = 1e-6, 10.0  # of the head
MOST_STEPS, LEAST_STEPS = 100, 50
SECONDS = 40.0  # that the steps may take, unless LEAST_STEPS take longer
WARM = 3  # steps at the lowest rate before, which change next to nothing: the device warms up, the last is timed
SPAN = 0.1  # of all steps: what the moving average looks back on, and the beginning that it is held against
WORSE, LOST = 4.0, 1.5  # times the lowest loss so far, times the beginning's: it has diverged
LEAST_LOSS = 0.25  # that these multiply: a head that fits its images has next to none, which noise doubles
CLEAR, LEAST_FALL = 3.0, 0.02  # standard errors of the average, and share of the beginning, that a change is clear by


def find_rate(recipe: Recipe, dataset: Dataset, *, workspace: Path, device: str) -> Iterator[Event]:
    """The range test of a recipe's first stage of gradient descent (Smith 2017, Cyclical Learning Rates, 3.3).

    What the stages before it train is trained. Then the rate grows by one factor from step to step, the head's and the
    backbone's alike; images, augmentation, optimizer and loss are those of training. The weights are thrown away: all
    that stays are features and heads that later runs would compute alike. The result is `RateTest` as plain JSON.
    Raises RecipeError for a recipe without such a stage, and what `fit` raises.
    """
    where = named_device(device).name
    try:
        yield from _find_rate(recipe, dataset, workspace, torch.device(where))
    except RuntimeError as error:
        if not memory_is_full(error):
            raise
        raise does_not_fit(recipe, where) from error


def _find_rate(recipe: Recipe, dataset: Dataset, workspace: Path, device: torch.device) -> Iterator[Event]:
    began = time.monotonic()
    backbone, _ = plan(recipe, dataset, workspace)
    *before, last = until_descent(recipe, backbone)
    titles = ("Get images and network ready", *(stage.title for stage in before), "Try learning rates")
    starts = [
        StageStart(stage="rates", title=title, number=number, stages=len(titles), unit="image")
        for number, title in enumerate(titles, 1)
    ]
    yield starts[0]
    run = begin((yield from prepare(recipe, dataset, backbone, workspace=workspace, device=device)))
    run.meter.add("train", (WARM + MOST_STEPS) * recipe.batch_size)
    for start, stage in zip(starts[1:-1], before, strict=True):
        yield start
        yield from solve(run, stage)
    yield starts[-1]
    rates, losses, steps, end = yield from _descend(run, last)
    found = read(rates, losses, steps=steps, classes=len(dataset.classes), end=end, own=recipe.lr)
    yield RunEnd(status="done", result=asdict(replace(found, seconds=time.monotonic() - began)))


def _descend(run: State, stage: Stage) -> Generator[Event, None, tuple[list[float], list[float], int, float | None]]:
    """Rates and losses of the steps that were taken, how many were planned, and the rate that ended them early."""
    descent, meter = Descent(run, stage), run.meter
    batches, pace = _endless(descent), 0.0
    for done in range(1, WARM + 1):
        began = time.monotonic()
        descent.step(next(batches), LOWEST_RATE / stage.lr)
        pace = time.monotonic() - began
        yield meter.progress("Warming up", done, WARM, unit="steps")
    steps = max(LEAST_STEPS, min(MOST_STEPS, int(SECONDS / pace)))
    meter.drop("train", (MOST_STEPS - steps) * run.context.recipe.batch_size)
    rates: list[float] = []
    losses: list[float] = []
    for rate in np.geomspace(LOWEST_RATE, HIGHEST_RATE, steps).tolist():
        loss, _ = descent.step(next(batches), rate / stage.lr)
        if not math.isfinite(loss):
            return rates, losses, steps, rate
        rates.append(rate)
        losses.append(loss)
        bar = meter.progress("Trying learning rates", len(rates), steps, unit="steps")
        yield replace(bar, steps=(len(rates),), losses=(loss,))
        if diverged(losses, steps):
            return rates, losses, steps, rate
    return rates, losses, steps, None


def _endless(descent: Descent) -> Iterator[Ints]:
    """Batches of one epoch after the other."""
    while True:
        yield from descent.epoch()


def beginning(steps: int) -> int:
    """So many first steps show the loss before anything is learned."""
    return max(2, round(SPAN * steps))


def memory(steps: int) -> float:
    """How much of itself the moving average keeps from step to step; more in a longer test."""
    return 1 - 1 / beginning(steps)


def averaged(losses: Sequence[float], weight: float) -> Floats:
    """Exponential moving average (N,), corrected for its start at 0 as Adam's moments are."""
    average, found = 0.0, []
    for count, loss in enumerate(losses, 1):
        average = weight * average + (1 - weight) * loss
        found.append(average / (1 - weight**count))
    return np.array(found)


def diverged(losses: Sequence[float], steps: int) -> bool:
    """Whether the average is out of hand: four times its lowest, as in fastai, or well above where it began."""
    first = beginning(steps)
    if len(losses) <= first:
        return False
    smooth = averaged(losses, memory(steps))
    worse, lost = WORSE * max(LEAST_LOSS, smooth.min()), LOST * max(LEAST_LOSS, float(np.mean(losses[:first])))
    return bool(smooth[-1] > min(worse, lost))


def read(
    rates: Sequence[float],
    losses: Sequence[float],
    *,
    steps: int,
    classes: int,
    end: float | None = None,
    own: float = 0.0,
) -> RateTest:
    """What a test of `steps` steps says that ended early at the rate `end`; seconds are left at 0.

    Suggested is the first rate where the average has done half of its fall: the middle of the descent, as fastai's
    `valley` takes it, but by loss instead of by steps. `valley` looks for the longest falling sequence, which in the
    losses of small batches is largely noise. Where no fall is clear there is none.

    It is a bracket, not an optimum (benchmarks/HISTORY.md, The learning-rate range test): a head that was fitted before
    leaves little to fall, and what moves the backbone pays only later.
    Raises RecipeError when it ended before there was anything to see.
    """
    first, weight = beginning(steps), memory(steps)
    if len(losses) <= first:
        raise RecipeError("The loss is not a number at the smallest learning rates. Look at the other settings.")
    raw, smooth = np.array(losses), averaged(losses, weight)
    begun = float(raw[:first].mean())
    sure = max(LEAST_FALL * begun, CLEAR * float(raw[:first].std()) * math.sqrt((1 - weight) / (1 + weight)))
    low = first + int(smooth[first:].argmin())
    fall = begun - float(smooth[low])
    below = np.flatnonzero(smooth <= begun + sure)
    diverges = rates[below[-1] + 1] if below[-1] + 1 < len(rates) else end
    half = first + int(np.flatnonzero(smooth[first:] <= begun - fall / 2)[0])
    suggested = float(f"{rates[half]:.1e}") if fall > sure else None
    return RateTest(
        rates=tuple(rates),
        losses=tuple(losses),
        smoothed=tuple(smooth.tolist()),
        begun=begun,
        guessing=math.log(classes),
        lowest=rates[low],
        diverges_from=diverges,
        suggested=suggested,
        own=own,
        steps=len(rates),
        seconds=0.0,
    )
