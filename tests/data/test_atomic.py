"""Files written beside and renamed: complete or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from rhobar.data import written_beside


def _write_half(target: Path) -> None:
    with written_beside(target) as temporary:
        temporary.write_bytes(b"half")
        raise RuntimeError("half way")


def test_new_file_appears_complete(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "numbers.tar.gz"
    with written_beside(target) as temporary:
        temporary.write_bytes(b"all")
        assert not target.exists()
        assert temporary.parent == target.parent
        assert temporary.name.endswith(".tar.gz")
    assert target.read_bytes() == b"all"
    assert list(target.parent.iterdir()) == [target]


def test_failure_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "numbers.npz"
    target.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="half way"):
        _write_half(target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_permissions_are_those_of_any_new_file(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    with written_beside(tmp_path / "careful") as temporary:
        temporary.write_bytes(b"x")
    assert (tmp_path / "careful").stat().st_mode == plain.stat().st_mode


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(IsADirectoryError, match="give the name of a file"),
        written_beside(tmp_path),
    ):
        pytest.fail("the block must not start")
