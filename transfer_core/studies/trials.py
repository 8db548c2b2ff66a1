"""One candidate of the pilots, and the clock that its trials share."""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from transfer_core.compare.counted import margin_in
from transfer_core.compare.statistics import Margin, margin
from transfer_core.goals import ACCURACY, reached
from transfer_core.strategies import strategy
from transfer_core.strategies.definition import epochs_a_look
from transfer_core.studies.estimates import Clock
from transfer_core.training.features import Codes, frozen_features, known_rows, outputs
from transfer_core.training.fit import solve
from transfer_core.training.gradient import warm_up
from transfer_core.training.rows import chosen_rows
from transfer_core.training.setup import Context, State, begin, plan, prepare
from transfer_core.training.solvers import softmax
from transfer_core.types import (
    TRAIN,
    UNUSED,
    VAL,
    Dataset,
    EpochEnd,
    Event,
    Floats,
    Goal,
    Ints,
    Progress,
    Recipe,
    Trial,
)

FEATURES_SHARE = 0.3  # of the budget that computing features may take; fewer images where it would be more
HEAD_IMAGES = 200  # that a linear head is timed on
TIMINGS = 200  # of that length, at least, would fit into the budget
LEAST_IMAGES = 20  # to learn from, or to be judged by
LOOKS_SHARE, TRIALS = 0.25, 4  # of the budget for two looks in each of so many trials
OVERTIME = 1.5  # of its share, after which a trial is cut off, though not within its first epoch


@dataclass(kw_only=True, eq=False)
class Candidate:
    """Where one strategy stands."""

    recipe: Recipe
    images: int = 0  # training images of its last round
    epochs: int = 0  # over all rounds
    steps: int = 0
    seconds: float = 0.0
    rounds: int = 0
    shares: Floats = field(default_factory=lambda: np.zeros((0, 0)))  # (V, C) probabilities in its last round
    right: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # (V,) likewise
    reached: float = 0.0  # of what counts
    part: float = 0.0  # of the image passes of its full run, in its last round
    whole: bool = False  # it has had all its epochs on all affordable images

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())

    @property
    def title(self) -> str:
        return strategy(self.recipe.strategy).title

    def trial(self) -> Trial:
        """As the result keeps it."""
        return Trial(
            strategy=self.recipe.strategy,
            images=self.images,
            steps=self.steps,
            seconds=self.seconds,
            rounds=self.rounds,
            accuracy=self.reached,
            part=self.part,
        )


class Race:
    """The clock of one race, and how its trials are run and judged."""

    def __init__(self, context: Context, seconds: float, begun: float, goal: Goal = ACCURACY) -> None:
        self.goal = goal
        self.context, self.budget, self._began = context, seconds, begun
        self._ready = begin(context)  # the pretrained network
        clock = Clock(self._ready, head_images=HEAD_IMAGES, enough=seconds / TIMINGS)
        self._clocks = {"": clock}  # by a strategy's network
        self._images = context.dataset.count(TRAIN)  # of a full run
        self._taught = context.dataset  # what the head that fine-tuning begins with learned from

    def afford(self) -> Generator[Progress, None, None]:
        """Leave out the images that there is no time for."""
        look = yield from self.clock.look("Timing a look at an image")
        self.context = replace(self.context, dataset=affordable(self.context, look, self.budget))
        self.clock.context = self._ready.context = self.context

    @property
    def clock(self) -> Clock:
        """Of the pretrained network."""
        return self._clocks[""]

    def clock_of(self, each: Candidate) -> Generator[Progress, None, Clock]:
        """Of a candidate's network. One that brings its own is made ready when it is first asked for.

        The same images take part, at the side that it looks at.
        """
        network, here = strategy(each.recipe.strategy).network, self.context
        if network not in self._clocks:
            backbone, _ = plan(each.recipe, here.dataset, here.workspace)
            own = yield from prepare(each.recipe, here.dataset, backbone, workspace=here.workspace, device=here.device)
            self._clocks[network] = Clock(begin(own), enough=self.clock.enough)
        return self._clocks[network]

    def spent(self) -> float:
        return time.monotonic() - self._began

    def left(self) -> float:
        return max(0.0, self.budget - self.spent())

    def head(self, each: Candidate, share: float) -> Iterator[Event]:
        """Fit a linear head on as many images as `share` seconds allow; on all, it is the one of the full run."""
        began, context, used = time.monotonic(), self.context, each.recipe
        data, images = context.dataset, context.dataset.count(TRAIN)
        (stage,) = strategy(used.strategy).stages(used, context.backbone)
        yield from frozen_features(self._ready, context.backbone.taps)
        if images > 2 * HEAD_IMAGES:
            needed = yield from self.clock.head(stage, used, images, f"Timing “{each.title}”")
            if needed > share:
                used = replace(used, per_class=max(2, int(share / needed * images / len(data.classes))))
        run = begin(replace(context, recipe=used, dataset=chosen_rows(data, used)))
        for event in solve(run, stage):
            if isinstance(event, Progress):
                yield self._named(each, event)
        if stage.solver == "logistic" and run.network.taps == context.backbone.taps[-1:]:
            self._taught = run.context.dataset
        each.part = run.context.dataset.count(TRAIN) / self._images
        rows, codes = yield from frozen_features(run, run.network.taps)
        judges = np.isin(rows, run.context.dataset.rows(VAL))
        head = run.network.head
        weight, bias = head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy()
        yield self._judged(each, run, np.concatenate([part[judges] for part in codes], 1) @ weight.T + bias, began)

    def learner(self, each: Candidate, share: float) -> Iterator[Event]:
        """Train for about `share` seconds; not at all where that is too short to learn from enough images."""
        began, context = time.monotonic(), (yield from self.clock_of(each)).context
        shortened = yield from self._shortened(each, share)
        if shortened is None:
            return
        part = chosen_rows(context.dataset, shortened)
        run = begin(context := replace(context, recipe=shortened, dataset=part))
        before, steps, late = each.epochs, math.ceil(part.count(TRAIN) / shortened.batch_size), False
        warm = self._warm_up(each, shortened.epochs * steps) if shortened.weights == "random" else None
        for stage in strategy(shortened.strategy).stages(shortened, context.backbone):
            learns = stage.solver == "gradient"
            run.context = context if learns else replace(context, dataset=self._taught)  # with the head fitted before
            with closing(solve(run, stage, warm=warm)) as events:
                for event in events:
                    if isinstance(event, Progress):
                        yield self._named(each, event)
                        over = time.monotonic() - began > OVERTIME * share
                        late = learns and over and (each.epochs > before or not self.left())
                        if late:  # closing it puts its best network so far in place
                            break
                    elif isinstance(event, EpochEnd) and learns:
                        each.epochs, each.steps = each.epochs + 1, each.steps + steps
                        if event.val_accuracy is not None:
                            yield self._point(each, event.val_accuracy)
        each.whole = shortened == each.recipe and not late
        each.part = (each.epochs - before) * part.count(TRAIN) / (each.recipe.epochs * self._images)
        logits = yield from outputs(run, run.network, part.rows(VAL), f"{each.title}: validating")
        yield self._judged(each, run, logits, began)

    def pace(self, each: Candidate) -> Generator[Progress, None, float]:
        """Seconds that an image of an epoch takes; over several stages, on average."""
        paces, clock = [], (yield from self.clock_of(each))
        for stage in strategy(each.recipe.strategy).stages(each.recipe, clock.context.backbone):
            if stage.solver == "gradient":
                paces.append((yield from clock.learn(stage, each.recipe, f"Timing “{each.title}”")))
        return sum(paces) / len(paces)

    def whole_seconds(self, each: Candidate) -> Generator[Progress, None, float]:
        """What all its epochs on all affordable images would take."""
        data, full = self.context.dataset, each.recipe
        look = yield from (yield from self.clock_of(each)).look(f"Timing “{each.title}”")
        pace = yield from self.pace(each)
        return full.epochs * (data.count(TRAIN) * pace + data.count(VAL) * look / epochs_a_look(full, data))

    def _shortened(self, each: Candidate, share: float) -> Generator[Progress, None, Recipe | None]:
        """The recipe with as many epochs as fit; with fewer images where not one does; None where too few would."""
        data, full = self.context.dataset, each.recipe
        clock = yield from self.clock_of(each)
        look = data.count(VAL) * (yield from clock.look(f"Timing “{each.title}”"))
        pace = yield from self.pace(each)
        ahead = share - look  # the last look
        epochs = int(ahead * full.epochs / (yield from self.whole_seconds(each)))
        if epochs >= 1:
            return full if epochs >= full.epochs else replace(full, epochs=epochs)
        fewer = int((ahead - look) / pace / len(data.classes))
        return replace(full, epochs=1, per_class=fewer) if fewer * len(data.classes) >= LEAST_IMAGES else None

    def _warm_up(self, each: Candidate, steps: int) -> float:
        """Steps that random weights warm up for in so many: as many as in the full run, which is half of them at most.

        A warm-up that is shortened with the rest drives them to where nothing is learned for long; pretrained weights
        do not need it (benchmarks/HISTORY.md, Random weights in a short race).
        """
        full = each.recipe.epochs * math.ceil(self.context.dataset.count(TRAIN) / each.recipe.batch_size)
        return min(warm_up(full, each.recipe.warm_up), steps / 2)

    def _judged(self, each: Candidate, run: State, logits: Codes, began: float) -> EpochEnd:
        """Hold what a trained network says of the validation images against their labels."""
        data = run.context.dataset
        labels, shares = data.labels[data.rows(VAL)], softmax(logits)
        each.shares, each.right = shares, logits.argmax(1) == labels
        each.reached = reached(self.goal, labels, shares, data.classes)
        each.images, each.rounds = data.count(TRAIN), each.rounds + 1
        each.seconds += time.monotonic() - began
        return self._point(each, each.accuracy)

    def margin(self, first: Candidate, second: Candidate) -> Margin:
        """By how much the first is ahead of the second on the validation images, in what counts."""
        data, rows = self.context.dataset, self.context.dataset.rows(VAL)
        groups = data.groups[rows]
        if self.goal == ACCURACY:
            return margin(first.right, second.right, groups)
        labels = data.labels[rows]
        return margin_in(self.goal, first.shares, second.shares, labels, groups, data.classes)

    def _point(self, each: Candidate, accuracy: float) -> EpochEnd:
        """A point of the live curves: one for each look at the validation images."""
        return EpochEnd(
            stage=each.recipe.strategy,
            epoch=each.epochs,
            step=each.steps,
            train_loss=None,
            train_accuracy=None,
            val_loss=None,
            val_accuracy=accuracy,
            best=False,
            seconds=self.spent(),
        )

    def _named(self, each: Candidate, event: Progress) -> Progress:
        left = self.left()
        return replace(event, what=f"{each.title}: {event.what}", seconds_left=left, steps=(), losses=())


def affordable(context: Context, look: float, seconds: float) -> Dataset:
    """The dataset with as many training and validation images as there is time to look at; what is kept costs none."""
    data, splits = context.dataset, context.dataset.splits.copy()
    kept = np.isin(np.arange(len(data)), known_rows(context, context.backbone.taps))
    most = FEATURES_SHARE * seconds / look
    judges = max(LEAST_IMAGES, int(LOOKS_SHARE * seconds / look / (2 * TRIALS)))
    splits[_evenly(data, data.rows(VAL))[judges:]] = UNUSED  # a network that learns looks anew, features or not
    for split, part in ((VAL, 1 / 3), (TRAIN, 1.0)):
        rows = _evenly(data, np.flatnonzero(splits == split))
        lacking = rows[~kept[rows]]
        taken = max(int(part * most), LEAST_IMAGES)
        splits[lacking[taken:]] = UNUSED
        most -= min(len(lacking), taken)
    return replace(data, splits=splits)


def _evenly(dataset: Dataset, rows: Ints) -> Ints:
    """Sample numbers in random order, class after class in turn."""
    rows = np.random.default_rng(0).permutation(rows)
    turn = np.zeros(len(rows), dtype=np.int64)
    for label in range(len(dataset.classes)):
        own = dataset.labels[rows] == label
        turn[own] = np.arange(own.sum())
    return np.asarray(rows[np.argsort(turn, kind="stable")])
