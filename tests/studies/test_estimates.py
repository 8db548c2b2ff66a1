"""What a strategy is estimated to take."""

from dataclasses import replace
from typing import Any

import pytest

from transfer_core.studies.estimates import Clock, _estimate
from transfer_core.types import (
    Dataset,
)
from transfer_core.workspace import Workspace


class Paces(Clock):
    """A clock that knows: 1 ms forward and 5 ms to learn, an image each; 2 s for a head."""

    def __init__(self, backbone: Any) -> None:
        self.context, self.peak_bytes = type("Known", (), {"backbone": backbone})(), 7

    def look(self, *_: Any) -> Any:
        return (yield from ()) or 1e-3

    def learn(self, *_: Any) -> Any:
        return (yield from ()) or 5e-3

    def head(self, *_: Any) -> Any:
        return (yield from ()) or 2.0


@pytest.mark.parametrize(
    ("strategy", "seconds"), [("linear_probe", 0.0), ("fine_tune_all", 4.0), ("from_scratch", 4.0)]
)
def test_the_arithmetic_of_an_estimate(workspace: Workspace, dataset: Dataset, strategy: str, seconds: float) -> None:
    train, val, test = (dataset.count(split) for split in range(3))
    backbone, known = workspace.backbones.get(), workspace.strategies.get(strategy)
    wanted = replace(workspace.recipes.make(dataset, strategy), **({"epochs": 4} if seconds else {}))
    work = _estimate(known, wanted, Paces(backbone), dataset, lacking=val)
    with pytest.raises(StopIteration) as end:
        next(work)
    found = end.value.value
    head = 2.0 + val * 1e-3 if strategy != "from_scratch" else 0.0  # val's features are still to be computed
    assert found.fixed_seconds == pytest.approx((val * bool(seconds) + test) * 1e-3 + head), (
        "val once, or after learning"
    )
    assert found.seconds - found.fixed_seconds == pytest.approx(seconds and 4 * train * 5e-3 + 4 * val * 1e-3)
