"""The flowchart's drawing agrees with the advice, and takes from the browser nothing but its own options."""

import pytest
from streamlit.testing.v1 import AppTest

from components.decide import flowchart
from transfer_core.advice import advise
from transfer_core.types import Answers

SIZES = {"small": 816, "medium": 3_781, "large": 12_000}


@pytest.mark.parametrize("similarity", ["similar", "different"])
@pytest.mark.parametrize("size", SIZES)
def test_the_path_lit_at_once_is_the_one_that_advice_gives(size: str, similarity: str) -> None:
    advice = advise(Answers(images=SIZES[size], similarity=similarity))
    lit = flowchart.drawing(advice.answers, advice.scenario, advice.between)["lit"]
    assert tuple(lit) == flowchart.LEADS[similarity][size]


def test_an_open_similarity_lights_no_scenario() -> None:
    drawn = flowchart.drawing(Answers(images=816), None, None)
    assert drawn["lit"] == []
    assert drawn["answers"] == {"size": "small", "similarity": None, "budget": None, "domain": None}
    assert "816" in drawn["measured"]["size"]


def test_what_was_measured_is_drawn_beside_what_was_said() -> None:
    said = Answers(images=3_781, similarity="similar", domain="no")
    found = Answers(images=950, similarity="different", domain="no")  # which advice on measurements takes along
    notes = {"similarity": "measured: in between"}
    drawn = flowchart.drawing(said, 1, (1, 2), found, notes)
    assert drawn["lit"] == [1, 2]
    assert drawn["answers"] == {"size": "medium", "similarity": "similar", "budget": None, "domain": "no"}
    assert drawn["found"] == {"size": "small", "similarity": "different", "budget": None, "domain": None}, (
        "not measured"
    )
    assert drawn["found_words"]["size"].startswith("950 ")
    assert drawn["notes"] == notes
    assert flowchart.drawing(said, 1, (1, 2))["found"] is None


def test_options_are_those_of_the_answers_and_every_place_explains_itself() -> None:
    drawn = flowchart.drawing(Answers(images=5), None, None)
    for question in drawn["questions"]:
        for option in question["options"]:
            known = {"images": SIZES[option["value"]]} if question["name"] == "size" else {"images": 5}
            field = {} if question["name"] == "size" else {question["name"]: option["value"]}
            assert getattr(Answers(**known, **field), question["name"]) == option["value"]
    ends = {"-".join(map(str, to)) for by in drawn["leads"].values() for to in by.values()}
    assert ends == set(drawn["places"])
    assert all(place["says"] for place in drawn["places"].values())


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, ("similar", None, "yes")),
        ({"similarity": "different", "budget": "ample", "domain": "no"}, ("different", "ample", "no")),
        ({"similarity": None, "budget": "limited"}, (None, "limited", None)),
        ({"similarity": "<script>", "budget": ["ample"], "domain": 1}, (None, None, None)),
        ({}, (None, None, None)),
        ("similar", ("similar", None, "yes")),
    ],
)
def test_answers_from_the_browser(said: object, expected: tuple[str | None, ...]) -> None:
    found = flowchart.chosen(Answers(images=816, similarity="similar", domain="yes"), said)
    assert (found.similarity, found.budget, found.domain) == expected
    assert found.images == 816


def _page() -> None:
    import streamlit as st

    from components.decide.flowchart import flowchart
    from transfer_core.types import Answers

    given = Answers(images=3_781, similarity="similar")
    st.write(flowchart(given, 1, (1, 2), key="flow") == given)


def test_it_mounts_and_gives_the_answers_back() -> None:
    page = AppTest.from_function(_page).run()
    assert not page.exception
    assert page.markdown[0].value == "`True`"
