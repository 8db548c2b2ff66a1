"""Near-duplicates: one picture stored again, scaled, recompressed, brightened, cropped a little, flipped or turned.

Three steps, each asked only about what the one before lets through. Lowest frequencies that no flip or quarter turn
changes: of all pairs, by one matrix product. Those frequencies in the eight orientations, up to a small crop (tangent
distance, Simard 1998): the closest few of each image. Then pictures are laid over each other (`data.aligned`), in
threads.
A perceptual hash knows no crop and finds too much in pictures of little detail.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from transfer_core.data.aligned import fit, oriented
from transfer_core.data.overlaid import Singles
from transfer_core.data.parallel import in_order
from transfer_core.data.thumbnails import COLOURS, SIDE, Bytes
from transfer_core.types import Floats, Ints, Progress

LOW, BEYOND = 8, 12  # frequencies a side: compared; and known, as a crop brings some of them below LOW
ROUGH = 0.9  # least cosine that the first step lets through
REVERSED, TANGENT = 0.88, 0.955  # least squared cosines: to be looked at from the other side, and of the second step
CROWD = 1000  # images that look as much like one, whose copies cannot be told from the others then
CLOSEST = 64  # of the images after it, that are looked at from the other side as well and laid over it
SYMMETRIC = 0.01  # as much less alike may a picture be that is not turned, to count as not turned
LEVELS = (0.0, 0.97, 0.99)  # correlations; the later ones only where the first would hold too many together
CHROMA = 16.0  # mean difference of colour, in 1/255, that still passes as the same
FLAT = 1.0  # 1/255, root mean square of low frequencies, below which there is nothing to compare
ROWS, COLUMNS = 512, 512  # of one block of pairs: 1 MB, which a processor's cache holds
PAIRS = 512  # laid over each other by one thread in a row
FEW = 8  # images that may always form a group
SHARE = 0.3  # of its class, that a group may have


@dataclass(frozen=True, kw_only=True, eq=False)
class Groups:
    """Which of N images are one picture."""

    numbers: Ints  # (N,) near-duplicates share one
    turned: NDArray[np.bool_]  # (N,) flipped or turned against the first of its group
    loosened: int  # images that look like too much of their class, or are of a crowd


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pairs:
    a: Ints
    b: Ints
    turn: Ints  # the orientation of b that looks like a
    likeness: Singles

    def some(self, which: Ints | NDArray[np.bool_]) -> "_Pairs":
        return _Pairs(a=self.a[which], b=self.b[which], turn=self.turn[which], likeness=self.likeness[which])


def near_duplicates(
    looks: Sequence[Bytes], pixels: Ints, same: Ints, labels: Ints
) -> Generator[Progress, None, Groups]:
    """Groups of near-duplicates among N images: looks (4144,) each, pixels (N,), same (N,), labels (N,).

    `pixels` is how many an image had: the fewer, the more coding and noise may change it. `same` is a number that
    identical files share. Turned copies count within a class, since a turn may make another class, as of letters. A
    group is one image and those that were found to be the same picture as it, so that likeness is not handed on. Where
    a group of more than 8 images holds over 30 % of its class (one camera, a video), closer and closer likeness is
    asked for; of more than 1,000 images like one, none is grouped.
    """
    _, first, number = np.unique(same, return_index=True, return_inverse=True)
    found, crowd = yield from _found([looks[row] for row in first], pixels[first])
    found = found.some((found.turn == 0) | (labels[first[found.a]] == labels[first[found.b]]))
    most = np.maximum(SHARE * np.bincount(labels), FEW)[labels]  # (N,)
    groups, turned = _stars(found, len(first), LEVELS[0])
    groups, turned = groups[number], turned[number]
    linked = csr_array((np.ones(len(found.a)), (found.a, found.b)), shape=(len(first), len(first)))
    loosened = np.isin(number, crowd) | _large(connected_components(linked, directed=False)[1][number], most)
    for level in (*LEVELS[1:], np.inf):
        large = _large(groups, most)
        if not large.any():
            break
        within = large[first[found.a]] & (groups[first[found.a]] == groups[first[found.b]])
        finer, turned_finer = _stars(found.some(within), len(first), level)
        groups = np.unique(np.where(large, len(first) + finer[number], groups), return_inverse=True)[1]
        turned = np.where(large, turned_finer[number], turned)
    return Groups(numbers=groups, turned=turned, loosened=int(loosened.sum()))


def _large(groups: Ints, most: Floats) -> NDArray[np.bool_]:
    """Which images are in a group of more than `most`, the largest of its members': (N,), (N,) -> (N,)."""
    limit = np.zeros(groups.max(initial=-1) + 1)
    np.maximum.at(limit, groups, most)
    large: NDArray[np.bool_] = (np.bincount(groups) > limit)[groups]
    return large


def _stars(pairs: _Pairs, images: int, level: float) -> tuple[Ints, NDArray[np.bool_]]:
    """A group number for each image, and whether it is turned: (images,) each. The best connected come first."""
    pairs = pairs.some(pairs.likeness >= level)
    groups, turned = np.full(images, -1), np.zeros(images, bool)
    ends = np.concatenate([pairs.a, pairs.b])
    others, turns = np.concatenate([pairs.b, pairs.a]), np.concatenate([pairs.turn, pairs.turn])
    order = np.argsort(ends, kind="stable")
    degree = np.bincount(ends, minlength=images)
    start = np.cumsum(degree) - degree
    for image in np.argsort(-degree, kind="stable"):
        if groups[image] >= 0:
            continue
        mine = order[start[image] : start[image] + degree[image]]
        mine = mine[groups[others[mine]] < 0]
        groups[image] = groups[others[mine]] = image
        turned[others[mine]] = turns[mine] != 0
    return np.unique(groups, return_inverse=True)[1], turned


def _found(looks: Sequence[Bytes], pixels: Ints) -> Generator[Progress, None, tuple[_Pairs, Ints]]:
    """Pairs that are one picture, of all different files; and the images of a crowd, which were not looked at."""
    wide = np.zeros((len(looks), BEYOND, BEYOND), np.float32)
    for i in range(0, len(looks), ROWS):
        wide[i : i + ROWS] = WAVES @ _grey(looks[i : i + ROWS]) @ WAVES.T
    low = wide[:, :LOW, :LOW] * WEIGHTS
    length = np.sqrt((low**2).sum((1, 2)))
    shown = np.flatnonzero(length / SIDE >= FLAT)
    low = (low[shown] / length[shown, None, None]).reshape(-1, LOW * LOW)
    rough, crowd = _unturned(low), np.zeros(len(low), np.int64)
    start = time.monotonic()
    kept = [_Pairs(a=shown[:0], b=shown[:0], turn=shown[:0], likeness=np.zeros(0, np.float32))]
    total, passed = len(shown) * (len(shown) + 1) / 2, 0
    for i in range(0, len(shown), ROWS):
        bases = _turned(_bases(wide[shown[i : i + ROWS]]))
        near = np.empty((len(bases), len(shown) - i), bool)
        for j in range(i, len(shown), COLUMNS):
            likeness = rough[i : i + ROWS] @ rough[j : j + COLUMNS].T
            np.greater_equal(likeness, ROUGH, out=near[:, j - i : j - i + COLUMNS])
        later = (i + r + 1 + np.flatnonzero(near[r, r + 1 :]) for r in range(len(near)))
        close = [_close(low, bases[r], i + r, others, crowd) for r, others in enumerate(later)]
        a, b, turn = _closest(low, wide, shown, [np.concatenate(each) for each in zip(*close, strict=True)])
        a, b = shown[a], shown[b]
        parts = [(a[j : j + PAIRS], b[j : j + PAIRS], turn[j : j + PAIRS]) for j in range(0, len(a), PAIRS)]
        for pairs in in_order(lambda part: _same(looks, pixels, *part), parts):
            kept.append(pairs)
            yield Progress(what="Looking for duplicates", done=min(i, len(shown)), of=len(shown))
        passed += len(near) * (len(shown) - i) - len(near) * (len(near) - 1) // 2
        rest = (time.monotonic() - start) * (total - passed) / passed
        done = min(i + ROWS, len(shown))
        yield Progress(what="Looking for duplicates", done=done, of=len(shown), seconds_left=rest)
    found = _Pairs(
        a=np.concatenate([pairs.a for pairs in kept]),
        b=np.concatenate([pairs.b for pairs in kept]),
        turn=np.concatenate([pairs.turn for pairs in kept]),
        likeness=np.concatenate([pairs.likeness for pairs in kept]),
    )
    return found, shown[crowd > CROWD]


def _same(looks: Sequence[Bytes], pixels: Ints, a: Ints, b: Ints, turn: Ints) -> _Pairs:
    """Those of the pairs that are one picture. Of a picture that a turn does not change, none is said to be turned."""
    needed, index = np.unique(np.concatenate([a, b]), return_inverse=True)
    left, right = index[: len(a)], index[len(a) :]
    some = [looks[row] for row in needed]
    grey, chroma, own = _grey(some), _chroma(some), (pixels[needed] / SIDE**2).astype(np.float32)
    close = np.flatnonzero(np.abs(chroma[left] - oriented(chroma[right], turn)).mean((1, 2, 3)) <= CHROMA)
    a, b, turn, left, right = a[close], b[close], turn[close], left[close], right[close]
    best = fit(grey, own, left, right, turn)
    turned = np.flatnonzero(best.same & (turn != 0))
    upright = fit(grey, own, left[turned], right[turned], np.zeros_like(turned)).likeness
    turn[turned[upright >= best.likeness[turned] - SYMMETRIC]] = 0
    return _Pairs(a=a, b=b, turn=turn, likeness=best.likeness).some(best.same)


def _grey(looks: Sequence[Bytes]) -> Singles:
    return np.stack([each[: SIDE * SIDE] for each in looks]).reshape(-1, SIDE, SIDE).astype(np.float32)


def _chroma(looks: Sequence[Bytes]) -> Singles:
    """Colours without brightness: (K, COLOURS, COLOURS, 3)."""
    colour = np.stack([each[SIDE * SIDE :] for each in looks]).reshape(-1, COLOURS, COLOURS, 3).astype(np.float32)
    chroma: Singles = colour - colour.mean(3, keepdims=True)
    return chroma


def _unturned(low: Singles) -> Singles:
    """What no flip or quarter turn changes of frequencies (M, LOW**2): as long, and no two are less alike."""
    size = np.abs(low).reshape(-1, LOW, LOW)
    i, j = np.triu_indices(LOW, 1)
    across, down = size[:, i, j], size[:, j, i]
    diagonal = size[:, np.arange(LOW), np.arange(LOW)]
    return np.concatenate([diagonal, np.maximum(across, down), np.minimum(across, down)], axis=1)


def _bases(wide: Singles) -> Singles:
    """For each image, what it looks like when it is moved or stretched a little: (K, 5, LOW**2), orthonormal."""
    own = (wide[:, :LOW, :LOW] * WEIGHTS).reshape(len(wide), -1)
    moved = [
        (across @ wide @ down.T * WEIGHTS).reshape(len(wide), -1)
        for across, down in ((SHIFT, KEEP), (STRETCH, KEEP), (KEEP, SHIFT), (KEEP, STRETCH))
    ]
    bases = np.linalg.qr(np.stack([own, *moved], axis=2))[0].swapaxes(1, 2)
    bases *= np.sign((bases[:, 0] * own).sum(1))[:, None, None]
    return bases.astype(np.float32)


def _turned(bases: Singles) -> Singles:
    """Bases such that low frequencies have to be turned no more: (K, 5, LOW**2) -> (K, 8 * 5, LOW**2)."""
    turned = np.zeros((len(bases), 8, *bases.shape[1:]), np.float32)
    for number in range(8):
        turned[:, number][:, :, PLACES[number]] = bases * SIGNS[number]
    return turned.reshape(len(bases), -1, LOW * LOW)


def _close(low: Singles, basis: Singles, row: int, others: Ints, crowd: Ints) -> tuple[Ints, Ints, Ints, Singles]:
    """Those of `others` that may be close to `row` up to a small crop: row, other, orientation, squared cosine.

    `crowd` (M,) counts how many are close to each image; one in a crowd is not looked at any further.
    """
    others = others if crowd[row] <= CROWD else others[:0]
    along = (low[others] @ basis.T).reshape(len(others), 8, len(basis) // 8)
    cosines = np.einsum("ijk,ijk->ij", along, along)
    cosines[along[:, :, 0] <= 0] = 0
    best = cosines.max(1, initial=0)
    close = others[best >= TANGENT]
    crowd[row] += len(close)
    crowd[close] += 1
    near = np.flatnonzero(best >= REVERSED) if crowd[row] <= CROWD else others[:0]
    if len(near) > CLOSEST:
        near = near[np.argpartition(-best[near], CLOSEST)[:CLOSEST]]
    return np.full(len(near), row), others[near], cosines[near].argmax(1), best[near]


def _closest(low: Singles, wide: Singles, shown: Ints, close: Sequence[NDArray[Any]]) -> tuple[Ints, Ints, Ints]:
    """Of the closest few of each row, those close from either side: a crop lacks what lies around it."""
    a, b, turn, cosine = close
    for i in range(0, len(a), ROWS):
        part = slice(i, i + ROWS)
        bases = np.take_along_axis(_bases(wide[shown[b[part]]]), PLACES[turn[part], None], 2) * SIGNS[turn[part], None]
        back = np.einsum("ijk,ik->ij", bases, low[a[part]])
        cosine[part] = np.maximum(cosine[part], (back**2).sum(1))
    near = cosine >= TANGENT
    return a[near], b[near], turn[near]


def _moves() -> tuple[Singles, ...]:
    """Cosines of one side, (BEYOND, SIDE); how a shift, a stretch and nothing change frequencies, (LOW, BEYOND)."""
    at = (np.arange(SIDE) + 0.5) / SIDE
    frequency = np.arange(BEYOND)
    phase = np.pi * np.outer(at, frequency)
    size = np.sqrt(np.where(frequency == 0, 1, 2) / SIDE)
    waves, slopes = size * np.cos(phase), -size * np.pi * frequency * np.sin(phase)
    low = waves[:, :LOW].T
    shift, stretch = low @ slopes, low @ ((at - 0.5)[:, None] * slopes)
    return tuple(each.astype(np.float32) for each in (waves.T, shift, stretch, np.eye(LOW, BEYOND)))


def _orientations() -> tuple[Ints, Singles]:
    """Where each orientation takes every frequency from, and with which sign: (8, LOW**2) each."""
    places = np.arange(LOW * LOW).reshape(LOW, LOW)
    odd = np.where(np.arange(LOW) % 2, -1.0, 1.0)
    of, signs = [], []
    for number in range(8):
        of.append((places.T if number & 4 else places).ravel())
        signs.append(np.outer(odd if number & 2 else odd**2, odd if number & 1 else odd**2).ravel())
    return np.stack(of), np.stack(signs).astype(np.float32)


# Natural pictures have less the finer it gets; so weighted, detail counts. The mean does not.
WEIGHTS: Singles = np.sqrt(np.hypot(*np.mgrid[:LOW, :LOW])).astype(np.float32)
WAVES, SHIFT, STRETCH, KEEP = _moves()
PLACES, SIGNS = _orientations()
