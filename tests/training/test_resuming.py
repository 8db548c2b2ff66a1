"""A run that was cut off anywhere goes on from its checkpoint, and ends as one that was not."""

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from tests.training.bench import Bench, of_kind
from transfer_core.errors import PauseAsked, StopAsked
from transfer_core.strategies import recipe
from transfer_core.training import checkpoints, gradient
from transfer_core.training.fit import fit
from transfer_core.training.setup import State
from transfer_core.types import CHECKPOINTS, EpochEnd, Event, Progress, Recipe, Resumed, RunEnd, StageStart, attributes


@pytest.fixture(autouse=True)
def _often_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """After every fourth look, be it in an epoch or at its end."""
    turns = itertools.count(1)
    monkeypatch.setattr(checkpoints.Checkpoints, "due", lambda self, *, epoch_ended: not next(turns) % 4)


def started(bench: Bench, wanted: Recipe, out: Path) -> list[Event]:
    return list(fit(wanted, bench.dataset, workspace=bench.workspace, out=out, device="cpu"))


def cut_off(bench: Bench, wanted: Recipe, out: Path, after: int) -> None:
    """As a kill does: nothing runs after so many steps."""
    seen = 0
    work = fit(wanted, bench.dataset, workspace=bench.workspace, out=out, device="cpu")
    for event in work:
        seen += len(event.steps) if isinstance(event, Progress) else 0
        if seen >= after:
            break


def story(events: list[Event]) -> dict[str, list]:
    """What curves are drawn from, without seconds."""
    told = events[max((i for i, each in enumerate(events) if isinstance(each, Resumed)), default=-1) + 1 :]
    names = ("stage", "epoch", "step", "train_loss", "val_loss", "best", "lr", "val_refined")
    return {
        "stages": [each for each in of_kind(told, StageStart) if each.stage != "prepare"],
        "epochs": [tuple(attributes(each, *names).values()) for each in of_kind(told, EpochEnd)],
        "steps": [point for bar in of_kind(told, Progress) for point in zip(bar.steps, bar.losses, strict=True)],
    }


CASES = {
    "fine_tune_all": {"epochs": 3, "patience": 0, "dropout": 0.2, "batch_size": 11},
    "gradual": {"epochs": 2, "patience": 0, "batch_size": 11},
    "frozen_head": {"epochs": 4, "patience": 2, "goal": "macro_f1", "batch_size": 16},
}


@pytest.mark.parametrize("name", CASES)
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(name: str, bench: Bench, tmp_path: Path) -> None:
    wanted = recipe(bench.dataset, name, bench.backbone, **CASES[name])
    events = started(bench, wanted, tmp_path / "whole")
    right, right_weights = story(events), load_file(tmp_path / "whole" / "model.safetensors")
    learned, out = len(right["steps"]), tmp_path / "cut"
    for after in (2 * learned // 3, learned):  # the second time it has gone on
        cut_off(bench, wanted, out, after)
    again = started(bench, wanted, out)
    assert of_kind(again, Resumed), "it goes on"
    assert story(again) == right
    weights = load_file(out / "model.safetensors")
    assert weights.keys() == right_weights.keys()
    assert all(np.array_equal(weights[key], right_weights[key]) for key in weights)
    found, whole = (np.load(folder / "predictions.npz") for folder in (out, tmp_path / "whole"))
    assert all(np.array_equal(found[key], whole[key]) for key in whole)
    assert isinstance(again[-1], RunEnd) and again[-1].status == "done"


def test_a_damaged_checkpoint_gives_way_to_the_one_before(bench: Bench, tmp_path: Path) -> None:
    wanted = recipe(bench.dataset, "frozen_head", bench.backbone, epochs=4, patience=0, batch_size=11)
    cut_off(bench, wanted, tmp_path / "run", 12)
    older, newer = sorted((tmp_path / "run" / CHECKPOINTS).iterdir())
    content = bytearray(newer.read_bytes())
    content[len(content) // 2] ^= 1
    newer.write_bytes(content)
    kept = checkpoints.Checkpoints(tmp_path / "run" / CHECKPOINTS).newest()
    assert kept is not None and kept["meter"]["step"] == int(older.stem)
    assert not newer.exists()
    (tmp_path / "run" / CHECKPOINTS / "000000099.pt").write_bytes(b"no checkpoint")
    older.write_bytes(older.read_bytes()[:-100])
    assert checkpoints.Checkpoints(tmp_path / "run" / CHECKPOINTS).newest() is None
    assert not of_kind(started(bench, wanted, tmp_path / "run"), Resumed), "it begins anew"


def test_a_checkpoint_of_another_recipe_is_none(bench: Bench, tmp_path: Path) -> None:
    """A newer Graft may read a recipe otherwise, whose steps may be more."""
    make, out = bench.recipe, tmp_path / "run"
    cut_off(bench, make("frozen_head", epochs=4, patience=0, batch_size=11), out, 12)
    other = make("frozen_head", epochs=2, patience=0, batch_size=32)
    before = {file.name for file in (out / CHECKPOINTS).iterdir()}
    assert not of_kind(started(bench, other, out), Resumed), "it begins anew"
    assert before.isdisjoint(file.name for file in (out / CHECKPOINTS).iterdir())


def test_a_run_that_was_stopped_and_paused_in_its_test_ends_stopped(bench: Bench, tmp_path: Path) -> None:
    wanted, out = bench.recipe("frozen_head", epochs=50, patience=0, batch_size=11), tmp_path / "run"
    work = fit(wanted, bench.dataset, workspace=bench.workspace, out=out, device="cpu")
    next(each for each in work if isinstance(each, EpochEnd))
    event = work.throw(StopAsked())  # type: ignore[attr-defined]
    while not (isinstance(event, StageStart) and event.stage == "test"):
        event = next(work)
    with pytest.raises(PauseAsked):
        work.throw(PauseAsked())  # type: ignore[attr-defined]
    events = started(bench, wanted, out)
    end = events[-1]
    assert of_kind(events, Resumed) and isinstance(end, RunEnd) and end.status == "stopped"
    assert end.result["epochs_done"] < 50 and not end.result["untested"]


def test_what_diverges_once_goes_back_and_on_at_half_the_rate(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = bench.recipe("frozen_head", epochs=4, patience=0, batch_size=11)
    before = [each.lr for each in of_kind(started(bench, wanted, tmp_path / "before"), EpochEnd)]
    known, steps = gradient.learn, itertools.count(1)
    monkeypatch.setattr(
        gradient, "learn", lambda *given, **more: (math.nan, 0.0) if next(steps) == 10 else known(*given, **more)
    )
    events = started(bench, wanted, tmp_path / "run")
    (again,) = of_kind(events, Resumed)
    assert "diverged at step 10" in again.why and "rate was halved" in again.why and 0 < again.step < 10
    after = [each.lr for each in of_kind(events[events.index(again) :], EpochEnd)]
    assert again.epoch == 1 and after == pytest.approx([before[0], *(rate / 2 for rate in before[1:])])
    assert events[-1].status == "done"  # type: ignore[union-attr]


def test_a_full_memory_takes_batches_in_parts(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = bench.recipe("frozen_head", epochs=2, patience=0, batch_size=32, batch_norm="kept")
    whole = story(started(bench, wanted, tmp_path / "whole"))
    known = gradient.learn

    def learn(run: State, *given: object, **more: object) -> object:
        if run.parts < 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
        return known(run, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(gradient, "learn", learn)
    events = started(bench, wanted, tmp_path / "run")
    assert [again.why.partition(":")[0] for again in of_kind(events, Resumed)] == [
        "The memory was full with 32 images at once",
        "The memory was full with 16 images at once",
    ]
    parts = story(events)
    assert [loss for _, loss in parts["steps"]] == pytest.approx([loss for _, loss in whole["steps"]], rel=1e-3)
    assert events[-1].status == "done"  # type: ignore[union-attr]
