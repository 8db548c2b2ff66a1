"""In which settings recipes differ."""

from tests.presentation.drawn import run
from transfer_core.presentation.recipes import differences
from transfer_core.strategies.settings import NONE


def test_recipes_differ_where_runs_that_have_a_setting_differ() -> None:
    probe, tuned = run("a", "linear_probe"), run("b", "fine_tune_all", epochs=5, lr=0.01, smoothing=0.1)
    found = differences([probe, tuned])
    assert set(found.apart) == {"Strategy"} and found.shared["Weights"] == "w" and "Epochs" not in found.shared
    assert found.some["Epochs"] == "5" and found.some["Label smoothing"] == "0.1", "the solver's run has neither"
    other = differences([tuned, run("c", "fine_tune_all", epochs=7, lr=0.01), probe])
    assert other.apart["Epochs"] == ("5", "7", NONE) and "Strategy" in other.apart
    assert "Version" not in found.apart
    assert not differences([tuned]).apart
