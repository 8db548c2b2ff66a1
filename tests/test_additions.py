"""A strategy is one file and its line in the list, a setting one line: added to a copy, both are everywhere."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import draw_photos
from transfer_core.types import Recipe

ROOT = Path(__file__).resolve().parents[1]
STRATEGY = '''
"""The head alone for a share of the epochs, then everything."""

from typing import Any

from transfer_core.strategies.definition import TRAINING, Stage, Strategy, trained
from transfer_core.strategies.fine_tune_all import fine_tuning_defaults
from transfer_core.types import FIRST, HEAD, Backbone, Recipe


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {"train_from": FIRST} | fine_tuning_defaults(train_images, backbone) | {"batch_size": 4}


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    first = round(recipe.head_share * recipe.epochs)
    head = trained(recipe, name="head", title="The head alone", train_from=HEAD, epochs=first)
    rest = trained(recipe, name="all", title="Everything", train_from=FIRST, epochs=recipe.epochs - first)
    return (head, rest) if first else (rest,)


TOY = Strategy(
    name="toy",
    title="Toy of two halves",
    scenarios=(),
    weights="moved",
    frozen="At first all but the head.",
    trains="The head, then everything.",
    when="Never, save here.",
    source="tests",
    why="It has been added by a test.",
    why_source="the test itself",
    symbol="triangle-left",
    slot=3,
    races=True,
    version=1,
    settings=TRAINING,
    defaults=defaults,
    stages=stages,
)
'''
LISTED = ("*(FROM_SCRATCH, SMALL_CNN),", "*(FROM_SCRATCH, SMALL_CNN, TOY),")
IMPORTED = ("\nfrom transfer_core.types", "\nfrom transfer_core.strategies.toy import TOY\nfrom transfer_core.types")
LABEL = "Share of the head alone"
LINE = f'''
    head_share: float = setting(
        0.0, label="{LABEL}", help="Of the epochs.", group="schedule", least=0, most=0.9, step=0.1, later=True
    )
'''


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program with the additions, after a walk through it."""
    root = tmp_path_factory.mktemp("additions") / "graft"
    for folder in ("transfer_core", "components", "pages", "static", ".streamlit"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("app.py", "tests/additions_walk.py"):
        shutil.copy(ROOT / file, root)
    (root / "transfer_core/strategies/toy.py").write_text(STRATEGY.lstrip())
    changed(root / "transfer_core/strategies/__init__.py", *LISTED)
    changed(root / "transfer_core/strategies/__init__.py", *IMPORTED)
    changed(
        root / "transfer_core/types/recipes.py",
        "\n    @property\n    def id(self)",
        f"{LINE}\n    @property\n    def id(self)",
    )
    photos = draw_photos(root.parent / "photos", per_class=16)
    walk = [sys.executable, "additions_walk.py", str(photos), "seen.json"]
    environment = {**os.environ, "GRAFT_WORKSPACE": str(root / "workspace"), "PYTHONPATH": ""}
    done = subprocess.run(walk, cwd=root, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def seen(copy: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((copy / "seen.json").read_text())
    return found


def test_every_page_knows_both(seen: dict[str, Any]) -> None:
    pages = seen["pages"]
    assert "Toy of two halves”: in the pilots it led" in pages["decide"], "recommended"
    assert "It has been added by a test." in pages["decide"] and "the test itself" in pages["decide"]
    assert "Never, save here." in pages["train"] and seen["symbol"] in pages["train"], "its card"
    assert pages["field"] == f"{LABEL}: by rule: 0, 0.0 to 0.9, 0.1"
    assert f"{LABEL.lower()} 0.3" in pages["train"], "what was changed, in words"
    assert LABEL in pages["Recipes"] and "0.5" in pages["Recipes"]
    assert seen["symbol"] in pages["Table"] and "Toy of two halves, head share 0.5" in pages["Table"]
    assert "Toy of two halves" in pages["predict"]


def test_every_command_knows_both(seen: dict[str, Any]) -> None:
    found = seen["commands"]
    listed = {known["name"]: known for known in found["strategies"]}
    assert listed["toy"]["when"] == "Never, save here."
    gradient = {name for name, known in listed.items() if "epochs" in known["settings"]}
    assert gradient == {name for name, known in listed.items() if "head_share" in known["settings"]}
    plain, halves, _ = found["runs"]
    assert [run["status"] for run in found["runs"]] == ["done"] * 3
    assert [run["recipe"]["head_share"] for run in found["runs"]] == [0.0, 0.5, 0.0]
    assert plain["run"] != halves["run"], "another setting is another recipe"
    assert "head_share is 2.0; it must be a number from 0 to 0.9" in found["refused"]
    assert {run["title"] for run in found["compare"]["runs"]} >= {"Toy of two halves, head share 0.5", "Linear probe"}
    assert found["rates"]["steps"] > 0
    assert "toy" in {estimate["strategy"] for estimate in found["advise"]["measured"]["estimates"]}
    assert "toy" in found["candidates"], "of the pilots"


def test_the_report_holds_both(copy: Path) -> None:
    html, content = (copy / "report.html").read_text(), json.loads((copy / "report.json").read_text())
    assert LABEL in html and "Toy of two halves" in html
    assert {run["recipe"]["head_share"] for run in content["runs"] if run["strategy"] == "toy"} <= {0.0, 0.5}
    assert "toy" in {known["name"] for known in content["strategies"]}


def test_recipes_keep_their_ids_while_the_setting_is_at_its_default(seen: dict[str, Any]) -> None:
    for made in seen["recipes"]:
        before = Recipe(**{name: value for name, value in made["recipe"].items() if name != "head_share"})
        assert (made["id"], made["repeats"]) == (before.id, before.repeats), made["recipe"]["strategy"]
