"""What the flowchart was answered, said and measured, what Graft advised, and why."""

from dataclasses import dataclass

from transfer_core import findings
from transfer_core.presentation.answers import BUDGET, DOMAIN, OPEN, SIMILARITY, SIZES
from transfer_core.report.gathered import Gathered
from transfer_core.types import Measured, Reason
from transfer_core.words import count, duration

TRUST = {
    "said": "Graft went by what was said.",
    "measured": "Graft went by what it measured.",
    "pilots": "Graft went by the pilots.",
}
NEAREST = 6  # source classes that are named


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A question of the flowchart."""

    question: str
    said: str
    measured: str


@dataclass(frozen=True, kw_only=True)
class AdviceChapter:
    grade: str  # sentences
    recommended: str  # a sentence
    headline: str  # of the flowchart
    trust: str  # '' where there was one side to trust
    answers: tuple[Answered, ...]
    reasons: tuple[Reason, ...]
    race: str  # who led the pilots; '' without
    axes: tuple[str, ...]  # what each view of similarity saw
    measured: Measured | None


def advice(gathered: Gathered) -> AdviceChapter:
    decision, measured = gathered.decision, gathered.measured
    trusted = decision.measured if decision.trust != "said" and decision.measured is not None else decision.said
    titles = {known.name: known.title for known in gathered.strategies}
    sides = decision.measured is not None or decision.pilots is not None
    return AdviceChapter(
        grade=gathered.grade.reason,
        recommended=f"Graft recommends “{titles[decision.strategy]}”: {decision.why}",
        headline=trusted.headline,
        trust=TRUST[decision.trust] if sides else "",
        answers=_answers(gathered),
        reasons=(*decision.because, *trusted.reasons),
        race=findings.race(decision.pilots) if decision.pilots else "",
        axes=tuple(findings.axis(each, measured, gathered.layers) for each in measured.similarity.axes)
        if measured
        else (),
        measured=measured,
    )


def _answers(gathered: Gathered) -> tuple[Answered, ...]:
    said, told = gathered.decision.said.answers, gathered.decision.measured
    measured, seconds = gathered.measured, gathered.said.seconds
    limit = f", at most {duration(seconds)} a run" if seconds is not None else ""
    effective = f"{count(measured.size.effective)}, near-duplicates counted once" if measured else ""
    return (
        Answered(
            question="How many training images", said=f"{count(said.images)}, {SIZES[said.size]}", measured=effective
        ),
        Answered(
            question="How similar to ImageNet",
            said=SIMILARITY.get(said.similarity or "", OPEN),
            measured=findings.likeness(measured) if measured else "",
        ),
        Answered(
            question="How much compute",
            said=BUDGET.get(said.budget or "", OPEN) + limit,
            measured=BUDGET.get(told.answers.budget or "", OPEN) if told else "",
        ),
        Answered(
            question="Is there a network of your own domain (optional)",
            said=DOMAIN.get(said.domain or "", OPEN),
            measured="",
        ),
    )
