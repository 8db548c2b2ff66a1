"""Ensembles: runs whose calibrated probabilities are averaged. Their members' ids, joined by a plus, are their id."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from transfer_core.compare.ensemble import as_run, combined, suggested
from transfer_core.compare.predictions import read_predictions
from transfer_core.errors import DatasetError, UnknownJob
from transfer_core.jobs.tasks import run_folder
from transfer_core.store import Store
from transfer_core.types import JOINED, Predictions, Run
from transfer_core.workspace.trained import trained

KEPT = 64  # in memory


class Ensembles:
    """Those that somebody made; any other is known by its members all the same, so `get` has it too."""

    def __init__(self, store: Store, root: Path) -> None:
        self._store, self._root = store, root
        self._kept: dict[str, Run] = {}  # by id: what finished runs left never changes

    def list(self, dataset: str) -> tuple[Run, ...]:
        """Those that somebody made, the newest first; one of whose members has gone, or cannot be read, is left out."""
        there = {job.id for job in self._store.jobs(kind="train", dataset=dataset)}
        found = dict[str, Run]()
        for id in self._store.ensembles(dataset):
            if there.issuperset(id.split(JOINED)):
                with suppress(UnknownJob):
                    run = self.get(id)
                    found[run.id] = run
        return tuple(found.values())

    def forget(self) -> None:
        """What was read of their members is read again."""
        self._kept.clear()

    def get(self, id: str) -> Run:
        """An ensemble as a run, by its members' ids with a plus between them, in whichever order.

        Raises UnknownJob when a member is none, or left no network, or is of another dataset than the others.
        """
        if id not in self._kept:
            members = [trained(self._store, each) for each in id.split(JOINED) if each]
            if len({each.id for each in members}) <= id.count(JOINED):
                raise UnknownJob(
                    f"{id!r} is no ensemble. Name two runs or more, each once, with {JOINED} between them."
                )
            if len({member.recipe.dataset for member in members}) > 1:
                raise UnknownJob("These runs are of different datasets, so they are no ensemble. Pick runs of one.")
            lacking = [member.id for member in members if not member.usable]
            if lacking:
                raise UnknownJob(f"Run {lacking[0]!r} has left no network, so no ensemble has it. Leave it out.")
            try:
                said = self.predictions(id) if all(member.tested for member in members) else None
            except DatasetError:
                said = None  # folds: each was tested on images of its own
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            members.sort(key=lambda run: (-(run.val_accuracy or 0.0), run.id))  # so that the same runs are one ensemble
            self._kept[id] = as_run(members, said)
        return self._kept[id]

    def make(self, runs: Sequence[str]) -> str:
        """Keep an ensemble of finished runs. Returns its id, the best member's first.

        Raises UnknownJob as `get` does.
        """
        made = self.get(JOINED.join(dict.fromkeys(runs)))
        self._store.add_ensemble(made.recipe.dataset, made.id)
        return made.id

    def delete(self, id: str) -> None:
        """Forget it, in whichever order its members are named. They stay, so `make` makes it again."""
        for kept in self._store.ensembles():
            if set(kept.split(JOINED)) == set(id.split(JOINED)):
                self._store.remove_ensemble(kept)

    def suggest(self, runs: Sequence[Run]) -> tuple[str, ...]:
        """Of finished runs tested on the same images those that are best together, by validation; () below two."""
        tested = [run.id for run in runs if run.tested and not run.members]
        return suggested(self.members(JOINED.join(tested))) if len(tested) > 1 else ()

    def predictions(self, id: str) -> Predictions:
        """The mean of what the members say of validation and test images.

        Raises UnknownJob when one has left none, DatasetError for runs that were tested on different images.
        """
        return combined(self.members(id))

    def members(self, id: str) -> dict[str, Predictions]:
        """What each member says, by its id; of a run's id, what that says. Raises UnknownJob when one has left none."""
        return {each: read_predictions(run_folder(self._root, each)) for each in id.split(JOINED)}
