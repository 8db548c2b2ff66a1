"""Power laws of test errors, many fitted at once."""

from dataclasses import dataclass

import numpy as np

from transfer_core.types import Floats

RATES = np.arange(201) / 100  # exponents that are tried; those of real tasks lie below 1 (Hestness et al. 2017)


@dataclass(frozen=True, kw_only=True, eq=False)
class Laws:
    """D laws: error = scale * images ** -rate + floor."""

    scale: Floats  # (D,) each
    rate: Floats
    floor: Floats

    def at(self, images: Floats) -> Floats:
        """(G,) -> (D, G) errors."""
        falling = np.exp(-self.rate[:, None] * np.log(images))
        return np.asarray(self.scale[:, None] * falling + self.floor[:, None])


def fitted(images: Floats, errors: Floats, weights: Floats, *, floor: bool) -> Laws:
    """Weighted least squares: (K,) images, (D, K) errors, (K,) weights -> D laws, falling or flat.

    For each rate the best scale and floor, neither below 0, are known in closed form; of the RATES the best is taken.
    Without `floor` it is 0: three sizes can tell no more than two parameters.
    """
    unit = images[0]
    x = (images / unit) ** -RATES[:, None]  # (B, K)
    s1, sx, sxx = weights.sum(), x @ weights, (x * x) @ weights
    sy, sxy = (errors @ weights)[:, None], (errors * weights) @ x.T  # (D, 1), (D, B)
    scale, level = sxy / sxx, np.zeros_like(sxy)
    if floor:
        spread = s1 * sxx - sx**2  # 0 for the rate 0, whose law is a floor already
        both = np.divide(s1 * sxy - sx * sy, spread, out=np.zeros_like(sxy), where=spread > 1e-12 * s1 * sxx)
        over = (sy - both * sx) / s1
        scale, level = np.where(over < 0, scale, both), np.maximum(over, 0)
        rises = scale < 0
        scale, level = np.where(rises, 0, scale), np.where(rises, sy / s1, level)
    loss = scale**2 * sxx - 2 * scale * sxy + 2 * scale * level * sx - 2 * level * sy + level**2 * s1  # but for errors²
    best = loss.argmin(1)
    own = np.arange(len(errors)), best
    return Laws(scale=scale[own] * unit ** RATES[best], rate=RATES[best], floor=level[own])
