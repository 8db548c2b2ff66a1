"""The one door: advice that can be launched, undo, what a restart keeps and what it clears."""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import save

from tests.driving import drive
from transfer_core.advice import advise
from transfer_core.backbones.torchvision import build
from transfer_core.errors import ArchiveError, DatasetError, RecipeError, UnknownJob
from transfer_core.studies import rates
from transfer_core.types import SWITCHES, Answers, Dataset, RunEnd
from transfer_core.workspace import Workspace

ANSWERS = list(product((500, 5_000, 50_000), ("similar", "different", None), ("limited", "ample", None)))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, small_networks: None) -> Iterator[Workspace]:
    opened = Workspace(tmp_path_factory.mktemp("door"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(workspace: Workspace, photos: Path) -> Dataset:
    return workspace.datasets.get(drive(workspace, workspace.datasets.import_path(photos)).result["id"])


@pytest.mark.timeout(300)
def test_every_strategy_and_what_any_answers_recommend_finishes(workspace: Workspace, dataset: Dataset) -> None:
    recipes = {}
    for images, similarity, budget in ANSWERS:
        advice = advise(Answers(images=images, similarity=similarity, budget=budget))  # type: ignore[arg-type]
        for suggestion in advice.suggestions:
            fields = dict(suggestion.overrides)
            assert workspace.recipes.make(dataset, suggestion.strategy, **fields).strategy == suggestion.strategy
            short = workspace.recipes.make(dataset, suggestion.strategy, **{**fields, "epochs": 1})
            recipes[short.id] = short
    for known in workspace.strategies.list():
        short = workspace.recipes.make(dataset, known.name, epochs=1)
        recipes[short.id] = short
    ids = workspace.runs.submit(list(recipes.values()))
    for id in ids:
        drive(workspace, id)
    comparison = workspace.comparisons.make(ids)
    assert comparison.verdict.choice in ids and len(comparison.scores) == len(ids)
    assert len(set(workspace.runs.titles(comparison.runs).values())) == len(ids)


def test_repeats_have_a_mean_and_folds_are_compared_among_themselves(workspace: Workspace, dataset: Dataset) -> None:
    folds = workspace.runs.submit(workspace.recipes.repeated(dataset, "linear_probe", folds=3))
    seeds = workspace.runs.submit(workspace.recipes.repeated(dataset, "linear_probe", seeds=2, per_class=4))
    for id in (*folds, *seeds):
        drive(workspace, id)
    groups = {frozenset(run.id for run in group.runs): group for group in workspace.runs.repeats(dataset.id)}
    assert set(groups) >= {frozenset(folds), frozenset(seeds)}
    found = groups[frozenset(folds)]
    accuracies = [workspace.runs.get(id).test_accuracy for id in folds]
    assert found.done == 3 and found.mean == pytest.approx(np.mean(accuracies))
    assert found.spread == pytest.approx(np.std(accuracies, ddof=1))
    assert workspace.comparisons.make(seeds).verdict.choice in seeds
    once_more = workspace.runs.submit([workspace.runs.get(folds[0]).recipe], again=True)
    drive(workspace, once_more[0])
    (now,) = (group for group in workspace.runs.repeats(dataset.id) if once_more[0] in {run.id for run in group.runs})
    assert [run.id for run in now.runs] == [once_more[0], *folds[1:]], "each fold once, the newest"
    assert len(set(workspace.runs.titles_of_repeats(workspace.runs.repeats(dataset.id)))) == len(
        workspace.runs.repeats(dataset.id)
    )
    with pytest.raises(DatasetError, match="different images"):
        workspace.comparisons.make([*folds, *seeds])


def test_a_saved_recipe_is_launched_again(workspace: Workspace, dataset: Dataset) -> None:
    made = workspace.recipes.make(dataset, "gradual", lr=0.01, epochs=3, flip=False)
    saved = json.loads(json.dumps(asdict(made)))
    assert workspace.recipes.from_json(saved, dataset) == made
    assert workspace.recipes.from_json({**saved, "dataset": "of a friend"}, dataset) == made
    assert (
        workspace.recipes.from_json({"strategy": "small_cnn", "backbone": "bundled"}, dataset).backbone == "small_cnn"
    )
    for wrong in ({**saved, "backbone": "resnet19"}, {"strategy": "gradual"}, "gradual", {**saved, "epochs": 0}):
        with pytest.raises(RecipeError):
            workspace.recipes.from_json(wrong, dataset)


def test_augmentation_is_drawn_on_the_users_images(workspace: Workspace, dataset: Dataset) -> None:
    plain, light = (workspace.recipes.make(dataset, "fine_tune_all", augment=name) for name in ("none", "light"))
    assert workspace.recipes.augmented(dataset, light) is None
    for recipe in (plain, light):
        drive(workspace, workspace.recipes.draw_augmented(dataset, recipe))
    still, moved = (workspace.recipes.augmented(dataset, recipe) for recipe in (plain, light))
    assert still and moved
    rows = np.asarray(Image.open(io.BytesIO(still)).convert("RGB")).astype(int)
    side = (rows.shape[1] - 4) // 2
    assert rows.shape == (3 * side + 2 * 4, 2 * side + 4, 3), "the whole image and the network's square of it"
    augmented = np.asarray(Image.open(io.BytesIO(moved)).convert("RGB")).astype(int)
    assert augmented.shape == (3 * side + 2 * 4, 7 * side + 6 * 4, 3)
    assert (augmented[:, : 2 * side + 4] == rows).all()
    square, *drawn = (augmented[:, (side + 4) * column :][:, :side] for column in range(1, 7))
    assert all(np.abs(one - square).mean() > 2 for one in drawn)


def test_a_drawing_holds_what_changes_the_picture_and_nothing_else(workspace: Workspace, dataset: Dataset) -> None:
    made = partial(workspace.recipes.make, dataset, "fine_tune_all")
    first = {"augment": "light"}
    drive(workspace, workspace.recipes.draw_augmented(dataset, made(**first)))
    same = ({"lr": 0.5}, {"flip": "yes"}, {"flip_up": "no"}, {"seed": 4})
    assert all(workspace.recipes.augmented(dataset, made(**first, **each)) for each in same)
    other = (*({name: "yes"} for name in SWITCHES if name not in ("flip", "shift")), {"shift": "no"}, {"flip": "no"})
    for each in (*other, {"augment": "standard"}, {"fit": "pad"}, {"px": 64}):
        assert workspace.recipes.augmented(dataset, made(**(first | each))) is None, each


def test_learning_rates_are_tried_once_for_recipes_that_differ_in_them(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "MOST_STEPS", 6)
    monkeypatch.setattr(rates, "LEAST_STEPS", 6)
    recipe = workspace.recipes.make(dataset, "frozen_head", per_class=2)
    other = workspace.recipes.make(
        dataset, "frozen_head", per_class=2, lr=0.02, epochs=3, schedule="constant", warm_up=0
    )
    assert workspace.studies.rate_test(dataset, recipe) is None and workspace.studies.rate_job(dataset, recipe) is None
    job = workspace.studies.find_rate(dataset, recipe)
    assert workspace.studies.find_rate(dataset, other) == job, "while it waits"
    drive(workspace, job)
    assert workspace.studies.find_rate(dataset, other) == job, "once it has ended"
    found, same = workspace.studies.rate_test(dataset, recipe), workspace.studies.rate_test(dataset, other)
    assert found and same and found.losses == same.losses and len(found.losses) == found.steps == 6
    assert (found.own, same.own) == (recipe.lr, 0.02)
    smaller = workspace.recipes.make(dataset, "frozen_head", per_class=2, batch_size=4)
    slower = workspace.recipes.make(dataset, "fine_tune_all", per_class=2, backbone_lr=1e-5)
    ids = {job, *(workspace.studies.find_rate(dataset, each) for each in (smaller, slower))}
    ids.add(workspace.studies.find_rate(dataset, workspace.recipes.make(dataset, "fine_tune_all", per_class=2)))
    assert len(ids) == 4, "of other batches, or rates in another ratio, the test is another"
    for id in ids - {job}:
        workspace.jobs.stop(id)
    with pytest.raises(RecipeError, match="it has no learning rate"):
        workspace.studies.find_rate(dataset, workspace.recipes.make(dataset, "linear_probe"))


def test_a_dataset_is_renamed_deleted_and_restored(workspace: Workspace, dataset: Dataset) -> None:
    assert workspace.datasets.rename(dataset.id, "  my \n photos ") == "my photos"
    assert workspace.datasets.find("my photos").id == dataset.id
    with pytest.raises(DatasetError, match="name"):
        workspace.datasets.rename(dataset.id, "  ")
    workspace.datasets.delete(dataset.id)
    with pytest.raises(DatasetError, match="my photos"):
        workspace.datasets.find("my photos")
    workspace.datasets.restore(dataset.id)
    assert workspace.datasets.get(dataset.id).classes == dataset.classes


def test_images_come_upright_and_square(workspace: Workspace, dataset: Dataset) -> None:
    tile = Image.open(io.BytesIO(workspace.datasets.thumbnail(dataset, 0, px=64)))
    assert tile.size == (64, 64)


@pytest.mark.parametrize(
    ("path", "says"), [("/etc/passwd", "outside the folders"), ("../../x.zip", "outside"), ("none.zip", "outside")]
)
def test_a_browser_imports_only_from_allowed_folders(
    path: str, says: str, workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(ArchiveError, match=says):
        workspace.datasets.import_path(Path(path), allowed=(tmp_path,))
    (tmp_path / "link").symlink_to("/etc")
    with pytest.raises(ArchiveError, match="outside"):
        workspace.datasets.import_path(tmp_path / "link" / "passwd", allowed=(tmp_path,))
    with pytest.raises(ArchiveError, match="does not exist"):
        workspace.datasets.import_path(tmp_path / "none.zip", allowed=(tmp_path,))


@pytest.mark.parametrize(
    ("strategy", "backbone", "fields", "says"),
    [
        ("magic", "bundled", {}, "linear_probe"),
        ("linear_probe", "resnet9000", {}, "bundled"),
        ("linear_svm", "bundled", {"tap": "stage99"}, "stage99"),
        ("fine_tune_all", "bundled", {"epochs": 0}, "epochs"),
        ("fine_tune_all", "bundled", {"lr": float("nan")}, "lr"),
    ],
)
def test_a_wrong_recipe_names_what_is_wrong(
    strategy: str, backbone: str, fields: dict[str, object], says: str, workspace: Workspace, dataset: Dataset
) -> None:
    with pytest.raises(RecipeError, match=says):
        workspace.recipes.make(dataset, strategy, backbone, **fields)


def test_a_run_that_has_not_finished_cannot_predict_or_be_compared(workspace: Workspace, dataset: Dataset) -> None:
    (id,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", seed=77)])
    for ask in (lambda: workspace.predictions.submit([id], [("a.png", b"")]), lambda: workspace.comparisons.make([id])):
        with pytest.raises(UnknownJob, match="not finished"):
            ask()


def test_closing_an_import_midway_leaves_nothing(tmp_path: Path, photos: Path) -> None:
    workspace = Workspace(tmp_path)
    job = workspace.datasets.import_path(photos)
    events = workspace.jobs.drive(job)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert workspace.jobs.get(job).status == "stopped" and workspace.datasets.list() == ()
    assert not list((tmp_path / "staging").iterdir()) and not (tmp_path / "datasets").exists()
    workspace.close()


def test_a_restart_clears_what_was_deleted_and_half_done(tmp_path: Path, photos: Path) -> None:
    first = Workspace(tmp_path)
    dataset = first.datasets.get(drive(first, first.datasets.import_path(photos)).result["id"])
    run = first.runs.submit([first.recipes.make(dataset, "linear_probe")])[0]
    drive(first, run)
    first.datasets.delete(dataset.id)
    assert (tmp_path / "datasets" / dataset.id).exists(), "undo is possible until the next start"
    (tmp_path / "staging" / "half").mkdir()
    (tmp_path / "features" / "other.npz.12.part").touch()
    first.close()
    second = Workspace(tmp_path)
    gone = [tmp_path / "datasets" / dataset.id, tmp_path / "runs" / run, tmp_path / "staging" / "half"]
    assert [folder for folder in gone if folder.exists()] == []
    assert list((tmp_path / "features").iterdir()) == []
    second.close()


def test_a_users_own_weights_are_checked_and_then_trained_from(workspace: Workspace, dataset: Dataset) -> None:
    weights = io.BytesIO(save(dict(build("shufflenet_v2_x0_5", classes=5).state_dict())))
    added = workspace.backbones.add_upload(weights, "../My: net.safetensors", arch="shufflenet_v2_x0_5", name="my-net")
    assert drive(workspace, added).result == {"name": "my-net"}
    own = workspace.backbones.get("my-net")
    assert (
        own in workspace.backbones.list() and workspace.backbones.available(own) and own.source == "My: net.safetensors"
    )
    (run,) = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "my-net")])
    assert workspace.runs.get(run).recipe.weights == own.weights
    drive(workspace, run)
    other = workspace.backbones.add_upload(
        io.BytesIO(weights.getvalue()), "x.safetensors", arch="resnet18", name="other"
    )
    *_, end = workspace.jobs.drive(other)
    assert isinstance(end, RunEnd) and end.status == "failed" and "has no tensor 'conv1.weight'" in end.error
    assert not any((workspace.root / "staging").iterdir())
