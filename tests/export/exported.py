"""Runs that are exported once for a file of tests, and programs that look at a bundle from outside of Graft."""

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.driving import drive
from transfer_core.types import Dataset
from transfer_core.workspace import Workspace

QUICK = {"epochs": 2, "patience": 0}
ALONE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in %r:
            raise ImportError(f"{name} is not to be needed")
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, %r)
%s
"""


@dataclass(kw_only=True, eq=False)
class Home:
    """A workspace with one dataset of 32 px photos, and the bundles of its runs, unpacked."""

    workspace: Workspace
    dataset: Dataset
    out: Path
    runs: dict[str, str] = field(default_factory=dict)  # ids by name
    bundles: dict[str, Path] = field(default_factory=dict)

    def trained(self, name: str, strategy: str, backbone: str, **settings: Any) -> str:
        """The id of a run, trained unless it has been before."""
        known = self.workspace.strategies.get(strategy)
        given = {key: value for key, value in {**QUICK, **settings}.items() if key in known.settings}
        recipe = self.workspace.recipes.make(self.dataset, strategy, backbone, **given)
        (id,) = self.workspace.runs.submit([recipe])
        if self.workspace.runs.get(id).status != "done":
            drive(self.workspace, id)
        self.runs[name] = id
        return id

    def exported(self, name: str, strategy: str, backbone: str, **settings: Any) -> Path:
        """The unpacked bundle of a run."""
        run = self.trained(name, strategy, backbone, **settings)
        end = drive(self.workspace, self.workspace.exports.submit(run))
        assert end.result["agree"] + end.result["ties"] == end.result["images"] > 0
        return self.unpacked(name, run)

    def unpacked(self, name: str, run: str) -> Path:
        bundle = self.workspace.exports.bundle(run)
        assert bundle is not None
        with zipfile.ZipFile(bundle) as packed:
            packed.extractall(self.out / name)
        (self.bundles[name],) = (self.out / name).iterdir()
        return self.bundles[name]


def alone(bundle: Path, code: str, *, forbidden: tuple[str, ...], cwd: Path) -> str:
    """What `code` prints in a process of its own that finds the bundle and cannot import what is forbidden."""
    script = ALONE % (forbidden, str(bundle), code)
    done = subprocess.run([sys.executable, "-I", "-c", script], cwd=cwd, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def card_of(bundle: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((bundle / "model.json").read_text(encoding="utf-8"))
    return found
