"""The laws that learning curves follow, found again from points on them."""

import numpy as np
import pytest

from transfer_core.compare.power_law import fitted


def test_exact_laws_are_found_again() -> None:
    # 0.8, 0.4, 0.2 at 100, 400, 1,600: halved by four times the images, so a rate of 1/2 and a scale of 8.
    law = fitted(np.array([100.0, 400.0, 1600.0]), np.array([[0.8, 0.4, 0.2]]), np.ones(3), floor=False)
    assert [law.scale[0], law.rate[0], law.floor[0]] == pytest.approx([8, 0.5, 0])
    # The same on a floor of 0.1.
    images = np.array([100.0, 400.0, 1600.0, 6400.0])
    law = fitted(images, np.array([[0.9, 0.5, 0.3, 0.2]]), np.array([1.0, 2.0, 3.0, 4.0]), floor=True)
    assert [law.scale[0], law.rate[0], law.floor[0]] == pytest.approx([8, 0.5, 0.1])
    assert law.at(np.array([25_600.0]))[0, 0] == pytest.approx(0.15)


@pytest.mark.parametrize("floor", [False, True])
def test_an_error_that_grows_with_the_images_has_a_flat_law(floor: bool) -> None:
    law = fitted(np.array([100.0, 200.0, 400.0, 800.0]), np.array([[0.2, 0.3, 0.4, 0.5]]), np.ones(4), floor=floor)
    assert law.at(np.array([100.0, 1e5]))[0] == pytest.approx([0.35, 0.35])
