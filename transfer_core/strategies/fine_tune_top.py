"""Between the scenarios: the first stages frozen, the rest fine-tuned."""

from typing import Any

from transfer_core.strategies.definition import EXCHANGE, TRAINING, Strategy
from transfer_core.strategies.fine_tune_all import fine_tuning, fine_tuning_defaults
from transfer_core.types import Backbone

DEPTH = 0.4  # frozen, counted in taps


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {"train_from": backbone.taps[round(DEPTH * (len(backbone.taps) - 1))].name} | fine_tuning_defaults(
        train_images, backbone
    )


FINE_TUNE_TOP = Strategy(
    name="fine_tune_top",
    title="Fine-tune the top",
    scenarios=(),
    weights="moved",
    frozen="The first stages, which see edges and textures that serve any images; their BatchNorm statistics too.",
    trains="The head first, then it and the later stages, slower towards the input.",
    when="A thousand to ten thousand images, or fewer with augmentation: it adapts what is specific and keeps what is"
    " universal, with less to overfit and less to compute than the whole network.",
    source="Stack Exchange, adapting a pretrained network; Kumar et al. 2022 (LP-FT)",
    why="First layers see edges and colours that serve any images; the later ones learn your own.",
    why_source=EXCHANGE,
    symbol="triangle-up",
    slot=1,
    races=True,
    version=3,
    settings=("train_from", "backbone_lr", "depth_decay", "batch_norm", *TRAINING),
    defaults=defaults,
    stages=fine_tuning,
)
