"""The data sets the project knows: where they are published, and how their files are verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

_DIGESTS = {"sha256": 64, "md5": 32}


@dataclass(frozen=True)
class RemoteFile:
    """
    One published file and what it must be, byte for byte.

    :param name: name of the file in the download folder
    :param urls: https addresses, tried in this order; empty if it is only found in a mirror
    :param size: bytes, None where the publisher does not say
    :param sha256: hexadecimal digest, or None
    :param md5: hexadecimal digest, used only where ``sha256`` is None
    :param mirror: path relative to a mirror folder; ``name`` at its top is tried after it
    """

    name: str
    urls: tuple[str, ...] = ()
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    mirror: str | None = None

    def __post_init__(self) -> None:
        if Path(self.name).name != self.name:
            raise ValueError(f"file {self.name!r}: the name must not contain a folder.")
        for url in self.urls:
            if not url.startswith("https://"):
                raise ValueError(
                    f"file {self.name!r}: {url!r} is not an https address. Data are downloaded "
                    "over https only; give an address that starts with https://."
                )
        for algorithm, length in _DIGESTS.items():
            digest = getattr(self, algorithm)
            if digest is not None and not re.fullmatch(f"[0-9a-f]{{{length}}}", digest):
                raise ValueError(
                    f"file {self.name!r}: {algorithm} must be {length} lower-case hexadecimal "
                    f"digits, got {digest!r}."
                )
        if self.mirror is not None and (
            Path(self.mirror).is_absolute() or ".." in Path(self.mirror).parts
        ):
            raise ValueError(
                f"file {self.name!r}: mirror must be a path inside the mirror folder, got "
                f"{self.mirror!r}."
            )

    @property
    def checksum(self) -> str | None:
        """``"sha256:…"``, else ``"md5:…"``, else None."""
        for algorithm in _DIGESTS:
            digest = getattr(self, algorithm)
            if digest is not None:
                return f"{algorithm}:{digest}"
        return None


@dataclass(frozen=True)
class Source:
    """
    A data set: its files, the reader that understands them, and who may use it how.

    :param name: key in the catalogue
    :param title: one line on what it holds
    :param reader: key of the table in :mod:`rhobar.data.prepared`
    :param files: role (an argument of the reader) → file
    :param options: further arguments of the reader
    :param licence: terms of use, as the publisher states them
    :param doi: identifier of the publication of the data
    """

    name: str
    title: str
    reader: str
    files: dict[str, RemoteFile]
    options: dict[str, Any] = field(default_factory=dict)
    licence: str = ""
    doi: str = ""

    @property
    def kind(self) -> str:
        """``"public"`` (every file has an address) or ``"mirror only"``."""
        return "public" if all(file.urls for file in self.files.values()) else "mirror only"


def catalogue(path: str | Path | None = None) -> dict[str, Source]:
    """
    All data sets by name.

    :param path: a YAML file of the same form as the one shipped with the package (``data/
        datasets.yaml``), which is read if None
    :raises ValueError: naming the entry and the key, if the file is not of that form
    """
    import yaml  # deferred: only the catalogue needs it

    if path is None:
        text = (resources.files("rhobar.data") / "datasets.yaml").read_text(encoding="utf-8")
    else:
        text = Path(path).read_text(encoding="utf-8")
    where = "datasets.yaml" if path is None else str(path)
    try:
        entries = yaml.safe_load(text)
        files = {
            str(name): _entry(RemoteFile, {**entry, "name": name}, f"{where}: files.{name}")
            for name, entry in entries["files"].items()
        }
        return {
            str(name): _source(str(name), entry, files, f"{where}: datasets.{name}")
            for name, entry in entries["datasets"].items()
        }
    except yaml.YAMLError as error:
        raise ValueError(f"{where} is not valid YAML: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{where}: expected the sections 'files' and 'datasets', each a mapping of mappings "
            f"({type(error).__name__}: {error})."
        ) from error


def _source(
    name: str, entry: Mapping[str, Any], files: Mapping[str, RemoteFile], where: str
) -> Source:
    roles: dict[str, RemoteFile] = {}
    for role, file in entry.get("files", {}).items():
        if file not in files:
            raise ValueError(
                f"{where}.files.{role}: no file {file!r} in the section 'files'; it has "
                f"{sorted(files)}."
            )
        roles[role] = files[file]
    if not roles:
        raise ValueError(f"{where}: names no files.")
    source: Source = _entry(Source, {**entry, "name": name, "files": roles}, where)
    return source


def _entry(kind: type, entry: Mapping[str, Any], where: str) -> Any:
    """``kind(**entry)``, with the place in the file named if it refuses."""
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items()}
    try:
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: {error}") from error
