"""Graft's core: everything but the pages. Imports neither Streamlit nor, on its ground floors, torch.

`from transfer_core import Workspace, load` is its face for programs; both are imported when they are first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transfer_core.loading import Model, load
    from transfer_core.workspace import Workspace

__version__ = "0.2.0"  # pyproject.toml says it too
__all__ = ["Model", "Workspace", "__version__", "load"]

LATER = {"Workspace": "transfer_core.workspace", "load": "transfer_core.loading", "Model": "transfer_core.loading"}


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
