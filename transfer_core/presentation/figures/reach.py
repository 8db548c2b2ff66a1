"""What either approach reaches with how many training images."""

from collections.abc import Mapping, Sequence

from transfer_core.compare.approaches import Approach
from transfer_core.presentation.figures.canvas import HOVER, Figure, Json, marker, note, whiskers
from transfer_core.presentation.marks import mark_of
from transfer_core.presentation.scales import scale
from transfer_core.presentation.theme import INK
from transfer_core.words import between, count, in_figure, percent

RATIO = 4  # of the most images to the fewest, from which on the axis is logarithmic


def reach(approaches: Sequence[Approach], strategies: Mapping[str, str]) -> Figure:
    """The best run of each approach at each size, with its interval. `strategies` by run."""
    known = [each for each in approaches if each.by_images]
    sizes = sorted({at.images for each in known for at in each.by_images})
    across = scale(sizes, "images", ratio=RATIO)
    best = max(each.by_images[-1].accuracy.value for each in known)
    data: list[Json] = []
    notes = []
    for each in known:
        data.append(
            {
                "type": "scatter",
                "x": [at.images for at in each.by_images],
                "y": [100 * at.accuracy.value for at in each.by_images],
                "mode": "lines",
                "line": {"color": INK, "width": 1.5, "dash": "solid" if each.name == "fine-tuning" else "dash"},
                "opacity": 0.6,
                "hoverinfo": "skip",
            }
        )
        for at in each.by_images:
            mark, share = mark_of(strategies[at.run]), at.accuracy
            told = f"<b>{in_figure(each.name.capitalize())}</b>, {count(at.images)} training images"
            told += f"<br>{percent(share.value)} right<br>95 % interval {between(share.low, share.high)}"
            data.append(
                {
                    "type": "scatter",
                    "x": [at.images],
                    "y": [100 * share.value],
                    "mode": "markers",
                    "marker": marker(mark, 11),
                    "hovertext": [told],
                    "hovertemplate": HOVER,
                    "cliponaxis": False,
                    "error_y": whiskers([share], mark.color),
                }
            )
        last = each.by_images[-1]
        above = last.accuracy.value == best
        place = {"yanchor": "bottom", "yshift": 3} if above else {"yanchor": "top", "yshift": -3}
        end = 100 * (last.accuracy.high if above else last.accuracy.low)
        notes.append(note(each.name.capitalize(), x=across.at(last.images), y=end, xanchor="right", xshift=12, **place))
    return Figure(
        title="With fewer images",
        told="The best run by validation at each size, on the same test images.",
        height=250,
        data=data,
        layout={
            "annotations": notes,
            "xaxis": across.axis("Training images", sizes),
            "yaxis": {"title": "Test accuracy, %"},
        },
    )
