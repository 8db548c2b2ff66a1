"""Programs that may reach this machine alone: other connections, and questions for names, are refused and noted."""

import os
from pathlib import Path

WALL = '''
"""Python imports this before any program."""
import os, sys

OWN = ("", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::")


def look(event, args):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = args[1][0] if isinstance(args[1], tuple) else ""
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = args[0] or ""
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host not in OWN and not host.startswith("127."):
        with open(os.environ["REACHED"], "a") as noted:
            noted.write(f"{event} {host}\\n")
        raise ConnectionRefusedError("a test forbids it")


sys.addaudithook(look)
'''


def walled(folder: Path) -> dict[str, str]:
    """The environment of a walled program, whose children are walled too; `reached(folder)` says what it tried."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WALL)
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, "REACHED": str(folder / "reached.txt"), "PYTHONNOUSERSITE": "1"}


def reached(folder: Path) -> list[str]:
    noted = folder / "reached.txt"
    return noted.read_text().splitlines() if noted.exists() else []
