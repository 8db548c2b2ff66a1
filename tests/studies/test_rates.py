"""The range test: which rates it tries, what it reads off the curve, and that it leaves training as it was."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.sweeping import sweep
from tests.training.bench import PX, Bench, make_dataset
from transfer_core import findings
from transfer_core.backbones import backbone
from transfer_core.errors import RecipeError
from transfer_core.studies import rates
from transfer_core.training import gradient, setup
from transfer_core.types import Progress, RateTest, Recipe, RunEnd, from_plain

STEPS = 30


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Bench]]:
    """Workspaces with the same 42 training images, the bundled network looking at few pixels, and a short test."""
    small = replace(backbone("bundled"), input_px=PX, resize_px=PX)
    known = setup.named_backbone
    monkeypatch.setattr(setup, "named_backbone", lambda name, root: small if name == "bundled" else known(name, root))
    monkeypatch.setattr(rates, "MOST_STEPS", STEPS)
    monkeypatch.setattr(rates, "LEAST_STEPS", STEPS)

    def made(name: str) -> Bench:
        data = make_dataset(tmp_path / name, [0] * 42 + [1] * 12 + [2] * 12, [i % 3 for i in range(66)])
        return Bench(workspace=tmp_path / name, dataset=data, backbone=small)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield made
    torch.set_num_threads(threads)


def outcome(bench: Bench, recipe: Recipe) -> tuple[list[Any], RateTest]:
    *events, end = rates.find_rate(recipe, bench.dataset, workspace=bench.workspace, device="cpu")
    assert isinstance(end, RunEnd) and end.status == "done"
    return events, from_plain(RateTest, json.loads(json.dumps(end.result)))


@pytest.fixture
def few_steps(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """For what any number of steps shows."""
    monkeypatch.setattr(rates, "MOST_STEPS", 8)
    monkeypatch.setattr(rates, "LEAST_STEPS", 8)


@pytest.mark.usefixtures("few_steps")
def test_all_rates_grow_by_one_factor(make: Callable[[str], Bench], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, float]] = []
    learn = gradient.learn

    def noted(run: Any, optimizer: torch.optim.Optimizer, *batch: Any, **more: Any) -> tuple[float, float]:
        seen.append({group["name"]: group["lr"] for group in optimizer.param_groups})
        return learn(run, optimizer, *batch, **more)

    monkeypatch.setattr(gradient, "learn", noted)
    bench = make("one")
    recipe = bench.recipe("fine_tune_all", lr=4e-3, backbone_lr=2e-4, depth_decay=0.5)
    _, found = outcome(bench, recipe)
    tried = seen[rates.WARM :]
    assert [step["head"] for step in tried] == pytest.approx(found.rates)
    factors = np.divide(found.rates[1:], found.rates[:-1])
    assert factors == pytest.approx(np.full(len(factors), factors[0])) and factors[0] > 1
    early, late = bench.backbone.tap_names[-2:]
    for step in tried:
        assert step[late] == pytest.approx(step["head"] / 20) and step[early] == pytest.approx(step["head"] / 40)


def test_a_real_one_finds_where_training_breaks(make: Callable[[str], Bench]) -> None:
    bench = make("one")
    recipe = bench.recipe("from_scratch", batch_size=8)
    events, found = outcome(bench, recipe)
    assert found.diverges_from and found.suggested and found.suggested < found.diverges_from
    assert found.own == recipe.lr and found.guessing == pytest.approx(np.log(3))
    assert found.steps == len(found.rates) == len(found.losses) == len(found.smoothed) < STEPS
    bars = [event for event in events if isinstance(event, Progress) and event.losses]
    assert [loss for bar in bars for loss in bar.losses] == list(found.losses)
    assert all(bar.seconds_left is not None and bar.done <= bar.of for bar in bars)


@pytest.mark.usefixtures("few_steps")
def test_training_after_it_is_what_it_was(make: Callable[[str], Bench]) -> None:
    alone, after = make("alone"), make("after")
    outcome(after, after.recipe("fine_tune_all"))
    for bench in (alone, after):
        bench.run(bench.recipe("fine_tune_all", epochs=2, patience=0), "run")
    assert not (after.workspace / "runs" / "rates").exists()
    for file in ("model.safetensors", "predictions.npz"):
        first, again = ((bench.workspace / "runs" / "run" / file).read_bytes() for bench in (alone, after))
        assert first == again


@pytest.mark.parametrize("strategy", ["linear_probe", "linear_svm", "all_layers"])
def test_what_is_solved_has_no_rate(make: Callable[[str], Bench], strategy: str) -> None:
    bench = make("one")
    with pytest.raises(RecipeError, match=f"'{strategy}' is solved, not descended: it has no learning rate"):
        outcome(bench, bench.recipe(strategy))


# --- reading curves whose answer is known -------------------------------------------------------------

RATES = np.geomspace(1e-6, 10, 100)
NOISE = 0.05 * np.random.default_rng(0).normal(size=100)


def curve(fall: float, middle: float, breaks: float) -> list[float]:
    """From 2 down by `fall`, half of it done at `middle`; from `breaks` on up by three a decade."""
    along = np.log10(RATES)
    down = fall / (1 + np.exp(-4 * (along - np.log10(middle))))
    return list(2 - down + 3 * np.maximum(0, along - np.log10(breaks)) + NOISE)


def check_half_of_the_fall(middle: float, steps: int) -> None:
    every = 100 // steps
    losses = curve(1, middle, 0.3)[::every]
    found = rates.read(RATES[::every], losses, steps=steps, classes=10)
    assert found.suggested and middle <= found.suggested < 8 * middle, "the average lags behind by up to a decade"
    assert found.suggested < found.lowest < found.diverges_from < 10 ** (np.log10(0.3) + 1.2)
    assert f"{found.suggested:g}" in findings.learning_rates(found)


def test_half_of_the_fall_is_found_in_noise() -> None:
    sweep(check_half_of_the_fall, [(middle, steps) for middle in (1e-4, 1e-3, 1e-2) for steps in (50, 100)])


def test_noise_is_no_fall() -> None:
    found = rates.read(RATES, curve(0, 1e-3, 0.1), steps=100, classes=10)
    assert found.suggested is None and 0.1 < found.diverges_from < 1
    assert "falls clearly at no rate" in findings.learning_rates(found)
    still = rates.read(RATES, curve(0, 1e-3, 100), steps=100, classes=10)
    assert still.suggested is None and still.diverges_from is None


def test_it_ends_where_the_loss_is_out_of_hand() -> None:
    losses = curve(1, 1e-3, 0.1)
    assert not any(rates.diverged(losses[:n], 100) for n in range(1, 70))
    assert rates.diverged(losses, 100)
    tiny = [0.02 if n % 7 else 0.06 for n in range(100)]  # a head that fits its images
    assert not any(rates.diverged(tiny[:n], 100) for n in range(1, 101))
    with pytest.raises(RecipeError, match="not a number"):
        rates.read(RATES[:3], losses[:3], steps=100, classes=10, end=RATES[3])
