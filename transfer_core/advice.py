"""The decision flowchart as a pure function: three answers -> scenario, strategies in order, reasons with sources."""

from typing import Literal

from transfer_core.types import Advice, Answers, Measured, Reason, Suggestion

Role = Literal["recommended", "alternative", "control"]

CS231N = "CS231n notes, Transfer Learning"
CS5720 = "CS5720, week 5, slide 96"
ARTICLE = "Fine-tuning and feature extraction compared (article, 2023)"
EXCHANGE = "Stack Exchange, adapting a pretrained network"
SAID = "as you said"
LPFT = "Kumar et al. 2022 (LP-FT)"

SCENARIOS: dict[int, str] = {
    1: "Few images, like ImageNet: train a linear classifier on the CNN codes.",
    2: "Many images, like ImageNet: fine-tune the whole network.",
    3: "Few images, unlike ImageNet: train a linear SVM on activations from an earlier layer.",
    4: "Many images, unlike ImageNet: fine-tune the whole network from pretrained weights.",
}

# What each strategy is good for, by where the user stands: (size, similarity) -> strategies, best first.
# `None` stands for an open similarity. The limited budget moves those that train on frozen features to the front.
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
ON_FROZEN_FEATURES = ("linear_probe", "linear_svm")

WHY: dict[str, tuple[str, str]] = {
    "linear_probe": ("Nothing in the network changes, so few images cannot overfit it, and it takes seconds.", CS231N),
    "linear_svm": (
        "The top of the network is too specific to photos of things; an earlier layer is more general.",
        CS231N,
    ),
    "fine_tune_top": (
        "First layers see edges and colours that serve any images; the later ones learn your own.",
        EXCHANGE,
    ),
    "fine_tune_all": ("The whole network adapts to your images, from weights that already see well.", CS231N),
    "all_layers": (
        "Every layer adds what it sees best; the strongest features of all are kept.",
        "Evci et al. 2022 (Head2Toe)",
    ),
    "frozen_head": ("Only the head learns, on augmented images: the textbook's feature extraction.", CS5720),
    "gradual": ("Early layers move only after the late ones have settled.", "Howard and Ruder 2018 (ULMFiT)"),
    "small_cnn": ("The control for odd images: a small network that knows nothing else.", EXCHANGE),
    "from_scratch": ("The control: what the same network reaches without any pretraining.", CS231N),
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
        suggestions=tuple(_suggestion(name, rank) for rank, name in enumerate(order)),
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
        return tuple(sorted(order, key=lambda name: name not in ON_FROZEN_FEATURES))  # stable
    return order


def _suggestion(name: str, rank: int) -> Suggestion:
    role: Role = "recommended" if rank == 0 else "control" if name == "from_scratch" else "alternative"
    why, source = WHY[name]
    return Suggestion(strategy=name, role=role, why=why, source=source)


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
