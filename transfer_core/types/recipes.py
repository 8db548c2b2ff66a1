"""What a run does, and what of it a user may set: each setting is described on its own line, and nowhere else."""

from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, Literal

from transfer_core.types.augmentation import ON, PRESETS, SWITCHES, Augmentation
from transfer_core.types.backbones import MOST_PX
from transfer_core.types.plain import digest
from transfer_core.types.settings import once, setting, switch, today

FIRST = "first"  # train from the input on: the whole network
HEAD = "head"  # train the new classifier alone
AUTO = "auto"  # the tap whose features a linear classifier tells apart best, by cross-validation


def _named(label: str) -> Any:
    """A field of `Recipe` that follows from what is chosen elsewhere."""
    return field(metadata={"label": label})


_schedule = partial(setting, group="schedule")
_regularised = partial(setting, group="regularisation")
_images = partial(setting, group="images", of="every strategy")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that decides a run's result, save the device. Plain JSON values only."""

    dataset: str = _named("Dataset")
    backbone: str = _named("Backbone")
    weights: str = _named("Weights")  # Backbone.weights, or "random"
    strategy: str = _named("Strategy")
    version: int = _named("Version of the strategy")
    goal: str = field(default="accuracy", metadata={"label": "What counts", "later": True})  # which epoch is kept
    tap: str | None = setting(
        None,  # the last
        label="Features from",
        help="A layer of the backbone. Earlier ones are more general. Auto: the one that cross-validation prefers.",
        group="images",
        of="some",
        layer="any",
        rank=1,
    )
    train_from: str | None = setting(
        None,  # else FIRST, a tap's name, or HEAD
        label="Train what comes after",
        help="A layer of the backbone. What comes before it stays frozen.",
        group="images",
        of="some",
        layer="inner",
        rank=2,
    )
    epochs: int = _schedule(
        0,  # of a strategy that has none
        label="Epochs",
        help="At most; early stopping may end a run before.",
        least=1,
        most=1000,
        rank=3,
    )
    batch_size: int = _schedule(32, label="Batch size", help="Images in one step.", least=1, most=4096)
    lr: float = _schedule(
        0.0,
        label="Learning rate of the head",
        help="Its peak, which it has after warm-up. A range test tries many.",
        least=1e-8,
        most=10,
        step=1e-4,
        rank=4,
    )
    backbone_lr: float = _schedule(
        0.0,
        label="Learning rate of the backbone",
        help="Its peak. By rule a tenth of the head's: pretrained weights are worth keeping.",
        of="some",
        least=1e-8,
        most=10,
        step=1e-5,
    )
    schedule: Literal["cosine", "constant"] = _schedule(
        "cosine",
        label="Schedule",
        help="What becomes of the rates after warm-up: a cosine to zero at the stage's end, or constant.",
        later=True,
    )
    warm_up: float = _schedule(
        0.1,
        label="Warm-up",
        help="Share of a stage's steps in which its rates climb to their peak; of those beyond 1,000 none counts."
        " 0: none.",
        least=0,
        most=1,
        step=0.05,
        zero="no warm-up",
        later=True,
    )
    weight_decay: float = _regularised(
        0.0, label="Weight decay", help="Not on biases and norms.", least=0, most=1, step=0.001
    )
    optimizer: Literal["adamw", "sgd", "adam"] = _regularised(
        "adamw",
        label="Optimizer",
        help="All follow the warm-up and the schedule.",
        words={"adamw": "AdamW", "sgd": "SGD, momentum 0.9", "adam": "Adam"},
    )
    depth_decay: float = _schedule(
        1.0,
        label="Rate of the stage before",
        help="Each stage towards the input learns at this share of the next one's rate. 1: all alike.",
        of="some",
        least=0.01,
        most=1,
        step=0.05,
    )
    hidden: int = _regularised(
        0,
        label="Hidden units",
        help="Of a layer between the features and the classifier, with ReLU. Only where descent trains the head from"
        " its start: a head that is solved is linear, and so is the one that fine-tuning begins with. 0: none.",
        of="some",
        least=0,
        most=8192,
        step=64,
        zero="no hidden layer",
        later=True,
    )
    batch_norm: Literal["batch", "kept"] = _regularised(
        "batch",
        label="BatchNorm statistics",
        help="What fine-tuning normalises by: each batch, or what the pretrained weights were trained with.",
        of="some",
        words={"batch": "of each batch", "kept": "as pretrained"},
        later=True,
    )
    smoothing: float = _regularised(
        0.0,
        label="Label smoothing",
        help="How much of each label is shared out over all classes.",
        least=0,
        most=0.9,
        step=0.05,
    )
    dropout: float = _regularised(
        0.0,
        label="Dropout",
        help="Share of what the head's last layer does not see in a step: of the features, or of the hidden units.",
        least=0,
        most=0.95,
        step=0.1,
    )
    clip: float = _regularised(
        0.0, label="Largest gradient", help="Norm above which it is cut. 0: any.", least=0, most=1000, step=0.5
    )
    balanced: bool = _regularised(
        False,
        label="Classes weigh the same",
        help="In the loss, however many images each has. For very uneven classes.",
    )
    augment: Literal["none", "light", "standard"] = setting(
        "none",
        label="Augmentation",
        help="Random changes of training images, new in every epoch: sets of those that can be switched one by one."
        " Light: flips left and right, shifts. Standard: also tilts, crops and colours.",
        group="augmentation",
        rank=5,
    )
    flip: Literal["preset", "yes", "no"] = switch(
        "Flip left and right",
        "Half of the images, mirrored. No, where left and right mean something: letters, arrows, sides of a body.",
        was=((True, "preset"), (False, "no")),
    )
    flip_up: Literal["preset", "yes", "no"] = switch(
        "Flip up and down",
        "Half of the images. For what has no up: seen from above, or through a microscope.",
        later=True,
    )
    quarter_turns: Literal["preset", "yes", "no"] = switch(
        "Quarter turns", "By 90, 180 or 270 degrees, without any blur. For what has no up.", later=True
    )
    tilt: Literal["preset", "yes", "no"] = switch("Tilt", "Turned by up to 15 degrees, either way.", later=True)
    shift: Literal["preset", "yes", "no"] = switch(
        "Shift", "Moved by up to 10 % of the side, in standard by 5 %. What is missing is mirrored in.", later=True
    )
    crop: Literal["preset", "yes", "no"] = switch(
        "Crop",
        "A window anywhere in the image, of at least half its area. No, where what lies near the edge decides.",
        later=True,
    )
    colour: Literal["preset", "yes", "no"] = switch(
        "Colour",
        "Brightness, contrast and saturation, by up to 20 %. No, where shades tell the classes apart.",
        later=True,
    )
    erasing: Literal["preset", "yes", "no"] = switch(
        "Erase a part",
        "From half of the images a rectangle, 2 to 40 % of the area (random erasing): no part decides alone.",
        later=True,
    )
    patience: int = _schedule(
        0,
        label="Early stopping after",
        help="Epochs without a better validation loss, counted in the second half of the schedule. 0: never. The best"
        " epoch is kept either way.",
        least=0,
        most=1000,
    )
    px: int = _images(
        0,
        label="Image side",
        help="Of the square that the network sees, in px. Smaller is faster and sees less. 0: the network's own.",
        least=0,
        most=MOST_PX,
        step=32,
        zero="the network's own side",
        rank=10,
        later=True,
    )
    fit: Literal["crop", "pad", "squeeze"] = _images(
        "crop",
        label="Pictures that are no squares",
        help="Crop: the square in their middle; what lies beside it is lost. Pad: all of it, with grey beside it."
        " Squeeze: all of it, distorted.",
        rank=11,
        later=True,
    )
    seed: int = _images(0, label="Seed", help="Decides all that is drawn at random.", least=0, most=2**32 - 1, rank=8)
    per_class: int = _images(
        0,
        label="Training images of each class",
        help="Drawn by the seed, to see what fewer images would give. 0: all.",
        least=0,
        most=1_000_000,
        zero="all images",
        rank=6,
    )
    folds: int = setting(
        0,
        label="Folds",
        help="k-fold cross-validation of training and validation images: each is tested once, by a run that did not"
        " train on it. The test split is not touched. 0: no.",
        group="repeats",
        of="every strategy",
        least=0,
        most=100,
        zero="no folds",
        rank=7,
    )
    fold: int = setting(
        0,
        label="Fold",
        help="The part that is tested, counted from 0.",
        group="repeats",
        of="every strategy",
        least=0,
        most=99,
        rank=9,
    )

    def __post_init__(self) -> None:
        for each in fields(self):
            if each.metadata.get("was"):  # a recipe of an earlier Graft
                object.__setattr__(self, each.name, today(each.metadata["was"], getattr(self, each.name)))

    @property
    def id(self) -> str:
        """Hash of the canonical JSON: equal recipes have equal ids."""
        return digest(self.hashed())

    @property
    def repeats(self) -> str:
        """Equal for recipes that differ in seed and fold alone."""
        return replace(self, seed=0, fold=0).id

    def hashed(self) -> dict[str, Any]:
        """What every digest of a recipe is made of: its fields, without later settings at yesterday's behaviour."""
        return {
            each.name: once(each.metadata.get("was", ()), value)
            for each in fields(self)
            if (value := getattr(self, each.name)) != each.default or not each.metadata.get("later")
        }

    def later(self) -> dict[str, Any]:
        """Of `hashed` the later settings: for digests that name the earlier ones one by one."""
        return {
            name: value
            for name, value in self.hashed().items()
            if self.__dataclass_fields__[name].metadata.get("later")
        }

    @property
    def augmentation(self) -> Augmentation:
        """What is in force of it: a preset with single switches turned on, as strong as the preset has it, or off."""
        found = {}
        for name in SWITCHES:
            said, own = getattr(self, name), getattr(PRESETS[self.augment], name)
            found[name] = own if said == "preset" else 0.0 if said == "no" else own or getattr(ON, name)
        return Augmentation(**found)
