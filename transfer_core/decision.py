"""What was said, measured and piloted, side by side, and which of them to trust. Pure: values in, a decision out."""

import math
from collections.abc import Iterator
from typing import Literal

from transfer_core.advice import WHY, advise
from transfer_core.strategies import strategy
from transfer_core.types import Advice, Answers, Decision, Estimate, Measured, Pilots, Plan, Reason, Suggestion

LEAST_SECONDS, MOST_SECONDS = 10.0, 4 * 3600.0  # of pilots
LEAST_SHARE, LEAST_EPOCHS = 0.25, 3  # of its epochs that a strategy needs to be worth a run
MOST_OF_IT = 0.8  # of a full run, from which on a pilot has shown what there is
OWN = "measured on your images"
HALVING = "Jamieson and Talwalkar 2016 (successive halving)"
RULES = "the flowchart (CS231n notes; CS5720, slide 96)"


def decide(said: Answers, measured: Measured | None, pilots: Pilots | None, seconds: float | None) -> Decision:
    """The flowchart's answers as said and as measured, the pilots' result, and what to launch within `seconds`."""
    given = advise(said)
    plans = tuple(plan(estimate, seconds) for estimate in measured.estimates) if measured else ()
    found = advise(measured_answers(measured, plans, seconds), measured) if measured else None
    trust = _trusted(given, found, pilots)
    order = _order(trust, given, found, pilots)
    ruled_out = {each.strategy: each for each in plans if each.fits == "no"}
    possible = [name for name in order if name not in ruled_out]
    if not possible:  # nothing fits: what ends soonest
        possible = [min(plans, key=lambda each: each.seconds).strategy]
    return Decision(
        said=given,
        measured=found,
        pilots=pilots,
        trust=trust,
        because=tuple(_because(trust, given, found, measured, pilots, ruled_out, order, seconds)),
        strategy=possible[0],
        suggestions=tuple(_suggestion(name, rank, trust) for rank, name in enumerate(possible)),
        plans=plans,
    )


def measured_answers(measured: Measured, plans: tuple[Plan, ...], seconds: float | None) -> Answers:
    """The flowchart's answers as they were measured. Compute is ample when fine-tuning everything fits the time."""
    whole = next((each for each in plans if each.strategy == "fine_tune_all"), None)
    answer = measured.similarity.answer
    return Answers(
        images=measured.size.effective,
        similarity=None if answer == "in between" else answer,
        budget=None if seconds is None or whole is None else "ample" if whole.fits == "yes" else "limited",
    )


def plan(estimate: Estimate, seconds: float | None) -> Plan:
    """A strategy held against the time there is: whole, with fewer epochs, or ruled out."""
    fits: Literal["yes", "shortened", "no"] = "yes"
    epochs, words = estimate.epochs, "Fits." if seconds is not None else ""
    if seconds is not None and estimate.seconds > seconds:
        left = (seconds - estimate.fixed_seconds) / estimate.epoch_seconds if estimate.epoch_seconds else 0.0
        least = max(LEAST_EPOCHS, math.ceil(LEAST_SHARE * estimate.epochs))
        if estimate.epochs and left >= least:
            fits, epochs = "shortened", int(left)
            words = f"{epochs} of its {estimate.epochs} epochs fit."
        else:
            fits = "no"
            words = (
                f"Takes too long, even with {least} of {estimate.epochs} epochs."
                if estimate.epochs
                else "Takes too long."
            )
    taken = estimate.fixed_seconds + epochs * estimate.epoch_seconds
    return Plan(strategy=estimate.strategy, estimate=estimate, fits=fits, epochs=epochs, seconds=taken, words=words)


def _trusted(said: Advice, measured: Advice | None, pilots: Pilots | None) -> Literal["said", "measured", "pilots"]:
    """Pilots that tell candidates apart, else measurements, unless they leave open what the user has answered."""
    if pilots is not None and pilots.recommended is not None:
        return "pilots"
    if measured is None:
        return "said"
    open_ = measured.answers.similarity is None and said.answers.similarity is not None
    return "said" if open_ else "measured"


def _order(trust: str, said: Advice, measured: Advice | None, pilots: Pilots | None) -> list[str]:
    """Strategies, best first: the trusted advice's, those that pilots tied in front, then the others'."""
    raced = [trial.strategy for trial in pilots.trials] if pilots else []
    advised = [each.strategy for each in (measured if trust != "said" and measured else said).suggestions]
    if trust == "pilots" or pilots is None:
        return list(dict.fromkeys([*raced, *advised]))
    # Where the race could not decide: those that had more to learn, then the rule, but never for one that lost.
    growing, tied = still_learning(pilots), list(pilots.tied)
    tied.sort(key=lambda name: advised.index(name) if name in advised else len(advised))  # stable
    return list(dict.fromkeys([*growing, *tied, *advised]))


def still_learning(pilots: Pilots) -> list[str]:
    """Those in front by gradient descent that saw less than most of their full run, as raced.

    They may still gain, and keep the head that they began with where they do not.
    """
    return [
        each.strategy
        for each in pilots.trials
        if each.steps and each.part < MOST_OF_IT and each.strategy in pilots.tied
    ]


def _suggestion(name: str, rank: int, trust: str) -> Suggestion:
    why, source = WHY[name]
    role: Literal["recommended", "alternative", "control"]
    role = "recommended" if rank == 0 else "control" if name in ("from_scratch", "small_cnn") else "alternative"
    return Suggestion(strategy=name, role=role, why=why, source=source)


def _because(
    trust: str,
    said: Advice,
    measured: Advice | None,
    found: Measured | None,
    pilots: Pilots | None,
    ruled_out: dict[str, Plan],
    order: list[str],
    seconds: float | None,
) -> Iterator[Reason]:
    """Why that answer is trusted, and what time leaves of it."""
    if trust == "pilots" and pilots is not None:
        rule = "Short trainings on your own images outweigh rules made for all images."
        yield Reason(rule=rule, evidence=pilots.finding, source=HALVING)
    elif pilots is not None:
        rule = "The pilots could not tell the candidates in front apart, so the rules decide between these."
        if still_learning(pilots):
            first = next(each for each in pilots.trials if each.strategy == still_learning(pilots)[0])
            rule = (
                f"The pilots could not tell the candidates in front apart. “{strategy(first.strategy).title}” had only"
                f" {first.part:.0%} of its training there: it may still gain, and keeps its linear head if it does not."
            )
        yield Reason(rule=rule, evidence=pilots.finding, source=HALVING)
    if found is None or measured is None:
        rule = "Nothing was measured yet, so the flowchart stands on what you said."
        yield Reason(rule=rule, evidence=f"{said.answers.images:,} training images, counted", source=RULES)
    elif measured.answers.similarity is None:
        rule = "Similarity was measured and stays open" + (", so your own answer stands." if trust == "said" else ".")
        yield Reason(rule=rule, evidence=found.similarity.finding, source=OWN)
    elif said.answers.similarity not in (None, measured.answers.similarity):
        rule = (
            f"You said {said.answers.similarity}, your images measure as {measured.answers.similarity}: numbers first."
        )
        yield Reason(rule=rule, evidence=found.similarity.finding, source=OWN)
    if measured is not None and measured.answers.size != said.answers.size:
        rule = f"Near-duplicates teach little more than one image, so the size counts as {measured.answers.size}."
        evidence = f"{measured.answers.images:,} of {said.answers.images:,} training images are unlike each other"
        yield Reason(rule=rule, evidence=evidence, source=OWN)
    out = [ruled_out[name] for name in order if name in ruled_out]
    if out and seconds is not None:
        names = listed([f"“{strategy(each.strategy).title}”" for each in out])
        times = listed([f"{each.estimate.seconds:,.0f} s" for each in out])
        rule = f"The time that there is rules out {names}, even with {LEAST_SHARE:.0%} of their epochs."
        yield Reason(rule=rule, evidence=f"{times} expected, {seconds:,.0f} s given", source=OWN)


def listed(words: list[str]) -> str:
    """ "a, b and c" """
    return " and ".join([", ".join(words[:-1])] * (len(words) > 1) + words[-1:])
