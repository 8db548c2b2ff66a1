"""Pairs of classes that are mixed up, as a list."""

import re

import numpy as np

from components.errors.confusion import listed
from tests.components.finished_runs import CLASSES
from transfer_core.presentation.confusions import mixed


def test_pairs_are_listed_by_how_often_they_are_mixed_up() -> None:
    first, second = np.array([[5, 1, 0], [4, 5, 0], [0, 0, 9]]), np.array([[5, 0, 0], [2, 5, 0], [7, 0, 9]])
    html = listed(CLASSES, [("linear_probe", "A"), ("linear_svm", "<i>")], mixed(first, second))
    assert re.findall(r'data-cell="(.*?)"', html) == ["2-0", "1-0", "0-1"]
    assert html.count("<button") == 3 and "\N{MINUS SIGN}2" in html and "+7" in html
    assert "<b>cat" not in html and "<i>" not in html
