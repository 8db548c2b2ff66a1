"""What was said, measured and piloted, side by side, and which of them to trust. Pure: values in, a decision out."""

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Literal

from transfer_core import findings
from transfer_core.advice import advise, suggestion
from transfer_core.goals import ACCURACY, words
from transfer_core.strategies import representative, strategy
from transfer_core.types import (
    Advice,
    Answers,
    Decision,
    Estimate,
    Goal,
    Measured,
    Pilots,
    Plan,
    Reason,
    Suggestion,
    Told,
)
from transfer_core.words import listed, percent

LEAST_SECONDS, MOST_SECONDS = 10.0, 4 * 3600.0  # of pilots
LEAST_SHARE, LEAST_EPOCHS = 0.25, 3  # of its epochs that a strategy needs to be worth a run
SOME_OF_IT, MOST_OF_IT = 0.1, 0.8  # of a full run: from the first a pilot shows something, from the second all
ENOUGH = 0.9  # of held-out training images right by a linear classifier: fine-tuning has little to gain
FEW = 20  # training images a class, below which the first layers are better left alone
LITTLE = 0.01  # of validation accuracy: a lead that is not significant and smaller decides nothing
OWN = "measured on your images"
HALVING = "Jamieson and Talwalkar 2016 (successive halving)"
RULES = "the flowchart (CS231n notes; CS5720, slide 96)"


def decide(
    said: Answers,
    measured: Measured | None,
    pilots: Pilots | None,
    seconds: float | None,
    expected: tuple[Estimate, ...] = (),
    *,
    goal: Goal = ACCURACY,
) -> Decision:
    """The flowchart's answers as said and as measured, the pilots' result, and what to launch within `seconds`.

    `expected`: what strategies will take as far as that is known before anything is measured. `goal`: what counts;
    `pilots` were judged by it.
    """
    given = advise(said)
    plans = tuple(plan(estimate, seconds) for estimate in (measured.estimates if measured else expected))
    found = advise(measured_answers(said, measured, plans, seconds), measured) if measured else None
    seen = tells(measured, found.answers) if measured and found else None
    if seen is not None and pilots is not None and not stands(seen, pilots):
        seen = None
    told = None if seen is not None and seen.enough and goal != ACCURACY else seen
    trust = "measured" if told else _trusted(given, found, pilots)
    rules = _rules(trust, given, found)
    order = list(dict.fromkeys([*([told.strategy] if told else []), *_order(trust, rules, pilots)]))
    fits = {each.strategy: each for each in plans if each.fits != "no"}
    possible = [name for name in order if name in fits or not plans]
    if not possible:  # of all strategies what fits, or what ends soonest
        possible = [min(fits.values() or plans, key=lambda each: each.seconds).strategy]
    taken = possible[0]
    decision = Decision(
        said=advise(said, taken=taken),
        measured=advise(found.answers, measured, taken=taken) if found else None,
        pilots=pilots,
        told=told,
        trust=trust,
        because=(),
        strategy=taken,
        preferred=order[0],
        why="",
        suggestions=tuple(_suggestion(name, fits.get(name), recommended=name == taken) for name in possible),
        plans=plans,
    )
    return replace(
        decision,
        because=(
            *_told(told, pilots),
            *_unseen(seen if told is None and pilots is None else None, goal),
            *_raced(decision),
            *_instead(decision, rules),
            *_answered(decision, measured),
            *_within(order, plans, seconds),
        ),
        why=_why(decision, rules),
    )


def measured_answers(said: Answers, measured: Measured, plans: tuple[Plan, ...], seconds: float | None) -> Answers:
    """The flowchart's answers as they were measured.

    Compute is ample when fine-tuning everything fits the time; without a time limit it is what was said.
    """
    whole = next((each for each in plans if each.strategy == representative(2).name), None)
    answer = measured.similarity.answer
    timed: Literal["limited", "ample"] = "ample" if whole is not None and whole.fits == "yes" else "limited"
    return Answers(
        images=measured.size.effective,
        similarity=None if answer == "in between" else answer,
        budget=said.budget if seconds is None else timed,
        domain=said.domain,
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
            fits, words = "no", "Takes too long"
            words += f", even with {least} of {estimate.epochs} epochs." if estimate.epochs else "."
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


def _rules(trust: str, said: Advice, measured: Advice | None) -> Advice:
    """The flowchart for the answers that count more."""
    if measured is None:
        return said
    if trust == "said":  # the size as measured, the similarity as said
        return advise(replace(measured.answers, similarity=said.answers.similarity))
    return measured


def _order(trust: str, rules: Advice, pilots: Pilots | None) -> list[str]:
    """Strategies, best first: the trusted advice's, those that pilots tied in front, then the others'."""
    advised = [each.strategy for each in rules.suggestions]
    raced = [trial.strategy for trial in pilots.trials] if pilots else []
    if trust == "pilots" or pilots is None:
        return list(dict.fromkeys([*raced, *advised]))
    # Where the race could not decide: those that had more to learn; then who is in front, unless by so little that the
    # rules decide, which put what costs less first.
    first = max(trial.accuracy for trial in pilots.trials)
    level = {trial.strategy for trial in pilots.trials if first - trial.accuracy < LITTLE}
    rule = {name: rank for rank, name in enumerate(advised)}
    tied = sorted(pilots.tied, key=lambda name: (name not in level, rule.get(name, len(rule)) if name in level else 0))
    return list(dict.fromkeys([*still_learning(pilots), *tied, *advised]))


def still_learning(pilots: Pilots) -> list[str]:
    """Those in front by gradient descent that saw a part of their full run but not most of it, as raced.

    They may still gain, and keep the linear head that they began with where they do not. Not those behind a control
    that leads by more than LITTLE: it began from nothing and may gain as well.
    """
    controls = [
        each.accuracy for each in pilots.trials if strategy(each.strategy).control and each.strategy in pilots.tied
    ]
    return [
        each.strategy
        for each in pilots.trials
        if each.strategy in pilots.tied
        and all(accuracy - each.accuracy < LITTLE for accuracy in controls)
        and each.steps
        and SOME_OF_IT <= each.part < MOST_OF_IT
        and not strategy(each.strategy).control
    ]


def tells(measured: Measured, answers: Answers) -> Told | None:
    """What to launch without pilots, by how well linear classifiers tell the classes apart (benchmarks/RESULTS.md, The
    quality of advice); None where no layers could be compared, or compute is too limited to fine-tune.
    """
    if not measured.depth_curve:
        return None
    best, last = max(point.accuracy for point in measured.depth_curve), measured.depth_curve[-1].accuracy
    if best >= ENOUGH:
        return Told(strategy="linear_probe" if last >= ENOUGH else "linear_svm", accuracy=best, enough=True)
    tuned = "fine_tune_top" if median(measured.size.per_class) < FEW else "fine_tune_all"
    return None if answers.budget == "limited" else Told(strategy=tuned, accuracy=best, enough=False)


def stands(told: Told, pilots: Pilots) -> bool:
    """Whether what measuring tells counts more than the race: where that is undecided, or is led by a linear head that
    no fine-tuning could catch up with, since none saw most of its full run. Not where the race is surely led by others
    after most of the run of what measuring tells. (benchmarks/RESULTS.md, The quality of advice)
    """
    whole = [each.strategy for each in pilots.trials if each.part >= MOST_OF_IT]
    if pilots.recommended is None:
        return told.strategy in pilots.tied or told.strategy not in whole
    if told.enough or not strategy(pilots.recommended).solved:
        return False
    return all(strategy(name).solved for name in whole)


def _told(told: Told | None, pilots: Pilots | None) -> Iterator[Reason]:
    if told is not None:
        needless = " No pilot is needed." if pilots is None else ""
        yield Reason(rule=_gain(told) + needless, evidence=findings.head(told), source=OWN)


def _unseen(seen: Told | None, goal: Goal) -> Iterator[Reason]:
    """Why a high accuracy decides nothing where something else counts."""
    if seen is not None:
        counts = f"{words(goal)[0].upper()}{words(goal)[1:]} counts"
        rule = f"{counts}, which can be low where accuracy is high. Pilots are judged by it."
        yield Reason(rule=rule, evidence=findings.head(seen), source=OWN)


def _gain(told: Told) -> str:
    return "Fine-tuning has little to gain." if told.enough else f"Fine-tuning mostly gains below {percent(ENOUGH, 0)}."


def _suggestion(name: str, planned: Plan | None, *, recommended: bool) -> Suggestion:
    shortened = planned is not None and planned.fits == "shortened"
    overrides = (("epochs", planned.epochs),) if planned is not None and shortened else ()
    return suggestion(name, overrides, recommended=recommended)


def _why(decision: Decision, rules: Advice) -> str:
    """Why the strategy that is recommended is."""
    pilots, told = decision.pilots, decision.told
    if decision.plans and all(each.fits == "no" for each in decision.plans):
        return "nothing fits the time that there is, and this ends soonest."
    if decision.strategy != decision.preferred:
        return "the best that fits the time that there is."
    if decision.trust == "pilots" and pilots is not None:
        of = "validation accuracy" if pilots.goal == "accuracy" else "what counts"
        led = f" by {100 * pilots.margin:.1f} points of {of}" if pilots.margin is not None else ""
        return f"in the pilots it led{led}."
    if pilots is not None and told is None:
        return f"the pilots could not tell, and {_tie(decision, pilots)}."
    if told is not None:
        head = findings.head(told)
        return f"{head[0].lower()}{head[1:]}, so fine-tuning has {'little' if told.enough else 'room'} to gain."
    answers = rules.answers
    if rules.scenario is None:
        return "the flowchart begins with it until it is known how similar your images are to ImageNet."
    by = "as measured" if decision.trust == "measured" else "as you said"
    compute = f", and {answers.budget} compute" if answers.budget else ""
    like = "like" if answers.similarity == "similar" else "unlike"
    return f"{answers.images:,} training images that look {like} ImageNet, {by}{compute}."


def _tie(decision: Decision, pilots: Pilots) -> str:
    """What decides where pilots could not, in a clause about the one that is preferred."""
    name = decision.preferred
    if len(pilots.trials) < 2:
        return "it is the only one that they had time for"
    if name in still_learning(pilots):
        part = next(each.part for each in pilots.trials if each.strategy == name)
        return f"it had only {percent(part, 0)} of its training there, so it may still gain"
    if name == next(iter(pilots.tied), ""):
        return "it leads them"
    return "of those level with the leader the rules put it first"


def _raced(decision: Decision) -> Iterator[Reason]:
    """What the pilots showed, and what decides where they could not."""
    pilots = decision.pilots
    if pilots is None:
        return
    if decision.trust == "pilots":
        rule = "Short trainings on your own images outweigh rules made for all images."
    elif decision.told is not None:
        found = "could not tell" if pilots.recommended is None else "gave no fine-tuning most of its training"
        rule = f"The pilots {found}, so what was measured counts more."
    else:
        first = f"“{strategy(decision.preferred).title}”"
        said = f"Graft recommends {first}" if decision.preferred == decision.strategy else f"{first} would come first"
        level = "Of those that the pilots could not tell apart " if len(pilots.tied) > 1 else ""
        rule = f"{level}{said}, because {_tie(decision, pilots)}"
        keeps = decision.preferred in still_learning(pilots)
        rule += ", and it keeps its linear head if it does not." if keeps else "."
    yield Reason(rule=rule, evidence=findings.race(pilots), source=HALVING)


def _instead(decision: Decision, rules: Advice) -> Iterator[Reason]:
    """Where the flowchart alone would begin, if that is elsewhere and no limit of time is why."""
    own = rules.suggestions[0].strategy
    if own != decision.preferred:
        raced = decision.pilots is not None and decision.told is None
        outweighs = "the pilots outweigh" if raced else "what was measured outweighs"
        rule = f"The flowchart alone would begin with “{strategy(own).title}”; {outweighs} it here."
        yield Reason(rule=rule, evidence=rules.headline, source=RULES)


def _answered(decision: Decision, found: Measured | None) -> Iterator[Reason]:
    """Which of the flowchart's answers count, those said or those measured."""
    said, measured = decision.said, decision.measured
    if found is None or measured is None:
        rule = "Nothing was measured yet, so the flowchart goes by what you said."
        yield Reason(rule=rule, evidence=f"{said.answers.images:,} training images, counted", source=RULES)
        return
    if measured.answers.similarity is None:
        stays = ", so your own answer counts." if decision.trust == "said" else "."
        rule = f"Similarity was measured and stays open{stays}"
        yield Reason(rule=rule, evidence=findings.likeness(found), source=OWN)
    elif said.answers.similarity not in (None, measured.answers.similarity):
        rule = (
            f"You said {said.answers.similarity}, your images measure as {measured.answers.similarity}: numbers first."
        )
        yield Reason(rule=rule, evidence=findings.likeness(found), source=OWN)
    if measured.answers.size != said.answers.size:
        rule = f"Near-duplicates teach little more than one image, so the size counts as {measured.answers.size}."
        evidence = f"{measured.answers.images:,} of {said.answers.images:,} training images are unlike each other"
        yield Reason(rule=rule, evidence=evidence, source=OWN)


def _within(order: list[str], plans: tuple[Plan, ...], seconds: float | None) -> Iterator[Reason]:
    """What the time leaves."""
    if seconds is None:
        return
    if not plans:
        rule = "No strategy was timed on this machine yet, so your time limit rules nothing out. Measure first."
        yield Reason(rule=rule, evidence=f"{seconds:,.0f} s given", source=RULES)
    out = [each for each in plans if each.fits == "no" and each.strategy in order]
    names = listed([f"“{strategy(each.strategy).title}”" for each in out])
    times = listed([f"{each.estimate.seconds:,.0f} s" for each in out])
    if plans and all(each.fits == "no" for each in plans):
        rule = "Nothing fits the time that there is; this ends soonest."
        yield Reason(rule=rule, evidence=f"{min(each.seconds for each in plans):,.0f} s expected", source=OWN)
    elif out:
        rule = f"The time that there is rules out {names}."
        yield Reason(rule=rule, evidence=f"{times} expected, {seconds:,.0f} s given", source=OWN)
