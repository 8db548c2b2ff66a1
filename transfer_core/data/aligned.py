"""Whether two pictures are one: laid over each other, compared by detail, place by place. Pairs in batches.

One picture may be a part of the other, so one is shifted and stretched along both sides until it fits best (Lucas and
Kanade 1981: a few Gauss-Newton steps, coarse to fine). What is compared then is detail, each place
divided by its own contrast, since an edge or a light that all pictures of a camera share would outweigh everything.
Detail that runs along a whole row or column is taken out for the same reason.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter

from transfer_core.data.thumbnails import SIDE

Singles = NDArray[np.float32]

STEPS = 4  # of each alignment
NEAR, FAR, AROUND = 0.7, 3.0, 4.0  # px: Gaussians that bound detail, and that of its contrast
WIDE = 6.0  # px of half the side: the Gaussian that bounds what pictures are laid over each other by
NOISE = 0.7  # 1/255: contrast that coding and rounding make up by themselves
STRETCH, SHIFT = (0.8, 1.25), 0.12  # bounds; the shift as a part of the side
CELLS, CELL = 8, 8  # a side; px
VISIBLE = 24  # px of a cell that have to be common to both
RIM = np.ones((1, 5, 5), bool)  # left out around what is common
SHARE, CODING = 0.15, 1.0  # of a cell's detail that may differ, and what coding adds
SHOWN = 0.02  # mean square of detail, of at most 1, below which there is nothing to compare
PROMISE = 0.7  # correlation at half the side, below which a pair is given up


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """How well each of P pairs agrees."""

    likeness: Singles  # (P,) correlation of detail
    worst: Singles  # (P,) how much the cell differs that differs most: 1 is as much as a copy may
    fourth: Singles  # (P,) likewise, of the cell that differs fourth most

    @classmethod
    def none(cls, pairs: int) -> "Fit":
        return cls(
            likeness=np.zeros(pairs, np.float32),
            worst=np.full(pairs, np.inf, np.float32),
            fourth=np.full(pairs, np.inf, np.float32),
        )


def fit(a: Singles, b: Singles) -> Fit:
    """How well pictures agree once b is laid over a: both (P, SIDE, SIDE), grey, 0 to 255."""
    found = Fit.none(len(a))
    place = np.tile(np.array([1, 0, 1, 0], np.float32), (len(a), 1))  # stretch and shift of rows, then of columns
    half_a, half_b = _rough(a), _rough(b)
    rows = np.arange(len(a))
    for _ in range(2):
        if not len(rows):
            return found
        place[rows] = _moved(half_a[rows], half_b[rows], place[rows])
        rows = rows[_correlation(half_a[rows], half_b[rows], place[rows]) >= PROMISE]
    if len(rows):
        place[:, 1::2] *= 2
        found.likeness[rows], found.worst[rows], found.fourth[rows] = _compared(a[rows], b[rows], place[rows])
    return found


def _rough(x: Singles) -> Singles:
    """Pictures of half the side, each place divided by its own contrast: (P, SIDE, SIDE) -> (P, SIDE / 2, SIDE / 2)."""
    x = x.reshape(len(x), SIDE // 2, 2, SIDE // 2, 2).mean((2, 4))
    x = x - gaussian_filter(x, (0, WIDE, WIDE), mode="nearest")
    rough: Singles = x / np.sqrt(gaussian_filter(x * x, (0, AROUND, AROUND), mode="nearest") + 1)
    return rough


def _correlation(a: Singles, b: Singles, place: Singles) -> Singles:
    laid, common = _laid(b, place)
    aa, bb, ab = ((x * common).sum((1, 2)) for x in (a * a, laid * laid, a * laid))
    likeness: Singles = ab / np.sqrt(np.maximum(aa * bb, 1e-6))
    return likeness


def _detail(x: Singles) -> tuple[Singles, Singles]:
    """Detail in units of its own contrast, and that contrast squared: (P, SIDE, SIDE) each."""
    fine = gaussian_filter(x, (0, NEAR, NEAR), mode="nearest") - gaussian_filter(x, (0, FAR, FAR), mode="nearest")
    fine += fine.mean((1, 2), keepdims=True) - fine.mean(1, keepdims=True) - fine.mean(2, keepdims=True)
    contrast = gaussian_filter(fine * fine, (0, AROUND, AROUND), mode="nearest")
    return fine / np.sqrt(contrast + NOISE**2), contrast


def _compared(a: Singles, b: Singles, place: Singles) -> tuple[Singles, Singles, Singles]:
    (a, strong), (b, strong_b) = _detail(a), _detail(b)
    place = _moved(a, b, place)
    laid, common = _laid(b, place)
    common = binary_erosion(common, RIM)
    contrast = np.minimum(strong, _laid(strong_b, place)[0])

    def by_cell(x: Singles) -> Singles:
        cells: Singles = (x * common).reshape(len(x), CELLS, CELL, CELLS, CELL).sum((2, 4)).reshape(len(x), -1)
        return cells

    aa, bb, ab, seen = by_cell(a * a), by_cell(laid * laid), by_cell(a * laid), by_cell(np.ones_like(a))
    px, shown = np.maximum(seen, 1), SHOWN * np.maximum(seen.sum(1), 1)
    likeness = ab.sum(1) / np.maximum(np.sqrt(aa.sum(1) * bb.sum(1)), shown)
    allowed = SHARE + CODING / (by_cell(contrast) / px + 1)
    differs = np.where(seen >= VISIBLE, (aa + bb - 2 * ab) / px / allowed, 0)
    differs.partition((-4, -1), axis=1)
    return likeness, differs[:, -1], differs[:, -4]


def _matrices(stretch: Singles, shift: Singles, side: int) -> tuple[Singles, NDArray[np.bool_]]:
    """Linear interpolation along one side, (P, side, side), and which places it finds, (P, side)."""
    places, middle = np.arange(side, dtype=np.float32), np.float32((side - 1) / 2)
    at = middle + stretch[:, None] * (places - middle) + shift[:, None]
    inside = (at > -0.5) & (at < side - 0.5)
    at = np.clip(at, 0, side - 1)
    return np.maximum(0, 1 - np.abs(at[:, :, None] - places)).astype(np.float32, copy=False), inside


def _laid(x: Singles, place: Singles) -> tuple[Singles, NDArray[np.bool_]]:
    """Pictures (P, n, n), moved, and where they have pixels: (P, n, n)."""
    rows, high = _matrices(place[:, 0], place[:, 1], x.shape[1])
    columns, wide = _matrices(place[:, 2], place[:, 3], x.shape[1])
    laid: Singles = (rows @ x @ columns.swapaxes(1, 2)).astype(np.float32, copy=False)
    return laid, high[:, :, None] & wide[:, None, :]


def _moved(a: Singles, b: Singles, place: Singles) -> Singles:
    """`place` (P, 4) after a few Gauss-Newton steps towards where b (P, n, n) fits a best, in gain and level too."""
    side = a.shape[1]
    from_middle = np.arange(side, dtype=np.float32) - np.float32(side - 1) / 2
    diagonal = np.arange(6)
    place = place.copy()
    for _ in range(STEPS):
        laid, common = _laid(b, place)
        down, right = np.zeros_like(laid), np.zeros_like(laid)
        down[:, 1:-1], right[:, :, 1:-1] = (laid[:, 2:] - laid[:, :-2]) / 2, (laid[:, :, 2:] - laid[:, :, :-2]) / 2
        down /= place[:, 0, None, None]
        right /= place[:, 2, None, None]
        slopes = np.stack(
            (down * from_middle[:, None], down, right * from_middle, right, -a, np.full_like(a, -1)), axis=1
        )
        slopes *= common[:, None]
        slopes = slopes.reshape(len(a), 6, -1)
        normal = (slopes @ slopes.swapaxes(1, 2)).astype(np.float64)
        normal[:, diagonal, diagonal] += 1e-4 * normal[:, diagonal, diagonal] + 1e-3
        change = np.linalg.solve(normal, slopes @ laid.reshape(len(a), -1, 1))[:, :4, 0]
        place -= change.astype(np.float32)
        place[:, ::2] = np.clip(place[:, ::2], *STRETCH)
        place[:, 1::2] = np.clip(place[:, 1::2], -SHIFT * side, SHIFT * side)
    return place
