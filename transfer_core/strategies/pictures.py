"""How pictures that are no squares become the network's square, unless the user says otherwise."""

from typing import Literal

from transfer_core.types import Dataset

# Medians of the longer side over the shorter from which the whole picture is shown, squeezed: by cross-validation on
# photos that were cut to bands (benchmarks/RESULTS.md, "From any picture to the network's square").
WHOLE_FROM = 1.3


def fit_by_rule(dataset: Dataset) -> Literal["crop", "squeeze"]:
    """Crop near-squares; squeeze what a crop would cut too much of."""
    return "squeeze" if dataset.aspect >= WHOLE_FROM else "crop"
