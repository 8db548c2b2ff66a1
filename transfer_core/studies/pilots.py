"""Try before you train: short trainings race on training and validation images, and the slower ones drop out."""

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from transfer_core.backbones import backbone as named_backbone
from transfer_core.errors import DatasetError, RecipeError
from transfer_core.goals import goal_of, written
from transfer_core.strategies import STRATEGIES, recipe, strategy
from transfer_core.studies.trials import Candidate, Race
from transfer_core.training.devices import device as named_device
from transfer_core.training.setbacks import memory_is_full
from transfer_core.training.setup import plan, prepare
from transfer_core.types import FIRST, VAL, Backbone, Dataset, Event, Notice, Pilots, Progress, RunEnd, StageStart

CANDIDATES = tuple(known.name for known in STRATEGIES if known.races)
HEADS_SHARE = 0.3  # of the budget, for all linear heads
FIRST_ROUND = 0.25  # of the time that learners have, for all of them; the rest is for the one in front
LEAST_PART = 0.15  # of its training that random weights need to show anything
FITTING = 0.5  # a linear head nearer to no error than to guessing: pretrained features fit
ENOUGH_PART = 0.5  # of its training that there has to be time for, for another one to follow the first
STAGES = 4  # ready, heads, two rounds


def pilots(
    dataset: Dataset,
    backbone: Backbone,
    *,
    seconds: float,
    workspace: Path,
    device: str,
    px: int = 0,
    goal: str = "accuracy",
) -> Iterator[Event]:
    """The result is `Pilots` as plain JSON. The test split is never looked at. `px`: of the square; 0: the network's.
    `goal`: what counts, by which candidates are judged.

    Linear heads are fitted once. Those that learn by gradient descent race in two rounds: a short one for all, then one
    three times as long for the best by validation accuracy (successive halving with a third going on, Jamieson and
    Talwalkar 2016). Each trains anew, with a schedule as long as its share; one too short for an epoch is spent on
    fewer images. So few rounds, because a fifth of its schedule shows nothing of what fine-tuning gains. Once the best
    has had its whole training, the next follow as long as there is time for half of theirs.
    Where no linear head shows that pretrained features fit, the shallow network from random weights takes the place of
    fine-tuning their top, and of the short round: it and fine-tuning everything get as large a part of their trainings
    as each other.
    Raises DatasetError without images to judge by.
    """
    if not dataset.count(VAL) or len(dataset.classes) < 2:
        lack = "no validation images" if len(dataset.classes) > 1 else "one class only"
        raise DatasetError(f"'{dataset.name}' has {lack}, so there is nothing that pilots could be judged by.")
    own = {name: strategy(name).network for name in CANDIDATES}
    wanted = [
        recipe(dataset, name, named_backbone(network, workspace), goal=goal)
        if network
        else recipe(dataset, name, backbone, px=px, goal=goal)
        for name, network in own.items()
    ]
    where = torch.device(named_device(device).name)
    yield StageStart(stage="ready", title="Get images and network ready", number=1, stages=STAGES, unit="image")
    backbone, _ = plan(wanted[0], dataset, workspace)
    begun = time.monotonic()
    context = yield from prepare(wanted[0], dataset, backbone, workspace=workspace, device=where)
    race = Race(context, seconds, begun, goal_of(goal, dataset.classes))
    yield from race.afford()

    yield StageStart(stage="heads", title="Fit linear heads", number=2, stages=STAGES, unit="strategy")
    heads = [Candidate(recipe=each) for each in wanted if not each.epochs]
    for each in heads:
        yield from _tried(race.head(each, HEADS_SHARE * seconds / len(heads)), each)
    learners = [Candidate(recipe=replace(each, patience=0)) for each in wanted if each.epochs]
    learners.sort(key=lambda each: each.recipe.train_from != FIRST)  # stable
    racing = [each for each in learners if each.recipe.weights != "random"]
    control = next(each for each in learners if each not in racing)
    rival = next(each for each in racing if each.recipe.train_from == FIRST)
    share, why_not = yield from _for_random(race, control, rival, heads)
    if why_not:
        yield Notice(text=f"{control.title} sits out: {why_not}.")
    else:
        racing = [rival]
        yield _round(1, [control])
        yield from _tried(race.learner(control, share), control)
    if len(racing) > 1:
        yield _round(1, racing)
        later = (1 - FIRST_ROUND) * race.left()
        for ahead in range(len(racing), 0, -1):
            each = racing[-ahead]
            yield from _tried(race.learner(each, (race.left() - later) / ahead), each)
        racing.sort(key=lambda each: (not each.rounds, -each.reached if each.rounds else 0.0))  # stable
    yield _round(2, racing[:1])
    for each in racing:
        if each.whole:
            continue
        if each is racing[0] or race.left() > ENOUGH_PART * (yield from race.whole_seconds(each)):
            yield from _tried(race.learner(each, race.left()), each)
        elif each.rounds:
            yield Notice(text=f"{each.title} drops out with {each.accuracy:.1%} of the validation images right.")
        if not each.rounds:
            yield Notice(text=f"There was no time to try {each.title}. Give the pilots more seconds.")
    everyone = [each for each in (*heads, *learners) if each.rounds]
    if not everyone:
        raise RecipeError(f"{seconds:g} seconds were too few to try anything. Give the pilots more.")
    last = [control, *(each for each in racing if each.rounds > 1 or len(racing) == 1)]
    yield RunEnd(status="done", result=asdict(_result(race, everyone, last)))


def _for_random(
    race: Race, each: Candidate, rival: Candidate, heads: Sequence[Candidate]
) -> Generator[Progress, None, tuple[float, str]]:
    """Seconds for a network from random weights, and why it has no part in the race; '' where it has.

    They are as large a part of its training as what they leave is of the rival's.
    One network alone, so that its part is large enough to show something; the shallow one, because it learns sooner and
    costs the same whatever backbone was chosen (benchmarks/HISTORY.md, Random weights in a short race).
    """
    data = race.context.dataset
    guessing = np.bincount(data.labels[data.rows(VAL)]).max() / data.count(VAL)  # always the commonest class
    best = max((head.accuracy for head in heads if head.rounds), default=0.0)
    if guessing < 1 and (best - guessing) / (1 - guessing) > FITTING:
        return 0.0, f"a linear head has {best:.0%} of the validation images right, so pretrained features fit"
    try:
        whole = yield from race.whole_seconds(each)
        both = whole + (yield from race.whole_seconds(rival))
    except RuntimeError as error:
        if not memory_is_full(error):
            raise
        return 0.0, "it does not fit this device's memory"
    share = min(1.0, race.left() / both) * whole
    if share < LEAST_PART * whole:
        return 0.0, f"from random weights it shows nothing in less than {LEAST_PART * whole:.0f} s"
    return share, ""


def _tried(trial: Iterator[Event], each: Candidate) -> Iterator[Event]:
    """A trial; one that fails drops out alone."""
    try:
        yield from trial
    except RecipeError as error:
        yield Notice(text=f"{each.title} drops out: {error}")
    except RuntimeError as error:
        if not memory_is_full(error):
            raise
        yield Notice(text=f"{each.title} drops out: it does not fit this device's memory.")


def _round(number: int, racing: Sequence[Candidate]) -> StageStart:
    title = f"Round {number} of 2: {', '.join(each.title for each in racing)}"
    return StageStart(stage=f"round {number}", title=title, number=number + 2, stages=STAGES, unit="epoch")


def _result(race: Race, everyone: Sequence[Candidate], last: Sequence[Candidate]) -> Pilots:
    """Who leads, by how much, and whether that is more than noise.

    One of the `last`, who had no longer training to come, is not beaten while that was cut short, since it may still
    overtake (benchmarks/HISTORY.md, Random weights in a short race). Unless random weights, which begin slower, lead
    after as small a part of theirs.
    """
    ranked = sorted(everyone, key=lambda each: (-each.reached, each.seconds))
    lead, context = ranked[0], race.context
    ahead = lead.part if lead.recipe.weights == "random" else math.inf
    data = context.dataset
    margins = [race.margin(lead, each) for each in ranked[1:]]
    short = [each for each in ranked[1:] if each in last and each.part < ENOUGH_PART]
    cut = [each for each in short if each.part + 1 / each.recipe.epochs < ahead]  # to an epoch
    behind = [each for each, by in zip(ranked[1:], margins, strict=True) if by.sure and each not in cut]
    tied = [each for each in ranked if each not in behind]
    learned = any(each.steps for each in everyone)
    first = margins[0] if margins else None
    return Pilots(
        dataset=data.id,
        backbone=context.backbone.name,
        weights=context.backbone.weights,
        trials=tuple(each.trial() for each in ranked),
        recommended=lead.recipe.strategy if len(tied) == 1 and learned else None,
        tied=tuple(each.recipe.strategy for each in tied),
        margin=first.value if first else None,
        low=first.low if first else None,
        high=first.high if first else None,
        p=first.p if first else None,
        val_images=data.count(VAL),
        goal=written(race.goal),
        budget_seconds=race.budget,
        seconds=race.spent(),
    )
