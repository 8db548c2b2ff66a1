"""The flowchart over all its answers."""

from itertools import product

import pytest

from transfer_core.advice import advise
from transfer_core.types import Answers

SIZES = {"small": 700, "medium": 3_000, "large": 20_000}
SIMILARITIES = ("similar", "different", None)
BUDGETS = ("limited", "ample", None)

PLACES = {
    ("small", "similar"): (1, None, "linear_probe"),
    ("large", "similar"): (2, None, "fine_tune_all"),
    ("small", "different"): (3, None, "linear_svm"),
    ("large", "different"): (4, None, "fine_tune_all"),
    ("medium", "similar"): (1, (1, 2), "fine_tune_top"),
    ("medium", "different"): (3, (3, 4), "fine_tune_top"),
    ("small", None): (None, None, "linear_probe"),
    ("medium", None): (None, None, "fine_tune_top"),
    ("large", None): (None, None, "fine_tune_all"),
}


@pytest.mark.parametrize(("size", "similarity", "budget"), list(product(SIZES, SIMILARITIES, BUDGETS)))
def test_every_answer_has_its_scenario_strategies_and_reasons(
    size: str, similarity: str | None, budget: str | None
) -> None:
    answers = Answers(images=SIZES[size], similarity=similarity, budget=budget)  # type: ignore[arg-type]
    advice = advise(answers)
    scenario, between, first = PLACES[size, similarity]
    assert (answers.size, advice.scenario, advice.between) == (size, scenario, between)
    names = [s.strategy for s in advice.suggestions]
    assert len(set(names)) == len(names) >= 3
    if budget == "limited":  # feature extraction is faster, so it comes first
        assert names[0] in ("linear_probe", "linear_svm")
        assert any("Limited" in reason.rule for reason in advice.reasons)
    else:
        assert names[0] == first
    assert [s.role for s in advice.suggestions].count("recommended") == 1
    assert advice.suggestions[0].role == "recommended"
    assert all(reason.rule and reason.source for reason in advice.reasons)
    assert all(s.why and s.source for s in advice.suggestions)


def test_the_sources_disagree_on_small_and_different_and_both_are_shown() -> None:
    advice = advise(Answers(images=500, similarity="different"))
    assert len({reason.source for reason in advice.reasons if reason.against}) == 2
    assert {"fine_tune_all", "from_scratch"} <= {s.strategy for s in advice.suggestions}


@pytest.mark.parametrize(
    ("images", "size"), [(1, "small"), (999, "small"), (1_000, "medium"), (10_000, "medium"), (10_001, "large")]
)
def test_size_thresholds(images: int, size: str) -> None:
    assert Answers(images=images).size == size
