"""A trained network on disk: `model.safetensors` and `model.json`."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_weights
from safetensors.torch import save_file

from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import NOT_WEIGHTS, load
from transfer_core.errors import DatasetError, disk_words
from transfer_core.kept import save_json, whole
from transfer_core.types import FIRST_RULES, Backbone, Recipe, Rendering, file_sha256, from_plain

WEIGHTS, CARD, RECIPE = "model.safetensors", "model.json", "recipe.json"


def save_network(
    network: Network, classes: tuple[str, ...], recipe: Recipe, rendering: Rendering, folder: Path
) -> None:
    """Weights, and all that is needed to load and use them: the backbone's facts hold the preprocessing."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    with whole(folder / WEIGHTS) as part:
        save_file(weights, part)
        sha256 = file_sha256(part)
    card = {
        "format": 2,
        "sha256": sha256,  # of the weights' file
        "classes": classes,
        "taps": [tap.name for tap in network.taps],
        "hidden": network.head.in_features if len(network.hidden) else 0,
        "backbone": asdict(network.backbone),
        "recipe": asdict(recipe),
        "rendering": asdict(rendering),
    }
    save_json(card, folder / CARD)


def load_network(folder: Path, device: torch.device) -> tuple[Network, tuple[str, ...]]:
    """A run's network in eval mode, and its classes; needs no pretrained weights.

    Raises DatasetError when it left none, or one that cannot be read, is not as it was written, or not finite.
    """
    try:
        network, classes = _read_network(folder)
    except FileNotFoundError as error:
        raise DatasetError(f"The run {folder.name} holds no trained model; only a finished run can predict.") from error
    except (*NOT_WEIGHTS, TypeError, AttributeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise DatasetError(f"The model of run {folder.name} cannot be read. {disk_words(error, folder)}") from error
        raise DatasetError(f"The model of run {folder.name} is damaged and cannot be read. Train it again.") from error
    return network.to(device).eval(), classes


def rendering_of(card: dict[str, Any]) -> Rendering:
    """How a run's images were read, by its card; runs of an earlier Graft do not say so."""
    return from_plain(Rendering, card["rendering"]) if "rendering" in card else FIRST_RULES


def _read_network(folder: Path) -> tuple[Network, tuple[str, ...]]:
    card = json.loads((folder / CARD).read_text(encoding="utf-8"))
    backbone = from_plain(Backbone, card["backbone"])
    used = card["taps"] if card["format"] > 1 else [card["tap"]]
    module, classes = load(backbone, random_init=True), tuple(card["classes"])
    network = Network(module, backbone, len(classes), taps=used, hidden=card.get("hidden", 0))
    content = (folder / WEIGHTS).read_bytes()  # once: what is checked is what is loaded
    if card.get("sha256", "") not in ("", hashlib.sha256(content).hexdigest()):  # runs of an earlier Graft have none
        raise DatasetError(
            f"The model of run {folder.name} is damaged: {WEIGHTS} is not the file that Graft wrote, by its SHA-256."
            " Train it again."
        )
    weights = load_weights(content)
    broken = [name for name, tensor in weights.items() if not tensor.isfinite().all()]
    if broken:
        raise DatasetError(
            f"The model of run {folder.name} cannot be used: its weights are not finite numbers ('{broken[0]}' is the"
            " first). Train it again, at a lower learning rate."
        )
    network.load_state_dict(weights)
    return network, classes
