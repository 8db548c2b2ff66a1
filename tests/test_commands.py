"""What there is, in full, under other names, and gone: and how every command explains itself."""

import contextlib
import io
import json
import os
import pty
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from transfer_core.cli import COMMANDS, _parser, main
from transfer_core.commands.follow import Lines
from transfer_core.store import Store
from transfer_core.types import EpochEnd, Progress, StageStart
from transfer_core.workspace import Workspace

EARLIER = Path(__file__).parent / "fixtures" / "workspace-0.1.0.zip"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace with a dataset, `colours`, and finished runs."""
    with zipfile.ZipFile(EARLIER) as archive:
        archive.extractall(tmp_path / "work")
    Store(tmp_path / "work" / "graft.db", write=True).close()
    return tmp_path / "work"


def graft(*arguments: str, root: Path, code: int = 0) -> Any:
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as errors:
        assert main([*arguments, "--workspace", str(root), "--json"]) == code, errors.getvalue()
    return json.loads(printed.getvalue()) if code == 0 else errors.getvalue()


def words(*arguments: str, root: Path) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main([*arguments, "--workspace", str(root)]) == 0
    return printed.getvalue()


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


def test_a_dataset_gets_another_name(root: Path) -> None:
    assert graft("rename", "colours", "  reds and  blues ", root=root)["name"] == "reds and blues"
    assert graft("show", "reds and blues", root=root)["name"] == "reds and blues"
    assert "at least one letter" in graft("rename", "reds and blues", " ", root=root, code=2)


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


def _parsers() -> dict[str, Any]:
    (found,) = [action.choices for action in _parser()._actions if isinstance(action.choices, dict)]
    return {"": _parser(), **found}


def test_every_help_ends_with_examples_that_are_valid() -> None:
    parsers = _parsers()
    assert set(parsers) == {"", *(command.name for command in COMMANDS)}
    for name, parser in parsers.items():
        lines = parser.format_help().splitlines()
        examples = lines[lines.index("examples:") + 1 :]
        assert examples and all(line.startswith("  graft ") for line in examples), name
        for line in examples:
            parsed = _parser().parse_args(shlex.split(line)[1:])
            assert name in ("", parsed.name_of_command), line


def test_a_log_gets_few_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(lambda: now[0])
    for epoch in range(3_000):  # ten hours
        if epoch % 1_000 == 0:
            lines.show(StageStart(stage="all", title="Fine-tune", number=1 + epoch // 1_000, stages=3))
        for step in range(4):
            now[0] += 3
            lines.show(Progress(what="Training", done=step, of=4, seconds_left=3.0))
        end = EpochEnd(stage="all", epoch=epoch, step=4 * epoch, train_loss=0.5, train_accuracy=None, val_loss=0.25,
                       val_accuracy=0.875, best=True, seconds=now[0])  # fmt: skip
        lines.show(end)
    said = capsys.readouterr().err
    assert "\r" not in said and "\x1b" not in said and 40 < said.count("\n") < 120
    assert "3/3 Fine-tune: " in said and "val accuracy 87.5%" in said
    quick = Lines(lambda: 0.0)
    quick.show(StageStart(stage="all", title="Fine-tune", number=1, stages=1))
    assert capsys.readouterr().err == "", "what takes a moment says nothing"


def test_a_workspace_in_use_can_be_looked_at(root: Path) -> None:
    with Workspace(root):
        assert graft("list", root=root)["datasets"] and graft("show", "colours", root=root)["images"]
        assert "open in another Graft" in graft("delete", "colours", "--yes", root=root, code=2)
