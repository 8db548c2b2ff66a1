"""Whether heat maps point at what matters: `python -m benchmarks.heat --data FOLDER --workspace FOLDER`.

The hottest fifth of a map's places is filled with the image's mean colour, and as many places drawn at random, five
times; how far the probability of the class that was named falls. 100 test images of clothing, six runs, each trained
when the workspace has it not yet. `--choose`: 100 validation images instead, and maps of the linear probes taken at
each tap, by the gradient at each place or its mean over the map, of the class's log odds or its logit.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from benchmarks.backbones import imported
from transfer_core.backbones.taps import Network, pooled
from transfer_core.data.pixels import square
from transfer_core.training import heat
from transfer_core.training.checkpoint import load_network
from transfer_core.training.heat import Evidence, covering, evidence, spots_of
from transfer_core.training.images import Images
from transfer_core.types import TEST, VAL, Dataset, Floats, Tap
from transfer_core.workspace import Workspace

RUNS = (
    ("linear_probe", "", {}),
    ("linear_probe", "", {"px": 128}),
    ("linear_probe", "bundled", {"px": 96}),
    ("linear_svm", "", {"px": 128}),
    ("all_layers", "", {"px": 128}),
    ("fine_tune_all", "", {"px": 96, "per_class": 60, "epochs": 4}),
)
IMAGES = 100
AT_ONCE = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--choose", action="store_true")
    given = parser.parse_args()
    given.workspace.mkdir(parents=True, exist_ok=True)
    workspace = Workspace(given.workspace)
    dataset = imported(workspace, given.data, "clothing")
    print("| run | px | maps at | places | as they are | hottest covered | random covered | difference |")
    print("| --- " * 8 + "|")
    for strategy, backbone, settings in RUNS[: 3 if given.choose else None]:
        network = trained(workspace, dataset, strategy, backbone, settings)
        images = drawn(workspace, dataset, network, VAL if given.choose else TEST)
        for words, found in variants(network, images) if given.choose else ((places(network), own(network, images)),):
            said = covering(network, images, found, np.random.default_rng(0))
            name = f"`{strategy}`" + (f", `{backbone}`" if backbone else "")
            shape = f"{found.maps.shape[-1]} x {found.maps.shape[-1]}"
            print(f"| {name} | {network.backbone.input_px} | {words} | {shape} | {figures(said)} |", flush=True)
    workspace.close()
    return 0


def trained(workspace: Workspace, dataset: Dataset, strategy: str, backbone: str, settings: dict[str, int]) -> Network:
    """The network of a finished run of that recipe; trained now where there is none."""
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, strategy, backbone, **settings)])
    if workspace.runs.get(id).status != "done":
        for _ in workspace.jobs.drive(id):
            pass
    file = workspace.runs.model_file(id)
    assert file is not None
    return load_network(file.parent, torch.device("cpu"))[0]


def drawn(workspace: Workspace, dataset: Dataset, network: Network, split: int) -> Images:
    """IMAGES of one split, as the network sees them."""
    known, folder = network.backbone, workspace.root / "datasets" / dataset.id / "samples"
    rows = np.random.default_rng(0).permutation(dataset.rows(split))[:IMAGES]
    shape = {"resize_px": known.resize_px, "crop_px": known.input_px}
    squares = [square(folder / dataset.files[row], fit=known.fit, **shape) for row in rows]
    return Images(np.stack(squares), known, torch.device("cpu"))


def own(network: Network, images: Images) -> Evidence:
    """What Graft shows."""
    parts = [evidence(network, images.batch(rows)) for rows in batches()]
    return joined(parts)


def places(network: Network) -> str:
    return " + ".join(tap.name for tap in spots_of(network))


def variants(network: Network, images: Images) -> list[tuple[str, Evidence]]:
    """Maps at each tap of the backbone, in four ways."""
    found = []
    for tap in network.backbone.taps:
        for odds in (True, False):
            for pool in (False, True):
                parts = [variant(network, images, rows, tap, odds, pool) for rows in batches()]
                words = f"{tap.name}, {'log odds' if odds else 'logit'}, {'mean' if pool else 'each place’s'} gradient"
                found.append((words, joined(parts)))
    return found


def variant(
    network: Network,
    images: Images,
    rows: "np.ndarray[tuple[int], np.dtype[np.int64]]",
    tap: Tap,
    odds: bool,
    pool: bool,
) -> Evidence:
    with torch.enable_grad():
        seen, found = heat._watched(network, (tap,), images.batch(rows))
        codes = pooled(found, network.taps)
        logits = network.logits(codes)
        top = logits.argmax(1, keepdim=True)
        target = logits.gather(1, top)[:, 0]
        if odds:
            target = target - logits.scatter(1, top, -torch.inf).logsumexp(1)
        values = seen[tap.name]
        (grad,) = torch.autograd.grad(target.sum(), [values])
    slope, values = heat._spatial(grad, tap), heat._spatial(values.detach(), tap)
    if pool:
        slope = slope.mean((2, 3), keepdim=True)
    part = (slope * values).sum(1, keepdim=True)
    maps = heat._onto(part, min(heat.FINEST, part.shape[-1])).numpy()
    return Evidence(
        codes=codes.detach().numpy(), logits=logits.detach().numpy(), classes=top.numpy(), maps=maps
    )  # (N, 1, G, G)


def batches() -> list["np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    return np.split(np.arange(IMAGES), IMAGES // AT_ONCE)


def joined(parts: list[Evidence]) -> Evidence:
    names = ("codes", "logits", "classes", "maps")
    return Evidence(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def figures(said: Floats) -> str:
    """(N, 2 + draws) probabilities: their means, and by how much the hottest places hurt more, with twice its error."""
    gap = said[:, 2:].mean(1) - said[:, 1]
    error = 2 * gap.std(ddof=1) / len(gap) ** 0.5
    means = (said[:, 0].mean(), said[:, 1].mean(), said[:, 2:].mean())
    return (
        " | ".join(f"{100 * each:.1f} %" for each in means) + f" | {100 * gap.mean():+.1f} ± {100 * error:.1f} points"
    )


if __name__ == "__main__":
    sys.exit(main())
