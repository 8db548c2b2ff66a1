"""Foreseen errors are sentences: one line and exit 2 on a terminal, a box on a page; never a traceback."""

import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import state
from components.kit import guard
from transfer_core import cli
from transfer_core.backbones import ENTRY, LOCAL
from transfer_core.errors import GraftError
from transfer_core.store import Store
from transfer_core.workspace import Workspace
from transfer_core.workspace.comparisons import Comparisons

NOBODY = 65534
UNPRIVILEGED = "-dac_override,-dac_read_search,-fowner"


def graft(*arguments: str, root: Path) -> tuple[int, str, str]:
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as errors:
        code = cli.main([*arguments, "--workspace", str(root)])
    return code, printed.getvalue(), errors.getvalue()


def is_a_line(said: str) -> bool:
    return said.startswith("graft: ") and said.count("\n") == 1 and "Traceback" not in said and "Error" not in said


def runs(root: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(root / "graft.db")) as db:
        found = db.execute("SELECT id FROM jobs WHERE kind = 'train' AND status = 'done' AND deleted IS NULL")
        return [id for (id,) in found if json.loads((root / "runs" / id / "recipe.json").read_text())["folds"] == 0]


def _samples(root: Path) -> Path:
    return next((root / "datasets").iterdir()) / "samples"


def _no_files(root: Path) -> None:
    shutil.rmtree(_samples(root).parent)


def _no_sample(root: Path) -> None:
    next(_samples(root).iterdir()).unlink()


def _no_predictions(root: Path) -> None:
    (root / "runs" / runs(root)[0] / "predictions.npz").write_bytes(b"PK\x03\x04 no longer")


def _garbage(root: Path) -> None:
    (root / "graft.db").write_bytes(os.urandom(10_000))


def _cut(root: Path) -> None:
    content = (root / "graft.db").read_bytes()
    (root / "graft.db").write_bytes(content[: len(content) // 2])


def _newer(root: Path) -> None:
    with contextlib.closing(sqlite3.connect(root / "graft.db", isolation_level=None)) as db:
        db.execute("INSERT INTO migrations VALUES ('holograms', 4e9, '7.1.0')")


def _others(root: Path) -> None:
    (root / "graft.db").unlink()
    with contextlib.closing(sqlite3.connect(root / "graft.db", isolation_level=None)) as db:
        db.execute("CREATE TABLE notes (text)")


def _entry(root: Path) -> None:
    (root / LOCAL / "mine").mkdir(parents=True)
    (root / LOCAL / "mine" / ENTRY).write_text('{"name": ')


def _nothing(root: Path) -> None:
    pass


PROBE = ("run", "colours", "--strategy", "linear_probe", "--seed", "41")
COMPARE, REPORT, ADVISE, CHECK = ("compare", "RUN"), ("report", "colours", "OUT"), ("advise", "colours"), ("check",)


@pytest.mark.parametrize(
    ("broken", "command", "says"),
    [
        (_no_files, PROBE, "are gone"),
        (_no_sample, PROBE, "gone"),
        (_no_predictions, COMPARE, "predictions of run"),
        (_no_predictions, REPORT, "predictions of run"),
        *[(_garbage, command, "is damaged") for command in (PROBE, COMPARE, ADVISE)],
        *[(_cut, command, "damaged") for command in (PROBE, ADVISE)],
        *[(_newer, command, "Graft 7.1.0") for command in (PROBE, COMPARE, REPORT, ADVISE, CHECK)],
        *[(_others, command, "another program") for command in (PROBE, ADVISE)],
        (_entry, (*PROBE, "--backbone", "mine"), "your own weights"),
        (_nothing, ("import", "a\0b"), "names no file"),
        (_nothing, ("import", "/nowhere/at/all.zip"), "does not exist"),
        (_nothing, ("run", "colours", "--recipe", "a\0b"), "names no file"),
        (_nothing, ("compare", "nothing"), "no run 'nothing'"),
    ],
)
def test_a_command_ends_in_one_line(
    broken: Callable[[Path], None], command: tuple[str, ...], says: str, root: Path
) -> None:
    named = {"RUN": runs(root)[0], "OUT": str(root.parent / "out.html")}
    broken(root)
    code, printed, said = graft(*(named.get(word, word) for word in command), root=root)
    assert code == 2 and is_a_line(said) and says in said, said
    assert printed == ""


def test_check_says_what_it_finds(root: Path) -> None:
    assert graft("check", root=root)[:2] == (0, "The database is whole.\n")
    with contextlib.closing(sqlite3.connect(root / "graft.db", isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET rootpage = 3 WHERE name = 'jobs_by_status'")
    code, printed, _ = graft("check", "--json", root=root)
    assert code == 2 and json.loads(printed)["findings"]
    _garbage(root)
    code, printed, _ = graft("check", root=root)
    assert code == 2 and "is damaged" in printed and "Traceback" not in printed


def test_what_nobody_foresaw_is_a_line_with_an_id_that_stands_in_the_log(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise LookupError("nobody foresaw this")

    monkeypatch.setattr(Comparisons, "make", fails)
    code, printed, said = graft("compare", runs(root)[0], root=root)
    assert code == 1 and is_a_line(said) and "nobody foresaw" not in said and printed == ""
    log = (root / "logs" / "graft.log").read_text()
    assert said.split()[-1].strip(".") in log and "LookupError: nobody foresaw this" in log


def command(*arguments: str, root: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """In a process of its own, which may write only where its user may."""
    limited: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write anywhere, and there is no setpriv to take that from a process")
        limited = ["setpriv", f"--bounding-set={UNPRIVILEGED}", f"--inh-caps={UNPRIVILEGED}"]
    words = [*limited, sys.executable, "-m", "transfer_core", *arguments, "--workspace", str(root)]
    return subprocess.run(words, capture_output=True, text=True, env={**os.environ, **environment})


def forbid(*paths: Path) -> None:
    for path in paths:
        for part in (path, *path.rglob("*")):
            if os.geteuid() == 0:
                os.chown(part, NOBODY, NOBODY)
            part.chmod(0o555 if part.is_dir() else 0o444)


def test_a_workspace_that_may_only_be_read_can_be_read(root: Path) -> None:
    run, out = runs(root)[0], root.parent / "out.html"
    before = sorted(root.rglob("*"))
    forbid(root)
    try:
        for words in (("advise", "colours"), ("compare", run), ("report", "colours", str(out)), ("check",)):
            done = command(*words, root=root)
            assert done.returncode == 0, done.stderr
        assert out.exists() and sorted(root.rglob("*")) == before, "nothing was left in it"
        for words in (PROBE, ("example", "wallpaper")):
            done = command(*words, root=root)
            assert done.returncode == 2 and is_a_line(done.stderr) and str(root) in done.stderr, done.stderr
    finally:
        root.chmod(0o755)


@pytest.mark.parametrize("part", ["datasets", "runs", "graft.db"])
def test_a_part_that_belongs_to_another_user_is_named(part: str, root: Path) -> None:
    forbid(root / part)
    done = command(*PROBE, root=root)
    assert done.returncode == 2 and is_a_line(done.stderr), done.stderr
    assert str(root / part) in done.stderr and "Check who owns it" in done.stderr


def test_a_terminal_that_cannot_show_a_name_shows_it_escaped(root: Path) -> None:
    with contextlib.closing(Store(root / "graft.db", write=True)) as store:
        store.rename_dataset(store.dataset_rows()[0][0], "фото 猫")
    done = command("advise", "nothing", root=root, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 2 and is_a_line(done.stderr) and "\\u0444" in done.stderr
    done = command("run", "фото 猫", "--strategy", "magic", root=root, PYTHONIOENCODING="ascii")
    assert done.returncode == 2 and is_a_line(done.stderr)


def _page(root: Path, page: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    opened = Workspace(root)
    monkeypatch.setattr(guard, "workspace", lambda: opened)
    drawn = AppTest.from_file(f"../pages/{page}.py", default_timeout=30)
    drawn.session_state[state.opened.key] = True
    drawn.run()
    opened.close()
    assert not drawn.exception
    return drawn


def test_a_picture_that_is_gone_does_not_take_the_page_away(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _no_files(root)
    page = _page(root, "data", monkeypatch)
    assert not page.error and any("Ready" in words.value for words in page.markdown), "the rest is there"


def test_a_page_says_that_the_database_is_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page(root, "settings", monkeypatch)
    opened = Workspace(root)
    monkeypatch.setattr(guard, "workspace", lambda: opened)
    page.button(key="check_database").click().run()
    assert [box.value for box in page.success] == ["The database is whole."]
    opened.close()


def test_a_workspace_that_cannot_be_opened_is_said_on_the_page(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _garbage(root)

    def opens() -> Workspace:
        return Workspace(root)

    monkeypatch.setattr(guard, "workspace", opens)
    with pytest.raises(GraftError, match="is damaged"):
        opens()
    drawn = AppTest.from_file("../app.py", default_timeout=30).run()
    assert not drawn.exception and "is damaged" in drawn.error[0].value
