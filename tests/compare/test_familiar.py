"""What is unlike training: far from all of it, or of no class though it lies near."""

import numpy as np
import pytest

from transfer_core.compare.familiar import Familiar, familiar

CLASSES, CHANNELS = 5, 40


def drawn(rng: np.random.Generator, centres: np.ndarray, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes around centres, and what a linear head that knows the first CLASSES of them says."""
    codes = np.concatenate([centre + rng.normal(0, 0.25, (each, CHANNELS)) for centre in centres])
    return codes.astype(np.float32), codes[:, :CLASSES].astype(np.float32)


@pytest.fixture(scope="module")
def known() -> Familiar:
    rng = np.random.default_rng(0)
    centres = 3 * np.eye(CLASSES, CHANNELS)
    train, _ = drawn(rng, centres, 60)
    return familiar(train, *drawn(rng, centres, 40))


def test_images_like_those_of_training_carry_it_seldom_and_others_always(known: Familiar) -> None:
    rng = np.random.default_rng(1)
    assert known.unlike(*drawn(rng, 3 * np.eye(CLASSES, CHANNELS), 200)).mean() < 0.1
    elsewhere = np.roll(3 * np.eye(CLASSES, CHANNELS), CLASSES, axis=1)
    assert known.unlike(*drawn(rng, elsewhere, 40)).all()


def test_what_is_further_away_scores_higher_without_an_end(known: Familiar) -> None:
    way, axes = np.linspace(0.2, 1, 7)[:, None], np.eye(CHANNELS, dtype=np.float32)
    codes = ((1 - way) * axes[0] + way * axes[CHANNELS - 1]).astype(np.float32)
    scores = known.score(codes, np.full((7, CLASSES), known.logits[len(known.logits) // 2], np.float32))
    assert (np.diff(scores) > 0).all() and scores[-1] > 2


def test_with_few_images_it_holds_still() -> None:
    one = np.ones((1, 4), np.float32)
    found = familiar(one, one, one)
    assert not found.unlike(one, one).any()
    nothing = familiar(one, one[:0], one[:0])
    assert not nothing.unlike(-one, one).any(), "nothing to tell it by"
