"""Images that runs get wrong."""

import numpy as np

from tests.compare.made import predicted
from transfer_core.compare import mistakes


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
