"""One linear classifier on the features of all layers."""

from typing import Any

from transfer_core.strategies.definition import REPEATS, Stage, Strategy
from transfer_core.types import HEAD, Backbone, Recipe


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {"train_from": HEAD}


def stages(recipe: Recipe, backbone: Backbone) -> tuple[Stage, ...]:
    title = f"Fit a linear classifier on the strongest features of {len(backbone.taps)} layers"
    return (Stage(name="strongest", title=title, solver="strongest"),)


ALL_LAYERS = Strategy(
    name="all_layers",
    title="All layers, one classifier",
    scenarios=(),
    weights="kept",
    frozen="The whole backbone.",
    trains="A linear classifier that sees early and late features side by side and keeps the strongest.",
    when="Images that may be unlike ImageNet's, and little time: what early layers still know is used, and what is of"
    " no use is left out.",
    source="Evci et al. 2022 (Head2Toe)",
    why="Every layer adds what it sees best; the strongest features of all are kept.",
    why_source="Evci et al. 2022 (Head2Toe)",
    symbol="pentagon",
    slot=3,
    races=True,
    version=1,
    settings=REPEATS,
    defaults=defaults,
    stages=stages,
)
