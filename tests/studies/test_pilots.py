"""Races on real images with the bundled network: what comes out, what is kept, what is never seen."""

import math
import shutil
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch

from transfer_core import findings
from transfer_core.compare.predictions import PREDICTIONS
from transfer_core.errors import DatasetError, RecipeError
from transfer_core.studies import pilots as pilots_module
from transfer_core.studies.pilots import CANDIDATES, pilots
from transfer_core.studies.trials import Candidate, Race
from transfer_core.training import gradient
from transfer_core.training.fit import fit
from transfer_core.training.images import Images
from transfer_core.training.setup import Context, State
from transfer_core.types import (
    TEST,
    TRAIN,
    Dataset,
    EpochEnd,
    Event,
    Goal,
    Ints,
    Notice,
    Pilots,
    Progress,
    RunEnd,
    StageStart,
    from_plain,
)
from transfer_core.workspace import Workspace

SECONDS = 30.0
IMAGE_SECONDS = 0.03  # what each pass of an image takes by the clock of these races


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sample numbers of all images that pass a network, which is all that moves the clock: a race ends after as many
    passes on any machine."""
    passed: list[int] = []
    batch = Images.batch

    def watched(images: Images, rows: Ints) -> Any:
        passed.extend(rows)
        return batch(images, rows)

    monkeypatch.setattr(Images, "batch", watched)
    monkeypatch.setattr(time, "monotonic", lambda: IMAGE_SECONDS * len(passed))
    return passed


def test_a_race(workspace: Workspace, dataset: Dataset, seen: list[int]) -> None:
    events = list(workspace.jobs.drive(workspace.studies.pilot(dataset, seconds=SECONDS)))
    found = workspace.studies.pilots(dataset)
    assert found is not None and set(dataset.splits[seen]) == {0, 1}  # never the test split
    tried = {each.strategy for each in found.trials}
    assert set(CANDIDATES) - tried <= {"small_cnn"}  # which sits out where there is no time for it
    assert found.val_images == dataset.count(1)
    assert found.recommended in (None, found.trials[0].strategy) and found.trials[0].strategy == found.tied[0]
    assert (
        (found.recommended is None)
        == (len(found.tied) > 1)
        == findings.race(found).startswith("The pilots could not tell")
    )
    of = {each.strategy: each for each in found.trials}
    assert of["linear_probe"].images == dataset.count(TRAIN) and of["linear_probe"].steps == 0
    assert of["linear_probe"].part == 1 and all(0 < each.part <= 1 for each in found.trials)
    assert max(of[name].rounds for name in ("fine_tune_top", "fine_tune_all")) >= 2
    points = {event.stage for event in events if isinstance(event, EpochEnd)}
    assert points == tried
    assert any("drops out" in event.text for event in events if isinstance(event, Notice))
    rounds = [event.title for event in events if isinstance(event, StageStart) and event.title.startswith("Round")]
    assert len(rounds) >= 2


@pytest.mark.usefixtures("seen")
def test_where_no_linear_head_fits_random_weights_get_as_large_a_part_and_all_of_their_warm_up(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pilots_module, "FITTING", 1.0)  # no head is better than perfect
    monkeypatch.setattr(Race, "whole_seconds", said_seconds)
    parts: dict[str, float] = {}
    learner = Race.learner

    def given(race: Race, each: Candidate, seconds: float) -> Iterator[Event]:
        parts[each.recipe.strategy] = seconds / race.left()
        return learner(race, each, seconds)

    monkeypatch.setattr(Race, "learner", given)
    warmed: set[tuple[int, float]] = set()
    share = gradient.share_of_peak

    def watched(step: int, steps: int, warm: float, schedule: str) -> float:
        warmed.add((steps, warm))
        return share(step, steps, warm, schedule)

    monkeypatch.setattr(gradient, "share_of_peak", watched)
    networks: set[str] = set()
    learn = gradient.learn

    def noted(run: State, *given: Any, **more: Any) -> tuple[float, float]:
        networks.add(run.network.backbone.name)
        return learn(run, *given, **more)

    monkeypatch.setattr(gradient, "learn", noted)
    backbone = workspace.backbones.get("bundled")
    *_, end = pilots(dataset, backbone, seconds=2 * SECONDS, workspace=workspace.root, device="cpu")
    assert isinstance(end, RunEnd)
    found = from_plain(Pilots, end.result)
    of = {each.strategy: each for each in found.trials}
    assert "fine_tune_top" not in of and {"small_cnn", "fine_tune_all"} <= set(of)
    assert parts == {"small_cnn": pytest.approx(0.75, rel=0.01), "fine_tune_all": pytest.approx(1.0)}
    assert 0 < of["small_cnn"].part <= 0.3 and "small_cnn" in found.tied, "a part of it cannot be beaten"
    assert networks == {"small_cnn", "bundled"}, "each learns with its own"
    full = workspace.recipes.make(dataset, "small_cnn")
    steps = full.epochs * math.ceil(dataset.count(TRAIN) / full.batch_size)
    random = {(taken, warm) for taken, warm in warmed if warm != gradient.warm_up(taken, full.warm_up)}
    of_full = gradient.warm_up(steps, full.warm_up)
    assert len(random) == 1 and all(warm == min(of_full, taken / 2) for taken, warm in random)


def said_seconds(race: Race, each: Candidate) -> Generator[Progress, None, float]:
    yield from ()
    return {"small_cnn": 180.0, "fine_tune_all": 60.0}[each.recipe.strategy]


def test_random_weights_that_do_not_fit_the_memory_sit_out(workspace: Workspace, dataset: Dataset) -> None:
    def full(each: Candidate) -> Generator[Progress, None, float]:
        yield from ()
        raise torch.OutOfMemoryError("CUDA out of memory.")

    race = cast(Race, SimpleNamespace(context=SimpleNamespace(dataset=dataset), whole_seconds=full))
    control, rival = [
        Candidate(recipe=workspace.recipes.make(dataset, name)) for name in ("small_cnn", "fine_tune_all")
    ]
    with pytest.raises(StopIteration) as ended:
        next(pilots_module._for_random(race, control, rival, []))
    assert ended.value.value == (0.0, "it does not fit this device's memory")


@pytest.mark.parametrize(
    ("lead", "part", "beaten"),
    [("from_scratch", 0.3, True), ("from_scratch", 0.2, False), ("fine_tune_all", 0.3, False)],
)
def test_a_short_training_is_beaten_only_by_random_weights_after_as_small_a_part(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, lead: str, part: float, beaten: bool
) -> None:
    ahead, behind = [
        Candidate(
            recipe=workspace.recipes.make(dataset, name),
            part=each,
            steps=9,
            rounds=1,
            right=np.full(240, right),
            reached=float(right),
        )
        for name, each, right in (
            (lead, 0.3, True),
            ("fine_tune_all" if lead == "from_scratch" else "from_scratch", part, False),
        )
    ]
    data = replace(dataset, splits=np.ones(240), groups=np.arange(240))
    context = SimpleNamespace(dataset=data, backbone=workspace.backbones.get("bundled"))
    race = Race.__new__(Race)
    race.context, race.budget, race.goal = cast(Context, context), 1.0, Goal()
    monkeypatch.setattr(race, "spent", lambda: 1.0)
    found = pilots_module._result(race, [behind, ahead], [ahead, behind])
    assert found.tied == ((lead,) if beaten else (lead, behind.recipe.strategy))


def test_features_and_heads_of_pilots_serve_the_full_run(
    workspace: Workspace, dataset: Dataset, tmp_path: Path
) -> None:
    wanted = workspace.recipes.make(dataset, "linear_probe")

    def run(name: str) -> tuple[set[str], list[tuple[int, float | None]], Any, float]:
        """What it says that it does, its curve, its test probabilities, and the seconds that it was saved."""
        out = tmp_path / name
        out.mkdir()
        events = list(fit(wanted, dataset, workspace=workspace.root, out=out, device="cpu"))
        curve = [(event.step, event.val_accuracy) for event in events if isinstance(event, EpochEnd)]
        with np.load(out / PREDICTIONS) as kept:
            said, end = {event.what for event in events if isinstance(event, Progress)}, events[-1]
            assert isinstance(end, RunEnd)
            return said, curve, kept["test_probabilities"], end.result["saved_seconds"]

    taken, features = "Taking the head that was fitted before", "Computing features"
    done, curve, probabilities, saved = run("after the race")
    assert taken in done and features not in done
    shutil.rmtree(workspace.root / "features")
    cold, fitted_curve, fitted, nothing = run("cold")
    *_, again = run("again")
    assert nothing == 0 < min(saved, again)
    assert taken not in cold and features in cold
    assert curve == fitted_curve != [] and (probabilities == fitted).all()


def test_a_race_that_cannot_be_judged_says_so(workspace: Workspace, dataset: Dataset) -> None:
    splits = np.where(dataset.splits == 1, TEST, dataset.splits)
    blind = replace(dataset, splits=splits)
    backbone = workspace.backbones.get("bundled")
    with pytest.raises(DatasetError, match="no validation images"):
        next(pilots(blind, backbone, seconds=10, workspace=workspace.root, device="cpu"))


@pytest.mark.parametrize("seconds", [0.0, -5.0, 1e6])
def test_a_budget_out_of_range_is_refused(workspace: Workspace, dataset: Dataset, seconds: float) -> None:
    with pytest.raises(RecipeError, match="give pilots 10 to"):
        workspace.studies.pilot(dataset, seconds=seconds)


def test_the_race_is_plain_data(workspace: Workspace, dataset: Dataset) -> None:
    job = workspace.studies.job("pilot", dataset)
    assert job is not None and from_plain(Pilots, job.result) == workspace.studies.pilots(dataset)
