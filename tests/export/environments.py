"""Python environments that hold what a bundle asks for and nothing else; each is made once and kept."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

KEPT = Path(__file__).resolve().parents[2] / ".bundle-environments"
ANSWERING = ("numpy", "onnxruntime", "pillow")
TRAINING = ("numpy", "pillow", "timm", "torch", "torchvision")


def python(packages: tuple[str, ...]) -> Path:
    """The interpreter of an environment with these packages alone, in the versions that the tests run with."""
    wanted = [f"{name}=={version(name).partition('+')[0]}" for name in packages]
    folder = KEPT / "-".join(packages)
    made, found = folder / "made", folder / "bin" / "python"
    if not made.is_file() or made.read_text() != "\n".join(wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([found, "-m", "pip", "install", "--quiet", *wanted], check=True)
        made.write_text("\n".join(wanted))
    return found


def run(packages: tuple[str, ...], *command: str | Path, cwd: Path) -> str:
    """What a command prints that runs in the environment with these packages."""
    done = subprocess.run(
        [python(packages), "-I", *command], cwd=cwd, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
