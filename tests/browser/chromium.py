"""The browser that the tests drive. Run as a program it installs one where there is none.

GRAFT_APT=1 allows it to install Debian's, as root; else it is Playwright's own.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> str | None:
    """Path of the browser that GRAFT_BROWSER names, of an installed one, or of Playwright's own, in this order."""
    named = os.environ.get("GRAFT_BROWSER")
    if named:
        return shutil.which(named)
    installed = [path for path in map(shutil.which, NAMES) if path and starts(path)]
    return installed[0] if installed else str(MAC) if MAC.exists() else playwrights_own()


def starts(path: str) -> bool:
    """Whether it is a browser: Ubuntu's `chromium` is a script that only says to install a snap."""
    answer = subprocess.run([path, "--version"], capture_output=True, text=True)
    return answer.returncode == 0 and "Chrom" in answer.stdout


def playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return str(path) if path.exists() else None


def install() -> None:
    if os.environ.get("GRAFT_APT") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"])
        subprocess.run(["apt-get", "install", "-y", "-qq", "chromium"], env=quiet)
    if find() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])


if __name__ == "__main__":
    if named := os.environ.get("GRAFT_BROWSER"):
        if find() is None:
            sys.exit(f"GRAFT_BROWSER is {named!r}, which is no program here. Name another, or leave it unset.")
    elif find() is None:
        print("Installing a browser for the tests", flush=True)
        install()
        if find() is None:
            sys.exit(
                "The tests need Chrome or Chromium. Install one (on Debian `apt-get install chromium`, or as root"
                " GRAFT_APT=1 make test), or name it: GRAFT_BROWSER=/path/to/chrome make test"
            )
