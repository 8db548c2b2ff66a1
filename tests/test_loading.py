"""Graft in somebody's own program: what docs/api.md says, and models that are no longer what they were."""

import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from transfer_core import load
from transfer_core.errors import DatasetError, ExportError, ImageError

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAVY = {"numpy", "torch", "streamlit", "onnxruntime", "sklearn", "PIL"}
LIGHT = """
import sys, transfer_core
assert transfer_core.__version__ and "load" in dir(transfer_core)
assert not {heavy!r} & set(sys.modules), "importing transfer_core loads what it does not need"
from transfer_core import Workspace, load
assert not {{"torch", "streamlit", "onnxruntime"}} & set(sys.modules)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, photos: Path, small_networks: None) -> dict[str, Any]:
    """What the blocks of docs/api.md left, run one after the other in a folder with `photos/`."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "photos").symlink_to(photos, target_is_directory=True)
    names: dict[str, Any] = {"folder": folder}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in BLOCK.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8")):
            exec(compile(block, "docs/api.md", "exec"), names)
    return names | {"photos": [folder / each for each in names["photos"]]}


def test_the_face_is_light_until_it_is_used() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT.format(heavy=HEAVY)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_what_the_docs_say_is_so(told: dict[str, Any]) -> None:
    model, photos = told["model"], told["photos"]
    assert model.classes == ("blue", "green", "red") and model.card["format"].startswith("graft bundle")
    unpacked = told["folder"] / "unpacked"
    with zipfile.ZipFile(told["folder"] / told["bundle"]) as packed:
        packed.extractall(unpacked)
    (again,) = unpacked.iterdir()
    assert np.array_equal(load(again).predict(photos).probabilities, model.predict(photos).probabilities)
    assert len(model.predict([])) == 0 and model.predict([]).probabilities.shape == (0, 3)
    many = np.stack([np.asarray(Image.open(each).convert("RGB")) for each in photos[:3]])
    assert model.predict(many).labels == model.predict(photos[:3]).labels
    turned = Image.Exif()
    turned[0x0112] = 6
    sideways = told["folder"] / "sideways.jpg"
    Image.open(photos[0]).convert("RGB").resize((40, 30)).save(sideways, exif=turned)
    run = load(told["folder"] / "workspace" / "runs" / told["best"])
    for each in (model, run):
        by_path, by_picture = each.predict([sideways, Image.open(sideways)]).probabilities
        assert np.array_equal(by_path, by_picture), "orientation counts, however an image comes"


def test_what_is_no_picture_is_said(told: dict[str, Any]) -> None:
    run = load(told["folder"] / "workspace" / "runs" / told["best"])
    empty = Image.new("RGB", (0, 5))
    for wrong in ("gone.png", np.zeros((3, 8, 8), np.uint8), np.zeros((8, 8, 3)), 7, None, io.BytesIO(), empty):
        for model in (told["model"], run):
            for given in (wrong, [wrong]):
                with pytest.raises(ImageError, match=r"no picture|no image file"):
                    model.predict(given)
    (answer,) = told["model"].predict(b"no image")
    assert " at 0x" not in answer.error
    with pytest.raises(TypeError):
        told["model"].predict([b"no image"])[0:1]


@pytest.mark.parametrize("file", ["model.onnx", "predict.py"])
def test_a_bundle_that_was_changed_is_refused(file: str, told: dict[str, Any], tmp_path: Path) -> None:
    bundle = told["folder"] / told["bundle"]
    changed, cut = tmp_path / "changed.zip", tmp_path / "cut.zip"
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(changed, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            new.writestr(each, content[:-1] + bytes([content[-1] ^ 1]) if each.endswith(file) else content)
    with pytest.raises(ExportError, match=f"{file} is not the file that was exported"):
        load(changed)
    cut.write_bytes(bundle.read_bytes()[:-100])
    with pytest.raises(ExportError, match="no zip that can be read"):
        load(cut)


def test_what_is_no_bundle_is_said(told: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not exist"):
        load(tmp_path / "gone.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("diary.txt", "mine")
    with pytest.raises(ExportError, match="holds no folder"):
        load(tmp_path / "other.zip")
    with zipfile.ZipFile(tmp_path / "outside.zip", "w") as other:
        facts = '{"format": "graft bundle 1", "onnx": {"file": "a"}, "files": {"a": "", "../b": ""}}'
        other.writestr("x/model.json", facts)
        other.writestr("x/../b", "outside")
    with pytest.raises(ExportError, match="what no bundle does"):
        load(tmp_path / "outside.zip")
    for name in ("/b", "..\\b", "C:b", "a/../../b", "b\0", "", "."):
        with zipfile.ZipFile(tmp_path / "outside.zip", "w") as other:
            facts = {"format": "graft bundle 1", "onnx": {"file": "a"}, "files": {"a": "", name: ""}}
            other.writestr("x/model.json", json.dumps(facts))
        with pytest.raises(ExportError, match="what no bundle does"):
            load(tmp_path / "outside.zip")
    with zipfile.ZipFile(told["folder"] / told["bundle"]) as packed:
        packed.extractall(tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    facts = json.loads((unpacked / "model.json").read_text(encoding="utf-8"))
    for lacking in ("classes", "members", "data", "preprocessing"):
        kept = {name: value for name, value in facts.items() if name != lacking}
        (unpacked / "model.json").write_text(json.dumps(kept), encoding="utf-8")
        with pytest.raises(ExportError, match="cannot be read"):
            load(unpacked)
    weights = told["folder"] / "workspace" / "runs" / told["best"] / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        with pytest.raises(DatasetError, match="by its SHA-256"):
            load(weights.parent)
    finally:
        weights.write_bytes(content)
