"""Draws patterns of the 17 wallpaper groups: a random motif, made symmetric, on a random lattice, in random colours.

Shades, colours and orientations have one distribution for all groups, and every motif comes out of one filter. What
tells the groups apart, besides symmetry, is what symmetry asks for: the lattice's shape (a square, say) and, by
CELL_GROWTH, a larger cell for more operations, so that the part of it that is not repeated stays large enough to see. A
narrow UNIT_PX makes the cell's size a clue; with CELL_GROWTH = 0 it is none.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from transfer_core.types import Floats, Ints

SIDE_PX = 128
UNIT_PX = (25.0, 32.0)  # length of the unit in which cells and motifs are measured
CELL_GROWTH = 0.25  # sides of a cell, in units: operations ** this; so 1.9 (2 periods in an image) for p6m, 1 for p1
TURN_DEGREES = 5.0  # the lattice is turned by at most this
WAVES = (0.7, 1.8)  # per unit: spatial frequencies below the first and above the second fade out of the motif
SHARPNESS = 2.5  # towards 0: soft shades; larger: two flat colours
DRAFTS = 64  # motifs tried for an image; the one least like a larger group is taken

DRAFT = 24  # samples along each side of a period while motifs are tried; every operation maps samples to samples
GRID = 48  # samples along each side of the motif that is drawn

Operation = tuple[int, int, int, int, int, int]  # (a, b, c, d, s, t): (x, y) -> (ax + by + s/2, cx + dy + t/2)
Lattice = Literal["oblique", "rectangular", "rhombic", "square", "hexagonal"]

# General positions of the plane groups 1 to 17 in units of the cell (International Tables for Crystallography, volume
# A); cm and cmm on their primitive, rhombic cell.
IDENTITY: Operation = (1, 0, 0, 1, 0, 0)
TURN_2: Operation = (-1, 0, 0, -1, 0, 0)
FLIP_X: Operation = (-1, 0, 0, 1, 0, 0)
FLIP_Y: Operation = (1, 0, 0, -1, 0, 0)
SWAP: Operation = (0, 1, 1, 0, 0, 0)
SWAP_BACK: Operation = (0, -1, -1, 0, 0, 0)
FLIPS_4: tuple[Operation, ...] = (FLIP_X, FLIP_Y, SWAP, SWAP_BACK)
TURNS_4: tuple[Operation, ...] = (IDENTITY, (0, -1, 1, 0, 0, 0), TURN_2, (0, 1, -1, 0, 0, 0))
TURNS_3: tuple[Operation, ...] = (IDENTITY, (0, -1, 1, -1, 0, 0), (-1, 1, -1, 0, 0, 0))
TURNS_6: tuple[Operation, ...] = (*TURNS_3, TURN_2, (0, 1, -1, 1, 0, 0), (1, -1, 1, 0, 0, 0))
FLIPS_3M1: tuple[Operation, ...] = (SWAP_BACK, (-1, 1, 0, 1, 0, 0), (1, 0, 1, -1, 0, 0))
FLIPS_31M: tuple[Operation, ...] = (SWAP, (1, -1, 0, -1, 0, 0), (-1, 0, -1, 1, 0, 0))


def shifted(operation: Operation, s: int, t: int) -> Operation:
    return (*operation[:4], s, t)


@dataclass(frozen=True, kw_only=True)
class Group:
    """A wallpaper group: its operations modulo whole periods, and the lattice that they need."""

    name: str
    lattice: Lattice
    operations: tuple[Operation, ...]


def group(name: str, lattice: Lattice, *operations: Operation) -> Group:
    return Group(name=name, lattice=lattice, operations=operations)


GROUPS: tuple[Group, ...] = (
    group("p1", "oblique", IDENTITY),
    group("p2", "oblique", IDENTITY, TURN_2),
    group("pm", "rectangular", IDENTITY, FLIP_X),
    group("pg", "rectangular", IDENTITY, shifted(FLIP_X, 0, 1)),
    group("cm", "rhombic", IDENTITY, SWAP),
    group("pmm", "rectangular", IDENTITY, TURN_2, FLIP_X, FLIP_Y),
    group("pmg", "rectangular", IDENTITY, TURN_2, shifted(FLIP_X, 1, 0), shifted(FLIP_Y, 1, 0)),
    group("pgg", "rectangular", IDENTITY, TURN_2, shifted(FLIP_X, 1, 1), shifted(FLIP_Y, 1, 1)),
    group("cmm", "rhombic", IDENTITY, TURN_2, SWAP, SWAP_BACK),
    group("p4", "square", *TURNS_4),
    group("p4m", "square", *TURNS_4, *FLIPS_4),
    group("p4g", "square", *TURNS_4, *(shifted(flip, 1, 1) for flip in FLIPS_4)),
    group("p3", "hexagonal", *TURNS_3),
    group("p3m1", "hexagonal", *TURNS_3, *FLIPS_3M1),
    group("p31m", "hexagonal", *TURNS_3, *FLIPS_31M),
    group("p6", "hexagonal", *TURNS_6),
    group("p6m", "hexagonal", *TURNS_6, *FLIPS_3M1, *FLIPS_31M),
)

# Every turn and flip that maps a lattice of that kind to itself.
HOLOHEDRY: dict[Lattice, tuple[Operation, ...]] = {
    "oblique": (IDENTITY, TURN_2),
    "rectangular": (IDENTITY, TURN_2, FLIP_X, FLIP_Y),
    "rhombic": (IDENTITY, TURN_2, SWAP, SWAP_BACK),
    "square": (*TURNS_4, *FLIPS_4),
    "hexagonal": (*TURNS_6, *FLIPS_3M1, *FLIPS_31M),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """One pattern, and where its lattice lies in the image. Points are (x, y) in px, x to the right and y downwards."""

    group: Group
    pixels: NDArray[np.uint8]  # (SIDE_PX, SIDE_PX, 3)
    basis: Floats  # (2, 2), px: its columns are the lattice vectors
    origin: Floats  # (2,), px: a point whose coordinates in the cell are (0, 0)


def draw(group: Group, rng: np.random.Generator) -> Drawing:
    """One random pattern of a group."""
    cell = unit_cell(group.lattice, rng) * len(group.operations) ** CELL_GROWTH  # (2, 2), in units
    tried = drafts(group, cell, rng)
    draft = tried[likeness(tried, group).argmin()]
    angle = np.radians(rng.uniform(-TURN_DEGREES, TURN_DEGREES))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    basis = np.exp(rng.uniform(*np.log(UNIT_PX))) * turn @ cell
    origin = rng.uniform(0, SIDE_PX, 2)
    shades = np.rint(255 * tiled(shaded(finer(draft)), basis, origin)).astype(np.uint8)
    return Drawing(group=group, pixels=palette(rng)[shades], basis=basis, origin=origin)


def unit_cell(lattice: Lattice, rng: np.random.Generator) -> Floats:
    """Lattice vectors of a cell of area 1, as columns: (2, 2). The first, or the rhomb's diagonal, lies along x."""
    ratio, degrees = 1.0, 90.0
    if lattice == "oblique":
        ratio, degrees = np.exp(rng.uniform(-0.25, 0.25)), rng.uniform(65, 115)
    elif lattice == "rectangular":
        ratio = np.exp(rng.uniform(-0.4, 0.4))
    elif lattice == "rhombic":
        degrees = rng.uniform(55, 125)
    elif lattice == "hexagonal":
        degrees = 120.0
    first = np.radians(-degrees / 2 if lattice == "rhombic" else 0)
    second = first + np.radians(degrees)
    cell = np.array([[np.cos(first), ratio * np.cos(second)], [np.sin(first), ratio * np.sin(second)]])
    return np.asarray(cell / np.sqrt(np.linalg.det(cell)))


def drafts(group: Group, cell: Floats, rng: np.random.Generator) -> Floats:
    """Random motifs with the group's symmetry: (DRAFTS, DRAFT, DRAFT), the last two indices along the lattice vectors.

    Noise filtered to WAVES, in the same way in all directions and for all cells, averaged over the operations.
    """
    h = np.fft.fftfreq(DRAFT, 1 / DRAFT)
    (ax, ay), (bx, by) = np.linalg.inv(cell)  # rows are the reciprocal lattice vectors
    frequency = np.hypot(h[:, None] * ax + h * bx, h[:, None] * ay + h * by)  # (D, D), waves per unit
    low, high = WAVES
    passed = np.exp(-((frequency / high) ** 4)) - np.exp(-((frequency / low) ** 4))
    noise = np.fft.fft2(rng.standard_normal((DRAFTS, DRAFT, DRAFT)))
    smooth = np.fft.ifft2(noise * passed).real
    return np.asarray(sum(smooth[:, *moved(operation, DRAFT)] for operation in group.operations))


def finer(draft: Floats) -> Floats:
    """The same motif on a finer grid, exactly: (DRAFT, DRAFT) -> (GRID, GRID)."""
    h = np.fft.fftfreq(DRAFT, 1 / DRAFT).astype(np.int64)
    spectrum = np.zeros((GRID, GRID), np.complex128)
    spectrum[np.ix_(h, h)] = np.fft.fft2(draft)
    return np.fft.ifft2(spectrum).real


def shaded(motif: Floats) -> Floats:
    """Shades in 0..1 by rank, so that no group has more contrast or darkness than another."""
    ranks = np.interp(motif, np.sort(motif, axis=None), np.linspace(-1, 1, motif.size))
    return np.asarray(0.5 + 0.5 * np.tanh(SHARPNESS * ranks) / np.tanh(SHARPNESS))


@cache
def moved(operation: Operation, grid: int) -> tuple[Ints, Ints]:
    """Where an operation takes each sample of a period: two index arrays (grid, grid)."""
    a, b, c, d, s, t = operation
    i, j = np.indices((grid, grid))
    return (a * i + b * j + s * grid // 2) % grid, (c * i + d * j + t * grid // 2) % grid


def likeness(tried: Floats, group: Group) -> Floats:
    """Largest correlation of each motif with a copy moved by an isometry that its group lacks: (N, D, D) -> (N,).

    These are the turns and flips of the lattice that the group lacks, each with every translation, and translations by
    a quarter of a period or more.
    """
    size = tried.shape[-1]
    unit = tried - tried.mean((1, 2), keepdims=True)
    unit /= np.linalg.norm(unit, axis=(1, 2), keepdims=True)
    own = {operation[:4] for operation in group.operations}
    foreign = [operation for operation in HOLOHEDRY[group.lattice] if operation[:4] not in own]
    copies = np.fft.rfft2([unit, *(unit[:, *moved(operation, size)] for operation in foreign)])
    overlap = np.fft.irfft2(copies * copies[0].conj(), (size, size))  # (1 + foreign, N, D, D), over translations
    far = np.abs(np.fft.fftfreq(size)) >= 0.25
    overlap[0, :, ~(far[:, None] | far[None, :])] = 0
    return np.asarray(overlap.max((0, 2, 3)))


def tiled(motif: Floats, basis: Floats, origin: Floats) -> Floats:
    """The pattern's shade at the centre of each pixel, interpolated within the period: (SIDE_PX, SIDE_PX)."""
    x, y = np.arange(SIDE_PX) + 0.5 - origin[:, None]
    (ax, ay), (bx, by) = np.linalg.inv(basis) * GRID
    u, v = ax * x + ay * y[:, None], bx * x + by * y[:, None]  # (S, S), in samples of the motif
    i, j = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    p, q = u - i, v - j
    padded = np.pad(motif, (0, 1), mode="wrap")
    i, j = i % GRID, j % GRID
    near = padded[i, j] * (1 - p) + padded[i + 1, j] * p
    far = padded[i, j + 1] * (1 - p) + padded[i + 1, j + 1] * p
    return np.asarray(near * (1 - q) + far * q)


def palette(rng: np.random.Generator) -> NDArray[np.uint8]:
    """256 colours from a dark one over one between to a light one, or the other way round: (256, 3)."""
    dark, between, light = rng.uniform(0, 70, 3), rng.uniform(40, 215, 3), rng.uniform(185, 255, 3)
    stops = np.array([dark, between, light])[:: rng.choice([-1, 1])]
    shades = np.linspace(0, 2, 256)
    return np.stack([np.interp(shades, (0, 1, 2), channel) for channel in stops.T], axis=1).astype(np.uint8)
