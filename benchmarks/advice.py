"""How good Graft's advice is: `python -m benchmarks.advice --data FOLDER --workspace FOLDER`."""

import io
import sys
import zipfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.backbones import imported
from transfer_core.backbones.torchvision import card
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace

TINY_DRAWS, TINY_CLASSES = 3, 10
TINY_IMAGES = {"train": 200, "val": 40, "test": 110}  # of each class


def tiny(data: Path, to: Path, draw: int) -> Path:
    """A zip of ten of the classes of tiny_imagenet that the bundled backbone never saw, with splits of its own."""
    target = to / f"tiny-{draw}.zip"
    if target.exists():
        return target
    rng = np.random.default_rng(draw)
    chosen = sorted(rng.choice(card()["data"]["left_out"], TINY_CLASSES, replace=False))
    part = target.with_suffix(".part")
    with zipfile.ZipFile(data / "tiny_imagenet.zip") as source, zipfile.ZipFile(part, "w") as drawn:
        of_class = defaultdict(list)
        for name in sorted(source.namelist()):
            parts = name.split("/")
            if len(parts) == 4 and parts[1] == "train" and parts[2] in chosen and parts[3]:
                of_class[parts[2]].append(name)
        for label, names in sorted(of_class.items()):
            order = list(rng.permutation(names))
            for split, count in TINY_IMAGES.items():
                for name in [order.pop() for _ in range(count)]:
                    drawn.writestr(f"{split}/{label}/{Path(name).name}", source.read(name))
    part.replace(target)
    return target


def shuffled(data: Path, to: Path) -> Path:
    """Clothing's images with the pixels of each in random order, at 96 px, as PNG."""
    target = to / "shuffled.zip"
    if target.exists():
        return target
    rng = np.random.default_rng(0)
    part = target.with_suffix(".part")
    with zipfile.ZipFile(data / "clothing.zip") as source, zipfile.ZipFile(part, "w") as drawn:
        for name in sorted(source.namelist())[::8]:
            if not name.endswith("/"):
                pixels = np.asarray(Image.open(io.BytesIO(source.read(name))).convert("RGB").resize((96, 96)))
                mixed = rng.permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
                out = io.BytesIO()
                Image.fromarray(mixed).save(out, "PNG")
                drawn.writestr(f"{Path(name).with_suffix('.png')}", out.getvalue())
    part.replace(target)
    return target


def datasets(workspace: Workspace, data: Path) -> dict[str, Dataset]:
    """All of them by name, brought in when they are not there yet."""
    for draw in range(TINY_DRAWS):
        tiny(data, workspace.root, draw)
    shuffled(data, workspace.root)
    found = {name: imported(workspace, data, name) for name in ("clothing", "brain_mri", "wallpaper")}
    made = [f"tiny-{draw}" for draw in range(TINY_DRAWS)] + ["shuffled"]
    return found | {name: imported(workspace, workspace.root, name) for name in made}
