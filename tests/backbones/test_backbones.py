"""What the server knows of backbones without torch."""

import subprocess
import sys

import pytest

from transfer_core.backbones import backbone
from transfer_core.errors import RecipeError


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
