"""Taps, for every registered backbone with random weights."""

import math

import pytest
import torch
from torch import Tensor, nn

from tests.backbones.registered import each_backbone, each_family, images, state
from transfer_core.backbones import BACKBONES
from transfer_core.backbones.taps import Network, extractor, freeze, parameter_groups, pool, stage_of_parameters
from transfer_core.backbones.torchvision import load
from transfer_core.errors import RecipeError
from transfer_core.types import FIRST, HEAD, Backbone


def train_a_step(network: Network) -> None:
    network.train()
    groups = parameter_groups(network, head_lr=0.1, backbone_lr=0.1, weight_decay=0.1)
    optimizer = torch.optim.SGD(groups)
    for _ in range(2):  # the head starts at zero, so only the second step reaches the backbone
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images(network.backbone, 4)), torch.tensor([0, 1, 2, 0])).backward()
        optimizer.step()


def classifier(module: nn.Module, backbone: Backbone) -> nn.Module:
    """What torchvision's network does with the last tap's codes."""
    top = next(layer for name in ("fc", "classifier", "heads", "head") if (layer := getattr(module, name, None)))
    return top[-1] if backbone.taps[-1].layout == "vector" else top


@each_backbone
@torch.inference_mode()
def test_features_are_those_of_a_plain_forward_pass(backbone: Backbone) -> None:
    module = load(backbone, random_init=True)
    seen: dict[str, Tensor] = {}
    for tap in backbone.taps:
        if tap.module in dict(module.named_modules()):
            module.get_submodule(tap.module).register_forward_hook(
                lambda _, __, found, name=tap.name: seen.update({name: found.clone()})
            )
    x = images(backbone)
    logits = module(x)
    seen, plain = {}, seen
    found = extractor(module, backbone, backbone.taps)(x)
    assert list(found) == list(backbone.tap_names)
    for tap in backbone.taps:
        if tap.name in plain:
            assert torch.equal(found[tap.name], plain[tap.name]), tap.name
        assert pool(found[tap.name], tap).shape == (2, tap.channels)
        side = {"NCHW": 2, "NHWC": 1}.get(tap.layout)
        if side:
            assert abs(math.log2(x.shape[2] / found[tap.name].shape[side] / tap.reduction)) < 1
    # The codes are what the original classifier sees, so it makes the same logits of them.
    last = backbone.taps[-1]
    codes = found[last.name] if backbone.family == "SqueezeNet" else pool(found[last.name], last)
    assert torch.allclose(classifier(module, backbone)(codes).flatten(1), logits, atol=1e-4)


@each_family
def test_an_extractor_holds_nothing_behind_its_last_tap(backbone: Backbone) -> None:
    module = load(backbone, random_init=True)
    stages = stage_of_parameters(module, backbone)
    known = dict(module.named_parameters())
    assert {stage for name, stage in stages.items() if name in known} == set(range(len(backbone.taps)))
    for i, tap in enumerate(backbone.taps):
        held = {name for name, _ in extractor(module, backbone, (tap,)).named_parameters()}
        assert held == {name for name, stage in stages.items() if stage <= i and name in known}


@each_family
def test_what_is_frozen_stays_the_same_to_the_bit_and_the_rest_moves(backbone: Backbone) -> None:
    for train_from in (FIRST, backbone.tap_names[1], HEAD):
        network = Network(load(backbone, random_init=True), backbone, 3)
        last = {FIRST: -1, HEAD: len(backbone.taps)}.get(train_from, 1)
        freeze(network, train_from)
        before = state(network)
        train_a_step(network)
        for name, value in network.state_dict().items():
            part, _, inner = name.partition(".")
            owners = (s for layer, s in network.layers.items() if f"{inner}.".startswith(f"{layer}."))
            stage = next(owners, len(backbone.taps))
            frozen = part == "trunk" and stage <= last
            if frozen or (part == "trunk" and train_from == HEAD):
                assert torch.equal(value, before[name]), f"{train_from}: {name} moved"
            elif name.endswith(("running_mean", "head.weight", "head.bias")):
                assert not torch.equal(value, before[name]), f"{train_from}: {name} stayed"
        moved = {n for n, p in network.named_parameters() if not torch.equal(p, before[n])}
        assert moved <= {n for n, p in network.named_parameters() if p.requires_grad}
        assert any(n.startswith("trunk") for n in moved) == (train_from != HEAD)


def test_freezing_again_frees_what_was_frozen() -> None:
    backbone = BACKBONES[0]
    network = Network(load(backbone, random_init=True), backbone, 3)
    freeze(network, HEAD)
    freeze(network, FIRST)
    network.train()
    assert all(p.requires_grad for p in network.parameters())
    assert all(layer.training for layer in network.modules())


@each_family
def test_groups_hold_each_free_parameter_once(backbone: Backbone) -> None:
    network = Network(load(backbone, random_init=True), backbone, 3)
    freeze(network, backbone.tap_names[-2])
    groups = parameter_groups(network, head_lr=1.0, backbone_lr=0.1, weight_decay=0.01)
    held = [id(p) for group in groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in network.parameters() if p.requires_grad)
    for group in groups:
        assert group["lr"] == (1.0 if group["name"].startswith("head") else 0.1)
    for group in parameter_groups(network, head_lr=1.0, backbone_lr=0.1, weight_decay=0.01, depth_decay=0.5):
        tap = group["name"].partition(",")[0]
        below = len(backbone.taps) - 1 - backbone.tap_names.index(tap) if tap != "head" else 0
        assert group["lr"] == pytest.approx(1.0 if tap == "head" else 0.1 * 0.5**below)
        assert all((p.ndim > 1) == (group["weight_decay"] > 0) for p in group["params"])


@each_family
def test_network_cut_early_starts_with_equal_classes(backbone: Backbone) -> None:
    tap = backbone.taps[1]
    network = Network(load(backbone, random_init=True), backbone, 5, taps=[tap.name]).eval()
    assert network.codes(images(backbone)).shape == (2, tap.channels)
    assert torch.equal(network(images(backbone)), torch.zeros(2, 5))


def test_unknown_tap_says_which_are_known() -> None:
    backbone = BACKBONES[0]
    network = Network(load(backbone, random_init=True), backbone, 3)
    with pytest.raises(RecipeError, match=r"no tap 'layer9'.*stem, stage1"):
        freeze(network, "layer9")
