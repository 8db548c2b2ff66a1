"""A user's own weights: what is taken, what is refused with which words, and that a run starts from them."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from transfer_core.backbones import available, backbone, backbones
from transfer_core.backbones.local import add_local
from transfer_core.backbones.torchvision import build, load
from transfer_core.errors import WeightsError

ARCH = "shufflenet_v2_x0_5"


@pytest.mark.parametrize("kind", ["bare", "checkpoint", "safetensors"])
def test_a_file_becomes_a_backbone_with_its_weights(kind: str, tmp_path: Path) -> None:
    module = build(ARCH, 3, classes=7)  # any number of classes
    weights = dict(module.state_dict())
    file = tmp_path / ("mine.safetensors" if kind == "safetensors" else "mine.pth")
    if kind == "safetensors":
        save_file(weights, file)
    else:
        wrapped = {f"module.{key}": value for key, value in weights.items()}
        torch.save(weights if kind == "bare" else {"epoch": 3, "state_dict": wrapped}, file)
    added = add_local(tmp_path, file, arch=ARCH, name="mine", title="My own")
    assert [known.name for known in backbones(tmp_path)] == [*(known.name for known in backbones()), "mine"]
    assert backbone("mine", tmp_path) == added
    assert available(added, tmp_path)
    assert added.weights.startswith("local-")
    file.unlink()  # the workspace has its own copy
    loaded = load(added, root=tmp_path).state_dict()
    assert torch.equal(loaded["conv5.0.weight"], weights["conv5.0.weight"])
    with pytest.raises(WeightsError, match="already"):
        add_local(tmp_path, file, arch=ARCH, name="mine")
    kept = tmp_path / added.file
    content = bytearray(kept.read_bytes())
    content[-1] ^= 1
    kept.write_bytes(content)
    with pytest.raises(WeightsError, match=r"not the file that it was, by its SHA-256.*Delete the folder"):
        load(added, root=tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"conv5.0.weight": None}, r"has no tensor 'conv5\.0\.weight', which ShuffleNet"),
        ({"conv1.0.weight": (3, 3)}, r"'conv1\.0\.weight' has the shape \(3, 3\), but .* has \(24, 3, 3, 3\) there"),
    ],
)
def test_the_first_mismatch_is_named(change: dict[str, tuple[int, ...] | None], words: str, tmp_path: Path) -> None:
    weights = dict(build(ARCH).state_dict())
    for key, shape in change.items():
        weights.pop(key)
        if shape:
            weights[key] = torch.zeros(shape)
    torch.save(weights, tmp_path / "mine.pth")
    with pytest.raises(WeightsError, match=words):
        add_local(tmp_path, tmp_path / "mine.pth", arch=ARCH, name="mine")
    assert backbones(tmp_path) == backbones()


def test_weights_for_a_network_whose_own_come_in_a_package_are_the_users(tmp_path: Path) -> None:
    module = build("tf_efficientnet_lite0", 3)
    torch.save(module.state_dict(), tmp_path / "mine.pth")
    added = add_local(tmp_path, tmp_path / "mine.pth", arch="efficientnet_lite0", name="mine")
    loaded = load(added, root=tmp_path)
    assert torch.equal(loaded.state_dict()["conv_stem.weight"], module.state_dict()["conv_stem.weight"])


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    weights = dict(build(ARCH).state_dict())
    weights["conv1.0.weight"][0] = torch.inf
    torch.save(weights, tmp_path / "mine.pth")
    with pytest.raises(WeightsError, match=r"'conv1\.0\.weight' holds numbers that are not finite"):
        add_local(tmp_path, tmp_path / "mine.pth", arch=ARCH, name="mine")


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (Path("evil"),))


def test_refuses_what_is_no_weights_and_runs_none_of_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": Evil()}, tmp_path / "evil.pth")
    (tmp_path / "text.pth").write_text("hello")
    torch.save([1, 2], tmp_path / "list.pt")
    for name, words in (
        ("evil.pth", "cannot be read as weights"),
        ("text.pth", "cannot be read as weights"),
        ("list.pt", "it holds no tensors by name"),
        ("none.pth", "does not exist"),
        ("list.zip", r"\.pth, \.pt, \.safetensors"),
    ):
        with pytest.raises(WeightsError, match=words):
            add_local(tmp_path, tmp_path / name, arch=ARCH, name="mine")
    assert not (tmp_path / "evil").exists()
    for given, words in (({"arch": "vgg99"}, "no architecture 'vgg99'"), ({"name": "../x"}, "cannot name a backbone")):
        with pytest.raises(WeightsError, match=words):
            add_local(tmp_path, tmp_path / "text.pth", **({"arch": ARCH, "name": "mine"} | given))


class Huge:
    def __reduce__(self) -> tuple[object, ...]:
        return (bytearray, (1_000_000_000,))


MEASURED = """
import sys, time
from pathlib import Path
from transfer_core.backbones.local import add_local
from transfer_core.errors import WeightsError
def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3
for file in sys.argv[2:]:
    before, begun, said = peak(), time.perf_counter(), "taken"
    try:
        add_local(Path(sys.argv[1]), Path(file), arch="shufflenet_v2_x0_5", name="mine")
    except WeightsError as error:
        said = str(error)
    print(f"{time.perf_counter() - begun:.2f}|{peak() - before:.0f}|{said}")
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_weights_that_cannot_be_used_are_refused_at_once_and_in_little_memory(tmp_path: Path) -> None:
    weights = dict(build(ARCH).state_dict())
    torch.save({name: torch.zeros_like(value) for name, value in weights.items()}, tmp_path / "dead.pth")
    large = {name: weights[name] * 1e38 for name in ("conv1.0.weight", "conv5.0.weight")}  # finite, unlike what follows
    torch.save(weights | large, tmp_path / "overflow.pth")
    torch.save({"more": Huge()}, tmp_path / "huge.pth")
    torch.save({"more": Huge()}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    torch.save(weights, tmp_path / "fine.pth")
    block = bytes(1 << 20)
    with (
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bomb,
        bomb.open("archive/data/0", "w") as member,
    ):
        for _ in range(1000):
            member.write(block)
    with zipfile.ZipFile(tmp_path / "fine.pth") as fine, zipfile.ZipFile(tmp_path / "packed.pth", "w") as packed:
        for known in fine.infolist():
            packed.writestr(known.filename, fine.read(known), zipfile.ZIP_DEFLATED)
    expected = {
        "bomb": "inflates to 1,049 MB",
        "packed": "is compressed",
        "huge": "would make things that are no weights",
        "old": "would make things that are no weights",
        "dead": "it is dead",
        "overflow": "not finite",
        "fine": "taken",
    }
    files = [str(tmp_path / f"{name}.pth") for name in expected]
    ended = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path), *files], capture_output=True, text=True, check=True
    )
    for line, words in zip(ended.stdout.splitlines(), expected.values(), strict=True):
        seconds, megabytes, said = line.split("|")
        assert words in said, line
        assert float(seconds) < 5, line
        assert float(megabytes) < 300, line
