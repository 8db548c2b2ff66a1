"""`backup`, `restore`, `pack` and `unpack` on the command line."""

from pathlib import Path

from tests.commands.asked import graft, words
from transfer_core.workspace import Workspace


def test_a_workspace_is_backed_up_while_it_is_open_and_restored(root: Path, tmp_path: Path) -> None:
    out, place = tmp_path / "graft.zip", tmp_path / "restored"
    (root / "features").mkdir()
    (root / "features" / "afad8353186c4687-x.npz").write_bytes(b"x" * 2_000_000)
    with Workspace(root):
        said = words("backup", str(out), root=root)
        assert said.startswith(f"{out}: 1 dataset, 18 runs, 86 files, ")
        assert said.endswith("Left out, since it is made again or says nothing elsewhere: features (2.0\u202fMB).\n")
        assert "open in another Graft" in graft("unpack", str(out), root=root, code=2)
    assert ": 1 dataset, 18 runs, 86 files, " in words("restore", str(out), root=place)
    assert "not empty" in graft("restore", str(out), root=place, code=2)
    known, again = (graft("list", root=each)["runs"] for each in (root, place))
    assert known == again
    assert "`graft restore`" in graft("unpack", str(out), root=place, code=2)


def test_a_dataset_is_packed_and_unpacked(root: Path, tmp_path: Path) -> None:
    out, place = tmp_path / "colours.zip", tmp_path / "elsewhere"
    with Workspace(root):
        assert "colours with 36 images and 17 runs, " in words("pack", "colours", str(out), root=root)
    assert words("unpack", str(out), root=place) == "colours (afad8353186c4687) with 17 runs added.\n"
    assert "is here already; 0 runs added, 17 were here." in words("unpack", str(out), root=place)
    done = [run["run"] for run in graft("list", "runs", root=place)["runs"] if run["status"] == "done"]
    (first, second), _ = done[:2], done
    compared = [graft("compare", first, second, root=each) for each in (root, place)]
    assert compared[0] == compared[1]
