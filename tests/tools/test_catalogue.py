"""The catalogue is what its command would write, and begins with what needs no download."""

import pytest

from tools.catalogue import LITE, archs, bundled_entry, entry, lite_entry
from transfer_core.backbones import BACKBONES
from transfer_core.types import Backbone


def each() -> list[object]:
    """The smallest of each family, where it is no large one; the others are left to `make soak`."""
    smallest = {b.family: b.name for b in sorted(BACKBONES, key=lambda b: -b.parameters) if b.parameters < 30e6}
    quick = {"efficientnet_lite0", "bundled", *smallest.values()}
    return [pytest.param(b, id=b.name, marks=[] if b.name in quick else [pytest.mark.soak]) for b in BACKBONES]


def test_what_needs_no_download_comes_first_and_every_classifier_follows() -> None:
    names = [known.name for known in BACKBONES]
    assert names == ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "bundled", *archs()]
    assert {"resnet18", "vit_b_16", "swin_v2_t", "maxvit_t", "regnet_y_128gf"} <= set(names)
    assert not any("quant" in name or "rcnn" in name for name in names)
    assert all(len(set(known.tap_names)) == len(known.taps) > 3 for known in BACKBONES)
    assert sorted(known.curated for known in BACKBONES if known.curated) == ["balanced", "best", "fast"]


@pytest.mark.parametrize("known", each())
def test_catalogue_is_what_its_command_would_write(known: Backbone) -> None:
    if known.package:
        fresh = lite_entry(next(size for size in LITE if known.name.endswith(str(size))))
    else:
        fresh = bundled_entry() if known.name == "bundled" else entry(known.arch)
    for field, value in vars(fresh).items():
        now = tuple(value) if isinstance(value, list) else value
        assert getattr(known, field) == now, f"{field}: run python -m tools.catalogue"
