"""Progress in a log."""

import pytest

from transfer_core.commands.follow import Lines
from transfer_core.types import EpochEnd, Progress, StageStart


def test_a_log_gets_few_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    lines = Lines(lambda: now[0])
    for epoch in range(3_000):  # ten hours
        if epoch % 1_000 == 0:
            lines.show(StageStart(stage="all", title="Fine-tune", number=1 + epoch // 1_000, stages=3))
        for step in range(4):
            now[0] += 3
            lines.show(Progress(what="Training", done=step, of=4, seconds_left=3.0))
        end = EpochEnd(stage="all", epoch=epoch, step=4 * epoch, train_loss=0.5, train_accuracy=None, val_loss=0.25,
                       val_accuracy=0.875, best=True, seconds=now[0])  # fmt: skip
        lines.show(end)
    said = capsys.readouterr().err
    assert "\r" not in said and "\x1b" not in said and 40 < said.count("\n") < 120
    assert "3/3 Fine-tune: " in said and "val accuracy 87.5%" in said
    quick = Lines(lambda: 0.0)
    quick.show(StageStart(stage="all", title="Fine-tune", number=1, stages=1))
    assert capsys.readouterr().err == "", "what takes a moment says nothing"
