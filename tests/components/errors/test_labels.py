"""The list of likely label errors."""

import csv
import io

import numpy as np
import pytest

from components.errors import labels
from tests.components.errors.two_runs import two_runs
from transfer_core import words
from transfer_core.workspace import Workspace


def test_likely_label_errors_are_saved_without_formulas(opened: Workspace) -> None:
    dataset, comparison = two_runs(opened)
    found = opened.comparisons.label_errors(("linear_probe", "fine_tune_all"))
    rows = list(csv.DictReader(io.StringIO(labels.table(dataset, comparison, found, {}).decode("utf-8-sig"))))
    assert tuple(rows[0]) == labels.COLUMNS
    assert [row["file"] for row in rows] == [f"'=animals/{seen.sample}.png" for seen in found]
    assert {row["split"] for row in rows} == {"test"} and "Linear probe; Fine-tune everything" in rows[0]["runs"]
    mean = np.mean([call.confidence for call in found[0].calls])
    assert float(rows[0]["probability of the suggestion"]) == pytest.approx(mean, abs=1e-4)
    assert [words.cell(cell) for cell in ("+1", "-1", "@x", "a=b")] == ["'+1", "'-1", "'@x", "a=b"]
