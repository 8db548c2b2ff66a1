"""What there is, listed and shown in full."""

from pathlib import Path

import pytest

from tests.commands.asked import graft, words
from transfer_core.workspace import Workspace


def test_what_there_is_is_listed_and_shown(root: Path, tmp_path: Path) -> None:
    assert "graft import photos.zip" in words("list", root=tmp_path / "empty")
    listed = graft("list", root=root)
    (dataset,) = listed["datasets"]
    assert dataset["runs"] == len(listed["runs"]) > 1 and {run["dataset"] for run in listed["runs"]} == {
        dataset["dataset"]
    }
    assert list(graft("list", "runs", "--dataset", "colours", root=root)) == ["runs"]
    done = next(run for run in listed["runs"] if run["status"] == "done" and run["test_accuracy"] is not None)
    table = words("list", root=root)
    assert dataset["name"] in table and done["title"] in table and f"{done['test_accuracy']:.1%}" in table

    shown = graft("show", done["run"][:6], root=root)
    assert shown["run"] == done["run"] and shown["recipe"]["strategy"] == done["strategy"]
    low, high = shown["score"]["interval"]
    assert low <= shown["score"]["accuracy"] <= high
    assert shown["score"]["accuracy"] == pytest.approx(done["test_accuracy"])
    assert all((Path(shown["folder"]) / file).is_file() for file in shown["files"]) and "recipe.json" in shown["files"]
    assert f"95 % interval {low:.1%} to {high:.1%}" in words("show", done["run"], root=root)
    whole = graft("show", "colours", root=root)
    assert whole["dataset"] == dataset["dataset"] and Path(whole["folder"]).is_dir() and whole["bytes"] > 0
    assert sum(sum(splits.values()) for splits in whole["classes"].values()) == whole["images"] == dataset["images"]
    said = words("show", dataset["dataset"][:5], root=root)
    assert whole["folder"] in said and all(name in said for name in whole["classes"])


def test_a_workspace_in_use_can_be_looked_at(root: Path) -> None:
    with Workspace(root):
        assert graft("list", root=root)["datasets"] and graft("show", "colours", root=root)["images"]
        assert "open in another Graft" in graft("delete", "colours", "--yes", root=root, code=2)
