"""What a user's own weights are called at first."""

import pytest

from components.kit.own_weights import suggested
from transfer_core.backbones.local import NAME


@pytest.mark.parametrize(
    ("file", "name"),
    [("My ResNet (3).pth", "my-resnet-3"), ("net_v2.final.safetensors", "net_v2-final"), ("é" * 90 + "a.pt", "a")],
)
def test_a_files_name_becomes_one_that_is_allowed(file: str, name: str) -> None:
    assert suggested(file) == name
    assert NAME.fullmatch(name)
