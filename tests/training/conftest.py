"""Sixty-six small images, and the bundled network looking at few pixels."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

from tests.conftest import draw_photos
from tests.driving import drive
from tests.training.bench import PX, Bench, make_dataset
from transfer_core.backbones import SMALL_CNN, backbone
from transfer_core.training import setup
from transfer_core.types import Backbone, Dataset, Event
from transfer_core.workspace import Workspace


@pytest.fixture(scope="session")
def small_backbone() -> Backbone:
    return replace(backbone("bundled"), input_px=PX, resize_px=PX)


@pytest.fixture(autouse=True)
def _one_small_backbone(small_backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The whole bundled network and the small one, looking at few pixels; one thread: small batches are quick."""
    threads = torch.get_num_threads()
    known = setup.named_backbone
    small = {each.name: each for each in (small_backbone, replace(SMALL_CNN, input_px=PX, resize_px=PX))}
    monkeypatch.setattr(setup, "named_backbone", lambda name, root: small.get(name) or known(name, root))
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory, small_backbone: Backbone) -> Bench:
    folder = tmp_path_factory.mktemp("bench")
    labels = [i % 3 for i in range(66)]
    splits = [0] * 42 + [1] * 12 + [2] * 12
    return Bench(workspace=folder, dataset=make_dataset(folder, splits, labels), backbone=small_backbone)


@pytest.fixture(scope="session")
def finished(bench: Bench) -> Callable[[str], list[Event]]:
    """The events of a strategy's run, made once; its files lie in runs/<strategy>."""
    made: dict[str, list[Event]] = {}

    def events(strategy: str) -> list[Event]:
        if strategy not in made:
            made[strategy] = bench.run(bench.recipe(strategy, epochs=2, patience=0), strategy)
        return made[strategy]

    return events


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> Iterator[Workspace]:
    """For tests that look at what a workspace makes of a run."""
    opened = Workspace(tmp_path_factory.mktemp("workspace"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """120 photos of three colours."""
    colours = draw_photos(tmp_path_factory.mktemp("photos") / "colours", per_class=40, px=36)
    return workspace.datasets.get(drive(workspace, workspace.datasets.import_path(colours)).result["id"])
