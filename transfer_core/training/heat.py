"""Where in a square a network finds its evidence for a class: gradient times activation.

A map is the sum over channels of activations times the gradient of the class's log odds against all others (HiResCAM,
Draelos and Carin 2020; Grad-CAM, Selvaraju et al. 2017, averages the gradient over the map first). It is taken at the
tap that the head reads where that still tells LEAST places along a side from each other, else at the last one before it
that does. What was chosen by covering the hottest fifth of validation images (benchmarks/HISTORY.md, How the heat maps
were chosen): the widths, the log odds, and the gradient at each place. A head that reads several taps has the sum of
their maps.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.fx import Interpreter, Node

from transfer_core.backbones.taps import Network, pooled
from transfer_core.training.features import Codes, precise
from transfer_core.training.images import Images
from transfer_core.training.solvers import softmax
from transfer_core.types import Floats, Ints, Tap

CLASSES = 2  # the likeliest ones, each with a map
FINEST = 14  # places along a side of a map; what is finer is summed, since its patches see further than themselves
LEAST = 8
COVERED, DRAWS = 0.2, 5  # the share of a map's places that is covered; how often places are drawn at random


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What a network says of squares, and where it finds it."""

    codes: Codes  # (N, C) that its head sees
    logits: Codes  # (N, K)
    classes: Ints  # (N, k) the likeliest first; the last is the known one, where one is and it is not among them
    maps: Codes  # (N, k, G, G); above 0 speaks for the class, below against it. G is 0 where there is no map


def evidence(network: Network, x: Tensor, known: Ints | None = None) -> Evidence:
    """Of a batch (N, 3, H, W), by a network in eval mode. `known`: (N,) a class of each to be shown too, or -1."""
    spots = spots_of(network)
    with torch.enable_grad(), _full_precision():
        seen, found = _watched(network, spots, x)
        codes = pooled(found, network.taps)
        logits = network.logits(codes)
        classes = _shown(logits, known)
        maps = [_map(logits, chosen, spots, seen) for chosen in classes.T] if spots else []
    return Evidence(
        codes=_numbers(codes),
        logits=_numbers(logits),
        classes=classes.cpu().numpy(),
        maps=np.stack(maps, 1) if maps else np.zeros((*classes.shape, 0, 0), np.float32),
    )


def covering(
    network: Network, images: Images, found: Evidence, rng: np.random.Generator, temperature: float = 1.0
) -> Floats:
    """Whether maps point at what matters: the probability of each image's likeliest class, (N, 2 + DRAWS).

    As it is, with the hottest places of its map filled with its mean colour, and with as many drawn at random, DRAWS
    times. `images` are the N that were looked at.
    """
    everywhere, side = np.arange(len(found.maps)), found.maps.shape[-1]
    shown = images.pixels[everywhere]
    named, count = found.classes[:, 0], max(1, round(COVERED * side**2))
    hottest = [np.argsort(-own[0], axis=None, kind="stable")[:count] for own in found.maps]
    drawn = [[rng.permutation(side**2)[:count] for _ in everywhere] for _ in range(DRAWS)]
    columns = [softmax(found.logits / temperature)[everywhere, named]]
    for places in (hottest, *drawn):
        squares = np.stack([_covered(one, own, side) for one, own in zip(shown, places, strict=True)])
        x = Images(squares, network.backbone, images.device).batch(everywhere)
        columns.append(softmax(precise(network, x) / temperature)[everywhere, named])
    return np.stack(columns, 1)


def _covered(square: NDArray[np.uint8], places: Ints, side: int) -> NDArray[np.uint8]:
    """(H, W, 3) with places of a grid of `side` x `side` in its mean colour."""
    edges = np.round(np.linspace(0, len(square), side + 1)).astype(int)
    out, mean = square.copy(), square.mean((0, 1)).round().astype(np.uint8)
    for y, x in zip(*np.unravel_index(places, (side, side)), strict=True):
        out[edges[y] : edges[y + 1], edges[x] : edges[x + 1]] = mean
    return out


def spots_of(network: Network) -> tuple[Tap, ...]:
    """The taps at which maps are taken, early to late; () where no layer tells places apart."""
    spots = dict.fromkeys(_spot(network, tap) for tap in network.taps)
    return tuple(tap for tap in network.backbone.taps if tap in spots)


def _spot(network: Network, tap: Tap) -> Tap | None:
    taps = network.backbone.taps
    before = taps[: taps.index(tap) + 1]
    if tap.layout == "tokens" and tap.name == "last":
        before = before[:-2]  # its class token alone is read, and has gathered from the patches by then
    sides = {each: network.backbone.input_px // each.reduction for each in before if each.reduction}
    wide = [each for each, side in sides.items() if side >= min(LEAST, max(sides.values()))]
    return wide[-1] if wide and sides[wide[-1]] > 1 else None


def _watched(network: Network, spots: tuple[Tap, ...], x: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Activations at the spots, that gradients reach, and at the head's taps, computed from those."""
    own = [tap for tap in network.taps if tap in spots]
    if len(own) == len(network.taps):  # nothing lies between
        with torch.no_grad():
            found = network.trunk(x)
        found = {name: values.detach().requires_grad_() for name, values in found.items()}
        return {tap.name: found[tap.name] for tap in own}, found
    watch = _Watch(network.trunk, {network.nodes[tap.name]: tap.name for tap in spots})
    found = watch.run(x)
    return watch.seen, found


class _Watch(Interpreter):
    """Runs a graph and keeps what its nodes of these names compute; what follows is computed from what was kept."""

    def __init__(self, trunk: nn.Module, names: dict[str, str]) -> None:
        super().__init__(trunk)
        self.names, self.seen = names, dict[str, Tensor]()

    def run_node(self, n: Node) -> Any:
        with torch.set_grad_enabled(bool(self.seen)):  # there is nothing to learn before the first
            value = super().run_node(n)
        if n.name not in self.names:
            return value
        self.seen[self.names[n.name]] = leaf = value.detach().requires_grad_()
        return leaf.clone()  # the next layer may work in place


def _map(logits: Tensor, chosen: Tensor, spots: tuple[Tap, ...], seen: dict[str, Tensor]) -> Codes:
    """(N, K) logits, a class of each (N,) -> (N, G, G)."""
    of = [seen[tap.name] for tap in spots]
    own, rest = logits.gather(1, chosen[:, None])[:, 0], logits.scatter(1, chosen[:, None], -torch.inf)
    grads = torch.autograd.grad((own - rest.logsumexp(1)).sum(), of, retain_graph=True)
    parts = [
        _spatial(grad * values.detach(), tap).sum(1, keepdim=True)  # (N, C, h, w) -> (N, 1, h, w)
        for grad, values, tap in zip(grads, of, spots, strict=True)
    ]
    side = min(FINEST, max(part.shape[-1] for part in parts))
    return _numbers(torch.stack([_onto(part, side) for part in parts]).sum(0)[:, 0])


def _spatial(values: Tensor, tap: Tap) -> Tensor:
    """In the tap's layout -> (N, C, h, w)."""
    if tap.layout == "NHWC":
        return values.permute(0, 3, 1, 2)
    if tap.layout == "tokens":  # (N, 1 + patches, C), the class token first
        side = round((values.shape[1] - 1) ** 0.5)
        return values[:, 1:].transpose(1, 2).reshape(len(values), -1, side, side)
    return values


def _onto(part: Tensor, side: int) -> Tensor:
    """A map (N, 1, h, w) on a grid of `side` x `side` with the same sum."""
    share = part.shape[-2] * part.shape[-1] / side**2
    if part.shape[-1] > side:
        return nn.functional.adaptive_avg_pool2d(part, side) * share
    return nn.functional.interpolate(part, size=side, mode="bilinear") * share


def _shown(logits: Tensor, known: Ints | None) -> Tensor:
    """(N, K) -> (N, k): the classes that get a map."""
    top = logits.topk(min(CLASSES, logits.shape[1])).indices
    if known is not None:
        wanted = torch.from_numpy(np.asarray(known)).to(top.device)
        lacking = (wanted >= 0) & ~(top == wanted[:, None]).any(1)
        top[:, -1] = torch.where(lacking, wanted, top[:, -1])
    return top


@contextmanager
def _full_precision() -> Iterator[None]:
    """As `precise` computes: without TF32."""
    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        yield


def _numbers(values: Tensor) -> Codes:
    found: Codes = values.detach().float().cpu().numpy()
    return found
