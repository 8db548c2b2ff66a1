"""A job's feed: the same whatever pieces it comes in, and no event is read twice."""

from typing import Any

import numpy as np
import pytest

from components.decide.pilots import race_traces
from components.kit import live_chart, status
from components.kit.feed import Curve, Feed, feed
from tests.components.decide.test_pilots import EVENTS as RACE
from tests.components.decide.test_pilots import TITLES
from tests.components.kit.test_live_chart import EVENTS
from tests.database import database
from transfer_core.types import Dataset, Event, Notice, Progress, StageStart
from transfer_core.workspace import Workspace

STORY: list[Event] = [
    *EVENTS,
    Notice(text="The batch was halved."),
    *RACE,
    Progress(what="Epoch 9", done=1, of=2, images_per_second=9.0, memory_bytes=7, steps=(12, 13), losses=(1.0, 0.5)),
    *(Progress(what="Epoch 9", done=2, of=2, steps=(step,), losses=(1 / step,)) for step in range(14, 400)),
    Progress(what="Epoch 9", done=2, of=2, memory_bytes=3),
]


def _seen(fed: Feed) -> dict[str, Any]:
    """All that pages draw of a feed."""
    traces = [*live_chart.run_traces(fed, "fine_tune_all"), *race_traces(fed, TITLES)]
    return {
        "traces": [live_chart._drawn(trace) for trace in traces],
        "marks": fed.marks,
        "rounds": fed.rounds,
        "axis": live_chart.x_title(fed),
        "phase": status.phase(fed),
        "figures": (fed.epochs, fed.best_accuracy, fed.images_per_second, fed.peak_bytes),
        "notices": fed.notices,
        "seq": fed.seq,
    }


@pytest.fixture
def job(opened: Workspace, dataset: Dataset) -> str:
    return opened.runs.submit([opened.recipes.make(dataset, "fine_tune_all")])[0]


def test_fed_in_pieces_it_is_what_it_is_fed_at_once(opened: Workspace, job: str) -> None:
    with database(opened) as store:
        store.append(job, STORY[:1])
        pieces = feed(opened, job)
        for begin in range(1, len(STORY), 3):
            store.append(job, STORY[begin : begin + 3])
            assert feed(opened, job) is pieces
    whole = Feed()
    whole.read(opened, job)
    assert whole is not pieces and _seen(whole) == _seen(pieces)
    assert (whole.images_per_second, whole.peak_bytes) == (9.0, 7)
    assert len(whole.steps.points[0]) == 390 and whole.seq == len(STORY)


def test_a_further_look_reads_no_event_again(opened: Workspace, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []
    events = opened.jobs.events

    def counted(id: str, after: int = 0) -> tuple[tuple[int, float, Event], ...]:
        found = events(id, after)
        given.extend(seq for seq, _, _ in found)
        return found

    monkeypatch.setattr(opened.jobs, "events", counted)
    with database(opened) as store:
        for part in (STORY[:10], STORY[10:]):
            store.append(job, part)
            for _ in range(3):
                feed(opened, job)
    assert given == list(range(1, len(STORY) + 1))


def test_a_curve_grows_and_what_was_taken_of_it_stays() -> None:
    curve = Curve()
    curve.add(0, 0.5)
    before = curve.points
    for step in range(1, 1_000):
        curve.add(step, float("inf") if step == 7 else step / 2)
    curve.add(1_000, None)
    x, y = curve.points
    assert len(x) == len(y) == 999 and 7 not in x and y[-1] == 499.5
    assert [list(part) for part in before] == [[0], [0.5]]
    assert np.all(np.diff(x) > 0)


def test_a_run_that_begins_anew_is_drawn_anew(opened: Workspace, job: str) -> None:
    begins = StageStart(stage="prepare", title="Get ready", number=1, stages=3)
    with database(opened) as store:
        store.append(job, [begins, *STORY])
        fed = feed(opened, job)
        assert fed.epochs and len(fed.steps.points[0])
        store.append(job, [Notice(text="It made way."), begins])
    assert feed(opened, job) is fed and fed.seq == len(STORY) + 3
    assert not fed.epochs and not len(fed.steps.points[0]) and fed.notices[-1] == "It made way."
