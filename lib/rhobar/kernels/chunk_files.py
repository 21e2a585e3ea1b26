"""The files of a kernel store: what it is of, and chunks with a note of what is in them."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

import rhobar
from rhobar.data import remove_abandoned, written_beside

_SETTINGS = "kernel.json"
_FORMAT = 2  # of the files that are written here
_READ = 2**24  # bytes that are read at once for a checksum


class ChunkFiles:
    """
    A folder of chunks, each an array and a note with its checksum; all of the same settings.

    Files are written beside their place and renamed, the note last.

    :param folder: with settings, see :meth:`of`
    :raises FileNotFoundError: if it has none
    :raises ValueError: if they are damaged, or of another format
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.settings = _read_settings(self.folder / _SETTINGS)

    @classmethod
    def of(cls, folder: str | Path, settings: Mapping[str, Any]) -> ChunkFiles:
        """
        A new folder, or one of the same settings, without what a kill left there an hour ago.

        :raises ValueError: if the folder is of other settings
        """
        path = Path(folder) / _SETTINGS
        text = json.dumps({"format": _FORMAT, "rhobar": rhobar.__version__, **settings}, indent=1)
        if not path.exists():
            with written_beside(path) as temporary:
                temporary.write_text(text + "\n", encoding="utf-8")
        found, wanted = _read_settings(path), json.loads(text)
        other = [name for name in settings if found.get(name) != wanted[name]]
        if other:
            there, here = (str(each.get(other[0]))[:200] for each in (found, wanted))
            raise ValueError(
                f"{folder} holds other kernels: {', '.join(other)} differ, such as "
                f"{other[0]}={there} there and {here} here. Give another folder, or remove this "
                "one to start over."
            )
        for names in ("kernel", "wk_*"):
            remove_abandoned(folder, names)
        return cls(folder)

    def path(self, i: int, j: int, ending: str = "npy") -> Path:
        """Where the array of a chunk is or will be; ``"json"``: its note."""
        return self.folder / f"wk_{i:03d}_{j:03d}.{ending}"

    def __contains__(self, chunk: tuple[int, int]) -> bool:
        return self.path(*chunk).exists() and self.path(*chunk, "json").exists()

    def save(self, i: int, j: int, values: Tensor, note: Mapping[str, Any]) -> None:
        """Write a chunk and what there is to note of it."""
        with written_beside(self.path(i, j)) as temporary:
            np.save(temporary, values.numpy())
            crc32 = _checksum(temporary)
        own = {"settings": self._digest(), "rhobar": rhobar.__version__, "crc32": crc32}
        with written_beside(self.path(i, j, "json")) as temporary:
            temporary.write_text(json.dumps({**note, **own}, indent=1) + "\n", encoding="utf-8")

    def load(self, i: int, j: int) -> Tensor:
        """
        The array of a chunk.

        :raises FileNotFoundError: if it is missing
        :raises ValueError: if its bytes are not those that were written, or of other settings
        """
        for path in (self.path(i, j), self.path(i, j, "json")):
            if not path.exists():
                raise FileNotFoundError(
                    f"{path} is missing; compute({i}, {j}) of KernelStore.of first."
                )
        path, again = self.path(i, j, "json"), f"Remove it and compute({i}, {j}) again."
        try:
            note = json.loads(path.read_text("utf-8"))
            settings, crc32 = note["settings"], note["crc32"]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged ({error!r}). {again}") from error
        if settings != self._digest():
            raise ValueError(f"{path} is of other kernels than {_SETTINGS} beside it. {again}")
        path = self.path(i, j)
        if _checksum(path) != crc32:
            raise ValueError(
                f"{path}: the checksum is not the one that was noted; the file is damaged. {again}"
            )
        return torch.from_numpy(np.load(path))

    def _digest(self) -> str:
        """Checksum of what the kernels are of."""
        own = {name: value for name, value in self.settings.items() if name != "rhobar"}
        return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def _read_settings(path: Path) -> dict[str, Any]:
    """What a store is of, in the format that is read here."""
    if not path.exists():
        raise FileNotFoundError(
            f"{path.parent} holds no {_SETTINGS}; make the store by KernelStore.of(folder, "
            "kernel, frames, chunk=…)."
        )
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
        known = found.get("format", 1)
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged ({error!r}). Remove it: KernelStore.of writes it again for the "
            "same kernel and structures, and chunks of others are refused."
        ) from error
    if known != _FORMAT:
        raise ValueError(
            f"{path} is of format {known} and this rhobar {rhobar.__version__} reads {_FORMAT}. "
            "Remove the folder to start over."
        )
    return found


def _checksum(path: Path) -> int:
    """CRC-32 of a file."""
    value = 0
    with path.open("rb") as stream:
        while part := stream.read(_READ):
            value = zlib.crc32(part, value)
    return value
