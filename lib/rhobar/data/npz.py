"""Arrays of an npz file, read whole and never unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


def read_npz(
    path: str | Path, keys: Collection[str] = (), *, stream: IO[bytes] | None = None
) -> dict[str, NDArray[Any]]:
    """
    The arrays of ``path`` by name.

    :param keys: names to read; they must be there. Empty: all there are
    :param stream: the bytes, if they are not in a file of their own; ``path`` is then what errors
        call them
    :raises ValueError: naming the file, if it is no npz file, is damaged, or lacks one of ``keys``
    :raises FileNotFoundError: if there is no such file
    """
    if stream is None:
        with Path(path).open("rb") as opened:
            return read_npz(path, keys, stream=opened)
    try:
        with np.load(stream, allow_pickle=False) as archive:
            missing = sorted(set(keys) - set(archive.files))
            if missing:
                raise ValueError(f"no array {missing[0]!r}, it holds {sorted(archive.files)}")
            return {key: archive[key] for key in keys or archive.files}
    except (zipfile.BadZipFile, zlib.error, EOFError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is not a readable npz file of the right kind: {error}."
        ) from error
