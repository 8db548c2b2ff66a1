"""One rendering for a dataset, by its training images: the scale of deep values, and what lies beneath clear pixels."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from transfer_core.data.pictures.deep import DEPTHS
from transfer_core.data.storing import GROUNDS, Seen, with_scale
from transfer_core.types import NEWEST, Floats, Ints, Rendering

OUTSIDE = 0.1  # percent of a class's values, at either end, that do not set the scale
DIFFERENT = 16  # values below which there is nothing to tell data from what stands for none
DARK = 8  # the darkest of a bit depth's values lie in the lowest of so many parts
HIDDEN = 0.05  # of the transparent images, that have to vanish on white before another ground is taken

Singles = NDArray[np.float32]


def rendering_of(files: Sequence[Seen], labels: Ints, train: NDArray[np.bool_], bands: tuple[int, ...]) -> Rendering:
    """What its training images say; `labels`: (N,), `train`: (N,)."""
    found = replace(NEWEST, bands=bands if any(seen.bands > 3 for seen in files) else NEWEST.bands)
    for depth in sorted({seen.depth for seen in files} - {""}):
        classes: dict[int, list[Singles]] = {}
        rows = [row for row, seen in enumerate(files) if seen.depth == depth]
        for row in [row for row in rows if train[row]] or rows:
            classes.setdefault(int(labels[row]), []).append(files[row].values)
        if scale := scale_of([np.concatenate(each) for each in classes.values()], floats=depth == "floats"):
            found = with_scale(found, depth, scale)
    return replace(found, ground=_ground([seen for seen, learnt in zip(files, train, strict=True) if learnt]))


def scale_of(classes: Sequence[Singles], *, floats: bool = False) -> tuple[float, ...]:
    """The values that become black and white, so that no class is lost; () where there are none.

    `classes`: some values of each. What is not finite, what stands for no data far beside the others, and the outermost
    of each class do not count. Values that fill a bit depth (floats: 0 to 1) get all of it, others their own range.
    """
    finite = [values[np.isfinite(values)] for values in classes]
    low, high = _data(np.unique(np.concatenate(finite)).astype(np.float64))
    inside = [values[(values >= low) & (values <= high)] for values in finite]
    ends = [np.percentile(values, (OUTSIDE, 100 - OUTSIDE)) for values in inside if values.size]
    if not ends:
        return ()
    low, high = float(min(low for low, _ in ends)), float(max(high for _, high in ends))
    top = next((float(top) for top in ((1.0,) * floats + DEPTHS) if high <= top), 0.0)
    if top and 0 <= low <= top / DARK and high >= top / 2:
        return 0.0, top
    return low, high if high > low else low + 1.0


def _data(values: Floats) -> tuple[float, float]:
    """The lowest and highest of sorted different values, without those that lie farther off than the others reach."""
    first, last = 0, len(values) - 1
    while last - first >= DIFFERENT:
        if values[first + 1] - values[first] > values[last] - values[first + 1]:
            first += 1
        elif values[last] - values[last - 1] > values[last - 1] - values[first]:
            last -= 1
        else:
            break
    return (float(values[first]), float(values[last])) if len(values) else (0.0, 0.0)


def _ground(files: Sequence[Seen]) -> int:
    """White, or where too much would vanish on it the ground on which least does."""
    clear = [seen for seen in files if seen.clear]
    lost = {ground: sum(ground in seen.hidden for seen in clear) for ground in GROUNDS}
    return min(lost, key=lambda ground: lost[ground]) if lost[255] > HIDDEN * len(clear) else 255
