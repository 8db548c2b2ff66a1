"""Stages that fit a linear head on frozen features: logistic regression and a linear SVM. Generators of events."""

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from transfer_core import awake
from transfer_core.compare.calibration import loss_of, temperature
from transfer_core.strategies.definition import Stage
from transfer_core.training.features import frozen_features
from transfer_core.training.ridge import Ridge, cross_validated, errors_of_shares, first, strongest_first
from transfer_core.training.setup import Context, State
from transfer_core.training.solvers import Logistic, Scale, accuracy_of, class_weights, folds, refined_loss, svm
from transfer_core.types import AUTO, TRAIN, Event, Floats, Ints, Notice, Progress, Tap

PENALTIES = np.logspace(-3, 8, 45)  # of the ridge: quarter decades
SVM_STRENGTHS = tuple(float(c) for c in np.logspace(-5, 1, 7))
SHARES = (0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0)  # of all features, the strongest first
FOLDS, FEW_ROWS = 5, 2_000  # three folds do for more images
SEARCH_ROWS = 10_000  # more images hardly move the best strength
STEPS = 300
# C of logistic regression x penalty of ridge / classes. Where all classes are equally likely the cross-entropy curves
# by 1 / classes, so the two pull alike at 1; nearer a solution it curves less. The middle of the best over 16 draws
# (benchmarks/HISTORY.md, Strength and scale of linear heads).
PULL = 1.7
WORSE = 2  # strengths in a row without a lower loss end the sweep of the SVM


@dataclass(frozen=True, kw_only=True, eq=False)
class Codes:
    """Standardised features of the training images (N, C) and the validation images (M, C)."""

    taps: tuple[Tap, ...]
    train: Floats
    train_rows: Ints  # (N,) sample numbers
    train_labels: Ints
    val: Floats
    val_labels: Ints
    scale: Scale


@dataclass(frozen=True, kw_only=True, eq=False)
class Head:
    """What a stage fitted, for raw features at these taps."""

    taps: tuple[str, ...]
    weight: NDArray[np.float32]  # (K, C)
    bias: NDArray[np.float32]
    lowest: float = math.inf  # its refined validation loss, where it was judged by that
    found: dict[str, Any]  # for the run's result, plain JSON


Fitting = Generator[Event, None, Head]


class Search(NamedTuple):
    """The ridge penalty with the lowest squared error on inner folds, and its accuracy there."""

    penalty: float
    accuracy: float


def logistic(run: State, stage: Stage) -> Fitting:
    """Multinomial logistic regression, its strength chosen on inner folds of the training images."""
    taps, found = yield from _taps(run, stage)
    codes = yield from _read(run, taps)
    return (yield from _fit_logistic(run, stage, codes, np.arange(codes.train.shape[1]), found))


def linear_svm(run: State, stage: Stage) -> Fitting:
    """A linear SVM at each strength; the validation images choose among them and fix the temperature."""
    taps, found = yield from _taps(run, stage)
    codes = yield from _read(run, taps)
    meter, classes = run.meter, len(run.context.dataset.classes)
    held = _with_judges(run.context, codes)
    lowest, best, worse = float("inf"), (SVM_STRENGTHS[0], np.zeros(0), np.zeros(0), 1.0), 0
    began = awake.seconds()
    for tried, strength in enumerate(SVM_STRENGTHS):
        what = f"Fitting SVMs at strength {strength:g}"
        weight, bias = yield from _svm(run, held, strength, what, began, tried * classes)
        decisions = held.val @ weight.T + bias
        t = temperature(decisions, held.val_labels)
        judged = _scores(decisions / t, held.val_labels)
        fitted = _scores((held.train @ weight.T + bias) / t, held.train_labels)
        better = judged[0] < lowest
        worse = 0 if better else worse + 1
        if better:
            lowest, best = judged[0], (strength, weight, bias, t)
        meter.step += 1
        yield replace(meter.progress(what, classes, classes, unit="classes"), steps=(meter.step,), losses=(fitted[0],))
        yield meter.epoch_end(stage, train=fitted, val=judged if len(codes.val) else None, best=better)
        if worse >= WORSE:
            break
    strength, weight, bias, t = best
    if held.train is not codes.train:  # the judges were training images: now they may teach
        weight, bias = yield from _svm(run, codes, strength, "Fitting SVMs on all training images", began, 0)
    return _head(codes, weight / t, bias / t, found=found)


def strongest(run: State, stage: Stage) -> Fitting:
    """Logistic regression on the strongest features of all taps (Head2Toe, Evci et al. 2022).

    Each tap weighs as much in all as any other, however many channels it has. A ridge classifier on all features says
    how strong each is, by the norm of its weights; the share that is kept is that of the lowest error on inner folds.
    """
    taps = run.context.backbone.taps
    codes = yield from _read(run, taps)
    penalty = (yield from _search(run, codes.train, codes.train_rows)).penalty
    share = yield from _best_share(run, codes, penalty)
    taken, _ = _folds(run.context, codes.train_rows, SEARCH_ROWS)
    ridge = Ridge.of(codes.train[taken], codes.train_labels[taken], len(run.context.dataset.classes))
    kept = first(strongest_first(ridge, penalty), share)
    of_tap = np.repeat(np.arange(len(taps)), [tap.channels for tap in taps])
    counts = {tap.name: int((of_tap[kept] == i).sum()) for i, tap in enumerate(taps)}
    listed = ", ".join(f"{counts[tap.name]} of {tap.channels} in {tap.name}" for tap in taps)
    yield Notice(text=f"Of {len(of_tap):,} features, the {len(kept):,} strongest are kept: {listed}.")
    return (yield from _fit_logistic(run, stage, codes, kept, {"features_kept": counts}))


def _best_share(run: State, codes: Codes, penalty: float) -> Generator[Progress, None, float]:
    """The share of features with the lowest error on inner folds. 1 where there are too few images for folds."""
    taken, fold = _folds(run.context, codes.train_rows, FEW_ROWS)
    if fold.max() < 1:
        return 1.0
    of = (int(fold.max()) + 1) * len(SHARES)
    errors = np.zeros(len(SHARES))
    judged = errors_of_shares(
        *(codes.train[taken], codes.train_labels[taken], fold, len(run.context.dataset.classes), PENALTIES),
        shares=SHARES,
        penalty=penalty,
    )
    for done, (place, error) in enumerate(judged, start=1):
        errors[place] += error
        yield run.meter.progress("Choosing the strongest features", done, of, unit="fits")
    return SHARES[int(errors.argmin())]


def _taps(run: State, stage: Stage) -> Generator[Event, None, tuple[tuple[Tap, ...], dict[str, Any]]]:
    """Those that a stage reads, and what the run's result says of them.

    With AUTO it is the one whose features a ridge classifier tells apart best, by cross-validated accuracy: "tap" and
    "depth_curve", [[tap, accuracy], ...] from early to late. Of equals the later wins.
    """
    if stage.tap != AUTO:
        return run.network.taps, {}
    backbone, data = run.context.backbone, run.context.dataset
    rows, features = yield from frozen_features(run, backbone.taps)
    of_train = data.splits[rows] == TRAIN
    taken, fold = _folds(run.context, rows[of_train], SEARCH_ROWS)
    if fold.max() < 1:
        yield Notice(text="Features come from the last layer: there are too few training images to compare layers.")
        return backbone.taps[-1:], {"tap": backbone.taps[-1].name}
    chosen = np.flatnonzero(of_train)[taken]
    curve: list[tuple[str, float]] = []
    for tap, codes in zip(backbone.taps, features, strict=True):
        yield run.meter.progress("Comparing layers", len(curve), len(backbone.taps), unit="layers")
        train = codes[chosen].astype(np.float64)
        found = yield from _search(run, Scale.of(train)(train), rows[chosen])
        curve.append((tap.name, found.accuracy))
    name, accuracy = max(reversed(curve), key=lambda point: point[1])
    yield Notice(
        text=f"Features come from {backbone.tap(name).title}: of all layers, a linear classifier tells your training"
        f" images apart best there ({accuracy:.1%} in cross-validation)."
    )
    return (backbone.tap(name),), {"tap": name, "depth_curve": [list(point) for point in curve]}


def _read(run: State, taps: tuple[Tap, ...]) -> Generator[Progress, None, Codes]:
    """Features at these taps, side by side, standardised."""
    data = run.context.dataset
    rows, parts = yield from frozen_features(run, taps)
    of_train = data.splits[rows] == TRAIN
    scale = Scale.beside([part[of_train] for part in parts])
    train, val = (np.concatenate([part[own] for part in parts], 1, dtype=np.float64) for own in (of_train, ~of_train))
    for codes in (train, val):  # in place: for many images this is the most memory that a head needs
        codes -= scale.mean
        codes /= scale.spread
    return Codes(
        taps=taps,
        train=train,
        train_rows=rows[of_train],
        train_labels=data.labels[rows[of_train]],
        val=val,
        val_labels=data.labels[rows[~of_train]],
        scale=scale,
    )


def _search(run: State, codes: Floats, rows: Ints) -> Generator[Progress, None, Search]:
    """Ridge regression at each penalty on inner folds of the training images `rows` and their codes (N, C)."""
    taken, fold = _folds(run.context, rows, SEARCH_ROWS)
    if fold.max() < 1:
        return Search(penalty=float(len(codes)), accuracy=0.0)
    labels, classes = run.context.dataset.labels[rows[taken]], len(run.context.dataset.classes)
    of, right, error = int(fold.max()) + 1, np.zeros(len(PENALTIES)), np.zeros(len(PENALTIES))
    judged = cross_validated(codes[taken], labels, fold, classes, PENALTIES)
    for done, (right_here, error_here) in enumerate(judged, start=1):
        right, error = right + right_here, error + error_here
        yield run.meter.progress("Choosing the strength on inner folds", done, of, unit="folds")
    best = int(error.argmin())
    return Search(penalty=float(PENALTIES[best]), accuracy=float(right[best] / len(taken)))


def _folds(context: Context, rows: Ints, most: int) -> tuple[Ints, Ints]:
    """Places of at most so many of the training images `rows`, drawn evenly, and the inner fold of each."""
    data, seed = context.dataset, context.recipe.seed
    labels, groups = data.labels[rows], data.groups[rows]
    taken = np.flatnonzero(folds(labels, groups, -(-len(rows) // most), seed) == 0)
    count = min(FOLDS if len(taken) < FEW_ROWS else 3, len(np.unique(groups[taken])))
    return taken, folds(labels[taken], groups[taken], count, seed)


def _fit_logistic(run: State, stage: Stage, codes: Codes, kept: Ints, said: dict[str, Any]) -> Fitting:
    """Multinomial logistic regression on the features `kept`. `said`: for the run's result."""
    context, meter, classes = run.context, run.meter, len(run.context.dataset.classes)
    where = context.device if context.device.type == "cuda" else torch.device("cpu")  # where float64 is at hand
    train, val = codes.train, codes.val
    if len(kept) < train.shape[1]:
        train, val = train[:, kept], val[:, kept]
    found = yield from _search(run, train, codes.train_rows)
    strength = PULL * classes / found.penalty
    labels = codes.train_labels
    weigh = class_weights(labels, classes)[labels] if context.recipe.balanced else np.ones(len(labels))
    model = Logistic(_tensor(train, where), _tensor(labels, where), classes, _tensor(weigh.astype(np.float64), where))
    val_codes = _tensor(val, where)
    lowest = float("inf")
    for step, last in model.solve(strength, steps=STEPS):
        meter.step += 1
        fitted = _scores(model.logits(model.codes), codes.train_labels)
        judged = _scores(model.logits(val_codes), codes.val_labels) if len(val) else None
        better = judged is not None and judged[0] < lowest
        lowest = judged[0] if judged and better else lowest
        bar = meter.progress("Fitting the classifier", step, STEPS, unit="steps")
        yield replace(bar, steps=(meter.step,), losses=(fitted[0],))
        yield meter.epoch_end(stage, train=fitted, val=judged, best=better or last)  # the last is the one kept
    refined = refined_loss(model.logits(val_codes).cpu().numpy(), codes.val_labels) if len(val) else math.inf
    weight, bias = np.zeros((classes, codes.train.shape[1])), model.bias.detach().cpu().numpy()
    weight[:, kept] = model.weight.detach().cpu().numpy()
    return _head(codes, weight, bias, lowest=refined, found=said)


def _head(codes: Codes, weight: Floats, bias: Floats, **more: Any) -> Head:
    """From one for standardised features."""
    weight, bias = codes.scale.folded(weight, bias)
    taps = tuple(tap.name for tap in codes.taps)
    return Head(taps=taps, weight=weight.astype(np.float32), bias=bias.astype(np.float32), **more)


def _svm(
    run: State, codes: Codes, strength: float, what: str, began: float, before: int
) -> Generator[Progress, None, tuple[Floats, Floats]]:
    """One sweep over the classes, as progress. `before`: classes fitted since `began`, at other strengths."""
    classes = len(run.context.dataset.classes)
    machines = svm(codes.train, codes.train_labels, classes, strength, run.context.recipe.seed)
    while True:
        try:
            done = next(machines)
        except StopIteration as end:
            weight, bias = end.value
            return weight, bias
        ahead = max(classes * len(SVM_STRENGTHS) - before - done, 0)
        extra = (awake.seconds() - began) / (before + done) * ahead
        yield run.meter.progress(what, done, classes, unit="classes", extra=extra)


def _with_judges(context: Context, codes: Codes) -> Codes:
    """Without validation images, a fifth of the training images judges instead; of very few, all do."""
    if len(codes.val):
        return codes
    groups, seed = context.dataset.groups[codes.train_rows], context.recipe.seed
    if len(codes.train) < 2 * FOLDS or len(np.unique(groups)) < FOLDS:
        return replace(codes, val=codes.train, val_labels=codes.train_labels)
    judges = folds(codes.train_labels, groups, FOLDS, seed) == 0
    return replace(
        codes,
        train=codes.train[~judges],
        train_rows=codes.train_rows[~judges],
        train_labels=codes.train_labels[~judges],
        val=codes.train[judges],
        val_labels=codes.train_labels[judges],
    )


def _scores(logits: Floats | torch.Tensor, labels: Ints) -> tuple[float, float]:
    """Loss and accuracy."""
    values = logits.cpu().numpy() if isinstance(logits, torch.Tensor) else logits
    return loss_of(values, labels), accuracy_of(values, labels)


def _tensor(values: Floats | Ints, where: torch.device) -> torch.Tensor:
    return torch.from_numpy(values).to(where)
