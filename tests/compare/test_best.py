"""Which runs are held against each other where nobody has chosen."""

import numpy as np

from transfer_core.compare.best import best_runs
from transfer_core.types import TEST, TRAIN, Dataset, Recipe, Run


def made(id: str, strategy: str, val: float | None, **fields: object) -> Run:
    status = "done" if val is not None else "running"
    recipe = Recipe(dataset="d", backbone="b", weights="w", version=1, strategy=strategy, **fields)  # type: ignore[arg-type]
    return Run(
        id=id,
        recipe=recipe,
        status=status,
        created=0.0,
        started=0.0,
        finished=1.0,
        device="cpu",
        val_accuracy=val,
        test_accuracy=None if val is None else 1 - val,  # the test split would choose the others
    )


def data() -> Dataset:
    columns = {name: np.zeros(60, dtype=np.int64) for name in ("groups", "widths", "heights")}
    return Dataset(
        id="d",
        name="d",
        classes=("a", "b"),
        paths=("",) * 60,
        files=("",) * 60,
        labels=np.repeat([0, 1], 30),
        splits=np.tile([TRAIN, TRAIN, TEST], 20),
        **columns,
    )


def test_each_strategy_has_its_best_by_validation_on_the_most_images() -> None:
    runs = [
        made("few", "probe", 0.9, per_class=5),
        made("newest", "probe", 0.7),
        made("older", "probe", 0.7, seed=1),
        made("worse", "probe", 0.6, seed=2),
        made("as many as there are", "svm", 0.8, per_class=20),
        made("all", "svm", 0.75),
        made("fold", "svm", 0.99, folds=3),
        made("unfinished", "scratch", None),
    ]
    assert [run.id for run in best_runs(runs, data())] == ["as many as there are", "newest"]


def test_strategies_are_compared_where_most_of_them_learned_from_equally_many_images() -> None:
    few = [made(f"{name} few", name, 0.5, per_class=5) for name in ("probe", "svm", "scratch")]
    runs = [made("probe all", "probe", 0.9), made("svm all", "svm", 0.8), *few]
    assert {run.id for run in best_runs(runs, data())} == {"probe few", "svm few", "scratch few"}
    assert best_runs(runs[:2], data())[0].id == "probe all"
    assert best_runs([made("unfinished", "probe", None)], data()) == ()
