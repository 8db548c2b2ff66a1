"""Stages that fit a linear head on frozen features: logistic regression and a linear SVM. Generators of events."""

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F

from transfer_core.training.features import frozen_features
from transfer_core.training.setup import Setup
from transfer_core.training.solvers import Logistic, Scale, accuracy_of, folds, loss_of, svm, temperature
from transfer_core.types import TRAIN, Event, Floats, Ints, Progress, Stage

STRENGTHS = tuple(float(c) for c in np.logspace(-5, 3, 17))  # C of the logistic regression: half decades
START = 6  # 0.01
SVM_STRENGTHS = tuple(float(c) for c in np.logspace(-5, 1, 7))
FOLDS, FEW_ROWS = 5, 2_000  # three folds do for more images
SEARCH_ROWS = 10_000  # more images hardly move the best strength
SEARCH_STEPS, STEPS = 100, 300
WORSE = 2  # strengths in a row without a lower loss end the sweep of the SVM


@dataclass(frozen=True, kw_only=True, eq=False)
class Codes:
    """Standardised features of the training images (N, C) and the validation images (M, C)."""

    train: Floats
    train_labels: Ints
    train_groups: Ints
    val: Floats
    val_labels: Ints
    scale: Scale


def logistic(setup: Setup, stage: Stage) -> Iterator[Event]:
    """Multinomial logistic regression, its strength chosen on inner folds of the training images."""
    codes = yield from _read(setup)
    strength = yield from _search(setup, codes)
    meter, where = setup.meter, _where(setup)
    model = Logistic(_tensor(codes.train, where), _tensor(codes.train_labels, where), len(setup.dataset.classes))
    val = _tensor(codes.val, where)
    lowest = float("inf")
    for step, last in model.solve(strength, steps=STEPS):
        meter.step += 1
        fitted = _scores(model.logits(model.codes), codes.train_labels)
        judged = _scores(model.logits(val), codes.val_labels) if len(val) else None
        better = judged is not None and judged[0] < lowest
        lowest = judged[0] if judged and better else lowest
        bar = meter.progress("Fitting the classifier", step, STEPS, unit="steps")
        yield replace(bar, steps=(meter.step,), losses=(fitted[0],))
        yield meter.epoch_end(stage, train=fitted, val=judged, best=better or last)  # the last is the one kept
    weight, bias = model.weight.detach().cpu().numpy(), model.bias.detach().cpu().numpy()
    _set_head(setup, *codes.scale.folded(weight, bias))


def linear_svm(setup: Setup, stage: Stage) -> Iterator[Event]:
    """A linear SVM at each strength; the validation images choose among them and fix the temperature."""
    codes = yield from _read(setup)
    meter, classes, seed = setup.meter, len(setup.dataset.classes), setup.recipe.seed
    held = _with_judges(codes, seed)
    lowest, best, worse = float("inf"), (SVM_STRENGTHS[0], np.zeros(0), np.zeros(0), 1.0), 0
    began = time.monotonic()
    for tried, strength in enumerate(SVM_STRENGTHS):
        what = f"Fitting SVMs at strength {strength:g}"
        weight, bias = yield from _svm(setup, held, strength, what, began, tried * classes)
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
        weight, bias = yield from _svm(setup, codes, strength, "Fitting SVMs on all training images", began, 0)
    _set_head(setup, *codes.scale.folded(weight / t, bias / t))


def _read(setup: Setup) -> Generator[Progress, None, Codes]:
    rows, features = yield from frozen_features(setup)
    data = setup.dataset
    of_train = data.splits[rows] == TRAIN
    train, val = features[of_train].astype(np.float64), features[~of_train].astype(np.float64)
    scale = Scale.of(train)
    return Codes(
        train=scale(train),
        train_labels=data.labels[rows[of_train]],
        train_groups=data.groups[rows[of_train]],
        val=scale(val),
        val_labels=data.labels[rows[~of_train]],
        scale=scale,
    )


def _search(setup: Setup, codes: Codes) -> Generator[Progress, None, float]:
    """The strength with the lowest mean loss over inner folds: a walk along the grid into the valley."""
    where, classes, seed = _where(setup), len(setup.dataset.classes), setup.recipe.seed
    parts = -(-len(codes.train) // SEARCH_ROWS)
    taken = folds(codes.train_labels, codes.train_groups, parts, seed) == 0
    x, y = _tensor(codes.train[taken], where), _tensor(codes.train_labels[taken], where)
    groups = codes.train_groups[taken]
    count = min(FOLDS if len(x) < FEW_ROWS else 3, len(np.unique(groups)))
    if count < 2:
        return STRENGTHS[START]
    fold = _tensor(folds(codes.train_labels[taken], groups, count, seed), where)
    models = [Logistic(x[fold != i], y[fold != i], classes) for i in range(count)]
    losses: dict[int, float] = {}  # by place on the grid
    todo = [START, START - 1, START + 1]
    began, done = time.monotonic(), 0
    while todo:
        place, loss = todo.pop(0), 0.0
        of = done + count * (1 + len(todo))
        for i, model in enumerate(models):  # each starts from its solution at the strength before
            for _ in model.solve(STRENGTHS[place], steps=SEARCH_STEPS, stride=10, steepness=1e-4):
                extra = (time.monotonic() - began) * (of - done) / max(done, 1)
                yield setup.meter.progress("Choosing the strength on inner folds", done, of, unit="fits", extra=extra)
            loss += float(F.cross_entropy(model.logits(x[fold == i]), y[fold == i], reduction="sum"))
            done += 1
        losses[place] = loss
        if not todo:
            best = min(losses, key=losses.__getitem__)
            todo = [k for k in (best - 1, best + 1) if 0 <= k < len(STRENGTHS) and k not in losses]
    return STRENGTHS[min(losses, key=losses.__getitem__)]


def _svm(
    setup: Setup, codes: Codes, strength: float, what: str, began: float, before: int
) -> Generator[Progress, None, tuple[Floats, Floats]]:
    """One sweep over the classes, as progress. `before`: classes fitted since `began`, at other strengths."""
    classes = len(setup.dataset.classes)
    machines = svm(codes.train, codes.train_labels, classes, strength, setup.recipe.seed)
    while True:
        try:
            done = next(machines)
        except StopIteration as end:
            weight, bias = end.value
            return weight, bias
        ahead = max(classes * len(SVM_STRENGTHS) - before - done, 0)
        extra = (time.monotonic() - began) / (before + done) * ahead
        yield setup.meter.progress(what, done, classes, unit="classes", extra=extra)


def _with_judges(codes: Codes, seed: int) -> Codes:
    """Without validation images, a fifth of the training images judges instead; of very few, all do."""
    if len(codes.val):
        return codes
    if len(codes.train) < 2 * FOLDS:
        return replace(codes, val=codes.train, val_labels=codes.train_labels)
    judges = folds(codes.train_labels, codes.train_groups, FOLDS, seed) == 0
    return Codes(
        train=codes.train[~judges],
        train_labels=codes.train_labels[~judges],
        train_groups=codes.train_groups[~judges],
        val=codes.train[judges],
        val_labels=codes.train_labels[judges],
        scale=codes.scale,
    )


def _scores(logits: Floats | torch.Tensor, labels: Ints) -> tuple[float, float]:
    """Loss and accuracy."""
    values = logits.cpu().numpy() if isinstance(logits, torch.Tensor) else logits
    return loss_of(values, labels), accuracy_of(values, labels)


def _where(setup: Setup) -> torch.device:
    """Where float64 is at hand."""
    return setup.device if setup.device.type == "cuda" else torch.device("cpu")


def _tensor(values: Floats | Ints, where: torch.device) -> torch.Tensor:
    return torch.from_numpy(values).to(where)


@torch.no_grad()
def _set_head(setup: Setup, weight: Floats, bias: Floats) -> None:
    setup.network.head.weight.copy_(torch.from_numpy(weight))
    setup.network.head.bias.copy_(torch.from_numpy(bias))
