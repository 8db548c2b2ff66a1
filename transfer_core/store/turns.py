"""Whose turn it is among jobs that wait for one device."""

from collections.abc import Sequence
from typing import Any, NamedTuple

SHARE = 0.1  # of the seconds that a run is expected to take: so much may go before it that came later


class Waiting(NamedTuple):
    """A job that waits, with what its payload says of its turn."""

    id: str
    by_itself: bool = False  # Graft started it, and it takes what time the others leave
    expected: float | None = None  # seconds; None: unknown
    overtaken: float = 0.0  # seconds expected of those that went before it already


def waiting(id: str, payload: dict[str, Any]) -> Waiting:
    """`payload`: a job's; of kinds that say nothing of their turn it is an ordinary one of unknown length."""
    return Waiting(
        id=id,
        by_itself=bool(payload.get("by_itself", False)),
        expected=payload.get("expected"),
        overtaken=float(payload.get("overtaken", 0.0)),
    )


def next_turn(queue: Sequence[Waiting]) -> tuple[Waiting, tuple[Waiting, ...]]:
    """Of jobs in the order in which they came: the one to begin, and those that it overtakes.

    A short run goes first, but of each that came before it all that ever overtake it take at most SHARE of its own
    expected seconds. So a long one waits hardly longer, and one whose length is unknown is not overtaken at all. What
    Graft started by itself comes last.
    """
    asked = [each for each in queue if not each.by_itself]
    if not asked:
        return queue[0], ()
    chosen, overtaken = asked[0], 0
    for place, each in enumerate(asked):
        if _may_overtake(each, asked[:place]) and (place == 0 or _shorter(each, chosen)):
            chosen, overtaken = each, place
    return chosen, tuple(asked[:overtaken])


def _may_overtake(job: Waiting, before: Sequence[Waiting]) -> bool:
    return not before or (
        job.expected is not None
        and all(each.expected is not None and each.overtaken + job.expected <= SHARE * each.expected for each in before)
    )


def _shorter(job: Waiting, other: Waiting) -> bool:
    return job.expected is not None and other.expected is not None and job.expected < other.expected
