"""The floors of the house: a module imports only from floors beneath its own."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "reconciler"
FLOORS = [
    {"errors"},
    {"core"},
    {"spec"},
    {"catalog"},
    {"datasets", "cloud", "state", "planning", "reports"},
    {"providers"},
    {"applying"},
    {"engine"},
    {"cli"},
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# The one command that starts the emulator, and the findings that an error carries, which only its types name.
ALLOWED = {("cli", "emulator"), ("errors", "core")}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_modules(tree: ast.AST, *, for_types: bool) -> set[str]:
    """Every `reconciler.…` module imported; blocks under TYPE_CHECKING count only `for_types`."""
    skipped: set[ast.AST] = set()
    if not for_types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                skipped.update(ast.walk(node))
    found = set()
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("reconciler"):
            found.update({f"{node.module}.{alias.name}" for alias in node.names} | {node.module})
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.startswith("reconciler"))
    return found


def rooms_imported(path: Path) -> set[str]:
    names = imported_modules(ast.parse(path.read_text()), for_types=True)
    return {name.split(".")[1] for name in names if name.count(".") >= 1} & (FLOOR_OF.keys() | {"emulator"})


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_imports_only_from_floors_beneath_its_own(path: Path) -> None:
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    for target in rooms_imported(path) - {room}:
        if (room, target) in ALLOWED:
            continue
        if "emulator" in (room, target):
            pytest.fail(f"{room} must not import {target}: the emulator is an island")
        else:
            assert FLOOR_OF[target] < FLOOR_OF[room], f"{room} must not import {target}"


def test_every_room_has_a_floor() -> None:
    rooms = {room_of(path) for path in modules()} - {"__init__", "__main__", "emulator"}
    assert rooms == FLOOR_OF.keys()


def test_no_import_cycles_between_modules() -> None:
    names = {".".join(("reconciler", *p.relative_to(ROOT).with_suffix("").parts)): p for p in modules()}
    graph = {
        name: {m for m in imported_modules(ast.parse(p.read_text()), for_types=False) if m in names} - {name}
        for name, p in names.items()
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"import cycle: {' -> '.join((*trail, name))}"
        if name not in done:
            for target in sorted(graph[name]):
                visit(target, (*trail, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())


@pytest.mark.parametrize(
    "package", sorted(p for p in ROOT.rglob("__init__.py")), ids=lambda p: str(p.parent.relative_to(ROOT.parent))
)
def test_every_package_states_its_charter(package: Path) -> None:
    docstring = ast.get_docstring(ast.parse(package.read_text())) or ""
    assert len(docstring.split()) >= 15, f"{package} says what it does and what it must never do"
