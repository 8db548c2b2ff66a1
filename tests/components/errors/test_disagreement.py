"""What one run fixes and breaks, in words."""

from components.errors import disagreement
from tests.components.errors.two_runs import two_runs
from transfer_core.workspace import Workspace


def test_the_net_effect_is_in_words_with_its_interval(opened: Workspace) -> None:
    _, comparison = two_runs(opened)
    found = opened.comparisons.disagreement("linear_probe", "fine_tune_all")
    pair = comparison.pair("fine_tune_all", "linear_probe")
    said = disagreement.words(found, pair, ("A*", "B"), images=comparison.images, pairs=1)
    assert "**B** fixes **26** of the images that **A\\*** has wrong, and breaks **4**" in said
    assert "net +22 of 64 images, +34.4 points (+1" in said and said.endswith("which is significant.")
    back = disagreement.words(
        opened.comparisons.disagreement("fine_tune_all", "linear_probe"),
        pair.seen_from("linear_probe"),
        ("B", "A"),
        images=64,
        pairs=1,
    )
    assert "net \N{MINUS SIGN}22 of 64" in back and "\N{MINUS SIGN}34.4 points" in back
