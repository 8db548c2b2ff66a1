"""What a workspace knows of one comparison: all that a report is made from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from transfer_core.compare.compared import Comparison, Grade, Resampled, Seen
from transfer_core.data.checks import Profile
from transfer_core.errors import GraftError
from transfer_core.presentation.entries import Entry, entries
from transfer_core.report.thumbnails import data_uri
from transfer_core.strategies import Strategy
from transfer_core.types import Backbone, Dataset, Decision, Event, Measured, Repeats, Run, Said

MOST_SHOWN = 12  # images of a gallery


@dataclass(frozen=True, kw_only=True, eq=False)
class Gathered:
    dataset: Dataset
    profile: Profile
    said: Said
    measured: Measured | None
    decision: Decision
    comparison: Comparison
    grade: Grade
    strategies: Sequence[Strategy]
    backbones: Sequence[Backbone]
    runs: Mapping[str, Run]  # of the dataset, those compared and others
    events: Mapping[str, Sequence[Event]]  # of each run that is compared
    model_bytes: Mapping[str, int | None]
    repeats: Sequence[tuple[str, Repeats]]  # each with its title
    resampled: Sequence[Resampled]
    mistakes: Sequence[Seen]  # of the verdict's choice
    rival: str | None  # Comparison.rival
    fixed: Sequence[Seen]  # the choice alone is right, of it and its rival
    broken: Sequence[Seen]  # the rival alone is right
    label_errors: Sequence[Seen]
    image: Callable[[int], bytes]  # a sample's file
    versions: Mapping[str, str]
    created: float  # seconds since 1970

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The compared runs, the best first."""
        return entries(self.comparison)

    @cached_property
    def chosen(self) -> Entry:
        return next(each for each in self.entries if each.run.id == self.comparison.verdict.choice)

    @cached_property
    def involved(self) -> tuple[Backbone, ...]:
        """Backbones of compared runs, and the one that the questions were answered for."""
        names = {self.said.backbone, *(run.recipe.backbone for run in self.comparison.runs)}
        return tuple(known for known in self.backbones if known.name in names)

    @cached_property
    def layers(self) -> dict[str, str]:
        """Titles of the taps that were measured, by name."""
        known = [each for each in self.backbones if self.measured is not None and each.name == self.measured.backbone]
        return {tap.name: tap.title for each in known for tap in each.taps}

    @cached_property
    def thumbnails(self) -> dict[int, str]:
        """Of each image that is shown, as an address; '' where its file is gone."""
        galleries = (self.mistakes, self.fixed, self.broken, self.label_errors)
        return {sample: self._thumbnail(sample) for found in galleries for sample in shown(found)}

    def _thumbnail(self, sample: int) -> str:
        try:
            return data_uri(self.image(sample))
        except GraftError:
            return ""


def shown(found: Sequence[Seen]) -> list[int]:
    """The samples that a gallery shows."""
    return [seen.sample for seen in found[:MOST_SHOWN]]
