"""What was said, measured and piloted of forty images."""

from transfer_core.strategies import STRATEGIES
from transfer_core.types import (
    Answers,
    Axis,
    DatasetSize,
    DepthPoint,
    Estimate,
    Measured,
    Pilots,
    Similarity,
    SourceClass,
    Trial,
)

TITLES = {strategy.name: strategy.title for strategy in STRATEGIES}


SIMILARITY = Similarity(
    answer="different",
    score=0.3,
    low=0.25,
    high=0.36,
    axes=(
        Axis(name="depth", score=0.3, low=0.2, high=0.4),
        Axis(name="semantics", score=None, low=None, high=None),
    ),
    images=40,
)


MEASURED = Measured(
    dataset="d",
    backbone="efficientnet_lite0",
    weights="w",
    device="CPU, 2 threads",
    size=DatasetSize(train_images=40, per_class=(20, 20), effective=40),
    similarity=SIMILARITY,
    depth_curve=(
        DepthPoint(tap="stage1", accuracy=0.6, low=0.5, high=0.7),
        DepthPoint(tap="stage4", accuracy=0.8, low=0.7, high=0.9),
    ),
    nearest_classes=(SourceClass(name="<b>jellyfish</b>", share=0.5, samples=(0, 1)),),
    estimates=tuple(
        Estimate(strategy=known.name, fixed_seconds=5, epoch_seconds=epoch, epochs=20 * (epoch > 0), peak_bytes=10**9)
        for known, epoch in zip(STRATEGIES, (0, 0, 0, 2, 4, 8, 8, 100, 1), strict=True)
    ),
    seconds=50,
)


PILOTS = Pilots(
    dataset="d",
    backbone="efficientnet_lite0",
    weights="w",
    trials=tuple(
        Trial(strategy=name, images=40, steps=10, seconds=20, rounds=2, accuracy=accuracy, part=0.9)
        for name, accuracy in (("fine_tune_top", 0.8), ("linear_svm", 0.7))
    ),
    recommended="fine_tune_top",
    tied=("fine_tune_top",),
    margin=0.1,
    low=0.04,
    high=0.16,
    val_images=80,
    budget_seconds=120,
    seconds=118,
)


SAID = Answers(images=40, similarity="similar")
