"""Each folder of the package is used through its ``__init__`` only, and says what it offers."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIBRARY = ROOT / "lib" / "rhobar"
FOLDERS = sorted(path.parent.name for path in LIBRARY.glob("*/__init__.py"))


def imported(source: str, package: tuple[str, ...]) -> Iterator[str]:
    """Dotted names that ``source``, a module of ``package``, imports from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield ".".join([*base, *filter(None, [node.module])])


def past_the_face(source: str, package: tuple[str, ...]) -> list[str]:
    """Imports that reach into a folder of rhobar from outside of it."""
    home = package[1] if package[:1] == ("rhobar",) and len(package) > 1 else None
    names = [name.split(".") for name in imported(source, package)]
    return [
        ".".join(name)
        for name in names
        if name[0] == "rhobar" and len(name) > 2 and name[1] != home
    ]


def test_no_file_reaches_past_a_public_face() -> None:
    sources = [*LIBRARY.rglob("*.py"), *(ROOT / "workflow").rglob("*.py")]
    sources += (ROOT / "benchmarks").rglob("*.py")
    found = {}
    for path in sources:
        inside = LIBRARY in path.parents
        package = ("rhobar", *path.relative_to(LIBRARY).parts[:-1]) if inside else ()
        deep = past_the_face(path.read_text(encoding="utf-8"), package)
        if deep:
            found[str(path.relative_to(ROOT))] = deep
    assert found == {}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from rhobar.math.radial import Gto", ["rhobar.math.radial"]),
        ("import rhobar.math.radial", ["rhobar.math.radial"]),
        ("from ..math.radial import Gto", ["rhobar.math.radial"]),
        ("from rhobar.math import Gto", []),
        ("from rhobar.ops.cpu import density", []),
    ],
)
def test_the_check_sees_deep_imports(source: str, expected: list[str]) -> None:
    assert past_the_face(source, ("rhobar", "ops")) == expected


@pytest.mark.parametrize("folder", FOLDERS)
def test_public_names_exist_and_are_sorted(folder: str) -> None:
    module = importlib.import_module(f"rhobar.{folder}")
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert missing == []
    assert len(set(module.__all__)) == len(module.__all__)
    assert module.__doc__
