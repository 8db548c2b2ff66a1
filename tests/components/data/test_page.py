"""The Data page says first whether anything is wrong; what is wrong is shown with its pictures and its sentence."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.data import problems
from components.data.headline import spark
from components.data.problems import findings
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace

PAGE = Path(shell.__file__).parents[1] / "pages" / "data.py"


@pytest.fixture
def troubled(opened: Workspace, photos: Path, tmp_path: Path) -> Dataset:
    """Two classes with splits of their own: a copy in train and test, one under two labels, a file that is no image."""
    root = tmp_path / "troubled"
    red, blue = sorted((photos / "red").iterdir()), sorted((photos / "blue").iterdir())
    for split, first, last in (("train", 0, 12), ("val", 12, 15), ("test", 15, 18)):
        for name, files in (("red", red), ("blue", blue)):
            folder = root / split / name
            folder.mkdir(parents=True)
            for file in files[first:last] if name == "red" or split == "train" else files[first : first + 1]:
                (folder / file.name).write_bytes(file.read_bytes())
    (root / "test" / "red" / "leak.png").write_bytes(red[0].read_bytes())
    (root / "train" / "blue" / "torn.png").write_bytes(red[1].read_bytes())
    (root / "train" / "red" / "broken.png").write_bytes(b"no image")
    for _ in opened.jobs.drive(opened.datasets.import_path(root)):
        pass
    return opened.datasets.get(opened.datasets.list()[0].id)


def test_problems_have_their_pictures_and_whole_sentences(troubled: Dataset) -> None:
    skipped, leak, conflict = (list(findings(troubled, kind)) for kind in ("skipped", "leak", "conflict"))
    assert skipped[0].sentence.startswith("train/red/broken.png: ") and skipped[0].lost
    assert any("is in train and test" in each.sentence for each in leak)
    for each in leak:
        assert len({int(troubled.splits[i]) for i in each.samples}) > 1, "one picture of each split"
    assert any("two labels" in each.sentence for each in conflict)
    for each in conflict:
        assert len({int(troubled.labels[i]) for i in each.samples}) > 1, "one picture of each class"
    groups = list(findings(troubled, "duplicate"))
    assert sum(len(each.samples) + each.more for each in groups) == sum(
        problem.files for problem in troubled.problems if problem.kind == "duplicate"
    )


def test_the_page_begins_with_what_is_wrong_and_the_next_step(
    opened: Workspace, troubled: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Any] = []
    monkeypatch.setattr(problems, "mount", lambda **given: drawn.append(given))
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    page.session_state[state.opened.key] = True
    page.session_state[state.dataset.key] = troubled.id
    page.run()
    assert not page.exception and not page.error
    said = " ".join(words.value for words in page.markdown).replace("\\", "")
    assert "Ready: " in said and "but 1 file left out" in said and "with two labels" in said
    assert page.button(key="go_on").label == "Decide on a strategy"
    assert "These splits are your own." in said
    kinds = {each["key"]: each["data"]["html"] for each in drawn}
    assert "cannot be shown" in kinds["problems_skipped"] and "<img" in kinds["problems_leak"]
    assert len(page.dataframe[0].value) == len(troubled.problems)


def test_even_classes_take_a_line(opened: Workspace, dataset: Dataset) -> None:
    drawn = spark(dataset, opened.datasets.profile(dataset))
    assert drawn.count("<i ") == len(dataset.classes) and "Balanced: 14 training images a class" in drawn


def test_a_picture_of_each_example_stands_ready(opened: Workspace) -> None:
    from components.kit.import_form import PICTURES

    for example in opened.datasets.examples():
        with Image.open(PICTURES / f"{example.name}.webp") as picture:
            assert picture.size == (404, 266)


def test_name_note_and_tags_are_written_there_and_seen_where_datasets_are_listed(
    opened: Workspace, dataset: Dataset
) -> None:
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    page.session_state[state.opened.key] = True
    page.run()
    fields = {field.label: field for field in (*page.text_input, *page.text_area)}
    assert fields["Name"].value == dataset.name
    fields["Name"].set_value("winter")
    fields["Note"].set_value("after *the* move")
    fields["Tags"].set_value("paper, second try")
    next(each for each in page.button if each.label == "Save").click().run()
    assert not page.exception and not page.error
    (row,) = opened.datasets.list()
    assert (row.name, row.remark.note, row.remark.tags) == ("winter", "after *the* move", ("paper", "second try"))
    said = " ".join(each.value for each in page.markdown)
    assert r"\#paper \#second try" in said and r"after \*the\* move" in said
    (listed,) = (box for box in page.selectbox if box.label == "Dataset")
    assert "#paper" in listed.options[0], "so that typing a tag finds it"
