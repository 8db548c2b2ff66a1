"""Runs, curves and forecasts to draw, with names that try to be markup."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from transfer_core.compare.compared import Approach, Bin, Comparison, Constant, Interval, Pair, Score, Verdict
from transfer_core.compare.crossing import Crossing, Forecast, LearningCurve, Size
from transfer_core.presentation.entries import Entry, entries
from transfer_core.presentation.figures import Curve
from transfer_core.types import EpochEnd, Goal, RateTest, Recipe, Run

NASTY = ("<b>shoe</b>", "$x$", "![x](http://evil.test)", "c0")
TITLES = ("Linear probe", "Fine-tune everything", "Fine-tune everything, seed 3")
STRATEGIES = ("linear_probe", "fine_tune_all", "fine_tune_all")


def around(value: float, by: float = 0.04) -> Interval:
    return Interval(value=value, low=value - by, high=value + by)


def run(id: str, strategy: str, **fields: object) -> Run:
    recipe = replace(Recipe(dataset="d", backbone="b", weights="w", strategy=strategy, version=1), **fields)
    times = {"created": 0.0, "started": 0.0, "finished": 0.0}
    return Run(id=id, recipe=recipe, status="done", device="cpu", **times)


def score(run: str, accuracy: float) -> Score:
    return Score(
        run=run,
        accuracy=accuracy,
        interval=(accuracy - 0.04, accuracy + 0.03),
        macro_f1=accuracy,
        confusion=np.eye(2, dtype=np.int64),
        images=372,
        log_loss=0.4,
        ece=0.05,
        reliability=tuple(
            Bin(confidence=confidence, accuracy=around(accuracy), images=images)
            for confidence, images in ((0.35, 2), (0.75, 70), (0.95, 300))
        ),
    )


def compared(
    titles: Sequence[str] = TITLES,
    strategies: Sequence[str] = STRATEGIES,
    accuracies: Sequence[float] = (0.903, 0.897, 0.83),
) -> Comparison:
    """The second run is the verdict's choice, where there are two; the last is surely worse than all others."""
    runs = tuple(run(f"r{n}", name) for n, name in enumerate(strategies))
    scores = tuple(score(one.id, accuracy) for one, accuracy in zip(runs, accuracies, strict=True))
    pairs = tuple(
        Pair(
            first=runs[a].id,
            second=runs[b].id,
            accuracy=around(accuracies[a] - accuracies[b], 0.02),
            macro_f1=around(0.0),
            log_loss=around(0.0),
            wins=30,
            losses=20,
            p=0.01 if b == len(runs) - 1 else 0.4,
            adjusted=0.02 if b == len(runs) - 1 else 0.8,
        )
        for a in range(len(runs))
        for b in range(a + 1, len(runs))
    )
    choice = runs[min(1, len(runs) - 1)].id
    return Comparison(
        runs=runs,
        titles=tuple(titles),
        train_images=(100,) * len(runs),
        scores=scores,
        pairs=pairs,
        classes=("a", "b"),
        goal=Goal(),
        constant=Constant(label=0, score=score("constant", 0.52), pairs=()),
        verdict=Verdict(choice=choice, best=runs[0].id, reason="", warning="", caution="", worth=0.01),
        transfer=None,
        approaches=(
            Approach(name="feature extraction", run=None, by_images=()),
            Approach(name="fine-tuning", run=None, by_images=()),
        ),
    )


THREE = entries(compared())
FOUR = entries(compared(NASTY, ["linear_probe"] * 4, [0.5] * 4))


def epochs(count: int, *, stages: int = 1) -> list[EpochEnd]:
    return [
        EpochEnd(
            stage=f"stage {stages * n // count}",
            epoch=n + 1,
            step=10 * n,
            train_loss=2.0 / (n + 1),
            train_accuracy=0.5,
            val_loss=2.5 / (n + 1),
            val_accuracy=None if n == 0 else 0.4,
            best=True,
            seconds=float(n),
        )
        for n in range(count)
    ]


def curve(entry: Entry, count: int, *, gradient: bool = True) -> Curve:
    return Curve(entry=entry, points=tuple((float(e.epoch), e) for e in epochs(count)), gradient=gradient)


IMAGES = np.geomspace(50, 2_000, 20)


def learned(strategy: str, offset: float) -> LearningCurve:
    accuracy = 0.9 - offset - 2 / IMAGES**0.5
    sizes = tuple(Size(images=n, accuracy=around(0.6), runs=("a",)) for n in (50, 200, 500))
    band = {"accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05}
    return LearningCurve(strategy=strategy, sizes=sizes, scale=2.0, rate=0.5, floor=0.1, **band)


CROSSING = Crossing(
    extraction=learned("linear_probe", 0.05),
    tuning=learned("fine_tune_all", 0.0),
    images=IMAGES,
    about=700.0,
    low=500.0,
    high=900.0,
    **{"ahead": 0.2, "crossed": 0.95, "stays": 0.9, "behind": 0.02},
)
FORECAST = Forecast(
    finding="crosses",
    said="",
    method="",
    crossing=CROSSING,
    lacking=(),
    offer="",
    **{"trained": 500, "have": 500, "horizon": 2_000},
)
RATES = tuple(float(rate) for rate in np.geomspace(1e-6, 0.1, 50))
TEST = RateTest(
    rates=RATES,
    losses=tuple(float(loss) for loss in np.linspace(2.3, 1.0, 50)),
    smoothed=tuple(float(loss) for loss in np.linspace(2.3, 1.0, 50)),
    **{"begun": 2.3, "guessing": 2.0, "lowest": 0.01, "diverges_from": 0.06, "suggested": 0.0004, "own": 0.02},
    **{"steps": 50, "seconds": 21.0},
)
