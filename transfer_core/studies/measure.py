"""The flowchart's questions answered by looking: how many images, how like the backbone's own, at what cost."""

import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch

from transfer_core.strategies import recipe
from transfer_core.strategies.linear_probe import LINEAR_PROBE
from transfer_core.studies.estimates import estimates
from transfer_core.studies.similarity import (
    FEWEST,
    LOOKED_AT,
    depth_axis,
    depth_points,
    look,
    nearest_classes,
    resampled,
    semantics_axis,
    statistics_axis,
    together,
)
from transfer_core.training.devices import device as named_device
from transfer_core.training.features import frozen_features
from transfer_core.training.heads import FOLDS, PENALTIES
from transfer_core.training.ridge import held_out
from transfer_core.training.setup import State, begin, plan, prepare
from transfer_core.training.solvers import Scale, folds
from transfer_core.types import (
    TRAIN,
    UNUSED,
    Backbone,
    Dataset,
    DatasetSize,
    DepthPoint,
    Event,
    Floats,
    Ints,
    Measured,
    Progress,
    RunEnd,
    Similarity,
    SourceClass,
    StageStart,
)

MOST_IMAGES = 2_000  # training images that are measured; more hardly narrow the intervals
STEPS = ("Get images and network ready", "Compare the layers", "Look for what the network knows", "Time real steps")


def measure(dataset: Dataset, backbone: Backbone, *, workspace: Path, device: str, px: int = 0) -> Iterator[Event]:
    """The result is `Measured` as plain JSON. Only training and validation images are seen.

    Raises DatasetError without training images, WeightsError without the backbone's weights.
    """
    began, known = time.monotonic(), named_device(device)
    yield _step(1)
    run = yield from ready(dataset, backbone, workspace=workspace, device=torch.device(known.name), px=px)
    seen = yield from look_at(run, dataset)

    yield _step(4)
    timed = yield from estimates(run, dataset)
    found = Measured(
        dataset=dataset.id,
        backbone=backbone.name,
        weights=backbone.weights,
        device=known.title,
        size=size(dataset),
        similarity=seen.similarity,
        depth_curve=seen.depth_curve,
        nearest_classes=seen.nearest_classes,
        estimates=timed,
        seconds=time.monotonic() - began,
    )
    yield RunEnd(status="done", result=asdict(found))


def ready(
    dataset: Dataset, backbone: Backbone, *, workspace: Path, device: torch.device, px: int = 0
) -> Generator[Progress, None, State]:
    """The pretrained network and at most MOST_IMAGES of the training images, as the rules show them to it.

    `px`: the side of the network's square; 0: its own.
    """
    wanted = recipe(dataset, LINEAR_PROBE.name, backbone, px=px)
    shown, _ = plan(wanted, dataset, workspace)
    context = yield from prepare(wanted, dataset, shown, workspace=workspace, device=device)
    return begin(replace(context, dataset=some_of(dataset, MOST_IMAGES)))


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the pretrained network makes of the images."""

    similarity: Similarity
    depth_curve: tuple[DepthPoint, ...]  # early to late
    nearest_classes: tuple[SourceClass, ...]


def look_at(run: State, dataset: Dataset) -> Generator[Event, None, Looked]:
    """`run`: on a part of the dataset's training images."""
    backbone, rows = run.context.backbone, run.context.dataset.rows(TRAIN)
    yield _step(2)
    compared, right = yield from _right(run)
    weights = resampled(dataset.groups[compared]) if right.size else np.zeros((1, 0))
    curve = depth_points(backbone.tap_names, right, weights) if right.size else ()
    chance = float(np.bincount(dataset.labels[compared]).max() / len(compared)) if right.size else 1.0

    yield _step(3)
    looked = rows[np.sort(np.random.default_rng(0).permutation(len(rows))[:LOOKED_AT])]
    seen = yield from look(run, looked)
    drawn = resampled(dataset.groups[looked])
    axes = (
        depth_axis(right, weights, chance),
        statistics_axis(seen, drawn),
        semantics_axis(backbone, seen, drawn, len(dataset.classes)),
    )
    found = together(axes, len(np.unique(dataset.groups[rows])))
    return Looked(similarity=found, depth_curve=curve, nearest_classes=nearest_classes(backbone, seen))


def _step(number: int) -> StageStart:
    return StageStart(stage="measure", title=STEPS[number - 1], number=number, stages=len(STEPS), unit="image")


def size(dataset: Dataset) -> DatasetSize:
    """How many images there are to learn from."""
    rows = dataset.rows(TRAIN)
    return DatasetSize(
        train_images=len(rows),
        per_class=tuple(int(n) for n in np.bincount(dataset.labels[rows], minlength=len(dataset.classes))),
        effective=len(np.unique(dataset.groups[rows])),
    )


def some_of(dataset: Dataset, most: int) -> Dataset:
    """The dataset with at most about so many training images, drawn evenly over the classes, and no others."""
    rows, splits = dataset.rows(TRAIN), np.full(len(dataset), UNUSED)
    parts = -(-len(rows) // most)
    splits[rows[folds(dataset.labels[rows], dataset.groups[rows], parts, 0) == 0]] = TRAIN
    return replace(dataset, splits=splits)


def _right(run: State) -> Generator[Progress, None, tuple[Ints, Floats]]:
    """Training images (N,), and whether a ridge classifier on each tap has each right while it is held out: (T, N).

    Left out are classes whose images are all near-duplicates, since nothing would be left to learn them from. (0, N)
    where there are too few images for folds.
    """
    data, taps = run.context.dataset, run.context.backbone.taps
    rows, features = yield from frozen_features(run, taps)
    groups = [len(np.unique(data.groups[rows[data.labels[rows] == label]])) for label in range(len(data.classes))]
    known = np.array(groups)[data.labels[rows]] > 1
    own, labels = rows[known], data.labels[rows[known]]
    if len(np.unique(data.groups[own])) < FEWEST or len(np.unique(labels)) < 2:
        return own, np.zeros((0, len(own)))
    fold = folds(labels, data.groups[own], FOLDS, 0)
    order = np.argsort(fold, kind="stable")  # as held_out goes through them
    found = np.zeros((len(taps), len(own)))
    for done, codes in enumerate(features):
        yield run.meter.progress("Comparing layers", done, len(taps), unit="layers")
        train = codes[known].astype(np.float64)
        judged = list(held_out(Scale.of(train)(train), labels, fold, len(data.classes), PENALTIES))
        best = int(np.sum([error for _, error in judged], 0).argmin())
        found[done, order] = np.concatenate([right[best] for right, _ in judged])
    return own, found
