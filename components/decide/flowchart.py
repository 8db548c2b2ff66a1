"""The decision flowchart, drawn and answered on the drawing: what was said and what was measured, each a lit path."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from components.decide.flowchart_pictures import PICTURES
from components.kit import text
from components.kit.drawn import component
from transfer_core.presentation.answers import BUDGET, SIMILARITY
from transfer_core.types import LARGE, SMALL, Answers


@dataclass(frozen=True, kw_only=True)
class Option:
    value: str
    label: str
    hint: str  # while it is not chosen


@dataclass(frozen=True, kw_only=True)
class Question:
    name: str  # the field of Answers
    title: str
    options: tuple[Option, ...]
    aside: str = ""  # what an optional question is asked for; it stands beside the paths


@dataclass(frozen=True, kw_only=True)
class Place:
    """A scenario, or the place between two of them, and what it would do."""

    title: str
    where: str
    says: str


QUESTIONS = (
    Question(
        name="size",
        title="How many training images?",
        options=(
            Option(value="small", label=f"< {text.count(SMALL)}", hint="few"),
            Option(value="medium", label=f"{text.count(SMALL)} to {text.count(LARGE)}", hint="in between"),
            Option(value="large", label=f"> {text.count(LARGE)}", hint="many"),
        ),
    ),
    Question(
        name="similarity",
        title="How similar to ImageNet?",
        options=(
            Option(value="similar", label=SIMILARITY["similar"], hint="photos of things"),
            Option(value="different", label=SIMILARITY["different"], hint="scans, patterns"),
        ),
    ),
    Question(
        name="budget",
        title="How much compute?",
        options=(
            Option(value="limited", label=BUDGET["limited"], hint="no GPU, or minutes"),
            Option(value="ample", label=BUDGET["ample"], hint="a GPU, or hours"),
        ),
    ),
    Question(
        name="domain",
        title="Is there a network of your own domain?",
        aside="Optional, for very specific images such as scans or handwriting.",
        options=(
            Option(value="yes", label="Yes", hint="start from its weights"),
            Option(value="no", label="No", hint="none that I know of"),
        ),
    ),
)
SCENARIOS = {
    1: Place(
        title="Linear classifier on CNN codes",
        where="few images, similar",
        says="Freeze the network, take its last features once for every image, and train a linear classifier on them. "
        "Few images would overfit anything larger, and features made for photos fit photos. Source: CS231n notes.",
    ),
    2: Place(
        title="Fine-tune the whole network",
        where="many images, similar",
        says="Train the new classifier first, then let the whole network adapt at a small learning rate. "
        "Many images keep it from overfitting. Source: CS231n notes.",
    ),
    3: Place(
        title="Linear SVM on an earlier layer",
        where="few images, different",
        says="Freeze the network and train a linear SVM on activations from an earlier layer. The last layers are too "
        "specific to ImageNet's photos, and few images cannot retrain them. Source: CS231n notes.",
    ),
    4: Place(
        title="Fine-tune from pretrained weights",
        where="many images, different",
        says="Fine-tune the whole network, starting from pretrained weights: they help even here. Many images also "
        "afford training from scratch, which runs beside it as the control. Source: CS231n notes.",
    ),
}
BETWEEN = (
    "Freeze the first stages, whose edges and colours serve any images, and fine-tune the rest with augmentation. "
    "A linear classifier beside it shows whether that pays. Sources: Stack Exchange; CS5720, slide 96."
)
# Where an answered similarity leads, by size: one scenario, or the two that a medium size lies between.
LEADS = {
    "similar": {"small": (1,), "medium": (1, 2), "large": (2,)},
    "different": {"small": (3,), "medium": (3, 4), "large": (4,)},
}

HTML = """
<div class="flow">
  <svg role="group" aria-label="Flowchart: three questions, and an optional one, lead to one of four scenarios"></svg>
  <ul class="legend">
    <li><i class="measured"></i>counted or measured</li><li><i class="said"></i>said by you</li>
    <li><i class="maybe"></i>still open</li>
  </ul>
  <p class="says"></p>
  <p class="status" role="status"></p>
</div>
"""
mount = component("graft_flowchart", HTML, beside=__file__)


def flowchart(
    answers: Answers,
    advice_scenario: int | None,
    between: tuple[int, int] | None,
    key: str,
    *,
    measured: Answers | None = None,
    notes: Mapping[str, str] | None = None,
    instead: str = "",
) -> Answers:
    """Draw the flowchart and return the answers with what the user has just chosen on it.

    `measured` are the answers that looking gave; `notes` say, by question, what it found that is none of the options;
    `instead` what is launched where it is not what the scenario says.
    The page keeps the answers: when the returned ones differ from those passed in, store them and rerun.
    """
    data = drawing(answers, advice_scenario, between, measured, notes, instead)
    result = mount(key=key, data=data, on_answer_change=lambda: None)
    return chosen(answers, result.answer)


def chosen(answers: Answers, said: Any) -> Answers:
    """The answers with what came from the browser; whatever is not one of the options leaves a question open."""
    if not isinstance(said, dict):
        return answers
    known = {question.name: [option.value for option in question.options] for question in QUESTIONS}
    similarity, budget, domain = (
        value if (value := said.get(name)) in known[name] else None for name in ("similarity", "budget", "domain")
    )
    return replace(answers, similarity=similarity, budget=budget, domain=domain)


def drawing(
    answers: Answers,
    scenario: int | None,
    between: tuple[int, int] | None,
    measured: Answers | None = None,
    notes: Mapping[str, str] | None = None,
    instead: str = "",
) -> dict[str, Any]:
    """What the browser draws from."""
    lit = list(between) if between else [scenario] if scenario else []
    return {
        "answers": _plain(answers),
        "measured": {"size": f"{text.count(answers.images)} counted"},
        "found": None if measured is None else _plain(replace(measured, domain=None)),  # looking does not tell
        "found_words": {
            "size": f"{text.count(measured.images if measured else 0)} unlike each other",  # where another size follows
            "similarity": "measured",
            "budget": "measured",
        },
        "notes": dict(notes or {}),
        "pictures": {option: asdict(picture) for option, picture in PICTURES.items()},
        "lit": lit,
        "questions": [asdict(question) for question in QUESTIONS],
        "places": {
            **{str(number): asdict(place) for number, place in SCENARIOS.items()},
            "1-2": {"title": "between 1 and 2", "where": "", "says": BETWEEN},
            "3-4": {"title": "between 3 and 4", "where": "", "says": BETWEEN},
        },
        "leads": LEADS,
        "instead": instead,
    }


def _plain(answers: Answers) -> dict[str, str | None]:
    return {question.name: getattr(answers, question.name) for question in QUESTIONS}
