"""The catalogue: what the server knows of backbones without torch."""

import subprocess
import sys

import pytest

from tools.catalogue import LITE, archs, bundled_entry, entry, lite_entry
from transfer_core.backbones import BACKBONES, backbone
from transfer_core.errors import RecipeError
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


def test_taps_in_words_and_numbers() -> None:
    taps = backbone("resnet18").taps
    assert [tap.reduction for tap in taps] == [4, 4, 8, 16, 32]
    assert taps[2].title == "stage 2 of 4, 128 channels, 1/8"
    assert backbone("vgg11").taps[-1].title == "second fully connected layer, 4,096 values"
    assert "not for commercial use" in backbone("vit_h_14").licence
    assert backbone("vit_h_14").fixed_px


def test_unknown_name_says_which_are_known() -> None:
    with pytest.raises(RecipeError, match=r"no backbone 'vgg99'. Choose 'bundled'.*lists all"):
        backbone("vgg99")
    with pytest.raises(RecipeError, match=r"no backbone 'resnet19'.*like .*resnet18"):
        backbone("resnet19")


def test_reading_it_needs_no_torch() -> None:
    code = "import sys, transfer_core.backbones; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
