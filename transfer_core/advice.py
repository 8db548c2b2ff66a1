"""The decision flowchart as a pure function: three answers -> scenario, strategies in order, reasons with sources."""

from typing import Literal

from transfer_core.strategies import strategy
from transfer_core.strategies.definition import CS231N, CS5720, EXCHANGE
from transfer_core.types import Advice, Answers, Measured, Reason, Suggestion

ARTICLE = "Fine-tuning and feature extraction compared (article, 2023)"
SAID = "as you said"
LPFT = "Kumar et al. 2022 (LP-FT)"

SCENARIOS: dict[int, str] = {
    1: "Few images, like ImageNet: train a linear classifier on the CNN codes.",
    2: "Many images, like ImageNet: fine-tune the whole network.",
    3: "Few images, unlike ImageNet: train a linear SVM on activations from an earlier layer.",
    4: "Many images, unlike ImageNet: fine-tune the whole network from pretrained weights.",
}

# What to try, by where the user stands: (size, similarity) -> strategies, best first.
# `None` stands for an open similarity. The limited budget moves those that are solved on frozen features to the front.
ORDER: dict[tuple[str, str | None], tuple[str, ...]] = {
    ("small", "similar"): ("linear_probe", "fine_tune_all", "linear_svm"),
    ("small", "different"): ("linear_svm", "fine_tune_all", "from_scratch"),
    ("small", None): ("linear_probe", "linear_svm", "fine_tune_all"),
    ("medium", "similar"): ("fine_tune_top", "linear_probe", "fine_tune_all"),
    ("medium", "different"): ("fine_tune_top", "fine_tune_all", "linear_svm", "from_scratch"),
    ("medium", None): ("fine_tune_top", "linear_probe", "linear_svm", "fine_tune_all"),
    ("large", "similar"): ("fine_tune_all", "fine_tune_top", "linear_probe", "from_scratch"),
    ("large", "different"): ("fine_tune_all", "fine_tune_top", "linear_svm", "from_scratch"),
    ("large", None): ("fine_tune_all", "fine_tune_top", "linear_probe", "linear_svm"),
}


def advise(answers: Answers, measured: Measured | None = None) -> Advice:
    """What the four scenarios recommend for these answers. `measured`: where they come from, for the reasons."""
    scenario, between = _place(answers)
    order = _order(answers)
    return Advice(
        answers=answers,
        scenario=scenario,
        between=between,
        headline=_headline(answers, scenario, between),
        suggestions=tuple(suggestion(name, rank) for rank, name in enumerate(order)),
        reasons=_reasons(answers, measured),
    )


def _place(answers: Answers) -> tuple[int | None, tuple[int, int] | None]:
    if answers.similarity is None:
        return None, None
    few, many = (1, 2) if answers.similarity == "similar" else (3, 4)
    if answers.size == "medium":
        return few, (few, many)
    return (few if answers.size == "small" else many), None


def _order(answers: Answers) -> tuple[str, ...]:
    order = ORDER[answers.size, answers.similarity]
    if answers.budget == "limited":
        return tuple(sorted(order, key=lambda name: not strategy(name).solved))  # stable
    return order


def suggestion(name: str, rank: int, overrides: tuple[tuple[str, int], ...] = ()) -> Suggestion:
    """A strategy as one to launch, the first of them being recommended."""
    known = strategy(name)
    role: Literal["recommended", "alternative", "control"]
    role = "recommended" if rank == 0 else "control" if known.control else "alternative"
    return Suggestion(strategy=name, role=role, why=known.why, source=known.why_source, overrides=overrides)


def _headline(answers: Answers, scenario: int | None, between: tuple[int, int] | None) -> str:
    count = f"{answers.images:,} training images"
    if scenario is None:
        return f"You have {count}. How similar they are to ImageNet decides between the scenarios."
    if between:
        return (
            f"With {count} you stand between scenarios {between[0]} and {between[1]}: freeze the first stages, "
            "fine-tune the rest, with augmentation."
        )
    return f"Scenario {scenario}. {SCENARIOS[scenario]}"


def _reasons(answers: Answers, measured: Measured | None) -> tuple[Reason, ...]:
    count = f"{answers.images:,} training images"
    small = answers.size == "small"
    reasons = [
        {
            "small": _reason("Fewer than 1,000 training images: consider feature extraction.", count, CS5720),
            "medium": _reason(
                "From 1,000 to 10,000 images the answer lies between: a few thousand, with augmentation, usually gain "
                "from fine-tuning; the first layers can stay frozen.",
                count,
                EXCHANGE,
            ),
            "large": _reason("More than 10,000 training images: consider fine-tuning.", count, CS5720),
        }[answers.size]
    ]
    if answers.similarity == "similar":
        rule = (
            "Few and similar: fine-tuning would overfit, and the higher-level features are relevant."
            if small
            else "Similar and enough data not to overfit: fine-tune through the full network."
        )
        reasons.append(_reason(rule, measured.similarity.finding if measured else f"similar, {SAID}", CS231N))
        if small:
            reasons.append(
                _against(
                    "Fine-tuning can still be more accurate; dropout and early stopping mitigate overfitting.", ARTICLE
                )
            )
    if answers.similarity == "different":
        said = measured.similarity.finding if measured else f"different, {SAID}"
        if answers.size == "large":
            reasons.append(
                _reason(
                    "Many and different: training from scratch is affordable, yet pretrained weights still often help.",
                    said,
                    CS231N,
                )
            )
        else:
            reasons.append(
                _reason(
                    "Different: only a linear classifier on few images, and on activations from an earlier layer, "
                    "because the top is too specific.",
                    said,
                    CS231N,
                )
            )
            reasons.append(_against("Very different images: fine-tuning is usually better.", CS5720))
            reasons.append(
                _against(
                    "A very specific domain with no network of its own: train from scratch, perhaps shallower.",
                    EXCHANGE,
                )
            )
    if answers.similarity is None:
        evidence = measured.similarity.finding if measured else "not answered"
        reasons.append(_reason("Similarity is open, so strategies of both sides are listed.", evidence, CS231N))
    if answers.budget == "limited":
        reasons.append(
            _reason(
                "Limited compute: feature extraction is faster, so it comes first here.",
                "your time limit and the measured pace" if measured else f"limited, {SAID}",
                CS5720,
            )
        )
    if answers.budget == "ample" and not small:
        reasons.append(
            _reason(
                "Ample compute: fine-tune for the best result.",
                "your time limit and the measured pace" if measured else f"ample, {SAID}",
                CS5720,
            )
        )
    if not small:
        reasons.append(
            _reason("Train the head first, then the rest ten times slower: the features survive.", count, LPFT)
        )
    best = max(measured.depth_curve, key=lambda point: point.accuracy) if measured and measured.depth_curve else None
    if measured and best and best != (last := measured.depth_curve[-1]) and best.low > last.accuracy:
        evidence = f"{best.accuracy:.1%} cross-validated on {best.tap}, {last.accuracy:.1%} on {last.tap}"
        rule = "An earlier layer tells your classes apart better than the last, whose features are too specific."
        reasons.append(_reason(rule, evidence, CS231N))
    return tuple(reasons)


def _reason(rule: str, evidence: str, source: str) -> Reason:
    return Reason(rule=rule, evidence=evidence, source=source)


def _against(rule: str, source: str) -> Reason:
    return Reason(rule=rule, evidence="", source=source, against=True)
