"""Take features at a tap, cut a network there, freeze up to there. A tap's stage is what runs up to it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import Graph
from torchvision.models.feature_extraction import DualGraphModule, create_feature_extractor

from transfer_core.backbones.packaged import leaves
from transfer_core.errors import RecipeError
from transfer_core.types import FIRST, HEAD, Backbone, Tap

TRACED = 64  # pairs of graphs that are kept
_traced: dict[Any, tuple[Graph, Graph]] = {}


def extractor(module: nn.Module, backbone: Backbone, taps: Sequence[Tap]) -> DualGraphModule:
    """A network (N, 3, H, W) -> {tap name: activations in the tap's layout}, ending at the last of `taps`.

    Shares its parameters with `module`, the whole network of that backbone, as do their names.
    """
    unknown = [tap.name for tap in taps if tap not in backbone.taps]
    if unknown or not taps:
        raise RecipeError(f"{backbone.title} has no tap {unknown}. Choose from: {', '.join(backbone.tap_names)}.")
    graphs = (deepcopy(graph) for graph in _graphs(module, backbone, taps))
    kept = DualGraphModule(module, *graphs)  # only the layers that are left
    return kept.train(module.training)


def _graphs(module: nn.Module, backbone: Backbone, taps: Sequence[Tap]) -> tuple[Graph, Graph]:
    """What a network up to its taps computes in training and in eval mode; traced once for networks built alike.

    Of an EfficientNet that takes 0.4 s, and a run asks three times.
    """
    own = module.state_dict()
    shapes = tuple((name, tuple(tensor.shape)) for name, tensor in own.items())
    key = (backbone.name, backbone.input_px, type(module), shapes, tuple((tap.module, tap.name) for tap in taps))
    if key in _traced:
        return _traced[key]
    features = create_feature_extractor(
        module, {tap.module: tap.name for tap in taps}, tracer_kwargs={"leaf_modules": leaves(module)}
    )
    graphs = (features.train_graph, features.eval_graph)
    for graph in graphs:
        for node in reversed(graph.nodes):
            if node.target is torch._assert:  # a transformer's checks of shapes keep all layers before them alive
                graph.erase_node(node)
        graph.eliminate_dead_code()
    if all(str(node.target) in own for graph in graphs for node in graph.find_nodes(op="get_attr")):
        while len(_traced) >= TRACED:
            _traced.pop(next(iter(_traced)))
        _traced[key] = graphs
    return graphs


def pool(activations: Tensor, tap: Tap) -> Tensor:
    """What a linear classifier sees at a tap: activations in the tap's layout -> (N, C), activated as in pretraining.

    Maps are averaged over their area. Of a vision transformer's tokens, the last tap gives the class token, as its own
    classifier reads it; earlier ones the mean of the patches, since the class token gathers what it needs late.
    """
    if tap.layout == "vector":
        return activations  # (N, C)
    if tap.layout == "tokens":  # (N, 1 + patches, C)
        return activations[:, 0] if tap.name == "last" else activations[:, 1:].mean(1)
    return activations.mean((1, 2) if tap.layout == "NHWC" else (2, 3))


def pooled(found: Mapping[str, Tensor], taps: Sequence[Tap]) -> Tensor:
    """What an extractor found, pooled tap by tap and set side by side: (N, channels of all taps)."""
    parts = [pool(found[tap.name], tap) for tap in taps]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 1)


def stage_of_layers(module: nn.Module, backbone: Backbone) -> dict[str, int]:
    """Stage of each layer and of each bare parameter below the last tap: the index of the first tap at or after it."""
    graph = _graphs(module, backbone, backbone.taps)[0 if module.training else 1]
    ends = set(next(iter(graph.find_nodes(op="output"))).all_input_nodes)
    stages: dict[str, int] = {}
    stage = 0
    for node in graph.nodes:
        if node.op in ("call_module", "get_attr"):
            stages.setdefault(str(node.target), stage)
        stage += node in ends
    return stages


def nodes_of_taps(module: nn.Module, backbone: Backbone) -> dict[str, str]:
    """The name of each tap's node in the graphs of this network in eval mode, wherever they are cut."""
    (end,) = _graphs(module, backbone, backbone.taps)[1].find_nodes(op="output")
    return {tap: node.name for tap, node in end.args[0].items()}


def stage_of_parameters(module: nn.Module, backbone: Backbone) -> dict[str, int]:
    """Stage of each parameter below the last tap, in the order they run."""
    stages: dict[str, int] = {}
    layers = dict(module.named_modules())
    for target, stage in stage_of_layers(module, backbone).items():
        if target in layers:
            stages.update({f"{target}.{name}": stage for name, _ in layers[target].named_parameters()})
        else:
            stages[target] = stage  # a parameter that no layer owns, or a buffer
    return stages


class Network(nn.Module):
    """A backbone cut at a tap, pooling, and a new head: (N, 3, H, W) -> (N, classes).

    Of several taps the head sees the features side by side. It is linear, with `hidden` units behind a layer of its own
    that is drawn from `seed`. Its last layer starts at zero, so every class starts equally likely (BiT, 2020).
    """

    def __init__(
        self,
        module: nn.Module,
        backbone: Backbone,
        classes: int,
        *,
        taps: Sequence[str] = (),
        hidden: int = 0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.taps = tuple(backbone.taps[index_of(backbone, name)] for name in taps) or backbone.taps[-1:]
        self.stages = stage_of_parameters(module, backbone)
        self.layers = stage_of_layers(module, backbone)
        self.nodes = nodes_of_taps(module, backbone)
        self.frozen = -1  # the last stage that is
        self.statistics_rest = False  # BatchNorm's, of all stages; its weights may learn all the same
        self.trunk = extractor(module, backbone, self.taps)
        width = sum(tap.channels for tap in self.taps)
        self.hidden = hidden_layer(width, hidden, seed) if hidden else nn.Sequential()
        self.dropout = nn.Dropout(0.0)
        self.head = nn.Linear(hidden or width, classes)  # the last layer
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def codes(self, x: Tensor) -> Tensor:
        """The CNN codes that the head sees: (N, 3, H, W) -> (N, channels)."""
        return pooled(self.trunk(x), self.taps)

    def forward(self, x: Tensor) -> Tensor:
        return self.logits(self.codes(x))

    def both(self, x: Tensor) -> Tensor:
        """Codes, and behind them the logits: (N, 3, H, W) -> (N, channels + classes)."""
        codes = self.codes(x)
        return torch.cat((codes, self.logits(codes)), 1)

    def logits(self, codes: Tensor) -> Tensor:
        """(N, channels) -> (N, classes)."""
        logits: Tensor = self.head(self.dropout(self.hidden(codes)))
        return logits

    def train(self, mode: bool = True) -> "Network":
        """As in any module, save that frozen layers stay in eval mode: no dropout, BatchNorm's statistics rest."""
        super().train(mode)
        for name, layer in self.trunk.named_modules():
            rests = self.statistics_rest and isinstance(layer, nn.BatchNorm2d)
            if rests or self.layers.get(name, len(self.backbone.taps)) <= self.frozen:
                layer.eval()
        return self


def hidden_layer(width: int, units: int, seed: int) -> nn.Sequential:
    """(N, width) -> (N, units), after ReLU; drawn from `seed` alone."""
    layer = nn.Linear(width, units)
    nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu", generator=torch.Generator().manual_seed(seed))
    nn.init.zeros_(layer.bias)
    return nn.Sequential(layer, nn.ReLU())


def freeze(network: Network, train_from: str) -> None:
    """Freeze weights and BatchNorm up to and including tap `train_from`; FIRST frees all, HEAD frees the head alone.

    Holds until the next call: `train()` does not undo it. Raises RecipeError when the backbone has no such tap.
    """
    last = {FIRST: -1, HEAD: len(network.backbone.taps)}.get(train_from)
    network.frozen = index_of(network.backbone, train_from) if last is None else last
    for name, parameter in network.trunk.named_parameters():
        parameter.requires_grad_(network.stages[name] > network.frozen)
    network.train(network.training)


def parameter_groups(
    network: Network, *, head_lr: float, backbone_lr: float, weight_decay: float, depth_decay: float = 1.0
) -> list[dict[str, Any]]:
    """An optimizer's groups, named, of what is not frozen: the head, and each stage of the backbone.

    The last stage has `backbone_lr`, each one before it `depth_decay` times the next one's (discriminative rates,
    ULMFiT). Weight decay leaves out biases and norms, as in BiT and torchvision's recipes.
    """
    top = max(network.stages[name] for name, _ in network.trunk.named_parameters())
    parts = [("head", head_lr, [*network.hidden.parameters(), *network.head.parameters()])]
    for stage in range(top, -1, -1):
        params = [p for name, p in network.trunk.named_parameters() if network.stages[name] == stage]
        parts.append((network.backbone.tap_names[stage], backbone_lr * depth_decay ** (top - stage), params))
    groups = []
    for name, lr, params in parts:
        free = [p for p in params if p.requires_grad]
        for label, chosen, decay in (
            (name, [p for p in free if p.ndim > 1], weight_decay),
            (f"{name}, no decay", [p for p in free if p.ndim <= 1], 0.0),
        ):
            if chosen:
                groups.append({"params": chosen, "lr": lr, "weight_decay": decay, "name": label})
    return groups


def index_of(backbone: Backbone, tap: str) -> int:
    """Depth of a tap, 0 the earliest. Raises RecipeError when the backbone has no such tap."""
    if tap not in backbone.tap_names:
        raise RecipeError(f"{backbone.title} has no tap '{tap}'. Choose one of: {', '.join(backbone.tap_names)}.")
    return backbone.tap_names.index(tap)
