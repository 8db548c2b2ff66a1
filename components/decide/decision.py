"""What to launch, in a sentence; what was said, measured and piloted, side by side; why; what the sources say."""

from collections.abc import Mapping, Sequence

import streamlit as st

from components.kit import text
from components.kit.drawn import drawn
from transfer_core import findings
from transfer_core.presentation.answers import BUDGET, SIMILARITY
from transfer_core.types import Advice, Answers, Decision, Measured, Pilots, Reason, Run

ALIKE: dict[str | None, str] = {name: words.lower() for name, words in SIMILARITY.items()}
COMPUTE: dict[str | None, str] = {name: f"{words.lower()} compute" for name, words in BUDGET.items()}
DOMAIN = {"yes": ", a network of their own domain", "no": ", no network of their domain", None: ""}
TITLES = {"said": "You said", "measured": "Measured", "pilots": "Pilots"}
LOOKS = {"said": "said", "measured": "measured", "pilots": "piloted"}


def why_view(decision: Decision, measured: Measured | None, titles: Mapping[str, str]) -> None:
    """What was said, measured and piloted, and why which of them counts. `titles` of the strategies by name."""
    drawn(cards(decision, measured, titles), key="decision_cards")
    _list(decision.because)


def why(decision: Decision) -> str:
    """The first reason, in a line."""
    reasons = (*decision.because, *trusted(decision).reasons)
    return f"Why: {reasons[0].rule}" if reasons else "Why"


def sources_view(decision: Decision) -> None:
    """The rules of the flowchart's sources, those that disagree beside the others."""
    advice = trusted(decision).reasons
    against = [reason for reason in advice if reason.against]
    left, right = st.columns(2, gap="large") if against else (st.container(), None)
    with left:
        st.markdown("**What the flowchart goes by**")
        _list([reason for reason in advice if not reason.against])
    if right is not None:
        with right:
            st.markdown("**Where the sources disagree**")
            _list(against)
            if decision.pilots is None and decision.told is None:
                st.caption("Pilots, or training the alternatives beside it, let your own images decide.")


def sources(decision: Decision) -> str:
    """How many rules speak for it and how many against, in a line."""
    advice = trusted(decision).reasons
    against = sum(reason.against for reason in advice)
    rules = f"What the sources say: {_rules(len(advice) - against)} for this"
    return f"{rules}, {against} against" if against else rules


def _rules(count: int) -> str:
    return f"{count} {'rule' if count == 1 else 'rules'}"


def headline(decision: Decision, titles: Mapping[str, str], run: Run | None = None) -> str:
    """What to launch and what speaks for it. `run`: its run where it trains or has finished."""
    title = f"“{titles[decision.strategy]}”"
    stands = f"Launch {title}" if run is None else f"{title} is {'under way' if run.active else 'trained'}"
    return f"{stands}: {decision.why}"


def instead(decision: Decision, titles: Mapping[str, str]) -> str:
    """For the flowchart: what is launched where it is not what its rules put first for the trusted answers."""
    if decision.strategy == trusted(decision).suggestions[0].strategy:
        return ""
    return f"For your images Graft recommends “{titles[decision.strategy]}”."


def _narrowed(decision: Decision) -> bool:
    """Whether pilots left several in front, and the decision is one of these for that reason."""
    tied = decision.pilots.tied if decision.pilots is not None and decision.told is None else ()
    return decision.trust != "pilots" and len(tied) > 1 and decision.strategy in tied


def _guessed(decision: Decision) -> bool:
    """Whether the one that leads among these is launched, where the rules prefer none of them."""
    return _narrowed(decision) and decision.strategy not in _best(decision)


def _best(decision: Decision) -> set[str]:
    """What the trusted answer recommends, whatever time it takes."""
    if decision.trust == "pilots" and decision.pilots is not None:
        return {decision.pilots.recommended or decision.strategy}
    return {trusted(decision).suggestions[0].strategy}


def trusted(decision: Decision) -> Advice:
    """The flowchart's advice for the answers that count more: the measured ones unless what was said is trusted."""
    if decision.trust == "said" or decision.measured is None:
        return decision.said
    return decision.measured


def cards(decision: Decision, measured: Measured | None, titles: Mapping[str, str]) -> str:
    """HTML: a card each, the one that what is launched comes from marked where there are others to compare it with."""
    made = {
        "said": ("", place(decision.said), _answers(decision.said)),
        "measured": _of_measured(decision, measured),
        "pilots": _of_pilots(decision, titles),
    }
    several = sum(card is not None for card in made.values()) > 1
    return f'<div class="cards">{"".join(_card(kind, made[kind], several, decision) for kind in TITLES)}</div>'


EMPTY = {
    "said": "",
    "measured": "Not measured yet. Graft can look at your images and time this machine.",
    "pilots": "No pilots yet. Short trainings can race on your own images.",
}


NOT_NEEDED = "No pilot needed: what was measured decides."


def _card(kind: str, content: tuple[str, str, str] | None, several: bool, decision: Decision) -> str:
    guess = _guessed(decision)
    trust = several and kind == ("pilots" if guess else decision.trust)
    tag = f'<span class="tag full">{"Best guess" if guess else "Trusted"}</span>' if trust else ""
    if kind == "pilots" and _narrowed(decision) and not guess:
        tag = '<span class="tag">Narrow it down</span>'
    head = f"<header><span>{TITLES[kind]}</span>{tag}</header>"
    if content is None:
        why = NOT_NEEDED if kind == "pilots" and decision.told is not None else EMPTY[kind]
        return f'<section class="card empty {LOOKS[kind]}">{head}<small>{why}</small></section>'
    place, answer, words = (text.html(part) for part in content)
    above = f"<small>{place}</small>" if place else ""
    body = f'{above}<p class="answer">{answer}</p><small>{words}</small>'
    return f'<section class="card {LOOKS[kind]} {"trusted" if trust else ""}">{head}{body}</section>'


def place(advice: Advice) -> str:
    """Where the flowchart ends."""
    if advice.between:
        return f"Between scenarios {advice.between[0]} and {advice.between[1]}"
    return f"Scenario {advice.scenario}" if advice.scenario else "Scenario open"


def _answers(advice: Advice) -> str:
    answers = advice.answers
    counted = f"{text.count(answers.images)} training images"
    return f"{counted}, {ALIKE.get(answers.similarity, 'similarity open')}, {_compute(answers)}{DOMAIN[answers.domain]}"


def _compute(answers: Answers) -> str:
    return COMPUTE.get(answers.budget, "compute open")


def _of_measured(decision: Decision, measured: Measured | None) -> tuple[str, str, str] | None:
    advice = decision.measured
    if advice is None or measured is None:
        return None
    found = measured.similarity
    likeness = ALIKE.get(found.answer, "similarity cannot be told")
    words = f"{text.count(advice.answers.images)} training images, {likeness}"
    if found.score is not None and found.low is not None and found.high is not None:
        words += f" ({found.score:.2f}, {found.low:.2f} to {found.high:.2f})"
    words += f", {_compute(advice.answers)}"
    if decision.told is not None:
        words = f"{words}. {findings.head(decision.told)}."
    return "", place(advice), words


def _of_pilots(decision: Decision, titles: Mapping[str, str]) -> tuple[str, str, str] | None:
    pilots = decision.pilots
    if pilots is None:
        return None
    if pilots.recommended is None:
        tied = " and ".join(titles[name] for name in pilots.tied[:2]) + (" and others" * (len(pilots.tied) > 2))
        why = "Not significant" if _noise(pilots) else "Not proven"
        answer = titles[decision.strategy] if _guessed(decision) else "A tie"
        return why, answer, f"Not told apart: {tied}." if tied else ""
    return "Ahead", titles[pilots.recommended], margin_words(pilots)


def _noise(pilots: Pilots) -> bool:
    """Whether the first does not lead the second significantly; else too few images or steps showed it."""
    return pilots.low is None or pilots.low <= 0


def margin_words(pilots: Pilots) -> str:
    """The leader's margin with its interval."""
    if pilots.margin is None or pilots.low is None or pilots.high is None:
        return "It had no rival."
    low, high = (text.signed(100 * value, 1) for value in (pilots.low, pilots.high))
    return (
        f"Margin {points(pilots.margin)} (95 %: {low} to {high}) on {text.count(pilots.val_images)} validation images."
    )


def points(fraction: float) -> str:
    """0.042 -> 4.2 points: a difference of accuracies"""
    return f"{100 * fraction:.1f}{text.NARROW}points"


def _list(reasons: Sequence[Reason]) -> None:
    for reason in reasons:
        evidence = f"{text.escape(reason.evidence.rstrip('.'))}. " if reason.evidence else ""
        source = f"Source: {text.escape(reason.source)}" if reason.source else ""
        st.markdown(f"{text.escape(reason.rule)}  \n:gray[{evidence}{source}]")
