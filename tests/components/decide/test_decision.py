"""The headline and the cards for each thing that may be trusted."""

from dataclasses import replace

import pytest

from components.decide import decision as decision_view
from tests.components.decide.known import MEASURED, PILOTS, SAID, TITLES
from transfer_core.decision import decide
from transfer_core.types import (
    Answers,
    Decision,
)

LEVEL = (replace(PILOTS.trials[0], accuracy=0.705), PILOTS.trials[1])


TIED = replace(PILOTS, trials=LEVEL, recommended=None, tied=("fine_tune_top", "linear_svm"), margin=0.005, low=-0.02)


CUT = replace(PILOTS, recommended=None, tied=("fine_tune_top", "from_scratch"))  # surely ahead of the second


EQUAL = replace(TIED, tied=("all_layers", "linear_probe"))  # the rules know neither for such images


UNTOLD = replace(MEASURED, depth_curve=())  # no layers could be compared


@pytest.mark.parametrize(
    ("decision", "headline", "trusted"),
    [
        (
            decide(Answers(images=40), None, None, None),
            "Linear probe”: the flowchart begins with it until it is known how similar",
            None,
        ),
        (
            decide(SAID, None, None, None),
            "Linear probe”: 40 training images that look like ImageNet, as you said",
            None,
        ),
        (
            decide(SAID, MEASURED, None, None),
            "Fine-tune everything”: a linear classifier has 80\u202f% of held-out training images right so far",
            "Measured",
        ),
        (
            decide(SAID, UNTOLD, None, None),
            "earlier layer”: 40 training images that look unlike ImageNet, as measured",
            "Measured",
        ),
        (decide(SAID, MEASURED, PILOTS, None), "Fine-tune the top”: in the pilots it led by 10.0", "Pilots"),
        (
            decide(SAID, MEASURED, TIED, None),
            "Fine-tune everything”: a linear classifier has 80\u202f% of held-out training images right so far",
            "Measured",
        ),
        (decide(SAID, UNTOLD, CUT, None), "the pilots could not tell, and it leads them", "Best guess"),
        (
            decide(SAID, UNTOLD, TIED, None),
            "earlier layer”: the pilots could not tell, and of those level with the leader the rules put it first",
            "Measured",
        ),
        (
            decide(SAID, UNTOLD, EQUAL, None),
            "one classifier”: the pilots could not tell, and it leads them",
            "Best guess",
        ),
        (decide(SAID, MEASURED, PILOTS, 20.0), "”: the best that fits the time that there is", "Pilots"),
    ],
)
def test_the_headline_and_the_marked_card_follow_what_is_trusted(
    decision: Decision, headline: str, trusted: str | None
) -> None:
    assert headline in decision_view.headline(decision, TITLES)
    html = decision_view.cards(decision, MEASURED if decision.measured else None, TITLES)
    tag, card = ("Best guess", "Pilots") if trusted == "Best guess" else ("Trusted", trusted)
    assert html.count("Trusted") + html.count("Best guess") == (trusted is not None)
    if card:
        marked = html.split(f"<header><span>{card}</span>")[1].split("</section>")[0]
        assert f">{tag}<" in marked
        if tag == "Best guess":
            assert f'<p class="answer">{TITLES[decision.strategy]}</p>' in marked
