"""Where in a square a network finds its evidence for a class: gradient times activation, where its head reads.

At the place that is looked at, a map is the sum over channels of activation times the gradient of the class's logit
(HiResCAM, Draelos and Carin 2020). For a head that sees means over a map, as every linear one here does, it is equal to
Grad-CAM (Selvaraju et al. 2017) before its ReLU and to CAM (Zhou et al. 2016), and its values add up to the logit, save
for what every square gets. A head that reads several taps has the sum of their maps.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.fx import Interpreter, Node

from transfer_core.backbones.taps import Network, pooled
from transfer_core.training.features import Codes
from transfer_core.types import Ints, Tap

CLASSES = 3  # the likeliest ones, each with a map
FINEST = 14  # places along a side of a map; what is finer is summed, since its patches see further than themselves
LEAST = 2  # fewer along a side tell no place from another
COVERED = 0.2  # of a map's places, when it is tried whether they matter
Squares = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What a network says of squares, and where it finds it."""

    codes: Codes  # (N, C) that its head sees
    logits: Codes  # (N, K)
    classes: Ints  # (N, k) the likeliest first; the last is the known one, where one is and it is not among them
    maps: Codes  # (N, k, G, G) in logits; above 0 speaks for the class. G is 0 where there is no map


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


def spots_of(network: Network) -> tuple[Tap, ...]:
    """The taps at which a map is drawn: those that the head reads, or where one has no map, the last before it that has.

    () where there is none, because all of the square is one place there.
    """
    spots = dict.fromkeys(_spot(network, tap) for tap in network.taps)
    return tuple(tap for tap in spots if tap is not None)


def _spot(network: Network, tap: Tap) -> Tap | None:
    taps = network.backbone.taps
    before = taps[: taps.index(tap) + 1]
    if tap.layout == "tokens" and tap.name == "last":
        before = before[:-2]  # its class token alone is read, and has gathered from the patches by then
    wide = [each for each in before if each.reduction and network.backbone.input_px // each.reduction >= LEAST]
    return wide[-1] if wide else None


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
        super().__init__(trunk)  # type: ignore[arg-type]  # a GraphModule
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
    grads = torch.autograd.grad(logits.gather(1, chosen[:, None]).sum(), of, retain_graph=True)
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
        return values[:, 1:].transpose(1, 2).unflatten(2, (side, side))
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
