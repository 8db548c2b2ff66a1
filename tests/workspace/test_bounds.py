"""The list of limits: each line names the constant that holds it, says its value, and something obeys it."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import transfer_core
from transfer_core.words import count, duration
from transfer_core.workspace import limits

ROOT = Path(transfer_core.__file__).parent


def held(name: str) -> Any:
    """The value of a constant, or of a field of a class, by its name below transfer_core."""
    parts = f"transfer_core.{name}".split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AssertionError(f"there is no {name}")


def worded(value: float) -> set[str]:
    """How a limit may say its value."""
    whole = int(value)
    return {
        *(count(value), duration(value), f"{whole} times", f"{whole:,} px", f"{value / 1e6:.0f} million"),
        *(f"{whole:,} MB", f"{whole >> 20:,} MB", f"{whole >> 30:,} GB"),
    }


def test_each_limit_is_the_constant_that_it_names_and_something_obeys_it() -> None:
    listed = limits()
    assert len(listed) > 30 and len({each.held for each in listed}) == len(listed)
    files = [file for file in ROOT.rglob("*.py") if file != ROOT / "workspace" / "bounds.py"]
    sources = "\n".join(file.read_text() for file in files)
    wrong = []
    for each in listed:
        name = each.held.rpartition(".")[2]
        used = re.findall(rf"\b{name}\b", sources)
        if each.most not in worded(held(each.held)):
            wrong.append(f"{each.what}: {each.most} is not {each.held}, {held(each.held)}")
        if len(used) < 2:
            wrong.append(f"{each.held} is named once alone, where it is set")
        if not each.why.endswith(".") or not each.group:
            wrong.append(f"{each.what} has no reason")
    assert not wrong, "\n".join(wrong)


def test_what_the_environment_sets_is_what_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFT_DECODER_MB", "512")
    assert [each.most for each in limits() if each.held == "data.decoder.MEMORY_MB"] == ["512 MB"]
