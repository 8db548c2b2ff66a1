"""Who may import whom. Reads the sources without running them, save for one look at what a server process loads."""

import ast
import re
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
    "transfer_core.kept": 0,
    "transfer_core.awake": 0,
    "transfer_core.goals": 0,
    "transfer_core.store": 1,
    "transfer_core.data": 2,
    "transfer_core.backbones": 2,
    "transfer_core.strategies": 1,
    "transfer_core.compare": 2,
    "transfer_core.findings": 3,
    "transfer_core.advice": 4,
    "transfer_core.expected": 2,
    "transfer_core.decision": 5,
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
    "components": 0,  # its __init__.py alone
    "components.entrance": 7,
    "components.state": 7,
    "components.kit": 8,
    "components.shell": 9,
    **{
        f"components.{wing}": 10
        for wing in ("start", "data", "decide", "train", "compare", "errors", "predict", "settings")
    },
    "pages": 11,
    "app": 12,
}
OPEN_TO_ALL = {"transfer_core", "transfer_core.types", "transfer_core.errors"}
# What the faces know of the core,
DOOR = OPEN_TO_ALL | {"transfer_core.words", "transfer_core.findings", "transfer_core.workspace"}
SHOWN = "transfer_core.presentation"  # and what is drawn and said the same on pages and in reports
FACES = ("app", "pages", "components", "transfer_core.commands")
BESIDE = {  # the door, and no Workspace would make it better
    "transfer_core.commands.serve": {"transfer_core.serve.limits", "transfer_core.serve.server"},  # serves a bundle
    "components.entrance": {"transfer_core.serve.limits", "transfer_core.serve.door"},  # stands before every page
}
GUESTS = {"compare": {"errors"}}  # wings without a page of their own, by the page that draws them
PLAIN = "transfer_core.types.plain"  # to plain JSON and back, and its digest: the one place of `types/` with functions
SAYS_NO = {"Backbone.seeing"}  # refuses a side that the network does not take, in words
SCREEN = {"streamlit", "pandas", "plotly", "altair"}
TORCH = {"torch", "torchvision"}
OURS = ("pages", "components", "transfer_core", "benchmarks", "tests")
REACHED = re.compile(r'(?<!\bself)\._\w+|(?<=, )"_\w+"')  # an attribute of another, and one that `setattr` names
WEB = {"fastapi", "pydantic", "starlette", "uvicorn"}
WITHOUT_TORCH = (
    *(
        "transfer_core.types",
        "transfer_core.errors",
        "transfer_core.words",
        "transfer_core.kept",
        "transfer_core.awake",
        "transfer_core.goals",
        "transfer_core.store",
        "transfer_core.data",
    ),
    *("transfer_core.strategies", "transfer_core.compare", "transfer_core.advice", "transfer_core.expected"),
    "transfer_core.decision",
    "transfer_core.findings",
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
    assert longest not in ("transfer_core", "components") or module == longest, f"{module} needs a line in FLOORS"
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


def test_pages_components_and_commands_know_the_core_by_its_door() -> None:
    beyond = [
        f"{module} reaches past the workspace to {other}"
        for module in modules()
        if module.startswith(FACES)
        for other in sorted(imports(module) - DOOR - BESIDE.get(module, set()))
        if other.startswith("transfer_core") and not other.startswith(("transfer_core.commands", SHOWN))
    ]
    assert not beyond, "\n".join(beyond)


def test_a_workspace_is_made_of_parts_that_inherit_nothing_and_keep_their_own_to_themselves() -> None:
    parts = sorted((ROOT / "transfer_core" / "workspace").glob("*.py"))
    nodes = [node for file in parts for node in ast.walk(ast.parse(file.read_text()))]
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    assert len(classes) > 10 and not [each.name for each in classes if each.bases]
    own = {node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr.startswith("_")}
    assert "_store" in own
    reached = [
        f"{file.relative_to(ROOT)} reaches for {name}"
        for top in OURS
        for file in (ROOT / top).rglob("*.py")
        if file not in parts
        for name in REACHED.findall(file.read_text())
        if name.strip('."') in own
    ]
    assert not reached, "\n".join(reached)


def in_types() -> dict[str, ast.Module]:
    """The files of `types/` by their modules' names, save the one that lists them."""
    return {
        module: ast.parse(file.read_text())
        for module, file in modules().items()
        if module.startswith("transfer_core.types.")
    }


def is_value(node: ast.AST, *, inside: str = "") -> bool:
    """Whether a line of `types/` is data: a constant, a frozen value, a property, or a function of one expression."""
    marks = [ast.unparse(each) for each in getattr(node, "decorator_list", ())]
    if isinstance(node, ast.ClassDef):
        return any(each.startswith("dataclass(frozen=True") for each in marks)
    if isinstance(node, ast.FunctionDef):
        told = node.body[1:] if ast.get_docstring(node) is not None else node.body
        shown = marks == ["property"] or node.name.startswith("__") or f"{inside}.{node.name}" in SAYS_NO
        return (bool(inside) and shown) or [type(each) for each in told] == [ast.Return]
    return isinstance(node, ast.Assign | ast.AnnAssign | ast.Import | ast.ImportFrom | ast.Expr)


def test_types_are_values_without_logic() -> None:
    known = in_types()
    assert len(known) > 5
    wrong = [
        f"{module}, line {node.lineno}: more than a constant, a frozen value, a property or one expression"
        for module, tree in known.items()
        if module != PLAIN
        for outer in tree.body
        for node in (outer, *(outer.body if isinstance(outer, ast.ClassDef) else ()))
        if not is_value(node, inside=getattr(outer, "name", "") if node is not outer else "")
    ]
    assert not wrong, "\n".join(wrong)


def test_what_one_room_alone_uses_lives_there() -> None:
    """A value of `types/` is used by two rooms of the core or more, or is a part of one that is."""
    users: dict[str, set[str]] = {}
    for module in modules():
        if module.startswith("transfer_core.") and not module.startswith("transfer_core.types"):
            nodes = ast.walk(ast.parse(modules()[module].read_text()))
            for node in nodes:
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("transfer_core.types"):
                    for alias in node.names:
                        users.setdefault(alias.name, set()).add(room(module))
    classes = {node.name: node for tree in in_types().values() for node in tree.body if isinstance(node, ast.ClassDef)}
    parts = {
        part.id
        for name, node in classes.items()
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and part.id != name
    }
    alone = [
        f"{name}: {users.get(name, set())}" for name in classes if len(users.get(name, ())) < 2 and name not in parts
    ]
    assert len(classes) > 20 and not alone, "\n".join(alone)


def test_a_page_draws_with_its_own_wing() -> None:
    wings = {one for one, floor in FLOORS.items() if floor == FLOORS["components.start"]}
    wrong = []
    for module in modules():
        if module.startswith("pages."):
            page = module.removeprefix("pages.")
            own = {f"components.{one}" for one in {page, *GUESTS.get(page, ())}}
            drawn = {room(other) for other in imports(module) & modules().keys()}
            wrong += [f"{module} imports {other}" for other in sorted(drawn & wings - own)]
    assert not wrong, "\n".join(wrong)


def test_what_a_session_keeps_is_named_in_one_file() -> None:
    others = [one for one in modules() if one.startswith(FACES[:3]) and one != "components.state"]
    assert len(others) > 50
    named = [one for one in others if "session_state" in modules()[one].read_text()]
    assert not named, f"components/state.py keeps what a session keeps; these go past it: {named}"


def test_the_version_is_the_same_in_both_places() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__


def test_the_server_does_not_load_torch() -> None:
    drawn = [one for one in modules() if one == "transfer_core.workspace" or one.startswith("components")]
    assert drawn, "there is neither a workspace nor a component yet"
    script = "import importlib, sys\nfor one in sys.argv[1:]: importlib.import_module(one)\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script, *drawn], cwd=ROOT, capture_output=True, text=True)
    assert loaded.returncode == 0, loaded.stderr
    assert not TORCH & set(loaded.stdout.split())
