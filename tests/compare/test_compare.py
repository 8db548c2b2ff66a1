"""Statistics against values known from elsewhere, and what is said of runs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from transfer_core.backbones import backbone
from transfer_core.compare import mistakes
from transfer_core.compare.comparison import compared, table_of
from transfer_core.compare.pairs import pairs
from transfer_core.compare.repeats import repeats, resampled
from transfer_core.compare.statistics import (
    bootstrapped,
    confusion,
    corrected_t,
    holm,
    log_losses,
    macro_f1,
    mcnemar,
    reliability,
    score,
    wilson,
)
from transfer_core.compare.titles import titles
from transfer_core.compare.verdict import extracts, fine_tunes, grade
from transfer_core.strategies import STRATEGIES, recipe
from transfer_core.types import FIRST, HEAD, Comparison, Dataset, Predictions, Recipe, Run

TITLES = {"linear_probe": "Linear probe", "fine_tune_all": "Fine-tune all", "from_scratch": "From scratch"}


def predicted(probabilities: Any, labels: Any, first_sample: int = 0) -> Predictions:
    """The same for validation and test."""
    shares, truth = np.asarray(probabilities, float), np.asarray(labels, np.int64)
    rows = np.arange(first_sample, first_sample + len(truth))
    return Predictions(
        val_samples=rows,
        val_labels=truth,
        val_probabilities=shares,
        test_samples=rows,
        test_labels=truth,
        test_probabilities=shares,
    )


def predictions(right: Sequence[bool], first_sample: int = 0) -> Predictions:
    """Labels all 0 of two classes; right predictions say 0."""
    shares = [[0.9, 0.1] if r else [0.2, 0.8] for r in right]
    return predicted(shares, [0] * len(right), first_sample)


def run(id: str, strategy: str = "linear_probe", *, seconds: float | None = 10.0, **fields: Any) -> Run:
    rest = {"created": 0.0, "started": 0.0, "finished": 0.0, "device": "cpu"}
    known = {name: fields.pop(name) for name in ("val_accuracy", "test_accuracy") if name in fields}
    tuned = {"train_from": FIRST if strategy in ("fine_tune_all", "from_scratch") else HEAD}
    made = {"weights": "random" if strategy == "from_scratch" else "w"} | tuned | fields
    recipe = Recipe(dataset="d", backbone="b", version=1, strategy=strategy, **made)
    return Run(id=id, recipe=recipe, status="done", seconds=seconds, **known, **rest)  # type: ignore[arg-type]


def dataset(images: int, groups: Any = None) -> Dataset:
    zeros = np.zeros(images, np.int64)
    return Dataset(
        id="d",
        name="d",
        classes=("a", "b"),
        paths=("",) * images,
        files=("",) * images,
        labels=zeros,
        splits=zeros + 2,
        groups=np.arange(images) if groups is None else np.asarray(groups),
        widths=zeros,
        heights=zeros,
    )


def comparison(
    right: Mapping[str, Sequence[bool]], strategies: Mapping[str, str], seconds: Mapping[str, float | None], **more: Any
) -> Comparison:
    runs = [run(id, strategies[id], seconds=seconds[id]) for id in right]
    kept = {id: predictions(each) for id, each in right.items()}
    names = {id: TITLES[strategies[id]] for id in right}
    return compared(runs, kept, dataset(len(next(iter(right.values())))), names, **more)


# --- figures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("correct", "of", "low", "high"),
    [(95, 100, 0.8882, 0.9785), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson(correct: int, of: int, low: float, high: float) -> None:
    assert wilson(correct, of) == pytest.approx((low, high), abs=1e-4)
    if of:
        known = stats.binomtest(correct, of).proportion_ci(method="wilson")
        assert wilson(correct, of) == pytest.approx((known.low, known.high), abs=1e-8)


def test_macro_f1_log_loss_and_confusion_agree_with_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    labels, shares = rng.integers(0, 5, 300), rng.dirichlet(np.ones(5), 300)
    matrix = confusion(labels, shares.argmax(1), 5)
    np.testing.assert_array_equal(matrix, metrics.confusion_matrix(labels, shares.argmax(1)))
    assert macro_f1(matrix) == pytest.approx(metrics.f1_score(labels, shares.argmax(1), average="macro"))
    assert log_losses(labels, shares).mean() == pytest.approx(metrics.log_loss(labels, shares))


def test_a_probability_of_zero_costs_much_but_not_everything() -> None:
    assert 10 < log_losses(np.array([1]), np.array([[1.0, 0.0]]))[0] < 20


def test_reliability_by_hand() -> None:
    """Four images at .9 of which three are right, six at .6 of which three are: ECE = .4 * .15 + .6 * .1."""
    shares = np.array([[0.9, 0.1]] * 4 + [[0.6, 0.4]] * 6)
    labels = np.array([0, 0, 0, 1, 0, 0, 0, 1, 1, 1])
    curve, ece = reliability(labels, shares)
    assert [(each.images, each.accuracy.value) for each in curve] == [(6, 0.5), (4, 0.75)]
    assert [each.confidence for each in curve] == pytest.approx([0.6, 0.9])
    assert ece == pytest.approx(0.12)
    assert reliability(np.array([0]), np.array([[1.0, 0.0]]))[1] == 0.0


@pytest.mark.parametrize(("wins", "losses", "p"), [(5, 0, 0.0625), (9, 1, 0.021484), (3, 3, 1.0), (0, 0, 1.0)])
def test_mcnemar_exact(wins: int, losses: int, p: float) -> None:
    first = np.array([True] * wins + [False] * losses + [True, False])
    second = np.array([False] * wins + [True] * losses + [True, False])
    assert mcnemar(first, second) == pytest.approx(p, abs=1e-5)


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (30, 10), (700, 620), (4000, 4300)])
def test_mcnemar_is_the_binomial_test_of_what_differs(wins: int, losses: int) -> None:
    first = np.repeat([True, False], [wins, losses])
    assert mcnemar(first, ~first) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue, abs=1e-9)


def test_by_group_it_is_the_exact_sign_flip_test() -> None:
    """Against flipping the sign of every group's sum of differences, all 2^G of them."""
    rng = np.random.default_rng(1)
    first, second = rng.random(40) < 0.8, rng.random(40) < 0.5
    groups = rng.integers(0, 9, 40)
    sums = np.array([int(first[groups == g].sum()) - int(second[groups == g].sum()) for g in range(9)])
    flips = np.array(list(product((-1, 1), repeat=9))) @ sums
    assert mcnemar(first, second, groups) == pytest.approx(float((abs(flips) >= abs(sums.sum())).mean()))


def test_holm() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_the_corrected_t_test_by_hand() -> None:
    """Ten folds, mean .02, standard deviation .02: t = .02 / sqrt((1 / 10 + 1 / 9) * .0004) = 2.176, 9 degrees."""
    values = 0.02 + 0.02 * np.array([1, -1, 1, -1, 1, -1, 1, -1, 1, -1]) * np.sqrt(0.9)
    lead, p = corrected_t(values.tolist(), 9, 1)
    assert lead.value == pytest.approx(0.02) and p == pytest.approx(2 * stats.t.sf(2.1764, 9), abs=1e-4)
    assert p > 0.05 > stats.ttest_1samp(values, 0).pvalue, "a plain t-test would have been too sure"
    assert lead.low < 0 < lead.high
    assert corrected_t([0.05, 0.05], 1, 1)[1] == 1.0, "differences without spread prove nothing"
    with pytest.raises(ValueError, match="two folds"):
        corrected_t([0.1], 9, 1)


def test_score_reads_the_test_split() -> None:
    found = score("r", predictions([True] * 8 + [False] * 2), 2)
    assert found.accuracy == 0.8 and found.confusion.tolist() == [[8, 2], [0, 0]] and found.images == 10


# --- pairs --------------------------------------------------------------------------------------


def test_the_paired_bootstrap_has_the_spread_that_theory_gives() -> None:
    """Accuracy's difference has the variance (discordant share - difference²) / N; and pairing makes it narrow."""
    rng = np.random.default_rng(2)
    labels = np.zeros(400, np.int64)
    first = rng.random(400) < 0.8
    second = np.where(rng.random(400) < 0.1, ~first, first)
    shares = [np.stack([each, ~each], 1).astype(float) for each in (first, second)]
    accuracy, f1, loss = bootstrapped(labels, shares, np.arange(400))
    gains = first.astype(float) - second
    assert (accuracy[0] - accuracy[1]).std() == pytest.approx(np.sqrt(gains.var() / 400), rel=0.06)
    assert accuracy.mean(1) == pytest.approx([first.mean(), second.mean()], abs=0.003)
    assert f1.shape == loss.shape == (2, 2_000)


def test_each_draw_is_the_figure_of_the_images_drawn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    labels, shares = rng.integers(0, 4, 60), rng.dirichlet(np.ones(4), 60)
    accuracy, f1, loss = bootstrapped(labels, [shares], np.arange(60), draws=5)
    rows = np.random.default_rng(0).integers(60, size=(5, 60))
    for b, drawn in enumerate(rows):
        truth, named = labels[drawn], shares[drawn].argmax(1)
        assert accuracy[0, b] == pytest.approx(metrics.accuracy_score(truth, named))
        assert f1[0, b] == pytest.approx(metrics.f1_score(truth, named, average="macro"))
        assert loss[0, b] == pytest.approx(metrics.log_loss(truth, shares[drawn], labels=range(4)))


def test_near_duplicates_widen_the_interval() -> None:
    first, second = np.ones(60, bool), np.repeat([False, True], [12, 48])
    kept = {"a": predictions(first.tolist()), "b": predictions(second.tolist())}
    (alone,) = pairs(kept, np.arange(60), 2)
    (grouped,) = pairs(kept, np.arange(60) // 12, 2)
    assert alone.better == "a" and grouped.better is None
    assert grouped.accuracy.high - grouped.accuracy.low > 2 * (alone.accuracy.high - alone.accuracy.low)
    back = alone.seen_from("b")
    assert (back.first, back.wins, back.losses) == ("b", alone.losses, alone.wins)
    assert back.accuracy.value == -alone.accuracy.value and back.accuracy.low == -alone.accuracy.high


def test_many_pairs_need_more_proof() -> None:
    rng = np.random.default_rng(4)
    right = {f"r{i}": (rng.random(200) < 0.7).tolist() for i in range(5)}
    right |= {"good": [True] * 14 + right["r0"][14:]}
    kept = {id: predictions(each) for id, each in right.items()}
    found = pairs(kept, np.arange(200), 2)
    assert len(found) == 15
    assert [each.adjusted for each in found] == pytest.approx(holm([each.p for each in found]))
    assert all(each.adjusted >= each.p for each in found)


def test_different_or_no_test_images_are_refused() -> None:
    with pytest.raises(ValueError, match="different images"):
        pairs({"a": predictions([True]), "b": predictions([True], 5)}, np.arange(1), 2)
    with pytest.raises(ValueError, match="no test images"):
        pairs({"a": predicted(np.zeros((0, 2)), [])}, np.zeros(0, np.int64), 2)


# --- sentences ----------------------------------------------------------------------------------

BOTH = {"a": "fine_tune_all", "b": "linear_probe"}
SLOW_FIRST = {"a": 410.0, "b": 10.0}


@pytest.mark.parametrize(
    ("first", "second", "choice", "words"),
    [
        (90, 50, "a", "40.0 points (+30.0 to"),  # the sure winner is worth its time
        (90, 89, "b", "which is within chance on 100 images, and costs 41 times the time"),
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
        ((9_950, 9_947), (10.0, 1.0), "has only 3 images of 10,000 more right, and costs 10 times the time"),
        ((95, 94), (1.4, 1.0), "“Linear probe” cannot be told apart from it on these images, and none took much less"),
        ((95, 94), (0.05, 0.02), "and costs 2.5 times the time"),
        ((1, 0), (2.0, 1.0), "is 100.0 points better, which is within chance on 1 image,"),
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


def test_folds_keep_out_of_what_either_approach_reaches() -> None:
    data = dataset(40)
    data.splits[:30] = 0
    folded = run("fold", folds=3, val_accuracy=0.5, test_accuracy=0.5)
    kept = {"fold": predictions([True] * 4 + [False] * 6, 5)}
    found = compared([folded], kept, data, {"fold": "Fold"}, known=[run("own", test_accuracy=0.4)])
    assert found.approaches[0].by_images == () and found.train_images == (20,)


def test_a_run_that_nobody_timed_is_not_free() -> None:
    right = {"a": [True] * 90 + [False] * 10, "b": [True] * 89 + [False] * 11}
    assert comparison(right, BOTH, {"a": 10.0, "b": None}).verdict.choice == "a"
    unknown = comparison(right, BOTH, {"a": None, "b": None}).verdict
    assert unknown.choice == "a" and "what they cost is not known" in unknown.reason


def test_every_strategy_is_one_of_the_two_approaches_or_a_control() -> None:
    found = {}
    for known in STRATEGIES:
        network = backbone(known.network or "bundled")
        data = replace(dataset(60), splits=np.zeros(60, np.int64), labels=np.arange(60) % 2)
        made = replace(run("r"), recipe=recipe(data, known.name, network))
        found[known.name] = "extracts" if extracts(made) else "fine-tunes" if fine_tunes(made) else "control"
    assert found == {
        "linear_probe": "extracts",
        "linear_svm": "extracts",
        "all_layers": "extracts",
        "frozen_head": "extracts",
        "fine_tune_top": "fine-tunes",
        "fine_tune_all": "fine-tunes",
        "gradual": "fine-tunes",
        "from_scratch": "control",
        "small_cnn": "control",
    }


def test_every_run_that_is_compared_counts_in_holms_adjustment() -> None:
    """A lead that is sure on its own is luck among many; the sentence says why."""
    rng = np.random.default_rng(5)
    right = {"b": [True] * 80 + [False] * 20, "a": [True] * 87 + [False] * 13}
    strategies, seconds = dict(BOTH), dict(SLOW_FIRST)
    assert comparison(right, strategies, seconds).verdict.choice == "a"
    for i in range(4):
        strategies[f"c{i}"], seconds[f"c{i}"] = "linear_probe", 500.0
        right[f"c{i}"] = (rng.permutation(100) < 70).tolist()
    found = comparison(right, strategies, seconds).verdict
    assert found.choice == "b" and "which is not proven with 15 pairs compared at once (p = 0." in found.reason
    named = table_of(comparison(right, strategies, seconds))
    advised = grade(named, "linear_probe", TITLES)
    assert "more, which is not proven with 15 pairs compared at once," in advised.reason


@pytest.mark.parametrize(
    ("pretrained", "scratch", "finding"), [(90, 50, "helps"), (50, 90, "useless"), (90, 89, "open"), (60, 60, "open")]
)
def test_what_pretraining_brought(pretrained: int, scratch: int, finding: str) -> None:
    rng = np.random.default_rng(6)
    right = {"p": (rng.permutation(100) < pretrained).tolist(), "s": (rng.permutation(100) < scratch).tolist()}
    found = comparison(right, {"p": "linear_probe", "s": "from_scratch"}, {"p": 1.0, "s": 9.0}).transfer
    assert found is not None and found.finding == finding and (found.advice == "") == (finding == "helps")
    assert comparison({"p": right["p"]}, {"p": "linear_probe"}, {"p": 1.0}).transfer is None


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
    luck = grade(
        table_of(comparison({"a": right["a"], "b": [True] * 89 + [False] * 11}, BOTH, SLOW_FIRST)),
        "linear_probe",
        TITLES,
    )
    assert luck.won is None and "may be luck" in luck.reason


def test_the_two_approaches_show_their_best_run_and_fewer_images() -> None:
    runs = [
        run("probe", val_accuracy=0.5, test_accuracy=0.5),
        run("better", val_accuracy=0.6, test_accuracy=0.4, tap="early"),
        run("few", val_accuracy=0.3, test_accuracy=0.2, per_class=2),
    ]
    data = dataset(10)
    data.splits[:6] = 0
    kept = {each.id: predictions([True] * 4, 6) for each in runs}
    found = compared(runs[:2], kept, data, {each.id: each.id for each in runs}, known=runs)
    extraction, tuning = found.approaches
    assert extraction.run == "better" and tuning.run is None and tuning.by_images == ()
    assert [(at.images, at.accuracy.value, at.run) for at in extraction.by_images] == [
        (2, 0.2, "few"),
        (6, 0.4, "better"),
    ]
    assert extraction.by_images[1].accuracy.low < 0.4 < extraction.by_images[1].accuracy.high


# --- images -------------------------------------------------------------------------------------


def test_which_images_a_run_fixes_and_breaks() -> None:
    labels = [0, 0, 1, 1, 0]
    first = predicted([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.8, 0.2], [0.2, 0.8]], labels)  # right: 0, 2
    second = predicted([[0.8, 0.2], [0.6, 0.4], [0.9, 0.1], [0.1, 0.9], [0.3, 0.7]], labels)  # right: 0, 1, 3
    found = mistakes.disagreement("a", "b", {"a": first, "b": second})
    assert [each.sample for each in found.fixed] == [3, 1], "the one it is surest of first"
    assert [each.sample for each in found.broken] == [2] and [each.sample for each in found.both_wrong] == [4]
    assert found.both_right == 1
    (call, other) = found.broken[0].calls
    assert (call.run, call.predicted, call.confidence, call.of_label) == ("a", 1, 0.7, 0.7)
    assert (other.run, other.predicted, other.confidence, other.of_label) == ("b", 0, 0.9, 0.1)


def test_the_images_of_a_cell_and_the_surest_mistakes() -> None:
    kept = {"a": predicted([[0.1, 0.9], [0.4, 0.6], [0.9, 0.1], [0.7, 0.3]], [0, 0, 0, 1])}
    assert [each.sample for each in mistakes.confused("a", kept, 0, 1)] == [0, 1]
    assert [each.sample for each in mistakes.confused("a", kept, 0, 0)] == [2]
    assert [each.sample for each in mistakes.mistakes("a", kept)] == [0, 3, 1]


def test_likely_label_errors_are_those_that_all_runs_are_sure_of() -> None:
    """Of 20 images two carry the other class's label; one more is only confusing."""
    labels = np.repeat([0, 1], 10)
    shares = np.where(labels[:, None] == [0, 1], 0.9, 0.1)
    labels[[3, 12]] = 1 - labels[[3, 12]]
    shares[5] = [0.45, 0.55]
    kept = {"a": predicted(shares, labels), "b": predicted(shares, labels)}
    found = mistakes.label_errors(kept)
    assert {(each.sample, each.split) for each in found} == {(3, "val"), (12, "val"), (3, "test"), (12, "test")}
    other = shares.copy()
    other[12] = [0.9, 0.1] if labels[12] == 0 else [0.1, 0.9]  # this run takes the label's side
    doubted = mistakes.label_errors({"a": predicted(shares, labels), "b": predicted(other, labels)})
    assert {each.sample for each in doubted} == {3}
    assert mistakes.label_errors({"a": kept["a"]}) == (), "one run alone proves nothing"


# --- repeats and names --------------------------------------------------------------------------


def test_folds_are_compared_by_the_corrected_t_test() -> None:
    def folds(strategy: str, values: Sequence[float], folds: int = 3) -> list[Run]:
        return [
            run(f"{strategy}{n}", strategy, folds=folds, fold=n, test_accuracy=value) for n, value in enumerate(values)
        ]

    groups = repeats([*folds("linear_probe", (0.7, 0.72, 0.71)), *folds("fine_tune_all", (0.8, 0.83, 0.81))])
    sizes = {each.id: (60, 30) for group in groups for each in group.runs}
    (found,) = resampled(groups, sizes)
    assert found.difference.value == pytest.approx(-0.1033, abs=1e-4) and found.folds == 3
    assert found.p == found.adjusted < 0.05
    few = resampled(groups, dict.fromkeys(sizes, (10, 30)))[0]  # of each class a few images only: another variance
    known = corrected_t([-0.1, -0.11, -0.1], 10, 30)
    assert few.p == pytest.approx(known[1]) and few.p > 2 * found.p
    other = repeats([*folds("linear_probe", (0.7, 0.72, 0.71)), *folds("fine_tune_all", (0.8, 0.83), folds=2)])
    assert resampled(other, {}) == (), "other folds"


def test_titles_tell_runs_apart_by_what_differs() -> None:
    def made(strategy: str, **fields: object) -> Recipe:
        return Recipe(dataset="d", backbone="b", weights="w", version=1, strategy=strategy, **fields)  # type: ignore[arg-type]

    recipes = {"1": made("probe"), "2": made("svm", tap="early"), "3": made("svm", tap="late"), "4": made("probe")}
    recipes["5"] = made("svm", tap="late", seed=3)
    assert titles(recipes, {"probe": "Probe", "svm": "SVM"}) == {
        "1": "Probe (1)",
        "2": "SVM, tap early",
        "3": "SVM, tap late, seed 0",
        "4": "Probe (4)",
        "5": "SVM, tap late, seed 3",
    }
