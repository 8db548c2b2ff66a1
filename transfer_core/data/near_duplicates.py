"""Near-duplicates: the same picture stored again, scaled, recompressed, brightened. Exact, and fast for 100,000.

Images are compared as 32 x 32 grey thumbnails by correlation. On photos and scans, recompression and scaling keep it
above 0.99, a change of brightness or contrast above 0.985; other photos of one scene reach 0.98. No pair is missed: the
product of their lowest frequencies, and of how much lies above them, is an upper bound of the correlation.
"""

import time
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from transfer_core.types import Ints, Progress

SIDE = 32  # px, of the grey thumbnail
COLOURS = 4  # cells a side, of the colour thumbnail
LEVELS = (0.985, 0.995, 0.999)  # correlations; the later ones only where the first would join too many
CHROMA = 16.0  # mean difference of colour, in 1/255, that still passes as the same
FLAT = 1.5  # standard deviation of a thumbnail, in 1/255, below which there is nothing to compare
FREQUENCIES = 8  # a side, for the quick bound
SLACK = 1e-4  # for rounding
ROWS, COLUMNS = 1024, 4096  # of one block of pairs: 16 MB
CHUNK = 8192  # pairs compared at once: 64 MB
FEW = 8  # images that may always form a group
SHARE = 0.3  # of its class, that a group may have

Singles = NDArray[np.float32]
Bytes = NDArray[np.uint8]


def look(image: Image.Image) -> Bytes:
    """What an RGB image is compared by: its grey and its colour thumbnail, (1072,)."""
    grey = image.convert("L").resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    colour = image.resize((COLOURS, COLOURS), Image.Resampling.BOX)
    return np.concatenate([np.asarray(grey).ravel(), np.asarray(colour).ravel()])


def near_duplicates(looks: Bytes, same: Ints, labels: Ints) -> Generator[Progress, None, tuple[Ints, int]]:
    """A group number for each image, shared by near-duplicates: looks (N, 1072), same (N,), labels (N,) -> (N,).

    `same` is a number that identical files share. Where images of a class all look alike (one camera, a video), closer
    and closer likeness is asked for until no group of more than 8 images holds over 30 % of its class; the second
    value returned is how many images that concerned.
    """
    _, first, number = np.unique(same, return_index=True, return_inverse=True)
    levels = yield from _components(looks[first])
    most = np.maximum(SHARE * np.bincount(labels), FEW)[labels]  # (N,)
    groups = levels[0][number]
    loosened = np.zeros(len(groups), bool)
    for finer in (*levels[1:], np.arange(len(first))):
        sizes = np.bincount(groups)
        limit = np.zeros(len(sizes))
        np.maximum.at(limit, groups, most)
        large = (sizes > limit)[groups]
        groups = np.unique(np.where(large, len(first) + finer[number], groups), return_inverse=True)[1]
        loosened |= large
    return groups, int(loosened.sum())


def _components(looks: Bytes) -> Generator[Progress, None, list[Ints]]:
    """For each level, the connected component of each image: looks (M, 1072) -> (M,) each."""
    components = [np.arange(len(looks)) for _ in LEVELS]
    contrast = np.concatenate([looks[i : i + ROWS, : SIDE * SIDE].std(1) for i in range(0, len(looks), ROWS)])
    rows = np.flatnonzero(contrast >= FLAT)
    short = np.zeros((len(rows), FREQUENCIES**2), np.float32)
    for i in range(0, len(rows), ROWS):
        short[i : i + ROWS] = _bound(looks[rows[i : i + ROWS]])
    blocks = [(i, j) for i in range(0, len(rows), ROWS) for j in range(i, len(rows), COLUMNS)]
    start = time.monotonic()
    for done, (i, j) in enumerate(blocks, start=1):
        left, right = rows[i : i + ROWS], rows[j : j + COLUMNS]
        likeness = short[i : i + ROWS] @ short[j : j + COLUMNS].T  # (ROWS, COLUMNS), at most too high
        hits = np.flatnonzero(likeness > LEVELS[0] - SLACK)
        if crowded := len(hits) > likeness.size // 64:  # compare the whole block at once
            likeness = _unit(looks[left]) @ _unit(looks[right]).T
            hits = np.flatnonzero(likeness >= LEVELS[0])
        a, b = np.divmod(hits, len(right))
        later = j + b > i + a
        a, b = left[a[later]], right[b[later]]
        _join_alike(looks, a, b, likeness.ravel()[hits[later]] if crowded else _likeness(looks, a, b), components)
        rest = (time.monotonic() - start) * (len(blocks) - done) / done
        so_far = len(rows) * done // len(blocks)
        yield Progress(what="Looking for duplicates", done=so_far, of=len(rows), seconds_left=rest)
    return components


def _likeness(looks: Bytes, a: Ints, b: Ints) -> Singles:
    """The correlation of each pair a[i], b[i]: (P,)."""
    likeness = np.zeros(len(a), np.float32)
    for i in range(0, len(a), CHUNK):
        pair = slice(i, i + CHUNK)
        likeness[pair] = np.einsum("ij,ij->i", _unit(looks[a[pair]]), _unit(looks[b[pair]]))
    return likeness


def _join_alike(looks: Bytes, a: Ints, b: Ints, likeness: Singles, components: list[Ints]) -> None:
    for level, component in zip(LEVELS, components, strict=True):
        near = np.flatnonzero((likeness >= level) & (component[a] != component[b]))
        for i in range(0, len(near), CHUNK):
            pair = near[i : i + CHUNK]
            pair = pair[component[a[pair]] != component[b[pair]]]  # the pairs before may have joined them
            pair = pair[np.abs(_chroma(looks[a[pair]]) - _chroma(looks[b[pair]])).mean(1) <= CHROMA]
            _join(component, a[pair], b[pair])


def _join(component: Ints, a: Ints, b: Ints) -> None:
    """Joins the components of a[i] and b[i]; a component's number is its smallest member."""
    while len(a):
        low, high = np.minimum(component[a], component[b]), np.maximum(component[a], component[b])
        apart = low != high
        a, b = a[apart], b[apart]
        np.minimum.at(component, high[apart], low[apart])
        while (component[component] != component).any():
            component[:] = component[component]


def _unit(looks: Bytes) -> Singles:
    """Grey thumbnails without brightness and contrast: (K, 1072) -> (K, 1024), so that a dot product correlates."""
    grey: Singles = looks[:, : SIDE * SIDE].astype(np.float32)
    grey -= grey.mean(1, keepdims=True)
    grey /= np.maximum(np.linalg.norm(grey, axis=1, keepdims=True), 1e-6)
    return grey


def _chroma(looks: Bytes) -> Singles:
    """Colours without brightness: (K, 1072) -> (K, 48)."""
    colour: Singles = looks[:, SIDE * SIDE :].reshape(len(looks), COLOURS**2, 3).astype(np.float32)
    colour -= colour.mean(2, keepdims=True)
    return colour.reshape(len(looks), 3 * COLOURS**2)


def _waves() -> Singles:
    """The lowest two-dimensional cosines but the constant, orthonormal: (1024, FREQUENCIES**2 - 1)."""
    phase = np.pi * (2 * np.arange(SIDE) + 1) / (2 * SIDE)
    lines = np.cos(np.outer(np.arange(FREQUENCIES), phase))
    lines /= np.linalg.norm(lines, axis=1, keepdims=True)
    products: Singles = np.einsum("ai,bj->ijab", lines, lines).reshape(SIDE * SIDE, -1).astype(np.float32)
    return products[:, 1:]


WAVES = _waves()


def _bound(looks: Bytes) -> Singles:
    """Low frequencies and the length of the rest: (K, 64). Dot products are at least the correlation."""
    low = _unit(looks) @ WAVES
    rest = np.sqrt(np.maximum(1 - (low**2).sum(1, keepdims=True), 0))  # Cauchy-Schwarz bounds what it adds
    return np.concatenate([low, rest], axis=1)
