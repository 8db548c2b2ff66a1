"""What is trusted, and what is launched, over all combinations of what was said, measured and piloted."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from tests.sweeping import sweep
from transfer_core.decision import decide, plan, still_learning
from transfer_core.strategies import STRATEGIES, strategy
from transfer_core.types import (
    Answers,
    Axis,
    DatasetSize,
    Decision,
    DepthPoint,
    Estimate,
    Goal,
    Measured,
    Pilots,
    Similarity,
    Trial,
)

SAID = ("similar", "different", None)
MEASURED = ("similar", "in between", "different", None, "nothing")
RACED = ("linear_probe", "fine_tune_top", "tie", "nothing")
TIMES = (None, 1_000.0, 150.0, 1.0)
EPOCHS = {"linear_probe": 0, "linear_svm": 0, "all_layers": 0}


def estimate(strategy: str) -> Estimate:
    """Heads take 10 s, the others 10 s and 30 epochs of 10 s."""
    epochs = EPOCHS.get(strategy, 30)
    return Estimate(
        strategy=strategy, fixed_seconds=10.0, epoch_seconds=10.0 if epochs else 0.0, epochs=epochs, peak_bytes=1 << 30
    )


def curve(first: float, last: float) -> tuple[DepthPoint, ...]:
    return tuple(
        DepthPoint(tap=tap, accuracy=share, low=share - 0.05, high=share + 0.05)
        for tap, share in (("stage1", first), ("stage4", last))
    )


def measured(answer: Any, effective: int = 800, layers: tuple[DepthPoint, ...] = ()) -> Measured:
    """Without a depth curve the flowchart's rules are all that there is to go by."""
    axis = Axis(name="depth", score=0.5, low=0.4, high=0.6)
    similarity = Similarity(answer=answer, score=0.5, low=0.4, high=0.6, axes=(axis,), images=effective)
    return Measured(
        dataset="d",
        backbone="bundled",
        weights="w",
        device="CPU",
        size=DatasetSize(train_images=800, per_class=(400, 400), effective=effective),
        similarity=similarity,
        depth_curve=layers,
        nearest_classes=(),
        estimates=tuple(estimate(known.name) for known in STRATEGIES),
        seconds=20.0,
    )


def raced(result: str) -> Pilots | None:
    """A race of three that `result` wins, or whose first two are tied."""
    if result == "nothing":
        return None
    names = ["fine_tune_all", "linear_svm"] if result == "tie" else [result, "linear_svm"]
    return Pilots(
        dataset="d",
        backbone="bundled",
        weights="w",
        trials=tuple(
            Trial(strategy=name, images=100, steps=0, seconds=5.0, rounds=1, accuracy=0.8, part=1.0)
            for name in (*names, "from_scratch")
        ),
        recommended=None if result == "tie" else result,
        tied=tuple(names) if result == "tie" else (result,),
        margin=0.05,
        low=0.01,
        high=0.09,
        val_images=100,
        budget_seconds=60.0,
        seconds=60.0,
    )


def decided(said: Any, answer: Any, race: str, seconds: float | None) -> Decision:
    answers = Answers(images=800, similarity=said)
    return decide(answers, None if answer == "nothing" else measured(answer), raced(race), seconds)


def check_combination(said: Any, answer: Any, race: str, seconds: float | None) -> None:
    found = decided(said, answer, race, seconds)
    names = [each.strategy for each in found.suggestions]
    assert found.strategy == names[0] and len(set(names)) == len(names)
    roles = {each.strategy: each.role for each in found.suggestions}
    assert [name for name in roles if roles[name] == "recommended"] == [found.strategy]
    assert all(each.role != "recommended" for side in (found.said, found.measured) if side for each in side.suggestions)
    assert found.why.endswith(".")
    assert (found.strategy == found.preferred) or "the time that there is" in found.why
    voice = " ".join((found.why, *(reason.rule for reason in found.because)))
    assert "o recommendation" not in voice
    recommended = f"Graft recommends “{strategy(found.strategy).title}”"
    assert voice.count("Graft recommends") == voice.count(recommended), "it is said of two strategies"
    for side in (found.said, found.measured):
        for reason in side.reasons if side else ():
            if "consider feature extraction" in reason.rule:
                assert reason.against == (strategy(found.strategy).approach != "feature extraction")
    assert all(reason.rule and reason.evidence and reason.source for reason in found.because)

    if race in ("linear_probe", "fine_tune_top"):
        assert found.trust == "pilots"
    elif answer == "nothing" or (answer in ("in between", None) and said is not None):
        assert found.trust == "said"
    else:
        assert found.trust == "measured"

    left_out = {each.strategy for each in found.plans if each.fits == "no"}
    assert (found.strategy not in left_out) or left_out == {known.name for known in STRATEGIES}
    if answer == "nothing":
        assert found.measured is None and not found.plans  # nothing was timed, so no time rules anything out
        assert (seconds is None) == all("Measure first" not in reason.rule for reason in found.because)
    elif seconds == 150.0:
        assert not left_out and {each.fits for each in found.plans} == {"yes", "shortened"}
    elif seconds == 1.0:
        assert len(left_out) == len(STRATEGIES)


def test_every_combination_has_one_to_launch_and_why() -> None:
    sweep(check_combination, list(product(SAID, MEASURED, RACED, TIMES)))


@pytest.mark.parametrize(
    ("said", "answer", "race", "seconds", "launched"),
    [
        ("similar", "nothing", "nothing", None, "linear_probe"),
        ("similar", "different", "nothing", None, "linear_svm"),  # numbers before impressions
        ("different", None, "nothing", None, "linear_svm"),  # an abstention leaves the impression
        (None, "similar", "nothing", None, "linear_probe"),
        ("similar", "similar", "fine_tune_top", None, "fine_tune_top"),  # pilots before rules
        ("different", "different", "tie", None, "linear_svm"),  # of those in front, the rule's
        ("similar", "similar", "tie", None, "fine_tune_all"),  # likewise, and not the probe, which was not in front
        ("similar", "similar", "fine_tune_top", 20.0, "linear_svm"),  # the winner does not fit; the next of the race
    ],
)
def test_what_is_launched(said: Any, answer: Any, race: str, seconds: float | None, launched: str) -> None:
    assert decided(said, answer, race, seconds).strategy == launched


@pytest.mark.parametrize(
    ("layers", "a_class", "launched"),
    [
        (curve(0.5, 0.93), 400, "linear_probe"),  # fine-tuning has little to gain
        (curve(0.93, 0.8), 400, "linear_svm"),  # likewise, on an earlier layer
        (curve(0.5, 0.8), 400, "fine_tune_all"),
        (curve(0.5, 0.8), 10, "fine_tune_top"),
        (curve(0.5, 0.93), 10, "linear_probe"),
    ],
)
def test_layers_tell_what_to_launch_without_pilots(layers: tuple[DepthPoint, ...], a_class: int, launched: str) -> None:
    few = measured(None, 2 * a_class, layers)
    few = replace(few, size=replace(few.size, per_class=(a_class, a_class)))
    found = decide(Answers(images=2 * a_class, similarity="different"), few, None, None)
    assert (found.strategy, found.trust) == (launched, "measured") and found.told is not None
    assert (
        "No pilot is needed" in found.because[0].rule and f"{found.told.accuracy:.0%}"[:-1] in found.because[0].evidence
    )


LED = (  # who leads the race, how well linear classifiers do, the part of its run that fine-tuning saw: who counts more
    ("linear_svm", 0.93, 0.3, "pilots"),  # fine-tuning has little to gain, so a head that leads is no surprise
    ("linear_svm", 0.8, 0.3, "measured"),  # fine-tuning could not show what it gains
    ("linear_svm", 0.8, 0.8, "pilots"),
    ("fine_tune_top", 0.8, 0.3, "pilots"),
    ("tie", 0.8, 0.3, "measured"),
    ("tie", 0.93, 0.8, "measured"),
)


@pytest.mark.parametrize(("leader", "accuracy", "part", "trust"), LED)
def test_pilots_outweigh_what_measuring_tells_where_they_tell_more(
    leader: str, accuracy: float, part: float, trust: str
) -> None:
    race = raced(leader)
    assert race is not None
    tuned = replace(race.trials[0], strategy="gradual", steps=40, part=part)
    race = replace(race, trials=(*race.trials[:2], tuned, replace(race.trials[-1], steps=40, part=part)))
    race = replace(race, trials=tuple(replace(t, part=part) if t.strategy[:4] == "fine" else t for t in race.trials))
    found = decide(
        Answers(images=800, similarity="similar"), measured("similar", layers=curve(0.5, accuracy)), race, None
    )
    assert found.trust == trust and (found.told is not None) == (trust == "measured")
    told = "linear_probe" if accuracy > 0.9 else "fine_tune_all"
    assert found.strategy == (told if found.told is not None else leader)
    voice = " ".join(each.rule for each in found.because)
    assert ("so what was measured counts more" in voice) == (trust == "measured") and "No pilot" not in voice


@pytest.mark.parametrize("goal", [Goal(kind="macro_f1"), Goal(kind="recall", label="rare", precision=0.9)])
def test_high_accuracy_decides_nothing_where_something_else_counts(goal: Goal) -> None:
    said, high = Answers(images=800, similarity="similar", budget="ample"), measured("similar", layers=curve(0.5, 0.93))
    assert decide(said, high, None, None).told is not None
    found = decide(said, high, None, None, goal=goal)
    assert found.told is None and found.strategy == found.measured.suggestions[0].strategy  # type: ignore[union-attr]
    assert found.because[0].rule.endswith("counts, which can be low where accuracy is high. Pilots are judged by it.")
    low = decide(said, measured("similar", layers=curve(0.5, 0.8)), None, None, goal=goal)
    assert low.told is not None and low.strategy == "fine_tune_all", "there is much to gain, whatever counts"


def test_limited_compute_and_time_outweigh_what_fine_tuning_would_gain() -> None:
    few = Answers(images=800, similarity="similar", budget="limited")
    found = decide(few, measured("similar", layers=curve(0.5, 0.8)), None, None)
    assert (found.strategy, found.told) == ("linear_probe", None)
    quick = decide(replace(few, budget=None), measured("similar", layers=curve(0.5, 0.8)), None, 20.0)
    assert quick.strategy == "linear_probe"


def test_where_the_flowchart_would_begin_elsewhere_that_is_said_with_why() -> None:
    told = decide(Answers(images=800, similarity="similar"), measured("similar", layers=curve(0.5, 0.8)), None, None)
    assert told.strategy == "fine_tune_all" and "right so far, so fine-tuning has room to gain" in told.why
    (elsewhere,) = [each for each in told.because if "The flowchart alone" in each.rule]
    assert "begin with “Linear probe”; what was measured outweighs it here" in elsewhere.rule
    assert elsewhere.evidence.startswith("Scenario 1")
    assert told.measured is not None and any(each.against for each in told.measured.reasons)
    alike = decide(Answers(images=800, similarity="similar"), measured("similar"), None, None)
    assert not any("The flowchart alone" in each.rule for each in alike.because)


def test_a_tie_goes_to_the_one_that_is_still_learning() -> None:
    race = raced("tie")
    assert race is not None
    trials = [replace(each, steps=40, part=0.3) if each.strategy == "fine_tune_all" else each for each in race.trials]
    found = decide(Answers(images=800), measured("different"), replace(race, trials=tuple(trials)), None)
    assert found.strategy == "fine_tune_all" and any("30\u202f%" in reason.rule for reason in found.because)


def test_of_a_tie_the_one_in_front_is_the_best_guess_unless_by_next_to_nothing() -> None:
    race = raced("tie")
    assert race is not None and set(race.tied) == {"fine_tune_all", "linear_svm"}

    def launched(lead: float) -> str:
        trials = [
            replace(each, accuracy=0.8 + lead) if each.strategy == "fine_tune_all" else each for each in race.trials
        ]
        ranked = replace(race, trials=tuple(trials), tied=("fine_tune_all", "linear_svm"))
        return decide(Answers(images=800), measured("different"), ranked, None).strategy

    assert launched(0.03) == "fine_tune_all" and launched(0.005) == "linear_svm"


def test_what_the_measurement_leaves_open_stays_as_said() -> None:
    said = Answers(images=20_000, similarity="different", budget="limited")
    assert decide(said, measured("different", effective=20_000), None, None).strategy == "linear_svm"  # compute
    found = decide(Answers(images=12_000, similarity="different"), measured("in between", effective=500), None, None)
    assert (found.trust, found.strategy) == ("said", "linear_svm")  # as few as are unlike each other, not 12,000


def test_a_shortened_plan_reaches_the_recipe() -> None:
    found = decided("similar", "nothing", "fine_tune_top", None)
    assert found.suggestions[0].overrides == ()
    found = decided("similar", "similar", "fine_tune_top", 150.0)
    assert found.suggestions[0].overrides == (("epochs", 14),)


def test_when_nothing_fits_it_says_so() -> None:
    found = decided("similar", "similar", "nothing", 1.0)
    assert found.strategy in EPOCHS and "Nothing fits" in " ".join(reason.rule for reason in found.because)


@pytest.mark.parametrize(("strategy", "part"), [("from_scratch", 0.3), ("fine_tune_all", 0.01), ("fine_tune_all", 0.9)])
def test_only_a_learner_with_a_head_and_a_part_of_its_run_is_still_learning(strategy: str, part: float) -> None:
    race = raced("tie")
    assert race is not None
    first = replace(race.trials[0], strategy=strategy, steps=40, part=part)
    tied = replace(race, trials=(first, *race.trials[1:]), tied=(strategy, "linear_svm"))
    assert still_learning(tied) == []


@pytest.mark.parametrize(("lead", "launched"), [(0.03, "from_scratch"), (0.005, "fine_tune_all")])
def test_random_weights_that_lead_one_that_is_still_learning_are_the_best_guess(lead: float, launched: str) -> None:
    race = raced("tie")
    assert race is not None
    tuned = replace(race.trials[0], strategy="fine_tune_all", accuracy=0.6, steps=40, part=0.3)
    random = replace(tuned, strategy="from_scratch", accuracy=0.6 + lead)
    tied = replace(race, trials=(random, tuned), tied=("from_scratch", "fine_tune_all"))
    assert decide(Answers(images=800), measured("different"), tied, None).strategy == launched


def test_near_duplicates_do_not_make_a_large_dataset() -> None:
    answers = Answers(images=1_200)
    found = decide(answers, measured("similar", effective=300), None, None)
    assert found.said.answers.size == "medium" and found.measured is not None
    assert found.measured.answers.size == "small"
    assert any("1,200" in reason.evidence and "300" in reason.evidence for reason in found.because)


def test_an_earlier_layer_that_is_better_is_a_reason() -> None:
    found = decide(Answers(images=800), measured("different", layers=curve(0.8, 0.6)), None, None)
    assert found.measured is not None
    assert any("80.0%" in reason.evidence and "stage1" in reason.evidence for reason in found.measured.reasons)


@pytest.mark.parametrize(
    ("seconds", "fits", "epochs"),
    [(None, "yes", 30), (310.0, "yes", 30), (309.0, "shortened", 29), (90.0, "shortened", 8), (89.0, "no", 30)],
)
def test_a_plan_shortens_down_to_a_quarter(seconds: float | None, fits: str, epochs: int) -> None:
    found = plan(estimate("fine_tune_all"), seconds)
    assert (found.fits, found.epochs, found.seconds) == (fits, epochs, 10 + 10 * epochs)
    assert (str(epochs) in found.words) or fits != "shortened"
