"""What is shown of a run has one value: on every page, in its report and by every command that shows it."""

import contextlib
import io
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import state
from components.kit.text import JOINER
from tests.components.finished_runs import Finish
from transfer_core import words
from transfer_core.backbones import backbones
from transfer_core.cli import main
from transfer_core.types import Dataset, Run
from transfer_core.workspace import Workspace

PAGES = Path(__file__).resolve().parents[2] / "pages"
TABS = ("Ranking", "Approaches", "Cost", "Curves", "Classes", "Images", "Recipes", "Table")
TITLES = {known.name: known.title for known in backbones()}
SHARE = r"(\d+\.\d)[\s\u202f]*%"
BAR = re.compile(r'<div class="run-bar">.*?<b>(.*?)</b></div><div class="run-time">(.*?)</div>')  # of Train's table
CUTS = (*range(20, 61), 200)  # characters to which titles are cut

Facts = dict[str, set[str]]  # by what it is, all values that are shown


class Seen:
    """What places say of runs."""

    def __init__(self, titles: Mapping[str, str]) -> None:
        self.titles = titles  # by run
        self.facts: defaultdict[tuple[str, str], defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        self.places: defaultdict[str, set[str]] = defaultdict(set)  # by what it is

    def say(self, place: str, run: str, **facts: Any) -> None:
        """Numbers as they are, or as they are written; None: nothing is said."""
        for what, value in facts.items():
            if value is not None:
                self.facts[run, what][written(what, value)].add(place)
                self.places[what].add(place)

    def whose(self, title: str) -> str:
        """The run of a title, which may be cut."""
        found = {run for run, whole in self.titles.items() if title in {words.short(whole, most) for most in CUTS}}
        assert len(found) == 1, f"{title!r} is the title of {found or 'none'} of {self.titles}"
        return found.pop()


def written(what: str, value: Any) -> str:
    """A value in one way of writing."""
    if what in ("accuracy", "validation"):
        return re.sub(r"\s", "", str(value)).rstrip("%") if isinstance(value, str) else f"{100 * value:.1f}"
    if what == "interval":
        ends = re.findall(r"\d+\.\d", value) if isinstance(value, str) else [f"{100 * end:.1f}" for end in value]
        return " to ".join(ends)
    if what == "backbone":  # commands and files tell its name, by which it is asked for
        return TITLES.get(value, value)
    if what == "seconds":
        return value.strip() if isinstance(value, str) else words.duration(value)
    return str(value).replace(",", "") if what == "images" else str(value)


@pytest.fixture
def runs(finish: Finish) -> tuple[Run, ...]:
    """Four that no two numbers are shared by, one of them told from another by its images, one of them stopped."""
    stopped = {"epochs_done": 2, "epochs_planned": 22, "saved_seconds": 0.0}
    return (
        finish("linear_probe", 4, seconds=12.3, val=0.71, told={"saved_seconds": 23.2}),
        finish("linear_probe", 6, seconds=11.2, val=0.61, per_class=4, told={"saved_seconds": 29.1}),
        finish("linear_svm", 2, seconds=14.1, val=0.81, backbone="bundled", told={"saved_seconds": 31.4}),
        finish("fine_tune_all", 1, seconds=125.0, val=0.91, status="stopped", told=stopped),
    )


def test_what_is_shown_of_a_run_has_one_value(
    opened: Workspace, dataset: Dataset, runs: tuple[Run, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [run.id for run in runs]
    seen = Seen(opened.runs.titles(runs))
    said = {
        **commands(seen, opened.root, ids),
        **report(seen, opened, dataset, ids),
        **pages(seen, dataset, ids),
    }
    several = {key: dict(values) for key, values in seen.facts.items() if len(values) > 1}
    assert not several, several
    for what, least in LEAST.items():
        assert len(seen.places[what]) >= least, (what, sorted(seen.places[what]))
        assert {run for run, name in seen.facts if name == what} == set(ids), what
    assert all(
        seen.titles[run].startswith(strategy) for run, what in seen.facts for strategy in seen.facts[run, "strategy"]
    )
    for run in runs:
        other = words.duration(run.seconds or 0.0)
        leaks = [place for place, text in said.items() if run.saved_seconds and other in text]
        assert not leaks, f"{leaks} tell what was computed this time, {other}"


LEAST = {  # places that show it
    "title": 37,
    "accuracy": 30,
    "seconds": 25,
    "interval": 21,
    "validation": 9,
    "backbone": 7,
    "images": 5,
    "strategy": 1,
}


# --- the command line ------------------------------------------------------------------------------


def commands(seen: Seen, root: Path, ids: Sequence[str]) -> dict[str, str]:
    said = {"list": printed("list", root=root), "compare": printed("compare", *ids, root=root)}
    for told in json.loads(printed("list", "runs", "--json", root=root))["runs"]:
        seen.say("list --json", told["run"], **of_json(told), accuracy=told["test_accuracy"])
    for line in said["list"].splitlines():
        cells = re.split(r"\s{2,}", line)
        if cells[0] in ids:
            run, _, _, test, validation, seconds, _, title = cells
            seconds = words.duration(float(seconds))
            seen.say("list", run, accuracy=test, validation=validation, seconds=seconds, title=title)
    for told in json.loads(printed("compare", *ids, "--json", root=root))["runs"]:
        seen.say("compare --json", told["run"], **of_json(told), accuracy=told["test_accuracy"])
    line = rf"  (\w+)\s+{SHARE} \((.*?)\)\s+F1 \S+\s+([\d.]+) s  (.*)"
    for run, test, interval, seconds, title in re.findall(line, said["compare"]):
        seconds = words.duration(float(seconds))
        seen.say("compare", run, accuracy=test, interval=interval, seconds=seconds, title=title)
    for run in ids:
        said[f"show {run}"] = text = printed("show", run, root=root)
        facts = dict(re.findall(r"^  (\w+)\s+(.*)$", text, re.MULTILINE))
        test, interval = re.findall(rf"{SHARE}.*interval (.*?)\)", facts["tested"])[0]
        seen.say("show", run, title=text.splitlines()[0].removesuffix(f" ({run})"), accuracy=test, interval=interval)
        took = facts["took"].partition(",")[0]
        seen.say("show", run, seconds=took, validation=facts["validated"], backbone=facts.get("backbone"))
        told = json.loads(printed("show", run, "--json", root=root))
        seen.say("show --json", run, **of_json(told | told["score"]), accuracy=told["score"]["accuracy"])
    return said


def printed(*arguments: str, root: Path) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main([*arguments, "--workspace", str(root)]) == 0
    return out.getvalue()


def of_json(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": told["title"],
        "seconds": told["whole_seconds"],
        "validation": told.get("val_accuracy"),
        "interval": told.get("interval"),
        "backbone": told.get("backbone"),
        "images": told.get("train_images"),
    }


# --- the report ------------------------------------------------------------------------------------


def report(seen: Seen, workspace: Workspace, dataset: Dataset, ids: Sequence[str]) -> dict[str, str]:
    made = workspace.comparisons.report(dataset, ids)
    for told in json.loads(made.json)["runs"]:
        test = told["test"]
        backbone = told["recipe"]["backbone"]
        seen.say("report.json", told["id"], **of_json(told | test | {"backbone": backbone}), accuracy=test["accuracy"])
    table = made.html.partition("All runs, the best first")[2].partition('<tr class="constant">')[0]
    head = [bare(cell) for cell in re.findall(r"<th scope=\"col\">(.*?)</th>", table)][1:]
    for row in table.split("<tr>")[2:]:
        title = re.sub(r"^\d+ | chosen$", "", bare(row.partition("</th>")[0]))
        cells = dict(zip(head, re.findall(r"<td>(.*?)</td>", row), strict=True))
        accuracy, interval = re.findall(r"<b>(.*?)</b><small>(.*?)</small>", cells["Test accuracy"])[0]
        run = seen.whose(title)
        seen.say("report", run, title=title, accuracy=accuracy, interval=interval, validation=cells["Validation"])
        seen.say("report", run, seconds=cells["Time"], images=cells["Trained on"])
    table = made.html.partition('class="differences"')[2].partition("</table>")[0]
    rows = [[bare(cell) for cell in re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row)] for row in table.split("<tr>")[1:]]
    columns = list(zip(*rows, strict=True)) if rows[0][0] == "" else rows  # runs stand across or below each other
    for title, *told in columns[1:]:
        fields = dict(zip(columns[0][1:], told, strict=True))
        seen.say("report, recipes", seen.whose(title), backbone=fields["Backbone"])
    drawn = json.loads(unescape(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', made.html, re.S)[0]))
    for name, figure in drawn["figures"].items():
        from_figure(seen, f"report, {name}", figure)
    return {"report": bare(made.html.partition("<main")[2])}


def bare(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


HOVER = rf"^<b>(?P<title>.*?)</b><br>{SHARE} of \d+ images<br>95 % interval (?P<low>\S+) to (?P<high>\S+)"


def from_figure(seen: Seen, place: str, figure: Mapping[str, Any]) -> None:
    """What hovers, names and labels of a figure say."""
    for trace in figure["data"]:
        if trace.get("name") and trace.get("legendgroup"):
            title = unescape(re.sub("^<b>|</b>$", "", trace["name"].partition(", ECE")[0]))
            seen.say(place, seen.whose(title), title=seen.titles[seen.whose(title)])
        for told in trace.get("hovertext") or ():
            for found in re.finditer(HOVER, told):
                run, interval = seen.whose(unescape(found["title"])), f"{found['low']} to {found['high']}"
                seen.say(place, run, title=unescape(found["title"]), accuracy=found[2], interval=interval)
                for seconds in re.findall(r"<br>Training time (.*)", told):
                    seen.say(place, run, seconds=seconds)


# --- the pages -------------------------------------------------------------------------------------


def pages(seen: Seen, dataset: Dataset, ids: Sequence[str]) -> dict[str, str]:
    found = {"Start": start(seen)}
    found |= {f"Train, {run}": train(seen, ids, run) for run in ids}
    compare = page("compare")
    compare.session_state[state.compared.of(dataset.id).key] = list(ids)
    for tab in TABS:
        compare.query_params["section"] = tab
        ran(compare)
        found[f"Compare, {tab}"] = on_compare(seen, compare, tab)
    predict = ran(page("predict"))
    for title in predict.multiselect(key=state.asked.of(dataset.id).key).options:
        seen.say("Predict", seen.whose(title), title=title)
    return found | {"Predict": text_of(predict)}


def page(name: str) -> AppTest:
    made = AppTest.from_file(str(PAGES / f"{name}.py"), default_timeout=60)
    made.session_state[state.opened.key] = True
    return made


def ran(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception and not page.error
    return page


def start(seen: Seen) -> str:
    at = ran(page("start"))
    told = plain(" ".join(each.value for each in at.markdown))
    ((title, accuracy),) = re.findall(rf"Best: \*\*(.*?)\*\*, {SHARE} on test images", told)
    seen.say("Start", seen.whose(title), title=title, accuracy=accuracy)
    return text_of(at)


def train(seen: Seen, ids: Sequence[str], shown: str) -> str:
    at = page("train")
    at.session_state[state.run.key] = shown
    ran(at)
    cells = [found for each in at.get("html") if (found := BAR.search(each.proto.body))]
    for run, found in zip(reversed(ids), cells, strict=True):
        button = at.button(key=f"show_{run}")
        seen.say("Train, queue", run, title=plain(button.label), backbone=plain(button.help).split(", ")[0])
        seen.say("Train, queue", run, accuracy=found[1], seconds=found[2])
    metrics = {metric.label: metric.value for metric in at.metric}
    validation, test = metrics["Validation accuracy, kept"], metrics["Test accuracy"]
    seen.say("Train", shown, title=plain(at.header[0].value), accuracy=test, validation=validation)
    seen.say("Train", shown, seconds=metrics["Time"])
    return text_of(at)


def on_compare(seen: Seen, at: AppTest, tab: str) -> str:
    place = f"Compare, {tab}"
    for table in at.dataframe:
        frame = table.value
        rows = frame.to_dict("records") if "Test" in frame or "Test accuracy" in frame else []
        if "Run id" in frame:  # the last line is no run's
            assert rows.pop()["Run"].startswith("Always “")
        for row in rows:
            run = seen.whose(row["Run"])
            name = f"{place if 'Run id' in row else 'Compare, runs'}"
            seen.say(name, run, title=row["Run"], backbone=row["Backbone"], images=row["Training images"])
            test = row.get("Test accuracy", row.get("Test"))
            seen.say(name, run, accuracy=test / 100, validation=row["Validation"] / 100, seconds=row["Time, s"])
            if "95 % from" in row:
                seen.say(name, run, interval=(row["95 % from"] / 100, row["to"] / 100))
        if tab == "Recipes" and "Field" in frame:
            fields = frame.set_index("Field")
            for head in fields:
                run = seen.whose(head[2:])
                strategy, backbone = fields[head]["Strategy"], fields[head]["Backbone"]
                seen.say(place, run, title=seen.titles[run], strategy=strategy, backbone=backbone)
    for chart in at.get("plotly_chart"):
        from_figure(seen, place, json.loads(chart.proto.spec))
    drawn = {each.proto.id: json.loads(each.proto.json) for each in at.get("bidi_component")}
    for id, data in drawn.items():
        html = data.get("html", "")
        if "verdict_facts" in id or "best_" in id:
            facts = re.findall(r"<dt>(.*?)</dt><dd>(.*?)(?: <small>(.*?)</small>)?</dd>", html)
            told = {unescape(name): (unescape(value), unescape(note)) for name, value, note in facts}
            title = re.findall(r'alt="">(.*?)</p>', html) if "best_" in id else re.findall("Take “(.*?)”", verdict(at))
            run = seen.whose(unescape(title[0]))
            accuracy, interval = told["Test accuracy"]
            where = f"{place}, verdict" if "verdict_facts" in id else place  # the strip stands over each section
            seen.say(where, run, title=unescape(title[0]), accuracy=accuracy, interval=interval)
            seen.say(where, run, seconds=told["Training time"][0])
            seen.say(where, run, images=told.get("Training images", (None,))[0])
        if "front" in id and tab == "Cost":
            for title, accuracy, seconds in re.findall(r'"name">(.*?)</span><br>(.*?) for (.*?)(?:<|$)', html):
                seen.say(f"{place}, front", seen.whose(title), title=title, accuracy=accuracy, seconds=seconds)
        if "errors_calibration" in id:
            rows = re.findall(r"</svg>(.*?)</th><td>.*?</td><td>(.*?)</td>", html)
            assert len(rows) == len(seen.titles)
            for title, accuracy in rows:
                seen.say(f"{place}, calibration", seen.whose(unescape(title)), title=unescape(title), accuracy=accuracy)
        for panel in data.get("panels", ())[:2]:
            run, share = seen.whose(panel["title"]), panel["note"].partition(" of ")[0]
            seen.say(f"{place}, matrix", run, title=panel["title"], accuracy=share)
        for told in data.get("runs", ()):
            seen.say("Compare, pairs", seen.whose(told["title"]), title=told["title"])
    return text_of(at) + " ".join(bare(data.get("html", "")) for data in drawn.values())


def verdict(at: AppTest) -> str:
    return plain(next(each.value for each in at.markdown if each.value.startswith("## ")))


def plain(markdown: str) -> str:
    return re.sub(r"\\(.)", r"\1", markdown).replace(JOINER, "")


def text_of(at: AppTest) -> str:
    """All that is written on a page."""
    written = [str(each.value) for each in (*at.markdown, *at.caption, *at.metric, *at.header, *at.info, *at.warning)]
    tables = [table.value.to_string() for table in at.dataframe]
    return plain(" ".join([*written, *(each.label for each in at.button), *tables]))
