"""Where a network finds its evidence: on images whose class hangs on one small thing at a random place."""

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.bench import PX, Bench
from transfer_core.training.checkpoint import load_network
from transfer_core.training.heat import covering, evidence, spots_of
from transfer_core.training.images import Images
from transfer_core.types import TEST, Backbone, Dataset, Ints

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
        ("frozen_head", {"epochs": 8, "hidden": 32, "lr": 0.01}),
        ("fine_tune_all", {"epochs": 2}),
        ("small_cnn", {"epochs": 12}),
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
    images = Images(squares, network.backbone, torch.device("cpu"))
    found = evidence(network, images.batch(np.arange(len(rows))))
    assert (found.logits.argmax(1) == bench.dataset.labels[rows]).mean() > 0.8, "else there is nothing to explain"
    with torch.no_grad():
        assert found.logits == pytest.approx(network(images.batch(np.arange(len(rows)))).numpy(), abs=1e-4)
    side = found.maps.shape[-1]
    hottest = np.stack(np.unravel_index(found.maps[:, 0].reshape(len(rows), -1).argmax(1), (side, side)), 1)
    middle = (hottest + 0.5) * PX / side
    away = np.abs(middle - (places[rows] + THING / 2)).max(1)
    said = covering(network, images, found, np.random.default_rng(0))  # (N, 2 + DRAWS)
    gap = said[:, 2:].mean(1) - said[:, 1]
    print(
        strategy,
        [tap.name for tap in spots_of(network)],
        side,
        (away <= THING).mean(),
        gap.mean(),
        gap.std(ddof=1) / len(gap) ** 0.5,
        said.mean(0).round(2),
    )
    assert (away <= THING).mean() > 0.7
    assert gap.mean() > 2 * gap.std(ddof=1) / len(gap) ** 0.5
