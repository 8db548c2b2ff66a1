"""The backbones that Graft knows, as data: reading them needs no torch. `torchvision.py` loads them."""

import difflib
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path

from transfer_core.errors import RecipeError, disk_words
from transfer_core.types import Backbone, Tap, from_plain

CATALOGUE = Path(__file__).with_name("catalogue.json")
BUNDLED = Path(__file__).with_name("bundled.safetensors")
FIRST_CHOICE, ALWAYS = "efficientnet_lite0", "bundled"  # the default, and what stands in where it is not installed
LOCAL = "backbones"  # a workspace's folder of its user's own weights
ENTRY = "backbone.json"


BACKBONES = tuple(from_plain(Backbone, entry) for entry in json.loads(CATALOGUE.read_text(encoding="utf-8")))

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


def backbones(root: Path | None = None, first: str = "") -> tuple[Backbone, ...]:
    """The catalogue, then the user's own in the workspace `root`, save damaged ones; above all the one named `first`,
    else the default.

    Of those whose weights are a package of the index, others than the first choice are there once it is installed.
    """
    offered = (each for each in BACKBONES if not each.package or each.name == FIRST_CHOICE or available(each))
    known = (*offered, *(found for _, found in _own(root) if isinstance(found, Backbone)))
    first = first or default_backbone()
    return tuple(sorted(known, key=lambda each: each.name != first))  # stable


def backbone_titles(root: Path | None = None) -> dict[str, str]:
    """By its name, the title of each: of those of `backbones`, of what is not installed, and of the small network."""
    return {known.name: known.title for known in (*BACKBONES, SMALL_CNN, *backbones(root))}


def default_backbone() -> str:
    """The name of the backbone that is taken unless another is chosen or set."""
    return FIRST_CHOICE if available(backbone(FIRST_CHOICE)) else ALWAYS


def damaged(root: Path) -> tuple[str, ...]:
    """A sentence for each of the user's own that cannot be read."""
    return tuple(found for _, found in _own(root) if isinstance(found, str))


def _own(root: Path | None) -> Iterator[tuple[str, Backbone | str]]:
    """By the folders' names: each of the user's own, or why it cannot be read."""
    for file in sorted((root / LOCAL).glob(f"*/{ENTRY}")) if root is not None else ():
        try:
            yield file.parent.name, from_plain(Backbone, json.loads(file.read_text(encoding="utf-8")))
        except OSError as error:
            yield file.parent.name, disk_words(error, file)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            way_out = f"Delete the folder {file.parent}, then add the weights again."
            yield file.parent.name, f"The entry of your own weights, {file}, is damaged. {way_out}"


def backbone(name: str, root: Path | None = None) -> Backbone:
    """The backbone of that name. Raises RecipeError when there is none."""
    own = tuple(found for _, found in _own(root) if isinstance(found, Backbone))
    known = (*BACKBONES, *own)
    for found in (*known, SMALL_CNN):
        if found.name == name:
            return found
    for folder, why in _own(root):
        if folder == name and isinstance(why, str):
            raise RecipeError(why)
    near = difflib.get_close_matches(name, [found.name for found in known], n=4)
    raise RecipeError(
        f"There is no backbone '{name}'. Choose '{ALWAYS}'{' or one like ' if near else ''}{', '.join(near)}."
        " `graft backbones` lists all."
    )


def weights_file(backbone: Backbone, root: Path | None = None) -> Path:
    """Where a backbone's weights lie, fetched or not yet. `root`: the workspace, for a user's own."""
    if backbone.file == BUNDLED.name:
        return BUNDLED
    if backbone.package and (installed := _packaged(backbone)) is not None:
        return installed
    return (root or Path()) / backbone.file if backbone.is_local else checkpoints() / backbone.file


def _packaged(backbone: Backbone) -> Path | None:
    """The weights' file inside its package, which is not imported; None where that is not installed."""
    module = backbone.package.partition("==")[0].replace("-", "_")
    found = importlib.util.find_spec(module)
    folders = list(found.submodule_search_locations or ()) if found is not None else []
    files = (Path(folder) / "models" / backbone.file for folder in folders)
    return next((file for file in files if file.exists()), None)


def checkpoints() -> Path:
    """Where torchvision keeps fetched weights: under TORCH_HOME, else in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    return Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser() / "hub" / "checkpoints"


def available(backbone: Backbone, root: Path | None = None) -> bool:
    """Whether it can be used without a download, or an installation."""
    buildable = not backbone.package or importlib.util.find_spec("timm") is not None
    return buildable and weights_file(backbone, root).exists()
