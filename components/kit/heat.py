"""Where in a picture a run finds its evidence, on demand: drawn over the picture, with what it says and what not."""

import io
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from components.kit import text
from transfer_core.types import JOINED
from transfer_core.workspace import Heat, Predicted, Workspace

# Matplotlib's inferno from its third on (CC0): even steps of lightness, told apart without colour too.
STOPS = ((101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21), (250, 193, 39), (252, 255, 164))
DENSEST = 0.78  # of the colour, where the map is hottest
GREY = (127, 127, 127)  # beside a padded picture, as the network sees it
SIDE_PX = 480  # of the longer side, at least: small pictures are drawn larger, so that the map is smooth
QUALITY = 88
NOT_LOOKED = "Looked for where up to 500 images are given at once. Give this one alone to see it."
NO_MAP = "No layer of this run’s network tells one place of so small a square from another, so there is no map."
ENSEMBLE = "An ensemble has no map of its own; each of its members has. Choose those among the runs to see theirs."
CAUTION = "It shows places, not reasons."
LEGEND = (  # the colours from nothing to the hottest, as they come out over grey
    '<div style="display: flex; align-items: center; gap: .5rem; font-size: .8125rem">none<i style="flex: 1; '
    "max-width: 9rem; height: .6rem; border-radius: 3px; background: linear-gradient(90deg, "
    f'{", ".join(f"rgb({r} {g} {b})" for r, g, b in (GREY, *STOPS))})"></i>most</div>'
)


def picture(workspace: Workspace, job: str, found: Predicted, row: int, titles: Sequence[str]) -> None:
    """One image of a prediction, and the switch that draws a run's evidence over it."""
    (kept,) = workspace.predictions.thumbnails(job, [row])
    above = st.container()
    name = text.escape(found.names[row].split("/")[-1])
    heat = workspace.predictions.heat(job, 0, row)
    on = st.toggle(
        "Show where the evidence is",
        key="heat_on",
        disabled=heat is None,
        help=NOT_LOOKED if heat is None else "Which places of the picture speak for the answer, and how much.",
    )
    if heat is None or not on:
        above.image(kept, caption=name, width="stretch")
        return
    run = 0
    if len(titles) > 1:
        run = st.selectbox(
            "As seen by", range(len(titles)), format_func=lambda each: titles[each], key=f"heat_run_{job}_{row}"
        )
        heat = workspace.predictions.heat(job, run, row) or heat
    if not heat.maps.size:
        above.image(kept, caption=name, width="stretch")
        say_no_map(found.runs[run])
        return
    said = found.probabilities[run, row]
    place = st.radio(
        "Evidence for",
        range(len(heat.classes)),
        key=f"heat_class_{job}_{row}_{run}",
        format_func=lambda each: (
            f"{text.escape(found.classes[heat.classes[each]])}, {text.percent(float(said[heat.classes[each]]))}"
        ),
    )
    above.image(overlay(kept, heat, place, hottest(heat, place)), caption=name, width="stretch")
    st.html(LEGEND)
    st.caption(words(heat, found.classes, place))
    if place == 0 and heat.tried:
        st.caption(tried(heat, found.classes))


def say_no_map(run: str) -> None:
    """Why a run has no map."""
    st.info(ENSEMBLE if JOINED in run else NO_MAP, icon=":material/grid_off:")


def words(heat: Heat, classes: Sequence[str], place: int) -> str:
    """What the drawing shows, and what it does not."""
    of = text.escape(classes[heat.classes[place]])
    side = heat.maps.shape[-1]
    said = [
        f"Brightest where the run’s evidence for “{of}” against all other classes came from, on {side} × {side} places."
    ]
    if hottest(heat, place) <= 0:
        said = [f"No place speaks for “{of}” against all other classes."]
    said.append(CAUTION)
    if heat.fit == "crop":
        said.append("Outside the frame is what the network was not shown.")
    elif heat.fit == "squeeze":
        said.append("The network saw all of it, squeezed into a square.")
    return " ".join(said)


def tried(heat: Heat, classes: Sequence[str]) -> str:
    """What came of covering the hottest places, for whoever wants to know whether the map can be believed."""
    before, hot, any_ = (text.percent(each) for each in heat.tried)
    of = text.escape(classes[heat.classes[0]])
    believed = heat.tried[1] < heat.tried[2]
    return (
        f"Tried on this picture: with the brightest fifth covered, “{of}” goes from {before} to {hot}; with a fifth "
        f"at random, to {any_}. " + ("So these places matter." if believed else "So the map tells little here.")
    )


# --- the picture: what the network saw in its place, what was cut off in the dark ---------------------


def overlay(picture: bytes, heat: Heat, place: int, most: float) -> bytes:
    """The picture, a JPEG, with the map of the class at that place; `most`: the value that is drawn as the hottest."""
    return _drawn(
        picture, heat.maps[place].tobytes(), heat.maps.shape[-1], most, heat.resize_px, heat.crop_px, heat.fit
    )


def hottest(heat: Heat, *places: int) -> float:
    """The highest value of these maps: drawn by it, they can be held against each other. 0 where nothing speaks for."""
    return max((float(heat.maps[place].max(initial=0.0)) for place in places), default=0.0)


@lru_cache(maxsize=256)
def _drawn(picture: bytes, values: bytes, side: int, most: float, resize_px: int, crop_px: int, fit: str) -> bytes:
    with Image.open(io.BytesIO(picture)) as opened:
        image = opened.convert("RGB")
    if max(image.size) < SIDE_PX:
        scale = SIDE_PX / max(image.size)
        size = round(image.width * scale), round(image.height * scale)
        image = image.resize(size, Image.Resampling.BICUBIC)
    if fit == "pad":
        image = _padded(image)
    left, top, right, bottom = _seen(image.size, resize_px, crop_px, fit)
    grid = np.frombuffer(values).reshape(side, side).clip(0) / (most or 1.0)
    shape = right - left, bottom - top
    smooth = Image.fromarray(grid.astype(np.float32)).resize(shape, Image.Resampling.BICUBIC)
    share = np.asarray(smooth).clip(0, 1)  # (h, w)
    seen = np.asarray(image.crop((left, top, right, bottom)), np.float32)
    quiet = 0.5 * seen + 0.5 * seen.mean(2, keepdims=True)  # so that the map's colours are the loudest
    cover = (DENSEST * share)[..., None]
    out = image.convert("L").point(lambda value: value * 0.35).convert("RGB")
    out.paste(Image.fromarray((quiet * (1 - cover) + _colours(share) * cover).round().astype(np.uint8)), (left, top))
    if shape != image.size:
        ImageDraw.Draw(out).rectangle((left, top, right - 1, bottom - 1), outline="white", width=2)
    kept = io.BytesIO()
    out.save(kept, "JPEG", quality=QUALITY)
    return kept.getvalue()


def _colours(share: NDArray[np.floating]) -> NDArray[np.float64]:
    """(...) from 0 to 1 -> (..., 3)"""
    at = np.linspace(0, 1, len(STOPS))
    return np.stack([np.interp(share, at, channel) for channel in zip(*STOPS, strict=True)], -1)


def _padded(image: Image.Image) -> Image.Image:
    side = max(image.size)
    sheet = Image.new("RGB", (side, side), GREY)
    sheet.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return sheet


def _seen(size: tuple[int, int], resize_px: int, crop_px: int, fit: str) -> tuple[int, int, int, int]:
    """The part of a picture that is in the network's square: left, top, right, bottom."""
    if fit != "crop":
        return (0, 0, *size)
    side = round(min(size) * crop_px / resize_px)
    left, top = (size[0] - side) // 2, (size[1] - side) // 2
    return left, top, left + side, top + side
