"""Runs leave as bundles that need no Graft, answer as the run did, and are refused where they do not."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from tests.driving import drive
from tests.export.exported import Home, alone, card_of
from transfer_core.cli import main
from transfer_core.commands.export import text
from transfer_core.compare.calibration import calibrated
from transfer_core.data.pixels import square
from transfer_core.errors import UnknownJob
from transfer_core.export.members import Member, read_member
from transfer_core.strategies import STRATEGIES
from transfer_core.training.features import precise
from transfer_core.training.images import Images
from transfer_core.training.solvers import softmax
from transfer_core.types import RunEnd, file_sha256
from transfer_core.workspace import Workspace

NOT_GRAFT = ("torch", "torchvision", "timm", "transfer_core", "onnx", "onnxscript", "scipy", "sklearn", "safetensors")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, photos: Path, small_networks: None) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("home")
    with Workspace(folder / "workspace") as workspace:
        job = drive(workspace, workspace.datasets.import_path(photos, name="photos | *of* <b>colours"))
        made = Home(workspace=workspace, dataset=workspace.datasets.get(job.result["id"]), out=folder / "bundles")
        made.exported("early", "linear_svm", "efficientnet_lite0", tap="stage1", fit="pad")
        made.exported("layers", "all_layers", "bundled")
        made.exported("small", "small_cnn", "", hidden=8, fit="squeeze")
        yield made


def test_a_bundle_answers_alone_and_as_the_run_did(home: Home, tmp_path: Path) -> None:
    for name, bundle in home.bundles.items():
        said = card_of(bundle)
        inside = {file.relative_to(bundle).as_posix() for file in bundle.rglob("*") if file.is_file()}
        assert set(said["files"]) == inside - {"model.json"} and len(list((bundle / "samples").glob("*.png"))) == 3
        code = "import test_bundle; test_bundle.test_files(); test_bundle.test_samples()"
        alone(bundle, code, forbidden=NOT_GRAFT, cwd=tmp_path)
        assert said["verified"]["images"] == len(home.workspace.runs.predictions(home.runs[name]).test_samples) == 9
        graph = onnx.load(bundle / "model.onnx")
        assert [graph.opset_import[0].version, graph.ir_version] == [said["onnx"]["opset"], said["onnx"]["ir_version"]]
        text = (bundle / "model.onnx").read_bytes()
        assert str(Path(__file__).parents[2]).encode() not in text and b"site-packages" not in text, "this machine"


def test_torch_gives_the_same_without_graft(home: Home, tmp_path: Path) -> None:
    code = f"""
import json, sys
import predict, predict_torch
for folder in {[str(each) for each in home.bundles.values()]}:
    files = sorted(predict_torch.Path(folder, "samples").glob("*.png"))
    both = [dict(each.predict(files)) for each in (predict.load(folder), predict_torch.load(folder))]
    print(max(float(abs(both[0][file] - both[1][file]).max()) for file in files))
"""
    first = next(iter(home.bundles.values()))
    away = alone(first, code, forbidden=("transfer_core",), cwd=tmp_path).split()
    assert len(away) == len(home.bundles) and max(map(float, away)) < 1e-5


def test_what_lies_above_an_early_tap_stays_behind(home: Home) -> None:
    known = home.workspace.backbones.get("efficientnet_lite0")
    for file in ("model.onnx", "model.safetensors"):
        assert (home.bundles["early"] / file).stat().st_size < 4 * known.parameters / 20
    assert [tap["name"] for tap in card_of(home.bundles["early"])["members"][0]["taps"]] == ["stage1"]
    assert len(card_of(home.bundles["layers"])["members"][0]["taps"]) > 3


def test_the_card_says_what_a_stranger_asks(home: Home) -> None:
    text, said = (home.bundles["layers"] / "README.md").read_text(encoding="utf-8"), card_of(home.bundles["layers"])
    assert text.startswith(r"# photos \| \*of\* \<b\>colours: All layers, one classifier"), "a user's words stay words"
    for part in (
        f"`{home.dataset.id}`: 60 images. Used here: 42 training, 9 validation, 9 test images",
        f"On {said['verified']['date']} this bundle was loaded by a fresh process",
        "9 of them got the class",
        "95 % interval",
        "| blue | 3 |",
        "Calibration error",
        "Licence of the backbone: Apache-2.0 (Graft's own training)",
        "Every image gets one of these classes",
        "ONNX opset 18",
        "onnxruntime",
    ):
        assert part in text, part
    small = (home.bundles["small"] / "README.md").read_text(encoding="utf-8")
    assert "from random weights" in small and "squeezed to 32 x 32 px" in small and "hidden units: 8" in small


def run_on(member: Member, seen: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What a run says of a square, as it was tested, and then calibrated: (px, px, 3) -> (K,)."""
    x = Images(seen[None], member.network.backbone, torch.device("cpu")).batch(np.arange(1))
    return calibrated(softmax(precise(member.network, x)), member.temperature)[0]


def odd_images(folder: Path) -> list[Path]:
    """What cameras, scanners and drawing programs write."""
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (6, 9, 3), dtype=np.uint8)).resize((90, 60))
    turned = Image.Exif()
    turned[0x0112] = 6
    smooth.save(folder / "turned.jpg", exif=turned)
    smooth.resize((900, 700)).save(folder / "large, decoded smaller.jpg", quality=92)
    smooth.convert("CMYK").save(folder / "cmyk.jpg")
    deep = np.asarray(smooth.convert("L")).astype(np.uint16) * 201
    Image.fromarray(deep).save(folder / "16 bit.png")
    Image.fromarray(deep // 200).save(folder / "8 bit in 16.tif")
    Image.fromarray(deep.astype(np.float32) / deep.max() - 0.2).save(folder / "float.tif")
    palette = smooth.quantize(16)
    palette.save(folder / "palette with alpha.png", transparency=3)
    layer = smooth.convert("RGBA")
    layer.putalpha(smooth.convert("L"))
    layer.save(folder / "alpha.webp", lossless=True)
    layer.convert("LA").save(folder / "grey and alpha.png")
    smooth.convert("1").save(folder / "one bit.bmp")
    palette.save(folder / "moves.gif", save_all=True, append_images=[palette.rotate(90)])
    smooth.resize((1200, 8)).save(folder / "strip.png")
    return sorted(folder.iterdir())


def test_odd_images_get_the_same_probabilities_as_in_graft(home: Home, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    files = odd_images(tmp_path / "odd")
    for name in ("layers", "early", "small"):  # crop, pad and squeeze
        program = home.bundles[name] / "predict.py"
        done = subprocess.run(
            [sys.executable, "-I", program, "--json", *files, tmp_path / "gone.png"], capture_output=True, text=True
        )
        *lines, gone = map(json.loads, done.stdout.splitlines())
        assert done.returncode == 1 and "gone.png" in gone["image"] and "No such file" in gone["error"]
        member = read_member(home.workspace.root / "runs" / home.runs[name])
        known = member.network.backbone
        for file, line in zip(files, lines, strict=True):
            seen = square(file, resize_px=known.resize_px, crop_px=known.input_px, fit=known.fit)
            own = run_on(member, seen)
            assert line["image"] == str(file)
            assert np.abs(own - line["probabilities"]).max() < 1e-5, (name, file.name)
            least = json.loads((home.bundles[name] / "model.json").read_text())["certainty"]["threshold"]
            assert line["sure"] == (least is not None and max(line["probabilities"]) >= least)


@pytest.mark.parametrize(
    ("file", "how"),
    [("model.onnx", "bit"), ("model.safetensors", "cut"), ("README.md", "gone"), ("samples/1.png", "bit")],
)
def test_a_bundle_notices_what_was_changed(file: str, how: str, home: Home) -> None:
    place = home.bundles["small"] / file
    content = place.read_bytes()
    changed = {"bit": content[:-9] + bytes([content[-9] ^ 1]) + content[-8:], "cut": content[:-1]}
    try:
        place.unlink()
        if how != "gone":
            place.write_bytes(changed[how])
        program = home.bundles["small"] / "test_bundle.py"
        done = subprocess.run([sys.executable, "-I", program], capture_output=True, text=True)
        assert done.returncode == 1 and f"FAILED: {file} is not" in done.stderr
    finally:
        place.write_bytes(content)


def end_of(home: Home, run: str) -> RunEnd:
    *_, end = home.workspace.jobs.drive(home.workspace.exports.submit(run))
    assert isinstance(end, RunEnd)
    return end


def test_a_bundle_that_differs_is_not_handed_over(home: Home) -> None:
    run, before = home.runs["small"], home.workspace.exports.bundle(home.runs["small"])
    assert before is not None
    kept = file_sha256(before)
    file = home.workspace.root / "runs" / run / "predictions.npz"
    stored: dict[str, Any] = dict(np.load(file))
    wrong = stored["test_probabilities"].copy()
    for row in (0, 4):
        wrong[row] = np.roll(np.sort(wrong[row] + [0, 0.1, 0.2]), wrong[row].argmax())  # best is now another class
    np.savez(file, **{**stored, "test_probabilities": wrong / wrong.sum(1, keepdims=True)})
    end = end_of(home, run)
    assert end.status == "failed" and "of 9 test images 2 get another class" in end.error
    np.savez(file, **stored)

    weights = home.workspace.root / "runs" / run / "model.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert "not the file that Graft wrote" in end_of(home, run).error
    weights.write_bytes(content)
    assert file_sha256(before) == kept and not list((home.workspace.root / "staging").iterdir()), "as it was"


def test_an_export_that_is_stopped_leaves_nothing(home: Home) -> None:
    run = home.runs["small"]
    bundle = home.workspace.exports.bundle(run)
    assert bundle is not None
    kept = file_sha256(bundle)
    job = home.workspace.exports.submit(run)
    assert home.workspace.exports.submit(run) == job, "the same one is not made twice at once"
    events = home.workspace.jobs.drive(job)
    for event in events:
        if getattr(event, "what", "") == "Predicting with the bundle":
            break
    events.close()  # type: ignore[attr-defined]
    found = home.workspace.exports.job(run)
    assert found is not None and (found.id, found.status) == (job, "stopped")
    assert file_sha256(bundle) == kept and not list((home.workspace.root / "staging").iterdir()), "as it was"


def test_a_run_without_a_model_is_a_sentence(home: Home) -> None:
    recipe = home.workspace.recipes.make(home.dataset, "small_cnn", "small_cnn", seed=3, epochs=1)
    (waiting,) = home.workspace.runs.submit([recipe])
    with pytest.raises(UnknownJob, match="left no trained model"):
        home.workspace.exports.submit(waiting)
    assert home.workspace.exports.job(waiting) is None
    home.workspace.runs.delete(waiting)


def test_the_command_puts_a_bundle_where_it_is_wanted(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--workspace", str(home.workspace.root)]
    home.workspace.close()  # one process writes
    try:
        for out, why in (("model.tar", "does not end in .zip"), ("gone/model.zip", "There is no folder")):
            assert main(["export", home.runs["small"], str(tmp_path / out), *place]) == 2
            assert why in capsys.readouterr().err
        taken = tmp_path / "mine.zip"
        with zipfile.ZipFile(taken, "w") as packed:
            packed.writestr("diary.txt", "mine")
        assert main(["export", home.runs["small"], str(taken), *place]) == 2
        assert "no bundle of Graft's" in capsys.readouterr().err
        bundle = home.workspace.exports.bundle(home.runs["layers"])
        assert bundle is not None
        shutil.copyfile(bundle, tmp_path / "model.zip")  # another bundle is replaced
        assert main(["export", home.runs["small"], str(tmp_path / "model.zip"), "--fp16", "--json", *place]) == 0
        said = json.loads(capsys.readouterr().out)
        half = said["fp16"]
        assert half["bytes"] < 0.6 * said["onnx_bytes"] and said["agree"] == 9 and half["agree"] >= 8
        assert 0 < half["largest_difference"] < 0.02
        words = text(tmp_path / "model.zip", home.runs["small"], said)
        assert "9 of 9 test images" in words and "In half precision" in words
        bundle = home.workspace.exports.bundle(home.runs["small"])
        assert bundle is not None and file_sha256(bundle) == file_sha256(tmp_path / "model.zip")
    finally:
        home.workspace = Workspace(home.workspace.root)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backbone", ["bundled", "efficientnet_lite0"])
@pytest.mark.parametrize("strategy", [each.name for each in STRATEGIES])
def test_every_strategy_exports(strategy: str, backbone: str, home: Home, tmp_path: Path) -> None:
    bundle = home.exported(f"{strategy} {backbone}", strategy, backbone)
    alone(bundle, "import test_bundle; test_bundle.test_samples()", forbidden=NOT_GRAFT, cwd=tmp_path)
    code = "import test_bundle, predict_torch; test_bundle.load = predict_torch.load; test_bundle.test_samples()"
    alone(bundle, code, forbidden=("transfer_core",), cwd=tmp_path)
