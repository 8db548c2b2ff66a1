"""The Train page's form: folded settings, where a field left alone follows the rule that it shows; the strategies."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from components import state
from components.kit import text
from components.kit.charts import symbol_uri
from components.kit.train_form import BY_RULE
from components.state import Form
from transfer_core.types import SWITCHES, Backbone, Recipe
from transfer_core.workspace import SETTINGS, Setting, Workspace

COLUMNS = ("schedule", "regularisation", "images")  # of settings; below them are augmentation and repeats
GROUPS = {  # by what becomes of the pretrained weights
    "kept": "Features stay as they are",
    "moved": "Pretrained weights move",
    "random": "From random weights",
}
ABREAST = 4  # cards
STYLE = """
<style>
.st-key-strategies [class*="st-key-card_"] { height: 100%; transition: border-color .12s; padding: .8rem .9rem; }
.st-key-strategies [class*="st-key-card_"]:has(input:checked) {
  border-color: currentColor; box-shadow: inset 0 0 0 1px currentColor;
}
.st-key-strategies [data-testid="stCaptionContainer"] p { line-height: 1.4; }
.st-key-strategies [data-testid="stCheckbox"] p { font-weight: 600; }
.st-key-strategies [data-testid="stCheckbox"] p::before { margin-right: .4rem; vertical-align: -3px; }
"""


def train_settings(workspace: Workspace, backbone: Backbone, by_rule: Sequence[Recipe], form: Form) -> DeltaGenerator:
    """Controls for what the chosen strategies have, and for repeats; what is set goes into the form.

    Returns the place beside the switches of augmentation, for what they do to the images.
    """
    chosen = [workspace.strategies.get(recipe.strategy) for recipe in by_rule]
    own = {name for strategy in chosen for name in strategy.settings}
    kept = {name: form.settings[name] for name in ("augment", *SWITCHES) if name in form.settings}
    for column, group in zip(st.columns(len(COLUMNS)), COLUMNS, strict=True):
        with column:
            for setting in SETTINGS.values():
                if setting.group != group:
                    continue
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
            SETTINGS["folds"].label,
            0,
            max(20, form.start["folds"]),
            form.start["folds"],
            key=form.key("folds"),
            help=SETTINGS["folds"].help,
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
            help="Trains so many times, seed after seed: how far results differ by it. Linear classifiers on frozen"
            " features hardly change with the seed, unless it draws the training images of each class.",
        )
    augmenting = [recipe for recipe, strategy in zip(by_rule, chosen, strict=True) if "augment" in strategy.settings]
    if not augmenting:
        return st.container()
    switches, beside = st.columns((1, 2), gap="medium")
    with switches:
        _augmentation(augmenting, backbone, form)
    return beside


def _augmentation(by_rule: Sequence[Recipe], backbone: Backbone, form: Form) -> None:
    """The preset, and switches that show what is in force."""
    rules = list(dict.fromkeys(recipe.augment for recipe in by_rule))
    preset = _control(SETTINGS["augment"], rules, backbone, form)
    form.settings.pop("augment", None)
    if preset is not None:
        form.settings["augment"] = preset
        by_rule = [replace(recipe, augment=preset) for recipe in by_rule]
    for name in SWITCHES:
        setting, held = SETTINGS[name], state.widget(form.key(f"set_{name}"))
        own = {bool(getattr(recipe.augmentation, name)) for recipe in by_rule}
        said = form.settings.get(name)
        held.set(any(own) if said is None else said == "yes")  # it moves with the preset
        apart = ": by preset yes / no" if said is None and len(own) > 1 else ""
        st.toggle(f"{setting.label}{apart}", help=setting.help, key=held.key, on_change=_switch, args=(form, name, own))


def _switch(form: Form, name: str, own: set[bool]) -> None:
    """`own`: what the presets have. A switch that is where they have it follows them."""
    on = state.widget(form.key(f"set_{name}")).get()
    form.settings.pop(name, None)
    if own != {on}:
        form.settings[name] = "yes" if on else "no"


def changed(workspace: Workspace, form: Form) -> str:
    """What the user has set of the chosen strategies' settings, in words; '' where the rules decide all."""
    own = {name for strategy in form.chosen for name in workspace.strategies.get(strategy).settings}
    told = [(SETTINGS[name], value) for name, value in form.settings.items() if name in own]
    words = [f"{setting.label.lower()} {setting.words(value)}" for setting, value in told]
    words += [f"{form.folds} folds"] * (form.folds > 0) + [f"{form.seeds} seeds"] * (form.seeds > 1)
    return ", ".join(words)


def _control(setting: Setting, rules: Sequence[Any], backbone: Backbone, form: Form) -> Any:
    """What the user has set; None while the rules decide, one for each chosen strategy where they differ."""
    held, place = form.start.get(setting.name), state.widget(form.key(f"set_{setting.name}"))
    if setting.least is not None:
        kind = setting.kind
        told = [f"{rule:g}" if rule or not setting.zero else setting.zero for rule in rules]
        # Not as the widget's default: a field that begins empty can be emptied again, and then the rule decides.
        place.begin(None if held is None else kind(held))
        return st.number_input(
            setting.label,
            kind(setting.least),
            kind(setting.most),
            None,
            kind(setting.step),
            format="%d" if kind is int else "%g",
            placeholder=f"by rule: {' / '.join(told)}",
            help=setting.help,
            key=place.key,
        )
    options = dict(setting.choices) or _taps(setting, backbone)
    words = {BY_RULE: f"by rule: {' / '.join(str(options.get(rule, rule)) for rule in rules)}"} | options
    names = list(words)
    if place.begin(held) not in names:  # nothing is held, or a layer of another backbone
        place.set(BY_RULE)
    chosen = st.selectbox(
        setting.label,
        names,
        format_func=lambda name: text.plain(str(words[name])),
        help=setting.help,
        key=place.key,
    )
    return None if chosen == BY_RULE else chosen


def _taps(setting: Setting, backbone: Backbone) -> dict[Any, str]:
    if setting.layer == "inner":
        return {tap.name: tap.title for tap in backbone.taps[:-1]}
    return {"auto": "auto, by cross-validation", **{tap.name: tap.title for tap in backbone.taps}}


# --- the strategies as cards ------------------------------------------------------------------------


def strategy_cards(workspace: Workspace, form: Form, seconds: Mapping[str, float], recommended: str) -> None:
    """A card for each strategy; what is ticked goes into the form, in the order of the cards.

    `recommended`: the one that is marked so. `seconds`: what each will take here by its rules, as far as that is known.
    """
    known = workspace.strategies.list()
    # Not in the checkbox's label: that is its accessible name as it is written, the image's address and all.
    symbols = "".join(
        f'.st-key-card_{each.name} [data-testid="stCheckbox"] p::before'
        f' {{ content: url({symbol_uri(each.name)}) / ""; }}\n'
        for each in known
    )
    st.html(f"{STYLE}{symbols}</style>")
    chosen = []
    with st.container(key="strategies", gap="small"):
        for weights, title in GROUPS.items():
            group = [each for each in known if each.weights == weights]
            st.caption(f"**{title}**")
            columns = st.columns(max(ABREAST, len(group)), gap="small")
            for column, each in zip(columns, group, strict=False):
                taken, best = each.name in form.start["chosen"], each.name == recommended
                if _card(column, each, taken, form, seconds.get(each.name), best):
                    chosen.append(each.name)
    form.chosen = chosen


def _card(  # type: ignore[no-untyped-def]
    column, strategy, taken: bool, form: Form, seconds: float | None, recommended: bool
) -> bool:
    with column, st.container(border=True, key=f"card_{strategy.name}", gap="xsmall", height="stretch"):
        ticked = st.checkbox(strategy.title, value=taken, key=form.key(f"take_{strategy.name}"))
        badges = ":blue-badge[:material/thumb_up: Recommended] " * recommended
        badges += "".join(f":gray-badge[scenario {number}] " for number in strategy.scenarios)
        st.caption(f"{badges}{strategy.when}")
        if seconds is not None:
            st.caption(f":material/timer: About {text.duration(seconds)} here")
        with st.popover("What trains", icon=":material/info:", type="tertiary", key=f"about_{strategy.name}"):
            st.markdown(f"**Frozen.** {strategy.frozen}")
            st.markdown(f"**Trains.** {strategy.trains}")
            st.caption(f"Source: {strategy.source}")
    return ticked
