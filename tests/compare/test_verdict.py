"""What is said of runs."""

from dataclasses import replace

import numpy as np
import pytest

from tests.compare.made import TITLES, comparison, dataset, predictions, run
from transfer_core.backbones import backbone
from transfer_core.compare.comparison import compared, table_of
from transfer_core.compare.verdict import approach_of, grade
from transfer_core.goals import ACCURACY
from transfer_core.strategies import STRATEGIES, recipe
from transfer_core.types import HEAD, Goal

BOTH = {"a": "fine_tune_all", "b": "linear_probe"}
SLOW_FIRST = {"a": 410.0, "b": 10.0}


@pytest.mark.parametrize(
    ("first", "second", "choice", "words"),
    [
        (90, 50, "a", "40.0 points (+30.0 to"),  # the sure winner is worth its time
        (90, 89, "b", "which is not significant on 100 images, and takes 41 times as long"),
        (90, 90, "b", "“Fine-tune all” cannot be told apart from it on these images, and none took much less time"),
        (89, 90, "b", "“Fine-tune all” cannot be told apart from it on these images, and none took much less time"),
    ],
)
def test_the_verdict_takes_the_cheapest_that_is_not_surely_beaten(
    first: int, second: int, choice: str, words: str
) -> None:
    right = {"a": [True] * first + [False] * (100 - first), "b": [True] * second + [False] * (100 - second)}
    found = comparison(right, BOTH, SLOW_FIRST).verdict
    assert found.choice == choice and words in found.reason and found.reason.startswith("Take “")


def test_a_sure_lead_that_is_small_is_not_worth_its_time() -> None:
    right = {"a": [True] * 1990 + [False] * 10, "b": [True] * 1980 + [False] * 20}
    small = comparison(right, BOTH, SLOW_FIRST)
    assert small.pair("a", "b").better == "a" and small.verdict.choice == "b"
    assert "0.5 points (+0.2 to +0.9) better, no more than the 1 point" in small.verdict.reason
    assert comparison(right, BOTH, SLOW_FIRST, worth=0.002).verdict.choice == "a"


def test_one_run_is_taken_for_want_of_another() -> None:
    found = comparison({"a": [True] * 3}, BOTH, SLOW_FIRST)
    assert found.pairs == () and "the only run here" in found.verdict.reason


def test_a_run_that_a_third_one_surely_beats_is_not_taken() -> None:
    """A has the most images right; only B, on the same images as C, is surely ahead of C."""
    n = 300
    c = np.arange(n) < 200
    b = c | (np.arange(n) >= 288)  # all that C has, and 12 more
    a = np.roll(c, 45)
    a[np.flatnonzero(~a)[:14]] = True  # 14 more than C, but quite different ones
    right = {"a": a.tolist(), "b": b.tolist(), "c": c.tolist()}
    strategies = {"a": "fine_tune_all", "b": "linear_probe", "c": "linear_probe"}
    found = comparison(right, strategies, {"a": 100.0, "b": 50.0, "c": 1.0})
    assert found.verdict.best == "a" and found.pair("a", "c").better is None and found.pair("b", "c").better == "b"
    assert found.verdict.choice == "b"


def test_what_was_kept_from_before_does_not_make_a_run_cheap() -> None:
    first = replace(run("a", seconds=8.0), saved_seconds=0.0)
    second = replace(run("b", seconds=1.5), saved_seconds=6.9)
    kept = {id: predictions([True] * 9 + [False]) for id in "ab"}
    assert compared([first, second], kept, dataset(10), {"a": "A", "b": "B"}).verdict.choice == "a"


@pytest.mark.parametrize(
    ("right", "seconds", "words"),
    [
        ((9_950, 9_947), (10.0, 1.0), "has only 3 images of 10,000 more right, and takes 10 times as long"),
        ((95, 94), (1.4, 1.0), "“Linear probe” cannot be told apart from it on these images, and none took much less"),
        ((95, 94), (0.05, 0.02), "and takes 2.5 times as long"),
        ((1, 0), (2.0, 1.0), "is 100.0 points better, which is not significant on 1 image,"),
    ],
)
def test_sentences_hold_at_their_edges(right: tuple[int, int], seconds: tuple[float, float], words: str) -> None:
    n = {9_950: 10_000, 95: 100, 1: 1}[right[0]]
    runs = {name: (np.arange(n) < count).tolist() for name, count in zip("ab", right, strict=True)}
    found = comparison(runs, BOTH, dict(zip("ab", seconds, strict=True))).verdict
    assert words in found.reason


def test_a_lead_too_small_to_matter_is_not_called_one_that_cannot_be_seen() -> None:
    right = {"a": [True] * 1990 + [False] * 10, "b": [True] * 1980 + [False] * 20}
    found = comparison(right, BOTH, {"a": 1.0, "b": 10.0}).verdict
    assert (
        found.choice == "a"
        and "“Linear probe” is less than 1 point behind, and none took much less time" in found.reason
    )


def test_cautions() -> None:
    data = dataset(100)
    data.splits[:60] = 0
    runs = [run("few", per_class=5, val_accuracy=0.9), run("all", "fine_tune_all", seconds=90.0, val_accuracy=0.9)]
    right = [True] * 20 + [False] * 20
    kept = {each.id: predictions(right, 60) for each in runs}
    found = compared(runs, kept, data, {"few": "Few", "all": "All"}).verdict
    assert "different numbers of images, 5 to 60" in found.caution
    assert "On validation images “Few” has 90.0 % right" in found.caution and "Believe the test" in found.caution
    alone = compared(runs[:1], kept, data, {"few": "Few"}, known=[replace(runs[1], val_accuracy=0.5)]).verdict
    assert "finished runs on 60 training images" in alone.caution
    fine = compared([replace(runs[1], val_accuracy=0.5)], kept, data, {"all": "All"}).verdict
    assert fine.caution == ""


def test_advice_and_pretraining_are_judged_on_equally_many_images() -> None:
    """A probe on five images a class says nothing about a network from scratch on thirty."""
    data = replace(dataset(80), labels=np.tile([0, 1], 40))
    data.splits[:60] = 0
    good, bad = [True] * 19 + [False], [True] * 8 + [False] * 12
    runs = [
        run("few", per_class=5, val_accuracy=0.4),
        run("scratch", "from_scratch", val_accuracy=0.9),
        run("tuned", "fine_tune_all", val_accuracy=0.8),
    ]
    kept = {"few": predictions(bad, 60), "scratch": predictions(good, 60), "tuned": predictions(good, 60)}
    names = {each.id: TITLES[each.recipe.strategy] for each in runs}
    assert compared(runs[:2], kept, data, names).transfer is None
    found = compared(runs, kept, data, names)
    assert found.transfer is not None and found.transfer.pretrained == "tuned"
    assert "no other strategy on as many images" in grade(table_of(found), "linear_probe", TITLES).reason


def test_another_network_from_scratch_stands_in_only_where_its_own_was_not_tried() -> None:
    other = run("small", "from_scratch").recipe
    small = replace(run("small"), recipe=replace(other, backbone="small", strategy="small_cnn"))
    runs = [run("p"), run("s", "from_scratch"), small]
    kept = {"p": predictions([True] * 5 + [False] * 5), "small": predictions([True] * 9 + [False])}
    kept["s"] = kept["p"]
    names = {each.id: each.id for each in runs}
    both = compared(runs, kept, dataset(10), names).transfer
    assert both is not None and both.scratch == "s"
    only = compared([runs[0], small], kept, dataset(10), names).transfer
    assert only is not None and only.scratch == "small"


def test_a_run_that_nobody_timed_is_not_free() -> None:
    right = {"a": [True] * 90 + [False] * 10, "b": [True] * 89 + [False] * 11}
    assert comparison(right, BOTH, {"a": 10.0, "b": None}).verdict.choice == "a"
    unknown = comparison(right, BOTH, {"a": None, "b": None}).verdict
    assert unknown.choice == "a" and "what they cost is not known" in unknown.reason


def test_every_strategy_is_one_of_the_two_approaches_or_a_control() -> None:
    """As it says, and as its stages do."""
    for known in STRATEGIES:
        network = backbone(known.network or "bundled")
        data = replace(dataset(60), splits=np.zeros(60, np.int64), labels=np.arange(60) % 2)
        made = recipe(data, known.name, network)
        moves = any(stage.train_from != HEAD for stage in known.stages(made, network))
        done = None if made.weights == "random" else "fine-tuning" if moves else "feature extraction"
        assert approach_of(replace(run("r"), recipe=made)) == known.approach == done, known.name
        assert known.control == (done is None)


def test_every_run_that_is_compared_counts_in_holms_adjustment() -> None:
    """A lead that is sure on its own is not significant among many; the sentence says why."""
    rng = np.random.default_rng(5)
    right = {"b": [True] * 80 + [False] * 20, "a": [True] * 87 + [False] * 13}
    strategies, seconds = dict(BOTH), dict(SLOW_FIRST)
    assert comparison(right, strategies, seconds).verdict.choice == "a"
    for i in range(4):
        strategies[f"c{i}"], seconds[f"c{i}"] = "linear_probe", 500.0
        right[f"c{i}"] = (rng.permutation(100) < 70).tolist()
    found = comparison(right, strategies, seconds).verdict
    assert found.choice == "b" and "which is not significant with 15 pairs compared at once (p = 0." in found.reason
    named = table_of(comparison(right, strategies, seconds))
    advised = grade(named, "linear_probe", TITLES)
    assert "more, which is not significant with 15 pairs compared at once," in advised.reason


@pytest.mark.parametrize(
    ("pretrained", "scratch", "finding"), [(90, 50, "helps"), (50, 90, "useless"), (90, 89, "open"), (60, 60, "open")]
)
def test_what_pretraining_brought(pretrained: int, scratch: int, finding: str) -> None:
    rng = np.random.default_rng(6)
    right = {"p": (rng.permutation(100) < pretrained).tolist(), "s": (rng.permutation(100) < scratch).tolist()}
    found = comparison(right, {"p": "linear_probe", "s": "from_scratch"}, {"p": 1.0, "s": 9.0}).transfer
    assert found is not None and found.finding == finding and (found.advice == "") == (finding == "helps")
    assert comparison({"p": right["p"]}, {"p": "linear_probe"}, {"p": 1.0}).transfer is None


def test_a_tie_is_one_in_what_counts() -> None:
    tied, strategies = (
        {"p": [True] * 6 + [False] * 4, "s": [True] * 6 + [False] * 4},
        {"p": "linear_probe", "s": "from_scratch"},
    )
    said = {
        goal.kind: comparison(tied, strategies, {"p": 1.0, "s": 9.0}, goal=goal).transfer
        for goal in (ACCURACY, Goal(kind="macro_f1"), Goal(kind="recall", label="a", precision=0.9))
    }
    words = {
        "accuracy": "as accurate as",
        "macro_f1": "level in macro-F1 with",
        "recall": "level in recall of “a” at 90",
    }
    assert all(found is not None and words[kind] in found.reason for kind, found in said.items())


def test_surely_no_better_is_said_also_where_it_does_not_harm() -> None:
    right = {"p": [True] * 1500 + [False] * 500, "s": [True] * 1500 + [False] * 500}
    found = comparison(right, {"p": "linear_probe", "s": "from_scratch"}, {"p": 1.0, "s": 9.0}).transfer
    assert found is not None and found.finding == "useless" and "harms" not in found.reason


def test_advice_is_graded() -> None:
    right = {"a": [True] * 90 + [False] * 10, "b": [True] * 50 + [False] * 50}
    table = table_of(comparison(right, BOTH, {"a": 60.0, "b": 10.0}))
    beaten = grade(table, "linear_probe", TITLES)
    assert beaten.won == "a" and beaten.run == "b"
    assert "Graft recommended “Linear probe”; “Fine-tune all” won by 40.0 points (+30.0 to" in beaten.reason
    assert "at 6.0 times the cost" in beaten.reason
    proven = grade(table, "fine_tune_all", TITLES)
    assert proven.won is None and "nothing compared here is better" in proven.reason
    absent = grade(table, "from_scratch", TITLES)
    assert absent.run is None and "no run among those compared" in absent.reason
    graded = grade(
        table_of(comparison({"a": right["a"], "b": [True] * 89 + [False] * 11}, BOTH, SLOW_FIRST)),
        "linear_probe",
        TITLES,
    )
    assert graded.won is None and "not significant" in graded.reason
