"""Plain JSON and back, and the arrays that types speak of."""

import hashlib
import json
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
T = TypeVar("T")


def from_plain(kind: type[T], values: Any, *, earlier: bool = False) -> T:
    """A frozen value from what `dataclasses.asdict` and JSON made of it: lists back to tuples, mappings to values.

    `earlier`: fields that an earlier Graft kept and this one no longer has are left out; else they raise TypeError.
    """
    hints = _composed(kind)  # type: ignore[arg-type]
    known = {each.name for each in fields(kind)} if earlier else values  # type: ignore[arg-type]
    return kind(
        **{
            name: _typed(hints[name], value, earlier) if name in hints else value
            for name, value in values.items()
            if name in known
        }
    )


@cache
def _composed(kind: type) -> dict[str, Any]:
    """The hints of those fields that JSON has in another form."""
    hints = get_type_hints(kind)
    return {name: hint for name, hint in hints.items() if is_dataclass(hint) or get_origin(hint) is tuple}


def _typed(hint: Any, value: Any, earlier: bool) -> Any:
    if is_dataclass(hint) and isinstance(hint, type):
        return from_plain(hint, value, earlier=earlier)
    if get_origin(hint) is tuple:
        return tuple(_typed(get_args(hint)[0], each, earlier) for each in value)
    return value


def attributes(value: Any, *names: str) -> dict[str, Any]:
    """Some of a value's, by name."""
    return {name: getattr(value, name) for name in names}


def digest(value: Any) -> str:
    """First 16 hex digits of SHA-256 over canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def file_sha256(file: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
