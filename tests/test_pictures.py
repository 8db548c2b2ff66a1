"""Pictures that are no squares: what is shown of them follows from their shape, or from what the user says."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.driving import drive
from transfer_core.errors import RecipeError
from transfer_core.training.setup import plan
from transfer_core.types import VAL, Dataset
from transfer_core.workspace import Workspace

PX, EACH = 40, 24  # height; images of a class
CLASSES = {"left": (0, 1), "right": (1, 0)}  # where red and blue stand: at the ends of a band five times as long


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    opened = Workspace(tmp_path_factory.mktemp("pictures"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bands(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Grey bands, 5 to 1, whose class shows at both ends alone."""
    root, rng = tmp_path_factory.mktemp("bands") / "bands", np.random.default_rng(0)
    for name, (red, blue) in CLASSES.items():
        (root / name).mkdir(parents=True)
        for number in range(EACH):
            pixels = rng.normal(128, 25, (PX, 5 * PX, 3))
            for place, colour in ((red, 0), (blue, 2)):
                at = place * 4 * PX
                pixels[:, at : at + PX, colour] += 90
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(root / name / f"{number}.png")
    return workspace.datasets.get(drive(workspace, workspace.datasets.import_path(root)).result["id"])


def test_long_pictures_are_squeezed_by_rule_and_predicted_as_they_were_trained(
    workspace: Workspace, bands: Dataset
) -> None:
    by_rule = workspace.recipes.make(bands, "linear_probe", "bundled")
    cropped = workspace.recipes.make(bands, "linear_probe", "bundled", fit="crop")
    assert by_rule.fit == "squeeze" and cropped.fit == "crop" and by_rule.id != cropped.id
    (id,), (blind,) = workspace.runs.submit([by_rule]), workspace.runs.submit([cropped])
    assert drive(workspace, id).result["val_accuracy"] == 1.0
    assert drive(workspace, blind).result["val_accuracy"] < 0.8, "the middle shows nothing"

    row = int(bands.rows(VAL)[0])
    found = workspace.runs.predictions(id).val_probabilities[0]
    image = (workspace.root / "datasets" / bands.id / "samples" / bands.files[row]).read_bytes()
    job = workspace.predictions.submit([id], [("band.png", image)])
    drive(workspace, job)
    assert workspace.predictions.get(job).probabilities[0, 0].tolist() == pytest.approx(found.tolist(), abs=1e-5)


def test_what_a_crop_cuts_off_is_said(workspace: Workspace, bands: Dataset, photos: Path) -> None:
    shape = workspace.recipes.fit_reason(bands)
    assert shape is not None and "80%" in shape.rule and "squeeze" in shape.rule
    assert shape in workspace.studies.decide(bands).because
    squares = workspace.datasets.get(drive(workspace, workspace.datasets.import_path(photos)).result["id"])
    assert (
        workspace.recipes.fit_reason(squares) is None and workspace.recipes.make(squares, "linear_probe").fit == "crop"
    )


def test_a_side_is_one_that_the_network_takes_and_has_one_spelling(workspace: Workspace, bands: Dataset) -> None:
    own = workspace.recipes.make(bands, "fine_tune_all", "efficientnet_lite0", px=224)
    assert own.px == 0 and own == workspace.recipes.make(bands, "fine_tune_all", "efficientnet_lite0")
    half = workspace.recipes.make(bands, "fine_tune_all", "efficientnet_lite0", px=128)
    seen, _ = plan(half, bands, workspace.root)
    assert (seen.input_px, seen.resize_px, seen.fit) == (128, 146, "squeeze")
    with pytest.raises(RecipeError, match=r"px is 100; EfficientNet-Lite0 takes 224 px, its own side, and multiples"):
        workspace.recipes.make(bands, "linear_probe", "efficientnet_lite0", px=100)
    with pytest.raises(RecipeError, match="takes 224 px only"):
        workspace.recipes.make(bands, "linear_probe", "vit_b_16", px=128)


def test_a_recipe_from_before_these_settings_does_what_it_did(workspace: Workspace, bands: Dataset) -> None:
    before = workspace.recipes.make(bands, "linear_probe", "bundled", fit="crop")
    assert workspace.recipes.from_json(before.hashed(), bands) == before, "a whole recipe without them"
    assert workspace.recipes.from_json({"strategy": "linear_probe", "backbone": "bundled"}, bands).fit == "squeeze"


def test_a_thin_picture_keeps_a_pixel(workspace: Workspace, bands: Dataset) -> None:
    id = workspace.runs.submit([workspace.recipes.make(bands, "linear_probe", "bundled", fit="pad")])[0]
    assert drive(workspace, id).result["val_accuracy"] == 1.0
    thin = io.BytesIO()
    Image.new("RGB", (2000, 1), "red").save(thin, "PNG")
    assert (
        drive(workspace, workspace.predictions.submit([id], [("thin.png", thin.getvalue())])).result["unreadable"] == 0
    )
