"""The folded settings of the Train page. A field that is left alone follows the rule; its default is written in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from components import text
from components.train_form import BY_RULE, Form
from transfer_core.types import Backbone, Recipe
from transfer_core.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A field of a recipe as a control."""

    name: str
    label: str
    help: str
    least: float | None = None  # of a number; None: a choice
    most: float = 0.0
    step: float = 1.0
    options: tuple[tuple[Any, str], ...] = ()  # of a choice; taps have those of the backbone


YES_NO = ((True, "yes"), (False, "no"))
SCHEDULE = (
    Setting(name="epochs", label="Epochs", least=1, most=1000, help="At most; early stopping may end a run before."),
    Setting(name="batch_size", label="Batch size", least=1, most=4096, help="Images in one step."),
    Setting(
        name="lr",
        label="Learning rate of the head",
        least=1e-8,
        most=10,
        step=1e-4,
        help="Its peak, after warm-up. “Find a learning rate” below tries many.",
    ),
    Setting(
        name="backbone_lr",
        label="Learning rate of the backbone",
        least=1e-8,
        most=10,
        step=1e-5,
        help="Its peak. By rule a tenth of the head's: pretrained weights are worth keeping.",
    ),
    Setting(
        name="depth_decay",
        label="Rate of the stage before",
        least=0.01,
        most=1,
        step=0.05,
        help="Each stage towards the input learns at this share of the next one's rate. 1: all alike.",
    ),
    Setting(
        name="patience",
        label="Early stopping after",
        least=0,
        most=1000,
        help="Epochs without a better validation loss, counted in the second half of the schedule. 0: never. The best"
        " epoch is kept either way.",
    ),
)
REGULARISATION = (
    Setting(
        name="optimizer",
        label="Optimizer",
        help="All with warm-up and a cosine schedule.",
        options=(("adamw", "AdamW"), ("sgd", "SGD, momentum 0.9"), ("adam", "Adam")),
    ),
    Setting(name="weight_decay", label="Weight decay", least=0, most=1, step=0.001, help="Not on biases and norms."),
    Setting(
        name="smoothing",
        label="Label smoothing",
        least=0,
        most=0.9,
        step=0.05,
        help="How much of each label is shared out over all classes.",
    ),
    Setting(
        name="dropout",
        label="Dropout",
        least=0,
        most=0.95,
        step=0.1,
        help="Share of the features that the head does not see in a step.",
    ),
    Setting(
        name="clip", label="Largest gradient", least=0, most=1000, step=0.5, help="Norm above which it is cut. 0: any."
    ),
    Setting(
        name="balanced",
        label="Classes weigh the same",
        help="However many images each has. For very uneven classes.",
        options=YES_NO,
    ),
)
IMAGES = (
    Setting(
        name="augment",
        label="Augmentation",
        help="Random changes of training images. Light: flips and shifts. Standard: also turns, colours and crops.",
        options=(("none", "none"), ("light", "light"), ("standard", "standard")),
    ),
    Setting(
        name="flip",
        label="Flip left and right",
        help="No, where left and right mean something: letters, sides of a body.",
        options=YES_NO,
    ),
    Setting(
        name="tap",
        label="Features from",
        help="A layer of the backbone. Earlier ones are more general. Auto: the one that cross-validation prefers.",
    ),
    Setting(name="train_from", label="Train what comes after", help="What comes before it stays frozen."),
    Setting(
        name="per_class",
        label="Training images of each class",
        least=0,
        most=1_000_000,
        help="Drawn by the seed, to see what fewer images would give. 0: all.",
    ),
    Setting(name="seed", label="Seed", least=0, most=2**32 - 1, help="Decides all that is drawn at random."),
)


def train_settings(workspace: Workspace, backbone: Backbone, by_rule: Sequence[Recipe], form: Form) -> None:
    """Controls for what the chosen strategies have, and for repeats; what is set goes into the form."""
    chosen = [workspace.strategy(recipe.strategy) for recipe in by_rule]
    own = {name for strategy in chosen for name in strategy.settings}
    kept: dict[str, Any] = {}
    for column, group in zip(st.columns(3), (SCHEDULE, REGULARISATION, IMAGES), strict=True):
        with column:
            for setting in group:
                if setting.name in own:
                    rules = [
                        getattr(recipe, setting.name)
                        for recipe, strategy in zip(by_rule, chosen, strict=True)
                        if setting.name in strategy.settings
                    ]
                    value = _control(setting, list(dict.fromkeys(rules)), backbone, form)
                    if value is not None:
                        kept[setting.name] = value
                elif setting.name in form.settings:
                    kept[setting.name] = form.settings[setting.name]  # for when its strategy is chosen again
    form.settings = kept
    left, right = st.columns(2)
    with left:
        form.folds = st.number_input(
            "Folds",
            0,
            max(20, form.start["folds"]),
            form.start["folds"],
            key=form.key("folds"),
            help="k-fold cross-validation of training and validation images: each is tested once, by a run that did not"
            " train on it. The test split is not touched. 0: no.",
        )
        if form.folds == 1:
            form.folds = 0
            st.caption("One fold is no cross-validation; it starts at 2.")
    with right:
        form.seeds = st.number_input(
            "Seeds",
            1,
            20,
            form.start["seeds"],
            key=form.key("seeds"),
            help="Trains so many times, seed after seed: how much of a result is luck. Linear classifiers on frozen"
            " features hardly change with the seed, unless it draws the training images of each class.",
        )


def changed(workspace: Workspace, form: Form) -> str:
    """What the user has set of the chosen strategies' settings, in words; '' where the rules decide all."""
    own = {name for strategy in form.chosen for name in workspace.strategy(strategy).settings}
    labels = {setting.name: setting.label.lower() for setting in (*SCHEDULE, *REGULARISATION, *IMAGES)}
    words = [f"{labels.get(name, name)} {value}" for name, value in form.settings.items() if name in own]
    words += [f"{form.folds} folds"] * (form.folds > 0) + [f"{form.seeds} seeds"] * (form.seeds > 1)
    return ", ".join(words)


def _control(setting: Setting, rules: Sequence[Any], backbone: Backbone, form: Form) -> Any:
    """What the user has set; None while the rules decide, one for each chosen strategy where they differ."""
    held, key = form.start.get(setting.name), form.key(f"set_{setting.name}")
    if setting.least is not None:
        whole = isinstance(rules[0], int)
        kind = int if whole else float
        # Not as the widget's default: a field that begins empty can be emptied again, and then the rule decides.
        st.session_state.setdefault(key, None if held is None else kind(held))
        return st.number_input(
            setting.label,
            kind(setting.least),
            kind(setting.most),
            None,
            kind(setting.step),
            format="%d" if whole else "%g",
            placeholder=f"by rule: {' / '.join(f'{rule:g}' for rule in rules)}",
            help=setting.help,
            key=key,
        )
    options = dict(setting.options) or _taps(setting.name, backbone)
    words = {BY_RULE: f"by rule: {' / '.join(str(options.get(rule, rule)) for rule in rules)}"} | options
    names = list(words)
    if st.session_state.setdefault(key, held) not in names:  # nothing is held, or a layer of another backbone
        st.session_state[key] = BY_RULE
    chosen = st.selectbox(
        setting.label,
        names,
        format_func=lambda name: text.plain(str(words[name])),
        help=setting.help,
        key=key,
    )
    return None if chosen == BY_RULE else chosen


def _taps(name: str, backbone: Backbone) -> dict[Any, str]:
    if name == "train_from":
        return {tap.name: tap.title for tap in backbone.taps[:-1]}
    return {"auto": "auto, by cross-validation", **{tap.name: tap.title for tap in backbone.taps}}
