"""The backbones that Graft knows, as data: reading them needs no torch. `torchvision.py` loads them."""

import json
from pathlib import Path
from typing import Any

from transfer_core.errors import RecipeError
from transfer_core.types import Backbone, Tap

CATALOGUE = Path(__file__).with_name("catalogue.json")


def _read(entry: dict[str, Any]) -> Backbone:
    taps = tuple(Tap(**tap) for tap in entry["taps"])
    return Backbone(**(entry | {"taps": taps, "mean": tuple(entry["mean"]), "std": tuple(entry["std"])}))


BACKBONES: tuple[Backbone, ...] = tuple(_read(entry) for entry in json.loads(CATALOGUE.read_text(encoding="utf-8")))


def backbone(name: str) -> Backbone:
    """The backbone of that name. Raises RecipeError when there is none."""
    for known in BACKBONES:
        if known.name == name:
            return known
    raise RecipeError(f"There is no backbone '{name}'. Choose one of: {', '.join(b.name for b in BACKBONES)}.")
