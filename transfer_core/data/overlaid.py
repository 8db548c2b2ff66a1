"""Pictures laid over each other, in batches: moved and stretched along both sides until one fits the other best.

Gauss-Newton steps (Lucas and Kanade 1981). A place (P, 4) is stretch and shift of rows, then of columns, from the
middle. All filters are products with matrices of one side: BLAS is quick at these.
"""

import numpy as np
from numpy.typing import NDArray

Singles = NDArray[np.float32]
Flags = NDArray[np.bool_]

STRETCH, SHIFT = (0.9, 1.11), 0.08  # bounds; the shift as a part of the side


def blur(px: float, side: int) -> Singles:
    """A Gaussian along one side, whose last pixel goes on beyond it: (side, side)."""
    reach = np.arange(-int(4 * px + 0.5), int(4 * px + 0.5) + 1)
    weights = np.exp(-0.5 * (reach / px) ** 2)
    at = np.clip(np.arange(side)[:, None] + reach, 0, side - 1)
    matrix = np.zeros((side, side))
    np.add.at(matrix, (np.arange(side)[:, None], at), weights / weights.sum())
    return matrix.astype(np.float32)


def filtered(x: Singles, matrix: Singles) -> Singles:
    """The same matrix (m, n) along both sides of pictures: (P, n, n) -> (P, m, m)."""
    along = (x.reshape(-1, x.shape[2]) @ matrix.T).reshape(len(x), x.shape[1], len(matrix))
    filtered: Singles = matrix @ along
    return filtered


def lay(x: Singles, place: Singles) -> tuple[Singles, Flags, Flags]:
    """Pictures (P, n, n), moved, and which rows and columns have pixels: (P, n) each."""
    rows, high = _matrices(place[:, 0], place[:, 1], x.shape[1])
    columns, wide = _matrices(place[:, 2], place[:, 3], x.shape[1])
    laid: Singles = np.matmul(rows @ x, columns.swapaxes(1, 2))
    return laid, high, wide


def lay_smoothly(x: Singles, place: Singles) -> Singles:
    """The same by cubic convolution (Keys 1981), which keeps more of what is fine."""
    side = x.shape[1]
    places, middle = np.arange(side, dtype=np.float32), np.float32((side - 1) / 2)

    def along(stretch: Singles, shift: Singles) -> Singles:
        at = np.clip(middle + stretch[:, None] * (places - middle) + shift[:, None], 0, side - 1)
        far = np.abs(at[:, :, None] - places)
        near = (1.5 * far - 2.5) * far * far + 1
        beyond = ((np.float32(2.5) - np.float32(0.5) * far) * far - 4) * far + 2
        weights: Singles = np.where(far < 1, near, np.where(far < 2, beyond, np.float32(0)))
        weights /= weights.sum(2, keepdims=True)
        return weights

    laid: Singles = np.matmul(along(place[:, 0], place[:, 1]) @ x, along(place[:, 2], place[:, 3]).swapaxes(1, 2))
    return laid


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


def correlation(a: Singles, b: Singles, place: Singles) -> Singles:
    laid, high, wide = lay(b, place)
    common = (high[:, :, None] & wide[:, None, :]).astype(np.float32)
    laid *= common
    a = a * common
    aa, bb, ab = (np.einsum("pij,pij->p", x, y) for x, y in ((a, a), (laid, laid), (a, laid)))
    likeness: Singles = ab / np.sqrt(np.maximum(aa * bb, np.float32(1e-6)))
    return likeness


def nearer(a: Singles, b: Singles, place: Singles, steps: int) -> Singles:
    """`place` (P, 4), stretch and shift of rows, then of columns, after Gauss-Newton steps to where b fits a best."""
    side = a.shape[1]
    from_middle = np.arange(side, dtype=np.float32) - np.float32(side - 1) / 2
    ways = np.stack([from_middle, np.ones_like(from_middle)], 1)  # (n, 2)
    squares = (ways[:, :, None] * ways[:, None, :]).reshape(side, 4)
    diagonal = np.arange(4)
    for _ in range(steps):
        laid, high, wide = lay(b, place)
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
