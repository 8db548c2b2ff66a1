"""Between the scenarios: the first stages frozen, the rest fine-tuned."""

from typing import Any

from transfer_core.strategies.definition import TRAINING, Strategy, epochs_for, head_lr, tap_at
from transfer_core.strategies.fine_tune_all import fine_tuning
from transfer_core.types import Backbone

DEPTH = 0.4  # frozen, counted in taps


def defaults(train_images: int, classes: int, backbone: Backbone) -> dict[str, Any]:
    return {
        "train_from": tap_at(backbone, DEPTH),
        "epochs": epochs_for(train_images, steps=500, least=4, most=60),
        "lr": head_lr(backbone),
        "backbone_lr": head_lr(backbone) / 10,
        "weight_decay": 1e-2,
        "smoothing": 0.1,  # so that the validation loss does not rise while the accuracy still does
        "augment": "light",
        "patience": 8,
    }


FINE_TUNE_TOP = Strategy(
    name="fine_tune_top",
    title="Fine-tune the top",
    scenarios=(),
    frozen="The first stages, which see edges and textures that serve any images.",
    trains="The head first, then it and the later stages, these ten times slower.",
    when="A thousand to ten thousand images, or fewer with augmentation: it adapts what is specific and keeps what is"
    " universal, with less to overfit and less to compute than the whole network.",
    source="Stack Exchange, adapting a pretrained network; Kumar et al. 2022 (LP-FT)",
    version=2,
    settings=("train_from", "backbone_lr", "depth_decay", *TRAINING),
    defaults=defaults,
    stages=fine_tuning,
)
