"""Where weights come from: torchvision's folder, its server, and the repository."""

import hashlib
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torchvision
from filelock import FileLock

from transfer_core.backbones import BUNDLED, backbone
from transfer_core.backbones.taps import extractor, pool
from transfer_core.backbones.torchvision import LOCK, build, card, fetch, load
from transfer_core.errors import WeightsError

FAMILIES = ("resnet18", "densenet121", "googlenet", "squeezenet1_1", "shufflenet_v2_x0_5", "mobilenet_v3_small")
SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.fixture
def checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """torchvision's folder of weights under a TORCH_HOME of its own, with no way to the network."""

    def closed(*_: object, **__: object) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(urllib.request, "urlopen", closed)
    return tmp_path / "hub" / "checkpoints"


@pytest.mark.parametrize("name", ["resnet18", "vit_b_16", "googlenet"])
def test_offline_error_says_which_file_where_to_and_what_else(name: str, checkpoints: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        load(backbone(name))
    for part in (backbone(name).file, str(checkpoints), "no network", "'bundled'"):
        assert part in str(caught.value)
    assert [file.name for file in checkpoints.iterdir()] == [LOCK]


@pytest.mark.parametrize("name", FAMILIES)
def test_loads_a_checkpoint_under_torchvisions_file_name(name: str, checkpoints: Path) -> None:
    checkpoints.mkdir(parents=True)
    saved = build(backbone(name).arch, 7).state_dict()
    if name == "densenet121":  # as in the file that torchvision offers
        saved = {re.sub(r"(denselayer\d+\.\w+)([12]\.)", r"\1.\2", key): value for key, value in saved.items()}
    torch.save(saved, checkpoints / backbone(name).file)
    loaded = load(backbone(name))
    assert not loaded.training
    expected = build(backbone(name).arch, 7).state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in loaded.state_dict().items())


@pytest.mark.parametrize("content", [b"", b"not weights", "another"], ids=["empty", "not weights", "another network's"])
def test_damaged_file_is_named(content: bytes | str, checkpoints: Path) -> None:
    checkpoints.mkdir(parents=True)
    file = checkpoints / backbone("resnet18").file
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        torch.save(build("squeezenet1_1").state_dict(), file)
    with pytest.raises(WeightsError, match=f"{file.name} does not hold the weights of ResNet-18.*Delete it"):
        load(backbone("resnet18"))


def test_fetch_checks_the_hash_and_leaves_nothing_half_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.pth"
    source.write_bytes(bytes(3 << 20))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torchvision.models, "get_weight", lambda _: SimpleNamespace(url=source.as_uri()))
    folder = tmp_path / "hub" / "checkpoints"

    def fetched(hash_: str) -> list[tuple[int, int]]:
        fake = SimpleNamespace(is_local=False, package="", weights="", title="Fake", file=f"fake-{hash_}.pth")
        return [(event.done, event.of) for event in fetch(fake)]  # type: ignore[arg-type]

    with pytest.raises(WeightsError, match="not that file"):
        fetched("00000000")
    closed = fetch(SimpleNamespace(is_local=False, package="", weights="", title="Fake", file="fake.pth"))  # type: ignore[arg-type]
    next(closed)
    closed.close()
    assert [file.name for file in folder.iterdir() if file.name != LOCK] == []
    with FileLock(folder / LOCK):  # as another device's worker has it
        waits = fetch(SimpleNamespace(is_local=False, package="", weights="", title="Fake", file="fake.pth"))  # type: ignore[arg-type]
        assert "another worker" in next(waits).what
    assert [event.done for event in waits] == [1, 2, 3]
    (folder / "fake.pth").unlink()
    good = hashlib.sha256(source.read_bytes()).hexdigest()[:8]
    assert fetched(good) == [(1, 3), (2, 3), (3, 3)]
    assert (folder / f"fake-{good}.pth").read_bytes() == source.read_bytes()


@torch.inference_mode()
def test_bundled_loads_fast_and_gives_its_cards_reference(checkpoints: Path) -> None:
    known = backbone("bundled")
    load(known)
    begun = time.process_time()
    module = load(known)
    assert time.process_time() - begun < 1
    assert not checkpoints.exists()
    ramp = torch.linspace(-2, 2, 3 * 64 * 64).view(1, 3, 64, 64)
    found = extractor(module, known, known.taps)(ramp)
    codes = {tap.name: pool(found[tap.name], tap)[0, :8].tolist() for tap in known.taps}
    assert codes == {name: pytest.approx(values, abs=1e-3) for name, values in card()["reference"].items()}
    content = BUNDLED.read_bytes()
    assert hashlib.sha256(content).hexdigest() == card()["sha256"]
    assert len(content) <= 12 * 2**20


def test_random_weights_follow_the_seed_alone() -> None:
    def weights(seed: int) -> torch.Tensor:
        return next(load(backbone("resnet18"), random_init=True, seed=seed).parameters()).detach()

    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first = weights(1)
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(first, weights(1))
    assert not torch.equal(first, weights(2))


@torch.inference_mode()
def test_real_weights_in_torch_home(monkeypatch: pytest.MonkeyPatch) -> None:
    if not (SHARED / "weights").is_dir():
        pytest.skip("../shared/weights is absent")
    monkeypatch.setenv("TORCH_HOME", str(SHARED / "weights"))
    logits = load(backbone("squeezenet1_1"))(torch.zeros(1, 3, 224, 224))
    assert logits.shape == (1, 1000)
    assert logits.std() > 0.5
