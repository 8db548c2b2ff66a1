"""Where a network finds its evidence: on images whose class hangs on one small thing at a random place."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from tests.backbones.registered import each, images, smallest
from tests.driving import drive
from tests.training.bench import PX, Bench
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import load
from transfer_core.training.checkpoint import load_network
from transfer_core.training.heat import CLASSES, FINEST, covering, evidence, spots_of
from transfer_core.training.images import Images
from transfer_core.types import TEST, Backbone, Dataset, Ints
from transfer_core.workspace import Workspace

THING = 14  # px, of a side
COLOURS = np.array([(230, 40, 40), (40, 60, 230), (40, 200, 60)])


def draw(label: int, rng: np.random.Generator) -> tuple[np.ndarray, Ints]:  # type: ignore[type-arg]
    """A grey wall with a square of the class's colour, and where its upper left corner lies."""
    coarse = rng.normal(128, 25, (6, 6, 1)).repeat(PX // 6, 0).repeat(PX // 6, 1)
    square = coarse + rng.normal(0, 12, (PX, PX, 3))
    y, x = rng.integers(0, PX - THING, 2)
    square[y : y + THING, x : x + THING] = COLOURS[label] + rng.normal(0, 12, (THING, THING, 3))
    return square.clip(0, 255).astype(np.uint8), np.array([y, x])


@pytest.fixture(scope="module")
def things(tmp_path_factory: pytest.TempPathFactory, small_backbone: Backbone) -> tuple[Bench, Ints]:
    """A bench of such images, and the place of the thing in each."""
    folder, rng = tmp_path_factory.mktemp("things"), np.random.default_rng(0)
    splits, labels = np.repeat([0, 1, 2], (90, 30, 45)), np.arange(165) % 3
    drawn = [draw(label, rng) for label in labels]
    samples = folder / "datasets" / "things" / "samples"
    samples.mkdir(parents=True)
    files = tuple(f"{number:06d}.png" for number in range(165))
    for file, (square, _) in zip(files, drawn, strict=True):
        Image.fromarray(square).save(samples / file)
    dataset = Dataset(
        id="things",
        name="things",
        classes=("red", "blue", "green"),
        paths=files,
        files=files,
        labels=labels,
        splits=splits,
        groups=np.arange(165),
        widths=np.full(165, PX),
        heights=np.full(165, PX),
    )
    return Bench(workspace=folder, dataset=dataset, backbone=small_backbone), np.stack([place for _, place in drawn])


@pytest.mark.parametrize(
    ("strategy", "settings"),
    [
        ("linear_probe", {}),
        ("linear_svm", {"tap": "stage1"}),
        ("all_layers", {}),
        ("frozen_head", {"epochs": 5, "hidden": 32, "lr": 0.01}),
        ("fine_tune_all", {"epochs": 1}),
        ("small_cnn", {"epochs": 7}),
    ],
)
def test_the_map_finds_the_thing_and_covering_it_hurts_more_than_covering_as_much_elsewhere(
    things: tuple[Bench, Ints], strategy: str, settings: dict[str, int | str]
) -> None:
    bench, places = things
    bench.run(bench.recipe(strategy, **settings), strategy)
    network, _ = load_network(bench.workspace / "runs" / strategy, torch.device("cpu"))
    rows = bench.dataset.rows(TEST)
    folder = bench.workspace / "datasets" / "things" / "samples"
    squares = np.stack([np.asarray(Image.open(folder / bench.dataset.files[row])) for row in rows])
    shown = Images(squares, network.backbone, torch.device("cpu"))
    found = evidence(network, shown.batch(np.arange(len(rows))))
    assert (found.logits.argmax(1) == bench.dataset.labels[rows]).mean() > 0.8, "else there is nothing to explain"
    with torch.no_grad():
        assert found.logits == pytest.approx(network(shown.batch(np.arange(len(rows)))).numpy(), abs=1e-4)
    side = found.maps.shape[-1]
    hottest = np.stack(np.unravel_index(found.maps[:, 0].reshape(len(rows), -1).argmax(1), (side, side)), 1)
    middle = (hottest + 0.5) * PX / side
    away = np.abs(middle - (places[rows] + THING / 2)).max(1)
    said = covering(network, shown, found, np.random.default_rng(0))  # (N, 2 + DRAWS)
    gap = said[:, 2:].mean(1) - said[:, 1]
    assert (away <= THING).mean() > 0.7
    assert gap.mean() > 2 * gap.std(ddof=1) / len(gap) ** 0.5


@pytest.fixture(scope="module")
def run(workspace: Workspace, dataset: Dataset) -> str:
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled", per_class=3)])
    drive(workspace, id)
    return id


def test_a_prediction_has_a_map_for_the_answer_and_one_for_the_label(
    workspace: Workspace, dataset: Dataset, run: str
) -> None:
    kept = workspace.runs.predictions(run)
    far = kept.test_samples[kept.test_probabilities.argmin(1) == kept.test_labels]  # the label is last of three
    samples = [int(sample) for sample in (*far, *kept.test_samples)][:5]
    job = workspace.predictions.submit_samples([run], dataset, samples)
    drive(workspace, job)
    found = workspace.predictions.get(job)
    for row, sample in enumerate(samples):
        heat = workspace.predictions.heat(job, 0, row)
        assert heat is not None and heat.maps.shape == (CLASSES, 8, 8) and heat.tried == ()
        assert heat.classes[0] == found.probabilities[0, row].argmax() and dataset.labels[sample] in heat.classes
        assert heat.maps[0].max() > 0 and np.isfinite(heat.maps).all()
    alone = workspace.predictions.submit_samples([run], dataset, samples[:1])
    drive(workspace, alone)
    heat = workspace.predictions.heat(alone, 0, 0)
    assert heat is not None and heat.tried[0] == pytest.approx(
        workspace.predictions.get(alone).probabilities[0, 0].max()
    )
    plain = workspace.predictions.submit_paths(
        [run], [workspace.root / "datasets" / dataset.id / "samples" / dataset.files[0]]
    )
    drive(workspace, plain)
    assert workspace.predictions.heat(plain, 0, 0) is None, "nobody asked for it"


def test_an_image_that_cannot_be_read_takes_no_other_s_map(workspace: Workspace, dataset: Dataset, run: str) -> None:
    samples = workspace.root / "datasets" / dataset.id / "samples"
    first, last = ((samples / dataset.files[row]).read_bytes() for row in dataset.rows(TEST)[[0, -1]])
    job = workspace.predictions.submit([run], [("a.png", first), ("b.png", b"no image"), ("c.png", last)], heat=True)
    drive(workspace, job)
    said = workspace.predictions.get(job)
    heats = [workspace.predictions.heat(job, 0, row) for row in range(3)]
    assert heats[1] is None and said.errors[1]
    for row in (0, 2):
        heat = heats[row]
        assert heat is not None and heat.classes[0] == said.probabilities[0, row].argmax()


@each(smallest, quick=("bundled", "alexnet", "mobilenet_v3_small"))
def test_every_family_of_networks_has_a_map(backbone: Backbone) -> None:
    """Also where the head reads a vector or one token: there the map is of an earlier layer."""
    x = images(backbone)
    seen = replace(backbone, input_px=x.shape[-1])
    network = Network(load(seen, random_init=True), seen, 4).eval()
    torch.nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(0))
    found = evidence(network, x, np.array([3, -1]))
    with torch.no_grad():
        assert found.logits == pytest.approx(network(x).numpy(), rel=1e-3, abs=1e-4)
    assert spots_of(network) and found.maps.shape[2] == found.maps.shape[3] and 2 <= found.maps.shape[2] <= FINEST
    assert found.maps.std((2, 3)).min() > 0 and 3 in found.classes[0]
