"""Taps, for every registered backbone with random weights."""

import pytest
import torch
from torch import Tensor, nn

from transfer_core.backbones import BACKBONES
from transfer_core.backbones.taps import Network, extractor, freeze, parameter_groups, pool, stage_of_parameters
from transfer_core.backbones.torchvision import load
from transfer_core.errors import RecipeError
from transfer_core.types import FIRST, HEAD, Backbone

PX = 64
each_backbone = pytest.mark.parametrize("backbone", BACKBONES, ids=lambda backbone: backbone.name)


def images(n: int = 2, px: int = PX) -> Tensor:
    return torch.rand(n, 3, px, px, generator=torch.Generator().manual_seed(0))


def state(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def train_a_step(network: Network) -> None:
    network.train()
    groups = parameter_groups(network, head_lr=0.1, backbone_lr=0.1, weight_decay=0.1)
    optimizer = torch.optim.SGD(groups)
    for _ in range(2):  # the head starts at zero, so only the second step reaches the backbone
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(images(4)), torch.tensor([0, 1, 2, 0])).backward()
        optimizer.step()


@each_backbone
@torch.inference_mode()
def test_features_are_those_of_a_plain_forward_pass_and_shaped_as_declared(backbone: Backbone) -> None:
    module = load(backbone, random_init=True)
    seen: dict[str, Tensor] = {}
    for tap in backbone.taps:
        module.get_submodule(tap.module).register_forward_hook(
            lambda _, __, maps, name=tap.name: seen.update({name: maps.clone()})
        )
    module(images(px=backbone.input_px))
    seen, plain = {}, seen
    maps = extractor(module, backbone, backbone.taps)(images(px=backbone.input_px))
    assert list(maps) == list(backbone.tap_names)
    for tap in backbone.taps:
        assert torch.equal(maps[tap.name], plain[tap.name]), tap.name
        n, channels, height, width = maps[tap.name].shape
        assert (n, channels, height) == (2, tap.channels, width)
        assert backbone.input_px / tap.reduction == pytest.approx(height, abs=1.01)
        assert pool(maps[tap.name]).shape == (2, tap.channels)
        assert f"{channels} channels, 1/{tap.reduction}" in tap.title


@each_backbone
def test_an_extractor_holds_nothing_behind_its_last_tap(backbone: Backbone) -> None:
    module = load(backbone, random_init=True)
    stages = stage_of_parameters(module, backbone)
    assert sorted(set(stages.values())) == list(range(len(backbone.taps)))
    for i, tap in enumerate(backbone.taps):
        held = {name for name, _ in extractor(module, backbone, (tap,)).named_parameters()}
        assert held == {name for name, stage in stages.items() if stage <= i}


@each_backbone
def test_what_is_frozen_stays_the_same_to_the_bit_and_the_rest_moves(backbone: Backbone) -> None:
    for train_from in (FIRST, backbone.tap_names[1], HEAD):
        network = Network(load(backbone, random_init=True), backbone, 3)
        last = {FIRST: -1, HEAD: len(backbone.taps)}.get(train_from, 1)
        freeze(network, train_from)
        before = state(network)
        train_a_step(network)
        for name, value in network.state_dict().items():
            part, _, inner = name.partition(".")
            owner = inner.rpartition(".")[0]
            stage = next((s for n, s in network.stages.items() if n.rpartition(".")[0] == owner), None)
            frozen = part == "trunk" and stage is not None and stage <= last
            if frozen:
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


@each_backbone
def test_groups_hold_each_free_parameter_once(backbone: Backbone) -> None:
    network = Network(load(backbone, random_init=True), backbone, 3)
    freeze(network, backbone.tap_names[-2])
    groups = parameter_groups(network, head_lr=1.0, backbone_lr=0.1, weight_decay=0.01)
    held = [id(p) for group in groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in network.parameters() if p.requires_grad)
    for group in groups:
        assert group["lr"] == (1.0 if group["name"].startswith("head") else 0.1)
        assert all((p.ndim > 1) == (group["weight_decay"] > 0) for p in group["params"])


@each_backbone
def test_network_cut_early_starts_with_equal_classes(backbone: Backbone) -> None:
    tap = backbone.taps[1]
    network = Network(load(backbone, random_init=True), backbone, 5, tap=tap.name).eval()
    assert network.codes(images()).shape == (2, tap.channels)
    assert torch.equal(network(images()), torch.zeros(2, 5))


def test_unknown_tap_says_which_are_known() -> None:
    backbone = BACKBONES[0]
    network = Network(load(backbone, random_init=True), backbone, 3)
    with pytest.raises(RecipeError, match=r"no tap 'layer9'.*stem, stage1"):
        freeze(network, "layer9")
