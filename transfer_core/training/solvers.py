"""The mathematics of linear heads: folds, multinomial logistic regression, one-against-rest SVMs."""

import warnings
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from transfer_core.compare.calibration import Logits, loss_of, temperature
from transfer_core.types import Floats, Ints

STEEPNESS = 1e-5  # largest entry of the mean loss's gradient at which a solution counts as found
FLAT = 1e-6  # so is one that a step betters by a smaller share of the loss
SVM_STEPS = 3000
LEAST_SPREAD = 1e-3  # of the median channel's: a channel that never fires is not blown up


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """How features are standardised, per channel: by the training rows' mean and half-way by their spread, (C,) each.

    Half-way (the root of the spread) since rare channels carry less (benchmarks/HISTORY.md, Strength and scale of
    linear heads).
    """

    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, codes: Floats | NDArray[np.float32]) -> "Scale":
        """From the training rows (N, C) alone."""
        spread = codes.std(0, dtype=np.float64)
        spread = np.maximum(spread, max(LEAST_SPREAD * float(np.median(spread)), 1e-8))
        typical = float(np.exp(np.log(spread).mean()))
        return cls(mean=codes.mean(0, dtype=np.float64), spread=np.sqrt(spread * typical))

    @classmethod
    def beside(cls, parts: Sequence[Floats | NDArray[np.float32]]) -> "Scale":
        """For several layers' features side by side, (N, C1), (N, C2), ...: each layer weighs the same in all."""
        scales = [cls.of(part) for part in parts]
        if len(scales) == 1:
            return scales[0]
        even = sum(part.shape[1] for part in parts) / len(parts)
        weights = [
            np.sqrt(max(float(scale(part).var(0).sum()), 1e-8) / even)
            for scale, part in zip(scales, parts, strict=True)
        ]
        return cls(
            mean=np.concatenate([scale.mean for scale in scales]),
            spread=np.concatenate([scale.spread * weight for scale, weight in zip(scales, weights, strict=True)]),
        )

    def __call__(self, codes: Floats | NDArray[np.float32]) -> Floats:
        return np.asarray((codes - self.mean) / self.spread)

    def folded(self, weight: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """A head on standardised features as one on raw features: weight (K, C), bias (K,)."""
        raw = weight / self.spread
        return raw, bias - raw @ self.mean


def folds(labels: Ints, groups: Ints, count: int, seed: int) -> Ints:
    """A fold for each row, (N,): groups stay together, labels are spread evenly. Largest groups are dealt first."""
    rng = np.random.default_rng(seed)
    _, members = np.unique(groups, return_inverse=True)
    sizes = np.bincount(members)
    first = np.full(len(sizes), -1)
    first[members[::-1]] = labels[::-1]  # a group's label: its first row's
    held = np.zeros((count, int(labels.max(initial=0)) + 1), dtype=np.int64)
    place = np.zeros(len(sizes), dtype=np.int64)
    order = rng.permutation(len(sizes))
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold = min(range(count), key=lambda i: (held[i, first[group]], held[i].sum(), i))
        place[group] = fold
        held[fold, first[group]] += sizes[group]
    return np.asarray(place[members])


class Logistic:
    """L2-regularised multinomial logistic regression by full-batch L-BFGS, in float64: deterministic, convex.

    Minimises mean cross-entropy + |weight|^2 / (2 strength N), scikit-learn's objective with C = strength; the bias is
    free. The solution is kept as the start of the next `solve`, so a path of strengths costs little more than one.
    """

    def __init__(self, codes: Tensor, labels: Tensor, classes: int, weights: Tensor | None = None) -> None:
        self.codes, self.labels = codes, labels  # (N, C) standardised, (N,)
        self.weights = weights  # (N,) of the rows, with a mean of 1; None: all alike
        self.weight = torch.zeros(classes, codes.shape[1], dtype=codes.dtype, device=codes.device, requires_grad=True)
        self.bias = torch.zeros(classes, dtype=codes.dtype, device=codes.device, requires_grad=True)

    def logits(self, codes: Tensor) -> Tensor:
        """(N, C) -> (N, K), without a graph."""
        return F.linear(codes, self.weight.detach(), self.bias.detach())

    def solve(
        self, strength: float, *, steps: int, stride: int = 1, steepness: float = STEEPNESS
    ) -> Iterator[tuple[int, bool]]:
        """Yields, after every `stride` steps, how many were taken and whether they were the last."""
        solver = torch.optim.LBFGS(
            (self.weight, self.bias),
            max_iter=stride,
            max_eval=25 * stride,
            tolerance_grad=steepness,
            tolerance_change=0.0,
            history_size=10,
            line_search_fn="strong_wolfe",
        )
        penalty = 0.5 / (strength * len(self.codes))

        def objective() -> Tensor:
            with torch.enable_grad():
                solver.zero_grad()
                losses = F.cross_entropy(F.linear(self.codes, self.weight, self.bias), self.labels, reduction="none")
                loss = (losses if self.weights is None else losses * self.weights).mean()
                loss = loss + penalty * self.weight.square().sum()
                loss.backward()  # type: ignore[no-untyped-call]
            return loss.detach()

        before = float("inf")
        for step in range(stride, steps + stride, stride):
            loss = float(solver.step(objective))  # type: ignore[no-untyped-call]  # the loss before the step
            steepest = max(float(p.grad.abs().max()) for p in (self.weight, self.bias) if p.grad is not None)
            last = steepest <= steepness or before - loss < FLAT * abs(loss) or step + stride > steps
            yield step, last
            if last:
                return
            before = loss


def svm(
    codes: Floats, labels: Ints, classes: int, strength: float, seed: int
) -> Generator[int, None, tuple[Floats, Floats]]:
    """scikit-learn's LinearSVC, one class against the rest at a time; yields how many are fitted.

    Returns weight (K, C) and bias (K,). A class without examples, or without others, gets a constant decision.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.svm import LinearSVC  # here, since it takes a second to import

    weight, bias = np.zeros((classes, codes.shape[1])), np.zeros(classes)
    for k in range(classes):
        own = labels == k
        if k == 1 and classes == 2:
            weight[1], bias[1] = -weight[0], -bias[0]
        elif own.all() or not own.any():
            bias[k] = 1.0 if own.any() else -1.0
        else:
            machine = LinearSVC(C=strength, dual="auto", random_state=seed, max_iter=SVM_STEPS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # the sweep judges what came out
                machine.fit(codes, own)
            weight[k], bias[k] = machine.coef_[0], machine.intercept_[0]
        yield k + 1
    return weight, bias


def refined_loss(logits: Logits, labels: Ints) -> float:
    """Cross-entropy of logits (N, K) at their best temperature: what is left when they are sure neither too much nor
    too little. While a network trains its plain loss may rise though it still learns to tell classes apart (Berta et
    al. 2025, refine, then calibrate).
    """
    return loss_of(logits / temperature(logits, labels), labels)


def accuracy_of(logits: Logits, labels: Ints) -> float:
    return float((logits.argmax(1) == labels).mean())


def class_weights(labels: Ints, classes: int) -> NDArray[np.float32]:
    """(K,): one over each class's share of the labels (N,), with a mean of 1 over them; 0 for a class without any."""
    counts = np.bincount(labels, minlength=classes)
    return np.asarray((counts > 0) * len(labels) / np.maximum(counts, 1) / max(1, (counts > 0).sum()), np.float32)


def softmax(logits: Logits) -> Floats:
    """Probabilities (N, K), in float64."""
    values = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True, initial=-np.inf))
    return np.asarray(values / values.sum(1, keepdims=True))
