"""The shape of the house: which way imports point, how long a module may be, what has to be documented."""

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["billcom", "tasks", "flows", "deployments"]  # each may import those before it
MAX_MODULE_LINES = 500
EMULATOR = "billcom.emulator"


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def where(path: Path, line: int | None = None) -> str:
    shown = path.relative_to(ROOT).as_posix()
    return shown if line is None else f"{shown}:{line}"


def module_name(path: Path) -> str:
    base = ROOT / "src" if path.is_relative_to(ROOT / "src") else ROOT
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of each import; `from a import b` gives `a.b`."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def imports_of(package: str, *folders: str) -> dict[str, Path]:
    """Map place to file for each import of a package, or of something in it."""
    return {
        where(path, line): path
        for path in python_files(*folders)
        for line, name in imports(path)
        if within(name, package)
    }


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_nothing_of_the_layers_above_it(layer: str) -> None:
    folder = "src/billcom" if layer == "billcom" else layer
    above = LAYERS[LAYERS.index(layer) + 1 :]
    assert [place for higher in above for place in imports_of(higher, folder)] == []


def test_nothing_imports_the_tests() -> None:
    assert list(imports_of("tests", "src", "tasks", "flows", "deployments")) == []


def test_the_package_imports_no_prefect() -> None:
    assert list(imports_of("prefect", "src")) == []


def test_the_local_bill_imports_nothing_of_the_client() -> None:
    strays = [
        f"{where(path, line)} {name}"
        for path in python_files("src/billcom/emulator")
        for line, name in imports(path)
        if within(name, "billcom") and not within(name, EMULATOR)
    ]
    assert strays == []


def test_only_the_command_line_imports_the_local_bill() -> None:
    emulator, cli = ROOT / "src/billcom/emulator", ROOT / "src/billcom/cli.py"
    users = imports_of(EMULATOR, "src")
    assert [place for place, path in users.items() if path != cli and not path.is_relative_to(emulator)] == []


def test_httpx_is_imported_by_the_transport_alone() -> None:
    users = {where(path) for path in imports_of("httpx", "src", "tasks", "flows").values()}
    assert users == {"src/billcom/client.py"}


def test_tasks_and_flows_import_absolutely() -> None:
    relative = [
        where(path, node.lineno)
        for path in python_files("tasks", "flows")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []


def test_no_flow_is_named_like_a_standard_module() -> None:
    assert [where(path) for path in python_files("flows") if path.stem in sys.stdlib_module_names] == []


def test_no_module_is_too_long() -> None:
    lengths = {
        where(path): len(path.read_text(encoding="utf-8").splitlines())
        for path in python_files("src", "tasks", "flows", "deployments", "tests")
    }
    assert {place: lines for place, lines in lengths.items() if lines > MAX_MODULE_LINES} == {}


def test_everything_public_says_what_it_is() -> None:
    silent = [place for path in python_files("src", "tasks", "flows") for place in undocumented(path)]
    assert silent == []


def undocumented(path: Path) -> Iterator[str]:
    tree = tree_of(path)
    if tree.body and not ast.get_docstring(tree):
        yield where(path)
    if not path.stem.startswith("_") or path.stem in {"__init__", "__main__"}:
        silent = (node for node in public_names(tree) if not ast.get_docstring(node))
        yield from (f"{where(path, node.lineno)} {node.name}" for node in silent)


def public_names(
    parent: ast.Module | ast.ClassDef,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield public classes, functions and methods, but for overloads, setters and overrides."""
    for node in parent.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            marks = {ast.unparse(mark).rpartition(".")[2] for mark in node.decorator_list}
            if not marks & {"overload", "override", "setter"}:
                yield node
            if isinstance(node, ast.ClassDef):
                yield from public_names(node)


# Put together from pieces, so that this file does not hold what it looks for.
REGISTRIES = [
    "pypi." + "org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "yarn" + "pkg.com",
    "deb." + "debian.org",
    "conda." + "anaconda.org",
]
MACHINE_FOLDERS = ["ho" + "me", "Us" + "ers", "ro" + "ot", "wo" + "rk", "t" + "mp", "private/" + "var"]
STRAY_ADDRESS = re.compile(
    "|".join(
        [
            *(re.escape(host) for host in REGISTRIES),
            rf"(?<![\w.~}}*-])/(?:{'|'.join(MACHINE_FOLDERS)})/",
            "file:" + "///",
            r"https?://[^\s\"']+\.(?:whl|tar\.gz|tgz|deb)\b",
        ]
    ).encode()
)
NOT_OURS = {"__pycache__", "dist", "build"}


def repository_files(folder: Path = ROOT) -> Iterator[Path]:
    """Yield the files that belong to the project, not what tools or a person's `.env` leave beside."""
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name not in {".ci", ".github"}
            if not hidden and path.name not in NOT_OURS and path.suffix != ".egg-info":
                yield from repository_files(path)
        elif path.name not in {".env", ".git", ".DS_Store"}:
            yield path


def test_no_file_holds_a_package_registry_or_a_machine_path() -> None:
    found = {
        where(path): match.group().decode()
        for path in repository_files()
        if (match := STRAY_ADDRESS.search(path.read_bytes()))
    }
    assert found == {}
