"""The backbones that Graft knows, as data: reading them needs no torch. `torchvision.py` loads them."""

import difflib
import json
import os
from pathlib import Path
from typing import Any

from transfer_core.errors import RecipeError
from transfer_core.types import Backbone, Tap

CATALOGUE = Path(__file__).with_name("catalogue.json")
BUNDLED = Path(__file__).with_name("bundled.safetensors")
LOCAL = "backbones"  # a workspace's folder of its user's own weights
ENTRY = "backbone.json"


def read(entry: dict[str, Any]) -> Backbone:
    """A Backbone from what `dataclasses.asdict` and JSON made of it."""
    taps = tuple(Tap(**tap) for tap in entry["taps"])
    return Backbone(**(entry | {"taps": taps, "mean": tuple(entry["mean"]), "std": tuple(entry["std"])}))


BACKBONES: tuple[Backbone, ...] = tuple(read(entry) for entry in json.loads(CATALOGUE.read_text(encoding="utf-8")))


SMALL_CNN = Backbone(  # not in the catalogue: it has no weights, and one strategy alone builds it
    name="small_cnn",
    title="Small network",
    arch="small_cnn",
    weights="random",
    file="",
    taps=tuple(
        Tap(
            name=f"stage{i}",
            title=f"stage {i} of 4, {c} channels, 1/{2**i}",
            module=str(i - 1),
            channels=c,
            reduction=2**i,
        )
        for i, c in enumerate((32, 64, 128, 256), start=1)
    ),
    input_px=96,
    resize_px=96,
    mean=(0.5, 0.5, 0.5),
    std=(0.25, 0.25, 0.25),
    parameters=388_896,
    licence="BSD-3-Clause",
    family="Small network",
)


def backbones(root: Path | None = None) -> tuple[Backbone, ...]:
    """The catalogue, the bundled one first, then the user's own in the workspace `root`."""
    own = sorted((root / LOCAL).glob(f"*/{ENTRY}")) if root is not None else []
    return (*BACKBONES, *(read(json.loads(file.read_text(encoding="utf-8"))) for file in own))


def backbone(name: str, root: Path | None = None) -> Backbone:
    """The backbone of that name. Raises RecipeError when there is none."""
    known = backbones(root)
    for found in (*known, SMALL_CNN):
        if found.name == name:
            return found
    near = difflib.get_close_matches(name, [found.name for found in known], n=4)
    raise RecipeError(
        f"There is no backbone '{name}'. Choose 'bundled'{' or one like ' if near else ''}{', '.join(near)}."
        " `python -m transfer_core backbones` lists all."
    )


def weights_file(backbone: Backbone, root: Path | None = None) -> Path:
    """Where a backbone's weights lie, fetched or not yet. `root`: the workspace, for a user's own."""
    if backbone.file == BUNDLED.name:
        return BUNDLED
    return (root or Path()) / backbone.file if backbone.is_local else checkpoints() / backbone.file


def checkpoints() -> Path:
    """Where torchvision keeps fetched weights: under TORCH_HOME, else in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    return Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser() / "hub" / "checkpoints"


def available(backbone: Backbone, root: Path | None = None) -> bool:
    """Whether it can be used without a download."""
    return weights_file(backbone, root).exists()
