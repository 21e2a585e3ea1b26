"""
Print ``environment.yml`` for conda users: what pyproject.toml asks for, as constraints.txt pins it.

Snakemake copies the file before it makes an environment of it, so it cannot refer to other files
and has to name each version. ``make environment.yml`` writes it, a test compares.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("workflow", "slurm", "reference-data")


def pins(constraints: str) -> dict[str, str]:
    """Name in lower case -> the line of ``constraints.txt`` that pins it."""
    lines = (line.strip() for line in constraints.splitlines())
    return {line.split("==")[0].lower(): line for line in lines if line and line[0] != "#"}


def requirements(project: dict) -> list[str]:
    """Lower-case names of what the package and :data:`EXTRAS` need, each once, sorted."""
    wanted = [*project["dependencies"]]
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    return sorted({re.split(r"[<>=!~ \[]", name)[0].lower() for name in wanted})


def environment(pyproject: str, constraints: str) -> str:
    """
    The text of ``environment.yml``.

    :raises KeyError: when a requirement has no pin, with its name
    """
    project = tomllib.loads(pyproject)["project"]
    pinned = pins(constraints)
    lines = [
        "# Made by `make environment.yml` from pyproject.toml and constraints.txt.",
        "name: rhobar",
        "channels:",
        "  - conda-forge",
        "dependencies:",
        f"  - python{project['requires-python']}",
        "  - pip",
        "  - pip:",
        *(f"      - {pinned[name]}" for name in requirements(project)),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(
        environment(
            (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
            (ROOT / "constraints.txt").read_text(encoding="utf-8"),
        ),
        end="",
    )
