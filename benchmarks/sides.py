"""Which side the network's square should have, and how pictures become squares: by cross-validation.

`python -m benchmarks.sides --data FOLDER --workspace FOLDER (--sides | --fits)`

A ridge classifier on the last features of training and validation images, five folds, near-duplicates together; test
images are never seen. `--sides`: five datasets at four sides, with the seconds that features take. `--fits`: real
photos cut to bands of growing aspect, at random places, each as wide (or high) as before, so that what they show is
spread over all of it; cropped, padded and squeezed to 128 px. Resumable.
"""

import argparse
import json
import sys
import time
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.advice import last
from benchmarks.backbones import imported
from transfer_core.training.devices import device
from transfer_core.training.features import frozen_features
from transfer_core.training.heads import FOLDS, PENALTIES
from transfer_core.training.ridge import held_out
from transfer_core.training.setup import begin, plan, prepare
from transfer_core.training.solvers import Scale, folds
from transfer_core.types import TEST, Dataset, Recipe
from transfer_core.workspace import Workspace

SIDES = (128, 160, 192, 224)
SIZED = ("clothing", "brain_mri", "wallpaper", "monkeys", "metal_defects")
ASPECTS = (1.0, 1.2, 1.33, 1.5, 2.0, 3.0, 5.0)
CUT, CUT_PX = ("clothing", "monkeys"), 128
FITS = ("crop", "pad", "squeeze")
MOST = 600  # images of a dataset that is cut


def judged(workspace: Workspace, dataset: Dataset, recipe: Recipe) -> tuple[float, float]:
    """The share of held-out images that is right, and the seconds that decoding and features took."""
    began = time.monotonic()
    backbone, _ = plan(recipe, dataset, workspace.root)
    where = torch.device(device("auto").name)
    run = begin(last(prepare(recipe, dataset, backbone, workspace=workspace.root, device=where)))
    ready = time.monotonic()
    rows, (codes,) = last(frozen_features(run, backbone.taps[-1:]))
    seconds = time.monotonic() - ready
    labels, groups = dataset.labels[rows], dataset.groups[rows]
    fold = folds(labels, groups, FOLDS, 0)
    scaled = codes.astype(np.float64)
    found = list(held_out(Scale.of(scaled)(scaled), labels, fold, len(dataset.classes), PENALTIES))
    best = int(np.sum([error for _, error in found], 0).argmin())
    print(f"  decoding {ready - began:.0f} s, features {seconds:.0f} s", file=sys.stderr, flush=True)
    return float(np.concatenate([right[best] for right, _ in found]).mean()), seconds


def cut(data: Path, to: Path, name: str, aspect: float) -> Path:
    """A zip of a dataset's training photos as bands of that aspect, lying or standing, at random places."""
    target = to / f"{name}-{aspect:g}.zip"
    if target.exists():
        return target
    rng = np.random.default_rng(0)
    part = target.with_suffix(".part")
    with zipfile.ZipFile(data / f"{name}.zip") as source, zipfile.ZipFile(part, "w") as drawn:
        names = [each for each in sorted(source.namelist()) if not each.endswith("/") and "/test/" not in each]
        for each in sorted(rng.permutation(names)[:MOST]):
            image = Image.open(BytesIO(source.read(each))).convert("RGB")
            side = min(image.size)
            left, top = (image.width - side) // 2, (image.height - side) // 2
            narrow = round(side / aspect)
            at = int(rng.integers(0, side - narrow + 1))
            lying = bool(rng.integers(0, 2))
            box = (left, top + at, left + side, top + at + narrow)
            if not lying:
                box = (left + at, top, left + at + narrow, top + side)
            out = BytesIO()
            image.crop(box).save(out, "PNG")
            drawn.writestr(f"all/{each.split('/')[-2]}/{Path(each).stem}.png", out.getvalue())
    part.replace(target)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--sides", action="store_true")
    parser.add_argument("--fits", action="store_true")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(given.workspace)
    kept = given.workspace / "sides.json"
    found = json.loads(kept.read_text()) if kept.exists() else {}

    def look(key: str, dataset: Dataset, **settings: int | str) -> tuple[float, float]:
        if key not in found:
            found[key] = judged(workspace, dataset, workspace.recipes.make(dataset, "linear_probe", **settings))
            kept.write_text(json.dumps(found, indent=1))
        accuracy, seconds = found[key]
        return accuracy, seconds

    if given.sides:
        print("| dataset | images | " + " | ".join(f"{px} px" for px in SIDES) + " |")
        for name in SIZED:
            dataset = imported(workspace, given.data, name)
            cells = [look(f"{name} {px}", dataset, px=px, fit="crop") for px in SIDES]
            images = int((dataset.splits != TEST).sum())
            print(
                f"| {name} | {images} | " + " | ".join(f"{100 * a:.1f} %, {s:.0f} s" for a, s in cells) + " |",
                flush=True,
            )
    if given.fits:
        print("| dataset | aspect | " + " | ".join(FITS) + " |")
        own = ("clothing", 0.0)  # photos as they are: 4:3, most of them
        for name, aspect in (own, *((name, aspect) for name in CUT for aspect in ASPECTS)):
            file = cut(given.data, given.workspace, name, aspect) if aspect else given.data / f"{name}.zip"
            dataset = imported(workspace, file.parent, file.stem)
            words = (
                f"{100 * look(f'{dataset.name} {fit} {CUT_PX}', dataset, px=CUT_PX, fit=fit)[0]:.1f} %" for fit in FITS
            )
            print(f"| {name} | {aspect or 'own'} | {' | '.join(words)} |", flush=True)
    workspace.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
