"""The list of likely label errors."""

import csv
import io

import numpy as np
import pytest

from components.errors import labels
from tests.components.errors.two_runs import two_runs
from transfer_core import words
from transfer_core.workspace import Seen, Suspected, Workspace


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


def _suspected(suggestions: int, beside: int, wrong: int, images: int) -> Suspected:
    seen = tuple(Seen(sample=n, label=0, split="test", calls=()) for n in range(suggestions))
    return Suspected(seen=seen, images=images, wrong=wrong, beside=beside)


def test_weak_runs_offer_nothing_and_say_why() -> None:
    found = _suspected(19, 90, 139, 397)
    assert not found.tells and found.offered == ()
    said = labels.weak(found)
    assert "agree against 19 labels" in said and "35.0\u202f% of 397" in said and "17.4\u202f% of the 109" in said
    assert "about 4 of these" in said


def test_suggestions_come_with_the_runs_own_error_rate() -> None:
    found = _suspected(12, 180, 24, 400)
    assert found.tells and found.true == (2, 9)
    said = labels.expected(found)
    assert "**12 suggestions**" in said and "6.0\u202f% of 400" in said and "6.2\u202f% of the 192" in said
    assert "expect about 2 to 9 of them" in said
