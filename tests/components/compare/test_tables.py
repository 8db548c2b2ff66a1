"""Tables of runs, and folds in words."""

from components.compare.tables import resampled_words
from transfer_core.compare.compared import Interval, Resampled


def test_folds_are_told_from_the_side_that_is_ahead() -> None:
    test = Resampled(
        first="a", second="b", difference=Interval(value=-0.05, low=-0.08, high=-0.02), p=0.01, adjusted=0.02, folds=5
    )
    said = resampled_words(test, {"a": "Probe", "b": "Tune"})
    assert (
        said
        == "“Tune” is 5.0 points (+2.0 to +8.0) ahead of “Probe” over 5 folds, which is significant: adjusted p 0.020."
    )
