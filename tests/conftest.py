"""What tests of several rooms share."""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

# Before torch is imported, and for workers that tests start: several threads help small tensors little, and harm much
# where tests share the machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # onnxruntime reports home unless it is told before its import

import numpy as np
import pytest
from PIL import Image

from tests.unsaid import Ears
from transfer_core import backbones
from transfer_core.store import Store
from transfer_core.types import Backbone

SMALL_PX = 32
EARLIER = Path(__file__).parent / "fixtures" / "workspace-0.1.0.zip"
SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture
def workspace_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty workspace folder; GRAFT_WORKSPACE names it, so nothing reaches the user's own."""
    folder = tmp_path / "workspace"
    monkeypatch.setenv("GRAFT_WORKSPACE", str(folder))
    folder.mkdir()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace of Graft 0.1.0, brought up to date, with a dataset, `colours`, and finished runs."""
    with zipfile.ZipFile(EARLIER) as archive:
        archive.extractall(tmp_path / "work")
    Store(tmp_path / "work" / "graft.db", write=True).close()
    return tmp_path / "work"


def draw_photos(root: Path, per_class: int = 20, px: int = 48) -> Path:
    """A folder of three classes that colour tells apart, each image with a texture of its own."""
    rng = np.random.default_rng(0)
    for name, colour in (("red", (200, 40, 40)), ("green", (40, 200, 40)), ("blue", (40, 40, 200))):
        (root / name).mkdir(parents=True)
        for number in range(per_class):
            coarse = rng.normal(0, 60, (6, 6, 3))
            noise = np.kron(coarse, np.ones((px // 6, px // 6, 1)))
            pixels = np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_photos(tmp_path_factory.mktemp("photos") / "colours")


@pytest.fixture(scope="module")
def small_networks() -> Iterator[None]:
    """In this process the networks that come along look at 32 pixels: a ninth of the bundled one's work, or less."""

    def small(known: Backbone) -> Backbone:
        return replace(known, input_px=SMALL_PX, resize_px=SMALL_PX)

    with pytest.MonkeyPatch.context() as patch:
        first = (backbones.FIRST_CHOICE, backbones.ALWAYS)
        known = (small(each) if each.name in first else each for each in backbones.BACKBONES)
        patch.setattr(backbones, "BACKBONES", tuple(known))
        patch.setattr(backbones, "SMALL_CNN", small(backbones.SMALL_CNN))
        yield


@pytest.fixture
def shared() -> Path:
    """The folder of real data beside the checkout; tests that need it are skipped, visibly, without it."""
    if not SHARED.exists():
        pytest.skip(f"no real data at {SHARED.name}/ beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def ears() -> Iterator[Ears]:
    with pytest.MonkeyPatch.context() as patch:
        listening = Ears()
        listening.listen(patch)
        yield listening


@pytest.fixture(autouse=True)
def _says_nothing_of_the_kind(ears: Ears) -> Iterator[None]:
    """No database, page or command shows a user a traceback or an exception's class."""
    yield
    found = ears.found()
    assert not found, "shown to users: " + "\n".join(found)[:2_000]
