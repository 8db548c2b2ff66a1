"""New images: any number, any kind that import takes, from a folder or a zip; an unreadable one costs itself alone."""

import csv
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from tests.driving import drive
from tests.training.bench import Bench, make_dataset, said_of
from transfer_core.compare.calibration import calibrated, fitted_temperature
from transfer_core.compare.selective import doubt
from transfer_core.data.decoding import decoders
from transfer_core.errors import ArchiveError, UnknownJob, WeightsError
from transfer_core.jobs.tasks import run_folder
from transfer_core.training import predict
from transfer_core.training.familiar import load_familiar
from transfer_core.types import TEST, TRAIN, Backbone, Dataset, Fit, Notice, Predictions, Progress
from transfer_core.workspace import Workspace

pytestmark = pytest.mark.usefixtures("small_networks")


@pytest.fixture(scope="module")
def runs(workspace: Workspace, dataset: Dataset) -> tuple[str, ...]:
    ids = workspace.runs.submit(
        [
            workspace.recipes.make(dataset, "linear_probe", "bundled", per_class=2),
            workspace.recipes.make(dataset, "linear_svm", "bundled", per_class=3, fit="pad"),
        ]
    )
    for id in ids:
        drive(workspace, id)
    return ids


def test_the_test_images_get_the_answers_of_the_test_calibrated(
    workspace: Workspace, dataset: Dataset, runs: tuple[str, ...]
) -> None:
    samples = workspace.root / "datasets" / dataset.id / "samples"
    job = workspace.predictions.submit_paths(runs, [samples / dataset.files[row] for row in dataset.rows(TEST)])
    assert drive(workspace, job).result == {"images": 18, "unreadable": 0, "of": 18}
    found = workspace.predictions.get(job)
    for place, run in enumerate(runs):
        kept = workspace.runs.predictions(run)
        t = fitted_temperature(kept)
        assert found.probabilities[place] == pytest.approx(calibrated(kept.test_probabilities, t), abs=1e-5)
        said = calibrated(kept.val_probabilities, t)
        assert found.doubts[place] == doubt(said, said.argmax(1) == kept.val_labels)
    assert found.runs == runs and found.classes == dataset.classes


def test_a_zip_of_anything(workspace: Workspace, runs: tuple[str, ...], tmp_path: Path) -> None:
    odd = tmp_path / "odd.zip"
    with zipfile.ZipFile(odd, "w") as packed:
        for name, image, kind in (
            ("a/grey16.png", Image.fromarray(np.full((40, 30), 40_000, np.uint16)), "PNG"),
            ("a/float.tif", Image.fromarray(np.full((40, 30), 0.5, np.float32)), "TIFF"),
            ("b/palette.gif", Image.new("P", (30, 50), 3), "GIF"),
            ("b/cmyk.jpg", Image.new("CMYK", (64, 48), (0, 200, 200, 0)), "JPEG"),
        ):
            out = io.BytesIO()
            image.save(out, kind)
            packed.writestr(name, out.getvalue())
        packed.writestr("notes.txt", "no image")
        packed.writestr("cut.png", out.getvalue()[:40])
    with odd.open("rb") as file:
        job = workspace.predictions.submit(runs[:1], [("odd.zip", file)])
    assert drive(workspace, job).result == {"images": 6, "unreadable": 2, "of": 6}
    found = workspace.predictions.get(job)
    said = dict(zip(found.names, zip(found.errors, found.probabilities[0].sum(1), strict=True), strict=True))
    assert all(said[name][0] == "" and said[name][1] == pytest.approx(1) for name in said if "/" in name)
    assert "not an image" in said["notes.txt"][0] and np.isnan(said["notes.txt"][1]) and said["cut.png"][0]
    pictures = workspace.predictions.thumbnails(job, range(6))
    assert [bool(each) for each in pictures] == [not error for error in found.errors]
    assert Image.open(io.BytesIO(pictures[found.names.index("b/cmyk.jpg")])).size == (64, 48)
    with tarfile.open(tmp_path / "odd.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo("b/cmyk.jpg")
        entry.size = out.tell()
        tar.addfile(entry, io.BytesIO(out.getvalue()))
    with (tmp_path / "odd.tar.gz").open("rb") as file:
        again = workspace.predictions.submit(runs[:1], [("odd.tar.gz", file)])
    drive(workspace, again)
    assert workspace.predictions.get(again).names == ("b/cmyk.jpg",)


def test_the_table_is_for_people_spreadsheets_and_programs(
    workspace: Workspace, dataset: Dataset, runs: tuple[str, ...], tmp_path: Path
) -> None:
    Image.new("RGB", (30, 30), "red").save(tmp_path / "=1+1.png")
    Image.new("RGB", (30, 30), (90, 90, 90)).save(tmp_path / "grey.png")
    (tmp_path / "notes.png").write_text("no image")
    job = workspace.predictions.submit_paths(runs[:1], [tmp_path])
    drive(workspace, job)
    found = workspace.predictions.get(job)
    order = workspace.predictions.by_doubt(found)
    assert found.names[order[-1]] == "notes.png" and order[0] == np.nanargmin(found.probabilities[0].max(1))
    first, *rows = csv.reader(io.StringIO(workspace.predictions.table(found, "csv").decode("utf-8-sig")))
    assert first[:4] == ["image", "class", "probability", "sure"] and first[-1] == "error"
    assert rows[0][0] == "'=1+1.png" and rows[0][1] in dataset.classes and rows[2][1] == "" and rows[2][-1]
    table = pyarrow.parquet.read_table(io.BytesIO(workspace.predictions.table(found, "parquet", order)))
    assert table["image"].to_pylist() == [found.names[row] for row in order]
    assert table["sure"].to_pylist()[-1] is None
    shares = [table[f"p({label})"][0].as_py() for label in dataset.classes]
    assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_an_image_that_takes_too_much_memory_costs_itself_alone(
    workspace: Workspace, runs: tuple[str, ...], tmp_path: Path
) -> None:
    Image.fromarray(np.zeros((8_900, 8_900), np.float64).astype(np.float32)).save(
        tmp_path / "1.tif", compression="tiff_lzw"
    )
    for name in ("0", "2", "3"):
        Image.new("RGB", (30, 30), "red").save(tmp_path / f"{name}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFT_DECODER_MB", "600")
        decoders().close()  # the next ones begin with that
        job = workspace.predictions.submit_paths(runs[:1], [tmp_path])
        drive(workspace, job)
        decoders().close()
    found = workspace.predictions.get(job)
    assert found.names == ("0.png", "1.tif", "2.png", "3.png")
    assert "memory" in found.errors[1] and found.errors[0] == found.errors[2] == found.errors[3] == ""


def test_stopped_it_keeps_what_was_looked_at(workspace: Workspace, runs: tuple[str, ...], tmp_path: Path) -> None:
    for number in range(400):
        Image.new("RGB", (30, 30), "red").save(tmp_path / f"{number:03}.png")
    job, told = workspace.predictions.submit_paths(runs[:1], [tmp_path]), []
    for event in workspace.jobs.drive(job, stops=lambda: len(told)):
        if isinstance(event, Progress) and event.what == "Looking at images" and not told:
            told.append(event)
    ended, found = workspace.jobs.get(job), workspace.predictions.get(job)
    assert ended.status == "stopped" and found.of == 400 and 0 < len(found.names) < 400


def test_what_cannot_be_predicted_is_said(workspace: Workspace, runs: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="does not exist"):
        workspace.predictions.submit_paths(runs, [tmp_path / "gone.png"])
    with pytest.raises(UnknownJob, match="up to 4"):
        workspace.predictions.submit_paths([], [tmp_path])
    job = workspace.predictions.submit_paths(runs, [tmp_path])
    *_, end = workspace.jobs.drive(job)
    assert "no file" in end.error  # type: ignore[union-attr]
    with pytest.raises(UnknownJob, match="Predict again"):
        workspace.predictions.get(job)


def test_a_limit_that_is_no_number_is_said(workspace: Workspace, runs: tuple[str, ...], tmp_path: Path) -> None:
    Image.new("RGB", (30, 30), "red").save(tmp_path / "red.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAFT_DECODER_MB", "much")
        decoders().close()
        *_, end = workspace.jobs.drive(workspace.predictions.submit_paths(runs[:1], [tmp_path]))
        decoders().close()
    assert "GRAFT_DECODER_MB is 'much'" in end.error  # type: ignore[union-attr]


def test_uploads_keep_their_order_and_the_names_that_the_user_has_for_them(
    workspace: Workspace, runs: tuple[str, ...]
) -> None:
    files = []
    for number in range(30):
        out = io.BytesIO()
        Image.new("RGB", (30, 30), (8 * number, 0, 0)).save(out, "PNG")
        files.append((f"{number}, mine.png", out.getvalue()))
    job = workspace.predictions.submit(runs[:1], files)
    drive(workspace, job)
    assert workspace.predictions.get(job).names == tuple(name for name, _ in files)
    reds = [
        Image.open(io.BytesIO(each)).getpixel((15, 15))[0] for each in workspace.predictions.thumbnails(job, range(30))
    ]
    assert reds == sorted(reds)


def test_what_is_predicted_is_what_was_tested(tmp_path: Path, small_backbone: Backbone) -> None:
    data = make_dataset(tmp_path, [0] * 12 + [1] * 6 + [2] * 6, [0, 1, 2] * 8)
    samples = [tmp_path / "datasets" / data.id / "samples" / file for file in data.files]
    for number, sample in enumerate(samples):
        shape = ((120, 40), (40, 120), (70, 48))[number % 3]
        Image.open(sample).resize(shape).save(sample)
    bench = Bench(workspace=tmp_path, dataset=data, backbone=small_backbone)
    tested = {}
    for fit in get_args(Fit):
        bench.run(bench.recipe("linear_probe", px=32, fit=fit), fit)
        with np.load(tmp_path / "runs" / fit / "predictions.npz") as kept:
            rows, tested[fit] = kept["test_samples"], kept["test_probabilities"]
            said = calibrated(tested[fit], fitted_temperature(Predictions(**kept)))
        for row, expected in zip(rows[:3], said, strict=False):  # one of each shape
            assert said_of(tmp_path / "runs" / fit, samples[row]) == pytest.approx(expected.tolist(), abs=1e-5), fit
    assert not np.array_equal(tested["crop"], tested["pad"])
    assert not np.array_equal(tested["crop"], tested["squeeze"])
    layers = len(small_backbone.taps) + 1
    assert len(list((tmp_path / "features").glob("*.npz"))) == 3 * layers, "features of all layers and a head of each"


def test_what_a_fine_tuned_run_warns_of_is_seen_by_the_network_that_it_began_with(
    workspace: Workspace, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = workspace.recipes.make(dataset, "fine_tune_all", "bundled", epochs=1, lr=0.1, backbone_lr=0.1)
    (run,) = workspace.runs.submit([made])
    drive(workspace, run)
    known = load_familiar(run_folder(workspace.root, run))
    probe, *_ = workspace.runs.submit([workspace.recipes.make(dataset, "linear_probe", "bundled")])
    drive(workspace, probe)
    kept = load_familiar(run_folder(workspace.root, probe))
    assert known is not None and kept is not None and (known.pretrained, kept.pretrained) == (True, False)
    assert (known.codes == kept.codes).all() and (known.distances == kept.distances).all()

    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    noise.save(tmp_path / "noise.png")
    samples = workspace.root / "datasets" / dataset.id / "samples"
    given = [tmp_path / "noise.png", *(samples / dataset.files[row] for row in dataset.rows(TRAIN))]

    def unlike() -> tuple[np.ndarray, str]:
        job = workspace.predictions.submit_paths([run], given)
        said = [event.text for event in workspace.jobs.drive(job) if isinstance(event, Notice)]
        return workspace.predictions.get(job).unlike[0], " ".join(said)

    def damaged(*_: Any, **__: Any) -> None:
        raise WeightsError("They are damaged.")

    with monkeypatch.context() as patch:
        patch.setattr(predict, "load", damaged)
        found, said = unlike()
        assert not found.any() and "warns of nothing" in said and "damaged" in said
    found, said = unlike()
    assert found[0] and found[1:].mean() < 0.2 and not said
    monkeypatch.setattr(predict, "available", lambda *_: False)  # its weights have gone since
    found, said = unlike()
    assert not found.any() and "no longer on this machine" in said
