"""Events on their way: none lost, none out of order, not one message each."""

from transfer_core.jobs.protocol import batches, pack, unpack
from transfer_core.types import EpochEnd, Event, Progress, RunEnd, StageStart


def test_fast_events_are_gathered_and_progress_is_merged() -> None:
    start = StageStart(stage="s", title="t", number=1, stages=1)
    steps = [Progress(what="w", done=i, of=500, steps=(i,), losses=(1 / i,)) for i in range(1, 501)]
    end = EpochEnd(
        stage="s",
        epoch=1,
        step=500,
        train_loss=1.0,
        train_accuracy=None,
        val_loss=None,
        val_accuracy=None,
        best=True,
        seconds=1.0,
    )
    events: list[Event] = [start, *steps, end, RunEnd(status="done", result={"a": [1, 2]})]
    sent = [batch for batch in batches(events) if batch]
    assert len(sent) <= 4
    back = unpack([body for batch in sent for body in pack(batch)])
    assert back[0] == start and back[-2:] == events[-2:]
    assert [s for event in back if isinstance(event, Progress) for s in event.steps] == list(range(1, 501))
