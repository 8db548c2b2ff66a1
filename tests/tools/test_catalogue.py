"""The catalogue is what its command would write, and begins with what needs no download."""

import pytest

from tests.sweeping import sweep
from tools.catalogue import LITE, archs, bundled_entry, entry, lite_entry
from transfer_core.backbones import BACKBONES, backbone

# The smallest of each family, where it is no large one; the others are left to `make soak`.
SMALLEST = {b.family: b.name for b in sorted(BACKBONES, key=lambda b: -b.parameters) if b.parameters < 30e6}
QUICK = {"efficientnet_lite0", "bundled", *SMALLEST.values()}


def test_what_needs_no_download_comes_first_and_every_classifier_follows() -> None:
    names = [known.name for known in BACKBONES]
    assert names == ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "bundled", *archs()]
    assert {"resnet18", "vit_b_16", "swin_v2_t", "maxvit_t", "regnet_y_128gf"} <= set(names)
    assert not any("quant" in name or "rcnn" in name for name in names)
    assert all(len(set(known.tap_names)) == len(known.taps) > 3 for known in BACKBONES)
    assert sorted(known.curated for known in BACKBONES if known.curated) == ["balanced", "best", "fast"]


def check_entry(name: str) -> None:
    known = backbone(name)
    if known.package:
        fresh = lite_entry(next(size for size in LITE if known.name.endswith(str(size))))
    else:
        fresh = bundled_entry() if known.name == "bundled" else entry(known.arch)
    for field, value in vars(fresh).items():
        now = tuple(value) if isinstance(value, list) else value
        assert getattr(known, field) == now, f"{field}: run python -m tools.catalogue"


def test_catalogue_is_what_its_command_would_write() -> None:
    sweep(check_entry, [(each.name,) for each in BACKBONES if each.name in QUICK])


@pytest.mark.soak
@pytest.mark.parametrize("name", [each.name for each in BACKBONES if each.name not in QUICK])
def test_the_rest_of_the_catalogue_is_what_its_command_would_write(name: str) -> None:
    check_entry(name)
