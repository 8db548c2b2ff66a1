"""Who may import whom. Reads the sources without running them, save for one look at what a server process loads."""

import ast
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

from transfer_core import __version__

ROOT = Path(__file__).resolve().parents[1]

# Rooms and their floors; a file belongs to the longest prefix that fits. It may import its own room and lower floors.
FLOORS = {
    "transfer_core": 0,  # its __init__.py alone
    "transfer_core.types": 0,
    "transfer_core.errors": 0,
    "transfer_core.words": 0,
    "transfer_core.journal": 0,
    "transfer_core.store": 1,
    "transfer_core.data": 2,
    "transfer_core.backbones": 2,
    "transfer_core.strategies": 1,
    "transfer_core.compare": 2,
    "transfer_core.advice": 2,
    "transfer_core.expected": 2,
    "transfer_core.decision": 3,
    "transfer_core.training": 3,
    "transfer_core.studies": 4,
    "transfer_core.presentation": 4,
    "transfer_core.report": 5,
    "transfer_core.export": 4,
    "transfer_core.loading": 5,
    "transfer_core.serve": 5,
    "transfer_core.jobs": 5,
    "transfer_core.workspace": 6,
    "transfer_core.commands": 7,
    "transfer_core.cli": 8,  # lists the commands
    "transfer_core.__main__": 9,  # calls cli and nothing else
    "components": 7,
    "pages": 8,
    "app": 9,
}
OPEN_TO_ALL = {"transfer_core", "transfer_core.types", "transfer_core.errors"}
DOOR = OPEN_TO_ALL | {"transfer_core.workspace"}  # what pages may know of the core
SCREEN = {"streamlit", "pandas", "plotly", "altair"}
TORCH = {"torch", "torchvision"}
WEB = {"fastapi", "pydantic", "starlette", "uvicorn"}
WITHOUT_TORCH = (
    *(
        "transfer_core.types",
        "transfer_core.errors",
        "transfer_core.words",
        "transfer_core.store",
        "transfer_core.data",
    ),
    *("transfer_core.strategies", "transfer_core.compare", "transfer_core.advice", "transfer_core.expected"),
    "transfer_core.decision",
    *("transfer_core.presentation", "transfer_core.report", "transfer_core.workspace"),
    *("transfer_core.export.unpacked", "transfer_core.loading", "transfer_core.serve"),
    *("transfer_core.jobs.queue", "transfer_core.jobs.protocol", "components", "pages", "app"),
)


@cache
def modules() -> dict[str, Path]:
    """Every module of the program by its dotted name; a package stands for its __init__.py."""
    files = [
        ROOT / "app.py",
        *(file for top in ("transfer_core", "components", "pages") for file in (ROOT / top).rglob("*.py")),
    ]
    return {name(file): file for file in sorted(files) if file.exists()}


def name(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(module: str, *, in_functions: bool = True) -> frozenset[str]:
    """What a module imports; `from a import b` counts as a.b where that is a module.

    Without `in_functions`, only what is loaded with the module: what jobs import where they run is left out.
    """
    found = set()
    file = modules()[module]
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(file.read_text(), str(file))
    if module == "transfer_core":  # its face is imported when it is asked for; until then only type checkers see it
        tree.body = [node for node in tree.body if not isinstance(node, ast.If)]
    if not in_functions:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            inner = {f"{source}.{alias.name}" for alias in node.names}
            found |= {one if one in modules() else source for one in inner}
    return frozenset(found)


def loads(module: str) -> set[str]:
    """All that importing a module may load: its imports, theirs, and the packages around each."""
    seen: set[str] = set()
    todo = [module]
    while todo:
        one = todo.pop()
        around = [one.rsplit(".", depth)[0] for depth in range(one.count(".") + 1)]
        for part in set(around) - seen:
            seen.add(part)
            todo += imports(part, in_functions=False) if part in modules() else ()
    return seen


def room(module: str) -> str:
    fitting = [prefix for prefix in FLOORS if module == prefix or module.startswith(prefix + ".")]
    longest = max(fitting, key=len, default="")
    assert longest, f"{module} stands in no room"
    assert longest != "transfer_core" or module == longest, f"{module} needs a line in FLOORS"
    return longest


def test_imports_only_lower_floors() -> None:
    wrong = [
        f"{module} imports {other}, which is not below it"
        for module in modules()
        for other in sorted(imports(module) & modules().keys() - OPEN_TO_ALL)
        if room(other) != room(module) and FLOORS[room(other)] >= FLOORS[room(module)]
    ]
    assert not wrong, "\n".join(wrong)


def test_libraries_stay_in_their_rooms() -> None:
    wrong = []
    for module in modules():
        libraries = {other.partition(".")[0] for other in imports(module)}
        if module.startswith("transfer_core") and libraries & SCREEN:
            wrong.append(f"{module} draws: {libraries & SCREEN}")
        if not module.startswith("transfer_core.serve") and libraries & WEB:
            wrong.append(f"{module} serves: {libraries & WEB}")
        if (module.startswith(WITHOUT_TORCH) or module == "transfer_core.backbones") and loads(module) & TORCH:
            wrong.append(f"{module} reaches torch")
    assert not wrong, "\n".join(wrong)


def test_pages_know_the_core_by_its_door() -> None:
    beyond = {
        (module, other)
        for module in modules()
        for other in imports(module) - DOOR
        if module.startswith("pages") and other.startswith("transfer_core")
    }
    assert not beyond, f"pages reach past the workspace: {sorted(beyond)}"


def test_the_version_is_the_same_in_both_places() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__


def test_the_server_does_not_load_torch() -> None:
    drawn = [one for one in modules() if one == "transfer_core.workspace" or one.startswith("components")]
    assert drawn, "there is neither a workspace nor a component yet"
    script = "import importlib, sys\nfor one in sys.argv[1:]: importlib.import_module(one)\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script, *drawn], cwd=ROOT, capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr
    assert not TORCH & set(loaded.stdout.split())
