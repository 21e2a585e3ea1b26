"""Labelled structures of one composition, read as a stream from extended xyz."""

from __future__ import annotations

import gzip
import io
import itertools
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, cast

import ase


def labelled_structures(path: Path, numbers: Sequence[int], expected: str) -> Iterator[ase.Atoms]:
    """
    One structure after the other, with its energy, without going back in the file.

    ase.io.iread goes back to the start of each structure, which for a compressed file means to
    decompress everything before it: 10 ms a structure instead of 0.1.

    :param numbers: atomic numbers of every structure, in this order
    :param expected: what a message says of them
    :raises ValueError: naming the file and the structure, if it has other atoms or no energy, is
        cut off or cannot be parsed
    """
    import ase.io  # slow to load: it brings half of scipy

    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as stream:
        for index in itertools.count():
            try:
                text = _next_structure(stream)
                if text is None:
                    return
                frame = cast("ase.Atoms", ase.io.read(io.StringIO(text), format="extxyz"))
            except (ValueError, EOFError, KeyError, IndexError, OSError, zlib.error) as error:
                raise ValueError(f"{path}: structure {index} cannot be read: {error}") from error
            if frame.numbers.tolist() != list(numbers) or frame.calc is None:
                raise ValueError(
                    f"{path}: structure {index} is {frame.symbols} "
                    f"{'with' if frame.calc else 'without'} an energy; expected {expected}, with "
                    "the key energy."
                )
            yield frame


def _next_structure(stream: IO[str]) -> str | None:
    """The lines of one structure; None at the end of the file."""
    head = stream.readline()
    if not head.strip():
        if stream.read().strip():
            raise ValueError("an empty line where the number of atoms should be")
        return None
    lines = [head, *itertools.islice(stream, int(head) + 1)]
    if len(lines) < int(head) + 2 or not lines[-1].strip():
        raise ValueError(f"it ends after {len(lines)} of {int(head) + 2} lines")
    return "".join(lines)
