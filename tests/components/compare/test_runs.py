"""Which runs are comparable."""

from components.compare.runs import comparable
from tests.components.finished_runs import Finish
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace


def test_folds_are_compared_with_the_same_fold_alone(opened: Workspace, dataset: Dataset, finish: Finish) -> None:
    finish("linear_probe", 3, folds=3, fold=0)
    other, newest = (finish(name, 3, folds=3, fold=1) for name in ("linear_svm", "linear_probe"))
    assert {run.id for run in comparable(opened.runs.list(dataset.id))} == {other.id, newest.id}
    whole = finish("linear_probe", 3)
    assert comparable(opened.runs.list(dataset.id)) == [whole]
