"""The table of classes."""

import numpy as np

from components.errors import classes as errors_classes
from tests.components.errors.two_runs import two_runs
from tests.components.finished_runs import CLASSES
from transfer_core.compare.classes import class_scores
from transfer_core.workspace import Workspace


def test_a_class_has_its_figures_of_both_runs(opened: Workspace) -> None:
    _, comparison = two_runs(opened)
    scores = [class_scores(comparison.score(run).confusion) for run in ("linear_probe", "fine_tune_all")]
    html = errors_classes.table(CLASSES, [("linear_probe", "A"), ("fine_tune_all", "B")], scores)
    cat = html.split("<tr>")[-3]
    assert "13.3" in cat and "86.7" in cat and "+73.3" in cat and 'data-sort="0.13333"' in cat
    assert "<b>cat" not in html
    absent = class_scores(np.zeros((3, 3), dtype=np.int64))
    assert "none" in errors_classes.table(CLASSES, [("linear_probe", "A")], [absent])
