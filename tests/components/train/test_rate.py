"""The range test on the Train page: asked for by a button, read from the job's result, put into the form."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from components import state
from components.state import Form
from components.train import rate
from tests.database import database
from transfer_core.types import Dataset, RateTest
from transfer_core.workspace import Workspace

PAGE = Path(__file__).resolve().parents[3] / "pages" / "train.py"
RATES = tuple(np.geomspace(1e-6, 1, 50).tolist())
LOSSES = tuple(np.interp(np.log10(RATES), (-6, -4, -2, 0), (2.3, 2.3, 1.1, 4.0)).tolist())
TEST = RateTest(
    rates=RATES,
    losses=LOSSES,
    smoothed=LOSSES,
    begun=2.3,
    guessing=2.0,
    lowest=0.01,
    diverges_from=0.06,
    suggested=0.0004,
    own=0.001,
    steps=50,
    seconds=21.0,
)


def _page(chosen: list[str], **settings: float) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    page.session_state[state.opened.key] = True
    page.session_state[state.show_settings.key] = True
    page.session_state[state.backbone.key] = "bundled"
    page.session_state[state.form.key] = Form(chosen=chosen, settings=settings)
    return page.run()


def _held(page: AppTest, name: str) -> float | None:
    return page.number_input(key=page.session_state[state.form.key].key(f"set_{name}")).value


def test_a_button_queues_it_and_its_result_fills_the_form(opened: Workspace, dataset: Dataset) -> None:
    page = _page(["linear_probe", "fine_tune_all"], backbone_lr=0.006)
    page.button(key="find_rate").click().run()
    assert not page.exception
    (job,) = opened.jobs.list(kind="rates")
    assert job.status == "queued" and job.payload["recipe"]["strategy"] == "fine_tune_all"
    page.button(key="stop_rates").click().run()
    assert opened.jobs.get(job.id).status == "stopped"
    page.button(key="find_rate").click().run()
    with database(opened) as store:
        store.finish(opened.jobs.list(kind="rates")[0].id, "done", result=asdict(TEST))

    page = _page(["linear_probe", "fine_tune_all"], backbone_lr=0.006)  # in another session
    said = next(known.value for known in page.markdown if "way down at" in known.value)
    assert "The rule’s 0\\.03 lies past the lowest point" in said
    drawn = json.loads(page.get("plotly_chart")[0].proto.spec)["layout"]["annotations"]
    assert {"by rule 0.03", "by this test 0.0004", "diverges", "guessing"} == {known["text"] for known in drawn}
    page.button(key="use_rate").click().run()
    assert not page.exception
    assert _held(page, "lr") == 0.0004
    assert _held(page, "backbone_lr") == pytest.approx(0.0004 * 0.006 / 0.03), "in the ratio that was tested"
    assert page.button(key="use_rate").disabled
    assert any("way down at" in known.value for known in page.markdown), "the same test is still shown"


def test_what_is_solved_is_offered_none(opened: Workspace) -> None:
    page = _page(["linear_probe", "linear_svm"])
    assert not page.exception and "find_rate" not in {button.key for button in page.button}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (0.0001, "lies below that"),
        (0.00041, "is the same"),
        (0.005, "lies between the two"),
        (0.03, "lies past the lowest point"),
        (0.06, "lies where it is lost"),
    ],
)
def test_where_the_rule_lies(rule: float, says: str) -> None:
    assert says in rate.against(TEST, rule)


def test_a_test_that_finds_nothing_suggests_nothing() -> None:
    nothing = replace(TEST, suggested=None, diverges_from=None)
    assert rate.against(nothing, 0.001) == "The rule’s 0.001 stays."
