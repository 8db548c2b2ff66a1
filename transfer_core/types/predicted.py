"""What finished runs say of images that are in no dataset."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transfer_core.types.backbones import Fit
from transfer_core.types.plain import Floats


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """When a run's answer stands: "not sure" is an answer too."""

    accuracy: float  # promised, of the images that are answered
    threshold: float | None  # of the likeliest class's calibrated probability; None: none keeps the promise
    answered: float  # the share of validation images that are
    images: int  # of validation, by which this was set; 0: there were none, so every answer stands


@dataclass(frozen=True, kw_only=True, eq=False)
class Predicted:
    """Images and what each of the runs says of them, in the order in which they were looked at."""

    names: tuple[str, ...]  # the user's own
    errors: tuple[str, ...]  # why an image could not be read, as a sentence; '' where it was
    of: int  # how many there were; more than `names` where it was stopped
    classes: tuple[str, ...]
    runs: tuple[str, ...]  # ids
    probabilities: Floats  # (R, N, K), calibrated on validation images; nan where an image could not be read
    unlike: NDArray[np.bool_]  # (R, N): unlike anything that the run was trained on
    doubts: tuple[Doubt, ...]  # of each run

    def sure(self, run: int, row: int) -> bool:
        """Whether a run's answer for an image stands: likely enough, and like what the run knows."""
        threshold = self.doubts[run].threshold
        likely = threshold is not None and bool(self.probabilities[run, row].max() >= threshold)
        return likely and not self.unlike[run, row]


@dataclass(frozen=True, kw_only=True, eq=False)
class Heat:
    """Where in a picture a run finds its evidence for some classes."""

    classes: tuple[int, ...]  # the likeliest first
    maps: Floats  # (k, G, G), of the network's square; above 0 speaks for the class, below against it. G may be 0: none
    tried: tuple[
        float, ...
    ]  # the likeliest class's probability: as it is, the hottest fifth covered, a random fifth; or ()
    resize_px: int  # how the picture became the square: `fit_square`'s arguments
    crop_px: int
    fit: Fit
