"""Load backbones with torchvision's weights or the bundled ones. As a command, it writes `catalogue.json` anew."""

import hashlib
import json
import math
import pickle
import re
import urllib.request
from collections.abc import Generator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torchvision.models.feature_extraction import create_feature_extractor

from transfer_core.backbones import CATALOGUE
from transfer_core.errors import WeightsError
from transfer_core.types import Backbone, Progress, Tap

BUNDLED = Path(__file__).with_name("bundled.safetensors")
CARD = BUNDLED.with_suffix(".json")
# Linear probes at 64, 96, 128 px: clothing .57 .55 .53, brain_mri .68 .71 .72 (5-fold, standard error .01)
BUNDLED_PX = 128
TIMEOUT_S = 15
BLOCK = 1 << 20
NOT_WEIGHTS = (RuntimeError, ValueError, KeyError, EOFError, OSError, pickle.UnpicklingError, SafetensorError)

# arch: (tap, module, title), early to late; each module ends with its activation
TAPS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "resnet18": (
        ("stem", "maxpool", "stem"),
        *((f"stage{i}", f"layer{i}", f"stage {i} of 4") for i in range(1, 5)),
    ),
    "mobilenet_v3_small": (
        ("stem", "features.0", "stem"),
        *((f"stage{i}", f"features.{end}", f"stage {i} of 4") for i, end in enumerate((1, 3, 8, 11), start=1)),
        ("last", "features.12", "last convolution"),
    ),
    "squeezenet1_1": (
        ("stem", "features.2", "stem"),
        *(
            (f"fire{i}", f"features.{at}", f"fire module {i} of 8")
            for i, at in enumerate((3, 4, 6, 7, 9, 10, 11, 12), start=1)
        ),
    ),
}
TITLES = {"resnet18": "ResNet-18", "mobilenet_v3_small": "MobileNet V3 small", "squeezenet1_1": "SqueezeNet 1.1"}


def load(backbone: Backbone, *, random_init: bool = False, seed: int = 0) -> nn.Module:
    """torchvision's whole network in eval mode, with pretrained weights or with random ones drawn from `seed`.

    Raises WeightsError when the weights are not on this machine and cannot be fetched, or cannot be read.
    """
    bundled = backbone.file == BUNDLED.name
    module = build(backbone.arch, seed, classes=len(card()["classes"]) if bundled else None)
    if random_init:
        return module
    for _ in fetch(backbone):
        pass
    file = weights_file(backbone)
    try:
        module.load_state_dict(load_file(file) if bundled else torch.load(file, map_location="cpu", weights_only=True))
    except NOT_WEIGHTS as error:
        reason = str(error).strip().splitlines()[0][:120] if str(error).strip() else type(error).__name__
        raise WeightsError(
            f"{file} does not hold the weights of {backbone.title} ({reason}). Delete it and start again, so that it"
            " is fetched anew, or choose the backbone 'bundled', which needs no download."
        ) from error
    return module


def build(arch: str, seed: int = 0, *, classes: int | None = None) -> nn.Module:
    """torchvision's network of that name in eval mode with random weights; leaves the global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        sizes = {} if classes is None else {"num_classes": classes}
        module: nn.Module = torchvision.models.get_model(arch, weights=None, **sizes)
    return module.eval()


def checkpoints() -> Path:
    """Where torchvision keeps fetched weights: under TORCH_HOME, else in the user's cache."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def weights_file(backbone: Backbone) -> Path:
    """Where a backbone's weights lie, fetched or not yet."""
    return BUNDLED if backbone.file == BUNDLED.name else checkpoints() / backbone.file


def fetch(backbone: Backbone) -> Generator[Progress, None, None]:
    """Fetch torchvision's weights, checked against the hash in their name, unless they are on this machine already.

    Closing the generator leaves no half-done file. Raises WeightsError when the file cannot be had.
    """
    file = weights_file(backbone)
    if file.exists():
        return
    part = file.with_name(f"{file.name}.part")
    url = torchvision.models.get_weight(backbone.weights).url
    expected = re.search(r"-([0-9a-f]{8,})\.", file.name)
    hash_ = hashlib.sha256()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as source, open(part, "wb") as target:
            size, done = int(source.headers.get("Content-Length") or 0), 0
            while block := source.read(BLOCK):
                target.write(block)
                hash_.update(block)
                done += len(block)
                yield Progress(what=f"Fetching {file.name}", done=done >> 20, of=max(size, done) >> 20, unit="MB")
        if expected and not hash_.hexdigest().startswith(expected[1]):
            raise OSError("what came is not that file")
        part.replace(file)
    except OSError as error:  # urllib's errors and timeouts are OSErrors too
        raise WeightsError(
            f"The weights of {backbone.title} are not on this machine and could not be fetched"
            f" ({getattr(error, 'reason', error)}). Put {url} into {file.parent} as {file.name}, or choose the backbone"
            " 'bundled', which needs no download."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def card() -> dict[str, Any]:
    """The bundled weights' card, as pretraining wrote it: data, recipe, figures, classes, licence and limits."""
    content: dict[str, Any] = json.loads(CARD.read_text(encoding="utf-8"))
    return content


def catalogue() -> list[Backbone]:
    """All backbones from their sources: the bundled card and torchvision's own descriptions of its weights."""
    return [bundled_entry(), *(torchvision_entry(arch) for arch in TAPS)]


def bundled_entry() -> Backbone:
    known = card()
    return Backbone(
        name="bundled",
        title=f"Bundled {TITLES[known['arch']]}",
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
    )


def torchvision_entry(arch: str) -> Backbone:
    weights = torchvision.models.get_model_weights(arch).DEFAULT
    preset = weights.transforms()
    (input_px,), (resize_px,) = preset.crop_size, preset.resize_size
    return Backbone(
        name=arch,
        title=TITLES[arch],
        arch=arch,
        weights=str(weights),
        file=Path(weights.url).name,
        taps=measured_taps(arch, input_px),
        input_px=input_px,
        resize_px=resize_px,
        mean=tuple(preset.mean),
        std=tuple(preset.std),
        parameters=weights.meta["num_params"],
        licence="BSD-3-Clause (torchvision); pretrained on ImageNet, whose terms ask for non-commercial use",
        top1=round(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100, 5),
    )


@torch.inference_mode()
def measured_taps(arch: str, input_px: int) -> tuple[Tap, ...]:
    """The taps of an architecture, with channels and reduction as a forward pass shows them."""
    rows = TAPS[arch]
    maps = create_feature_extractor(build(arch), {module: name for name, module, _ in rows})(
        torch.zeros(1, 3, input_px, input_px)
    )
    taps = []
    for name, module, title in rows:
        _, channels, height, _ = maps[name].shape
        reduction = 2 ** round(math.log2(input_px / height))
        words = f"{title}, {channels} channels, 1/{reduction}"
        taps.append(Tap(name=name, title=words, module=module, channels=channels, reduction=reduction))
    return tuple(taps)


if __name__ == "__main__":
    CATALOGUE.write_text(json.dumps([asdict(entry) for entry in catalogue()], indent=1) + "\n", encoding="utf-8")
