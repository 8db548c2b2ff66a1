"""Where the evidence is, drawn over the picture: what was cut off is in the dark."""

import io

import numpy as np
import pytest
from PIL import Image

from components.kit.heat import overlay
from tests.components.maps import heat, picture
from transfer_core.types import Fit


def test_the_map_lies_on_what_the_network_saw_and_the_rest_is_dark() -> None:
    plain, drawn = (np.asarray(Image.open(io.BytesIO(overlay(picture(), heat(), place, 2.0)))) for place in (1, 0))
    assert plain.shape == (320, 480, 3), "drawn larger, in its own shape"
    side, left, top = 256, (480 - 256) // 2, (320 - 256) // 2  # 80 of 100 px of the shorter side
    assert plain[5, 240].mean() < 70 < plain[160, 240].mean(), "cut off above"
    assert plain[160, 20].mean() < 70, "and beside"
    warm = drawn.astype(int)[..., 0] - drawn.astype(int)[..., 2]
    assert warm[top + side // 8, left + side // 8] > 40 > 0 > warm[top + side * 7 // 8, left + side * 7 // 8]


@pytest.mark.parametrize(("fit", "size"), [("pad", (480, 480)), ("squeeze", (480, 320))])
def test_other_fits_show_all_of_the_picture(fit: Fit, size: tuple[int, int]) -> None:
    drawn = Image.open(io.BytesIO(overlay(picture(), heat(fit), 1, 2.0)))
    assert drawn.size == size and np.asarray(drawn)[size[1] // 2, 5].mean() > 100
