"""What `make` installs, and what it goes on with where that cannot be had. pip itself is not run."""

import importlib.util
import re
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(module, "VENV", tmp_path)
    return module


@pytest.mark.parametrize(
    ("lacking", "file", "tries", "said"),
    [
        ("", "requirements.txt", 1, ()),
        ("a pin", "requirements.txt", 3, ("constraints.txt cannot be had", "what requirements.txt allows")),
        ("an option", "requirements.txt", 2, ("Trying without timm", "small bundled network", "pip install timm")),
        ("both", "requirements.txt", 4, ("constraints.txt cannot be had", "small bundled network")),
        ("a pin", "requirements-dev.txt", 2, ("what requirements-dev.txt allows",)),
    ],
)
def test_it_goes_on_without_what_cannot_be_had(
    lacking: str,
    file: str,
    tries: int,
    said: tuple[str, ...],
    environment: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tried = []

    def succeeds(command: list[str]) -> bool:
        tried.append(command)
        pinned, whole = "-c" in command, command[-1] == file
        refused = {"a pin": pinned, "an option": whole, "both": pinned or whole}
        return not refused.get(lacking, False)

    monkeypatch.setattr(environment, "succeeds", succeeds)
    environment.install(Path(file), latest=False)
    printed = capsys.readouterr().out
    assert len(tried) == tries and all(part in printed for part in said) and bool(printed) == bool(said)


def test_tests_want_everything(environment: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "succeeds", lambda command: False)
    with pytest.raises(SystemExit, match="did not finish"):
        environment.install(Path("requirements-dev.txt"), latest=False)


def test_the_pins_allow_what_is_asked_for() -> None:
    """Every requirement is pinned, and these tests run with the pins, unless `make latest` runs them."""
    pins = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line)
    pins = {re.sub(r"[-_.]+", "-", name).lower(): number for name, number in pins.items()}
    for file in ROOT.glob("requirements*.txt"):
        for line in file.read_text().splitlines():
            if line and line[0] not in "#-":
                name = re.split(r"[=<>]", line)[0].strip().lower()
                assert name in pins, name
    if (ROOT / ".venv" / "constraints.txt.sha256").is_file():
        held = (ROOT / ".venv" / "constraints.txt.sha256").read_text()
        assert held == "latest" or version("torch").partition("+")[0] == pins["torch"]
