"""The figures of a report, and the look that is theirs beside it: what Plotly's template is to a page."""

from typing import Any

from transfer_core.presentation import figures
from transfer_core.presentation.figures import Figure
from transfer_core.report.gathered import Gathered

CURVE_POINTS = 300
WIDE, NARROW = ((760,), 330), ((290,), 260)  # px of a plot, for placing labels: on a desk and on paper; on a phone
AXIS = {"gridcolor": "grid", "tickfont": {"size": 12.5}, "title": {"font": {"size": 13}, "standoff": 10}}
TEMPLATE: dict[str, Any] = {
    "layout": {
        "font": {"size": 13.5, "color": "ink"},
        "hoverlabel": {"bgcolor": "paper", "bordercolor": "line", "align": "left", "font": {"color": "ink"}},
        "xaxis": AXIS,
        "yaxis": AXIS,
    }
}


def drawn(gathered: Gathered) -> dict[str, Figure]:
    """By name, those that there is something to draw for. "time narrow" stands in for "time" on a phone."""
    shown, comparison = gathered.entries, gathered.comparison
    found = {"forest": figures.forest(shown, comparison)}
    if len(shown) > 1:
        found["versus"] = figures.versus(shown, comparison)
        for name, room in (("time", WIDE), ("time narrow", NARROW)):
            found[name] = figures.cost(
                shown,
                [each.run.whole_seconds or 0.0 for each in shown],
                "time",
                "Test accuracy against training time",
                "Training time",
                choice=comparison.verdict.choice,
                room=room,
                every_name=True,
            )
    trained = [each for each in shown if not each.run.members]
    curves = [figures.curve(each, gathered.events[each.run.id], "Seconds") for each in trained]
    found["curves"] = figures.curves(curves, "Seconds", training=True, points=CURVE_POINTS)
    others = (each for each in shown if each is not gathered.chosen)
    found["reliability"] = figures.reliability([gathered.chosen, *others])
    if any(len(each.by_images) > 1 for each in comparison.approaches):
        strategies = {id: run.recipe.strategy for id, run in gathered.runs.items()}
        found["approaches"] = figures.reach(comparison.approaches, strategies)
    measured = gathered.measured
    if measured is not None and len(measured.depth_curve) > 1:
        chance = 1 / len(gathered.dataset.classes)
        found["depth"] = figures.measured_depth(measured.depth_curve, gathered.layers, chance)
    return found
