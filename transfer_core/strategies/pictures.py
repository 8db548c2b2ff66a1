"""How pictures that are no squares become the network's square, unless the user says otherwise."""

from typing import Literal

from transfer_core.types import Dataset, Reason

# The median of the longer side over the shorter from which the whole picture is shown, squeezed: photos of 4:3 lose by
# it, since their subject is in the middle, long bands gain (benchmarks/RESULTS.md, Which side, and how pictures
# become squares).
WHOLE_FROM = 2.0
WORTH_SAYING = 0.1  # of a picture
SOURCE = "measured on photos cut to bands (benchmarks/RESULTS.md)"


def fit_by_rule(dataset: Dataset) -> Literal["crop", "squeeze"]:
    """Crop near-squares; squeeze what a crop would cut too much of."""
    return "squeeze" if dataset.aspect >= WHOLE_FROM else "crop"


def fit_reason(dataset: Dataset) -> Reason | None:
    """What the rule does with a dataset's pictures and why; None for those that are squares, or nearly."""
    lost = 1 - 1 / max(dataset.aspect, 1.0)
    if lost < WORTH_SAYING:
        return None
    would = f"A crop to the middle square leaves out {lost:.0%} of a picture as long as your median one"
    if fit_by_rule(dataset) == "crop":
        rule = (
            f"{would}. Photos have their subject in the middle mostly, so below two to one runs crop. Settings can pad"
            " or squeeze instead."
        )
    else:
        rule = f"{would}, so runs squeeze the whole picture into the square. Settings can pad or crop instead."
    return Reason(rule=rule, evidence=f"sides {dataset.aspect:.2g} to 1, median", source=SOURCE)
