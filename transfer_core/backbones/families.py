"""Where each family of classifiers has its taps, early to late; the last one feeds its classifier."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from torch import nn

Layout = Literal["NCHW", "NHWC", "tokens", "vector"]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A tap before its shape is known."""

    name: str
    module: str  # or the name of a node of the traced graph
    title: str
    layout: Layout = "NCHW"


@dataclass(frozen=True)
class Family:
    """Architectures that are cut in the same way."""

    title: str
    arch: str  # beginning of torchvision's or timm's names
    spots: Callable[[nn.Module], tuple[Spot, ...]]
    fixed_px: bool = False  # takes one size of images only


def family(arch: str) -> Family:
    """The family of an architecture. Raises KeyError when there is none."""
    for known in FAMILIES:
        if arch.startswith(known.arch):
            return known
    raise KeyError(arch)


def _stages(*modules: str, layout: Layout = "NCHW", stem: str = "", last: Spot | None = None) -> tuple[Spot, ...]:
    """A stem, numbered stages, and what follows them below the classifier."""
    found = [Spot(name="stem", module=stem, title="stem", layout=layout)] if stem else []
    for i, module in enumerate(modules, start=1):
        found.append(Spot(name=f"stage{i}", module=module, title=f"stage {i} of {len(modules)}", layout=layout))
    return (*found, *((last,) if last else ()))


def _last(module: str, title: str = "last convolution", layout: Layout = "NCHW") -> Spot:
    return Spot(name="last", module=module, title=title, layout=layout)


def _strided(module: nn.Module, name: str, tail: int, last: str = "") -> tuple[Spot, ...]:
    """A chain of blocks, cut before each halving of the maps; its last `tail` layers are the last convolution.

    `last`: where that convolution ends, if not with the chain.
    """
    chain: nn.Sequential = module.get_submodule(name)  # type: ignore[assignment]
    halved = [any(stride == 2 for stride in _strides(block)) for block in chain]
    body = len(chain) - tail
    ends = [i for i in range(body) if i + 1 == body or halved[i + 1]]
    first, *stages = (f"{name}.{i}" for i in ends)
    return _stages(*stages, stem=first, last=_last(last or f"{name}.{len(chain) - 1}"))


def _strides(block: nn.Module) -> Iterator[int]:
    return (layer.stride[0] for layer in block.modules() if isinstance(layer, nn.Conv2d))


def _squeezenet(module: nn.Module) -> tuple[Spot, ...]:
    chain: nn.Sequential = module.get_submodule("features")  # type: ignore[assignment]
    fires = [f"features.{i}" for i, layer in enumerate(chain) if type(layer).__name__ == "Fire"]
    modules = (
        Spot(name=f"fire{i}", module=at, title=f"fire module {i} of {len(fires)}") for i, at in enumerate(fires, 1)
    )
    return (Spot(name="stem", module="features.2", title="stem"), *modules)


def _vgg(module: nn.Module) -> tuple[Spot, ...]:
    chain: nn.Sequential = module.get_submodule("features")  # type: ignore[assignment]
    pools = [f"features.{i}" for i, layer in enumerate(chain) if isinstance(layer, nn.MaxPool2d)]
    return (*_stages(*pools), *_connected("classifier.1", "classifier.4"))


def _alexnet(module: nn.Module) -> tuple[Spot, ...]:
    convolutions = ("features.2", "features.5", "features.7", "features.9", "features.12")
    return (*_stages(*convolutions), *_connected("classifier.2", "classifier.5"))


def _connected(*modules: str) -> tuple[Spot, ...]:
    words = ("first", "second")
    return tuple(
        Spot(name=f"fc{i}", module=at, title=f"{words[i - 1]} fully connected layer", layout="vector")
        for i, at in enumerate(modules, start=1)
    )


def _vit(module: nn.Module) -> tuple[Spot, ...]:
    chain: nn.Sequential = module.get_submodule("encoder.layers")  # type: ignore[assignment]
    quarters = (f"encoder.layers.encoder_layer_{len(chain) * i // 4 - 1}" for i in (1, 2, 3, 4))
    last = _last("encoder.ln", "class token", "tokens")
    return _stages(*quarters, stem="encoder.dropout", layout="tokens", last=last)


def _fixed(*modules: str, **more: Any) -> Callable[[nn.Module], tuple[Spot, ...]]:
    return lambda _: _stages(*modules, **more)


_FEATURES = tuple(f"features.{i}" for i in (1, 3, 5, 7))
_RESNET = _fixed("layer1", "layer2", "layer3", "layer4", stem="maxpool")
_SWIN = _fixed(*_FEATURES, stem="features.0", layout="NHWC", last=_last("norm", "normed tokens", "NHWC"))
_MOBILE = partial(_strided, name="features", tail=1)
_DENSE = (f"features.transition{i}.relu" for i in (1, 2, 3))  # a block's features, activated as the next one's are
_GOOGLE = _fixed("inception3b", "inception4e", "inception5b", stem="maxpool2")
_INCEPTION = _fixed("maxpool2", "Mixed_5d", "Mixed_6e", "Mixed_7c", stem="maxpool1")
_SHUFFLE = _fixed("stage2", "stage3", "stage4", stem="maxpool", last=_last("conv5"))
_CONVNEXT = _fixed(*_FEATURES, stem="features.0", last=_last("classifier.1", "normed codes", "vector"))
_MAXVIT = _fixed(*(f"blocks.{i}" for i in range(4)), stem="stem", last=_last("classifier.4", "codes", "vector"))
# MobileNetV3's own classifier has a hidden layer of 1,024 or 1,280 above the pooled maps. It is not a tap: its codes
# probed worse than the maps below it (benchmarks/HISTORY.md, Which network to bundle).
FAMILIES = (
    Family("ResNet", "resnet", _RESNET),
    Family("ResNeXt", "resnext", _RESNET),
    Family("Wide ResNet", "wide_resnet", _RESNET),
    Family("DenseNet", "densenet", _fixed(*_DENSE, stem="features.pool0", last=_last("relu", "last dense block"))),
    Family("VGG", "vgg", _vgg),
    Family("AlexNet", "alexnet", _alexnet),
    Family("GoogLeNet", "googlenet", _GOOGLE),
    Family("Inception", "inception", _INCEPTION),
    Family("SqueezeNet", "squeezenet", _squeezenet),
    Family("ShuffleNet V2", "shufflenet", _SHUFFLE),
    Family("MobileNet", "mobilenet", _MOBILE),
    Family("MNASNet", "mnasnet", partial(_strided, name="layers", tail=3)),
    Family("EfficientNet-Lite", "tf_efficientnet_lite", partial(_strided, name="blocks", tail=0, last="bn2")),
    Family("EfficientNet V2", "efficientnet_v2", _MOBILE),
    Family("EfficientNet", "efficientnet", _MOBILE),
    Family("RegNet", "regnet", _fixed(*(f"trunk_output.block{i}" for i in (1, 2, 3, 4)), stem="stem")),
    Family("ConvNeXt", "convnext", _CONVNEXT),
    Family("Vision Transformer", "vit", _vit, fixed_px=True),
    Family("Swin V2", "swin_v2", _SWIN),
    Family("Swin", "swin", _SWIN),
    Family("MaxViT", "maxvit", _MAXVIT, fixed_px=True),
)
