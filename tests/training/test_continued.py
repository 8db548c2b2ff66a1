"""A run's network goes on as a backbone: the same features, for other runs and in another workspace."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.driving import drive
from tests.export.exported import Home
from transfer_core.backbones import local
from transfer_core.backbones.local import add_local
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import load
from transfer_core.errors import UnknownJob, WeightsError
from transfer_core.jobs.tasks import run_folder
from transfer_core.training.checkpoint import load_network
from transfer_core.workspace import Workspace


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, photos: Path, small_networks: None) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("continued")
    with Workspace(folder) as workspace:
        job = drive(workspace, workspace.datasets.import_path(photos))
        yield Home(workspace=workspace, dataset=workspace.datasets.get(job.result["id"]), out=folder / "bundles")


@pytest.mark.parametrize("backbone", ["bundled", "efficientnet_lite0"])
def test_a_run_goes_on_as_a_backbone_with_its_own_features(backbone: str, home: Home, tmp_path: Path) -> None:
    workspace = home.workspace
    tuned = home.trained(backbone, "fine_tune_top", backbone, epochs=1)
    name = f"went-on-{backbone.replace('_', '-')}"
    assert drive(workspace, workspace.backbones.add_run(tuned, name=name)).result == {"name": name}
    own = workspace.backbones.get(name)
    assert own.is_local and "Fine-tune the top" in own.title and "trained further" in own.licence
    x = torch.randn(2, 3, own.input_px, own.input_px, generator=torch.Generator().manual_seed(0))
    before, _ = load_network(run_folder(workspace.root, tuned), torch.device("cpu"))
    after = Network(load(own, root=workspace.root), own, 3).eval()
    with torch.inference_mode():
        assert torch.equal(before.codes(x), after.codes(x))

    again = home.trained("again", "fine_tune_top", name, epochs=1)
    assert workspace.runs.get(again).recipe.weights == own.weights
    file = run_folder(workspace.root, tuned) / "model.safetensors"
    assert add_local(tmp_path, file, arch=backbone, name="by-file").sha256 == own.sha256, "the file alone will do"
    drive_ends_badly(workspace, workspace.backbones.add_run(tuned, name=name), f"There is a backbone '{name}' already")


def test_what_began_at_random_is_under_nobody_elses_licence(home: Home) -> None:
    run = home.trained("small", "small_cnn", "", epochs=1)
    drive(home.workspace, home.workspace.backbones.add_run(run, name="small-one"))
    own = home.workspace.backbones.get("small-one")
    assert own.licence.startswith("Your own weights") and own.arch == "small_cnn"


def test_a_network_that_says_the_same_of_all_training_images_is_not_trained(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an earlier Graft took it in."""
    workspace = home.workspace
    weights = load(workspace.backbones.get("bundled"), root=workspace.root).state_dict()
    torch.save({name: torch.zeros_like(value) for name, value in weights.items()}, tmp_path / "dead.pth")
    monkeypatch.setattr(local, "require_alive", lambda *_: None)
    add_local(workspace.root, tmp_path / "dead.pth", arch="bundled", name="dead")
    recipe = workspace.recipes.make(home.dataset, "linear_probe", "dead")
    drive_ends_badly(workspace, workspace.runs.submit([recipe])[0], "says the same of 32 training images")


def drive_ends_badly(workspace: Workspace, job: str, words: str) -> None:
    *_, end = workspace.jobs.drive(job)
    assert end.status == "failed" and words in end.error  # type: ignore[union-attr]


def test_what_has_no_network_of_its_own_to_go_on_from_is_refused(home: Home, tmp_path: Path) -> None:
    probe = home.trained("probe", "linear_probe", "bundled")
    early = home.trained("early", "linear_svm", "bundled", tap="stage1")
    with pytest.raises(UnknownJob, match="left its backbone as it was, so going on from it is starting from 'bundled'"):
        home.workspace.backbones.add_run(probe, name="x")
    with pytest.raises(UnknownJob, match="no network of its own"):
        home.workspace.backbones.add_run(f"{probe}+{early}", name="x")
    with pytest.raises(WeightsError, match="has no tensor"):  # what lies above the tap was not kept
        add_local(tmp_path, run_folder(home.workspace.root, early) / "model.safetensors", arch="bundled", name="early")
