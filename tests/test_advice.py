"""The flowchart over all its answers."""

from itertools import product
from typing import Any

import pytest

from tests.sweeping import sweep
from transfer_core.advice import advise
from transfer_core.strategies import strategy
from transfer_core.types import Advice, Answers

SIZES = {"small": 700, "medium": 3_000, "large": 20_000}
SIMILARITIES = ("similar", "different", None)
BUDGETS = ("limited", "ample", None)
DOMAINS = ("yes", "no", None)

PLACES = {
    ("small", "similar"): (1, None),
    ("large", "similar"): (2, None),
    ("small", "different"): (3, None),
    ("large", "different"): (4, None),
    ("medium", "similar"): (1, (1, 2)),
    ("medium", "different"): (3, (3, 4)),
}
PROBE, SVM, TOP, ALL, SCRATCH, SMALL = (
    *("linear_probe", "linear_svm", "fine_tune_top", "fine_tune_all", "from_scratch", "small_cnn"),
)
ORDERS = {  # compute open, limited (what is solved first), ample (what is fine-tuned first)
    ("small", "similar"): ((PROBE, ALL, SVM), (PROBE, SVM, ALL), (ALL, PROBE, SVM)),
    ("small", "different"): ((SVM, ALL, SMALL, SCRATCH), (SVM, ALL, SMALL, SCRATCH), (ALL, SVM, SMALL, SCRATCH)),
    ("small", None): ((PROBE, SVM, ALL), (PROBE, SVM, ALL), (ALL, PROBE, SVM)),
    ("medium", "similar"): ((TOP, PROBE, ALL), (PROBE, TOP, ALL), (TOP, ALL, PROBE)),
    ("medium", "different"): (
        (TOP, ALL, SVM, SMALL, SCRATCH),
        (SVM, TOP, ALL, SMALL, SCRATCH),
        (TOP, ALL, SVM, SMALL, SCRATCH),
    ),
    ("medium", None): ((TOP, PROBE, SVM, ALL), (PROBE, SVM, TOP, ALL), (TOP, ALL, PROBE, SVM)),
    ("large", "similar"): ((ALL, TOP, PROBE, SCRATCH), (PROBE, ALL, TOP, SCRATCH), (ALL, TOP, PROBE, SCRATCH)),
    ("large", "different"): (
        (ALL, TOP, SVM, SCRATCH, SMALL),
        (SVM, ALL, TOP, SCRATCH, SMALL),
        (ALL, TOP, SVM, SCRATCH, SMALL),
    ),
    ("large", None): ((ALL, TOP, PROBE, SVM), (PROBE, SVM, ALL, TOP), (ALL, TOP, PROBE, SVM)),
}


def advised(size: str, similarity: Any, budget: Any = None, domain: Any = None) -> Advice:
    return advise(Answers(images=SIZES[size], similarity=similarity, budget=budget, domain=domain))


def names(advice: Advice) -> tuple[str, ...]:
    return tuple(each.strategy for each in advice.suggestions)


def check_order(size: str, similarity: str | None) -> None:
    for budget, order in zip((None, "limited", "ample"), ORDERS[size, similarity], strict=True):
        assert names(advised(size, similarity, budget)) == order, budget
        assert names(advised(size, similarity, budget, "yes")) == order, budget


def test_the_order_of_every_answer() -> None:
    sweep(check_order, list(ORDERS))


def check_answer(size: str, similarity: Any, budget: Any, domain: Any) -> None:
    advice = advised(size, similarity, budget, domain)
    assert advice.answers.size == size
    assert (advice.scenario, advice.between) == PLACES.get((size, similarity), (None, None))
    assert {each.role for each in advice.suggestions} <= {"alternative", "control"}, "a decision alone recommends"
    assert all(each.why and each.source for each in advice.suggestions)
    assert all(reason.rule and reason.source for reason in advice.reasons)
    assert any(not reason.against for reason in advice.reasons)
    for word in ("Limited", "Ample"):  # the budget's own rule always speaks for what comes first
        told = [reason for reason in advice.reasons if reason.rule.startswith(word)]
        assert len(told) == (word.lower() == budget) and not any(reason.against for reason in told)


def test_every_answer_has_its_scenario_and_reasons() -> None:
    sweep(check_answer, list(product(SIZES, SIMILARITIES, BUDGETS, DOMAINS)))


def against(advice: Advice) -> set[str]:
    return {reason.source for reason in advice.reasons if reason.against}


def test_the_sources_disagree_on_small_and_different_and_both_are_shown() -> None:
    assert len(against(advised("small", "different"))) == 2
    assert {ALL, SCRATCH, SMALL} <= set(names(advised("small", "different")))


@pytest.mark.parametrize("similarity", ["similar", "different"])
def test_ample_compute_fine_tunes_few_images_and_says_who_warns(similarity: str) -> None:
    plain, ample = (advised("small", similarity, budget) for budget in (None, "ample"))
    assert strategy(names(plain)[0]).solved and names(ample)[0] == ALL
    assert any("overfit" in each.rule or "only a linear" in each.rule for each in ample.reasons if each.against)
    assert "ample" in ample.headline and "ample" not in plain.headline


@pytest.mark.parametrize("size", SIZES)
def test_a_very_different_domain_without_a_network_brings_random_weights_forward(size: str) -> None:
    first = SCRATCH if size == "large" else SMALL
    for budget in BUDGETS:
        plain, alone = advised(size, "different", budget), advised(size, "different", budget, "no")
        assert names(alone)[:2] == (names(plain)[0], first) and set(names(alone)) == set(names(plain))
        told = next(reason for reason in alone.reasons if "from scratch, perhaps shallower" in reason.rule)
        assert "as you said" in told.evidence and "Stack Exchange" in told.source
    assert not any("perhaps shallower" in each.rule for each in advised(size, "different", None, "yes").reasons)
    assert names(advised(size, "similar", None, "no")) == names(advised(size, "similar"))


@pytest.mark.parametrize(
    ("images", "size"), [(1, "small"), (999, "small"), (1_000, "medium"), (10_000, "medium"), (10_001, "large")]
)
def test_size_thresholds(images: int, size: str) -> None:
    assert Answers(images=images).size == size
