"""The drawings beside the flowchart's options."""

from xml.etree import ElementTree

from components.decide import flowchart
from components.decide.flowchart_pictures import PICTURES


def test_two_drawings_explain_each_question() -> None:
    options = {f"{question.name}-{option.value}" for question in flowchart.QUESTIONS for option in question.options}
    assert set(PICTURES) <= options
    for question in flowchart.QUESTIONS:
        if question.aside:  # its words stand beside it
            continue
        assert sum(option.startswith(f"{question.name}-") for option in PICTURES) == 2
    for picture in PICTURES.values():
        ElementTree.fromstring(f"<g>{picture.svg}</g>")  # the browser would drop what is not well formed
        assert picture.alt
