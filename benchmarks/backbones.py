"""What the bundled backbone is worth: `python -m benchmarks.backbones --data FOLDER --workspace FOLDER`.

Linear probes from its weights and from random ones, the same draws of 30 images a class by three strategies, its
speed and how soon it is ready. Runs are kept in the workspace, so a second call goes on where the first one ended.
`--candidate NAME=FOLDER` adds what a pretraining left in FOLDER to the probes; `--px` tries other input sizes.
"""

import argparse
import io
import json
import shutil
import subprocess
import sys
import time
import zipfile
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

import tools
from transfer_core.backbones import FIRST_CHOICE, backbone
from transfer_core.backbones.local import add_local
from transfer_core.backbones.torchvision import build, card, load
from transfer_core.compare.statistics import mcnemar
from transfer_core.training.images import Images
from transfer_core.types import Backbone, Dataset, Run
from transfer_core.workspace import Workspace

PER_CLASS, DRAWS = 30, 3
BATCH = 32  # photos of the source task
TWINS = 3  # networks with random weights
BILINEAR = Image.Resampling.BILINEAR
SOURCE_CLASSES = Path(tools.__file__).with_name("source_classes.json")
PROBED = ("clothing", "brain_mri", "wallpaper")


def imported(workspace: Workspace, data: Path, name: str) -> Dataset:
    """The dataset of that name, brought in when it is not there yet."""
    known = {found.name: found.id for found in workspace.datasets.list()}
    if name not in known:
        example = name in {found.name for found in workspace.datasets.examples()}
        source = data / f"{name}.zip"
        for _ in workspace.jobs.drive(
            workspace.datasets.import_example(name) if example else workspace.datasets.import_path(source, name=name)
        ):
            pass
        known = {found.name: found.id for found in workspace.datasets.list()}
    return workspace.datasets.get(known[name])


def draw(data: Path, to: Path, seed: int) -> Path:
    """Clothing with PER_CLASS training images a class, drawn by seed; validation and test as they are."""
    target = to / f"clothing-{PER_CLASS}-{seed}.zip"
    if target.exists():
        return target
    rng = np.random.default_rng(seed)
    part = target.with_suffix(".part")
    with zipfile.ZipFile(data / "clothing.zip") as source, zipfile.ZipFile(part, "w") as drawn:
        of_class = defaultdict(list)
        for name in sorted(source.namelist()):
            split, label = name.split("/")[1:3]
            of_class[(split, label) if split == "train" else (split,)].append(name)
        for key, names in of_class.items():
            taken = rng.choice(names, PER_CLASS, replace=False) if key[0] == "train" else names
            for name in sorted(taken):
                drawn.writestr(str(name), source.read(name))
    part.replace(target)
    return target


def trained(workspace: Workspace, dataset: Dataset, strategy: str, name: str, seed: int = 0) -> Run:
    """The finished run of that recipe; trained now when there is none."""
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, strategy, name, seed=seed)])
    if workspace.runs.get(id).status != "done":
        for _ in workspace.jobs.drive(id):
            pass
    run = workspace.runs.get(id)
    if run.status != "done":
        raise SystemExit(f"{strategy} on {dataset.name}: {run.error}")
    return run


def sized(root: Path, known: Backbone, px: int, name: str) -> str:
    """A user's backbone as another entry that looks at images at `px`. Returns its name."""
    folder = root / "backbones" / name
    if not folder.exists():
        shutil.copytree(root / "backbones" / known.name, folder)
        entry = replace(known, name=name, title=name, input_px=px, resize_px=px)
        entry = replace(entry, file=str(Path(entry.file).parent.parent / name / Path(entry.file).name))
        (folder / "backbone.json").write_text(json.dumps(asdict(entry)))
    return name


def random_twin(root: Path, seed: int) -> str:
    """The bundled architecture with random weights, as a backbone of the workspace. Returns its name."""
    known, name = backbone("bundled"), f"random-{seed}"
    if not (root / "backbones" / name).exists():
        file = root / f"{name}.safetensors"
        save_file(dict(build(known.arch, seed).state_dict()), file)
        add_local(root, file, arch=known.name, name=name)
    return name


def ready_seconds() -> float:
    """From torch imported to the bundled backbone loaded, in a fresh process."""
    code = (
        "import time, torch, torchvision; from transfer_core.backbones import backbone;"
        "from transfer_core.backbones.torchvision import load; t = time.perf_counter();"
        "load(backbone('bundled')); print(time.perf_counter() - t)"
    )
    return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def source_top1(archive: Path, name: str) -> tuple[float, float, int]:
    """Top-1 of real ImageNet weights on the source task's held-out photos, 64 px upscaled to the input: among the
    archive's classes, among all 1,000, and of how many photos."""
    known = backbone(name)
    module = load(known)
    index = {id: number for id, (number, _) in json.loads(SOURCE_CLASSES.read_text("utf-8")).items()}
    logits, labels = [], []
    with zipfile.ZipFile(archive) as source, torch.inference_mode():
        entries = [entry for entry in sorted(source.namelist()) if "/validation/" in entry and not entry.endswith("/")]
        for batch in (entries[start : start + BATCH] for start in range(0, len(entries), BATCH)):
            photos = [Image.open(io.BytesIO(source.read(entry))).convert("RGB") for entry in batch]
            squares = np.stack([np.asarray(photo.resize((known.input_px,) * 2, BILINEAR)) for photo in photos])
            images = Images(squares, known, torch.device("cpu"))  # (B, H, W, 3)
            logits.append(module(images.batch(np.arange(len(batch)))))  # (B, 3, H, W) -> (B, 1000)
            labels += [index[entry.split("/")[-2]] for entry in batch]
    all_of_them, truth = torch.cat(logits), torch.tensor(labels)
    classes = torch.tensor(sorted(index.values()))
    among = classes[all_of_them[:, classes].argmax(1)]
    return float((among == truth).float().mean()), float((all_of_them.argmax(1) == truth).float().mean()), len(labels)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True, help="folder with clothing.zip and brain_mri.zip")
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--candidate", action="append", default=[], metavar="NAME=FOLDER")
    parser.add_argument("--px", type=int, nargs="*", default=[])
    parser.add_argument("--few", action="store_true", help=f"also {DRAWS} draws of {PER_CLASS} images a class")
    parser.add_argument(
        "--source", nargs="*", metavar="NAME", help="only these, the default without, on the source's photos"
    )
    given = parser.parse_args()
    if given.source is not None:
        for name in given.source or [FIRST_CHOICE]:
            among, whole, count = source_top1(given.data / "tiny_imagenet.zip", name)
            print(f"{name} on {count} photos: top-1 {among:.3f} among their classes, {whole:.3f} among all 1,000")
        return 0
    root = given.workspace
    root.mkdir(parents=True, exist_ok=True)
    names = ["bundled"]
    if not given.candidate:
        names += [random_twin(root, seed) for seed in range(TWINS)]
    for candidate in given.candidate:
        name, _, folder = candidate.partition("=")
        if not (root / "backbones" / name).exists():
            arch = json.loads((Path(folder) / "bundled.json").read_text())["arch"]
            add_local(root, Path(folder) / "bundled.safetensors", arch=arch, name=name)
        names += [sized(root, backbone(name, root), px, f"{name}-{px}") for px in given.px]
    workspace = Workspace(root)
    print(f"bundled: {card()['arch']}, ready in {ready_seconds():.2f} s; {torch.get_num_threads()} threads")
    for name in names:
        for dataset in (imported(workspace, given.data, probed) for probed in PROBED):
            run = trained(workspace, dataset, "linear_probe", name)
            print(
                f"| {name} | {dataset.name} | {run.test_accuracy or 0:.3f} | {run.val_accuracy or 0:.3f} |"
                f" {run.images_per_second or 0:.0f} |",
                flush=True,
            )
    if given.few:
        few(workspace, given.data, root)
    workspace.close()
    return 0


def few(workspace: Workspace, data: Path, scratch: Path) -> None:
    """Three strategies on the same draws, with McNemar's exact p against from_scratch."""
    for seed in range(DRAWS):
        file = draw(data, scratch, seed)
        dataset = imported(workspace, file.parent, file.stem)
        began = time.monotonic()
        runs = {
            strategy: trained(workspace, dataset, strategy, "bundled", seed)
            for strategy in ("linear_probe", "from_scratch", "fine_tune_all")
        }
        control = runs["from_scratch"]
        for strategy, run in runs.items():
            p = mcnemar(correct(workspace, run), correct(workspace, control))
            print(
                f"| {dataset.name} | {strategy} | {run.test_accuracy or 0:.3f} | {run.seconds or 0:.0f} | {p:.2g} |",
                flush=True,
            )
        print(f"draw {seed}: {time.monotonic() - began:.0f} s", flush=True)


def correct(workspace: Workspace, run: Run) -> np.ndarray:
    found = workspace.runs.predictions(run.id)
    return np.asarray(found.test_probabilities.argmax(1) == found.test_labels)


if __name__ == "__main__":
    sys.exit(main())
