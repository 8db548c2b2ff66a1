"""Jobs as data: every kind comes back from JSON as it went in; what is unknown is an error, not a prediction."""

import json
from dataclasses import fields
from typing import Any

import pytest

from transfer_core.errors import UnknownJob
from transfer_core.jobs.tasks import TASKS, Task, task_from
from transfer_core.types import Mark, Recipe

RECIPE = Recipe(dataset="d", backbone="bundled", weights="w", strategy="linear_probe", version=2, lr=0.5)
VALUES: dict[str, Any] = {
    "recipe": RECIPE,
    "marks": (Mark(sample=1, label=None),),
    "seconds": 9.5,
    "labels": (1, 2),
    "tables": ("a.csv",),
    "bands": (4, 3, 2),
}
VALUES |= dict.fromkeys(("of", "sources", "names"), ("a", "b"))


def made(kind: type[Task]) -> Task:
    return kind(**{each.name: VALUES.get(each.name, each.name) for each in fields(kind)})


def test_every_kind_comes_back_and_is_told_from_the_others() -> None:
    assert len({kind.kind for kind in TASKS}) == len(TASKS)
    for kind in TASKS:
        task = made(kind)
        assert task_from(kind.kind, json.loads(json.dumps(task.payload()))) == task
        assert task.key("auto") == made(kind).key("auto")
        assert "done" not in kind.reuse or task.key("auto"), "what is done once is known by a key"


def test_what_is_unknown_is_an_error() -> None:
    with pytest.raises(UnknownJob, match=r"no kind of job 'paint'.*knows: import"):
        task_from("paint", {})
    with pytest.raises(UnknownJob, match="hologram"):
        task_from("train", {"recipe": {"hologram": 1}})
    with pytest.raises(UnknownJob, match="'predict' is not one"):
        task_from("predict", {})
