"""Every registered backbone, with random weights; all but one of each kind are left to `make soak`."""

from collections.abc import Container, Iterable
from itertools import groupby

import pytest
import torch
from torch import Tensor, nn

from transfer_core.backbones import BACKBONES
from transfer_core.types import Backbone

PX = 64


# One of each way to cut a network that is quick: stages of residual blocks, a chain of strided ones, a convolution
# for a classifier, and timm's layers, which a trace passes over. A network of each family, if it is no slow one, has
# its features looked at besides.
CUT = ("bundled", "mobilenet_v3_small", "squeezenet1_1", "efficientnet_lite0")


def slow(backbone: Backbone) -> bool:
    return backbone.parameters > 25e6 or backbone.operations > 5 or backbone.input_px > 256


def each(backbones: Iterable[Backbone], quick: Container[str]) -> pytest.MarkDecorator:
    values = [pytest.param(b, id=b.name, marks=[] if b.name in quick else [pytest.mark.soak]) for b in backbones]
    return pytest.mark.parametrize("backbone", values)


by_family = sorted(BACKBONES[1:], key=lambda b: (b.family, b.parameters))


smallest = [BACKBONES[0], *(next(members) for _, members in groupby(by_family, key=lambda b: b.family))]


each_backbone = each(BACKBONES, quick={b.name for b in smallest if not slow(b)})


each_family = each(smallest, quick=CUT)


def images(backbone: Backbone, n: int = 2) -> Tensor:
    """Small where that is enough; of its own size for a slow one, since some of these pad nothing and shrink more."""
    px = backbone.input_px if slow(backbone) or backbone.fixed_px else max(backbone.smallest_px, PX)
    return torch.rand(n, 3, px, px, generator=torch.Generator().manual_seed(0))


def state(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}
