"""Whether two pictures are one: laid over each other, compared by detail, place by place. Pairs in batches.

One picture may be a part of the other, so one is moved and stretched until it fits best (`data.overlaid`), coarse to
fine; most pairs are given up early. What is compared then is detail, each place divided by its own contrast, since an
edge or a light that all pictures of a camera share would outweigh everything. Detail that runs along a whole row or
column is taken out for the same reason.

Coding and noise make copies differ by as much, be they dim or bright, but by the more, the fewer pixels of their own
are averaged into one of those compared; moving adds a share of the detail, and what is finest is lost first. Cells with
less detail than that say nothing, so only the others are asked. Where coding may change much, all detail together has
to correlate better instead.
"""

from dataclasses import dataclass

import numpy as np

from transfer_core.data.overlaid import (
    SHIFT,
    STRETCH,
    Flags,
    Singles,
    blur,
    correlation,
    filtered,
    lay,
    lay_smoothly,
    nearer,
)
from transfer_core.data.thumbnails import SIDE
from transfer_core.types import Ints

HALF = SIDE // 2
PAIRS = 64  # laid over each other at once
FIRST, LATER, NEXT, LAST = 2, 1, 1, 1  # Gauss-Newton steps: in both directions, the better one; at the whole side
NEAR, FAR, AROUND = 0.7, 3.0, 4.0  # px: Gaussians that bound detail, and that of its contrast
WIDE = 6.0  # px of half the side: the Gaussian that bounds what pictures are laid over each other by
NOISE, VAGUE = 0.7, 2.0  # 1/255: contrast that coding and rounding make up by themselves; so much at a first look
BESIDE = 0.045  # of the side: no more may either picture show that the other does not, unless it is a part of that
PROMISE, HOPE = 0.45, 0.6  # correlations of detail, at half the side and at the whole, below which a pair is given up
CELLS = 8  # a side
VISIBLE = 24  # px of a cell that have to be common to both
RIM = 4  # px left out around what is common: what lies beyond it has an effect there
SHOWN = 0.02  # mean square of detail, of at most 1, below which there is nothing to compare
DETAIL, FEW = 0.3, 6  # (1/255)**2 of a cell that shows something; cells, too few to tell by
SHARE, FINEST = 0.1, 0.2  # of a cell's detail, and of how its finest differs, that may differ
CODED = 1.0  # (1/255)**2 that may differ, and FINEST: in pictures of SIDE; times as much for so many times fewer pixels
TIMES, TIMES_FINEST = (0.2, 2.0), (1.0, 4.0)  # bounds of that
SMALL = 0.4  # of SIDE**2 pixels: where both pictures have fewer, too many look alike, and no more than least may differ
WHITE, BRIGHT = 250, 190  # what is so light in one picture may have lost detail that is so light in the other
UNLIKE = 0.12  # of the cells may differ by more
ALIKE, BLIND = 0.75, 0.8  # least correlation of the cells that show something; of all, where these are few
ALL, DOUBT, SURE = 0.6, 0.25, 0.85  # and always of all: the more, the more coding may change; but no more than that


@dataclass(frozen=True, kw_only=True, eq=False)
class Fit:
    """How well each of P pairs agrees."""

    likeness: Singles  # (P,) correlation of detail
    same: Flags  # (P,) whether they are one picture


def fit(grey: Singles, own: Singles, a: Ints, b: Ints, turn: Ints) -> Fit:
    """How well pictures (K, SIDE, SIDE), 0 to 255, agree by pairs (P,) once b, turned, is laid over a.

    `own` (K,): how many pixels each picture had, as a part of SIDE**2.
    """
    found = Fit(likeness=np.zeros(len(a), np.float32), same=np.zeros(len(a), bool))
    which, place, reverse = _promising(grey, a, b, turn)
    needed, index = np.unique(np.concatenate([a[which], b[which]]), return_inverse=True)
    pictures = _Pictures.of(grey[needed], own[needed])
    left, right = index[: len(which)], index[len(which) :]
    left, right = np.where(reverse, right, left), np.where(reverse, left, right)
    turn_left, turn_right = np.where(reverse, turn[which], 0), np.where(reverse, 0, turn[which])
    for start in range(0, len(which), PAIRS):
        part = slice(start, start + PAIRS)
        one = oriented(pictures.detail[left[part]], turn_left[part])
        other = oriented(pictures.detail[right[part]], turn_right[part])
        closer = nearer(one, other, place[part], NEXT)
        hopeful = np.flatnonzero(correlation(one, other, closer) >= HOPE)
        some = start + hopeful
        one_picture = pictures.turned(left[some], turn_left[some])
        other_picture = pictures.turned(right[some], turn_right[some])
        agree = _compared(one_picture, other_picture, closer[hopeful])
        found.likeness[which[some]], found.same[which[some]] = agree
    return found


def _promising(grey: Singles, a: Ints, b: Ints, turn: Ints) -> tuple[Ints, Singles, Flags]:
    """Which pairs may agree; where they lie on each other, (P, 4), at the whole side; whether a is laid over b."""
    which, places, reverses = [np.zeros(0, np.int64)], [np.zeros((0, 4), np.float32)], [np.zeros(0, bool)]
    rough, glimpse = _rough(grey), _glimpse(grey)
    for start in range(0, len(a), PAIRS):
        part = slice(start, start + PAIRS)
        place, reverse = _placed(rough[a[part]], oriented(rough[b[part]], turn[part]))
        one, other = _swapped(glimpse[a[part]], oriented(glimpse[b[part]], turn[part]), reverse)
        promising = correlation(one, other, place) >= PROMISE
        which.append(start + np.flatnonzero(promising))
        places.append(place[promising] * np.array([1, 2, 1, 2], np.float32))
        reverses.append(reverse[promising])
    return np.concatenate(which), np.concatenate(places), np.concatenate(reverses)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pictures:
    grey: Singles  # (K, SIDE, SIDE)
    detail: Singles  # in units of its own contrast
    contrast: Singles  # that, squared
    own: Singles  # (K,)

    @classmethod
    def of(cls, grey: Singles, own: Singles) -> "_Pictures":
        detail, contrast = _detail(grey, BLURRED, FAINT, AROUND_DETAIL, NOISE)
        return cls(grey=grey, detail=detail, contrast=contrast, own=own)

    def some(self, which: Ints) -> "_Pictures":
        grey, detail, contrast, own = (x[which] for x in (self.grey, self.detail, self.contrast, self.own))
        return _Pictures(grey=grey, detail=detail, contrast=contrast, own=own)

    def turned(self, which: Ints, turn: Ints) -> "_Pictures":
        grey, detail, contrast = (oriented(x[which], turn) for x in (self.grey, self.detail, self.contrast))
        return _Pictures(grey=grey, detail=detail, contrast=contrast, own=self.own[which])


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


def _rough(x: Singles) -> Singles:
    """Pictures of half the side, each place divided by its own contrast: (P, SIDE, SIDE) -> (P, HALF, HALF)."""
    x = filtered(x, HALVED) - filtered(x, HALVED_WIDE)
    rough: Singles = x / np.sqrt(filtered(x * x, AROUND_ROUGH) + np.float32(1))
    return rough


def _glimpse(x: Singles) -> Singles:
    """Detail at half the side: (P, SIDE, SIDE) -> (P, HALF, HALF)."""
    return _detail(x, HALVED, HALVED_FAINT, AROUND_GLIMPSE, VAGUE)[0]


def _detail(x: Singles, near: Singles, far: Singles, around: Singles, noise: float) -> tuple[Singles, Singles]:
    """Detail in units of its own contrast, and that contrast squared."""
    fine = filtered(x, near) - filtered(x, far)
    fine += fine.mean((1, 2), keepdims=True) - fine.mean(1, keepdims=True) - fine.mean(2, keepdims=True)
    contrast = filtered(fine * fine, around)
    return fine / np.sqrt(contrast + np.float32(noise**2)), contrast


def _placed(a: Singles, b: Singles) -> tuple[Singles, Flags]:
    """Where pictures lie on each other, (P, 4), and whether it is a that is laid over b, as it fits better so, (P,).

    That is so where a is the part: of the whole too much would have to be guessed.
    """
    start = np.tile(np.array([1, 0, 1, 0], np.float32), (len(a), 1))
    place, other = nearer(a, b, start, FIRST), nearer(b, a, start, FIRST)
    reverse = correlation(b, a, other) > correlation(a, b, place)
    place[reverse] = other[reverse]
    return nearer(*_swapped(a, b, reverse), place, LATER), reverse


def _compared(a: _Pictures, b: _Pictures, place: Singles) -> tuple[Singles, Flags]:
    """Correlation of detail, and whether it is one picture: (P,) each."""
    place = nearer(a.detail, b.detail, place, LAST)
    laid, high, wide = lay(b.detail, place)
    high, wide = _eroded(high), _eroded(wide)
    common = (high[:, :, None] & wide[:, None, :]).astype(np.float32)
    seen = (high @ POOLED.T)[:, :, None] * (wide @ POOLED.T)[:, None, :]  # px of each cell
    px = np.maximum(seen, 1)
    contrast = np.minimum(a.contrast, lay(b.contrast, place)[0]) + np.float32(NOISE**2)

    aa, bb, ab, level = (
        filtered(x * common, POOLED) for x in (a.detail * a.detail, laid * laid, a.detail * laid, contrast)
    )
    level /= px
    shown = np.float32(SHOWN) * np.maximum(seen.sum((1, 2)), 1)
    likeness: Singles = ab.sum((1, 2)) / np.maximum(np.sqrt(aa.sum((1, 2)) * bb.sum((1, 2))), shown)
    coded = (CODED * np.clip(_fewer(a, b), TIMES[0], TIMES[1])).astype(np.float32)
    telling = (seen >= VISIBLE) & (np.maximum(aa, bb) * level >= DETAIL * px)
    left, right, both = ((x * telling).sum((1, 2)) for x in (aa, bb, ab))
    few = telling.sum((1, 2)) < FEW
    same = np.where(few, likeness >= BLIND, both >= ALIKE * np.sqrt(left * right))
    same &= likeness >= np.minimum(ALL + DOUBT * coded, SURE)
    same &= (_beside(place) <= BESIDE * SIDE) & _within(place)
    asked = np.flatnonzero(same & ~few)
    if len(asked):
        allowed = coded[asked, None, None] + SHARE * (np.minimum(aa, bb) * level / px)[asked]
        rest = _rest(a.some(asked), b.some(asked), place[asked], contrast[asked], common[asked])
        differs = filtered(rest * common[asked], POOLED) > allowed * px[asked]
        same[asked] = (differs & telling[asked]).sum((1, 2)) <= UNLIKE * telling[asked].sum((1, 2))
    return likeness, same


def _fewer(a: _Pictures, b: _Pictures) -> Singles:
    """How many times fewer pixels than SIDE**2 the smaller picture of each pair has; 0 where both have too few."""
    return np.where(np.maximum(a.own, b.own) < SMALL, np.float32(0), 1 / np.minimum(a.own, b.own))


def _rest(a: _Pictures, b: _Pictures, place: Singles, contrast: Singles, common: Singles) -> Singles:
    """How much differs at each place, squared, less what coding may take of the finest: (P, SIDE, SIDE)."""
    detail, grey, strength = (lay_smoothly(x, place) for x in (b.detail, b.grey, b.contrast))
    strong, other = ((x * common).sum((1, 2)) for x in (a.contrast, strength))
    gain = np.sqrt(strong / np.maximum(other, np.float32(1e-6)))
    finest = a.grey - gain[:, None, None] * grey
    finest -= filtered(finest, BLURRED)
    rest = (a.detail - detail) * np.sqrt(contrast) * common
    px = np.maximum(common.sum((1, 2), keepdims=True), 1)
    high, wide = (np.maximum(common.sum(axis, keepdims=True), 1) for axis in (1, 2))
    whole, columns, rows = (rest.sum(axis, keepdims=True) for axis in ((1, 2), 1, 2))
    rest += whole / px - columns / high - rows / wide  # whose means were those of other parts
    rest *= rest
    lost = (FINEST * np.clip(_fewer(a, b), TIMES_FINEST[0], TIMES_FINEST[1])).astype(np.float32)
    rest -= lost[:, None, None] * finest * finest
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
    within: Flags = np.all((stretch > STRETCH[0]) & (stretch < STRETCH[1]) & (shift < SHIFT * SIDE), axis=1)
    return within


def _eroded(inside: Flags) -> Flags:
    """Without RIM places at either end: (P, SIDE) -> (P, SIDE)."""
    out = np.zeros_like(inside)
    out[:, RIM:-RIM] = np.lib.stride_tricks.sliding_window_view(inside, 2 * RIM + 1, axis=1).all(2)
    return out


HALVED: Singles = np.kron(np.eye(HALF), np.full((1, 2), 0.5)).astype(np.float32)
HALVED_WIDE, HALVED_FAINT = blur(WIDE, HALF) @ HALVED, blur(FAR / 2, HALF) @ HALVED
AROUND_ROUGH, AROUND_GLIMPSE = blur(AROUND, HALF), blur(AROUND / 2, HALF)
BLURRED, FAINT, AROUND_DETAIL = blur(NEAR, SIDE), blur(FAR, SIDE), blur(AROUND, SIDE)
POOLED: Singles = np.kron(np.eye(CELLS), np.ones((1, SIDE // CELLS))).astype(np.float32)
