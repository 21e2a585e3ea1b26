"""Edited code changes the digest of the scripts that use it, and of no others."""

from __future__ import annotations

from pathlib import Path

import pytest

import source_digest as module


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small library and two scripts in place of the real ones."""
    files = {
        "lib/rhobar/__init__.py": '"""The package."""\n',
        "lib/rhobar/math/__init__.py": "from rhobar.math.radial import gto\n",
        "lib/rhobar/math/radial.py": "def gto(n):\n    return n + 1\n",
        "lib/rhobar/ops/__init__.py": "from ..math import gto\n",
        "lib/rhobar/ops/density.cu": "// device code\n",
        "lib/rhobar/plotting/__init__.py": "def draw():\n    return 1\n",
        "workflow/scripts/compute.py": "def main():\n    from rhobar.ops import gto\n",
        "workflow/scripts/draw.py": "import tables\nfrom rhobar.plotting import draw\n",
        "workflow/scripts/tables.py": "ROWS = 3\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(module, "LIBRARY", tmp_path / "lib")
    monkeypatch.setattr(module, "SCRIPTS", tmp_path / "workflow" / "scripts")
    return tmp_path


def _digests() -> tuple[str, str]:
    module._reached_from.cache_clear()
    module._content.cache_clear()
    return module.source_digest("compute.py"), module.source_digest("draw.py")


@pytest.mark.parametrize(
    ("edited", "text", "changed"),
    [
        ("lib/rhobar/math/radial.py", "def gto(n):\n    return n + 2\n", (True, False)),
        ("lib/rhobar/ops/density.cu", "// other device code\n", (True, False)),
        ("lib/rhobar/plotting/__init__.py", "def draw():\n    return 2\n", (False, True)),
        ("workflow/scripts/tables.py", "ROWS = 4\n", (False, True)),
        ("lib/rhobar/__init__.py", "VERSION = 2\n", (True, True)),
    ],
)
def test_edit_changes_what_uses_it(
    tree: Path, edited: str, text: str, changed: tuple[bool, bool]
) -> None:
    before = _digests()
    (tree / edited).write_text(text)
    after = _digests()
    assert tuple(a != b for a, b in zip(before, after, strict=True)) == changed


def test_explanations_and_formatting_change_nothing(tree: Path) -> None:
    before = _digests()
    (tree / "lib/rhobar/math/radial.py").write_text(
        '"""Radial functions."""\n\n\n'
        'def gto(n):\n    """One more."""\n    # why\n    return (n + 1)\n'
    )
    assert _digests() == before


def test_real_scripts_reach_the_library() -> None:
    module._reached_from.cache_clear()
    module._content.cache_clear()
    reached = {path.name for path in module._closure(module.SCRIPTS / "density_figure.py")}
    assert {"density_figure.py", "job.py", "learning_curves.py", "rhobar.mplstyle"} <= reached
