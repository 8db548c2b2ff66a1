"""Requests that come together are answered together."""

import threading

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="what requirements-serve.txt lists is not installed")
from transfer_core.serve.batches import Batches


def test_batches_grow_with_the_load_and_a_failure_is_its_own() -> None:
    sizes: list[int] = []
    hold, entered = threading.Event(), threading.Event()

    def answer(squares: np.ndarray) -> np.ndarray:
        entered.set()
        hold.wait(10)
        sizes.append(len(squares))
        if squares.max() == 255:
            raise ValueError("a square that no network likes")
        return squares[:, 0, 0, :].astype(np.float32)

    batches = Batches(answer)
    first = batches.ask(np.full((4, 4, 3), 7, np.uint8))
    later = [batches.ask(np.full((4, 4, 3), value, np.uint8)) for value in range(20)]
    hold.set()
    assert first.result(10)[0] == 7 and [each.result(10)[0] for each in later] == list(range(20))
    assert sum(sizes) == 21 and len(sizes) <= 3, "who waits together is answered together"
    with pytest.raises(ValueError, match="no network likes"):
        batches.ask(np.full((4, 4, 3), 255, np.uint8)).result(10)
    hold.clear()
    entered.clear()
    batches.ask(np.zeros((4, 4, 3), np.uint8))
    assert entered.wait(10)
    gone, stays = [batches.ask(np.full((4, 4, 3), 255, np.uint8)) for _ in range(2)]
    assert gone.cancel(), "who asked has left"
    hold.set()
    with pytest.raises(ValueError, match="no network likes"):
        stays.result(10)
    assert batches.ask(np.zeros((4, 4, 3), np.uint8)).result(10)[0] == 0 and batches.alive
    batches.close()
    assert not batches.alive
