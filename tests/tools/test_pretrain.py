"""Pretraining on a tiny drawn source task: what it leaves behind loads, and a resumed run equals an unbroken one."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from tools.pretrain import Plan, pretrain, side_px
from transfer_core.backbones.torchvision import build
from transfer_core.errors import ArchiveError, RecipeError
from transfer_core.types import EpochEnd, RunEnd

PLAN = Plan(arch="mobilenet_v3_small", epochs=2, batch_size=8, input_px=64, first_px=64)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight classes of five images; the last one's index ends in 7, so seven are trained on."""
    rng = np.random.default_rng(0)
    file = tmp_path_factory.mktemp("source") / "source.zip"
    with zipfile.ZipFile(file, "w") as target:
        for label in range(8):
            for i in range(5):
                image = Image.fromarray(rng.integers(0, 255, (64, 64, 3)).astype(np.uint8) // 2 + 16 * label)
                image.save(buffer := io.BytesIO(), "PNG")
                split = "train" if i < 4 else "validation"
                target.writestr(f"wrap/{split}/n{label}/{i}.png", buffer.getvalue())
    return file


@pytest.fixture(scope="module")
def whole(archive: Path) -> Path:
    """What an unbroken run leaves behind."""
    out = archive.parent / "whole"
    *_, end = pretrain(archive, out, PLAN)
    assert isinstance(end, RunEnd)
    assert end.result["epochs"] == 2
    return out


def test_leaves_weights_and_a_card_that_agree(whole: Path) -> None:
    card = json.loads((whole / "bundled.json").read_text())
    assert card["classes"] == [f"n{i}" for i in range(7)]
    assert card["data"]["left_out"] == ["n7"]
    assert (card["data"]["train_images"], card["data"]["val_images"]) == (28, 7)
    assert set(card["statistics"]) == set(card["reference"]) == {"stem", *(f"stage{i}" for i in (1, 2, 3, 4)), "last"}
    assert len(card["statistics"]["last"]["var"]) == 576 and min(card["statistics"]["last"]["var"]) >= 0
    assert card["confidence"] == sorted(card["confidence"]) and len(card["confidence"]) == 21
    module = build(card["arch"], classes=7)
    module.load_state_dict(load_file(whole / "bundled.safetensors"))
    ramp = torch.linspace(-2, 2, 3 * 64 * 64).view(1, 3, 64, 64)
    with torch.inference_mode():
        codes = module.features(ramp).mean((2, 3))[0, :8].tolist()
    assert codes == pytest.approx(card["reference"]["last"], abs=1e-4)


def test_images_grow_to_their_full_side() -> None:
    plan = Plan(epochs=1, input_px=64, first_px=32)
    assert [side_px(fraction, plan) for fraction in (0, 0.2, 0.4, 0.6, 1)] == [32, 40, 48, 64, 64]


def test_a_resumed_run_equals_an_unbroken_one(archive: Path, whole: Path, tmp_path: Path) -> None:
    broken = pretrain(archive, tmp_path / "broken", PLAN)
    assert any(isinstance(event, EpochEnd) for event in broken)  # stops reading at the first one
    broken.close()
    steps = [event.done for event in pretrain(archive, tmp_path / "broken", PLAN) if getattr(event, "steps", ())]
    assert steps == [4, 5, 6]  # three steps an epoch: the second epoch alone
    assert (whole / "bundled.safetensors").read_bytes() == (tmp_path / "broken" / "bundled.safetensors").read_bytes()


def test_refuses_what_it_cannot_use(archive: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "flat.zip", "w") as target:
        target.writestr("a/1.png", b"")
    with pytest.raises(ArchiveError, match=r"flat\.zip needs train/<class>/ and validation/<class>/"):
        list(pretrain(tmp_path / "flat.zip", tmp_path / "out", PLAN))
    with pytest.raises(RecipeError, match="not both"):
        list(pretrain(archive, tmp_path / "out", Plan()))
    list(pretrain(archive, tmp_path / "out", replace(PLAN, epochs=1)))
    with pytest.raises(RecipeError, match="other settings"):
        list(pretrain(archive, tmp_path / "out", replace(PLAN, epochs=1, seed=1)))
