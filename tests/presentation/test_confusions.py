"""Which classes are taken for which."""

import numpy as np

from transfer_core.presentation.confusions import mixed, most_confused, shares


def test_what_is_taken_for_what() -> None:
    first, second = np.array([[5, 3, 0], [1, 0, 4], [0, 0, 0]]), np.array([[0, 0, 9], [1, 0, 4], [0, 0, 0]])
    assert [(each.label, each.predicted, each.first, each.second) for each in mixed(first, second)] == [
        (0, 2, 0, 9),
        (1, 2, 4, 4),
        (0, 1, 3, 0),
        (1, 0, 1, 1),
    ]
    assert most_confused(first, ["cat", "dog", "emu"]) == "Most often dog is taken for emu: 4 of 5."
    assert most_confused(np.diag([3, 2]), ["cat", "dog"]) == "No test image is taken for another class."
    assert shares(first).tolist() == [[0.625, 0.375, 0.0], [0.2, 0.0, 0.8], [0.0, 0.0, 0.0]]
