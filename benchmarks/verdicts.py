"""How often “better” is claimed, when it is true and when it is not: `python -m benchmarks.verdicts`.

Runs are simulated whose true accuracies are known, on test images drawn anew each time, and go through the comparison
that the app makes. Beside it the same pairs by McNemar's test on single images, the peer that knows nothing of
near-duplicates or of how many pairs are compared.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np

from transfer_core.compare.compared import LEVEL
from transfer_core.compare.pairs import held
from transfer_core.compare.statistics import mcnemar
from transfer_core.types import Ints, Predictions

DRAWS = 2_000
NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True, kw_only=True)
class World:
    """Runs as they truly are: equally good, or two of which the first is better by `lead`."""

    title: str
    images: int
    runs: int = 2
    lead: float = 0.0
    discordant: float = 0.1  # share of images that one of two runs alone has right
    copies: int = 1  # near-duplicates of each image, of which all runs say the same

    def drawn(self, rng: np.random.Generator) -> tuple[dict[str, Predictions], Ints]:
        """Predictions of every run on the same images (N,), and their near-duplicate groups (N,)."""
        distinct = self.images // self.copies
        if self.runs == 2:
            place = rng.random(distinct)
            first_alone = place < (self.discordant + self.lead) / 2
            second_alone = place > 1 - (self.discordant - self.lead) / 2
            right = ~np.stack([second_alone, first_alone])
        else:  # each run goes its own way on so many images that two differ on `discordant` of them
            own = (1 - np.sqrt(1 - 2 * self.discordant)) / 2
            right = (rng.random(distinct) < 0.8) ^ (rng.random((self.runs, distinct)) < own)
        groups = np.repeat(np.arange(distinct), self.copies)
        shares = np.where(right[:, groups, None], (0.9, 0.1), (0.2, 0.8))  # (R, N, 2)
        labels = np.zeros(len(groups), np.int64)
        return {
            str(run): Predictions(
                val_samples=NOTHING,
                val_labels=NOTHING,
                val_probabilities=np.zeros((0, 2)),
                test_samples=np.arange(len(groups)),
                test_labels=labels,
                test_probabilities=shares[run],
            )
            for run in range(self.runs)
        }, groups


WORLDS = (
    World(title="equal", images=100),
    World(title="equal", images=400),
    World(title="equal", images=2_000),
    World(title="equal, few differ", images=400, discordant=0.02),
    World(title="equal, four near-duplicates of each", images=400, copies=4),
    World(title="equal", images=400, runs=5),
    World(title="5 points apart", images=400, lead=0.05),
    World(title="5 points apart, two near-duplicates of each", images=800, lead=0.05, copies=2),
    World(title="2 points apart", images=400, lead=0.02),
)


def judged(world: World, draws: int) -> tuple[float, float]:
    """How often “better” is claimed of any pair: by the app, and by McNemar's test on single images."""
    rng = np.random.default_rng(0)
    claimed = plain = 0
    for _ in range(draws):
        kept, groups = world.drawn(rng)
        found = held(kept, groups, ("a", "b")).pairs
        right = {run: each.test_probabilities.argmax(1) == 0 for run, each in kept.items()}
        claimed += any(pair.better for pair in found)
        plain += any(mcnemar(right[pair.first], right[pair.second]) < LEVEL for pair in found)
    return claimed / draws, plain / draws


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--draws", type=int, default=DRAWS)
    given = parser.parse_args()
    print("| runs | test images | truth | Graft claims | McNemar on single images |")
    print("| --- " * 5 + "|")
    for world in WORLDS:
        ours, plain = judged(world, given.draws)
        print(f"| {world.runs} | {world.images:,} | {world.title} | {ours:.1%} | {plain:.1%} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
