"""Bundles of every strategy in environments that hold nothing of Graft: the same class for every test image.

Slow: `make soak` runs them. The environments are made once, by pip.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.driving import drive
from tests.export.environments import ANSWERING, TRAINING, run
from tests.export.exported import Home
from transfer_core.strategies import STRATEGIES
from transfer_core.workspace import Workspace

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
REAL = ("clothing", "brain_mri")
FIVE = ("linear_probe", "linear_svm", "all_layers", "fine_tune_all", "small_cnn")
SOME = {"per_class": 10, "px": 96}  # a small draw
# Prints the likeliest class of each image, by its number among the classes.
ANSWER = """
import sys
sys.path.insert(0, sys.argv[1])
from {module} import load
for path, found in load(sys.argv[1]).predict(sys.argv[2:]):
    print("answer", int(found.argmax()))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with Workspace(tmp_path_factory.mktemp("home") / "workspace") as opened:
        yield opened


def agrees(home: Home, name: str, strategy: str, backbone: str, **settings: int) -> None:
    """Both programs of the bundle say of all test images what the run said, and its own test passes."""
    bundle = home.exported(name, strategy, backbone, **settings)
    said = home.workspace.runs.predictions(home.runs[name])
    samples = home.workspace.root / "datasets" / home.dataset.id / "samples"
    files = [str(samples / home.dataset.files[row]) for row in said.test_samples]
    first, second = np.sort(said.test_probabilities, 1)[:, -1:-3:-1].T
    for packages, module in ((ANSWERING, "predict"), (TRAINING, "predict_torch")):
        printed = run(packages, "-c", ANSWER.format(module=module), bundle, *files, cwd=home.out)
        answers = [int(line.split()[1]) for line in printed.splitlines() if line.startswith("answer ")]
        differs = np.array(answers) != said.test_probabilities.argmax(1)
        assert len(answers) == len(files) and not (differs & (first - second > 1e-6)).any(), name  # but for ties
    assert "The files are whole" in run(ANSWERING, bundle / "test_bundle.py", cwd=home.out)


@pytest.mark.parametrize("strategy", [each.name for each in STRATEGIES])
def test_all_strategies_on_the_example(strategy: str, workspace: Workspace, tmp_path: Path) -> None:
    known = {row.name: row.id for row in workspace.datasets.list()}
    example = workspace.datasets.examples()[0]
    id = known.get(example.name) or drive(workspace, workspace.datasets.import_example(example.name)).result["id"]
    home = Home(workspace=workspace, dataset=workspace.datasets.get(id), out=tmp_path)
    agrees(home, strategy, strategy, "", px=96, per_class=10)


@pytest.mark.parametrize("strategy", FIVE)
@pytest.mark.parametrize("name", REAL)
def test_five_strategies_on_real_sets(
    name: str, strategy: str, workspace: Workspace, shared: Path, tmp_path: Path
) -> None:
    known = {row.name: row.id for row in workspace.datasets.list()}
    id = (
        known.get(name)
        or drive(workspace, workspace.datasets.import_path(shared / "data" / f"{name}.zip")).result["id"]
    )
    home = Home(workspace=workspace, dataset=workspace.datasets.get(id), out=tmp_path)
    agrees(home, strategy, strategy, "", **SOME)
