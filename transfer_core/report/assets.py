"""What a report carries along: its template, style and script, and files of libraries where they are installed."""

import base64
import gzip
import hashlib
import platform
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, util
from pathlib import Path

from transfer_core import __version__

HERE = Path(__file__).parent
LIBRARIES = ("torch", "torchvision", "numpy", "scikit-learn", "scipy", "pillow")


@dataclass(frozen=True, kw_only=True)
class Script:
    """A program to embed."""

    packed: str  # gzip, base64
    digest: str  # SHA-256 of its text, base64: what a content security policy lets run


@lru_cache(maxsize=8)
def own(name: str) -> str:
    """The text of a file beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@lru_cache(maxsize=1)
def plotly() -> Script | None:
    """The drawing library out of the plotly package; None where that is not installed."""
    found = _installed("plotly", "package_data/plotly.min.js")
    if found is None:
        return None
    text = found.read_text(encoding="utf-8")
    packed = gzip.compress(text.encode(), 9, mtime=0)
    return Script(packed=base64.b64encode(packed).decode(), digest=sha256(text))


@lru_cache(maxsize=1)
def font() -> str:
    """The dashboard's font as base64 of a WOFF2, out of the streamlit package; '' where that is not installed."""
    found = _installed("streamlit", "static/static/media/SourceSansVF-Upright*.woff2")
    return "" if found is None else base64.b64encode(found.read_bytes()).decode()


def _installed(package: str, pattern: str) -> Path | None:
    """A file of a package that is looked up, not imported."""
    spec = util.find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    return next((file for place in places or () for file in Path(place).glob(pattern)), None)


def versions(*more: str) -> dict[str, str]:
    """Of Graft, Python, the libraries that results depend on and `more`, as installed here; "" for what is not."""
    found = {"graft": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for name in (*LIBRARIES, *more):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found
