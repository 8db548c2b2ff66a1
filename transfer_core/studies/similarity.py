"""How much images are like what a backbone was pretrained on, seen three ways. None of them is the truth."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
import torchvision
from numpy.typing import NDArray
from torch import Tensor, nn

from transfer_core.backbones.torchvision import card
from transfer_core.training.features import BATCH_SIZES
from transfer_core.training.images import Images
from transfer_core.training.setup import State
from transfer_core.training.solvers import softmax
from transfer_core.types import Axis, Backbone, DepthPoint, Floats, Ints, Progress, Similarity, SourceClass

DRAWS = 200  # of the bootstrap
LOOKED_AT = 512  # images whose activations and source classes are seen
SHUFFLED = 128  # of them, for the far anchor
LAYERS = 12  # BatchNorm layers, evenly over the depth
NEAREST, SHOWN = 6, 4  # source classes; images of each
# Photos of classes that the networks never saw stand at 1 (benchmarks/HISTORY.md, The near anchors of similarity).
NEAR_DIVERGENCE = 0.01
NEAR_BUNDLED, NEAR_IMAGENET = 0.6, 0.8
IMAGENET = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1  # its names are those of all networks trained on it
SIMILAR, DIFFERENT = 0.6, 0.45  # scores from which on images count so
WIDE = 0.4  # an interval wider than this says nothing
FEWEST = 20  # images that are no near-duplicates of each other, below which nothing is said

AxisName = Literal["depth", "statistics", "semantics"]
Scored = tuple[Axis, Floats | None]  # with its score and those of the bootstrap, (1 + DRAWS,)


@dataclass(frozen=True, kw_only=True, eq=False)
class Look:
    """What the pretrained network made of N images."""

    rows: Ints  # (N,) sample numbers
    moments: tuple[Floats, ...]  # (N, 2, C) at each BatchNorm: mean and mean square of an image's activations
    shuffled: tuple[Floats, ...]  # the same of images whose pixels were shuffled
    norms: tuple[tuple[Floats, Floats], ...]  # (C,), (C,): the source's own mean and standard deviation
    probabilities: Floats | None  # (N, S) of the source classes; None without a source classifier


def look(run: State, rows: Ints) -> Generator[Progress, None, Look]:
    """Pass images (N,) through the whole pretrained network, its classifier included."""
    module, images = run.module.eval(), run.context.images
    layers = [
        layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None
    ]
    layers = (
        [layers[i] for i in np.unique(np.linspace(0, len(layers) - 1, LAYERS).round().astype(int))] if layers else []
    )
    some = rows[np.random.default_rng(0).permutation(len(rows))[:SHUFFLED]]
    mixed = Images(_shuffled(images.pixels[some]), run.context.backbone, run.context.device)
    seen = yield from _seen(run, layers, images, rows, "Looking at your images")
    far = yield from _seen(run, layers, mixed, np.arange(len(some)), "Looking at shuffled pixels") if layers else none()
    names = source_classes(run.context.backbone)
    return Look(
        rows=rows,
        moments=seen[0],
        shuffled=far[0],
        norms=tuple((_array(layer.running_mean), np.sqrt(_array(layer.running_var) + layer.eps)) for layer in layers),
        probabilities=softmax(seen[1]) if names and seen[1].shape[1] == len(names) else None,
    )


def none() -> Generator[Progress, None, tuple[tuple[Floats, ...], Floats]]:
    """Nothing seen."""
    yield from ()
    return (), np.zeros((0, 0))


@torch.inference_mode()
def _seen(
    run: State, layers: Sequence[nn.BatchNorm2d], images: Images, rows: Ints, what: str
) -> Generator[Progress, None, tuple[tuple[Floats, ...], Floats]]:
    """Moments at each layer, (N, 2, C), and the classifier's logits (N, S)."""
    found: list[list[Tensor]] = [[] for _ in layers]

    def keep(place: int, x: Tensor) -> None:
        x = x.float()
        found[place].append(torch.stack((x.mean((2, 3)), x.square().mean((2, 3))), 1).cpu())

    hooks = [
        layer.register_forward_pre_hook(lambda _, given, place=place: keep(place, given[0]))
        for place, layer in enumerate(layers)
    ]
    size, logits = BATCH_SIZES[run.context.device.type], []
    try:
        for start in range(0, len(rows), size):
            logits.append(run.module(images.batch(rows[start : start + size])).float().flatten(1).cpu())
            yield run.meter.progress(what, min(start + size, len(rows)), len(rows))
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(torch.cat(each).double().numpy() for each in found), torch.cat(logits).double().numpy()


def _shuffled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images (N, H, W, 3) with the pixels of each in random order."""
    rng = np.random.default_rng(0)
    n, high, wide, _ = pixels.shape
    order = np.stack([rng.permutation(high * wide) for _ in range(n)])
    mixed = np.take_along_axis(pixels.reshape(n, high * wide, 3), order[:, :, None], 1)
    return np.asarray(mixed.reshape(pixels.shape), np.uint8)


def _array(values: Tensor | None) -> Floats:
    assert values is not None
    return np.asarray(values.detach().double().cpu().numpy())


def source_classes(backbone: Backbone) -> tuple[str, ...]:
    """The names of the classes that its own classifier tells apart; none where that is not known."""
    if backbone.name == "bundled":
        return tuple(name.partition(",")[0] for name in card()["classes"])
    if backbone.is_local:
        return ()
    weights = IMAGENET if backbone.package else torchvision.models.get_weight(backbone.weights)
    return tuple(weights.meta["categories"])


def resampled(groups: Ints, draws: int = DRAWS) -> Floats:
    """Weights of N images in bootstrap samples, drawn by near-duplicate group: (1 + draws, N), the first even."""
    _, members = np.unique(groups, return_inverse=True)
    count = members.max() + 1
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), draws)
    weights = np.concatenate((np.ones((1, len(groups))), drawn[:, members]))
    return np.asarray(weights / np.maximum(weights.sum(1, keepdims=True), 1))


def depth_points(taps: Sequence[str], right: Floats, weights: Floats) -> tuple[DepthPoint, ...]:
    """The depth curve with intervals. `right` (T, N): whether a tap's classifier had a held-out image right."""
    points = [interval(weights @ each) for each in right]
    return tuple(
        DepthPoint(tap=tap, accuracy=accuracy, low=low, high=high)
        for tap, (accuracy, low, high) in zip(taps, points, strict=True)
    )


def depth_axis(right: Floats, weights: Floats, chance: float) -> Scored:
    """Whether the last features are the best, and whether depth pays. `chance`: what guessing has right.

    Of the lead over chance that the best tap has, the last tap has a share, and gains a share over the first tap.
    Features too specific to the source show in the first share, images that edges and colours tell apart in the second.
    """
    if not right.size:
        return _without("depth")
    drawn = weights @ right.T  # (1 + DRAWS, T)
    best = int(drawn[0].argmax())
    if np.percentile(drawn[1:, best], 2.5) <= chance:
        return _without("depth", chance=chance)
    lead = np.maximum(drawn.max(1) - chance, 1e-3)
    specific = (drawn[:, -1] - chance) / lead
    gained = (drawn[:, -1] - drawn[:, 0]) / lead
    scores = np.minimum(2 * specific - 1, 2 * gained).clip(0, 1)
    return _scored("depth", scores, chance=chance)


def statistics_axis(seen: Look, weights: Floats) -> Scored:
    """How far activations lie from those of the source images, that BatchNorm keeps: on a log scale between anchors.

    The divergence of a channel is ((mean - source mean)^2 + (std - source std)^2) / source variance (Frechet distance
    of two normal distributions, in units of the source), averaged over channels and layers.
    """
    if not seen.moments:
        return _without("statistics")
    even = np.full((1, len(seen.shuffled[0])), 1 / len(seen.shuffled[0]))
    drawn = _divergence(seen.moments, seen.norms, weights)
    most = max(float(_divergence(seen.shuffled, seen.norms, even)[0]), 2 * NEAR_DIVERGENCE)
    scores = np.log(most / np.maximum(drawn, 1e-9)) / math.log(most / NEAR_DIVERGENCE)
    return _scored("statistics", scores.clip(0, 1), divergence=float(drawn[0]), near=NEAR_DIVERGENCE, far=most)


def _divergence(moments: Sequence[Floats], norms: Sequence[tuple[Floats, Floats]], weights: Floats) -> Floats:
    """(D,) of D weightings of the images, (D, N)."""
    total = np.zeros(len(weights))
    for each, (mean, std) in zip(moments, norms, strict=True):
        drawn = np.einsum("dn,nkc->dkc", weights, each, optimize=True)
        spread = np.sqrt(np.maximum(drawn[:, 1] - drawn[:, 0] ** 2, 0))
        total += (((drawn[:, 0] - mean) ** 2 + (spread - std) ** 2) / std**2).mean(1)
    return total / len(moments)


def semantics_axis(backbone: Backbone, seen: Look, weights: Floats, classes: int) -> Scored:
    """Whether the source classifier sees things: surely one source class in an image, and others in other images.

    Measured by the information that an image gives about its source class (entropy of the mean prediction minus mean
    entropy), in units of log(classes) + 1: each class of the user's could be told by source classes of its own.
    How sure it is alone does not do: it may be sure of one and the same class for all patterns.
    """
    p = seen.probabilities
    if p is None:
        return _without("semantics")
    unsure = -(p * np.log(np.maximum(p, 1e-12))).sum(1)  # (N,)
    mean = weights @ p
    information = -(mean * np.log(np.maximum(mean, 1e-12))).sum(1) - weights @ unsure
    limit = (NEAR_BUNDLED if backbone.name == "bundled" else NEAR_IMAGENET) * (math.log(classes) + 1)
    own = _own_sureness(backbone)
    facts = {"sure": float(p.max(1).mean()), "kinds": math.exp(max(information[0], 0))}
    return _scored("semantics", (information / limit).clip(0, 1), **facts, **({"own": own} if own else {}))


def _own_sureness(backbone: Backbone) -> float | None:
    """How sure a classifier is of its source's held-out images: measured, or as often as it is right there."""
    return float(np.mean(card()["confidence"])) if backbone.name == "bundled" else backbone.top1


def nearest_classes(backbone: Backbone, seen: Look) -> tuple[SourceClass, ...]:
    """The source classes seen in most images, each with the images that are surest."""
    if seen.probabilities is None:
        return ()
    names, top = source_classes(backbone), seen.probabilities.argmax(1)
    counts = np.bincount(top, minlength=len(names))
    found = []
    for place in np.argsort(-counts, kind="stable")[:NEAREST]:
        own = np.flatnonzero(top == place)
        surest = own[np.argsort(-seen.probabilities[own, place], kind="stable")][:SHOWN]
        if len(own):
            samples = tuple(int(row) for row in seen.rows[surest])
            found.append(SourceClass(name=names[place], share=len(own) / len(top), samples=samples))
    return tuple(found)


def together(seen: Sequence[Scored], images: int) -> Similarity:
    """The mean of the axes that there are, with its interval; no answer where that says nothing.

    `images`: how many were looked at, near-duplicates counted once.
    """
    axes = tuple(axis for axis, _ in seen)
    drawn = [scores for _, scores in seen if scores is not None]
    if not drawn or images < FEWEST:
        return Similarity(answer=None, score=None, low=None, high=None, axes=axes, images=images)
    score, low, high = interval(np.mean(drawn, 0))
    answer: Literal["similar", "in between", "different"] | None
    answer = "similar" if score >= SIMILAR else "different" if score <= DIFFERENT else "in between"
    if high - low > WIDE:
        answer = None
    return Similarity(answer=answer, score=score, low=low, high=high, axes=axes, images=images)


def interval(scores: Floats) -> tuple[float, float, float]:
    """A value, (1 + D,) with its bootstrap, and its 95 % percentile interval, widened to hold the value.

    A draw has fewer different images, so of few images most draws may lie on one side.
    """
    low, high = np.percentile(scores[1:], (2.5, 97.5))
    return float(scores[0]), float(min(low, scores[0])), float(max(high, scores[0]))


def _scored(name: AxisName, scores: Floats, **facts: float) -> Scored:
    score, low, high = interval(scores)
    return Axis(name=name, score=score, low=low, high=high, facts=facts), scores


def _without(name: AxisName, **facts: float) -> Scored:
    return Axis(name=name, score=None, low=None, high=None, facts=facts), None
