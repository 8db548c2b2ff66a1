"""Colours of the page for the tokens of figures, and symbols as pictures."""

import base64

from components.kit.charts import COLORS, symbol_uri
from transfer_core.presentation.marks import PATHS
from transfer_core.presentation.theme import DARK, INK, LIGHT, NEUTRAL, shade, slot


def test_every_token_has_a_colour_that_the_browser_changes_with_the_theme() -> None:
    tokens = [slot(number) for number in range(len(LIGHT.strategies))]
    tokens += [shade(number) for number in range(len(LIGHT.shades))]
    assert set(COLORS) >= {INK, NEUTRAL, *tokens}
    assert len({COLORS[token] for token in tokens}) == len(tokens)


def test_a_strategys_symbol_is_a_picture_in_the_colours_of_both_themes() -> None:
    kind, _, drawn = symbol_uri("fine_tune_all").partition(",")
    picture = base64.b64decode(drawn).decode()
    assert kind == "data:image/svg+xml;base64" and PATHS["square"] in picture
    assert (
        LIGHT.strategies[4] in picture.partition("@media")[0] and DARK.strategies[4] in picture.partition("@media")[2]
    )
