"""Several networks as one graph, and what counts as the same answer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from transfer_core.backbones import SMALL_CNN
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import load
from transfer_core.errors import ExportError
from transfer_core.export.check import checked, require
from transfer_core.export.graph import Calibrated, write_onnx
from transfer_core.export.members import Member, expected, require_alike
from transfer_core.types import NEWEST, Dataset, Predictions, Recipe

PX, CLASSES = 32, ("a", "b", "c")
NONE = np.zeros(0, np.int64)
IMAGES = Dataset(id="d", name="d", classes=CLASSES, paths=(), files=(), labels=NONE, splits=NONE, groups=NONE,
                 widths=NONE, heights=NONE)  # fmt: skip


def member(seed: int, temperature: float, *, tested: int = 4) -> Member:
    """A small random network, whose head says something too, with predictions that are made up."""
    rng = np.random.default_rng(seed)
    backbone = replace(SMALL_CNN, input_px=PX, resize_px=PX, mean=(0.1 * seed,) * 3)
    network = Network(load(SMALL_CNN, random_init=True, seed=seed), backbone, len(CLASSES)).eval()
    with torch.no_grad():
        network.head.weight.copy_(torch.from_numpy(rng.normal(0, 1, network.head.weight.shape)))
    said = rng.dirichlet(np.ones(3), 6)
    split = {"samples": np.arange(6), "labels": np.arange(6) % 3, "probabilities": said}
    columns = {f"val_{name}": each for name, each in split.items()}
    columns |= {f"test_{name}": each[:tested] for name, each in split.items()}
    return Member(
        run=f"run{seed}",
        network=network,
        classes=CLASSES,
        recipe=Recipe(dataset="d", backbone="small_cnn", weights="random", version=1, strategy="small_cnn"),
        predictions=Predictions(**columns),
        temperature=temperature,
        weights=Path("model.safetensors"),
        rendering=NEWEST,
    )


def test_two_members_are_one_graph_that_gives_their_mean(tmp_path: Path) -> None:
    both = [member(1, 0.6), member(2, 2.5)]
    facts = write_onnx(both, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for images in (1, 2, 5):
        squares = rng.integers(0, 256, (images, PX, PX, 3), dtype=np.uint8)
        (found,) = session.run([facts["output"]], {facts["input"]: squares})
        with torch.inference_mode():
            each = [Calibrated(one)(torch.from_numpy(squares)).numpy() for one in both]
        assert np.abs(each[0] - each[1]).max() > 0.01, "two networks"
        assert found.shape == (images, 3) and np.abs(found - np.mean(each, axis=0)).max() < 1e-6
    right = expected(both, IMAGES, Path())
    assert np.allclose(right.probabilities.sum(1), 1) and right.split == "test" and len(right.samples) == 4


def test_members_that_do_not_belong_together_are_refused() -> None:
    first = member(1, 1.0)
    other = replace(first, run="other", classes=("a", "b", "x"))
    with pytest.raises(ExportError, match="Runs run1 and other cannot become one model: their classes differ"):
        require_alike([first, other])
    with pytest.raises(ExportError, match="their test images differ"):
        require_alike([first, member(2, 1.0, tested=3)])
    require_alike([first, member(2, 1.0)])


def test_validation_images_stand_in_for_test_images_and_none_at_all_is_a_sentence() -> None:
    lone = member(1, 1.0, tested=0)
    right = expected([lone], IMAGES, Path())
    assert right.split == "validation" and len(right.samples) == 6
    nothing = replace(lone.predictions, **{f"val_{name}": getattr(lone.predictions, f"val_{name}")[:0]
                                           for name in ("samples", "labels", "probabilities")})  # fmt: skip
    with pytest.raises(ExportError, match="neither test nor validation images"):
        expected([replace(lone, predictions=nothing)], IMAGES, Path())


def test_what_counts_as_the_same_answer() -> None:
    stored = np.array([[0.7, 0.2, 0.1], [0.4, 0.4 - 5e-7, 0.2 + 5e-7], [0.5, 0.3, 0.2]])
    assert checked(stored, stored + 1e-7).passed
    swapped = stored.copy()
    swapped[1, :2] = stored[1, 1::-1]
    tied = checked(stored, swapped)
    assert tied.passed and (tied.agree, tied.ties) == (2, 1)
    moved = stored.copy()
    moved[2] = [0.498, 0.302, 0.2]
    assert not checked(stored, moved).passed and checked(stored, moved).far == 1
    unread = stored.copy()
    unread[0] = np.nan
    result = checked(stored, unread)
    assert (result.agree, result.far, result.largest_difference) == (2, 1, np.inf)
    with pytest.raises(ExportError, match=r"of 3 test images 1 get another class .* of 1 are 0\.001 or more away"):
        require(result, "test")
