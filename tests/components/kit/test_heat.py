"""Where the evidence is, in words."""

from components.kit.heat import tried, words
from tests.components.finished_runs import CLASSES
from tests.components.maps import heat


def test_the_words_say_what_is_shown_and_what_is_not() -> None:
    said = words(heat(), CLASSES, 0)
    assert "dog" in said and "4 × 4 places" in said and "not reasons" in said and "not shown" in said
    assert "No place speaks for" in words(heat(), CLASSES, 1) and "<b>cat" not in words(heat(), CLASSES, 1)
    assert "squeezed" in words(heat("squeeze"), CLASSES, 0)
    assert "So these places matter" in tried(heat(), CLASSES)
    assert "tells little" in tried(heat(tried=(0.9, 0.85, 0.8)), CLASSES)
