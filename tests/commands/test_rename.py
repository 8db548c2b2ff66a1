"""Another name for a dataset."""

from pathlib import Path

from tests.commands.asked import graft


def test_a_dataset_gets_another_name(root: Path) -> None:
    assert graft("rename", "colours", "  reds and  blues ", root=root)["name"] == "reds and blues"
    assert graft("show", "reds and blues", root=root)["name"] == "reds and blues"
    assert "at least one letter" in graft("rename", "reds and blues", " ", root=root, code=2)
