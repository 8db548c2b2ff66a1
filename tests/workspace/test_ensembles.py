"""Finished runs as one: a row of the comparison, an answer, a bundle; folds too, which share no test image."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.database import database
from tests.driving import drive
from tests.export.exported import Home, card_of
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.errors import DatasetError, GraftError, UnknownJob
from transfer_core.jobs.tasks import run_folder
from transfer_core.types import Floats, Predictions
from transfer_core.workspace import Workspace


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, photos: Path, small_networks: None) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("ensembles")
    with Workspace(folder / "workspace") as workspace:
        job = drive(workspace, workspace.datasets.import_path(photos))
        made = Home(workspace=workspace, dataset=workspace.datasets.get(job.result["id"]), out=folder / "bundles")
        made.trained("layers", "all_layers", "bundled")
        made.trained("early", "linear_svm", "bundled", tap="stage1")
        for fold in range(2):
            made.trained(f"fold {fold}", "small_cnn", "", folds=2, fold=fold)
        yield made


def said(predictions: Predictions) -> Floats:
    return calibrated(predictions.test_probabilities, fitted_temperature(predictions))


def test_an_ensemble_is_the_mean_in_the_comparison_and_on_new_images(home: Home) -> None:
    workspace, both = home.workspace, [home.runs["layers"], home.runs["early"]]
    id = workspace.ensembles.make(both)
    run = workspace.runs.get(id)
    members = [workspace.runs.get(each) for each in both]
    assert [each.id for each in workspace.ensembles.list(home.dataset.id)] == [id]
    assert run.whole_seconds == pytest.approx(sum(each.whole_seconds or 0 for each in members)) and run.tested
    assert workspace.runs.model_bytes(id) == sum(workspace.runs.model_bytes(each) or 0 for each in both)

    right = np.mean([said(workspace.runs.predictions(each)) for each in both], axis=0)
    comparison = workspace.comparisons.make([*both, id])
    row = comparison.score(id)
    labels = workspace.runs.predictions(id).test_labels
    assert row.accuracy == (right.argmax(1) == labels).mean() == run.test_accuracy
    assert row.log_loss == pytest.approx(-np.log(right[np.arange(len(labels)), labels]).mean())
    assert comparison.title(id) == " + ".join(comparison.title(each.id) for each in run.members)
    assert [each.run for each in comparison.approaches if each.run == id] == [], "it is neither approach's best run"
    assert workspace.comparisons.grade(comparison).won != id
    for chosen in ([*both, id], [id]):
        assert (
            "The mean of the calibrated probabilities of these runs"
            in workspace.comparisons.report(home.dataset, chosen).html
        )

    picture = io.BytesIO()
    Image.new("RGB", (40, 40), (30, 60, 200)).save(picture, "PNG")
    job = workspace.predictions.submit([*both, id], [("blue.png", picture.getvalue())], heat=True)
    drive(workspace, job)
    first, second, together = workspace.predictions.get(job).probabilities[:, 0]
    assert together == pytest.approx((first + second) / 2) and abs(first - second).max() > 1e-4
    doubts = workspace.predictions.get(job, promise=0.99).doubts
    assert doubts == tuple(replace(each, accuracy=0.99) for each in workspace.predictions.get(job).doubts), (
        "of nine images"
    )
    with pytest.raises(GraftError, match=r"1\.5 cannot be promised"):
        workspace.predictions.get(job, promise=1.5)
    maps = [found.maps.shape[1] for run in range(3) if (found := workspace.predictions.heat(job, run, 0)) is not None]
    assert maps[0] > 0 and maps[1] > 0 and maps[2] == 0, "an ensemble has no map of its own, and says so"


def test_folds_become_one_model_that_is_checked_on_images_that_none_of_them_saw(home: Home) -> None:
    workspace, folds = home.workspace, [home.runs["fold 0"], home.runs["fold 1"]]
    id = workspace.ensembles.make(folds)
    assert not workspace.runs.get(id).tested
    with pytest.raises(DatasetError, match="tested on different images"):
        workspace.runs.predictions(id)
    end = drive(workspace, workspace.exports.submit(id))
    assert end.result["images"] == home.dataset.count(2) == end.result["agree"] + end.result["ties"]
    home.unpacked("folds", id)
    card = card_of(home.bundles["folds"])
    assert len(card["members"]) == 2 and card["certainty"]["threshold"] == 0, "every answer stands"
    text = (home.bundles["folds"] / "README.md").read_text(encoding="utf-8")
    assert "No validation images" in text and "`model.safetensors`, `model-2.safetensors`, `model.json`" in text


def test_what_is_no_ensemble_is_refused_and_one_that_lost_a_run_is_not_listed(home: Home) -> None:
    workspace, layers, early = home.workspace, home.runs["layers"], home.runs["early"]
    for wrong in (f"{layers}+", f"{layers}+{layers}", f"{layers}+nobody", "+"):
        with pytest.raises(UnknownJob):
            workspace.runs.get(wrong)
    id = workspace.ensembles.make([layers, early])
    assert workspace.ensembles.make([early, layers]) == id, "the same one, in whatever order"
    assert {workspace.runs.find(f" {a[:6]} + {b} ").id for a, b in ((layers, early), (early, layers))} == {id}
    for wrong in ("+", f"{layers}+", f"{layers}++{early}", f"{id}+{layers}"):
        with pytest.raises(UnknownJob, match="is no ensemble"):
            workspace.runs.find(wrong)
    workspace.runs.delete(early)
    assert id not in [run.id for run in workspace.ensembles.list(home.dataset.id)]
    workspace.runs.restore(early)
    assert id in [run.id for run in workspace.ensembles.list(home.dataset.id)]
    workspace.ensembles.delete("+".join(reversed(id.split("+"))))
    assert id not in [run.id for run in workspace.ensembles.list(home.dataset.id)]


def test_an_ensemble_that_is_removed_while_it_is_exported_does_not_come_back(home: Home) -> None:
    workspace = home.workspace
    id = workspace.runs.get("+".join((home.runs["early"], home.runs["layers"]))).id
    events = workspace.jobs.drive(workspace.exports.submit(id))
    next(events)
    assert id in [run.id for run in workspace.ensembles.list(home.dataset.id)], "exporting keeps it"
    workspace.runs.delete(id)
    *_, end = events
    assert end.status == "done" and id not in [run.id for run in workspace.ensembles.list(home.dataset.id)]


def test_the_bundle_of_an_ensemble_goes_with_its_members(tmp_path: Path, photos: Path) -> None:
    with Workspace(tmp_path) as first:
        dataset = first.datasets.get(drive(first, first.datasets.import_path(photos)).result["id"])
        gone, stays = first.runs.submit([first.recipes.make(dataset, "linear_probe", seed=seed) for seed in (0, 1)])
        other = first.runs.submit([first.recipes.make(dataset, "linear_probe", seed=2)])[0]
        for id in (f"{gone}+{stays}", f"{stays}+{other}", f"{other}+{stays}", stays):
            run_folder(tmp_path, id).mkdir(parents=True)
        with database(first) as store:
            for id in (f"{gone}+{stays}", f"{stays}+{other}"):
                store.add_ensemble(dataset.id, id)
        first.runs.delete(gone)
    with Workspace(tmp_path) as second:
        with database(second) as store:
            assert store.ensembles() == (f"{stays}+{other}",)
        assert {folder.name for folder in (tmp_path / "runs").iterdir()} == {stays, f"{stays}+{other}"}


def test_an_ensemble_that_cannot_be_read_hides_no_other_run(home: Home) -> None:
    id = home.workspace.ensembles.make([home.runs["layers"], home.runs["early"]])
    file = run_folder(home.workspace.root, home.runs["early"]) / "predictions.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:100])
    try:
        with Workspace(home.workspace.root, write=False) as reader:
            assert id not in [run.id for run in reader.ensembles.list(home.dataset.id)]
            with pytest.raises(UnknownJob, match="cannot be read"):
                reader.runs.get(id)
    finally:
        file.write_bytes(whole)
