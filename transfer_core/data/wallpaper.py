"""Draws patterns of the 17 wallpaper groups: a random motif, made symmetric, on a random lattice, in random colours.

Only the symmetry tells the groups apart: all of them share one distribution of spectra, histograms, colours, cell
areas and orientations. What a group asks of the lattice (a square, say) shows too, as it must.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transfer_core.types import Floats, Ints

SIDE_PX = 128
PERIOD_PX = (34.0, 56.0)  # root of the cell's area: 2.3 to 3.8 periods across an image
TURN_DEGREES = 15.0  # the lattice's first axis lies within this angle of the horizontal
DETAIL = (1.2, 3.2)  # spatial frequencies of the motif, in waves per period
SHARPNESS = 2.5  # 0: smooth shades; larger: flat colours with crisp edges
LIKENESS = 0.75  # the largest correlation with a copy moved by any isometry that is not the group's own

GRID = 48  # samples of one period along each axis; divisible by 12, so that every operation maps samples to samples

# Operations (a, b, c, d, s, t): (x, y) -> (ax + by + s/2, cx + dy + t/2), in units of the cell. General positions of
# the International Tables for Crystallography, Volume A, plane groups 1 to 17; cm and cmm on their primitive cell.
Operation = tuple[int, int, int, int, int, int]
IDENTITY: Operation = (1, 0, 0, 1, 0, 0)
TURN_2: Operation = (-1, 0, 0, -1, 0, 0)
TURNS_4: tuple[Operation, ...] = (IDENTITY, TURN_2, (0, -1, 1, 0, 0, 0), (0, 1, -1, 0, 0, 0))
TURNS_3: tuple[Operation, ...] = (IDENTITY, (0, -1, 1, -1, 0, 0), (-1, 1, -1, 0, 0, 0))
TURNS_6: tuple[Operation, ...] = (*TURNS_3, TURN_2, (0, 1, -1, 1, 0, 0), (1, -1, 1, 0, 0, 0))
ACROSS: tuple[Operation, ...] = ((0, -1, -1, 0, 0, 0), (-1, 1, 0, 1, 0, 0), (1, 0, 1, -1, 0, 0))
ALONG: tuple[Operation, ...] = ((0, 1, 1, 0, 0, 0), (1, -1, 0, -1, 0, 0), (-1, 0, -1, 1, 0, 0))
FLIP_X: Operation = (-1, 0, 0, 1, 0, 0)
FLIP_Y: Operation = (1, 0, 0, -1, 0, 0)
SWAP: Operation = (0, 1, 1, 0, 0, 0)
ANTISWAP: Operation = (0, -1, -1, 0, 0, 0)


def shifted(operation: Operation, s: int, t: int) -> Operation:
    return (*operation[:4], s, t)


@dataclass(frozen=True, kw_only=True)
class Group:
    """A wallpaper group: its operations modulo whole periods, and the lattice that they need."""

    name: str
    lattice: str  # "oblique", "rectangular", "rhombic", "square" or "hexagonal"
    operations: tuple[Operation, ...]


GROUPS: tuple[Group, ...] = (
    Group(name="p1", lattice="oblique", operations=(IDENTITY,)),
    Group(name="p2", lattice="oblique", operations=(IDENTITY, TURN_2)),
    Group(name="pm", lattice="rectangular", operations=(IDENTITY, FLIP_X)),
    Group(name="pg", lattice="rectangular", operations=(IDENTITY, shifted(FLIP_X, 0, 1))),
    Group(name="cm", lattice="rhombic", operations=(IDENTITY, SWAP)),
    Group(name="pmm", lattice="rectangular", operations=(IDENTITY, TURN_2, FLIP_X, FLIP_Y)),
    Group(
        name="pmg",
        lattice="rectangular",
        operations=(IDENTITY, TURN_2, shifted(FLIP_X, 1, 0), shifted(FLIP_Y, 1, 0)),
    ),
    Group(
        name="pgg",
        lattice="rectangular",
        operations=(IDENTITY, TURN_2, shifted(FLIP_X, 1, 1), shifted(FLIP_Y, 1, 1)),
    ),
    Group(name="cmm", lattice="rhombic", operations=(IDENTITY, TURN_2, SWAP, ANTISWAP)),
    Group(name="p4", lattice="square", operations=TURNS_4),
    Group(name="p4m", lattice="square", operations=(*TURNS_4, FLIP_X, FLIP_Y, SWAP, ANTISWAP)),
    Group(
        name="p4g",
        lattice="square",
        operations=(*TURNS_4, *(shifted(flip, 1, 1) for flip in (FLIP_X, FLIP_Y, SWAP, ANTISWAP))),
    ),
    Group(name="p3", lattice="hexagonal", operations=TURNS_3),
    Group(name="p3m1", lattice="hexagonal", operations=(*TURNS_3, *ACROSS)),
    Group(name="p31m", lattice="hexagonal", operations=(*TURNS_3, *ALONG)),
    Group(name="p6", lattice="hexagonal", operations=TURNS_6),
    Group(name="p6m", lattice="hexagonal", operations=(*TURNS_6, *ACROSS, *ALONG)),
)

# All turns and flips that a lattice of each kind can have; one that a group lacks must be absent from its motif.
HOLOHEDRY: dict[str, tuple[Operation, ...]] = {
    "oblique": (IDENTITY, TURN_2),
    "rectangular": (IDENTITY, TURN_2, FLIP_X, FLIP_Y),
    "rhombic": (IDENTITY, TURN_2, SWAP, ANTISWAP),
    "square": (*TURNS_4, FLIP_X, FLIP_Y, SWAP, ANTISWAP),
    "hexagonal": (*TURNS_6, *ACROSS, *ALONG),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """One pattern, and where its lattice lies in the image."""

    group: Group
    pixels: NDArray[np.uint8]  # (SIDE_PX, SIDE_PX, 3)
    basis: Floats  # (2, 2): its columns are the lattice vectors, in px, x to the right and y downwards
    origin: Floats  # (2,) px, a point whose fractional coordinates are (0, 0)


def draw(group: Group, rng: np.random.Generator) -> Drawing:
    """One random pattern of a group."""
    cell = unit_cell(group.lattice, rng)
    motif = next(motif for motif in motifs(group, cell, rng) if likeness(motif, group) <= LIKENESS)
    angle = np.radians(rng.uniform(-TURN_DEGREES, TURN_DEGREES))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    basis = np.exp(rng.uniform(*np.log(PERIOD_PX))) * turn @ cell
    origin = rng.uniform(0, SIDE_PX, 2)
    levels = sample(motif, basis, origin)
    pixels = palette(rng)[np.rint(levels * 255).astype(np.int64)]  # (S, S) -> (S, S, 3)
    return Drawing(group=group, pixels=pixels, basis=basis, origin=origin)


def unit_cell(lattice: str, rng: np.random.Generator) -> Floats:
    """Lattice vectors as columns (2, 2), of area 1, the first along x (rhombic: the diagonal along x)."""
    ratio, degrees = {
        "oblique": (np.exp(rng.uniform(-0.25, 0.25)), rng.uniform(65, 115)),
        "rectangular": (np.exp(rng.uniform(-0.4, 0.4)), 90.0),
        "rhombic": (1.0, rng.uniform(55, 125)),
        "square": (1.0, 90.0),
        "hexagonal": (1.0, 120.0),
    }[lattice]
    gamma = np.radians(degrees)
    start = -gamma / 2 if lattice == "rhombic" else 0.0
    cell = np.array([[np.cos(start), ratio * np.cos(start + gamma)], [np.sin(start), ratio * np.sin(start + gamma)]])
    return np.asarray(cell / np.sqrt(ratio * np.sin(gamma)))


def motifs(group: Group, cell: Floats, rng: np.random.Generator) -> Iterator[Floats]:
    """Random motifs with the group's symmetry: (GRID, GRID), first index along the first lattice vector, in 0..1.

    White noise filtered to DETAIL, isotropic on the page whatever the cell's shape, then averaged over the operations,
    then spread evenly over 0..1, so that no group has more contrast than another.
    """
    waves = np.fft.fftfreq(GRID, 1 / GRID)
    h, k = np.meshgrid(waves, waves, indexing="ij")
    reciprocal = np.linalg.inv(cell)  # rows are the reciprocal vectors
    frequency = np.hypot(h * reciprocal[0, 0] + k * reciprocal[1, 0], h * reciprocal[0, 1] + k * reciprocal[1, 1])
    low, high = DETAIL
    envelope = np.exp(-((frequency / high) ** 4)) * (1 - np.exp(-((frequency / low) ** 4)))
    places = [moved(operation) for operation in group.operations]
    while True:
        noise = np.fft.ifft2(np.fft.fft2(rng.standard_normal((GRID, GRID))) * envelope).real
        symmetric = np.sum([noise[place] for place in places], axis=0)
        level = np.interp(symmetric, np.sort(symmetric, axis=None), np.linspace(-1, 1, symmetric.size))
        yield 0.5 + 0.5 * np.tanh(SHARPNESS * level) / np.tanh(SHARPNESS)


def sample(motif: Floats, basis: Floats, origin: Floats) -> Floats:
    """The pattern at each pixel: (SIDE_PX, SIDE_PX), by bilinear interpolation in the period."""
    y, x = np.indices((SIDE_PX, SIDE_PX)) + 0.5 - origin[::-1, None, None]
    inverse = np.linalg.inv(basis) * GRID
    u, v = inverse[0, 0] * x + inverse[0, 1] * y, inverse[1, 0] * x + inverse[1, 1] * y
    i, j = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    p, q = u - i, v - j
    i, j, i1, j1 = i % GRID, j % GRID, (i + 1) % GRID, (j + 1) % GRID
    left = motif[i, j] * (1 - p) + motif[i1, j] * p
    right = motif[i, j1] * (1 - p) + motif[i1, j1] * p
    return np.asarray(left * (1 - q) + right * q)


def palette(rng: np.random.Generator) -> NDArray[np.uint8]:
    """256 colours (256, 3) from dark over a random middle to light, or the other way round."""
    dark, light = rng.uniform(0, 70, 3), rng.uniform(185, 255, 3)
    middle = rng.uniform(40, 215, 3)
    anchors = np.array([dark, middle, light])[:: rng.choice([-1, 1])]
    steps = np.linspace(0, 2, 256)
    return np.column_stack([np.interp(steps, (0, 1, 2), channel) for channel in anchors.T]).astype(np.uint8)


def moved(operation: Operation) -> tuple[Ints, Ints]:
    """Where an operation takes each sample of a period: two index arrays (GRID, GRID)."""
    a, b, c, d, s, t = operation
    i, j = np.indices((GRID, GRID))
    return (a * i + b * j + s * GRID // 2) % GRID, (c * i + d * j + t * GRID // 2) % GRID


def likeness(motif: Floats, group: Group) -> float:
    """Largest correlation of a motif with a copy of itself moved by an isometry that the group lacks.

    Turns and flips of the lattice's kind with all translations, and translations by less than a period.
    """
    coarse = motif[::2, ::2]
    size = len(coarse)
    coarse = (coarse - coarse.mean()) / (coarse.std() * size)
    spectrum = np.fft.fft2(coarse).conj()
    i, j = np.indices((size, size))
    own = {operation[:4] for operation in group.operations}
    worst = 0.0
    for a, b, c, d, *_ in HOLOHEDRY[group.lattice]:
        copy = coarse[(a * i + b * j) % size, (c * i + d * j) % size]
        overlap = np.fft.ifft2(spectrum * np.fft.fft2(copy)).real
        if (a, b, c, d) == IDENTITY[:4]:
            overlap = overlap[size // 4 : 3 * size // 4 + 1, :].max(), overlap[:, size // 4 : 3 * size // 4 + 1].max()
        elif (a, b, c, d) in own:
            continue
        worst = max(worst, float(np.max(overlap)))
    return worst
