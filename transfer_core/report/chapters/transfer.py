"""What pretraining brought, and what either approach reaches with how many images."""

from dataclasses import dataclass

from transfer_core.compare.compared import Reached, Transfer
from transfer_core.presentation.marks import Mark, mark_of
from transfer_core.report.gathered import Gathered


@dataclass(frozen=True, kw_only=True)
class Best:
    """The best run of an approach by validation at one number of training images."""

    approach: str
    mark: Mark
    title: str
    reached: Reached


@dataclass(frozen=True, kw_only=True)
class TransferChapter:
    transfer: Transfer | None
    best: tuple[Best, ...]


def transfer(gathered: Gathered) -> TransferChapter:
    approaches = gathered.comparison.approaches
    return TransferChapter(
        transfer=gathered.comparison.transfer,
        best=tuple(_best(gathered, each.name, each.run, at) for each in approaches for at in each.by_images),
    )


def _best(gathered: Gathered, approach: str, run: str | None, reached: Reached) -> Best:
    """A run that is compared by its title there, another one by its strategy's."""
    entry = next((each for each in gathered.entries if each.run.id == reached.run == run), None)
    strategy = gathered.runs[reached.run].recipe.strategy
    titles = {known.name: known.title for known in gathered.strategies}
    return Best(
        approach=approach.capitalize(),
        mark=entry.mark if entry is not None else mark_of(strategy),
        title=entry.title if entry is not None else titles.get(strategy, strategy),
        reached=reached,
    )
