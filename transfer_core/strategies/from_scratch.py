"""The control: the same network from random weights."""

from functools import partial

from transfer_core.strategies.definition import CS231N, TRAINING, Stage, Strategy, scratch_defaults, trained
from transfer_core.types import FIRST, Backbone, Recipe


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    title = "Train the whole network from random weights"
    return (trained(recipe, name="scratch", title=title, train_from=FIRST, random_init=True),)


FROM_SCRATCH = Strategy(
    name="from_scratch",
    title="From scratch",
    scenarios=(),
    represents=4,  # as the control of fine-tuning everything
    weights="random",
    frozen="Nothing.",
    trains="The whole network, from random weights, faster and for longer.",
    when="As the control that shows what the pretrained weights are worth; in earnest, with many images of a domain for"
    " which no network exists.",
    source="CS231n notes, Transfer Learning, scenario 4; Stack Exchange, adapting a pretrained network",
    why="The control: what the same network reaches without any pretraining.",
    why_source=CS231N,
    symbol="x",
    slot=5,
    version=2,
    settings=("hidden", *TRAINING),
    defaults=partial(scratch_defaults, steps=600),
    stages=stages,
)
