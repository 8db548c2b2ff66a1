"""The strategies as cards, to choose one or several."""

from collections.abc import Mapping

import streamlit as st

from components.kit import text
from components.kit.charts import symbol_uri
from components.state import Form
from transfer_core.workspace import Workspace

GROUPS = {  # by what becomes of the pretrained weights
    "kept": "Features stay as they are",
    "moved": "Pretrained weights move",
    "random": "From random weights",
}
COLUMNS = 4
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


def strategy_cards(workspace: Workspace, form: Form, seconds: Mapping[str, float]) -> None:
    """A card for each strategy; what is ticked goes into the form, in the order of the cards.

    `seconds`: what each will take here by its rules, as far as that is known.
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
            columns = st.columns(max(COLUMNS, len(group)), gap="small")
            for column, each in zip(columns, group, strict=False):
                if _card(column, each, each.name in form.start["chosen"], form, seconds.get(each.name)):
                    chosen.append(each.name)
    form.chosen = chosen


def _card(column, strategy, taken: bool, form: Form, seconds: float | None) -> bool:  # type: ignore[no-untyped-def]
    with column, st.container(border=True, key=f"card_{strategy.name}", gap="xsmall", height="stretch"):
        ticked = st.checkbox(strategy.title, value=taken, key=form.key(f"take_{strategy.name}"))
        scenarios = "".join(f":gray-badge[scenario {number}] " for number in strategy.scenarios)
        st.caption(f"{scenarios}{strategy.when}")
        if seconds is not None:
            st.caption(f":material/timer: About {text.duration(seconds)} here")
        with st.popover("What trains", icon=":material/info:", type="tertiary", key=f"about_{strategy.name}"):
            st.markdown(f"**Frozen.** {strategy.frozen}")
            st.markdown(f"**Trains.** {strategy.trains}")
            st.caption(f"Source: {strategy.source}")
    return ticked
