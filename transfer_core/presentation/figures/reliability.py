"""Whether runs are as often right as they are sure, and of how many images that is said."""

from collections.abc import Sequence

from transfer_core.compare.compared import Bin
from transfer_core.presentation.entries import Entry
from transfer_core.presentation.figures.canvas import HOVER, Figure, Json, marker, scatter, whiskers
from transfer_core.presentation.theme import NEUTRAL
from transfer_core.words import between, in_figure, percent, short, some

FEW = 3  # runs that all have their intervals; of more only the first has
LEAST_IN_BIN = 5  # images of a point that is drawn without its interval
TICKS = {"tickvals": [0, 20, 40, 60, 80, 100], "range": [-1, 102]}


def reliability(shown: Sequence[Entry]) -> Figure:
    """Accuracy of the images of each confidence, the diagonal, and how many images there are. The first run is the one
    that matters: it lies on top, and among many it alone has intervals."""
    diagonal = {"color": NEUTRAL, "width": 1.5}
    data: list[Json] = [scatter([0, 100], [0, 100], "lines", line=diagonal, showlegend=False)]
    width = 8 / max(1, len(shown))
    for place, each in reversed(list(enumerate(shown))):
        data += _run(each, sure=place == 0 or len(shown) <= FEW, left=place * width, width=width)
    return Figure(
        title="Accuracy by confidence, with 95\u202f% intervals",
        told="On the thin line, confidence keeps what it promises; below it, it promises too much."
        + (f" Of more than {FEW} runs one has intervals; the others' points are of {LEAST_IN_BIN} images or more.")
        * (len(shown) > FEW),
        height=400,
        legend=len(shown),
        data=data,
        layout={
            "legend": {"traceorder": "reversed"},
            "xaxis": {"showgrid": False, "showticklabels": False, "anchor": "y", "matches": "x2", **TICKS},
            "xaxis2": {"showgrid": False, "anchor": "y2", "title": "Confidence, %", **TICKS},
            "yaxis": {"domain": [0.266, 1], "title": "Right, %", **TICKS},
            "yaxis2": {"domain": [0, 0.206], "anchor": "x2", "title": "Images", "nticks": 3},
        },
    )


def _run(each: Entry, *, sure: bool, left: float, width: float) -> list[Json]:
    bins = [bin for bin in each.score.reliability if sure or bin.images >= LEAST_IN_BIN]
    line = scatter(
        [100 * bin.confidence for bin in bins],
        [100 * bin.accuracy.value for bin in bins],
        "lines+markers",
        hover=[_told(each, bin) for bin in bins],
        name=f"{in_figure(short(each.title, 34))}, ECE {100 * each.score.ece:.1f} points",
        legendgroup=each.run.id,
        line={"color": each.mark.color, "width": 2.2 if sure else 1.3},
        marker=marker(each.mark, 10 if sure else 6),
        opacity=1.0 if sure else 0.5,
    )
    if sure:
        line["error_y"] = {**whiskers([bin.accuracy for bin in bins], each.mark.color, 1.3), "width": 4}
    bars = {
        "type": "bar",
        "legendgroup": each.run.id,
        "showlegend": False,
        "xaxis": "x2",
        "yaxis": "y2",
        "x": [10 * int(min(9, 10 * bin.confidence)) + 1 + left + width / 2 for bin in each.score.reliability],
        "y": [bin.images for bin in each.score.reliability],
        "width": width,
        "marker": {"color": each.mark.color, "opacity": 0.7, "line": {"width": 0}},
        "hovertext": [_told(each, bin) for bin in each.score.reliability],
        "hovertemplate": HOVER,
    }
    return [line, bars]


def _told(each: Entry, bin: Bin) -> str:
    return (
        f"<b>{in_figure(each.title)}</b><br>{some(bin.images, 'image')}, {percent(bin.confidence)} sure<br>"
        f"{percent(bin.accuracy.value)} right ({between(bin.accuracy.low, bin.accuracy.high)})"
    )
