"""What goes wrong in a training and need not end it: a loss that is no number, a memory that is full."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch

from transfer_core.errors import Diverged, RecipeError
from transfer_core.strategies.definition import Stage
from transfer_core.training.checkpoints import Plain, Story
from transfer_core.training.resuming import Keeper, go_on
from transfer_core.training.setup import Context, State, begin
from transfer_core.types import Event, Recipe, Resumed, StageStart


@dataclass(frozen=True, kw_only=True)
class Setback:
    """Why a training goes back to where it was kept last, and how it goes on."""

    why: str
    ease: float
    parts: int


def setback_of(run: State, error: Exception) -> Setback:
    """What to do about an error in training. Raises it where there is nothing left to try."""
    batch = run.context.recipe.batch_size
    if isinstance(error, Diverged):
        if run.ease < 1:
            raise error
        what = str(error).partition(" Try ")[0]
        return Setback(why=f"{what} The learning rate was halved.", ease=run.ease / 2, parts=run.parts)
    at_once = math.ceil(batch / run.parts)
    if not (isinstance(error, RuntimeError) and memory_is_full(error)):
        raise error
    if at_once < 4:
        raise does_not_fit(run.context.recipe, str(run.context.device), at_once=at_once) from error
    why = f"The memory was full with {at_once} images at once: batches of {batch} now come in {2 * run.parts} parts."
    return Setback(why=why, ease=run.ease, parts=2 * run.parts)


def set_back(
    context: Context, stages: Sequence[Stage], keeper: Keeper, setback: Setback
) -> Generator[Event, None, tuple[State, Plain | None]]:
    """The run as it was kept last, or as it began, and where its stage stands then."""
    if context.device.type == "cuda":
        torch.cuda.empty_cache()
    run, kept = begin(context, stages), keeper.newest(context.recipe)
    if kept is not None:
        yield from go_on(run, keeper, kept, setback.why)
    else:
        keeper.story, keeper.stage = Story(), 0
        yield Resumed(step=0, epoch=0, why=setback.why)
        yield from keeper.heard(prepares(stages))
    run.ease, run.parts = setback.ease, setback.parts
    return run, kept


def prepares(stages: Sequence[Stage]) -> Generator[Event, None, None]:
    """The stage before all others."""
    title = "Get images and network ready"
    yield StageStart(stage="prepare", title=title, number=1, stages=len(stages) + 2, unit="image")


def memory_is_full(error: RuntimeError) -> bool:
    """Whether a device, or the machine, had no memory left."""
    return "out of memory" in str(error) or "can't allocate memory" in str(error)


def does_not_fit(recipe: Recipe, device: str, *, at_once: int = 0) -> RecipeError:
    """What to say of a memory that is full. `at_once`: so many images that were tried last; 0: the batch."""
    if at_once:
        return RecipeError(
            f"The memory of {device} is full even with {at_once} images at once. Try fewer pixels a side, a smaller"
            " backbone, or another device."
        )
    smaller = f"Try {recipe.batch_size // 2}" if recipe.batch_size > 1 else "Try a smaller backbone"
    return RecipeError(
        f"The memory of {device} is full at batch size {recipe.batch_size}. {smaller}, or another device."
    )
