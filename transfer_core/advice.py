"""The decision flowchart as a pure function: three answers -> scenario, strategies in order, reasons with sources."""

from typing import Literal

from transfer_core import findings
from transfer_core.strategies import strategy
from transfer_core.strategies.definition import CS231N, CS5720, EXCHANGE
from transfer_core.types import LARGE, SMALL, Advice, Answers, Measured, Reason, Suggestion

ARTICLE = "Fine-tuning and feature extraction compared (article, 2023)"
SAID = "as you said"
LPFT = "Kumar et al. 2022 (LP-FT)"

SCENARIOS: dict[int, str] = {
    1: "Few images, like ImageNet: train a linear classifier on the CNN codes.",
    2: "Many images, like ImageNet: fine-tune the whole network.",
    3: "Few images, unlike ImageNet: train a linear SVM on activations from an earlier layer.",
    4: "Many images, unlike ImageNet: fine-tune the whole network from pretrained weights.",
}

# What to try, by where the user stands: (size, similarity) -> strategies, best first. `None` stands for an open
# similarity. The budget moves what it affords to the front, a domain without a network the random weights forward.
ORDER: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("small", "similar"): ("linear_probe", "fine_tune_all", "linear_svm"),
    ("small", "different"): ("linear_svm", "fine_tune_all", "small_cnn", "from_scratch"),
    ("small", None): ("linear_probe", "linear_svm", "fine_tune_all"),
    ("medium", "similar"): ("fine_tune_top", "linear_probe", "fine_tune_all"),
    ("medium", "different"): ("fine_tune_top", "fine_tune_all", "linear_svm", "small_cnn", "from_scratch"),
    ("medium", None): ("fine_tune_top", "linear_probe", "linear_svm", "fine_tune_all"),
    ("large", "similar"): ("fine_tune_all", "fine_tune_top", "linear_probe", "from_scratch"),
    ("large", "different"): ("fine_tune_all", "fine_tune_top", "linear_svm", "from_scratch", "small_cnn"),
    ("large", None): ("fine_tune_all", "fine_tune_top", "linear_probe", "linear_svm"),
}
EXTRACTION, TUNING, RANDOM = "feature extraction", "fine-tuning", "random weights"  # what a rule may speak for


def advise(answers: Answers, measured: Measured | None = None, taken: str = "") -> Advice:
    """What the four scenarios put first for these answers.

    `measured`: where they come from, for the reasons. `taken`: the strategy that is recommended in the end, to which
    each reason is held; '' for the flowchart's own first.
    """
    scenario, between = _place(answers)
    order = _order(answers)
    return Advice(
        answers=answers,
        scenario=scenario,
        between=between,
        headline=_headline(answers, scenario, between) + _moved(answers, order),
        suggestions=tuple(suggestion(name) for name in order),
        reasons=(*_rules(answers, measured, order, taken or order[0]), *_looked(measured)),
    )


def _place(answers: Answers) -> tuple[int | None, tuple[int, int] | None]:
    if answers.similarity is None:
        return None, None
    few, many = (1, 2) if answers.similarity == "similar" else (3, 4)
    if answers.size == "medium":
        return few, (few, many)
    return (few if answers.size == "small" else many), None


def _order(answers: Answers) -> tuple[str, ...]:
    """Strategies, best first.

    Random weights never come first, although one source says so of a domain without a network: they win one of the 19
    tasks of VTAB, specialised ones among them, and of those measured here the drawn patterns alone
    (benchmarks/RESULTS.md, All strategies). There they come second, to be trained beside what leads: the shallow
    network, unless images are many.
    """
    order = list(ORDER[answers.size, answers.similarity])
    if answers.budget == "limited":
        order.sort(key=lambda name: not strategy(name).solved)  # stable
    if answers.budget == "ample":
        order.sort(key=lambda name: strategy(name).approach != TUNING)
    if answers.similarity == "different" and answers.domain == "no":
        first = next(name for name in order if strategy(name).control)
        order.remove(first)
        order.insert(1, first)
    return tuple(order)


def suggestion(name: str, overrides: tuple[tuple[str, int], ...] = (), *, recommended: bool = False) -> Suggestion:
    """A strategy as one to launch; a decision alone recommends, and one of them."""
    known = strategy(name)
    role: Literal["recommended", "alternative", "control"]
    role = "recommended" if recommended else "control" if known.control else "alternative"
    return Suggestion(strategy=name, role=role, why=known.why, source=known.why_source, overrides=overrides)


def _headline(answers: Answers, scenario: int | None, between: tuple[int, int] | None) -> str:
    count = f"{answers.images:,} training images"
    if scenario is None:
        return f"You have {count}. How similar they are to ImageNet decides between the scenarios."
    if between:
        return (
            f"With {count} you are between scenarios {between[0]} and {between[1]}: freeze the first stages, "
            "fine-tune the rest, with augmentation."
        )
    return f"Scenario {scenario}. {SCENARIOS[scenario]}"


def _moved(answers: Answers, order: tuple[str, ...]) -> str:
    """What the budget put in front of the scenario's own strategy, in a sentence."""
    if order[0] == ORDER[answers.size, answers.similarity][0]:
        return ""
    return f" Compute is {answers.budget}, so “{strategy(order[0]).title}” comes first."


def _rules(answers: Answers, measured: Measured | None, order: tuple[str, ...], first: str) -> tuple[Reason, ...]:
    """The sources' rules for these answers; those that speak for another approach than that of `first` are against."""
    taken = strategy(first).approach
    found: list[Reason] = []

    def rule(speaks_for: str, words: str, evidence: str, source: str) -> None:
        found.append(Reason(rule=words, evidence=evidence, source=source, against=speaks_for not in ("", taken)))

    count = f"{answers.images:,} training images"
    likeness = findings.likeness(measured) if measured else f"{answers.similarity or 'not'}, {SAID}"
    budget = "your time limit and the measured pace" if measured else f"{answers.budget}, {SAID}"
    small, large = answers.size == "small", answers.size == "large"

    if small:
        rule(EXTRACTION, f"Fewer than {SMALL:,} training images: consider feature extraction.", count, CS5720)
    elif large:
        rule(TUNING, f"More than {LARGE:,} training images: consider fine-tuning.", count, CS5720)
    else:
        words = (
            f"From {SMALL:,} to {LARGE:,} images the answer lies between: a few thousand, with augmentation, usually "
            "gain from fine-tuning; the first layers can stay frozen."
        )
        rule(TUNING, words, count, EXCHANGE)

    if answers.similarity is None:
        open_ = findings.likeness(measured) if measured else "not answered"
        rule("", "Similarity is open, so strategies of both sides are listed.", open_, CS231N)
    elif answers.similarity == "similar":
        if small:
            words = "Few and similar: fine-tuning would overfit, and the higher-level features are relevant."
            rule(EXTRACTION, words, likeness, CS231N)
            words = "Fine-tuning can still be more accurate; dropout and early stopping mitigate overfitting."
            rule(TUNING, words, "", ARTICLE)
        else:
            words = "Similar and enough data not to overfit: fine-tune through the full network."
            rule(TUNING, words, likeness, CS231N)
            rule(EXTRACTION, "Very similar images: feature extraction often suffices.", "", CS5720)
    else:
        if large:
            words = "Many and different: training from scratch is affordable, yet pretrained weights still often help."
            rule(TUNING, words, likeness, CS231N)
        else:
            words = (
                "Different: only a linear classifier on few images, and on activations from an earlier layer, "
                "because the top is too specific."
            )
            rule(EXTRACTION, words, likeness, CS231N)
        rule(TUNING, "Very different images: fine-tuning is usually better.", "", CS5720)
        if answers.domain != "yes":
            words = "A very specific domain with no network of its own: train from scratch, perhaps shallower."
            second = f"no such network, {SAID}, so “{strategy(order[1]).title}” is worth a run too"
            rule(RANDOM, words, second if answers.domain else "", EXCHANGE)

    if answers.domain == "yes":
        words = "A network of your own domain knows better features for your images: add its weights and start from it."
        rule("", words, f"there is one, {SAID}", EXCHANGE)
    if answers.budget == "limited":
        rule(EXTRACTION, "Limited compute: feature extraction is faster.", budget, CS5720)
    if answers.budget == "ample":
        rule(TUNING, "Ample compute: fine-tune for the best result.", budget, CS5720)
    if taken == TUNING:
        rule("", "Train the head first, then the rest ten times slower: the features survive.", count, LPFT)
    return tuple(found)


def _looked(measured: Measured | None) -> tuple[Reason, ...]:
    """What comparing layers adds."""
    best = max(measured.depth_curve, key=lambda point: point.accuracy) if measured and measured.depth_curve else None
    if measured is None or best is None or best == (last := measured.depth_curve[-1]) or best.low <= last.accuracy:
        return ()
    evidence = f"{best.accuracy:.1%} cross-validated on {best.tap}, {last.accuracy:.1%} on {last.tap}"
    rule = "An earlier layer tells your classes apart better than the last, whose features are too specific."
    return (Reason(rule=rule, evidence=evidence, source=CS231N),)
