"""Every strategy, run to its end, run again, and stopped half-way."""

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.bench import CLASSES, Bench, make_dataset, of_kind, said_of
from transfer_core.backbones.taps import parameter_groups
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.data.look_alikes import FILE, LookAlike
from transfer_core.errors import DatasetError, RecipeError
from transfer_core.strategies import STRATEGIES
from transfer_core.strategies.settings import SETTINGS
from transfer_core.training.checkpoint import CARD, WEIGHTS, load_network
from transfer_core.training.fit import fit
from transfer_core.types import (
    AUTO,
    TEST,
    VAL,
    EpochEnd,
    Event,
    Notice,
    Predictions,
    Progress,
    Recipe,
    RunEnd,
    StageStart,
    event_from_json,
    event_to_json,
)

NAMES = [strategy.name for strategy in STRATEGIES]
each_strategy = pytest.mark.parametrize("strategy", NAMES)
Finished = Callable[[str], list[Event]]


@each_strategy
def test_events_tell_the_whole_story(strategy: str, finished: Finished) -> None:
    events = finished(strategy)
    assert [event_from_json(event_to_json(event)) for event in events] == events
    starts, epochs, bars = of_kind(events, StageStart), of_kind(events, EpochEnd), of_kind(events, Progress)
    assert isinstance(events[0], StageStart)
    assert [start.number for start in starts] == list(range(1, starts[0].stages + 1))
    assert {epoch.stage for epoch in epochs} == {start.stage for start in starts[1:-1]}
    assert [epoch.epoch for epoch in epochs] == list(range(1, len(epochs) + 1))
    for stage in starts[1:-1]:
        own = [epoch for epoch in epochs if epoch.stage == stage.stage]
        assert len(own) <= stage.of
    assert any(epoch.best for epoch in epochs)
    figures = [(e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy, e.seconds) for e in epochs]
    assert np.isfinite(figures).all()
    steps = [step for bar in bars for step in bar.steps]
    assert steps == list(range(1, len(steps) + 1))
    assert epochs[-1].step == steps[-1]
    assert all(math.isfinite(loss) for bar in bars for loss in bar.losses)
    assert all(0 <= bar.done <= bar.of for bar in bars)
    assert all(bar.seconds_left >= 0 for bar in bars if bar.seconds_left is not None)
    assert of_kind(events, RunEnd) == [events[-1]]
    result = events[-1].result
    assert result["peak_bytes"] > 1 << 20
    assert result["images_per_second"] > 0
    assert result["seconds"] > 0


@each_strategy
def test_the_shown_validation_is_the_kept_one(strategy: str, finished: Finished) -> None:
    """The last that is called best is kept, and no later one had a lower validation loss."""
    events = finished(strategy)
    epochs = of_kind(events, EpochEnd)
    place = max(i for i, epoch in enumerate(epochs) if epoch.best)
    assert events[-1].result["val_accuracy"] == pytest.approx(epochs[place].val_accuracy)
    assert all(later.val_loss >= epochs[place].val_loss for later in epochs[place + 1 :])


@each_strategy
def test_predictions_cover_val_and_test_and_predict_agrees(strategy: str, finished: Finished, bench: Bench) -> None:
    result = finished(strategy)[-1].result
    run, data = bench.workspace / "runs" / strategy, bench.dataset
    stored = np.load(run / "predictions.npz")
    for name, split in (("val", VAL), ("test", TEST)):
        rows, probabilities = stored[f"{name}_samples"], stored[f"{name}_probabilities"]
        assert rows.tolist() == data.rows(split).tolist()
        assert stored[f"{name}_labels"].tolist() == data.labels[rows].tolist()
        assert probabilities.shape == (len(rows), len(CLASSES))
        assert np.allclose(probabilities.sum(1), 1)
        assert result[f"{name}_accuracy"] == np.mean(probabilities.argmax(1) == data.labels[rows])
    expected = calibrated(stored["test_probabilities"], fitted_temperature(Predictions(**stored)))
    for i, sample in enumerate(stored["test_samples"][:3]):
        image = bench.workspace / "datasets" / data.id / "samples" / data.files[sample]
        assert said_of(run, image) == pytest.approx(expected[i].tolist(), abs=1e-4)


@pytest.mark.parametrize("strategy", [each.name for each in STRATEGIES if "hidden" in each.settings])
def test_a_head_with_a_hidden_layer_is_drawn_by_the_seed_and_comes_back_whole(strategy: str, bench: Bench) -> None:
    runs = {}
    for seed in (0, 0, 1):
        torch.rand(7)  # what else draws in this process is of no account
        name = f"{strategy} hidden {len(runs)}"
        runs[name] = seed
        bench.run(bench.recipe(strategy, epochs=2, patience=0, hidden=24, dropout=0.5, seed=seed), name)
    first, again, other = (bench.workspace / "runs" / name for name in runs)
    assert (first / WEIGHTS).read_bytes() == (again / WEIGHTS).read_bytes() != (other / WEIGHTS).read_bytes()
    network, _ = load_network(first, torch.device("cpu"))
    assert [tuple(p.shape) for p in network.head.parameters()] == [(3, 24), (3,)]
    decayed = {id(p) for group in parameter_groups(network, head_lr=1, backbone_lr=1, weight_decay=0.1)
               if group["weight_decay"] for p in group["params"]}  # fmt: skip
    assert {p.ndim for p in network.hidden.parameters() if id(p) in decayed} == {2}, "its weights, not its biases"
    stored, data = np.load(first / "predictions.npz"), bench.dataset
    expected = calibrated(stored["test_probabilities"], fitted_temperature(Predictions(**stored)))
    for i, sample in enumerate(stored["test_samples"][:3]):
        image = bench.workspace / "datasets" / data.id / "samples" / data.files[sample]
        assert said_of(first, image) == pytest.approx(expected[i].tolist(), abs=1e-4)


def test_a_network_saved_before_heads_had_hidden_layers_loads(finished: Finished, bench: Bench, tmp_path: Path) -> None:
    finished("frozen_head")
    shutil.copytree(bench.workspace / "runs" / "frozen_head", tmp_path / "old")
    card = json.loads((tmp_path / "old" / CARD).read_text())
    del card["hidden"], card["recipe"]["hidden"], card["sha256"]
    (tmp_path / "old" / CARD).write_text(json.dumps(card))
    network, classes = load_network(tmp_path / "old", torch.device("cpu"))
    assert isinstance(network.head, torch.nn.Linear) and not len(network.hidden) and classes == CLASSES


@each_strategy
def test_the_same_recipe_gives_the_same_bits(strategy: str, finished: Finished, bench: Bench) -> None:
    finished(strategy)
    bench.run(bench.recipe(strategy, epochs=2, patience=0), f"{strategy} again")
    first, again = (bench.workspace / "runs" / name for name in (strategy, f"{strategy} again"))
    assert {file.name for file in first.iterdir()} == {
        "familiar.npz",
        "model.json",
        "model.safetensors",
        "predictions.npz",
        "recipe.json",
    }
    for file in first.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes(), file.name


@each_strategy
def test_closing_half_way_leaves_no_half_written_file(strategy: str, bench: Bench, tmp_path: Path) -> None:
    data = make_dataset(tmp_path, [0] * 12 + [1] * 6 + [2] * 6, [0, 1, 2] * 8)
    wanted = bench.recipe(strategy, epochs=2)
    total = sum(1 for _ in fit(wanted, data, workspace=tmp_path, out=tmp_path / "whole", device="cpu"))
    for stop in (1, total // 6, total // 3, total - 2):
        for kept in (*(tmp_path / "features").glob("*"), *(tmp_path / "datasets" / data.id).glob("pixels*")):
            kept.unlink()
        events = fit(wanted, data, workspace=tmp_path, out=tmp_path / str(stop), device="cpu")
        for _ in range(stop):
            next(events)
        events.close()  # type: ignore[attr-defined]
        names = {file.name for file in tmp_path.rglob("*") if file.is_file() and "samples" not in file.parts}
        assert not {name for name in names if name.startswith(".") or "part" in name or "tmp" in name}
        assert not (tmp_path / str(stop) / "model.json").exists()


def test_frozen_features_are_computed_once(bench: Bench, tmp_path: Path) -> None:
    data = make_dataset(tmp_path, bench.dataset.splits, bench.dataset.labels)

    def phases(strategy: str, **settings: str) -> set[str]:
        wanted = bench.recipe(strategy, epochs=1, **settings)
        events = fit(wanted, data, workspace=tmp_path, out=tmp_path / strategy, device="cpu")
        return {event.what for event in events if isinstance(event, Progress)}

    assert "Computing features" in phases("linear_svm", tap=bench.backbone.taps[0].name)
    assert "Computing features" in phases("linear_probe")  # a deeper tap
    assert "Computing features" not in phases("fine_tune_all")
    assert "Computing features" not in phases("all_layers"), "what lies on the way to the last tap was seen with it"


def test_a_kept_head_is_another_where_a_later_setting_is_set(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make_dataset(tmp_path, bench.dataset.splits, bench.dataset.labels)
    plain = bench.recipe("linear_probe")

    def heads(wanted: Recipe) -> set[str]:
        list(fit(wanted, data, workspace=tmp_path, out=tmp_path / "run", device="cpu"))
        return {file.name for file in (tmp_path / "features").glob("*.head.npz")}

    before = heads(plain)
    assert len(before) == 1 and heads(replace(plain, clip=2.0)) == before, "which a solver does not read"
    monkeypatch.setitem(SETTINGS, "clip", replace(SETTINGS["clip"], later=True))
    clip = next(each for each in fields(Recipe) if each.name == "clip")
    monkeypatch.setattr(clip, "metadata", {**clip.metadata, "later": True})
    assert heads(plain) == before and len(heads(replace(plain, clip=2.0))) == 2


def test_features_do_not_hang_on_what_was_computed_before(bench: Bench, tmp_path: Path) -> None:
    """First for a few images of each class, then for the rest: the same bits as all at once."""
    data = make_dataset(tmp_path / "parts", bench.dataset.splits, bench.dataset.labels)
    make_dataset(tmp_path / "whole", bench.dataset.splits, bench.dataset.labels)
    for root, few in (("parts", True), ("whole", False)):
        for given in [{"per_class": 3, "seed": 5}] * few + [{}]:
            wanted = bench.recipe("all_layers", **given)
            list(fit(wanted, data, workspace=tmp_path / root, out=tmp_path / root / "run", device="cpu"))
    parts, whole = (
        [file for file in sorted((tmp_path / root / "features").iterdir()) if not file.name.endswith(".head.npz")]
        for root in ("parts", "whole")
    )
    assert len(parts) == len(whole) == len(bench.backbone.taps)
    for one, other in zip(parts, whole, strict=True):
        with np.load(one) as first, np.load(other) as second:  # they tell their own pace as well
            for name in ("rows", "codes"):
                assert first[name].tobytes() == second[name].tobytes()
    assert (tmp_path / "parts/run/predictions.npz").read_bytes() == (
        tmp_path / "whole/run/predictions.npz"
    ).read_bytes()


def test_the_tap_is_chosen_by_cross_validation_and_told(bench: Bench, finished: Finished) -> None:
    result = finished("linear_svm")[-1].result
    curve = dict(result["depth_curve"])
    assert tuple(curve) == bench.backbone.tap_names
    assert curve[result["tap"]] == max(curve.values())
    assert any("Features come from" in event.text for event in of_kind(finished("linear_svm"), Notice))
    kept = finished("all_layers")[-1].result["features_kept"]
    assert tuple(kept) == bench.backbone.tap_names
    assert all(0 <= kept[tap.name] <= tap.channels for tap in bench.backbone.taps) and sum(kept.values())


def test_a_flip_that_makes_classes_alike_is_told_before_training(bench: Bench) -> None:
    """What is kept of the dataset is believed; its own images, stripes and spots, are what they were when mirrored."""
    kept = bench.workspace / "datasets" / bench.dataset.id / FILE
    assert not any("Flipped" in event.text for event in of_kind(bench.run(flipping(bench), "flips"), Notice))
    assert kept.read_text() == "[]"
    pair = LookAlike(symmetry="flip", label=0, like=1, share=0.9, back=0.8, images=20, images_back=20)
    kept.write_text(json.dumps([asdict(pair)]))
    events = bench.run(flipping(bench), "flips more")
    said = next(event for event in events if isinstance(event, Notice))
    assert said.text.startswith("Flipped left and right, 18 of 20 images of 'stripes' look like 'spots <b>'")
    assert events.index(said) < events.index(of_kind(events, EpochEnd)[0])
    still = bench.run(flipping(bench, flip="no"), "flips no more")
    assert not any("Flipped" in event.text for event in of_kind(still, Notice))
    kept.unlink()


def flipping(bench: Bench, **overrides: str) -> Recipe:
    return bench.recipe("frozen_head", epochs=1, augment="light", **overrides)


def test_folds_leave_the_test_split_alone(bench: Bench) -> None:
    end = bench.run(bench.recipe("linear_probe", folds=3, fold=2), "fold")[-1]
    stored = np.load(bench.workspace / "runs" / "fold" / "predictions.npz")
    assert not np.isin(stored["test_samples"], bench.dataset.rows(TEST)).any()
    assert len(stored["test_samples"]) == pytest.approx(18, abs=2)
    assert end.result["test_accuracy"] > 0.6


LOPSIDED = {
    "tiny": ([0, 0, 0, 1, 2], [0, 1, 2, 0, 1]),  # one image a class, classes missing from val and test
    "train only": ([0] * 12, [0, 1, 2] * 4),  # neither val nor test
    "unseen class": ([0, 0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 1, 2, 2]),  # a class that training never sees
    "one image": ([0, 1, 2], [0, 1, 2]),  # a single training image
}
# Each solver of heads meets all of them, as does one strategy of two stages; the others, which share its loop, one.
MEETS_ALL = ("linear_probe", "linear_svm", "all_layers", "fine_tune_top")


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        pytest.param(kind, name, marks=[] if name in MEETS_ALL or kind == "one image" else [pytest.mark.soak])
        for kind in LOPSIDED
        for name in NAMES
    ],
)
def test_small_and_lopsided_datasets_finish(kind: str, strategy: str, bench: Bench, tmp_path: Path) -> None:
    data = make_dataset(tmp_path, *LOPSIDED[kind])
    wanted = bench.recipe(strategy, epochs=1, batch_size=4)
    end = list(fit(wanted, data, workspace=tmp_path, out=tmp_path / "run", device="cpu"))[-1]
    assert end.status == "done"
    assert (end.result["test_accuracy"] is None) == (not data.count(TEST))


def test_recipes_that_do_not_fit_are_refused(bench: Bench) -> None:
    good = bench.recipe("linear_probe")
    for wrong, error in (
        (replace(good, dataset="other"), RecipeError),
        (replace(good, weights="older"), RecipeError),
        (replace(good, strategy="magic"), RecipeError),
    ):
        with pytest.raises(error):
            bench.run(wrong, "refused")
    empty = replace(bench.dataset, splits=np.full(len(bench.dataset), TEST))
    with pytest.raises(DatasetError, match="no training images"):
        bench.run(good, "refused", empty)


def test_the_run_folder_says_what_it_holds(bench: Bench, finished: Finished) -> None:
    finished("linear_svm")
    run = bench.workspace / "runs" / "linear_svm"
    card = json.loads((run / "model.json").read_text())
    recipe = bench.recipe("linear_svm", epochs=2, patience=0)
    assert json.loads((run / "recipe.json").read_text()) == asdict(recipe) == card["recipe"]
    assert tuple(card["classes"]) == CLASSES
    assert card["taps"] == [finished("linear_svm")[-1].result["tap"]]
    assert recipe.tap == AUTO
    with pytest.raises(DatasetError, match="no trained model"):
        said_of(bench.workspace, run / "model.json")


def test_shuffled_labels_teach_nothing(bench: Bench, finished: Finished) -> None:
    """Nothing of the test split may reach training: with labels at random, its accuracy stays near chance."""
    labels = np.random.default_rng(3).permutation(bench.dataset.labels)
    shuffled = replace(bench.dataset, labels=labels)
    true = finished("linear_probe")[-1].result["test_accuracy"]
    end = bench.run(bench.recipe("linear_probe"), "shuffled", shuffled)[-1]
    assert end.result["test_accuracy"] < 0.7 < true
