"""Which two runs are looked at."""

from components.errors import disagreement
from tests.components.finished_runs import NAMED
from transfer_core.workspace import Workspace


def test_the_pair_at_first_is_the_choice_and_the_best_other_strategy(opened: Workspace) -> None:
    comparison = opened.comparisons.make(tuple(NAMED))
    first, second = comparison.rival, comparison.verdict.choice
    others = [each for each in comparison.scores if each.run != second]
    assert comparison.score(first).accuracy == max(each.accuracy for each in others)
    assert disagreement.kept(("linear_probe", "gone"), list(NAMED)) is None
    assert disagreement.kept(("linear_probe", "linear_svm"), list(NAMED)) == ("linear_probe", "linear_svm")
