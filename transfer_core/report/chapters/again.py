"""What it takes to repeat it all: recipes, backbones, versions."""

from dataclasses import dataclass

from transfer_core.presentation.entries import Entry
from transfer_core.presentation.recipes import Differences, differences
from transfer_core.report.gathered import Gathered
from transfer_core.strategies.settings import LABELS
from transfer_core.types import Notice


@dataclass(frozen=True, kw_only=True)
class AgainChapter:
    trained: tuple[tuple[Entry, tuple[str, ...]], ...]  # runs that have a recipe of their own, with what they said
    ensembles: tuple[Entry, ...]
    recipes: Differences
    own: int  # the place of the chosen run among those trained; of the first where that is an ensemble

    @property
    def apart(self) -> dict[str, tuple[str, ...]]:
        """What differs, save the strategy, which the runs' names tell."""
        return {label: told for label, told in self.recipes.apart.items() if label != LABELS["strategy"]}


def again(gathered: Gathered) -> AgainChapter:
    runs = [each for each in gathered.entries if not each.run.members]
    return AgainChapter(
        trained=tuple(
            (each, tuple(event.text for event in gathered.events[each.run.id] if isinstance(event, Notice)))
            for each in runs
        ),
        ensembles=tuple(each for each in gathered.entries if each.run.members),
        recipes=differences([each.run for each in runs]),
        own=next((place for place, each in enumerate(runs) if each is gathered.chosen), 0),
    )
