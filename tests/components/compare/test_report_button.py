"""The buttons that save a report: nothing is made before one is pressed."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from components.compare import report_button
from components.kit import buttons


class Door:
    """A workspace that counts how often it makes a report."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], float]] = []
        self.comparisons = self

    def report(self, dataset: object, runs: list[str], *, worth: float) -> SimpleNamespace:
        self.asked.append((runs, worth))
        return SimpleNamespace(html="<p>straße</p>", json="{}")


def drawn(door: "Door") -> None:
    from types import SimpleNamespace

    from components.compare.report_button import figures_button, report_button

    comparison = SimpleNamespace(
        runs=[SimpleNamespace(id="b"), SimpleNamespace(id="a")], verdict=SimpleNamespace(worth=0.02)
    )
    for made in (report_button, figures_button):
        made(door, SimpleNamespace(name="my *photos*"), comparison)  # type: ignore[arg-type]


def test_a_report_is_made_when_it_is_wanted_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    door, given = Door(), {}

    def kept(label: str, data: Callable[[], bytes], **settings: object) -> None:
        given[label] = (data, settings["file_name"])

    app = AppTest.from_function(drawn, args=(door,)).run()
    assert not app.exception and len(app.get("download_button")) == 2
    app.run()
    assert not door.asked
    monkeypatch.setattr(buttons.st, "download_button", kept)
    drawn(door)
    page, file = given["Save as a report"]
    assert file == "graft-report-my-photos.html" and page() == "<p>straße</p>".encode()
    assert door.asked == [(["b", "a"], 0.02)]
    assert given["Figures as JSON"][1] == "graft-report-my-photos.json"


@pytest.mark.parametrize(
    ("name", "file"),
    [("../../etc", "graft-report-etc"), ("***", "graft-report"), ("Köln 3", "graft-report-Köln-3")],
)
def test_a_name_is_fit_for_a_file(name: str, file: str) -> None:
    assert report_button.file_name(name) == file
