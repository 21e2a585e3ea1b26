"""Structures read one by one; files that are not what they seem are refused by name."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase.build import molecule

from rhobar.data import read_frames


@pytest.fixture
def frames_file(tmp_path: Path) -> Path:
    path = tmp_path / "good.xyz"
    ase.io.write(path, [molecule("CH3CH2OH"), molecule("CH4"), molecule("H2O")], format="extxyz")
    return path


def test_all_structures_come_in_order(frames_file: Path) -> None:
    frames = list(read_frames(frames_file))
    assert [len(frame) for frame in frames] == [9, 5, 3]
    np.testing.assert_allclose(frames[1].positions, molecule("CH4").positions, atol=1e-8)


def test_reading_is_lazy(frames_file: Path) -> None:
    text = frames_file.read_text()
    frames_file.write_text(text + "7\nbroken\n")
    first = list(itertools.islice(read_frames(frames_file), 1))
    assert [len(frame) for frame in first] == [9]


def test_compressed_files_are_unpacked(frames_file: Path) -> None:
    packed = frames_file.with_name("good.extxyz.gz")
    packed.write_bytes(gzip.compress(frames_file.read_bytes()))
    assert [len(frame) for frame in read_frames(packed)] == [9, 5, 3]


@pytest.mark.parametrize("kept", [20, 300, 700, -40])
def test_truncated_file_is_refused(frames_file: Path, kept: int) -> None:
    frames_file.write_text(frames_file.read_text()[:kept])
    with pytest.raises(ValueError, match=r"good\.xyz cannot be read after \d structures"):
        list(read_frames(frames_file))


def test_truncated_archive_is_refused(frames_file: Path) -> None:
    packed = frames_file.with_name("good.extxyz.gz")
    packed.write_bytes(gzip.compress(frames_file.read_bytes())[:-40])
    with pytest.raises(ValueError, match="may be truncated"):
        list(read_frames(packed))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("noise.xyz", bytes(range(128, 256)), "cannot be read"),
        ("words.unknown", b"hello\nworld\n", "not of the form its name says"),
        ("header.xyz", b"5\n", "cannot be read"),
        ("empty.xyz", b"", "is empty"),
    ],
)
def test_unreadable_file_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        list(read_frames(tmp_path / name))


def test_folder_is_refused_and_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        list(read_frames(tmp_path))
    with pytest.raises(FileNotFoundError, match="absent"):
        list(read_frames(tmp_path / "absent.xyz"))
