"""The command line as a user types it: in processes of its own, or here where it loads torch again and again."""

import contextlib
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from transfer_core.cli import COMMANDS, _parser, main
from transfer_core.strategies.settings import SETTINGS
from transfer_core.workspace import Workspace

pytestmark = pytest.mark.usefixtures("small_networks")  # of this process; the others have them as they are


def graft(*arguments: str, root: Path, code: int = 0) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "transfer_core", *arguments, "--workspace", str(root), "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "GRAFT_WORKSPACE": ""},
    )
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout) if code == 0 else done.stderr


def here(*arguments: str, root: Path, code: int = 0) -> Any:
    """The same without a new process, which would take its seconds to load torch."""
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()) as errors:
        assert main([*arguments, "--workspace", str(root), "--json"]) == code, errors.getvalue()
    return json.loads(printed.getvalue()) if code == 0 else errors.getvalue()


def test_from_a_folder_to_a_choice(tmp_path: Path, photos: Path) -> None:
    root = tmp_path / "work space"
    imported = graft("import", str(photos), "--name", "my colours", root=root)
    assert imported["name"] == "my colours" and imported["classes"] == ["blue", "green", "red"]
    assert sum(imported["splits"].values()) == 60 and imported["problems"] == 0
    assert here("import", str(photos), root=root)["dataset"] == imported["dataset"], "the same images twice"

    asked = ("advise", "my colours", "--similarity", "different")
    advice = here(*asked, "--budget", "ample", "--domain", "no", root=root)
    assert advice["scenario"] == 3 and advice["between"] is None and advice["answers"]["size"] == "small"
    assert [each["strategy"] for each in advice["recipes"]][:2] == ["fine_tune_all", "small_cnn"] and advice["reasons"]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main([*asked, "--domain", "yes", "--workspace", str(root)]) == 0
    assert "graft backbones --add weights.pth --arch resnet50 --name mine" in printed.getvalue()

    runs = [
        start("run", "my colours", "--strategy", s, "--px", "32", root=root)
        for start, s in ((graft, "linear_probe"), (here, "linear_svm"))
    ]
    assert all(run["status"] == "done" and run["seconds"] > 0 and run["peak_bytes"] > 0 for run in runs)
    again = graft("run", "my colours", "--strategy", "linear_probe", "--px", "32", "--again", root=root)
    assert again["run"] != runs[0]["run"]
    saved = [root / "runs" / run["run"] / "predictions.npz" for run in (runs[0], again)]
    assert saved[0].read_bytes() == saved[1].read_bytes(), "the same seed gives the same bits"

    compared = here("compare", *(run["run"] for run in runs), root=root)
    assert compared["choice"] in {run["run"] for run in runs} and "Take" in compared["reason"]
    assert compared["goal"] == "accuracy" and compared["constant"]["class"] in imported["classes"]
    assert "9 test images are too few to tell much." in compared["warning"]
    assert here("goal", "my colours", root=root)["goal"] == "accuracy"
    by_f1 = here("compare", *(run["run"] for run in runs), "--goal", "macro-f1", root=root)
    assert by_f1["goal"] == "macro_f1" and by_f1["runs"][0]["reached"]["value"] == by_f1["runs"][0]["macro_f1"]
    assert here("goal", "my colours", "recall:red@0.8", root=root)["goal"] == "recall:red@0.8"
    kept = here("compare", *(run["run"] for run in runs), root=root)
    assert kept["goal"] == "recall:red@0.8" and "What counts is recall of “red” at 80 % precision" in kept["reason"]
    assert "There is no class 'owl'" in here("goal", "my colours", "recall:owl", root=root, code=2)
    table = tmp_path / "answers.csv"
    taken = here("predict", "my colours", str(photos / "red" / "0.png"), root=root)["runs"]
    assert taken[0] in {run["run"] for run in (*runs, again)}, "a dataset stands for the run to take of it"
    asked = ("predict", runs[0]["run"], str(photos / "red" / "0.png"), str(photos / "blue"), "--by-doubt")
    said = here(*asked, "--beside", runs[1]["run"], "--out", str(table), root=root)
    assert said["of"] == len(said["images"]) == len(table.read_text("utf-8").splitlines()) - 1 == 21
    assert all(len(image["answers"]) == 2 for image in said["images"])
    sure = [sum(answer["probability"] for answer in image["answers"]) for image in said["images"]]
    assert sure == sorted(sure), "the least sure first"


def test_advice_is_measured_and_piloted(tmp_path: Path, photos: Path) -> None:
    here("import", str(photos), "--name", "colours", root=tmp_path)
    asked = ("advise", "colours", "--similarity", "similar", "--measure", "--pilots", "10", "--seconds", "3600")
    found = here(*asked, root=tmp_path)
    measured, pilots = found["measured"], found["pilots"]
    assert measured["size"]["train_images"] == found["answers"]["images"]
    assert {axis["name"] for axis in measured["similarity"]["axes"]} == {"depth", "statistics", "semantics"}
    assert measured["depth_curve"] and measured["nearest_classes"]
    assert {each["strategy"] for each in measured["estimates"]} == {plan["strategy"] for plan in found["plans"]}
    assert all(plan["fits"] == "yes" for plan in found["plans"])
    assert {"recommended", "margin", "seconds"} <= set(pilots) and pilots["budget_seconds"] == 10
    assert found["recipes"][0]["strategy"] == found["strategy"] and found["trust"] in ("measured", "pilots", "said")
    later = here("advise", "colours", "--seconds", "1", root=tmp_path)
    assert later["measured"] == measured, "what was measured is kept"
    assert any("rules out" in reason["rule"] for reason in later["reasons"])


def test_strategies_are_listed_repeated_and_run_from_a_recipe(tmp_path: Path, photos: Path) -> None:
    listed = {known["name"]: known for known in here("strategies", root=tmp_path)["strategies"]}
    assert len(listed) == 9 and listed["linear_probe"]["scenarios"] == [1]
    here("import", str(photos), "--name", "colours", root=tmp_path)
    folded = here("run", "colours", "--strategy", "linear_svm", "--folds", "3", root=tmp_path)
    assert len(folded["runs"]) == 3 and 0.5 < folded["mean"] <= 1 and folded["spread"] >= 0
    assert all(run["tap"] for run in folded["runs"])
    few = here("run", "colours", "--strategy", "linear_svm", "--tap", "last", "--per-class", "3", root=tmp_path)
    assert few["recipe"]["per_class"] == 3 and few["recipe"]["tap"] == "last"
    again = tmp_path / "runs" / few["run"] / "recipe.json"
    same = here("run", "colours", "--recipe", str(again), root=tmp_path)
    assert same["run"] == few["run"]
    other = here("run", "colours", "--recipe", str(again), "--seeds", "2", "--per-class", "5", root=tmp_path)
    assert [run["recipe"]["seed"] for run in other["runs"]] == [0, 1]
    assert {run["recipe"]["per_class"] for run in other["runs"]} == {5}
    one_fold = tmp_path / "runs" / folded["runs"][2]["run"] / "recipe.json"
    assert here("run", "colours", "--recipe", str(one_fold), root=tmp_path)["run"] == folded["runs"][2]["run"]
    open_ = tmp_path / "mine.json"
    open_.write_text('{"strategy": "frozen_head", "epochs": null}')
    few = here("run", "colours", "--recipe", str(open_), "--per-class", "1", root=tmp_path)
    assert few["recipe"]["epochs"] == 60, "what the file leaves open is by rule, for as many images as are used"
    own = tmp_path / "own.json"
    own.write_text('{"strategy": "small_cnn", "backbone": "small_cnn"}')
    probe = here("run", "colours", "--recipe", str(own), "--strategy", "linear_probe", root=tmp_path)
    assert probe["recipe"]["backbone"] == "efficientnet_lite0"


def test_every_setting_has_a_flag(tmp_path: Path, photos: Path) -> None:
    for setting in SETTINGS.values():
        given = "no" if setting.kind is bool else str(setting.choices[0][0]) if setting.choices else "1"
        parsed = _parser().parse_args(["run", "colours", setting.flag, given])
        assert getattr(parsed, setting.name) == (
            "1" if setting.layer else setting.kind(1) if setting.least is not None else given
        )
    here("import", str(photos), "--name", "colours", root=tmp_path)
    asked = ("--epochs", "1", "--lr", "0.01", "--flip", "no", "--weight-decay", "0.2", "--folds", "3", "--fold", "1")
    recipe = here("run", "colours", "--strategy", "frozen_head", *asked, root=tmp_path)["recipe"]
    assert (recipe["epochs"], recipe["lr"], recipe["flip"], recipe["weight_decay"]) == (1, 0.01, "no", 0.2)
    assert (recipe["folds"], recipe["fold"]) == (3, 1), "one fold alone"


def test_backbones_are_listed_and_a_users_own_is_added(tmp_path: Path) -> None:
    listed = here("backbones", root=tmp_path)["backbones"]
    assert listed[0]["name"] == "efficientnet_lite0" and listed[0]["available"] and listed[0]["taps"]
    resnet = next(known for known in listed if known["name"] == "resnet50")
    assert resnet["family"] == "ResNet" and resnet["operations"] == pytest.approx(4.09, abs=0.01)
    weights = Path(__file__).parents[1] / "transfer_core" / "backbones" / "bundled.safetensors"
    own = ("--add", str(weights), "--arch", "resnet10", "--name", "mine")
    assert here("backbones", *own, root=tmp_path)["backbones"][-1]["name"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["import", "nowhere.zip"], "nowhere.zip"),
        (["advise", "none", "--measure"], "none"),
        (["example", "nothing"], "wallpaper"),
        (["run", "none", "--strategy", "linear_probe"], "none"),
        (["compare", "abc"], "abc"),
        (["run", "none", "--recipe", "nowhere.json"], "none"),
        (["backbones", "--add", "nowhere.pth", "--arch", "resnet18", "--name", "mine"], "nowhere.pth"),
    ],
)
def test_a_users_error_is_one_line_and_exit_code_2(arguments: list[str], says: str, tmp_path: Path) -> None:
    start = graft if arguments[0] == "import" else here  # one of them as a user sees it
    error = start(*arguments, root=tmp_path, code=2)
    assert says in error and len(error.strip().splitlines()) == 1


def test_writing_is_refused_while_another_graft_has_the_workspace(tmp_path: Path, photos: Path) -> None:
    holder = Workspace(tmp_path)
    try:
        assert "open in another Graft" in graft("import", str(photos), root=tmp_path, code=2)
        assert "none yet" in graft("advise", "x", root=tmp_path, code=2), "reading still works"
    finally:
        holder.close()


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
