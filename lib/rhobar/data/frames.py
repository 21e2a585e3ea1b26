"""Structures of any file that ASE reads, one by one."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import ase

# What ASE's readers let through when a file is not what its name says.
_READER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zlib.error,
)


def read_frames(path: str | Path) -> Iterator[ase.Atoms]:
    """
    The structures of ``path`` one by one, positions in Å; only one is in memory at a time.

    The form is known from the ending; ``.gz``, ``.bz2`` and ``.xz`` are unpacked on the way.

    :raises ValueError: naming the file and the number of structures read before, when it is empty,
        truncated or unreadable
    :raises OSError: when it is not there
    """
    from ase.io import iread  # slow to load: it brings half of scipy
    from ase.io.formats import UnknownFileTypeError

    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder; give a file of structures.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty.")
    n_read = 0
    try:
        for frame in iread(path, index=":"):
            yield frame
            n_read += 1
    except (UnknownFileTypeError, *_READER_ERRORS) as error:
        raise ValueError(
            f"{path} cannot be read after {n_read} structures ({type(error).__name__}: {error}); "
            f"it may be truncated, or not of the form its name says."
        ) from error
