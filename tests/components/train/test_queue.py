"""Repeats of a recipe as a line of the queue."""

from pathlib import Path

import pytest

from components.kit.runs import kind_of
from components.train.queue import mean_and_spread
from tests.strategies.test_strategies import dataset
from transfer_core.types import Repeats, Run
from transfer_core.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, write=False)


def test_repeats_in_words(workspace: Workspace) -> None:
    made = workspace.recipes.repeated(dataset(), "linear_probe", folds=2, seeds=2)
    runs = tuple(
        Run(id=str(i), recipe=recipe, status="done", created=0, started=0, finished=0, device="cpu")
        for i, recipe in enumerate(made)
    )
    group = Repeats(runs=runs, mean=0.8123, spread=0.0131)
    assert kind_of(group) == "2 folds of 2 seeds"
    assert mean_and_spread(group).replace("\u202f", " ") == "81.2 % ± 1.3 points"
