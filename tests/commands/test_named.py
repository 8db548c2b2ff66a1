"""How commands name datasets and runs."""

import contextlib
from pathlib import Path

from tests.commands.asked import graft
from transfer_core.store import Store


def test_the_beginning_of_an_id_will_do_and_two_of_them_are_told_apart(root: Path) -> None:
    first, second = [run["run"] for run in graft("list", "runs", root=root)["runs"] if run["status"] == "done"][:2]
    compared = graft("compare", first[:7], first, root=root)
    assert [run["run"] for run in compared["runs"]] == [first], "both name the same run"
    with contextlib.closing(Store(root / "graft.db", write=True)) as store, store.write() as db:
        for old, new in ((first, "feed000001"), (second, "feed000002")):
            db.execute("UPDATE jobs SET id = ? WHERE id = ?", (new, old))
    for arguments in (("show", "feed"), ("compare", "feed"), ("delete", "feed", "--yes")):
        refused = graft(*arguments, root=root, code=2)
        assert "feed000001" in refused and "feed000002" in refused and "whole id" in refused
    assert graft("show", "feed000001", root=root)["run"] == "feed000001"
    with contextlib.closing(Store(root / "graft.db", write=True)) as store:
        store.rename_dataset(store.dataset_rows()[0][0], "feed")
    assert "images" in graft("show", "feed", root=root), "a whole name is not the beginning of something else"
    assert "no dataset and no run 'beef'" in graft("show", "beef", root=root, code=2)
