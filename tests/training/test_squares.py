"""However pictures that are no squares become the network's, training, testing and predicting see the same one."""

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from PIL import Image

from tests.training.bench import Bench, make_dataset, said_of
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.types import Backbone, Fit, Predictions


def test_what_is_predicted_is_what_was_tested(tmp_path: Path, small_backbone: Backbone) -> None:
    data = make_dataset(tmp_path, [0] * 12 + [1] * 6 + [2] * 6, [0, 1, 2] * 8)
    samples = [tmp_path / "datasets" / data.id / "samples" / file for file in data.files]
    for number, sample in enumerate(samples):
        shape = ((120, 40), (40, 120), (70, 48))[number % 3]
        Image.open(sample).resize(shape).save(sample)
    bench = Bench(workspace=tmp_path, dataset=data, backbone=small_backbone)
    tested = {}
    for fit in get_args(Fit):
        bench.run(bench.recipe("linear_probe", px=32, fit=fit), fit)
        with np.load(tmp_path / "runs" / fit / "predictions.npz") as kept:
            rows, tested[fit] = kept["test_samples"], kept["test_probabilities"]
            said = calibrated(tested[fit], fitted_temperature(Predictions(**kept)))
        for row, expected in zip(rows[:3], said, strict=False):  # one of each shape
            assert said_of(tmp_path / "runs" / fit, samples[row]) == pytest.approx(expected.tolist(), abs=1e-5), fit
    assert not np.array_equal(tested["crop"], tested["pad"])
    assert not np.array_equal(tested["crop"], tested["squeeze"])
    assert len(list((tmp_path / "features").glob("*.npz"))) == 6, "features and a head of each"
