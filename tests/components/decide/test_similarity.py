"""The axes of similarity as they are drawn."""

from dataclasses import replace

from components.decide import similarity as similarity_view
from tests.components.decide.known import MEASURED, SIMILARITY
from transfer_core import findings


def test_axes_without_a_score_say_why_and_names_of_classes_are_not_markup() -> None:
    html = similarity_view.axes(MEASURED, {})
    assert html.count('class="dot"') == 2  # together, depth
    assert findings.LACKING["semantics"] in html
    assert "<b>" not in similarity_view.nearest([(MEASURED.nearest_classes[0], [("<i>", "data:x")])])
    assert similarity_view.notes(MEASURED) == {}
    unsure = replace(MEASURED, similarity=replace(SIMILARITY, answer=None))
    assert similarity_view.notes(unsure) == {"similarity": "measured: cannot be told"}
