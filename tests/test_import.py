"""``import rhobar`` is cheap, and its folders come when they are used."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import rhobar

# Libraries that are loaded where they are used, never by the import of a folder.
LAZY = {
    "cupy",
    "matplotlib",
    "numba",
    "pandas",
    "pooch",
    "pyscf",
    "rdkit",
    "scipy.optimize",
    "skmatter",
    "tblite",
}


def modules_after(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after ``statement``."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_loads_nothing_else() -> None:
    loaded = modules_after("import rhobar")
    assert "rhobar" in loaded
    assert not {"numpy", "torch", "metatensor", *LAZY} & loaded
    assert not {name for name in loaded if name.startswith("rhobar.")}


@pytest.mark.parametrize("room", sorted(rhobar._ROOMS - {"plotting"}))
def test_folders_load_no_heavy_library(room: str) -> None:
    loaded = modules_after(f"import rhobar.{room}")
    assert f"rhobar.{room}" in loaded
    assert not LAZY & loaded


def test_folders_are_attributes() -> None:
    statement = "import rhobar; assert rhobar.data.Dataset"
    assert "rhobar.data" in modules_after(statement)
    assert "data" in dir(rhobar)


def test_a_name_that_is_no_folder_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"rhobar has no 'sopa'; its folders are \["):
        rhobar.sopa  # noqa: B018 - reading the attribute is the test


def test_types_are_announced() -> None:
    assert (Path(rhobar.__file__).parent / "py.typed").is_file()
