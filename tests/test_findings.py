"""What results say when they are shown: from their numbers alone, those of an earlier Graft too."""

from dataclasses import asdict, replace
from typing import Any

import pytest

from transfer_core import findings
from transfer_core.types import (
    Axis,
    DatasetSize,
    DepthPoint,
    Measured,
    Pilots,
    RateTest,
    Similarity,
    Trial,
    from_plain,
)

DEPTH = Axis(name="depth", score=0.3, low=0.2, high=0.4, facts={"chance": 0.5})
STATISTICS = Axis(
    name="statistics", score=0.4, low=0.3, high=0.5, facts={"divergence": 0.123, "near": 0.01, "far": 1.94}
)
SEMANTICS = Axis(name="semantics", score=0.5, low=0.4, high=0.6, facts={"sure": 0.614, "kinds": 7.44, "own": 0.9})
TOGETHER = Similarity(answer="in between", score=0.41, low=0.33, high=0.5, axes=(DEPTH, STATISTICS), images=800)
CURVE = tuple(
    DepthPoint(tap=tap, accuracy=share, low=share - 0.05, high=share + 0.05)
    for tap, share in (("stage1", 0.6), ("stage2", 0.8), ("stage4", 0.7))
)
MEASURED = Measured(
    dataset="d",
    backbone="b",
    weights="w",
    device="CPU",
    size=DatasetSize(train_images=800, per_class=(400, 300, 100), effective=800),
    similarity=TOGETHER,
    depth_curve=CURVE,
    nearest_classes=(),
    estimates=(),
    seconds=20.0,
)
LAYERS = {"stage1": "Stage 1, 16 channels", "stage2": "Stage 2"}


def measured(**changes: Any) -> Measured:
    return replace(MEASURED, similarity=replace(TOGETHER, **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {},
            "800 training images look partly like the photos that the backbone knows: 0.41 on a scale from 0 to 1,"
            " 95 % interval 0.33 to 0.50.",
        ),
        (
            {"answer": "different", "images": 790},
            "Your training images look unlike the photos that the backbone knows: 0.41 on a scale from 0 to 1, 95 %"
            " interval 0.33 to 0.50; 790 of 800 were looked at.",
        ),
        (
            {"answer": None, "images": 790},
            "Cannot be told from 790 of your 800 training images: 0.41 on a scale from 0 to 1, 95 % interval 0.33 to"
            " 0.50.",
        ),
        ({"answer": None, "score": None, "low": None, "high": None, "images": 12}, "Cannot be told from 12 images."),
        (
            {"answer": None, "score": None, "low": None, "high": None, "axes": (replace(DEPTH, score=None),)},
            "Nothing could be measured with this backbone.",
        ),
    ],
)
def test_likeness(changes: dict[str, Any], said: str) -> None:
    assert findings.likeness(measured(**changes)) == said


@pytest.mark.parametrize(
    ("axis", "curve", "said"),
    [
        (
            DEPTH,
            CURVE,
            "A linear classifier has 70.0\u202f% right on the last features, 60.0\u202f% on the first (Stage 1, 16"
            " channels), and most, 80.0\u202f%, on Stage 2.",
        ),
        (
            DEPTH,
            CURVE[:2],
            "A linear classifier has 80.0\u202f% right on the last features, 60.0\u202f% on the first (Stage 1, 16"
            " channels).",
        ),
        (
            replace(DEPTH, score=None),
            CURVE,
            "No layer tells your classes apart better than guessing, which has 50.0\u202f% right.",
        ),
        (replace(DEPTH, score=None), (), "There are too few training images to compare layers."),
        (
            STATISTICS,
            CURVE,
            "Inside the network your images lie 0.12 from its source images; unseen photos of that kind lie at 0.01,"
            " your own images with their pixels shuffled at 1.9.",
        ),
        (
            SEMANTICS,
            CURVE,
            "The source classifier is 61\u202f% sure of what it sees (90\u202f% on its own images), and sees about 7.4"
            " kinds of things in your 3 classes.",
        ),
        (
            replace(SEMANTICS, facts={"sure": 0.5, "kinds": 1.0}),
            CURVE,
            "The source classifier is 50\u202f% sure of what it sees, and sees about 1.0 kinds of things in your 3"
            " classes.",
        ),
        (replace(SEMANTICS, score=None, facts={}), CURVE, findings.LACKING["semantics"]),
        (
            replace(STATISTICS, facts={}),  # as an earlier Graft kept it
            CURVE,
            "0.40, where 0 stands for: activations as of your images with their pixels shuffled; and 1 for: activations"
            " as of unseen photos of the source's kind.",
        ),
    ],
)
def test_an_axis(axis: Axis, curve: tuple[DepthPoint, ...], said: str) -> None:
    assert findings.axis(axis, replace(MEASURED, depth_curve=curve), LAYERS) == said


def trial(strategy: str, accuracy: float, steps: int = 10, part: float = 0.4) -> Trial:
    return Trial(strategy=strategy, images=100, steps=steps, seconds=5.0, rounds=1, accuracy=accuracy, part=part)


RACE = Pilots(
    dataset="d",
    backbone="b",
    weights="w",
    trials=(trial("linear_probe", 0.8, steps=0, part=1.0), trial("fine_tune_all", 0.75)),
    recommended=None,
    tied=("linear_probe", "fine_tune_all"),
    margin=0.05,
    low=0.01,
    high=0.09,
    p=0.02,
    val_images=1_000,
    budget_seconds=60.0,
    seconds=59.0,
)
LED = "“Linear probe” leads “Fine-tune everything” by 5.0 points (1.0 to 9.0) on 1,000 validation images"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recommended": "linear_probe", "tied": ("linear_probe",)}, f"{LED}."),
        ({"low": -0.01}, f"The pilots could not tell: {LED.replace('(1.0', '(-1.0')}, which is not significant."),
        ({"p": 0.07}, f"The pilots could not tell: {LED}, which too few images show (exact test: p = 0.07)."),
        ({}, f"The pilots could not tell: {LED}, but “Fine-tune everything” had only 40\u202f% of its training."),
        (
            {"p": None},
            f"The pilots could not tell: {LED}, but “Fine-tune everything” had only 40\u202f% of its training.",
        ),
        ({"tied": ("linear_probe",)}, f"The pilots could not tell: {LED}, but there was no time to try fine-tuning."),
        (
            {
                "trials": RACE.trials[:1],
                "tied": ("linear_probe",),
                "margin": None,
                "low": None,
                "high": None,
                "p": None,
            },
            "The pilots could not tell: there was time for “Linear probe” alone.",
        ),
    ],
)
def test_a_race(changes: dict[str, Any], said: str) -> None:
    assert findings.race(replace(RACE, **changes)) == said


def test_a_range_test() -> None:
    test = RateTest(
        rates=(1e-4, 1e-3),
        losses=(2.0, 1.0),
        smoothed=(2.0, 1.0),
        begun=2.0,
        guessing=2.0,
        lowest=0.01,
        diverges_from=0.06,
        suggested=0.0004,
        own=0.001,
        steps=2,
        seconds=1.0,
    )
    said = findings.learning_rates(test)
    assert said == "The loss is half-way down at 0.0004, lowest at 0.01 and above its beginning from 0.06 on."
    nowhere = findings.learning_rates(replace(test, suggested=None, diverges_from=None))
    assert nowhere == "The loss falls clearly at no rate, and is at no rate above its beginning."


def test_what_an_earlier_graft_kept_is_read_and_said_anew() -> None:
    axis = {"name": "depth", "score": 0.3, "low": 0.2, "high": 0.4, "near": "n", "far": "f", "finding": "Said then."}
    kept = asdict(MEASURED)
    kept["similarity"] |= {"axes": [axis], "finding": "Said then."}
    found = from_plain(Measured, kept, earlier=True)
    assert findings.likeness(found) == findings.likeness(MEASURED)
    assert findings.axis(found.similarity.axes[0], found, LAYERS) == findings.axis(DEPTH, MEASURED, LAYERS)
    with pytest.raises(TypeError):
        from_plain(Measured, kept)
