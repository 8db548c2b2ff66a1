"""Training loss as the learning rate grows, and the rates that are spoken of."""

from math import ceil, floor, log, log10

from transfer_core.presentation.figures.canvas import Figure, Json, note, scatter
from transfer_core.presentation.marks import mark_of
from transfer_core.presentation.theme import INK, NEUTRAL
from transfer_core.types import RateTest
from transfer_core.words import rate

NEAR = 1.1  # two rates within this factor are the same
HEIGHT_PX = 260
ROW_PX = 18  # of labels below each other
ROOM = 20.0  # times a rate: so much of the axis takes the word “diverges”


def rates(test: RateTest, rule: float, strategy: str) -> Figure:
    """Loss by learning rate, with the rate by rule, the suggested one, and the form's if it is another."""
    low, high = min(test.smoothed), max(test.begun, *test.smoothed[: len(test.smoothed) // 2])
    bottom, top = max(0.0, low - 0.25 * (high - low)), high + 0.55 * (high - low)
    broken = ROOM * (test.diverges_from or 0.0)  # what diverges is drawn further than it was tried
    left, right = test.rates[0], max(1.3 * test.rates[-1], 1.3 * rule, broken)
    color = mark_of(strategy).color
    single = scatter(test.rates, test.losses, "lines", line={"color": color, "width": 1}, opacity=0.3)
    average = scatter(
        test.rates,
        test.smoothed,
        "lines",
        hover=[rate(each) for each in test.rates],
        hovertemplate="at %{hovertext}: %{y:.3f}<extra></extra>",
        line={"color": color, "width": 2.5},
    )
    shapes, notes = _named(test, rule, (left, right), (bottom, top))
    if test.diverges_from is not None:
        region = {"type": "rect", "x0": test.diverges_from, "x1": right, "y0": bottom, "y1": top, "layer": "below"}
        shapes.append({**region, "fillcolor": NEUTRAL, "opacity": 0.21, "line": {"width": 0}})
        notes.append(note("diverges", x=log10(right), y=bottom, xanchor="right", yanchor="bottom", xshift=-3))
    if bottom < test.guessing < top:
        shapes.append(_line((left, right), (test.guessing, test.guessing), "dot"))
        notes.append(note("guessing", x=log10(left), y=test.guessing, xanchor="left", yanchor="bottom"))
    decades = range(ceil(log10(left) - 0.01), floor(log10(right)) + 1)
    return Figure(
        title="Training loss as the learning rate grows",
        told="Line: moving average. Faint: single steps.",
        height=HEIGHT_PX,
        data=[single, average],
        layout={
            "shapes": shapes,
            "annotations": notes,
            "xaxis": {
                "type": "log",
                "range": [log10(left), log10(right)],
                "tickvals": [10.0**n for n in decades],
                "ticktext": [f"10<sup>{n}</sup>".replace("-", "−") if n < -3 else rate(10.0**n) for n in decades],
                "title": "Learning rate of the head",
                "showgrid": False,
            },
            "yaxis": {"title": "Loss", "range": [bottom, top]},
        },
    )


def _named(
    test: RateTest, rule: float, x: tuple[float, float], y: tuple[float, float]
) -> tuple[list[Json], list[Json]]:
    """A line for each rate that is spoken of. Labels all lie on one side, below each other, and no line crosses one."""
    named = {"by rule": (rule, "dash")}
    if test.suggested is not None:
        named["by this test"] = (test.suggested, "solid")
    if all(max(known, test.own) > NEAR * min(known, test.own) for known, _ in named.values()):
        named["in the form"] = (test.own, "dot")
    places = [log(value / x[0]) / log(x[1] / x[0]) for value, _ in named.values()]
    leftwards = sum(places) / len(places) > 0.5
    side: Json = {"xanchor": "right", "xshift": -3} if leftwards else {"xanchor": "left", "xshift": 3}
    shapes, notes = [], []
    for row, (name, (value, dash)) in enumerate(sorted(named.items(), key=lambda one: one[1][0], reverse=leftwards)):
        shapes.append(_line((value, value), (y[0], y[1] - row * ROW_PX / HEIGHT_PX * (y[1] - y[0])), dash))
        place = {"x": log10(value), "y": y[1], "yanchor": "top", "yshift": -ROW_PX * row}
        notes.append(note(f"{name} {rate(value)}", **place, **side))
    return shapes, notes


def _line(x: tuple[float, float], y: tuple[float, float], dash: str) -> Json:
    line = {"color": INK if dash == "solid" else NEUTRAL, "width": 1.2, "dash": dash}
    return {"type": "line", "x0": x[0], "x1": x[1], "y0": y[0], "y1": y[1], "layer": "below", "line": line}
