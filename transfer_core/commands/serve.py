"""`serve`: a finished run, or a bundle, over HTTP."""

import argparse
import importlib.util
import sys
from pathlib import Path
from typing import Any

from transfer_core.commands.follow import follow, root
from transfer_core.errors import GraftError
from transfer_core.words import count
from transfer_core.workspace import Workspace

NEEDED = ("fastapi", "uvicorn", "python_multipart", "onnxruntime")
MOST_MB, MOST_REQUESTS = 32, 64


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="RUN|BUNDLE", help="id of a run, its beginning or its folder; or a bundle")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine alone)")
    parser.add_argument("--port", type=int, default=8000, help="0: a free one (default: 8000)")
    parser.add_argument(
        "--allow-host", nargs="+", default=[], metavar="NAME", help="other names by which it may be asked"
    )
    parser.add_argument(
        "--most-mb", type=_positive, default=MOST_MB, metavar="N", help=f"a request (default: {MOST_MB})"
    )
    parser.add_argument(
        "--most-requests",
        type=_positive,
        default=MOST_REQUESTS,
        metavar="N",
        help=f"at once (default: {MOST_REQUESTS})",
    )


def serve(options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Answer until Ctrl-C. A run that has no bundle yet is exported first."""
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if lacking:
        raise GraftError(
            f"Serving needs {' and '.join(lacking)}, which this Graft's environment lacks. Install what"
            f" requirements-serve.txt lists: {sys.executable} -m pip install -r requirements-serve.txt"
        )
    from transfer_core.serve.limits import Limits, Names, reach
    from transfer_core.serve.server import serve

    bundle = _bundle(options)
    addresses: list[str] = []

    def ready(address: str) -> None:
        addresses.append(address)
        lines = [f"{options.model} answers on {address}: POST {address}/predict. Ctrl-C ends it.", reach(options.host)]
        print(*filter(None, lines), sep="\n", file=sys.stderr, flush=True)

    served = serve(
        bundle,
        host=options.host,
        port=options.port,
        limits=Limits(request_bytes=options.most_mb << 20, requests=options.most_requests),
        names=Names.of(options.host, options.allow_host),
        ready=ready,
    )
    result = {"address": addresses[0], "requests": served.requests, "images": served.images}
    return result, f"Ended after {count(served.images)} images in {count(served.requests)} requests."


def _bundle(options: argparse.Namespace) -> Path:
    """What was named: a bundle, a run's folder in a workspace, or a run."""
    place = Path(options.model).expanduser()
    if (place / "recipe.json").is_file():
        return _exported(place.resolve().parents[1], place.resolve().name)
    return place if place.exists() else _exported(root(options), options.model)


def _exported(place: Path, run: str) -> Path:
    """The bundle of a run of that workspace, made where there is none."""
    with Workspace(place, write=False) as workspace:
        run = workspace.runs.find(run).id
        bundle = workspace.exports.bundle(run)
    if bundle is not None:
        return bundle
    with Workspace(place) as workspace:
        follow(workspace, workspace.exports.submit(run), "cpu")
        bundle = workspace.exports.bundle(run)
    if bundle is None:
        raise GraftError("The export was stopped, so there is no bundle to serve.")
    return bundle


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)
