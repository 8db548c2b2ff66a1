"""Which run to take, and why, in a sentence."""

from collections.abc import Mapping

import numpy as np

from transfer_core.compare.statistics import mcnemar
from transfer_core.types import Predictions, Verdict

SIGNIFICANT = 0.05


def holm(p_values: list[float]) -> list[float]:
    """Holm's step-down adjustment of p values, in the given order."""
    order = np.argsort(p_values)
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        worst = max(worst, min(1.0, p_values[i] * (len(p_values) - rank)))
        adjusted[i] = worst
    return adjusted


def verdict(predictions: Mapping[str, Predictions], titles: Mapping[str, str], seconds: Mapping[str, float]) -> Verdict:
    """The most accurate run on the shared test images, and how surely it is ahead of each other run.

    Pairs are compared by McNemar's exact test, adjusted by Holm. Where a much cheaper run cannot be told apart from
    the most accurate one, the sentence says so. Raises ValueError without runs or when test images differ.
    """
    if not predictions:
        raise ValueError("no runs to compare")
    first = next(iter(predictions.values()))
    if any(not np.array_equal(p.test_samples, first.test_samples) for p in predictions.values()):
        raise ValueError("the runs were tested on different images")
    right = {run: p.test_probabilities.argmax(1) == p.test_labels for run, p in predictions.items()}
    ranked = sorted(right, key=lambda run: (-right[run].mean(), seconds[run]))
    best, others = ranked[0], ranked[1:]
    p_values = holm([mcnemar(right[best], right[run]) for run in others])
    pairs = tuple(
        (run, float(right[best].mean() - right[run].mean()), p) for run, p in zip(others, p_values, strict=True)
    )
    return Verdict(choice=best, reason=_sentence(best, pairs, right[best], titles, seconds), pairs=pairs)


def _sentence(
    best: str,
    pairs: tuple[tuple[str, float, float], ...],
    right: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    titles: Mapping[str, str],
    seconds: Mapping[str, float],
) -> str:
    head = f"Take {titles[best]}: {100 * right.mean():.1f} % of {len(right):,} test images right"
    if not pairs:
        return f"{head}. It is the only finished run; train another strategy to compare it with."
    unsure = [(run, gap) for run, gap, p in pairs if p >= SIGNIFICANT]
    if not unsure:
        return f"{head}, ahead of every other run by more than chance explains (McNemar's exact test, p < 0.05)."
    names = _list([f"{titles[run]} ({_behind(gap)})" for run, gap in unsure])
    lead = "It is ahead of the others by more than chance explains, but the" if len(unsure) < len(pairs) else "The"
    text = f"{head}. {lead} test images are too few to tell it apart from {names}"
    cheap = [run for run, _ in unsure if seconds[run] * 2 < seconds[best]]
    if cheap:
        quick = min(cheap, key=lambda run: seconds[run])
        text += f", and {titles[quick]} trained {seconds[best] / max(seconds[quick], 0.1):.0f} times faster"
    return text + "."


def _behind(gap: float) -> str:
    return f"{gap * 100:.1f} points behind" if gap else "as many right"


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
