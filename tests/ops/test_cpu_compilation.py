"""Compiled code is kept where it can be, and nowhere is no error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rhobar.ops.cpu import compilation


def double(x: np.ndarray) -> float:
    return 2.0 * x[0]


def used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Compile and call a function with its cache in ``folder``: functions loaded and compiled."""
    monkeypatch.setattr(compilation, "cache_folder", lambda: folder)
    function: Any = compilation.compiled(double)
    assert function(np.array([1.5])) == 3.0
    return sum(function.stats.cache_hits.values()), sum(function.stats.cache_misses.values())


def test_code_is_kept_and_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert used(tmp_path, monkeypatch) == (0, 1)
    assert list(tmp_path.glob("*double*.nbc"))
    assert used(tmp_path, monkeypatch) == (1, 0)


def test_edited_sources_compile_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used(tmp_path, monkeypatch)
    monkeypatch.setattr(compilation, "sources_digest", lambda: "another")
    assert used(tmp_path, monkeypatch) == (0, 1)


@pytest.mark.parametrize("kind", ["nbi", "nbc"])
@pytest.mark.parametrize("kept", [0, 0.1, 0.5, 0.99])
def test_broken_code_is_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, kept: float
) -> None:
    used(tmp_path, monkeypatch)
    for path in tmp_path.glob(f"*.{kind}"):
        path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    assert used(tmp_path, monkeypatch) == (0, 1)
    assert used(tmp_path, monkeypatch) == (1, 0)


def test_a_full_disk_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(compilation.fcntl, "flock", refuse)
    assert used(tmp_path, monkeypatch) == (0, 1)
    assert not list(tmp_path.glob("*.nbc"))


@pytest.fixture
def without_cache() -> None:
    """Forget the folder found before, and afterwards the one of this test."""
    compilation.cache_folder.cache_clear()
    yield
    compilation.cache_folder.cache_clear()


@pytest.mark.usefixtures("without_cache")
class TestFolder:
    """Files in place of folders stand for what cannot be written, also for root."""

    def unwritable(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
        package = tmp_path / "package"
        package.mkdir()
        (package / "__pycache__").write_text("not a folder")
        monkeypatch.setattr(compilation, "__file__", str(package / "compilation.py"))
        monkeypatch.setattr(compilation.config, "CACHE_DIR", "")
        file = tmp_path / "file"
        file.write_text("not a folder")
        return file

    def test_beside_the_sources_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(compilation.config, "CACHE_DIR", "")
        assert compilation.cache_folder() == Path(compilation.__file__).parent / "__pycache__"

    def test_read_only_package_uses_the_users_cache(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        self.unwritable(monkeypatch, tmp_path)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
        folder = compilation.cache_folder()
        assert folder == tmp_path / "user" / "rhobar" / compilation.sources_digest()[:16]

    def test_read_only_home_uses_temporary_files(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = self.unwritable(monkeypatch, tmp_path)
        monkeypatch.setenv("XDG_CACHE_HOME", str(file))
        monkeypatch.setenv("HOME", str(file))
        monkeypatch.setattr(compilation.tempfile, "tempdir", str(tmp_path))
        folder = compilation.cache_folder()
        assert folder.parent == tmp_path / f"rhobar-{os.getuid()}"
        assert folder.parent.stat().st_mode & 0o777 == 0o700

    def test_a_folder_open_to_others_is_not_used(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = self.unwritable(monkeypatch, tmp_path)
        monkeypatch.setenv("XDG_CACHE_HOME", str(file))
        monkeypatch.setenv("HOME", str(file))
        monkeypatch.setattr(compilation.tempfile, "tempdir", str(tmp_path))
        shared = tmp_path / f"rhobar-{os.getuid()}"
        shared.mkdir()
        shared.chmod(0o777)
        assert compilation.cache_folder() is None

    def test_without_any_folder_functions_still_compile(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = self.unwritable(monkeypatch, tmp_path)
        for name in ("XDG_CACHE_HOME", "HOME"):
            monkeypatch.setenv(name, str(file))
        monkeypatch.setattr(
            compilation, "_candidates", lambda beside: iter([file / "a", file / "b"])
        )
        assert compilation.cache_folder() is None
        assert compilation.compiled(double)(np.array([1.5])) == 3.0


def test_every_source_is_in_the_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compilation, "__file__", str(tmp_path / "compilation.py"))
    digests = set()
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("x = 1\n")
        digests.add(compilation.sources_digest.__wrapped__())
    (tmp_path / "a.py").write_text("x = 2\n")
    digests.add(compilation.sources_digest.__wrapped__())
    assert len(digests) == 3
