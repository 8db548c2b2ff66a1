"""Try before you train: short trainings race on training and validation images, and the slower half drops out."""

import math
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from transfer_core.backbones.torchvision import load
from transfer_core.errors import DatasetError
from transfer_core.strategies import recipe, strategy
from transfer_core.studies.estimates import Clock
from transfer_core.studies.similarity import resampled
from transfer_core.training.devices import device as named_device
from transfer_core.training.features import Codes, frozen_features, known_rows, outputs
from transfer_core.training.fit import solve
from transfer_core.training.meter import Meter
from transfer_core.training.rows import chosen_rows
from transfer_core.training.setup import Setup, epochs_a_look, place, plan, prepare
from transfer_core.types import (
    TRAIN,
    UNUSED,
    VAL,
    Backbone,
    Dataset,
    EpochEnd,
    Event,
    Ints,
    Notice,
    Pilots,
    Progress,
    Recipe,
    RunEnd,
    StageStart,
    Trial,
)

CANDIDATES = ("linear_probe", "linear_svm", "all_layers", "fine_tune_top", "fine_tune_all", "from_scratch")
FEATURES_SHARE = 0.3  # of the budget that computing features may take; fewer images where it would be more
RANDOM_PART = 0.25  # of its training that a network from random weights needs before it can be judged
STAGES = 4  # at least: ready, heads, two rounds
HEADS_SHARE, HEAD_IMAGES = 0.3, 150  # of the budget, for all linear heads; images that one is timed on
TIMINGS = 200  # of that length, at least, would fit into the budget
LEAST_IMAGES = 20
DRAWS = 2_000  # of the bootstrap
OVERTIME = 1.5  # of its share, after which a trial is cut off


@dataclass(kw_only=True, eq=False)
class Candidate:
    """Where one strategy stands."""

    recipe: Recipe
    images: int = 0  # training images of its last round
    epochs: int = 0  # over all rounds
    steps: int = 0
    seconds: float = 0.0
    rounds: int = 0
    right: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # (V,) in its last round
    part: float = 0.0  # of the image passes of its full run, in its last round

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
            accuracy=self.accuracy,
            part=self.part,
        )


def pilots(dataset: Dataset, backbone: Backbone, *, seconds: float, workspace: Path, device: str) -> Iterator[Event]:
    """The result is `Pilots` as plain JSON. The test split is never looked at.

    Linear heads are fitted once. Those that learn by gradient descent race in rounds of equal time, shared out evenly:
    each trains anew, with a schedule as long as its share, and the better half by validation accuracy goes on
    (successive halving, Jamieson and Talwalkar 2016). A share too short for an epoch is spent on fewer images.
    Raises DatasetError without images to judge by.
    """
    if not dataset.count(VAL) or len(dataset.classes) < 2:
        lack = "no validation images" if len(dataset.classes) > 1 else "one class only"
        raise DatasetError(f"'{dataset.name}' has {lack}, so there is nothing that pilots could be judged by.")
    race = Race(seconds, dataset.count(TRAIN))
    wanted = [recipe(dataset, name, backbone) for name in CANDIDATES]
    heads = [Candidate(recipe=each) for each in wanted if not each.epochs]
    learners = [Candidate(recipe=replace(each, patience=0)) for each in wanted if each.epochs]
    where = torch.device(named_device(device).name)
    yield StageStart(stage="ready", title="Get images and network ready", number=1, stages=STAGES, unit="image")
    _, stages = plan(wanted[0], dataset, workspace)
    setup = yield from prepare(wanted[0], dataset, backbone, stages, workspace=workspace, device=where)
    clock = Clock(setup, head_images=HEAD_IMAGES, enough=seconds / TIMINGS)
    look = yield from clock.look("Timing a look at an image")
    setup.dataset = _affordable(setup, look, seconds)

    yield StageStart(stage="heads", title="Fit linear heads", number=2, stages=STAGES, unit="strategy")
    for each in heads:
        yield from race.head(setup, clock, each, HEADS_SHARE * seconds / len(heads))
    racing = []
    for each in learners:
        needed = RANDOM_PART * (yield from race.whole_seconds(setup, clock, each))
        if each.recipe.weights == "random" and needed > race.left() / 2:
            yield Notice(
                text=f"{each.title} sits out: from random weights it shows nothing in less than {needed:.0f} s."
            )
        else:
            racing.append(each)
    rounds = math.ceil(math.log2(len(racing))) + 1
    for number in range(1, rounds + 1):
        title = f"Round {number} of {rounds}: {', '.join(each.title for each in racing)}"
        yield StageStart(stage=f"round {number}", title=title, number=number + 2, stages=rounds + 2, unit="epoch")
        share = race.left() / (rounds + 1 - number) / len(racing)
        for each in racing:
            if each.part < 1 and race.left() > 0:
                yield from race.learner(setup, clock, each, share)
        racing.sort(key=lambda each: -each.accuracy if each.rounds else math.inf)
        kept = racing[: math.ceil(len(racing) / 2)]
        for each in racing[len(kept) :]:
            if not each.rounds:
                yield Notice(text=f"There was no time to try {each.title}. Give the pilots more seconds.")
                continue
            yield Notice(text=f"{each.title} drops out with {each.accuracy:.1%} of the validation images right.")
        racing = kept
    finalists = [each for each in (*heads, *racing) if each.rounds]
    lost = [each for each in learners if each.rounds and each not in racing]
    yield RunEnd(status="done", result=asdict(race.result(setup, finalists, lost)))


class Race:
    """The clock of one race, and how its trials are run and judged."""

    def __init__(self, seconds: float, images: int) -> None:
        self.budget, self._began = seconds, time.monotonic()
        self.images = images  # training images of a full run

    def spent(self) -> float:
        return time.monotonic() - self._began

    def left(self) -> float:
        return max(0.0, self.budget - self.spent())

    def head(self, setup: Setup, clock: Clock, each: Candidate, share: float) -> Iterator[Event]:
        """Fit a linear head on as many images as `share` seconds allow; on all, it is the one of the full run."""
        began, data, used = time.monotonic(), setup.dataset, each.recipe
        (stage,) = strategy(used.strategy).stages(used, setup.backbone)
        yield from frozen_features(setup, setup.backbone.taps)
        if data.count(TRAIN) > 2 * clock.head_images:
            pace = yield from clock.head(stage, used, f"Timing “{each.title}”")
            if pace * data.count(TRAIN) > share:
                used = replace(used, per_class=max(2, int(share / pace / len(data.classes))))
        run = _begun(setup, used, chosen_rows(data, used))
        each.part = run.dataset.count(TRAIN) / self.images
        for event in solve(run, stage):
            if isinstance(event, Progress):
                yield self._named(each, event)
        rows, codes = yield from frozen_features(run, run.network.taps)
        judges = np.isin(rows, run.rows(VAL))
        head = run.network.head
        weight, bias = head.weight.detach().cpu().numpy(), head.bias.detach().cpu().numpy()
        yield self._judged(each, run, np.concatenate([part[judges] for part in codes], 1) @ weight.T + bias, began)

    def learner(self, setup: Setup, clock: Clock, each: Candidate, share: float) -> Iterator[Event]:
        """Train for about `share` seconds."""
        began = time.monotonic()
        shortened = yield from self._shortened(setup, clock, each, share)
        whole, part = setup.dataset, chosen_rows(setup.dataset, shortened)
        run = _begun(setup, shortened, whole, random_init=shortened.weights == "random")
        before, steps, late = each.epochs, math.ceil(part.count(TRAIN) / shortened.batch_size), False
        for stage in strategy(shortened.strategy).stages(shortened, setup.backbone):
            run.dataset = part if stage.solver == "gradient" else whole  # a head on all images costs little
            for event in solve(run, stage):
                if isinstance(event, Progress):
                    yield self._named(each, event)
                    late = time.monotonic() - began > OVERTIME * share and stage.solver == "gradient"
                    if late:
                        break
                elif isinstance(event, EpochEnd) and stage.solver == "gradient":
                    each.epochs, each.steps = each.epochs + 1, each.steps + steps
                    if event.val_accuracy is not None:
                        yield self._point(each, event.val_accuracy)
        each.part = (each.epochs - before) * part.count(TRAIN) / (each.recipe.epochs * self.images)
        logits = yield from outputs(run, run.network, run.rows(VAL), f"{each.title}: validating")
        yield self._judged(each, run, logits, began)

    def pace(self, setup: Setup, clock: Clock, each: Candidate) -> Generator[Progress, None, float]:
        """Seconds that an image of an epoch takes; over several stages, on average."""
        stages = strategy(each.recipe.strategy).stages(each.recipe, setup.backbone)
        paces = []
        for stage in stages:
            if stage.solver == "gradient":
                paces.append((yield from clock.learn(stage, each.recipe, f"Timing “{each.title}”")))
        return sum(paces) / len(paces)

    def whole_seconds(self, setup: Setup, clock: Clock, each: Candidate) -> Generator[Progress, None, float]:
        """What all its epochs on all affordable images would take."""
        data, full = setup.dataset, each.recipe
        look = yield from clock.look(f"Timing “{each.title}”")
        pace = yield from self.pace(setup, clock, each)
        return full.epochs * (data.count(TRAIN) * pace + data.count(VAL) * look / epochs_a_look(full, data))

    def _shortened(
        self, setup: Setup, clock: Clock, each: Candidate, share: float
    ) -> Generator[Progress, None, Recipe]:
        """The recipe with as many epochs as fit; with fewer images where not one does."""
        data, full = setup.dataset, each.recipe
        look = yield from clock.look(f"Timing “{each.title}”")
        pace = yield from self.pace(setup, clock, each)
        ahead = share - data.count(VAL) * look  # after the last look
        epochs = int(ahead * full.epochs / (yield from self.whole_seconds(setup, clock, each)))
        if epochs >= 1:
            return full if epochs >= full.epochs else replace(full, epochs=epochs)
        fewer = int((ahead - data.count(VAL) * look) / pace / len(data.classes))
        return replace(full, epochs=1, per_class=max(2, fewer))

    def _judged(self, each: Candidate, run: Setup, logits: Codes, began: float) -> EpochEnd:
        """Hold what a trained network says of the validation images against their labels."""
        each.right = logits.argmax(1) == run.dataset.labels[run.rows(VAL)]
        each.images, each.rounds = run.dataset.count(TRAIN), each.rounds + 1
        each.seconds += time.monotonic() - began
        return self._point(each, each.accuracy)

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

    def result(self, setup: Setup, finalists: Sequence[Candidate], lost: Sequence[Candidate]) -> Pilots:
        """Who leads, by how much, and whether that is more than noise: a paired bootstrap over validation images."""
        ranked = sorted(finalists, key=lambda each: (-each.accuracy, each.seconds))
        lost = sorted(lost, key=lambda each: (-each.rounds, -each.accuracy))
        groups = setup.dataset.groups[setup.rows(VAL)]
        weights, lead = resampled(groups, draws=DRAWS), ranked[0]
        margins = [weights @ (lead.right.astype(float) - each.right) for each in ranked[1:]]
        bounds = [np.percentile(margin[1:], (2.5, 97.5)) for margin in margins]
        tied = [lead, *(each for each, (low, _) in zip(ranked[1:], bounds, strict=True) if low <= 0)]
        first, (low, high) = float(margins[0][0]), (float(value) for value in bounds[0])
        judged = f"{100 * first:.1f} points ({100 * low:.1f} to {100 * high:.1f}) on {len(groups):,} validation images"
        finding = f"“{lead.title}” leads “{ranked[1].title}” by {judged}"
        return Pilots(
            dataset=setup.dataset.id,
            backbone=setup.backbone.name,
            weights=setup.backbone.weights,
            trials=tuple(each.trial() for each in (*ranked, *lost)),
            recommended=lead.recipe.strategy if len(tied) == 1 else None,
            tied=tuple(each.recipe.strategy for each in tied),
            margin=first,
            low=low,
            high=high,
            val_images=len(groups),
            budget_seconds=self.budget,
            seconds=self.spent(),
            finding=f"{finding}." if len(tied) == 1 else f"No recommendation: {finding}, which is within noise.",
        )


def _affordable(setup: Setup, look: float, seconds: float) -> Dataset:
    """The dataset with as many training and validation images as there is time to look at; what is kept costs none."""
    data, splits = setup.dataset, setup.dataset.splits.copy()
    kept = np.isin(np.arange(len(data)), known_rows(setup, setup.backbone.taps))
    most = FEATURES_SHARE * seconds / look
    for split, part in ((VAL, 1 / 3), (TRAIN, 1.0)):
        rows = _evenly(data, data.rows(split))
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


def _begun(setup: Setup, wanted: Recipe, dataset: Dataset, *, random_init: bool = False) -> Setup:
    """As a run begins: the network anew, the meter at zero."""
    module = load(setup.backbone, random_init=random_init, seed=wanted.seed, root=setup.workspace)
    place(module, setup.device)
    meter = Meter(setup.device, forward=0, train=0)
    begun = replace(setup, recipe=wanted, dataset=dataset, module=module, meter=meter)
    begun.found, begun.lowest, begun.epochs = {}, math.inf, 0
    begun.cut(setup.backbone.taps[-1:])
    return begun
