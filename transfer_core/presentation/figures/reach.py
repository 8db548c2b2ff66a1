"""What either approach reaches with how many training images."""

from collections.abc import Mapping, Sequence

from transfer_core.compare.compared import Approach
from transfer_core.presentation.figures.canvas import Figure, Json, marker, note, scatter, whiskers
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
    best = max(known, key=lambda each: each.by_images[-1].accuracy.value)
    data: list[Json] = []
    notes = []
    for each in known:
        line = {"color": INK, "width": 1.5, "dash": "solid" if each.name == "fine-tuning" else "dash"}
        x, y = zip(*((at.images, 100 * at.accuracy.value) for at in each.by_images), strict=True)
        data.append(scatter(x, y, "lines", line=line, opacity=0.6))
        for at in each.by_images:
            mark, share = mark_of(strategies[at.run]), at.accuracy
            told = f"<b>{in_figure(each.name.capitalize())}</b>, {count(at.images)} training images"
            told += f"<br>{percent(share.value)} right<br>95 % interval {between(share.low, share.high)}"
            look: Json = {"marker": marker(mark, 11), "error_y": whiskers([share], mark.color), "cliponaxis": False}
            data.append(scatter([at.images], [100 * share.value], "markers", hover=[told], **look))
        last = each.by_images[-1]
        above = each is best
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
