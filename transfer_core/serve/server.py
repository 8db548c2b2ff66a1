"""A bundle served until somebody ends it."""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import uvicorn

from transfer_core.errors import GraftError
from transfer_core.export.unpacked import unpacked
from transfer_core.serve.app import Served, made
from transfer_core.serve.limits import Limits, Names

GRACE_S = 10  # for requests under way when it ends


def serve(bundle: Path, *, host: str, port: int, limits: Limits, names: Names, ready: Callable[[str], None]) -> Served:
    """Answer until SIGINT or SIGTERM; then end what was started. `ready` is told the address.

    Raises GraftError for an address that cannot be had, ExportError for what is no whole bundle.
    """
    served = Served()
    with unpacked(bundle) as folder, _listening(host, port) as listening:
        for name in ("python_multipart", "uvicorn.error"):
            logging.getLogger(name).setLevel(logging.ERROR)  # what is wrong with a request is answered
        app = made(folder, limits=limits, names=names, served=served)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_S
        )
        shown = f"[{host}]" if ":" in host else host
        ready(f"http://{shown}:{listening.getsockname()[1]}")
        before = _end_by_sigterm()
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:  # once more after its orderly end
            pass
        finally:
            if before is not None:
                signal.signal(signal.SIGTERM, before)
    return served


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError, UnicodeError) as error:
        raise GraftError(
            f"{host}, port {port}, cannot be listened on ({getattr(error, 'strerror', None) or error}). Name another"
            " with --host and --port; --port 0 takes a free one."
        ) from error


def _end_by_sigterm() -> signal.Handlers | Callable[[int, FrameType | None], object] | int | None:
    """SIGTERM ends it as Ctrl-C does, so that nothing is left behind. In the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        return None

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    return signal.signal(signal.SIGTERM, end)
