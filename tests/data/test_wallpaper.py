"""The wallpaper images have the symmetries of their group, and no more. Measured on the pixels, as a sceptic would."""

import re
from itertools import product

import numpy as np
import pytest

from transfer_core.data.examples import IMAGES_A_CLASS
from transfer_core.data.wallpaper import GROUPS, SIDE_PX, Drawing, Group, draw
from transfer_core.types import Floats

# Generators as the International Tables print them, on the conventional cell: cm and cmm are centred there.
CENTRED = {"cm", "cmm"}
GENERATORS = {
    "p1": [],
    "p2": ["-x,-y"],
    "pm": ["-x,y"],
    "pg": ["-x,y+1/2"],
    "cm": ["-x,y", "x+1/2,y+1/2"],
    "pmm": ["-x,-y", "-x,y"],
    "pmg": ["-x,-y", "-x+1/2,y"],
    "pgg": ["-x,-y", "-x+1/2,y+1/2"],
    "cmm": ["-x,-y", "-x,y", "x+1/2,y+1/2"],
    "p4": ["-y,x"],
    "p4m": ["-y,x", "-x,y"],
    "p4g": ["-y,x", "-x+1/2,y+1/2"],
    "p3": ["-y,x-y"],
    "p3m1": ["-y,x-y", "-y,-x"],
    "p31m": ["-y,x-y", "y,x"],
    "p6": ["x-y,x"],
    "p6m": ["x-y,x", "y,x"],
}
ORDERS = dict(zip(GENERATORS, (1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 8, 8, 3, 6, 6, 6, 12), strict=True))

# A turn or flip, of whatever centre and glide, that would make it one of the larger groups on the same lattice. Where
# none is listed, the lattice of that kind has no other.
FOREIGN = {
    **{name: ["-x,-y"] for name in ("p1", "pm", "pg", "cm", "p3m1", "p31m")},
    "p3": ["-x,-y", "y,x", "-y,-x"],
    "p4": ["-x,y"],
    "p6": ["y,x"],
}
HALVES = [(12, 0), (0, 12), (12, 12)]  # in samples: shifts that would make the cell smaller
THIRDS = [(8, 16), (16, 8)]
SOME = 12  # images a class whose symmetries are measured every day
SAMPLES = 24  # along each side of the cell, when it is measured


def affine(text: str) -> tuple[Floats, Floats]:
    """ "-x+1/2,y" -> its matrix (2, 2) and its shift (2,)."""
    matrix, shift = np.zeros((2, 2)), np.zeros(2)
    for row, part in enumerate(text.split(",")):
        for sign, letter in re.findall(r"([+-]?)([xy])", part):
            matrix[row, "xy".index(letter)] = -1 if sign == "-" else 1
        shift[row] = 0.5 if "1/2" in part else 0
    return matrix, shift


def conventional(drawing: Drawing) -> Floats:
    """The basis that the tables use: for a rhombic lattice the two diagonals, the mirrored one first."""
    a, b = drawing.basis.T
    return np.column_stack([a - b, a + b]) if drawing.group.name in CENTRED else drawing.basis


def shades(drawing: Drawing, points: Floats, basis: Floats) -> Floats:
    """Brightness of the image at fractional coordinates (2, ...), each taken in the period nearest to its middle.

    The choice of period uses the lattice alone, so a pattern that did not repeat with it would show.
    """
    lattice = drawing.basis
    at = np.einsum("ij,j...->i...", basis, points) + drawing.origin[(...,) + (None,) * (points.ndim - 1)]
    middle = np.full_like(at, SIDE_PX / 2)
    near = np.linalg.solve(lattice, (at - middle).reshape(2, -1))
    x, y = (lattice @ (near - np.rint(near))).reshape(at.shape) + middle - 0.5
    assert min(x.min(), y.min()) >= 0
    assert max(x.max(), y.max()) < SIDE_PX - 1
    grey = drawing.pixels.astype(float) @ (0.299, 0.587, 0.114)
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    p, q = y - i, x - j
    upper = grey[i, j] * (1 - q) + grey[i, j + 1] * q
    lower = grey[i + 1, j] * (1 - q) + grey[i + 1, j + 1] * q
    return upper * (1 - p) + lower * p


def correlation(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def moved_best(cell: Floats, matrix: Floats) -> float:
    """Largest correlation of a cell with its copy under a turn or flip, over all translations."""
    i, j = np.einsum("ij,j...->i...", matrix, np.indices(cell.shape)).astype(int) % SAMPLES
    unit = (cell - cell.mean()) / (cell.std() * SAMPLES)
    return float(np.fft.ifft2(np.fft.fft2(unit).conj() * np.fft.fft2(unit[i, j])).real.max())


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
@pytest.mark.parametrize(
    "indices", [range(SOME), pytest.param(range(SOME, IMAGES_A_CLASS), marks=pytest.mark.soak)], ids=["some", "others"]
)
def test_every_image_has_the_symmetries_of_its_group_and_no_more(group: Group, indices: range) -> None:
    grid = np.stack(np.meshgrid(*[np.arange(SAMPLES) / SAMPLES] * 2, indexing="ij"))
    for index in indices:
        drawing = draw(group, np.random.default_rng([0, GROUPS.index(group), index]))
        basis = conventional(drawing)
        here = shades(drawing, grid, basis)
        for text in GENERATORS[group.name]:
            matrix, shift = affine(text)
            there = np.einsum("ij,j...->i...", matrix, grid) + shift[:, None, None]
            assert correlation(here, shades(drawing, there, basis)) > 0.97, f"image {index} lacks {text}"
        cell = shades(drawing, grid, drawing.basis)
        for text in FOREIGN.get(group.name, []):
            assert moved_best(cell, affine(text)[0]) < 0.9, f"image {index} has {text}"
        for step in HALVES + THIRDS * (group.lattice == "hexagonal"):
            assert correlation(cell, np.roll(cell, step, (0, 1))) < 0.9, f"image {index} repeats after {step} of 24"


def test_operations_make_a_group() -> None:
    def modulo_periods(matrix: Floats) -> tuple[float, ...]:
        return (*matrix[:2, :2].ravel(), *(matrix[:2, 2] % 1))

    for group in GROUPS:
        matrices = [np.array([[a, b, s / 2], [c, d, t / 2], [0, 0, 1]]) for a, b, c, d, s, t in group.operations]
        known = {modulo_periods(matrix) for matrix in matrices}
        assert len(known) == len(matrices) == ORDERS[group.name], group.name
        assert {modulo_periods(one @ other) for one, other in product(matrices, matrices)} == known, group.name


def test_brightness_contrast_and_colour_say_nothing() -> None:
    statistics = []
    for number, group in enumerate(GROUPS):
        for index in range(20):
            pixels = draw(group, np.random.default_rng([1, number, index])).pixels.reshape(-1, 3).astype(float)
            statistics.append([*pixels.mean(0), *pixels.std(0), *np.percentile(pixels.mean(1), (10, 50, 90))])
    values = np.array(statistics)
    values = ((values - values.mean(0)) / values.std(0)).reshape(len(GROUPS), 20, -1)
    means = values[:, :10].mean(1)  # (17, 9), of one half of the images; the other half is classified by the nearest
    guesses = np.linalg.norm(values[:, 10:, None] - means, axis=-1).argmin(-1)  # (17, 10)
    right = (guesses == np.arange(len(GROUPS))[:, None]).mean()
    assert right < 0.13, "chance is 0.06, with a standard error of 0.02"
