"""Corrections from a table: each row says what becomes of an image."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from transfer_core.commands.correct import marks
from transfer_core.errors import GraftError
from transfer_core.types import Dataset


def animals() -> Dataset:
    paths = ("a/=1.png", "a/2.png", "=3.png", "'=3.png", "b/4.png", "-5.png")
    columns = {name: np.arange(6) for name in ("groups", "widths", "heights")}
    labels, splits = np.array([0, 0, 0, 1, 1, 1]), np.zeros(6, dtype=np.int64)
    return Dataset(
        id="d",
        name="pets",
        classes=("cat", "drop", "=dog"),
        paths=paths,
        files=paths,
        labels=labels,
        splits=splits,
        **columns,
    )


@pytest.mark.parametrize(
    "written", [str, lambda text: "\ufeff" + text.replace(",", ";"), lambda text: text.replace("\n", "\r\n")]
)
def test_a_table_says_what_becomes_of_images(written: Callable[[str], str], tmp_path: Path) -> None:
    rows = ["File,note,new label,drop", "a/=1.png,x,'=dog,", "a/2.png,y,drop,no", "b/4.png,,,YES", ",,,", "'-5.png,z,,"]
    (tmp_path / "marks.csv").write_text(written("\n".join(rows)), encoding="utf-8", newline="")
    found = [(mark.sample, mark.label) for mark in marks(animals(), tmp_path / "marks.csv")]
    assert found == [(0, 2), (1, 1), (4, None)], "a class may be called drop; an empty row keeps its label"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (["name,drop", "a/2.png,yes"], 'needs a column "file"'),
        (["file,label", "a/2.png,cat"], '"new label" or "drop"'),
        ([], "needs a column"),
        (["file,drop", "a/2.png,yes", "a/9.png,yes"], "Line 3 names 'a/9.png', which is no image of 'pets'"),
        (["file,new label", "a/2.png,Cat"], "Line 2 names 'Cat', which is no class. There is: cat, drop, =dog"),
        (["file,drop", "a/2.png,maybe"], "Line 2 has 'maybe'"),
        (["file,new label,drop", "a/2.png,drop,x"], "Line 2 has both"),
        (["file,drop", ",yes"], "Line 2 names no file"),
        (["file,drop", "a/2.png,yes", "a/2.png,"], "Lines 2 and 3 say different things of 'a/2.png'"),
        (["file,drop", "'=3.png,yes"], "may be more than one image"),
    ],
)
def test_a_row_that_makes_no_sense_is_named_by_its_line(rows: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "marks.csv").write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(GraftError) as caught:
        marks(animals(), tmp_path / "marks.csv")
    assert says in str(caught.value)


def test_a_table_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(GraftError, match=r"none.csv cannot be read: No such file"):
        marks(animals(), tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("file,drop\nä.png,yes".encode("latin-1"))
    with pytest.raises(GraftError, match="UTF-8"):
        marks(animals(), tmp_path / "latin.csv")
