"""What every strategy will take before anything is measured: arithmetic on how fast the device passes images."""

import math

import numpy as np

from transfer_core.strategies import STRATEGIES, Strategy, recipe, strategy
from transfer_core.strategies.definition import Stage, epochs_a_look
from transfer_core.types import FIRST, HEAD, TEST, TRAIN, VAL, Backbone, Dataset, Estimate, Pace, Recipe

# Seconds of fitting a linear head for each image, feature and class, on two cores (benchmarks/RESULTS.md, Linear heads
# before anything is measured). An SVM of classes that are told apart nearly without error takes many times as long.
HEAD_SECONDS = {"logistic": 1.2e-7, "svm": 2.5e-7, "strongest": 4e-7}


def expected(
    dataset: Dataset, backbone: Backbone, pace: Pace, own: dict[str, tuple[Backbone, Pace]]
) -> tuple[Estimate, ...]:
    """Seconds of each strategy's default recipe, early stopping aside; the memory is not known, so 0.

    `own`: the networks that strategies bring along, with their pace, by name; a strategy whose network was not timed is
    left out. Features count as still to be computed.
    """
    found = []
    for known in STRATEGIES:
        network, speed = own.get(known.network, (None, None)) if known.network else (backbone, pace)
        if network is not None and speed is not None:
            found.append(_expected(known, recipe(dataset, known.name, network), dataset, network, speed))
    return tuple(found)


def expected_seconds(wanted: Recipe, dataset: Dataset, network: Backbone, pace: Pace) -> float:
    """Seconds of one recipe, early stopping aside. `pace`: of its network, at the network's own side."""
    known = strategy(wanted.strategy)
    share = (network.input_px / wanted.px) ** 2 if wanted.px else 1.0  # passes take as long as there are pixels
    pace = Pace(features=pace.features * share, training=pace.training * share)
    return _expected(known, wanted, dataset, network, pace).seconds


def counts(wanted: Recipe, dataset: Dataset) -> tuple[float, float, float]:
    """How many images a recipe trains on, validates with and is tested on; with folds, about."""
    train, val, test = (float(dataset.count(split)) for split in (TRAIN, VAL, TEST))
    if wanted.folds:
        pool = train + val
        test = pool / wanted.folds
        train, val = 0.9 * (pool - test), 0.1 * (pool - test)
    if wanted.per_class:
        own = np.bincount(dataset.labels[dataset.splits == TRAIN], minlength=len(dataset.classes))
        train = min(train, float(np.minimum(own, wanted.per_class).sum()))
    return train, val, test


def _expected(known: Strategy, wanted: Recipe, dataset: Dataset, network: Backbone, pace: Pace) -> Estimate:
    train, val, test = counts(wanted, dataset)
    look, every = 1 / pace.features, epochs_a_look(wanted, dataset)
    fixed, epochs, seconds, looked = test * look, 0, 0.0, False
    for stage in known.stages(wanted, network):
        if stage.solver == "gradient":
            epochs += stage.epochs
            seconds += stage.epochs * train * _learn(stage, network, pace)
            seconds += math.ceil(stage.epochs / every) * val * look
        else:
            fixed += (0.0 if looked else (train + val) * look) + head_seconds(
                stage, train, len(dataset.classes), network
            )
            looked = True
    if epochs:  # where no weight below the head moved, validation images are not looked at again
        fixed += val * look
    each = seconds / epochs if epochs else 0.0
    return Estimate(strategy=known.name, fixed_seconds=fixed, epoch_seconds=each, epochs=epochs, peak_bytes=0)


def _learn(stage: Stage, network: Backbone, pace: Pace) -> float:
    """Seconds an image: a pass forward, and back through what trains, taken as even over the taps."""
    forward, whole = 1 / pace.features, 1 / pace.training
    return forward + max(0.0, whole - forward) * learning_share(stage, network)


def learning_share(stage: Stage, network: Backbone) -> float:
    """Of the network that learns, by its taps: 0 the head alone, 1 all of it."""
    taps = network.tap_names
    depth = {FIRST: 0, HEAD: len(taps)} | {name: i for i, name in enumerate(taps[:-1], start=1)}
    return 1 - depth[stage.train_from] / len(taps)


def head_seconds(stage: Stage, images: float, classes: int, network: Backbone) -> float:
    """Of fitting a linear head on kept features."""
    taps = network.taps[-1:] if stage.solver == "logistic" else network.taps  # the others look at every layer
    channels = sum(tap.channels for tap in taps)
    return HEAD_SECONDS[stage.solver] * images * channels * classes
