"""BatchNorm folded into the convolution before it: the same features but for rounding."""

import torch
from torch import nn

from tests.backbones.registered import each_family, images, state
from transfer_core.backbones.folding import folded
from transfer_core.backbones.taps import extractor
from transfer_core.backbones.torchvision import load
from transfer_core.types import Backbone


@each_family
@torch.inference_mode()
def test_folded_features_differ_by_rounding_alone(backbone: Backbone) -> None:
    module, draw = load(backbone, random_init=True), torch.Generator().manual_seed(1)
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in norms:
        for values, low in ((layer.running_mean, -0.1), (layer.running_var, 0.5), (layer.weight, 0.5), (layer.bias, 0)):
            values.copy_(low + torch.rand(values.shape, generator=draw))
    trunk, before, x = extractor(module, backbone, backbone.taps), state(module), images(backbone)
    plain, quick = trunk(x), folded(trunk)
    left = sum(isinstance(layer, nn.BatchNorm2d) for layer in quick.modules())
    first = backbone.family in ("DenseNet", "MaxViT")  # they normalise before they convolve
    assert left == 0 or (first and left < len(norms))
    for name, seen in quick(x).items():
        assert (seen - plain[name]).abs().max() <= 5e-5 * plain[name].abs().max(), name
    assert all(torch.equal(value, before[name]) for name, value in state(module).items())
    assert all(torch.equal(value, plain[name]) for name, value in trunk(x).items())
