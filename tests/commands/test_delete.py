"""What is deleted is said, asked for, and gone."""

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.commands.asked import graft
from transfer_core.store import Store
from transfer_core.workspace import Workspace


def test_what_is_deleted_is_said_asked_for_and_gone(root: Path) -> None:
    listed = graft("list", root=root)
    run = next(each["run"] for each in listed["runs"] if each["status"] == "done")
    dataset = listed["datasets"][0]["dataset"]
    asked = subprocess.run(
        [sys.executable, "-m", "transfer_core", "delete", "colours", "--workspace", str(root)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert asked.returncode == 2 and "--yes" in asked.stderr and f"{dataset}" in asked.stderr, asked.stderr
    gone = graft("delete", run[:8], "--yes", root=root)
    assert gone["runs"] == [run] and gone["datasets"] == [] and gone["bytes"] > 0
    assert not (root / "runs" / run).exists() and (root / "datasets" / dataset).is_dir()
    assert run not in {each["run"] for each in graft("list", root=root)["runs"]}
    assert "no run" in graft("compare", run, root=root, code=2)

    ours, theirs = pty.openpty()  # a user who thinks again, then one who does not
    for answer, code in ((b"n\n", 2), (b"y\n", 0)):
        with subprocess.Popen(
            [sys.executable, "-m", "transfer_core", "delete", dataset, "--workspace", str(root)],
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.write(ours, answer)
            printed, said = process.communicate()
        assert process.returncode == code and "Delete? [y/N]" in said and "colours" in said, said
        assert (root / "datasets" / dataset).exists() == bool(code)
    os.close(ours)
    os.close(theirs)
    assert "Deleted: dataset colours" in printed
    assert not any((root / "runs").glob("*/*")) and graft("list", root=root) == {"datasets": [], "runs": []}


def test_an_ensemble_goes_alone_or_with_a_member(root: Path) -> None:
    with Workspace(root) as workspace:
        first, second = [run.id for run in workspace.runs.list() if run.tested and not run.recipe.folds][:2]
        kept = workspace.ensembles.make([first, second])
    assert kept in graft("show", "colours", root=root)["runs"]
    gone = graft("delete", f"{second}+{first}", "--yes", root=root)
    assert gone["runs"] == [kept] and graft("show", first, root=root)["run"] == first
    assert "is not kept" in graft("delete", kept, "--yes", root=root, code=2)
    with Workspace(root) as workspace:
        workspace.ensembles.make([first, second])
    assert f"ensemble {kept}" in graft("delete", first, root=root, code=2), "what goes with it is said"
    assert graft("delete", first, "--yes", root=root)["runs"] == sorted([first, kept])
    with contextlib.closing(Store(root / "graft.db", write=False)) as store:
        assert store.ensembles() == ()
