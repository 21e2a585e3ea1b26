"""Files that are either complete or absent: written beside their place, then renamed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def written_beside(path: str | Path) -> Iterator[Path]:
    """
    A temporary name in the folder of ``path``; renamed to ``path`` when the block ends well.

    A reader thus sees the old file or the complete new one, never a part of it. When the block
    raises, the temporary file is removed and ``path`` is left as it was. The name keeps the ending
    of ``path``, because writers choose formats by it. The folder is made when it is missing.

    :raises OSError: when the folder cannot be made or written; the message names it
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(
        dir=path.parent,
        prefix=f".{path.name.split('.')[0]}-",
        suffix="".join(path.suffixes),
    )
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        temporary.chmod(0o666 & ~_umask())  # mkstemp made it private
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def remove_abandoned(folder: str | Path, names: str, *, age: float = 3600.0) -> None:
    """
    Remove what kills left in ``folder`` of files that :func:`written_beside` had begun.

    Others may be writing there: a file counts as left if nobody has added to it for ``age``
    seconds. A job that is stopped for that long in the middle of a file cannot finish it, and says
    so.

    :param names: which files, without their endings, as a pattern such as ``part_*``
    """
    for path in Path(folder).glob(f".{names}-????????.*"):
        with suppress(FileNotFoundError):  # renamed or removed by others
            if time.time() - path.stat().st_mtime > age:
                path.unlink()


def _sync(path: Path) -> None:
    """Bring the bytes to the disk, so that a crash after the rename cannot leave an empty file."""
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _umask() -> int:
    """The process's mask of file permissions; reading it is only possible by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
