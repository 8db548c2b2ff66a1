"""The report: everything asked for is in it, nothing reaches out of it, and names are shown, never obeyed."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from components.kit import text
from transfer_core import words
from transfer_core.cli import main
from transfer_core.presentation.theme import DARK, LIGHT
from transfer_core.report import assets, page
from transfer_core.studies import estimates
from transfer_core.types import SPLITS, Dataset, RunEnd, Said
from transfer_core.workspace import Workspace

HOSTILE = ("</script><img src=x onerror=alert(1)>", "<b>bold</b> $x$ %{y}", "\"' onmouseover=alert(2) \u202egpj.exe")
THEMES = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]


def drive(workspace: Workspace, job: str) -> RunEnd:
    *_, end = workspace.jobs.drive(job)
    assert isinstance(end, RunEnd) and end.status == "done", end
    return end


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory, photos: Path, small_networks: None) -> Iterator[Workspace]:
    """Four strategies, one with two seeds, two cross-validated; everything measured and said; some labels wrong."""
    root = tmp_path_factory.mktemp("report")
    images = shutil.copytree(photos, root / "colours")
    for number in range(0, 20, 3):
        (images / "red" / f"{number}.png").rename(images / "green" / f"of red {number}.png")
    opened = Workspace(root / "workspace")
    dataset = opened.datasets.get(drive(opened, opened.datasets.import_path(images)).result["id"])
    recipes = [opened.recipes.make(dataset, name, "bundled") for name in ("linear_probe", "linear_svm")]
    recipes += [opened.recipes.make(dataset, "fine_tune_all", "bundled", epochs=2, seed=seed) for seed in (0, 1)]
    recipes += [
        opened.recipes.make(dataset, "from_scratch", "bundled", epochs=2),
        opened.recipes.make(dataset, "linear_probe", "bundled", per_class=4),
    ]
    for strategy in ("linear_probe", "linear_svm"):
        recipes += opened.recipes.repeated(dataset, strategy, folds=2)
    for id in opened.runs.submit(recipes):
        drive(opened, id)
    opened.studies.say(dataset, Said(similarity="different", budget="limited", seconds=90.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimates, "ENOUGH_SECONDS", 0.1)  # of timed batches
        drive(opened, opened.studies.measure(dataset))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def dataset(workspace: Workspace) -> Dataset:
    return workspace.datasets.find("colours")


@pytest.fixture(scope="module")
def content(workspace: Workspace, dataset: Dataset) -> dict[str, Any]:
    found = json.loads(workspace.comparisons.report(dataset).json)
    assert isinstance(found, dict)
    return found


class Seen(HTMLParser):
    """Every element of a page with its attributes, and the text of its scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.texts.append((self.elements[-1][0] if self.elements else "", data))

    def script(self, id: str) -> str:
        place = [attributes.get("id") for tag, attributes in self.elements if tag == "script"].index(id)
        return [data for tag, data in self.texts if tag == "script" and data.strip()][place]


def test_the_json_has_what_it_takes_to_check_and_repeat(
    content: dict[str, Any], workspace: Workspace, dataset: Dataset
) -> None:
    assert content["dataset"]["id"] == dataset.id and content["dataset"]["profile"]["images"] == len(dataset)
    assert content["dataset"]["splits"] == {split: dataset.count(n) for n, split in enumerate(SPLITS)}
    assert content["answers"]["said"]["similarity"] == "different" and content["answers"]["measured"]["depth_curve"]
    assert content["advice"]["strategy"] == content["grade"]["recommended"] and content["advice"]["said"]["reasons"]

    runs = {run["id"]: run for run in content["runs"]}
    comparison = workspace.comparisons.make(list(runs))
    assert content["verdict"]["choice"] == comparison.verdict.choice
    assert content["verdict"]["reason"] == comparison.verdict.reason
    assert content["grade"] == asdict(workspace.comparisons.grade(comparison))
    assert comparison.transfer and content["transfer"] == asdict(comparison.transfer)
    assert len(runs) == 4 and len(content["pairs"]) == 6, "of the strategy with two seeds one run, no folds"
    for score in comparison.scores:
        run, kept = runs[score.run], workspace.runs.get(score.run)
        assert run["recipe"] == asdict(kept.recipe) and run["recipe_id"] == kept.recipe.id
        assert run["seed"] == kept.recipe.seed and run["device"] == "cpu" and run["seconds"] == kept.seconds
        assert run["test"]["accuracy"] == score.accuracy and run["test"]["confusion"] == score.confusion.tolist()
        assert run["test"]["interval"] == list(score.interval) and run["test"]["reliability"]
        assert [each["class"] for each in run["test"]["classes"]] == list(dataset.classes)
        assert run["curves"]["val_loss"] and run["model_bytes"] == workspace.runs.model_bytes(score.run)
    assert {"sure", "p", "adjusted", "accuracy", "wins", "losses"} <= content["pairs"][0].keys()
    assert {approach["name"] for approach in content["approaches"]} == {"feature extraction", "fine-tuning"}
    assert {(group["folds"], len(group["runs"])) for group in content["repeats"]} == {(2, 2), (0, 2)}
    assert len(content["resampled"]) == 1 and content["resampled"][0]["folds"] == 2
    assert content["versions"]["graft"] and content["versions"]["torch"] and content["versions"]["scikit-learn"]

    galleries = content["galleries"]
    assert galleries["mistakes"]["images"] == len(workspace.comparisons.mistakes(comparison.verdict.choice))
    strategies = [runs[galleries["fixed"][side]]["strategy"] for side in ("of", "against")]
    assert strategies[0] != strategies[1]
    shown = [seen for gallery in galleries.values() for seen in gallery["shown"]]
    assert shown and all(seen["thumbnail"].startswith("data:image/jpeg;base64,") for seen in shown)
    assert max(len(gallery["shown"]) for gallery in galleries.values()) <= 12


def test_the_page_says_it_all_and_asks_nothing_of_a_network(workspace: Workspace, dataset: Dataset) -> None:
    html = workspace.comparisons.report(dataset).html
    found = Seen(html)
    for tag, attributes in found.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster", "background", "xlink:href"):
            assert attributes.get(name, "#").startswith(("data:", "#")), (tag, attributes)
        assert tag not in ("link", "iframe", "object", "embed", "base", "form")
    styles = "".join(data for tag, data in found.texts if tag == "style")
    assert set(re.findall(r"url\(\s*[\"']?(\w+:?)", styles)) <= {"data:"} and "@import" not in styles
    policy = next(attributes["content"] for _, attributes in found.elements if "http-equiv" in attributes)
    assert "default-src 'none'" in policy and "'unsafe-inline'" not in policy.split("script-src")[1]
    (script,) = (data for tag, data in found.texts if tag == "script" and "use strict" in data[:20])
    assert f"'sha256-{assets.sha256(script)}'" in policy and not re.search(r"https?:", script)

    said = "".join(data for tag, data in found.texts if tag not in ("style", "script"))
    comparison = workspace.comparisons.make([run.id for run in workspace.runs.best(dataset)])
    for sentence in (
        comparison.verdict.reason,
        workspace.comparisons.grade(comparison).reason,
        dataset.id,
        *dataset.classes,
    ):
        assert sentence in said
    for figure in ("forest", "versus", "time", "curves", "reliability", "approaches", "depth"):
        assert f'data-figure="{figure}"' in html


def test_names_are_shown_and_not_obeyed(workspace: Workspace, dataset: Dataset) -> None:
    paths = tuple(f"{HOSTILE[n % 3]}/{n}.png" for n in range(len(dataset)))
    report = workspace.comparisons.report(replace(dataset, name=HOSTILE[0], classes=HOSTILE, paths=paths))
    found, plain = Seen(report.html), Seen(workspace.comparisons.report(dataset).html)
    assert [tag for tag, _ in found.elements].count("script") == 3
    assert [tag for tag, _ in found.elements] == [tag for tag, _ in plain.elements], "no name became an element"
    assert not {name for _, attributes in found.elements for name in attributes if name.startswith("on")}
    said = "".join(data for tag, data in found.texts if tag != "script")
    assert HOSTILE[0] in said and HOSTILE[1] in said and "\u202e" not in report.html
    json.loads(found.script("drawings"))
    assert json.loads(report.json)["dataset"]["classes"] == list(HOSTILE), "the JSON keeps names as they are"


def test_a_name_cannot_end_the_drawings_in_the_page() -> None:
    made = page._templates().from_string("{{ given|tojson }}").render(given={"a": "</script><!--"})
    assert made == r'{"a":"\u003c/script\u003e\u003c!--"}'
    assert words.in_figure("<i>$x$ %{y}") == "&lt;i&gt;&#36;x&#36; %&#123;y}"


def test_templates_escape_what_they_show_and_fail_at_a_wrong_name() -> None:
    made = page._templates().from_string("<p title='{{ name }}'>{{ name }}</p><pre>{{ text|code }}</pre>")
    assert made.render(name=HOSTILE[2], text="a\n  <b>\u202e") == (
        "<p title='&#34;&#39; onmouseover=alert(2) \ufffdgpj.exe'>&#34;&#39; onmouseover=alert(2) \ufffdgpj.exe</p>"
        "<pre>a\n &lt;b&gt;\ufffd</pre>"
    )
    with pytest.raises(UndefinedError):
        page._templates().from_string("{{ nmae }}").render(name="")


def test_plotly_is_read_from_its_files_and_stands_in_the_page_once(workspace: Workspace, dataset: Dataset) -> None:
    script = (
        "import sys\nfrom transfer_core.report import assets\nassert assets.plotly() and 'plotly' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=True)
    library = assets.plotly()
    assert library is not None and workspace.comparisons.report(dataset).html.count(library.packed[:400]) == 1


def test_without_plotly_the_tables_stand_open(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "plotly", lambda: None)
    monkeypatch.setattr(page, "font", lambda: "")
    html = workspace.comparisons.report(dataset).html
    assert len(html) < 500_000
    numbers = [attributes for tag, attributes in Seen(html).elements if "numbers" in attributes.get("class", "")]
    assert numbers and all("open" in attributes for attributes in numbers)
    assert all("hidden" in attributes for _, attributes in Seen(html).elements if "data-figure" in attributes)


def test_one_run_alone_and_one_fold_have_a_report(workspace: Workspace, dataset: Dataset) -> None:
    folds = [run.id for run in workspace.runs.list(dataset.id) if run.recipe.folds]
    for runs in ([workspace.runs.best(dataset)[0].id], folds[:1]):
        content = json.loads(workspace.comparisons.report(dataset, runs).json)
        assert content["verdict"]["choice"] == runs[0] and not content["pairs"]
        assert content["galleries"]["fixed"] == {"of": runs[0], "against": None, "images": 0, "shown": []}


def test_it_looks_like_the_dashboard() -> None:
    for theme, own in (("light", LIGHT), ("dark", DARK)):
        given = THEMES[theme]
        assert list(own.strategies) == given["chartCategoricalColors"]
        assert list(own.shades) == given["chartSequentialColors"]
        names = ("backgroundColor", "secondaryBackgroundColor", "textColor", "borderColor", "primaryColor", "linkColor")
        assert [own.paper, own.panel, own.ink, own.line, own.accent, own.link] == [given[name] for name in names]


def test_it_speaks_like_the_dashboard() -> None:
    for number in (0.0, 0.004, 0.5, 9.96, 59.7, 64, 200, 3_599, 3_725, 90_000, 5e8, 2e9):
        assert words.duration(number) == text.duration(number) and words.size(number) == text.size(number), number


def test_the_command_writes_two_files_and_keeps_others(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def graft(*arguments: object) -> tuple[int, str]:
        code = main(["report", *map(str, arguments), "--workspace", str(workspace.root)])
        return code, "".join(capsys.readouterr())

    out = tmp_path / "my report.html"
    assert graft("colours", out) == graft("colours", out), "its own files are replaced"
    values = json.loads((tmp_path / "my report.json").read_text(encoding="utf-8"))
    assert len(values["runs"]) == 4 and out.read_text(encoding="utf-8").startswith("<!doctype html>")
    two = [run["id"] for run in values["runs"][:2]]
    assert graft("colours", out, "--runs", *two)[0] == 0
    assert [run["id"] for run in json.loads(out.with_suffix(".json").read_text())["runs"]] == two

    theirs = tmp_path / "notes.json"
    theirs.write_text("{}")
    for arguments, says in (
        (("nothing", out), "nothing"),
        (("colours", tmp_path / "none" / "a.html"), "no folder"),
        (("colours", tmp_path / "a.pdf"), "a.html"),
        (("colours", theirs.with_suffix(".html")), "notes.json is there already"),
        (("colours", out, "--runs", "abc"), "abc"),
    ):
        code, error = graft(*arguments)
        assert code == 2 and says in error and len(error.strip().splitlines()) == 1, error
    assert sorted(file.name for file in tmp_path.iterdir()) == ["my report.html", "my report.json", "notes.json"]


def test_a_dataset_without_finished_runs_says_so(
    tmp_path: Path, photos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = Workspace(tmp_path / "workspace")
    drive(empty, empty.datasets.import_path(photos))
    empty.close()
    assert main(["report", "colours", str(tmp_path / "a.html"), "--workspace", str(empty.root)]) == 2
    assert "no finished run" in capsys.readouterr().err
