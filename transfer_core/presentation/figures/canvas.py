"""What all figures share: paper, ink, titles that fit a phone, symbols, whiskers."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from transfer_core.compare.compared import Interval
from transfer_core.presentation.marks import Mark
from transfer_core.presentation.theme import INK
from transfer_core.words import in_figure, short

Json = dict[str, Any]
TITLE_WIDTH = 44  # characters a line
SUBTITLE_WIDTH = 56
FOOT_PX, LINE_PX = 52, 20  # below a plot: its axis; a line of the legend
HOVER = "%{hovertext}<extra></extra>"
CLEAR = "rgba(0,0,0,0)"
FONT = {"color": INK}


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """A Plotly figure before it has a place: a page writes its title inside, a report above it. Colours are tokens."""

    title: str  # text
    told: str = ""  # below the title; text
    height: int  # px of the plot, or a little more
    data: Sequence[Json]
    layout: Json = field(default_factory=dict)
    legend: int = 0  # lines

    def titled(self) -> Json:
        """Plotly's figure with title, subtitle and legend inside: {"data", "layout"}."""
        lines = textwrap.wrap(self.title, TITLE_WIDTH) or [""]
        below = textwrap.wrap(self.told, SUBTITLE_WIDTH)
        top = 18 + 21 * len(lines) + (8 + 19 * len(below) if below else 0)
        height = self.height + top + FOOT_PX + LINE_PX * self.legend
        title = {
            "text": "<br>".join(in_figure(line) for line in lines),
            "subtitle": {"text": "<br>".join(in_figure(line) for line in below), "font": {"size": 13, **FONT}},
            "font": {"size": 16, **FONT},
            **{"x": 0, "xref": "container", "xanchor": "left", "yref": "container", "yanchor": "top"},
            "y": 1 - 6 / height,
        }
        legend = {"traceorder": "normal", "orientation": "h", "x": 0, "y": -56 / self.height, "yanchor": "top"}
        return self._whole(
            title=title,
            height=height,
            margin={"l": 8, "r": 8, "t": top, "b": FOOT_PX},
            dragmode=self.layout.get("dragmode", False),  # a finger that drags over a chart scrolls the page
            showlegend=self.legend > 0,
            legend={**legend, "font": FONT, **self.layout.get("legend", {})},
        )

    def bare(self) -> Json:
        """The same without title and legend, for a place that has them beside it."""
        return self._whole(
            height=self.height + FOOT_PX, margin={"l": 8, "r": 12, "t": 10, "b": FOOT_PX}, showlegend=False
        )

    def _whole(self, **layout: Any) -> Json:
        axes = {name: axis(**value) for name, value in self.layout.items() if name.startswith(("xaxis", "yaxis"))}
        paper = {"font": FONT, "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR, "hovermode": "closest"}
        return {"data": list(self.data), "layout": paper | self.layout | axes | layout}


def axis(title: Any = None, **more: Any) -> Json:
    """`title`: text, or Plotly's description of it."""
    told = title if isinstance(title, dict) else {"text": title} if title else {}  # room is kept for an empty title
    return {"automargin": True, "zeroline": False, "tickfont": FONT, "title": {"font": FONT, **told}, **more}


def marker(mark: Mark, size: int) -> Json:
    return {"color": mark.color, "symbol": mark.marker, "size": size, "line": {"color": mark.color, "width": 1.5}}


def whiskers(shares: Sequence[Interval], color: str, thickness: float = 2) -> Json:
    """95 % intervals of shares, in percent."""
    return {
        "type": "data",
        "array": [100 * (share.high - share.value) for share in shares],
        "arrayminus": [100 * (share.value - share.low) for share in shares],
        **{"color": color, "thickness": thickness, "width": 5},
    }


def names(classes: Sequence[str], most: int) -> list[str]:
    return [in_figure(short(name, most)) for name in classes]


def note(text: str, **place: Any) -> Json:
    """An annotation; `text` is ready for Plotly."""
    return {"text": text, "showarrow": False, **place}


def scatter(x: Sequence[Any], y: Sequence[Any], mode: str, *, hover: Sequence[str] | None = None, **more: Any) -> Json:
    """Lines, markers or text; `hover`: what each point says, ready for Plotly. Else, without a template, nothing."""
    silent = {} if "hovertemplate" in more else {"hoverinfo": "skip"}
    told = {"hovertext": list(hover), "hovertemplate": HOVER} if hover is not None else silent
    return {"type": "scatter", "x": list(x), "y": list(y), "mode": mode, **told, **more}


def side_text(x: Sequence[float], y: Sequence[int], labels: Sequence[str]) -> Json:
    """Values written right of the bars' ends."""
    text = [f" {label}" for label in labels]
    return scatter(x, y, "text", text=text, textposition="middle right", showlegend=False, cliponaxis=False)
