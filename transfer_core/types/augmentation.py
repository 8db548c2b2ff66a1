"""Random changes of training images: a switch for each, and names for sets of them."""

from dataclasses import dataclass, fields
from typing import Literal

Symmetry = Literal["flip", "flip_up", "half_turn", "quarter_turn"]  # moves pixels and changes none


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """What is in force: a field for each switch of a recipe, by its name. 0 is off."""

    flip: float = 0.0  # probability of left-right
    flip_up: float = 0.0  # probability of up-down
    quarter_turns: float = 0.0  # probability of a turn by 90, 180 or 270 degrees, each as likely
    tilt: float = 0.0  # degrees at most, either way
    shift: float = 0.0  # at most, as a share of the side
    crop: float = 0.0  # largest share of the area that is cut off
    colour: float = 0.0  # contrast and saturation: at most, as a share either way; brightness: in standard deviations
    erasing: float = 0.0  # probability of losing a rectangle

    @property
    def symmetries(self) -> dict[Symmetry, str]:
        """The flips and turns that images may get, each with the switch that takes it away."""
        found: dict[Symmetry, str] = {}
        if self.flip:
            found["flip"] = "flip"
        if self.flip_up:
            found["flip_up"] = "flip_up"
        if self.quarter_turns or (self.flip and self.flip_up):
            found["half_turn"] = "quarter_turns" if self.quarter_turns else "flip_up"
        if self.quarter_turns:
            found["quarter_turn"] = "quarter_turns"
        return found


SWITCHES = tuple(each.name for each in fields(Augmentation))
NOTHING = Augmentation()
PRESETS: dict[str, Augmentation] = {
    "none": NOTHING,
    "light": Augmentation(flip=0.5, shift=0.1),  # translation and flip (Stack Exchange)
    "standard": Augmentation(flip=0.5, tilt=15, shift=0.05, crop=0.5, colour=0.2),
}
# What a switch turns on where the preset has nothing. A quarter of the images is not turned, so that every direction is
# as likely; erasing as in Zhong et al. 2020.
ON = Augmentation(flip=0.5, flip_up=0.5, quarter_turns=0.75, tilt=15, shift=0.1, crop=0.5, colour=0.2, erasing=0.5)
