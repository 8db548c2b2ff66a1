"""How long a run still takes, against runs whose end is known (`python -m benchmarks.time_left` recorded them)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from transfer_core.training.ahead import Leg, Paces, seconds_left
from transfer_core.training.meter import Meter

RECORDED = json.loads(Path(__file__).with_name("recorded_runs.json").read_text())
FROM = 0.1  # of the run: before that little has been measured
WITHIN = 0.25  # of the truth
MOMENT = 0.02  # of the whole run: at the very end a quarter of the truth is less than a batch


def replayed(run: dict[str, Any]) -> Iterator[tuple[float, float, float]]:
    """After each batch: seconds since the run began, the seconds left by the meter, its bar."""
    now = 0.0
    plan = run["plan"]
    legs = [Leg(**leg) for leg in plan["legs"]]
    meter = Meter(torch.device("cpu"), forward=plan["forward"], legs=legs, solving=plan["solving"], clock=lambda: now)
    for moment, told, *values in run["records"]:
        now = moment
        if told == "slope":
            meter.slope = values[0]
        elif told == "only":
            meter.only(forward=values[0])
        else:
            getattr(meter, told)(*values)
        left = meter.seconds_left()
        if told == "passed" and left is not None:
            yield moment, left, meter.share(left)


@pytest.mark.parametrize("title", RECORDED)
def test_the_time_left_is_near_the_truth_and_the_bar_never_goes_back(title: str) -> None:
    run = RECORDED[title]
    whole, last, bars = run["seconds"], 0.0, []
    for moment, left, share in replayed(run):
        truth = whole - moment
        if moment >= FROM * whole:
            assert abs(left - truth) <= max(WITHIN * truth, MOMENT * whole), (
                f"{moment:.1f} s: {left:.1f} for {truth:.1f}"
            )
        assert share >= last
        last = share
        bars.append(share)
    assert bars[-1] > 0.9 and bars[0] < 0.2


def test_a_deeper_stage_costs_what_was_measured_of_the_others_and_the_network_adds() -> None:
    legs = (Leg(images=100, share=0.25), Leg(images=100, share=1.0))
    assert seconds_left(10, legs, Paces()) is None
    expected = seconds_left(10, legs, Paces(forward=0.1))
    assert expected == pytest.approx(10 * 0.1 + 100 * 0.1 * 1.5 + 100 * 0.1 * 3)
    measured = seconds_left(10, legs, Paces(forward=0.1, train={0.25: 0.4}, slope=0.8))
    assert measured == pytest.approx(10 * 0.1 + 100 * 0.4 + 100 * (0.4 + 0.8 * 0.75))
    assert seconds_left(10, (), Paces(train={1.0: 0.3})) == pytest.approx(1.0)
