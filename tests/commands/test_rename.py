"""Another name for a dataset or a run; notes and tags."""

from pathlib import Path

from tests.commands.asked import graft, words


def test_a_dataset_gets_another_name(root: Path) -> None:
    assert graft("rename", "colours", "  reds and  blues ", root=root)["name"] == "reds and blues"
    assert graft("show", "reds and blues", root=root)["name"] == "reds and blues"
    assert "at least one letter" in graft("rename", "reds and blues", " ", root=root, code=2)


def test_a_run_is_called_noted_tagged_and_found(root: Path) -> None:
    runs = [each for each in graft("list", "runs", root=root)["runs"] if "+" not in each["run"]]
    first, second = runs[0]["run"], runs[1]["run"]
    assert graft("rename", first, "the  first try", root=root)["name"] == "the first try"
    assert graft("rename", second, "the first try", root=root)["name"] == "the first try 2"
    assert graft("tag", first, "paper", "#baseline", root=root)["tags"] == ["paper", "baseline"]
    assert graft("tag", first, "paper", "--remove", root=root)["tags"] == ["baseline"]
    assert graft("note", first, " before the labels were corrected ", root=root)["note"].startswith("before the")
    shown = graft("show", first, root=root)
    assert (shown["title"], shown["tags"], shown["note"][:6]) == ("the first try", ["baseline"], "before")
    found = graft("list", "runs", "--search", "BASELINE first", root=root)["runs"]
    assert [each["run"] for each in found] == [first] and "#baseline" in words("list", "runs", root=root)
    assert graft("list", "runs", "--search", "nothing such", root=root)["runs"] == []
    assert graft("rename", first, "", root=root)["name"] == "" and graft("show", first, root=root)["title"] != ""
    graft("note", "colours", "from the workshop", root=root)
    assert "from the workshop" in words("show", "colours", root=root)
    assert "at most 4,000" in graft("note", first, "x" * 4_001, root=root, code=2)
