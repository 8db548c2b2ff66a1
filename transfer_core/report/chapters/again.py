"""What it takes to repeat it all: recipes, backbones, versions."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from urllib.parse import quote

from transfer_core.compare.statistics import DRAWS
from transfer_core.presentation.entries import Entry
from transfer_core.presentation.recipes import Differences, differences
from transfer_core.report.gathered import Gathered
from transfer_core.types import LABELS, Backbone, Dataset, Notice, Recipe, Run

SEED = 0  # of the bootstrap


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A run that can be trained again from its recipe."""

    entry: Entry
    notices: tuple[str, ...]
    recipe: str  # as JSON

    @property
    def address(self) -> str:
        """Of the recipe as a file."""
        return f"data:application/json;charset=utf-8,{quote(self.recipe)}"


@dataclass(frozen=True, kw_only=True)
class Ensemble:
    entry: Entry
    recipes: tuple[tuple[Run, str], ...]  # of its members, which may not be compared themselves


@dataclass(frozen=True, kw_only=True)
class AgainChapter:
    dataset: Dataset
    trained: tuple[Trained, ...]
    ensembles: tuple[Ensemble, ...]
    recipes: Differences
    own: int  # the place of the chosen run among those trained; of the first where that is an ensemble
    backbones: tuple[Backbone, ...]
    versions: Mapping[str, str]
    draws: int
    seed: int

    @property
    def apart(self) -> dict[str, tuple[str, ...]]:
        """What differs, save the strategy, which the runs' names tell."""
        return {label: told for label, told in self.recipes.apart.items() if label != LABELS["strategy"]}


def again(gathered: Gathered) -> AgainChapter:
    runs = [each for each in gathered.entries if not each.run.members]
    return AgainChapter(
        dataset=gathered.dataset,
        trained=tuple(
            Trained(entry=each, notices=_notices(gathered, each), recipe=_saved(each.run.recipe)) for each in runs
        ),
        ensembles=tuple(
            Ensemble(entry=each, recipes=tuple((member, _saved(member.recipe)) for member in each.run.members))
            for each in gathered.entries
            if each.run.members
        ),
        recipes=differences([each.run for each in runs]),
        own=next((place for place, each in enumerate(runs) if each is gathered.chosen), 0),
        backbones=gathered.involved,
        versions=gathered.versions,
        draws=DRAWS,
        seed=SEED,
    )


def _notices(gathered: Gathered, entry: Entry) -> tuple[str, ...]:
    return tuple(event.text for event in gathered.events[entry.run.id] if isinstance(event, Notice))


def _saved(recipe: Recipe) -> str:
    return json.dumps(asdict(recipe), indent=1, ensure_ascii=False)
