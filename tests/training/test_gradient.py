"""The training loop: its settings, what it freezes, keeps and refuses."""

import math
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.bench import Bench, make_dataset, of_kind
from transfer_core.backbones.taps import extractor
from transfer_core.backbones.torchvision import build, load
from transfer_core.errors import RecipeError
from transfer_core.training import augment, gradient
from transfer_core.training.fit import fit, solve
from transfer_core.training.images import Images
from transfer_core.training.setup import begin, plan, prepare
from transfer_core.types import TEST, TRAIN, UNUSED, Dataset, EpochEnd, Progress, Recipe, StageStart


def few(bench: Bench) -> Dataset:
    """Twelve training images and three to test on, none to validate; the rest unused."""
    splits = np.full(len(bench.dataset), UNUSED)
    splits[bench.dataset.rows(TRAIN)[:12]], splits[bench.dataset.rows(TEST)[:3]] = TRAIN, TEST
    return replace(bench.dataset, splits=splits)


def last_kept(bench: Bench, name: str, strategy: str, **overrides: object) -> Path:
    """Weights after two epochs on a dataset without validation images, of which the last are kept."""
    bench.run(bench.recipe(strategy, **({"epochs": 2, "patience": 0} | overrides)), name, few(bench))
    return bench.workspace / "runs" / name / "model.safetensors"


def test_settings_of_training_reach_it(bench: Bench) -> None:
    """Each of them changes what comes out; what a setting at rest gives is the same to the bit."""
    first = last_kept(bench, "at rest", "fine_tune_all")
    settings = {
        "batch_size": 8,
        "lr": 2e-3,
        "backbone_lr": 3e-4,
        "weight_decay": 0.5,
        "optimizer": "sgd",
        "depth_decay": 0.5,
        "smoothing": 0.0,
        "dropout": 0.5,
        "clip": 0.01,
        "augment": "standard",
        "flip": "no",
        "erasing": "yes",
        "schedule": "constant",
        "warm_up": 0.0,
    }
    for name, value in settings.items():
        changed = last_kept(bench, f"with {name}", "fine_tune_all", **{name: value})
        assert changed.read_bytes() != first.read_bytes(), name


def test_rates_are_the_recipes(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict] = []

    def noted(groups: list[dict]) -> torch.optim.Optimizer:
        seen.extend({**group, "initial": group["lr"]} for group in groups)
        return torch.optim.AdamW(groups)

    monkeypatch.setitem(gradient.OPTIMIZERS, "adamw", noted)
    wanted = bench.recipe("fine_tune_all", epochs=1, lr=4e-3, backbone_lr=2e-4, depth_decay=0.5, weight_decay=0.03)
    bench.run(wanted, "rates")
    by_name = {group["name"]: group for group in seen}
    early, late = bench.backbone.tap_names[-2:]
    assert by_name["head"]["initial"] == 4e-3
    assert by_name[late]["initial"] == 2e-4
    assert by_name[early]["initial"] == 1e-4
    assert by_name[late]["weight_decay"] == 0.03


def test_dropout_is_the_same_when_run_again(bench: Bench) -> None:
    torch.manual_seed(1)
    for name in ("dropout", "dropout again"):
        bench.run(bench.recipe("frozen_head", epochs=2, patience=0, dropout=0.5), name)
        torch.rand(7)  # what else draws in this process is of no account
    first, again = (bench.workspace / "runs" / name / "model.safetensors" for name in ("dropout", "dropout again"))
    assert first.read_bytes() == again.read_bytes()


def test_stages_draw_augmentations_of_their_own(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr(gradient, "draws", lambda n, seed, epoch: seen.append(epoch) or augment.draws(n, seed, epoch))
    bench.run(bench.recipe("gradual", epochs=8, patience=0), "gradual draws", few(bench))
    assert seen == list(range(1, 9))


def test_many_validation_images_do_not_stop_a_training_of_few(bench: Bench, tmp_path: Path) -> None:
    """Looks are thinned then; patience still sees several of them, and what was learned is kept."""
    data = make_dataset(tmp_path, [0] * 6 + [1] * 36 + [2] * 6, [0, 1, 2] * 16)
    for strategy in ("frozen_head", "fine_tune_all"):
        wanted = bench.recipe(strategy, epochs=24, lr=1e-2, patience=8)
        events = list(fit(wanted, data, workspace=tmp_path, out=tmp_path / strategy, device="cpu"))
        own = [epoch for epoch in of_kind(events, EpochEnd) if epoch.stage == of_kind(events, StageStart)[-2].stage]
        looks = [epoch for epoch in own if epoch.val_loss is not None]
        assert 2 <= len(looks) < len(own)
        assert events[-1].result["val_accuracy"] > 0.5
        assert events[-1].result["val_accuracy"] == pytest.approx(
            [epoch for epoch in of_kind(events, EpochEnd) if epoch.best][-1].val_accuracy
        )


def test_a_spoiled_stage_gives_back_what_it_began_with(bench: Bench) -> None:
    events = bench.run(bench.recipe("fine_tune_all", epochs=3, patience=0, lr=0.3, backbone_lr=0.3), "spoiled")
    head = [epoch for epoch in of_kind(events, EpochEnd) if epoch.stage == "head"][-1]
    assert events[-1].result["val_accuracy"] >= head.val_accuracy


def test_rare_classes_count_with_smoothed_labels_too(bench: Bench, tmp_path: Path) -> None:
    """Smoothing gives every class a share of each label: that share must not weigh as much as a rare class's images."""
    data = make_dataset(tmp_path, [0] * 63 + [2] * 20, [0] * 60 + [1] * 3 + [0, 1] * 10)  # none of the third class
    wanted = bench.recipe("frozen_head", epochs=10, lr=1e-2, balanced=True, smoothing=0.1)
    list(fit(wanted, data, workspace=tmp_path, out=tmp_path / "run", device="cpu"))
    stored = np.load(tmp_path / "run" / "predictions.npz")
    found = stored["test_probabilities"].argmax(1)
    assert (found == stored["test_labels"]).mean() > 0.7
    assert (found[stored["test_labels"] == 0] == 0).mean() > 0.7


def test_balanced_classes_weigh_the_same(bench: Bench, tmp_path: Path) -> None:
    """Thirty images of one class and three of the others: the rare ones are found more often."""
    labels = [0] * 30 + [1] * 3 + [2] * 3 + [0, 1, 2] * 10
    data = make_dataset(tmp_path, [0] * 36 + [2] * 30, labels)
    found = {}
    for balanced in (False, True):
        wanted = bench.recipe("frozen_head", epochs=6, lr=3e-3, balanced=balanced)
        out = tmp_path / str(balanced)
        list(fit(wanted, data, workspace=tmp_path, out=out, device="cpu"))
        stored = np.load(out / "predictions.npz")
        found[balanced] = int((stored["test_probabilities"].argmax(1) > 0).sum())
    assert found[True] > found[False]


def test_what_is_frozen_does_not_change(bench: Bench) -> None:
    names = ("linear_probe", "frozen_head", "fine_tune_top", "fine_tune_all", "gradual")
    before, head, top, everything, gradual = (load_file(last_kept(bench, f"frozen {name}", name)) for name in names)
    in_order = [f"trunk.{name}" for name in build(bench.backbone.arch).state_dict()]
    first, *_, last = (name for name in in_order if name in before and before[name].ndim == 4)
    statistics = next(name for name in in_order if name.endswith("running_mean"))
    trunk = [name for name in before if name.startswith("trunk.")]
    assert all(torch.equal(before[name], head[name]) for name in trunk)
    assert not torch.equal(before["head.weight"], head["head.weight"])
    assert not torch.equal(before[last], gradual[last])
    assert torch.equal(before[first], top[first])
    assert torch.equal(before[statistics], top[statistics])
    assert not torch.equal(before[last], top[last])
    assert not torch.equal(before[first], everything[first])


@pytest.mark.parametrize("batch_norm", ["kept", "batch"])
def test_batchnorm_normalises_as_pretrained_or_by_the_batch(batch_norm: str, bench: Bench) -> None:
    before = load_file(last_kept(bench, "before", "linear_probe"))
    after = load_file(last_kept(bench, batch_norm, "fine_tune_all", batch_norm=batch_norm))
    statistics = [name for name in before if name.endswith(("running_mean", "running_var"))]
    learned = [name for name in before if name.startswith("trunk.") and before[name].ndim == 4]
    assert statistics and all(torch.equal(before[n], after[n]) == (batch_norm == "kept") for n in statistics)
    assert not any(torch.equal(before[name], after[name]) for name in learned)


def test_batches_of_one_train(bench: Bench) -> None:
    events = bench.run(bench.recipe("from_scratch", epochs=1, batch_size=1), "ones", few(bench))
    assert len(of_kind(events, EpochEnd)) == 1
    bars = [bar for bar in of_kind(events, Progress) if bar.what == "Epoch 1 of 1"]
    assert [bar.done for bar in bars] == list(range(1, bars[-1].of + 1))


def test_early_stopping_keeps_the_best_epoch(bench: Bench) -> None:
    """A learning rate far too large spoils the network at once; patience ends the run, the best epoch stays."""
    events = bench.run(bench.recipe("fine_tune_all", epochs=30, patience=2, lr=0.05, backbone_lr=0.05), "early")
    epochs = [event for event in of_kind(events, EpochEnd) if event.stage == "fine-tune"]
    assert 3 <= len(epochs) < 30
    assert not epochs[-1].best
    assert not epochs[-2].best
    kept = [epoch for epoch in of_kind(events, EpochEnd) if epoch.best][-1]
    assert kept.val_loss <= min(epoch.val_loss for epoch in epochs)
    assert events[-1].result["val_accuracy"] == pytest.approx(kept.val_accuracy)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_divergence_is_a_sentence(loss: float, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient, "learn", lambda *_, **__: (loss, 0))
    with pytest.raises(RecipeError, match=r"diverged at step 1: .*smaller learning rate than 0\.5"):
        bench.run(bench.recipe("from_scratch", epochs=5, lr=0.5), "diverged")


def test_a_full_device_is_a_sentence(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(gradient, "learn", full)
    with pytest.raises(RecipeError, match=r"full even with 2 images at once\. Try fewer pixels"):
        bench.run(bench.recipe("from_scratch", epochs=1), "full")


def returned(work: Generator[Any, None, Any]) -> Any:
    """What a generator returns at its end."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_a_stage_that_is_closed_leaves_its_best_network(bench: Bench) -> None:
    """As the pilots close one that takes too long."""
    wanted = bench.recipe("fine_tune_all", epochs=3, patience=0, lr=0.3, backbone_lr=0.3)
    backbone, stages = plan(wanted, bench.dataset, bench.workspace)
    preparing = prepare(wanted, bench.dataset, backbone, workspace=bench.workspace, device=torch.device("cpu"))
    run = begin(returned(preparing), stages)
    for _ in solve(run, stages[0]):
        pass
    begun = gradient.state(run.network)
    events = solve(run, stages[1])
    next(event for event in events if isinstance(event, EpochEnd))
    events.close()
    assert all(torch.equal(begun[name], value) for name, value in run.network.state_dict().items())


def test_a_frozen_head_at_a_constant_rate_is_the_slides_loop(bench: Bench) -> None:
    """CS5720, week 5: all parameters frozen, a new linear layer, Adam at 0.001 on it alone; nothing that Graft adds."""
    slide = {"schedule": "constant", "warm_up": 0.0, "augment": "none"}
    wanted, data = bench.recipe("frozen_head", epochs=3, patience=0, **slide), few(bench)
    assert (wanted.optimizer, wanted.lr) == ("adam", 1e-3)
    learned = load_file(last_kept(bench, "slide", "frozen_head", epochs=3, **slide))

    network = load(bench.backbone).eval()
    codes = extractor(network, bench.backbone, bench.backbone.taps[-1:])
    fc = torch.nn.Linear(bench.backbone.taps[-1].channels, len(data.classes))
    torch.nn.init.zeros_(fc.weight)
    torch.nn.init.zeros_(fc.bias)
    optimizer = torch.optim.Adam(fc.parameters(), lr=1e-3)
    folder = bench.workspace / "datasets" / data.id
    (squares,) = folder.glob(f"pixels-{bench.backbone.input_px}*.npy")
    images = Images(np.load(squares), bench.backbone, torch.device("cpu"))
    for epoch in (1, 2, 3):
        for rows in augment.shuffled(data.rows(TRAIN), wanted.batch_size, wanted.seed, epoch):
            with torch.no_grad():
                features = codes(images.batch(rows))[bench.backbone.tap_names[-1]].mean((2, 3))
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(fc(features), torch.from_numpy(data.labels[rows])).backward()
            optimizer.step()
    assert learned["head.weight"].abs().max() > 1e-3
    assert torch.allclose(learned["head.weight"], fc.weight, atol=1e-6)
    assert torch.allclose(learned["head.bias"], fc.bias, atol=1e-6)


@pytest.mark.parametrize("steps", [7, 400, 1_000, 5_000])
def test_by_rule_the_rate_warms_up_and_falls_as_it_did_before_these_were_settings(steps: int) -> None:
    wanted = Recipe(dataset="d", backbone="b", weights="w", strategy="s", version=1)
    warm = gradient.warm_up(steps, wanted.warm_up)
    assert warm == min(100, 0.1 * steps)
    shares = [gradient.share_of_peak(step, steps, warm, wanted.schedule) for step in range(steps)]
    assert shares[-1] < 0.1 < max(shares) and 0.95 < max(shares) <= 1
    assert {gradient.share_of_peak(step, steps, 0.0, "constant") for step in range(steps)} == {1.0}


@pytest.mark.parametrize("strategy", ["frozen_head", "fine_tune_all"])
def test_the_epoch_that_is_kept_is_the_one_that_reaches_most_of_what_counts(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    """Here what counts comes as it is told, whatever the loss says; of equals the lower loss is kept."""
    told = iter([0.5, 0.2, 0.9, 0.3, 0.8])
    if strategy == "frozen_head":
        next(told)  # there is nothing yet that it begins with
    monkeypatch.setattr(gradient, "reached", lambda *_: next(told))
    wanted = replace(bench.recipe(strategy, epochs=4, patience=0), goal="macro_f1")
    events = bench.run(wanted, f"counts {strategy}")
    (last,) = {stage.stage for stage in of_kind(events, StageStart)[-2:-1]}
    own = [epoch for epoch in of_kind(events, EpochEnd) if epoch.stage == last]
    ahead = [epoch.best for epoch in own]
    assert ahead == ([True, True, False, False] if strategy == "frozen_head" else [False, True, False, False])
    assert events[-1].result["val_accuracy"] == pytest.approx(own[1].val_accuracy)
    plain = bench.recipe(strategy)
    assert replace(plain, goal="macro_f1").id != plain.id == replace(plain, goal="accuracy").id
    assert "goal" not in plain.hashed()
