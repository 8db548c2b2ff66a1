"""Where each family of classifiers has its taps, early to late; the last one feeds its classifier."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from torch import nn

Layout = Literal["NCHW", "NHWC", "tokens", "vector"]


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A tap before its shape is known."""

    name: str
    module: str  # or the name of a node of the traced graph
    title: str
    layout: Layout = "NCHW"


@dataclass(frozen=True, kw_only=True)
class Family:
    """Architectures that are cut in the same way."""

    title: str
    archs: tuple[str, ...]  # beginnings of torchvision's or timm's names
    spots: Callable[[nn.Module], tuple[Spot, ...]]
    fixed_px: bool = False  # takes one size of images only


def family(arch: str) -> Family:
    """The family of an architecture. Raises KeyError when there is none."""
    for known in FAMILIES:
        if arch.startswith(known.archs):
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


def _densenet(module: nn.Module) -> tuple[Spot, ...]:
    stages = (f"features.transition{i}.relu" for i in (1, 2, 3))  # a block's features, activated as the next one's are
    return _stages(*stages, stem="features.pool0", last=_last("relu", "last dense block"))


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


def _swin(module: nn.Module) -> tuple[Spot, ...]:
    stages = (f"features.{i}" for i in (1, 3, 5, 7))
    return _stages(*stages, stem="features.0", layout="NHWC", last=_last("norm", "normed tokens", "NHWC"))


def _fixed(*modules: str, stem: str = "", last: Spot | None = None) -> Callable[[nn.Module], tuple[Spot, ...]]:
    return lambda _: _stages(*modules, stem=stem, last=last)


_RESNET = _fixed("layer1", "layer2", "layer3", "layer4", stem="maxpool")
# MobileNetV3's own classifier has a hidden layer of 1,024 or 1,280 above the pooled maps. It is not a tap: its codes
# probed worse than the maps below it (benchmarks/HISTORY.md, Which network to bundle).
FAMILIES = (
    Family(title="ResNet", archs=("resnet",), spots=_RESNET),
    Family(title="ResNeXt", archs=("resnext",), spots=_RESNET),
    Family(title="Wide ResNet", archs=("wide_resnet",), spots=_RESNET),
    Family(title="DenseNet", archs=("densenet",), spots=_densenet),
    Family(title="VGG", archs=("vgg",), spots=_vgg),
    Family(title="AlexNet", archs=("alexnet",), spots=_alexnet),
    Family(
        title="GoogLeNet",
        archs=("googlenet",),
        spots=_fixed("inception3b", "inception4e", "inception5b", stem="maxpool2"),
    ),
    Family(
        title="Inception",
        archs=("inception",),
        spots=_fixed("maxpool2", "Mixed_5d", "Mixed_6e", "Mixed_7c", stem="maxpool1"),
    ),
    Family(title="SqueezeNet", archs=("squeezenet",), spots=_squeezenet),
    Family(
        title="ShuffleNet V2",
        archs=("shufflenet",),
        spots=_fixed("stage2", "stage3", "stage4", stem="maxpool", last=_last("conv5")),
    ),
    Family(title="MobileNet", archs=("mobilenet",), spots=lambda module: _strided(module, "features", 1)),
    Family(title="MNASNet", archs=("mnasnet",), spots=lambda module: _strided(module, "layers", 3)),
    Family(
        title="EfficientNet-Lite",
        archs=("tf_efficientnet_lite",),
        spots=lambda module: _strided(module, "blocks", 0, last="bn2"),
    ),
    Family(title="EfficientNet V2", archs=("efficientnet_v2",), spots=lambda module: _strided(module, "features", 1)),
    Family(title="EfficientNet", archs=("efficientnet",), spots=lambda module: _strided(module, "features", 1)),
    Family(
        title="RegNet", archs=("regnet",), spots=_fixed(*(f"trunk_output.block{i}" for i in (1, 2, 3, 4)), stem="stem")
    ),
    Family(
        title="ConvNeXt",
        archs=("convnext",),
        spots=_fixed(
            *(f"features.{i}" for i in (1, 3, 5, 7)),
            stem="features.0",
            last=_last("classifier.1", "normed codes", "vector"),
        ),
    ),
    Family(title="Vision Transformer", archs=("vit",), spots=_vit, fixed_px=True),
    Family(title="Swin V2", archs=("swin_v2",), spots=_swin),
    Family(title="Swin", archs=("swin",), spots=_swin),
    Family(
        title="MaxViT",
        archs=("maxvit",),
        spots=_fixed(*(f"blocks.{i}" for i in range(4)), stem="stem", last=_last("classifier.4", "codes", "vector")),
        fixed_px=True,
    ),
)
