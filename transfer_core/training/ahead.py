"""How long a run still takes: the passes that it will make, each at the pace that was measured or is expected. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

BACK = 2.0  # a pass back through all of a network takes about two passes forward


@dataclass(frozen=True, kw_only=True)
class Leg:
    """The training passes of one stage that are ahead."""

    images: float
    share: float  # of the network that learns, by its taps: 0 the head alone, 1 all of it


@dataclass(frozen=True, kw_only=True)
class Paces:
    """Seconds an image, as measured so far."""

    forward: float | None = None
    train: Mapping[float, float] = field(default_factory=dict)  # by the share that learns
    slope: float | None = None  # that it takes longer for each share of the network that learns


def seconds_left(forward: float, legs: Sequence[Leg], paces: Paces) -> float | None:
    """For so many images that are passed forward, and the legs; None while nothing has been measured."""
    look = paces.forward
    if look is None and paces.train:
        share, pace = next(iter(paces.train.items()))
        look = pace / (1 + BACK * share)
    if look is None:
        return None
    return forward * look + sum(leg.images * _learn(leg.share, look, paces) for leg in legs)


def _learn(share: float, look: float, paces: Paces) -> float:
    """A stage's own pace; else that of the nearest one, and what the rest of the network adds; else an expectation."""
    if share in paces.train:
        return paces.train[share]
    if not paces.train:
        return look * (1 + BACK * share)
    near = min(paces.train, key=lambda known: abs(known - share))
    slope = BACK * look if paces.slope is None else paces.slope
    return max(look, paces.train[near] + slope * (share - near))
