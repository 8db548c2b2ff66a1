"""The catalogue: what the server knows of backbones without torch."""

import subprocess
import sys

import pytest

from transfer_core.backbones import BACKBONES, backbone
from transfer_core.backbones.torchvision import catalogue
from transfer_core.errors import RecipeError


def test_bundled_comes_first_and_names_are_unique() -> None:
    names = [known.name for known in BACKBONES]
    assert names == ["bundled", "resnet18", "mobilenet_v3_small", "squeezenet1_1"]
    assert all(len(set(known.tap_names)) == len(known.taps) > 3 for known in BACKBONES)


def test_catalogue_is_what_its_command_would_write() -> None:
    for known, fresh in zip(BACKBONES, catalogue(), strict=True):
        for field, value in vars(fresh).items():
            now = tuple(value) if isinstance(value, list) else value
            assert getattr(known, field) == now, (
                f"{known.name}.{field}: run python -m transfer_core.backbones.torchvision"
            )


def test_unknown_name_says_which_are_known() -> None:
    with pytest.raises(RecipeError, match=r"no backbone 'vgg99'.*bundled, resnet18"):
        backbone("vgg99")


def test_reading_it_needs_no_torch() -> None:
    code = "import sys, transfer_core.backbones; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
