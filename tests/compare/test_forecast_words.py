"""A forecast in words."""

from transfer_core.compare.forecast_words import about, offer


def test_words_of_numbers() -> None:
    assert [about(n) for n in (84.6, 1_949, 12_272)] == ["85", "1,900", "12,000"]
    assert offer([[], []], 816) == ""
    assert offer([[10, 0], [0]], 816) == "Train both on 10 images of each class and on all 816 images"
    assert offer([[], [30]], 816) == "Train fine-tuning on 30 images of each class"
