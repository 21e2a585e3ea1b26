"""The bytes behind an address, written to a file; an interrupted transfer is continued."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    import requests

LOGGER = logging.getLogger(__name__)

_ATTEMPTS = 4  # each going on where the last one stopped
_WAIT = 1.0  # seconds before the second attempt, and as many more before each further one
_TIMEOUT = (10.0, 60.0)  # seconds to connect, seconds without a byte
_CHUNK = 1 << 16  # a broken connection loses less than one


class DownloadError(RuntimeError):
    """A file that could not be had, or is not the published one."""


def https_session() -> requests.Session:
    """A session without a way to open http addresses, not even when redirected to one."""
    import requests  # deferred: slow to import, and most users of the data never download

    session = requests.Session()
    del session.adapters["http://"]
    return session


def part_of(path: Path) -> Path:
    """Where the unfinished download of ``path`` is kept."""
    return path.with_name(path.name + ".part")


def transfer(
    url: str,
    part: Path,
    *,
    size: int | None,
    session: requests.Session,
    advance: Callable[[int], None],
) -> bool:
    """
    Write the bytes behind ``url`` to ``part``, after those it already holds.

    A connection that breaks is opened again and continued (HTTP ``Range``). A server that cannot
    continue makes the file start over. Whether the bytes are the right ones is for the caller to
    verify.

    :param size: number of bytes of the whole file, None if not known
    :param advance: called with the number of bytes there are, now and then
    :return: True if some of the bytes were there before
    :raises requests.RequestException: if the server refuses, or the connection broke four times;
        ``part`` is kept for the next try
    :raises DownloadError: if the number of bytes is not ``size``, or another process is writing
    """
    import requests

    broken = (
        requests.ConnectionError,
        requests.Timeout,
        requests.exceptions.ChunkedEncodingError,
    )
    with part.open("ab") as stream, _locked(stream, part):
        if size is not None and stream.tell() > size:
            _restart(stream)
        continued = stream.tell() > 0
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                _append(url, stream, size, session, advance)
                break
            except broken as error:
                stream.flush()
                if attempt == _ATTEMPTS:
                    if stream.tell() == 0:
                        part.unlink()  # nothing to continue from
                    raise
                LOGGER.info("%s: %s; going on at byte %d", url, error, stream.tell())
                time.sleep(attempt * _WAIT)
        found = stream.tell()
        if size is not None and found != size:
            part.unlink()
            raise DownloadError(f"the server sent {found} bytes, expected {size}.")
    return continued


def _append(
    url: str,
    stream: IO[bytes],
    size: int | None,
    session: requests.Session,
    advance: Callable[[int], None],
) -> None:
    """Ask for what is missing after the end of ``stream``; start over if the server cannot."""
    import requests

    start = stream.tell()
    if start == size:
        return
    headers = {"Accept-Encoding": "identity"}  # the bytes as published: they are counted
    if start:
        headers["Range"] = f"bytes={start}-"
    with session.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as response:
        for hop in [*response.history, response]:
            if not hop.url.startswith("https://"):
                raise DownloadError(f"it led to {hop.url}, which is not https; refused.")
        content_range = response.headers.get("Content-Range", "")
        if response.status_code == requests.codes.requested_range_not_satisfiable and start:
            if content_range == f"bytes */{start}":
                return  # nothing is missing
            _restart(stream)  # more is kept here than the server has
            raise requests.ConnectionError(f"nothing after byte {start}")
        response.raise_for_status()
        continues = response.status_code == requests.codes.partial_content
        if start and not (continues and content_range.startswith(f"bytes {start}-")):
            LOGGER.info("%s does not continue downloads; starting over", url)
            _restart(stream)
        for chunk in response.iter_content(_CHUNK):
            stream.write(chunk)
            advance(stream.tell())


def _restart(stream: IO[bytes]) -> None:
    """Empty the file; truncating alone would leave ``tell()`` where it was."""
    stream.seek(0)
    stream.truncate()


@contextmanager
def _locked(stream: IO[bytes], part: Path) -> Iterator[None]:
    """One process at a time writes a part file."""
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DownloadError(f"another process is downloading it to {part}.") from error
    try:
        yield
    finally:
        fcntl.flock(stream, fcntl.LOCK_UN)
