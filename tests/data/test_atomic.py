"""Files written beside and renamed: complete or absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rhobar.data import remove_abandoned, written_beside


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


def _write_too_slowly(target: Path) -> None:
    with written_beside(target) as temporary:
        remove_abandoned(target.parent, "part_*")
        assert temporary.exists()
        os.utime(temporary, (0, 0))
        remove_abandoned(target.parent, "part_*")
        assert not temporary.exists()


def test_what_kills_left_is_removed_and_what_is_written_is_not(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in (".other-abcdefgh.npy", ".part_9.npy", "part_8.npy")]
    for path in kept:
        path.touch()
        os.utime(path, (0, 0))
    with pytest.raises(FileNotFoundError, match="part_7"):
        _write_too_slowly(tmp_path / "part_7.npy")
    assert sorted(tmp_path.iterdir()) == kept
