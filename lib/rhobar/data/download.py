"""Downloads that end with the published file or with an error that says what to do."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from rhobar.data.atomic import written_beside
from rhobar.data.catalogue import RemoteFile, Source
from rhobar.data.transfer import DownloadError, https_session, part_of, transfer

if TYPE_CHECKING:
    import requests

LOGGER = logging.getLogger(__name__)
MIRROR_VARIABLE = "RHOBAR_MIRROR"


@dataclass(frozen=True)
class FileStatus:
    """
    What is known about one file of a data set in a folder.

    :param state: ``"ok"`` (size and checksum agree), ``"missing"``, ``"partial"`` (an unfinished
        download that the next one continues) or ``"wrong"``
    :param detail: bytes there, or what does not agree
    """

    name: str
    state: Literal["ok", "missing", "partial", "wrong"]
    detail: str = ""


def fetch(
    source: Source,
    folder: str | Path,
    *,
    mirror: str | Path | None = None,
    checksums: Mapping[str, str] | None = None,
    progress: bool = True,
    session: requests.Session | None = None,
) -> dict[str, Path]:
    """
    Bring every file of ``source`` into ``folder`` and verify it.

    A file that is already there and verified is left alone. Otherwise it is copied from the mirror
    folder if that has it, else downloaded. A file appears under its name only after its size and
    checksum were found right; an interrupted download is kept as ``NAME.part`` and continued.

    :param mirror: folder with copies of public data; None: the environment variable
        ``RHOBAR_MIRROR``, if set
    :param checksums: file name → sha256, for files whose publisher states no checksum
    :param progress: show a progress bar, if standard error is a terminal
    :param session: opens the connections, e.g. with credentials for a proxy; it must answer for
        https addresses only. None: a new one that knows no other scheme
    :return: role of the file → its path
    :raises DownloadError: naming the file, where it came from, what was expected and what was
        found, and where to get it by hand
    """
    paths = {}
    for role, file in source.files.items():
        sha256 = (checksums or {}).get(file.name)
        wanted = file if sha256 is None else replace(file, sha256=sha256)
        paths[role] = fetch_file(
            wanted,
            folder,
            mirror=mirror,
            progress=progress,
            session=session,
            doi=source.doi,
        )
    return paths


def fetch_file(
    file: RemoteFile,
    folder: str | Path,
    *,
    mirror: str | Path | None = None,
    progress: bool = True,
    session: requests.Session | None = None,
    doi: str = "",
) -> Path:
    """Bring one file into ``folder`` and verify it; arguments and errors as in :func:`fetch`."""
    path = Path(folder) / file.name
    if path.exists():
        disagreement = _disagreement(file, path)
        if disagreement is None:
            return path
        LOGGER.warning("%s %s; it is fetched again", path, disagreement)
    copy = _in_mirror(file, mirror)
    if copy is not None:
        _copy_verified(file, copy, path)
        return path
    if file.checksum is None:
        raise DownloadError(
            f"{file.name} has no known checksum, so a download could not be verified. Get it by "
            f"hand ({_by_hand(file, doi)}), and give its sha256."
        )
    if not file.urls:
        raise DownloadError(
            f"{file.name} has no public address; it is found in mirror folders only. Set "
            f"{MIRROR_VARIABLE} (or 'mirror' in the configuration) to a folder that holds "
            f"{file.mirror or file.name}."
        )
    _download(file, path, session=session, progress=progress, doi=doi)
    return path


def check(source: Source, folder: str | Path) -> list[FileStatus]:
    """Compare the files of ``source`` in ``folder`` with the catalogue; nothing is changed."""
    return [_status(file, Path(folder) / file.name) for file in source.files.values()]


def _status(file: RemoteFile, path: Path) -> FileStatus:
    part = part_of(path)
    if not path.exists() and part.exists():
        return FileStatus(file.name, "partial", f"{part.stat().st_size} of {file.size} bytes")
    if not path.exists():
        return FileStatus(file.name, "missing")
    disagreement = _disagreement(file, path)
    if disagreement is not None:
        return FileStatus(file.name, "wrong", disagreement)
    return FileStatus(file.name, "ok", f"{path.stat().st_size} bytes")


def _disagreement(file: RemoteFile, path: Path) -> str | None:
    """How ``path`` differs from the published file, or None."""
    size = path.stat().st_size
    if file.size is not None and size != file.size:
        return f"has {size} bytes, expected {file.size}"
    if file.checksum is None:
        return None
    algorithm, expected = file.checksum.split(":")
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, algorithm).hexdigest()
    return None if found == expected else f"has the {algorithm} {found}, expected {expected}"


def _in_mirror(file: RemoteFile, mirror: str | Path | None) -> Path | None:
    """Where the mirror folder has ``file``; None without a mirror folder, or if it lacks it."""
    given = mirror if mirror is not None else os.environ.get(MIRROR_VARIABLE)
    if not given:
        return None
    root = Path(given)
    if not root.is_dir():
        raise DownloadError(
            f"the mirror folder {root} does not exist. Correct or unset {MIRROR_VARIABLE} (or "
            "'mirror' in the configuration)."
        )
    places = [root / place for place in (file.mirror, file.name) if place is not None]
    return next((place for place in places if place.is_file()), None)


def _copy_verified(file: RemoteFile, copy: Path, path: Path) -> None:
    with written_beside(path) as temporary:
        shutil.copyfile(copy, temporary)
        disagreement = _disagreement(file, temporary)
        if disagreement is not None:
            raise DownloadError(
                f"{file.name} in the mirror folder, {copy}, {disagreement}. Replace or remove "
                "that copy."
            )


def _download(
    file: RemoteFile,
    path: Path,
    *,
    session: requests.Session | None,
    progress: bool,
    doi: str,
) -> None:
    """Each address in turn; within one, attempts that go on where the last one stopped."""
    failures = []
    for url in file.urls:
        try:
            _retrieve(file, url, path, session=session, progress=progress)
        except DownloadError as error:
            failures.append(f"{url}: {error}")
            LOGGER.warning("%s from %s: %s", file.name, url, error)
        else:
            return
    raise DownloadError(
        f"{file.name} could not be downloaded. {' '.join(failures)} Try again (what arrived is "
        f"kept), or get it by hand ({_by_hand(file, doi)}) and put it at {path}."
    )


def _retrieve(
    file: RemoteFile,
    url: str,
    path: Path,
    *,
    session: requests.Session | None,
    progress: bool,
) -> None:
    """Let pooch fetch, verify and move the file into place."""
    import pooch  # deferred: slow to import, and most users of the data never download
    import requests

    pooch.get_logger().setLevel(logging.WARNING)  # it prints each download
    opened = session if session is not None else https_session()
    continued: list[bool] = []

    def downloader(url: str, output: str, _: object) -> None:
        """What pooch calls to have the bytes in a temporary file."""
        part = part_of(path)
        with _progress_bar(file, shown=progress) as advance:
            continued.append(transfer(url, part, size=file.size, session=opened, advance=advance))
        part.replace(output)

    for last in (False, True):
        try:
            pooch.retrieve(url, file.checksum, path.name, path.parent, downloader=downloader)
        except requests.RequestException as error:
            raise DownloadError(f"{type(error).__name__}: {error}.") from error
        except OSError as error:
            raise DownloadError(f"cannot be stored: {error}.") from error
        except ValueError as error:  # pooch found another checksum, and removed the file
            if last or not continued[-1]:
                raise DownloadError(" ".join(str(error).split())) from error
            LOGGER.warning("%s: what was continued is not the file; starting over", file.name)
        else:
            return


@contextmanager
def _progress_bar(file: RemoteFile, *, shown: bool) -> Iterator[Callable[[int], None]]:
    """A function that takes the number of bytes there are."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn(file.name),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not (shown and console.is_terminal)) as bar:
        task = bar.add_task(file.name, total=file.size)
        yield lambda done: bar.update(task, completed=done)


def _by_hand(file: RemoteFile, doi: str) -> str:
    places = [*([f"https://doi.org/{doi}"] if doi else []), *file.urls]
    return " or ".join(places) if places else "no public address is known"
