"""Which code made a result: digests of what a script uses, and the commit of the checkout."""

from __future__ import annotations

import ast
import hashlib
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
LIBRARY = SCRIPTS.parents[1] / "lib"


def source_digest(script: str) -> str:
    """
    SHA-256 over ``workflow/scripts/<script>`` and all of ``lib/`` that it imports, at any depth.

    Imports are found in the syntax tree, those inside functions included. Comments, docstrings and
    formatting do not count: improving an explanation repeats no calculation. Files of ``lib/`` that
    are not Python (tables, GPU sources) count whole, with the package that holds them.
    """
    digest = hashlib.sha256()
    for path in sorted(_closure(SCRIPTS / script)):
        root = LIBRARY if path.is_relative_to(LIBRARY) else SCRIPTS
        digest.update(str(path.relative_to(root)).encode() + b"\0")
        digest.update(_content(path) + b"\0")
    return digest.hexdigest()


def git_commit() -> str:
    """Commit of this checkout, ``-dirty`` if files differ from it, or why there is none."""
    command = ["git", "-C", str(LIBRARY.parent), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"
    return ran.stdout.strip()


def _closure(script: Path) -> set[Path]:
    """The script and every file of this repository reached from it."""
    found: set[Path] = set()
    queue = [script]
    while queue:
        path = queue.pop()
        if path not in found:
            found.add(path)
            queue += _reached_from(path)
    return found


@cache
def _reached_from(path: Path) -> tuple[Path, ...]:
    """Files that importing ``path`` brings in directly."""
    if path.suffix != ".py":
        return ()
    reached = [file for name in _imported_names(path) for file in _files_of(name, path.parent)]
    if path.name == "__init__.py":
        reached += [
            file
            for file in path.parent.iterdir()
            if file.is_file() and file.suffix not in {".py", ".pyc"} and file.name != "py.typed"
        ]
    return tuple(reached)


def _imported_names(path: Path) -> Iterator[str]:
    """Dotted names imported anywhere in the file; relative ones made absolute."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.parent.relative_to(LIBRARY).parts
                base = ".".join([*package[: len(package) - node.level + 1], *filter(None, [base])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _files_of(name: str, folder: Path) -> Iterator[Path]:
    """The files that hold a dotted name: its packages on the way down, and its module."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        place = LIBRARY.joinpath(*parts[:depth])
        candidates = [place / "__init__.py", place.with_suffix(".py")]
        if depth == len(parts) == 1:
            candidates.append(folder / f"{name}.py")  # a script beside this one
        yield from (candidate for candidate in candidates if candidate.is_file())


@cache
def _content(path: Path) -> bytes:
    """What of a file can change a result."""
    if path.suffix != ".py":
        return path.read_bytes()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    scopes = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, scopes) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return ast.dump(tree).encode()
