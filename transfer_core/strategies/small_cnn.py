"""A shallow network of its own, from random weights."""

from functools import partial

from transfer_core.strategies.definition import EXCHANGE, TRAINING, Stage, Strategy, scratch_defaults, trained
from transfer_core.types import FIRST, Backbone, Recipe


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    title = "Train a shallow network from random weights"
    return (trained(recipe, name="small", title=title, train_from=FIRST, random_init=True),)


SMALL_CNN = Strategy(
    name="small_cnn",
    title="Small network, from scratch",
    scenarios=(),
    weights="random",
    frozen="Nothing: no pretrained network takes part.",
    trains="Four convolutions and a classifier, from random weights.",
    when="Tiny or odd images that no photo resembles and no network knows, and a control: what a small network learns"
    " from your images alone.",
    source="Stack Exchange, adapting a pretrained network (a very specific domain: from scratch, perhaps shallower)",
    why="A small network that learns from your images alone, for a domain so specific that no network exists for it.",
    why_source=EXCHANGE,
    symbol="cross",
    slot=8,
    races=True,
    version=1,
    settings=("hidden", *TRAINING),
    defaults=partial(scratch_defaults, steps=1_200),
    stages=stages,
    network="small_cnn",
)
