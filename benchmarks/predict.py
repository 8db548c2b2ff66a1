"""How fast new images are answered, against what training takes for features: `python -m benchmarks.predict`.

    python -m benchmarks.predict --data ../shared/data --workspace FOLDER [--images 1000] [--rounds 3]
    python -m benchmarks.predict --data ../shared/data --workspace FOLDER --memory

A linear probe of clothing, trained when the workspace has it not yet. In turn: features of so many decoded squares, as
a training run computes them, and the whole prediction of as many image files, as `graft predict` does, reading and
decoding included; both after the worker is warm. Then the bundle of the run is made, with what each part took.
"""

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.backbones import imported
from transfer_core.data.pixels import square
from transfer_core.training.checkpoint import load_network
from transfer_core.training.features import BATCH_SIZES, precise
from transfer_core.training.images import Images
from transfer_core.types import Dataset, RunEnd
from transfer_core.workspace import Workspace

WARM = 32  # images before the clock runs
FEW = 1_000  # images, and then ten times as many, for memory
WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--memory", action="store_true", help="instead: the peak memory for a thousand and ten times more"
    )
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(given.workspace)
    dataset = imported(workspace, given.data, "clothing")
    if given.memory:
        memory(workspace, dataset)
        workspace.close()
        return 0
    (run,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe")])
    if workspace.runs.get(run).status != "done":
        driven(workspace, run)
    files = [workspace.root / "datasets" / dataset.id / "samples" / file for file in dataset.files[: given.images]]
    compute = extraction(workspace, dataset, run, files)
    with tempfile.TemporaryDirectory() as held:
        few, many = Path(held) / "few", Path(held) / "many"
        for folder, chosen in ((few, files[:WARM]), (many, files)):
            folder.mkdir()
            for file in chosen:
                shutil.copyfile(file, folder / file.name)
        predicted(workspace, run, few)
        print("| round | features, images/s | prediction from files, images/s | ratio |\n| --- | --- | --- | --- |")
        ratios = []
        for number in range(1, given.rounds + 1):
            rates = [len(files) / each for each in (compute(), predicted(workspace, run, many))]
            ratios.append(rates[1] / rates[0])
            print(f"| {number} | {rates[0]:.1f} | {rates[1]:.1f} | {ratios[-1]:.2f} |", flush=True)
    print(f"median ratio {statistics.median(ratios):.2f}")
    end = driven(workspace, workspace.exports.submit(run))
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in end.result["parts"].items())
    print(f"bundle: {end.result['agree']} of {end.result['images']} alike, {end.result['seconds']:.1f} s ({parts})")
    workspace.close()
    return 0


def memory(workspace: Workspace, dataset: Dataset) -> None:
    """The peak of this process and of its decoders, by how many images were predicted in one call."""
    (run,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled", per_class=20)])
    if workspace.runs.get(run).status != "done":
        driven(workspace, run)
    with tempfile.TemporaryDirectory() as held:
        folder, rng, begun = Path(held), np.random.default_rng(0), 0
        print("| images | seconds | peak of this process, MB | of the largest child, MB |\n| --- | --- | --- | --- |")
        for count in (FEW, 10 * FEW):
            for number in range(begun, count):
                Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(folder / f"{number}.png")
            begun, seconds = count, predicted(workspace, run, folder)
            own, child = (resource.getrusage(who).ru_maxrss / 1024 for who in WHOSE)
            print(f"| {count:,} | {seconds:.0f} | {own:,.0f} | {child:,.0f} |", flush=True)


def extraction(workspace: Workspace, dataset: Dataset, run: str, files: list[Path]):  # type: ignore[no-untyped-def]
    """Seconds for the features of all files, whose squares are in memory already."""
    network, _ = load_network(workspace.root / "runs" / run, torch.device("cpu"))
    known = network.backbone
    squares = [square(file, resize_px=known.resize_px, crop_px=known.input_px, fit=known.fit) for file in files]
    images, size = Images(np.stack(squares), known, torch.device("cpu")), BATCH_SIZES["cpu"]

    def compute() -> float:
        began = time.monotonic()
        for start in range(0, len(files), size):
            precise(network.codes, images.batch(np.arange(start, min(start + size, len(files)))))
        return time.monotonic() - began

    precise(network.codes, images.batch(np.arange(min(WARM, len(files)))))
    return compute


def predicted(workspace: Workspace, run: str, folder: Path) -> float:
    began = time.monotonic()
    driven(workspace, workspace.predictions.submit_paths([run], [folder]))
    return time.monotonic() - began


def driven(workspace: Workspace, job: str) -> RunEnd:
    *_, end = workspace.jobs.drive(job)
    assert isinstance(end, RunEnd) and end.status == "done", end
    return end


if __name__ == "__main__":
    raise SystemExit(main())
