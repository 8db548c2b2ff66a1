"""The Decide page: what it says for each thing that may be trusted, and what its buttons launch."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from components import shell, state
from components.decide import decision as decision_view
from components.decide import estimates as estimates_view
from components.decide import similarity as similarity_view
from components.kit.backbone_picker import OWN
from tests.database import database
from transfer_core import findings
from transfer_core.decision import decide
from transfer_core.strategies import STRATEGIES
from transfer_core.types import (
    Answers,
    Axis,
    Dataset,
    DatasetSize,
    Decision,
    DepthPoint,
    Estimate,
    Measured,
    Pilots,
    Said,
    Similarity,
    SourceClass,
    Trial,
)
from transfer_core.workspace import Workspace

PAGE = Path(__file__).resolve().parents[3] / "pages" / "decide.py"
TITLES = {strategy.name: strategy.title for strategy in STRATEGIES}
SIMILARITY = Similarity(
    answer="different",
    score=0.3,
    low=0.25,
    high=0.36,
    axes=(
        Axis(name="depth", score=0.3, low=0.2, high=0.4),
        Axis(name="semantics", score=None, low=None, high=None),
    ),
    images=40,
)
MEASURED = Measured(
    dataset="d",
    backbone="efficientnet_lite0",
    weights="w",
    device="CPU, 2 threads",
    size=DatasetSize(train_images=40, per_class=(20, 20), effective=40),
    similarity=SIMILARITY,
    depth_curve=(
        DepthPoint(tap="stage1", accuracy=0.6, low=0.5, high=0.7),
        DepthPoint(tap="stage4", accuracy=0.8, low=0.7, high=0.9),
    ),
    nearest_classes=(SourceClass(name="<b>jellyfish</b>", share=0.5, samples=(0, 1)),),
    estimates=tuple(
        Estimate(strategy=known.name, fixed_seconds=5, epoch_seconds=epoch, epochs=20 * (epoch > 0), peak_bytes=10**9)
        for known, epoch in zip(STRATEGIES, (0, 0, 0, 2, 4, 8, 8, 100, 1), strict=True)
    ),
    seconds=50,
)
PILOTS = Pilots(
    dataset="d",
    backbone="efficientnet_lite0",
    weights="w",
    trials=tuple(
        Trial(strategy=name, images=40, steps=10, seconds=20, rounds=2, accuracy=accuracy, part=0.9)
        for name, accuracy in (("fine_tune_top", 0.8), ("linear_svm", 0.7))
    ),
    recommended="fine_tune_top",
    tied=("fine_tune_top",),
    margin=0.1,
    low=0.04,
    high=0.16,
    val_images=80,
    budget_seconds=120,
    seconds=118,
)
LEVEL = (replace(PILOTS.trials[0], accuracy=0.705), PILOTS.trials[1])
TIED = replace(PILOTS, trials=LEVEL, recommended=None, tied=("fine_tune_top", "linear_svm"), margin=0.005, low=-0.02)
CUT = replace(PILOTS, recommended=None, tied=("fine_tune_top", "from_scratch"))  # surely ahead of the second
EQUAL = replace(TIED, tied=("all_layers", "linear_probe"))  # the rules know neither for such images
SAID = Answers(images=40, similarity="similar")


@pytest.mark.parametrize(
    ("decision", "headline", "trusted"),
    [
        (decide(Answers(images=40), None, None, None), r"Linear probe” first. How similar", None),
        (
            decide(SAID, None, None, None),
            "Linear probe”: 40 training images that look like ImageNet, as you said",
            None,
        ),
        (
            decide(SAID, MEASURED, None, None),
            "Fine-tune the top”: a linear classifier has 80\u202f% of held-out training images right so far",
            "Measured",
        ),
        (
            decide(SAID, replace(MEASURED, depth_curve=()), None, None),
            "earlier layer”: 40 training images that look unlike ImageNet",
            "Measured",
        ),
        (decide(SAID, MEASURED, PILOTS, None), "Fine-tune the top”: in the pilots it led by 10.0", "Pilots"),
        (decide(SAID, MEASURED, CUT, None), "it led the pilots, though that is not proven yet", "Best guess"),
        (decide(SAID, MEASURED, TIED, None), "earlier layer”: the rules prefer it among those", "Measured"),
        (decide(SAID, MEASURED, EQUAL, None), "one classifier”: it led the pilots, though not by more", "Best guess"),
        (decide(SAID, MEASURED, PILOTS, 20.0), "”: the best that fits the time you give it", "Pilots"),
    ],
)
def test_the_headline_and_the_marked_card_follow_what_is_trusted(
    decision: Decision, headline: str, trusted: str | None
) -> None:
    assert headline in decision_view.headline(decision, TITLES)
    html = decision_view.cards(decision, MEASURED if decision.measured else None, TITLES)
    tag, card = ("Best guess", "Pilots") if trusted == "Best guess" else ("Trusted", trusted)
    assert html.count("Trusted") + html.count("Best guess") == (trusted is not None)
    if card:
        marked = html.split(f"<header><span>{card}</span>")[1].split("</section>")[0]
        assert f">{tag}<" in marked
        if tag == "Best guess":
            assert f'<p class="answer">{TITLES[decision.strategy]}</p>' in marked


def test_the_table_shortens_and_rules_out() -> None:
    plans = decide(SAID, MEASURED, None, 60.0).plans
    html = estimates_view.table(plans, TITLES, limited=True)
    assert html.count("Ruled out") == sum(plan.fits == "no" for plan in plans) > 0
    shortened = next(plan for plan in plans if plan.fits == "shortened")
    assert f'{shortened.epochs} <span class="dim">of 20</span>' in html
    assert "Fits" not in estimates_view.table(plans, TITLES, limited=False)


def test_axes_without_a_score_say_why_and_names_of_classes_are_not_markup() -> None:
    html = similarity_view.axes(MEASURED, {})
    assert html.count('class="dot"') == 2  # together, depth
    assert findings.LACKING["semantics"] in html
    assert "<b>" not in similarity_view.nearest([(MEASURED.nearest_classes[0], [("<i>", "data:x")])])
    assert similarity_view.notes(MEASURED) == {}
    unsure = replace(MEASURED, similarity=replace(SIMILARITY, answer=None))
    assert similarity_view.notes(unsure) == {"similarity": "measured: cannot be told"}


def _page(monkeypatch: pytest.MonkeyPatch) -> tuple[AppTest, list[str]]:
    went: list[str] = []
    monkeypatch.setattr(shell, "go", went.append)
    page = AppTest.from_file(str(PAGE), default_timeout=20)
    page.session_state[state.opened.key] = True
    return page, went


def _ended(workspace: Workspace, dataset: Dataset, kind: Any, result: dict[str, Any], **how: Any) -> None:
    payload = {"dataset": dataset.id, "backbone": (first := workspace.backbones.get()).name, "weights": first.weights}
    payload |= {"seconds": 120.0} if kind == "pilot" else {}
    id = f"{kind}{len(workspace.jobs.list())}"
    with database(workspace) as store:
        store.add_job(id=id, kind=kind, payload=payload, lane="x", dataset=dataset.id, recipe="")
        store.finish(id, **({"status": "done", "result": result} | how))


def test_measuring_and_pilots_are_jobs_that_the_page_starts_and_stops(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = _page(monkeypatch)
    page.run()
    assert not page.exception
    page.button(key="start_measure").click().run()
    page.selectbox(key="pilot_budget_box").set_value("30 s").run()
    page.button(key="start_pilot").click().run()
    assert [(job.kind, job.payload.get("seconds")) for job in opened.jobs.list(active=True)] == [
        ("pilot", 30),
        ("measure", None),
    ]
    page.button(key="stop_measure").click().run()
    assert page.button(key="start_measure").label == "Try again"
    assert not page.exception


def test_what_was_said_is_there_in_the_next_visit(opened: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = opened.datasets.get(opened.datasets.list()[0].id)
    _ended(opened, dataset, "measure", asdict(MEASURED))
    opened.studies.say(dataset, Said(similarity="different", budget="ample", domain="yes"))
    first, _ = _page(monkeypatch)
    first.run()
    first.select_slider(key=estimates_view.SLIDER).set_value("5 min").run()
    kept = Said(similarity="different", budget="ample", domain="yes", seconds=300, backbone="efficientnet_lite0")
    assert opened.studies.said(dataset) == kept
    again, _ = _page(monkeypatch)
    again.run()
    assert again.select_slider(key=estimates_view.SLIDER).value == "5 min" and not again.exception
    assert again.button(key="add_own").label == "Add its weights"
    again.session_state[state.choosing_backbone.key] = OWN  # as the button leaves it
    again.run()
    assert not again.exception and any(box.label == "Its architecture" for box in again.selectbox)
    with database(opened) as store:  # as kept before there was a fourth question
        store.say(dataset.id, {"similarity": "similar", "budget": None, "seconds": None, "backbone": "bundled"})
    assert opened.studies.said(dataset) == Said(similarity="similar", backbone="bundled")


def test_launching_keeps_to_the_time_limit_and_all_four_are_one_click(
    opened: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = opened.datasets.get(opened.datasets.list()[0].id)
    slow = replace(PILOTS, recommended="fine_tune_all", tied=("fine_tune_all",), trials=PILOTS.trials[:1])
    slow = replace(slow, trials=(replace(slow.trials[0], strategy="fine_tune_all"),))
    _ended(opened, dataset, "measure", asdict(MEASURED))
    _ended(opened, dataset, "pilot", asdict(slow))
    _ended(opened, dataset, "measure", {}, status="failed", error="No *memory* left.")
    page, went = _page(monkeypatch)
    page.run()
    page.select_slider(key=estimates_view.SLIDER).set_value("1 min").run()
    assert not page.exception
    assert [error.value for error in page.error] == [r"No \*memory\* left\."]
    page.button(key="launch").click().run()
    epochs = next(plan for plan in decide(SAID, MEASURED, slow, 60.0).plans if plan.strategy == "fine_tune_all").epochs
    assert [(run.recipe.strategy, run.recipe.epochs) for run in opened.runs.list()] == [("fine_tune_all", epochs)]
    assert 0 < epochs < 20
    assert went == ["train"]
    page.button(key="launch_four").click().run()
    assert {run.recipe.strategy for run in opened.runs.list()} == {
        *("linear_probe", "linear_svm", "fine_tune_all", "from_scratch")  # one of each scenario
    }
