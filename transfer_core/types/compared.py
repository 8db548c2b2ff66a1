"""Finished runs of one dataset held against each other."""

from dataclasses import dataclass

from transfer_core.types.plain import Ints


@dataclass(frozen=True, kw_only=True, eq=False)
class Score:
    """One run on its test split."""

    run: str
    accuracy: float
    interval: tuple[float, float]  # 95 %, Wilson
    macro_f1: float
    confusion: Ints  # (C, C): rows are labels, columns predictions
    images: int


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Which run to take. `pairs` holds, for each other run, its name, the difference and McNemar's exact p."""

    choice: str  # a run's id
    reason: str
    pairs: tuple[tuple[str, float, float], ...] = ()  # (run, choice's accuracy minus its own, p)
