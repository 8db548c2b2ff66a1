"""Every page, command and report of a Graft that has one more strategy and one more setting: what a user would see.

Run by test_additions.py in a copy of the program, as `python additions_walk.py PHOTOS OUT.json`.
"""

import contextlib
import io
import json
import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

import transfer_core
from components import state
from components.kit import charts, guard
from transfer_core.cli import main
from transfer_core.store import Store
from transfer_core.studies.pilots import CANDIDATES
from transfer_core.types import Dataset, Pilots, Recipe, Said, Trial
from transfer_core.workspace import Workspace

ROOT = Path(__file__).parent
HOME = ROOT / "workspace"
SMALL = ("--backbone", "bundled")  # quick
SECTIONS = ("Ranking", "Approaches", "Cost", "Curves", "Classes", "Images", "Recipes", "Table")


def graft(*arguments: str, code: int = 0) -> Any:
    """A command's result; of one that is refused, what it says."""
    printed, said = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
        assert main([*arguments, "--workspace", str(HOME), "--json"]) == code, said.getvalue()
    return said.getvalue() if code else json.loads(printed.getvalue())


def commands() -> dict[str, Any]:
    found: dict[str, Any] = {"strategies": graft("strategies")["strategies"]}
    toy, probe = (
        ("run", "photos", *SMALL, "--px", "32", "--strategy", "toy", "--epochs", "2"),
        ("run", "photos", *SMALL, "--px", "32", "--strategy", "linear_probe"),
    )
    found["runs"] = [graft(*toy), graft(*toy, "--head-share", "0.5"), graft(*probe)]
    found["refused"] = graft(*toy, "--head-share", "2", code=2)
    found["compare"] = graft("compare", *(run["run"] for run in found["runs"]))
    found["rates"] = graft("rates", "photos", *SMALL, "--strategy", "toy")
    found["advise"] = graft("advise", "photos", "--similarity", "different", *SMALL, "--measure")
    found["candidates"] = list(CANDIDATES)
    graft("report", "photos", str(ROOT / "report.html"))
    return found


def led_by_the_toy(workspace: Workspace, dataset: Dataset) -> None:
    """A race that it has won; a real one takes its seconds, and who wins is chance."""
    trial = Trial(strategy="toy", images=30, steps=10, seconds=5, rounds=2, accuracy=0.9, part=0.9)
    network = workspace.backbones.get("bundled")
    pilots = Pilots(
        dataset=dataset.id,
        backbone=network.name,
        weights=network.weights,
        trials=(trial,),
        recommended="toy",
        tied=("toy",),
        margin=None,
        low=None,
        high=None,
        val_images=10,
        budget_seconds=10,
        seconds=10,
    )
    payload = {"dataset": dataset.id, "backbone": pilots.backbone, "weights": pilots.weights, "seconds": 60.0}
    with closing(Store(workspace.root / "graft.db", write=True)) as store:
        store.add_job(id="won", kind="pilot", payload=payload, lane="cpu", dataset=dataset.id, recipe="")
        store.finish("won", "done", result=asdict(pilots))
    workspace.studies.say(dataset, Said(backbone=network.name))


def page(name: str, **drafts: Any) -> AppTest:
    drawn = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=30)
    drawn.session_state[state.opened.key] = True
    for key, value in drafts.items():
        drawn.session_state[key] = value
    return drawn.run()


def words(drawn: AppTest) -> str:
    assert not drawn.exception, drawn.exception
    assert not drawn.error, drawn.error
    kinds = ("header", "markdown", "caption", "checkbox", "number_input", "selectbox")
    told = [f"{each.value} {getattr(each, 'label', '')}" for kind in kinds for each in drawn.get(kind)]
    told += [option for each in (*drawn.selectbox, *drawn.multiselect) for option in each.options]
    told += [each.proto.body for each in drawn.get("html")]
    return "\n".join(told).replace("\\", "")  # of Markdown


def pages(runs: list[str]) -> dict[str, str]:
    found = {name: words(page(name)) for name in ("start", "data", "decide", "predict")}
    train = page("train", show_settings=True, **{f"setup_{dataset_id}": True})
    train.checkbox(key=next(box.key for box in train.checkbox if box.key.startswith("take_toy"))).check().run()
    field = next(each for each in train.number_input if each.key.startswith("set_head_share"))
    found["field"] = f"{field.label}: {field.placeholder}, {field.min} to {field.max}, {field.step}"
    found["train"] = words(field.set_value(0.3).run())
    for section in SECTIONS:
        drawn = page("compare", section=section, **{f"compared_{dataset_id}": runs})
        found[section] = words(drawn)
        tables = [each.value for each in drawn.dataframe]
        found[section] += "\n".join(str(table.to_dict("list")) for table in tables)
    return found


if __name__ == "__main__":
    assert Path(transfer_core.__file__).is_relative_to(ROOT), "the program that was installed, not the copy"
    imported = graft("import", sys.argv[1], "--name", "photos")
    seen: dict[str, Any] = {"commands": commands(), "symbol": charts.symbol_uri("toy")}
    workspace = Workspace(HOME)
    guard.workspace = lambda: workspace
    dataset = workspace.datasets.find("photos")
    dataset_id = dataset.id
    led_by_the_toy(workspace, dataset)
    seen["pages"] = pages([run["run"] for run in seen["commands"]["runs"]])
    made = [workspace.recipes.make(dataset, known.name) for known in workspace.strategies.list()]
    seen["recipes"] = [{"id": recipe.id, "repeats": recipe.repeats, "recipe": asdict(recipe)} for recipe in made]
    for recipe in made:
        before = {name: value for name, value in asdict(recipe).items() if name != "head_share"}  # saved by yesterday's
        assert Recipe(**before) == workspace.recipes.from_json(before, dataset) == recipe
    workspace.close()
    Path(sys.argv[2]).write_text(json.dumps(seen))
