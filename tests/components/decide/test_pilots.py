"""The race of pilots as it is drawn: a curve a round, losers marked, every number in the table."""

from components.decide.pilots import dropped, margin, race_traces, race_words, table
from components.kit.feed import Feed
from transfer_core.types import EpochEnd, Event, Notice, Pilots, StageStart, Trial

TITLES = {"linear_probe": "Linear probe", "fine_tune_all": "Fine-tune everything", "fine_tune_top": "Fine-tune the top"}


def _judged(strategy: str, seconds: float, accuracy: float) -> EpochEnd:
    return EpochEnd(
        stage=strategy,
        epoch=1,
        step=10,
        train_loss=None,
        train_accuracy=None,
        val_loss=None,
        val_accuracy=accuracy,
        best=False,
        seconds=seconds,
    )


def _stage(name: str, number: int) -> StageStart:
    return StageStart(stage=name, title=name, number=number, stages=4)


EVENTS: list[Event] = [
    _stage("heads", 2),
    _judged("linear_probe", 3.0, 0.6),
    _stage("round 1", 3),
    _judged("fine_tune_all", 5.0, 0.3),
    _judged("fine_tune_all", 6.0, 0.5),
    _judged("fine_tune_top", 8.0, 0.4),
    Notice(text="Fine-tune the top drops out with 40.0% of the validation images right."),
    _stage("round 2", 4),
    _judged("fine_tune_all", 10.0, 0.35),
]


def test_each_round_is_a_curve_of_its_own_and_a_loser_is_marked() -> None:
    fed = Feed()
    for event in EVENTS:
        fed.take(event)
    traces = race_traces(fed, TITLES)
    assert [(t.group, list(t.x), t.split) for t in traces] == [
        ("linear_probe", [3.0], "validation"),
        ("fine_tune_all", [5.0, 6.0], "validation"),
        ("fine_tune_all", [10.0], "validation"),
        ("fine_tune_top", [8.0], "ended"),
    ]
    assert traces[-1].name == "Fine-tune the top, out"
    assert len({(t.group, t.part) for t in traces}) == len(traces)  # Plotly tells curves apart by these
    assert dropped(fed, TITLES) == {"fine_tune_top"}
    assert fed.rounds == ((3.0, "round 1"), (8.0, "round 2"))
    assert "Fine-tune everything 35.0" in race_words(traces)


def test_the_table_says_what_each_had_seen_and_the_line_where_zero_is() -> None:
    trial = Trial(strategy="linear_probe", images=1_234, steps=0, seconds=75, rounds=2, accuracy=0.876, part=0.5)
    pilots = Pilots(
        dataset="d",
        backbone="b",
        weights="w",
        trials=(trial,),
        recommended=None,
        tied=(),
        margin=0.01,
        low=-0.02,
        high=0.04,
        val_images=100,
        budget_seconds=120,
        seconds=118,
    )
    html = table(pilots, "Macro-F1", TITLES)
    shown = ("Linear probe", 'data-label="Macro-F1">87.6', "1,234", ">none<", ">2<", "1\u202fmin 15\u202fs")
    assert all(part in html for part in shown)
    drawn = margin(pilots)
    left, width = (
        float(drawn.split('class="span" style="')[1].split(f"{name}: ")[1].split("%")[0]) for name in ("left", "width")
    )
    assert left < 50 < left + width  # the interval holds zero, which stands in the middle
