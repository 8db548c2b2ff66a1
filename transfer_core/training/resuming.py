"""A run that goes on: what of it a checkpoint holds, and how it stands there again."""

from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from transfer_core.errors import PauseAsked, StopAsked
from transfer_core.training.checkpoints import Checkpoints, Plain, Story
from transfer_core.training.setup import State, network_at
from transfer_core.types import CHECKPOINTS, Event, Recipe, Resumed

T = TypeVar("T")
RUN = ("lowest", "ended_epochs", "learned", "found", "ease", "parts")


class Keeper:
    """Writes the checkpoints of a run, and hears what it tells."""

    def __init__(self, out: Path) -> None:
        """`out`: the run's folder."""
        self.checkpoints, self.story = Checkpoints(out / CHECKPOINTS), Story()
        self.stage = 0  # the index of the stage that is under way

    def newest(self, recipe: Recipe) -> Plain | None:
        """Where a run of this recipe was kept last; None where it was not. What another has left there is removed."""
        kept = self.checkpoints.newest()
        if kept is not None and kept["recipe"] != recipe.id:
            self.checkpoints.remove()
            return None
        return kept

    def due(self, *, epoch_ended: bool) -> bool:
        return self.checkpoints.due(epoch_ended=epoch_ended)

    def save(self, run: State, stands: Plain) -> None:
        """`stands`: where its stage does, with its `epochs`. Raises OSError: the disk is full."""
        what = {
            "recipe": run.context.recipe.id,
            "stage": self.stage,
            "taps": [tap.name for tap in run.network.taps],
            "network": run.network.state_dict(),
            "run": {name: getattr(run, name) for name in RUN},
            "meter": run.meter.plain(),
            "story": self.story.plain(),
        }
        self.checkpoints.save(run.meter.step, what | stands)

    def heard(self, work: Generator[Event, None, T]) -> Generator[Event, None, T]:
        """The same events, remembered; what is thrown in goes on to where they come from."""
        with closing(work):
            asked: StopAsked | PauseAsked | None = None
            while True:
                try:
                    event = next(work) if asked is None else work.throw(asked)
                except StopIteration as end:
                    found: T = end.value
                    return found
                asked = None
                self.story.hear(event)
                try:
                    yield event
                except (StopAsked, PauseAsked) as stop:
                    asked = stop


def go_on(run: State, keeper: Keeper, kept: Plain, why: str) -> Generator[Event, None, None]:
    """Put a run where a checkpoint of it has it, and tell what it had told. `why` it was cut off."""
    run.network = network_at(run.context, run.module, kept["taps"])
    run.network.load_state_dict(kept["network"])
    for name in RUN:
        setattr(run, name, kept["run"][name])
    run.epochs = kept["epochs"]
    run.meter.resume(kept["meter"])
    keeper.story, keeper.stage = Story(told=kept["story"]), kept["stage"]
    yield Resumed(step=run.meter.step, epoch=run.ended_epochs, why=why)
    yield from keeper.story.events()
