"""Every pair of runs, seen from its row."""

from components.compare.matrix import drawing, headline
from tests.components.finished_runs import Finish
from transfer_core.presentation.entries import entries
from transfer_core.workspace import Workspace


def test_pairs_are_seen_from_the_row_and_say_what_they_rest_on(opened: Workspace, finish: Finish) -> None:
    worse, better = finish("linear_probe", 9), finish("fine_tune_all", 0)
    comparison = opened.comparisons.make([worse.id, better.id])
    shown = entries(comparison)
    assert [each.run.id for each in shown] == [better.id, worse.id]
    drawn = drawing(comparison, shown, "accuracy")
    above, below = drawn["cells"][0][1], drawn["cells"][1][0]
    assert above["value"] == "+" + below["value"].removeprefix("−")
    assert (above["share"], below["share"]) == (1.0, -1.0)
    assert above["sure"]
    assert "1 Fine-tune everything against 2 Linear probe" in above["said"]
    assert "It alone has 9 images right, the other alone 0 images" in above["said"]
    assert headline(comparison, "accuracy") == "The two differ significantly"
    loss = drawing(comparison, shown, "log_loss")["cells"][0][1]
    assert loss["value"].startswith("−")
    assert loss["share"] == 1.0  # less is better
