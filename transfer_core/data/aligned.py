"""Whether two pictures are one: laid over each other, compared by detail, place by place. Pairs in batches.

One picture may be a part of the other, so one is shifted and stretched along both sides until it fits best (Lucas and
Kanade 1981: a few Gauss-Newton steps, coarse to fine; most pairs are given up after the first ones). What is compared
then is detail, each place divided by its own contrast, since an edge or a light that all pictures of a camera share
would outweigh everything. Detail that runs along a whole row or column is taken out for the same reason.

Coding makes copies differ by about the same few tenths of a grey level squared wherever the picture is, dim or
bright; laying over adds a share of the detail, and what is finest goes first. Cells with less detail than that say
nothing, so only the others are asked. All filters are products with matrices of one side: BLAS is quick at these.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

SIDE = 64  # px, of the grey pictures
HALF = SIDE // 2
PAIRS = 64  # laid over each other at once
FIRST, LATER, NEXT, LAST = 2, 1, 1, 1  # Gauss-Newton steps: in both directions, the better one; at the whole side
NEAR, FAR, AROUND = 0.7, 3.0, 4.0  # px: Gaussians that bound detail, and that of its contrast
WIDE = 6.0  # px of half the side: the Gaussian that bounds what pictures are laid over each other by
NOISE, VAGUE = 0.7, 2.0  # 1/255: contrast that coding and rounding make up by themselves; so much at a first look
STRETCH, SHIFT = (0.9, 1.11), 0.08  # bounds; the shift as a part of the side
BESIDE = 0.045  # of the side: no more may either picture show that the other does not, unless it is a part of that
PROMISE, HOPE = 0.4, 0.55  # correlations of detail, at half the side and at the whole, below which a pair is given up
CELLS = 8  # a side
VISIBLE = 24  # px of a cell that have to be common to both
RIM = 4  # px left out around what is common: what lies beyond it has an effect there
SHOWN = 0.02  # mean square of detail, of at most 1, below which there is nothing to compare
DETAIL, FEW = 0.3, 6  # (1/255)**2 of a cell that shows something; cells, too few to tell by
CODED, SHARE, FINEST = 0.2, 0.1, 0.2  # may differ: (1/255)**2, of a cell's detail, and of how its finest differs
WHITE, BRIGHT = 250, 190  # what is so light in one picture may have lost detail that is so light in the other
UNLIKE = 0.12  # of the cells may differ by more
ALIKE, ALL, BLIND = 0.75, 0.65, 0.8  # least correlation: of the cells that show something; of all, as well; or alone


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """How well each of P pairs agrees."""

    likeness: Singles  # (P,) correlation of detail
    same: Flags  # (P,) whether they are one picture


def fit(grey: Singles, a: Ints, b: Ints, turn: Ints) -> Fit:
    """How well pictures (K, SIDE, SIDE), 0 to 255, agree by pairs (P,) once b, turned, is laid over a."""
    found = Fit(likeness=np.zeros(len(a), np.float32), same=np.zeros(len(a), bool))
    rough, glimpse = _rough(grey), _glimpse(grey)
    rows, placed, swapped = [np.zeros(0, np.int64)], [np.zeros((0, 4), np.float32)], [np.zeros(0, bool)]
    for start in range(0, len(a), PAIRS):
        part = slice(start, start + PAIRS)
        place, reverse = _placed(rough[a[part]], oriented(rough[b[part]], turn[part]))
        one, other = _swapped(glimpse[a[part]], oriented(glimpse[b[part]], turn[part]), reverse)
        promising = _correlation(one, other, place) >= PROMISE
        rows.append(start + np.flatnonzero(promising))
        placed.append(place[promising])
        swapped.append(reverse[promising])
    which, place, reverse = np.concatenate(rows), np.concatenate(placed), np.concatenate(swapped)
    place[:, 1::2] *= 2
    needed, index = np.unique(np.concatenate([a[which], b[which]]), return_inverse=True)
    pictures = _Pictures.of(grey[needed])
    left, right = index[: len(which)], index[len(which) :]
    left, right = np.where(reverse, right, left), np.where(reverse, left, right)
    turn_left, turn_right = np.where(reverse, turn[which], 0), np.where(reverse, 0, turn[which])
    for start in range(0, len(which), PAIRS):
        part = slice(start, start + PAIRS)
        one = oriented(pictures.detail[left[part]], turn_left[part])
        other = oriented(pictures.detail[right[part]], turn_right[part])
        last = _moved(one, other, place[part], NEXT)
        hopeful = np.flatnonzero(_correlation(one, other, last) >= HOPE)
        some = start + hopeful
        agree = _compared(
            pictures.some(left[some], turn_left[some]), pictures.some(right[some], turn_right[some]), last[hopeful]
        )
        found.likeness[which[some]], found.same[which[some]] = agree
    return found


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pictures:
    grey: Singles  # (K, SIDE, SIDE)
    detail: Singles  # in units of its own contrast
    contrast: Singles  # that, squared

    @classmethod
    def of(cls, grey: Singles) -> "_Pictures":
        detail, contrast = _detail(grey, BLURRED, FAINT, AROUND_DETAIL, NOISE)
        return cls(grey=grey, detail=detail, contrast=contrast)

    def some(self, which: Ints, turn: Ints | None = None) -> "_Pictures":
        grey, detail, contrast = self.grey[which], self.detail[which], self.contrast[which]
        if turn is not None:
            grey, detail, contrast = (oriented(x, turn) for x in (grey, detail, contrast))
        return _Pictures(grey=grey, detail=detail, contrast=contrast)


def oriented(x: Singles, turn: Ints) -> Singles:
    """Pictures (P, n, n, ...), each in the orientation that its number names: 4 transposes, then 2 and 1 flip."""
    if not turn.any():
        return x
    out = x.copy()
    for number in range(1, 8):
        which = np.flatnonzero(turn == number)
        if len(which):
            part = x[which].swapaxes(1, 2) if number & 4 else x[which]
            part = part[:, ::-1] if number & 2 else part
            out[which] = part[:, :, ::-1] if number & 1 else part
    return out


def _swapped(a: Singles, b: Singles, reverse: Flags) -> tuple[Singles, Singles]:
    which = reverse[:, None, None]
    return (np.where(which, b, a), np.where(which, a, b)) if reverse.any() else (a, b)


def _filtered(x: Singles, matrix: Singles) -> Singles:
    """The same matrix (m, n) along both sides of pictures: (P, n, n) -> (P, m, m)."""
    along = (x.reshape(-1, x.shape[2]) @ matrix.T).reshape(len(x), x.shape[1], len(matrix))
    filtered: Singles = matrix @ along
    return filtered


def _rough(x: Singles) -> Singles:
    """Pictures of half the side, each place divided by its own contrast: (P, SIDE, SIDE) -> (P, HALF, HALF)."""
    x = _filtered(x, HALVED) - _filtered(x, HALVED_WIDE)
    rough: Singles = x / np.sqrt(_filtered(x * x, AROUND_ROUGH) + np.float32(1))
    return rough


def _glimpse(x: Singles) -> Singles:
    """Detail at half the side: (P, SIDE, SIDE) -> (P, HALF, HALF)."""
    return _detail(x, HALVED, HALVED_FAINT, AROUND_GLIMPSE, VAGUE)[0]


def _detail(x: Singles, near: Singles, far: Singles, around: Singles, noise: float) -> tuple[Singles, Singles]:
    """Detail in units of its own contrast, and that contrast squared."""
    fine = _filtered(x, near) - _filtered(x, far)
    fine += fine.mean((1, 2), keepdims=True) - fine.mean(1, keepdims=True) - fine.mean(2, keepdims=True)
    contrast = _filtered(fine * fine, around)
    return fine / np.sqrt(contrast + np.float32(noise**2)), contrast


def _placed(a: Singles, b: Singles) -> tuple[Singles, Flags]:
    """Where pictures lie on each other, (P, 4), and whether it is a that is laid over b, as it fits better so, (P,).

    That is so where a is the part: of the whole too much would have to be guessed.
    """
    start = np.tile(np.array([1, 0, 1, 0], np.float32), (len(a), 1))
    place, other = _moved(a, b, start, FIRST), _moved(b, a, start, FIRST)
    reverse = _correlation(b, a, other) > _correlation(a, b, place)
    place[reverse] = other[reverse]
    return _moved(*_swapped(a, b, reverse), place, LATER), reverse


def _correlation(a: Singles, b: Singles, place: Singles) -> Singles:
    laid, high, wide = _laid(b, place)
    common = (high[:, :, None] & wide[:, None, :]).astype(np.float32)
    laid *= common
    a = a * common
    aa, bb, ab = (np.einsum("pij,pij->p", x, y) for x, y in ((a, a), (laid, laid), (a, laid)))
    likeness: Singles = ab / np.sqrt(np.maximum(aa * bb, np.float32(1e-6)))
    return likeness


def _compared(a: _Pictures, b: _Pictures, place: Singles) -> tuple[Singles, Flags]:
    """Correlation of detail, and whether it is one picture: (P,) each."""
    place = _moved(a.detail, b.detail, place, LAST)
    laid, high, wide = _laid(b.detail, place)
    high, wide = _eroded(high), _eroded(wide)
    common = (high[:, :, None] & wide[:, None, :]).astype(np.float32)
    seen = (high @ POOLED.T)[:, :, None] * (wide @ POOLED.T)[:, None, :]  # px of each cell
    px = np.maximum(seen, 1)
    contrast = np.minimum(a.contrast, _laid(b.contrast, place)[0]) + np.float32(NOISE**2)

    aa, bb, ab, level = (
        _filtered(x * common, POOLED) for x in (a.detail * a.detail, laid * laid, a.detail * laid, contrast)
    )
    level /= px
    shown = np.float32(SHOWN) * np.maximum(seen.sum((1, 2)), 1)
    likeness: Singles = ab.sum((1, 2)) / np.maximum(np.sqrt(aa.sum((1, 2)) * bb.sum((1, 2))), shown)
    telling = (seen >= VISIBLE) & (np.maximum(aa, bb) * level >= DETAIL * px)
    left, right, both = ((x * telling).sum((1, 2)) for x in (aa, bb, ab))
    few = telling.sum((1, 2)) < FEW
    same = np.where(few, likeness >= BLIND, (both >= ALIKE * np.sqrt(left * right)) & (likeness >= ALL))
    same &= (_beside(place) <= BESIDE * SIDE) & _within(place)
    asked = np.flatnonzero(same & ~few)
    if len(asked):
        allowed = CODED + SHARE * (np.minimum(aa, bb) * level / px)[asked]
        rest = _rest(a.some(asked), b.some(asked), place[asked], contrast[asked], common[asked])
        differs = _filtered(rest * common[asked], POOLED) > allowed * px[asked]
        same[asked] = (differs & telling[asked]).sum((1, 2)) <= UNLIKE * telling[asked].sum((1, 2))
    return likeness, same


def _rest(a: _Pictures, b: _Pictures, place: Singles, contrast: Singles, common: Singles) -> Singles:
    """How much differs at each place, squared, less what coding may take of the finest: (P, SIDE, SIDE)."""
    detail, grey, strength = (_laid_smoothly(x, place) for x in (b.detail, b.grey, b.contrast))
    strong, other = ((x * common).sum((1, 2)) for x in (a.contrast, strength))
    gain = np.sqrt(strong / np.maximum(other, np.float32(1e-6)))
    finest = a.grey - gain[:, None, None] * grey
    finest -= _filtered(finest, BLURRED)
    rest = (a.detail - detail) * np.sqrt(contrast) * common
    px = np.maximum(common.sum((1, 2), keepdims=True), 1)
    high, wide = (np.maximum(common.sum(axis, keepdims=True), 1) for axis in (1, 2))
    whole, columns, rows = (rest.sum(axis, keepdims=True) for axis in ((1, 2), 1, 2))
    rest += whole / px - columns / high - rows / wide  # whose means were those of other parts
    rest *= rest
    rest -= np.float32(FINEST) * finest * finest
    rest[(np.maximum(a.grey, grey) >= WHITE) & (np.minimum(a.grey, grey) >= BRIGHT)] = 0
    return rest


def _beside(place: Singles) -> Singles:
    """How many px of either picture lie beyond the other, whichever is less: 0 where one is a part of the other."""
    half, shift = (SIDE / 2) * place[:, ::2], place[:, 1::2]
    ends = np.concatenate([half + shift, half - shift], 1) - SIDE / 2  # of a, seen from b
    beside: Singles = np.minimum(ends.max(1), -ends.min(1))
    return beside


def _within(place: Singles) -> Flags:
    """Whether each place is one that was found, and not where the search was held up."""
    stretch, shift = place[:, ::2], np.abs(place[:, 1::2])
    within: Flags = ((stretch > STRETCH[0]) & (stretch < STRETCH[1]) & (shift < SHIFT * SIDE)).all(1)
    return within


def _eroded(inside: Flags) -> Flags:
    """Without RIM places at either end: (P, SIDE) -> (P, SIDE)."""
    out = np.zeros_like(inside)
    out[:, RIM:-RIM] = np.lib.stride_tricks.sliding_window_view(inside, 2 * RIM + 1, axis=1).all(2)
    return out


def _matrices(stretch: Singles, shift: Singles, side: int) -> tuple[Singles, Flags]:
    """Linear interpolation along one side, (P, side, side), and which places it finds, (P, side)."""
    places, middle = np.arange(side, dtype=np.float32), np.float32((side - 1) / 2)
    at = middle + stretch[:, None] * (places - middle) + shift[:, None]
    inside = (at > -0.5) & (at < side - 0.5)
    at = np.clip(at, 0, side - 1)
    weights: Singles = at[:, :, None] - places
    np.abs(weights, out=weights)
    np.subtract(1, weights, out=weights)
    np.maximum(weights, 0, out=weights)
    return weights, inside


def _laid_smoothly(x: Singles, place: Singles) -> Singles:
    """The same by cubic convolution (Keys 1981), which keeps more of what is fine."""
    side = x.shape[1]
    places, middle = np.arange(side, dtype=np.float32), np.float32((side - 1) / 2)
    at = middle + place[:, ::2, None] * (places - middle) + place[:, 1::2, None]  # (P, 2, side)
    far = np.abs(np.clip(at, 0, side - 1)[..., None] - places)
    near = (1.5 * far - 2.5) * far * far + 1
    weights = np.where(far < 1, near, np.where(far < 2, ((2.5 - 0.5 * far) * far - 4) * far + 2, 0))
    weights = (weights / weights.sum(3, keepdims=True)).astype(np.float32, copy=False)
    laid: Singles = weights[:, 0] @ x @ weights[:, 1].swapaxes(1, 2)
    return laid


def _laid(x: Singles, place: Singles) -> tuple[Singles, Flags, Flags]:
    """Pictures (P, n, n), moved, and which rows and columns have pixels: (P, n) each."""
    rows, high = _matrices(place[:, 0], place[:, 1], x.shape[1])
    columns, wide = _matrices(place[:, 2], place[:, 3], x.shape[1])
    laid: Singles = rows @ x @ columns.swapaxes(1, 2)
    return laid, high, wide


def _moved(a: Singles, b: Singles, place: Singles, steps: int) -> Singles:
    """`place` (P, 4), stretch and shift of rows, then of columns, after Gauss-Newton steps to where b fits a best."""
    side = a.shape[1]
    from_middle = np.arange(side, dtype=np.float32) - np.float32(side - 1) / 2
    ways = np.stack([from_middle, np.ones_like(from_middle)], 1)  # (n, 2)
    squares = (ways[:, :, None] * ways[:, None, :]).reshape(side, 4)
    diagonal = np.arange(4)
    for _ in range(steps):
        laid, high, wide = _laid(b, place)
        down, right = np.zeros_like(laid), np.zeros_like(laid)
        np.subtract(laid[:, 2:], laid[:, :-2], out=down[:, 1:-1])
        np.subtract(laid[:, :, 2:], laid[:, :, :-2], out=right[:, :, 1:-1])
        common = np.where(high[:, :, None] & wide[:, None, :], np.float32(0.5), np.float32(0))
        down *= common
        right *= common
        laid -= a
        towards = np.empty((len(a), 4), np.float32)
        towards[:, :2] = np.einsum("pij,pij->pi", laid, down) @ ways
        towards[:, 2:] = np.einsum("pij,pij->pj", laid, right) @ ways
        normal = np.empty((len(a), 4, 4), np.float32)
        normal[:, :2, :2] = (np.einsum("pij,pij->pi", down, down) @ squares).reshape(-1, 2, 2)
        normal[:, 2:, 2:] = (np.einsum("pij,pij->pj", right, right) @ squares).reshape(-1, 2, 2)
        normal[:, :2, 2:] = ways.T @ (down * right @ ways)
        normal[:, 2:, :2] = normal[:, :2, 2:].swapaxes(1, 2)
        normal[:, diagonal, diagonal] += np.float32(1e-4) * normal[:, diagonal, diagonal] + np.float32(1e-3)
        change = np.linalg.solve(normal, towards[:, :, None])[:, :, 0]
        stretch = place[:, ::2]
        place = np.stack([stretch * (1 - change[:, ::2]), place[:, 1::2] - stretch * change[:, 1::2]], 2).reshape(-1, 4)
        place[:, ::2] = np.clip(place[:, ::2], *STRETCH)
        place[:, 1::2] = np.clip(place[:, 1::2], -SHIFT * side, SHIFT * side)
    return place


def _blur(px: float, side: int) -> Singles:
    """A Gaussian along one side, whose last pixel goes on beyond it: (side, side)."""
    reach = np.arange(-int(4 * px + 0.5), int(4 * px + 0.5) + 1)
    weights = np.exp(-0.5 * (reach / px) ** 2)
    at = np.clip(np.arange(side)[:, None] + reach, 0, side - 1)
    matrix = np.zeros((side, side))
    np.add.at(matrix, (np.arange(side)[:, None], at), weights / weights.sum())
    return matrix.astype(np.float32)


HALVED: Singles = np.kron(np.eye(HALF), np.full((1, 2), 0.5)).astype(np.float32)
HALVED_WIDE, HALVED_FAINT = _blur(WIDE, HALF) @ HALVED, _blur(FAR / 2, HALF) @ HALVED
AROUND_ROUGH, AROUND_GLIMPSE = _blur(AROUND, HALF), _blur(AROUND / 2, HALF)
BLURRED, FAINT, AROUND_DETAIL = _blur(NEAR, SIDE), _blur(FAR, SIDE), _blur(AROUND, SIDE)
POOLED: Singles = np.kron(np.eye(CELLS), np.ones((1, SIDE // CELLS))).astype(np.float32)
