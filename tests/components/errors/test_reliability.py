"""Calibration in words."""

import numpy as np

from components.errors import reliability
from tests.components.finished_runs import LABELS, predictions
from transfer_core.compare.statistics import score


def test_calibration_is_said_by_how_much_and_in_which_direction() -> None:
    named = np.where(np.arange(len(LABELS)) % 2 == 0, LABELS, (LABELS + 1) % 3)  # half of them right, 85 % sure
    sure = score("r", predictions(named), 3)
    said = reliability.said("Probe*", sure)
    gap = 100 * (sure.confidence - sure.accuracy)
    assert said.startswith(rf"**Probe\*** is too sure of itself, by {gap:.1f} points") and gap > 20
    assert "too unsure of itself" in reliability.said("P", score("r", predictions(LABELS), 3))
