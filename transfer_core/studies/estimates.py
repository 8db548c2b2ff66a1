"""What every strategy will take on this device: some real steps on the clock, and the arithmetic of the rest."""

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np

from transfer_core.backbones import backbone as named_backbone
from transfer_core.strategies import STRATEGIES, Strategy, recipe
from transfer_core.strategies.definition import Stage, epochs_a_look
from transfer_core.training.features import BATCH_SIZES, known_rows, outputs
from transfer_core.training.fit import HEADS
from transfer_core.training.gradient import gradient
from transfer_core.training.images import Images
from transfer_core.training.meter import Pass
from transfer_core.training.setbacks import memory_is_full
from transfer_core.training.setup import Context, State, begin
from transfer_core.types import (
    FIRST,
    HEAD,
    TEST,
    TRAIN,
    UNUSED,
    VAL,
    Backbone,
    Dataset,
    Estimate,
    Event,
    Notice,
    Progress,
    Recipe,
)

WARM, LEAST, MOST = 1, 2, 8  # batches: the first chooses algorithms and fills caches; at least and at most timed
ENOUGH_SECONDS = 1.0  # of timed batches
CUTS = 3  # depths of training that are timed: the whole network, the head, and one in between
HEAD_IMAGES = 1_200  # a linear head is timed on so many and on a quarter; beyond, its time grows along that line


def estimates(run: State, dataset: Dataset) -> Generator[Event, None, tuple[Estimate, ...]]:
    """Seconds and memory of each strategy's default recipe on the whole dataset, early stopping aside.

    `run`: on a part of the dataset's training images, whose features are kept, with the pretrained network; its
    weights are spoilt. Kept features cost nothing. A strategy that does not fit the device's memory is left out.
    """
    found, clocks = [], {"": Clock(run)}
    rows = np.flatnonzero(np.isin(dataset.splits, (TRAIN, VAL)))
    lacking = int((~np.isin(rows, known_rows(run.context, run.context.backbone.taps))).sum())
    for known in STRATEGIES:
        backbone = named_backbone(known.network, run.context.workspace) if known.network else run.context.backbone
        wanted = recipe(dataset, known.name, backbone)
        try:
            if known.network not in clocks:
                clocks[known.network] = Clock(begin(_unpretrained(run.context, wanted, backbone)))
            found.append((yield from _estimate(known, wanted, clocks[known.network], dataset, lacking)))
        except RuntimeError as error:
            if not memory_is_full(error):
                raise
            yield Notice(text=f"“{known.title}” at batch size {wanted.batch_size} does not fit this device's memory.")
    return tuple(found)


def _estimate(
    known: Strategy, wanted: Recipe, clock: "Clock", dataset: Dataset, lacking: int
) -> Generator[Progress, None, Estimate]:
    """`lacking`: images whose features are still to be computed."""
    what = f"Timing “{known.title}”"
    train, val, test = (dataset.count(split) for split in (TRAIN, VAL, TEST))
    look = yield from clock.look(what)
    fixed, every = test * look, epochs_a_look(wanted, dataset)
    epochs, seconds, peak = 0, 0.0, 0
    for stage in known.stages(wanted, clock.context.backbone):
        if stage.solver == "gradient":
            learn = yield from clock.learn(stage, wanted, what)
            epochs += stage.epochs
            seconds += stage.epochs * train * learn + math.ceil(stage.epochs / every) * val * look
        else:
            fixed += (yield from clock.head(stage, wanted, train, what)) + lacking * look
        peak = max(peak, clock.peak_bytes)
    if epochs:  # where no weight below the head moved, validation images are not looked at again
        fixed += val * look
    each = seconds / epochs if epochs else 0.0
    return Estimate(strategy=known.name, fixed_seconds=fixed, epoch_seconds=each, epochs=epochs, peak_bytes=peak)


class Clock:
    """Times the parts of the work of one network, each once. Its generators of progress return seconds an image."""

    def __init__(self, run: State, *, head_images: int = HEAD_IMAGES, enough: float = ENOUGH_SECONDS) -> None:
        self.context, self.head_images, self.enough = run.context, head_images, enough
        self.peak_bytes = 0
        self._module = run.module
        self._forward = 0.0
        self._by_cut: dict[str, float] = {}
        self._by_head: dict[tuple[str, str | None, int], float] = {}

    def look(self, what: str) -> Generator[Progress, None, float]:
        """Forward."""
        if not self._forward:
            timed = begin(self.context, module=self._module)
            rows = np.resize(self.context.dataset.rows(TRAIN), MOST * BATCH_SIZES[self.context.device.type])
            self._forward = yield from self._timed("forward", outputs(timed, timed.network, rows, what), timed, what)
        return self._forward

    def learn(self, stage: Stage, wanted: Recipe, what: str) -> Generator[Progress, None, float]:
        """Of an epoch that trains from `stage.train_from` on. Timed at CUTS depths, taken as even between them."""
        taps = self.context.backbone.tap_names
        depth = {FIRST: 0, HEAD: len(taps)} | {name: i for i, name in enumerate(taps[:-1], start=1)}
        if stage.train_from not in self._by_cut and len(self._by_cut) < CUTS:
            timed = begin(replace(self.context, recipe=wanted), module=self._module)
            pace = yield from self._timed("train", gradient(timed, stage), timed, what)
            self._by_cut[stage.train_from] = pace
        points = sorted((depth[name], pace) for name, pace in self._by_cut.items())
        at, paces = [point[0] for point in points], [point[1] for point in points]
        return float(np.interp(depth[stage.train_from], at, paces))

    def head(self, stage: Stage, wanted: Recipe, images: int, what: str) -> Generator[Progress, None, float]:
        """Seconds, not an image's, of fitting a linear head on the kept features of so many training images."""
        there = self.context.dataset.count(TRAIN)
        large = min(images, there, self.head_images)
        after = yield from self._head(stage, wanted, large, what)
        if images == large:
            return after
        before = yield from self._head(stage, wanted, small := max(1, large // 4), what)
        return after + max(0.0, (after - before) / max(1, large - small)) * (images - large)

    def _head(self, stage: Stage, wanted: Recipe, images: int, what: str) -> Generator[Progress, None, float]:
        key, dataset = (stage.solver, stage.tap, images), self.context.dataset
        if key not in self._by_head:
            rows, splits = dataset.rows(TRAIN), dataset.splits.copy()
            splits[rows[np.random.default_rng(0).permutation(len(rows))[images:]]] = UNUSED
            part = replace(self.context, recipe=wanted, dataset=replace(dataset, splits=splits))
            timed = begin(part, module=self._module)
            began = time.monotonic()
            for _ in HEADS[stage.solver](timed, stage):
                yield Progress(what=what, done=0, of=1, unit="steps")
            self.peak_bytes = max(self.peak_bytes, timed.meter.memory_bytes())
            self._by_head[key] = time.monotonic() - began
        return self._by_head[key]

    def _timed(self, kind: Pass, work: Iterator[Event], timed: State, what: str) -> Generator[Progress, None, float]:
        """Seconds an image of such passes, once warm; then the work is left."""
        marks = [timed.meter.total(kind)]
        for _ in work:
            if timed.meter.total(kind) != marks[-1]:
                marks.append(timed.meter.total(kind))
                yield Progress(what=what, done=len(marks) - 1, of=WARM + MOST, unit="batches")
            spent = marks[-1][1] - marks[min(WARM, len(marks) - 1)][1]
            if len(marks) > WARM + LEAST and (spent > self.enough or len(marks) > WARM + MOST):
                break
        self.peak_bytes = timed.meter.memory_bytes()
        (before, began), (after, ended) = marks[WARM if len(marks) > WARM + 1 else 0], marks[-1]
        return (ended - began) / max(1, after - before)


def _unpretrained(context: Context, wanted: Recipe, backbone: Backbone) -> Context:
    """For a strategy's own network: noise in place of images of its size, since what they show takes no time."""
    noise = np.random.default_rng(0).integers(0, 256, (1, backbone.input_px, backbone.input_px, 3), dtype=np.uint8)
    images = Images(np.broadcast_to(noise, (len(context.dataset), *noise.shape[1:])), backbone, context.device)
    return replace(context, recipe=wanted, backbone=backbone, images=images)
