"""Kernels of many structures in chunks on disk, each complete or absent."""

from __future__ import annotations

import hashlib
import json
import logging
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import ase
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rhobar.data import written_beside

from .wigner_kernel import WignerKernel
from .wigner_pairs import all_types, center_pairs

LOGGER = logging.getLogger(__name__)

_SETTINGS = "kernel.json"
_READ = 2**24  # bytes that are read at once for a checksum


@dataclass(frozen=True)
class KernelStore:
    """
    Wigner kernels of n structures with each other in a folder of chunks.

    Chunk (i, j), i ≤ j, holds the kernels of the structures ``i * chunk …`` with those of
    ``j * chunk …`` as ``wk_i_j.npy``, float64 ``(row, column, nu_max + 1)``, and its extent and
    checksum as ``wk_i_j.json``. Both are written beside their place and renamed, so a killed
    computation goes on where it ended, to the same bytes; several jobs may compute chunks of one
    folder. Memory of a job: a chunk, the densities of its rows and columns, and 250 MB, whatever n.

    Make it by :meth:`of` to compute, from a folder alone to read.

    :param folder: with the settings that :meth:`of` wrote
    :raises FileNotFoundError: if there are none
    """

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Path(self.folder))
        if not (self.folder / _SETTINGS).exists():
            raise FileNotFoundError(
                f"{self.folder} holds no {_SETTINGS}; make the store by KernelStore.of(folder, "
                "kernel, frames, chunk=…)."
            )

    @classmethod
    def of(
        cls,
        folder: str | Path,
        kernel: WignerKernel,
        frames: Sequence[ase.Atoms],
        *,
        chunk: int,
        target: tuple[int, int] = (0, 1),
    ) -> ComputingStore:
        """
        The store of ``frames``, new or begun before, which computes what it lacks.

        Says at level INFO how much it will hold.

        :param chunk: structures on each side of a chunk
        :param target: ``(o3_lambda, o3_sigma)``; shapes are those of :meth:`WignerKernel.matrices`
        :raises ValueError: if the folder holds kernels of another kind or of other structures
        """
        if not isinstance(chunk, int | np.integer) or chunk < 1 or not len(frames):
            raise ValueError(
                f"KernelStore.of(chunk={chunk!r}) of {len(frames)} structures: give at least one "
                "of each, whole numbers."
            )
        settings = {
            "kernel": asdict(kernel),
            "target": list(target),
            "n_systems": len(frames),
            "chunk": int(chunk),
            "neighbor_types": list(all_types(frames)),
            "frames": frames_digest(frames),
        }
        _write_or_compare(Path(folder) / _SETTINGS, settings)
        store = ComputingStore(Path(folder), kernel, frames, target)
        size = 8 * len(frames) * (len(frames) + chunk) / 2 * (kernel.nu_max + 1)
        size *= (2 * target[0] + 1) ** 2
        LOGGER.info("%s: %d chunks, %.3g GB", folder, len(store.chunks()), size / 1e9)
        return store

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the kernels are of: hyperparameters, number of structures, size of the chunks."""
        settings: dict[str, Any] = json.loads((self.folder / _SETTINGS).read_text("utf-8"))
        return settings

    @property
    def n_systems(self) -> int:
        """How many structures there are."""
        return int(self.settings["n_systems"])

    def part(self, number: int) -> range:
        """The structures of one part of the list, of which chunks have two."""
        chunk = int(self.settings["chunk"])
        return range(number * chunk, min((number + 1) * chunk, self.n_systems))

    def chunks(self) -> list[tuple[int, int]]:
        """All chunks of the upper triangle, as (i, j)."""
        count = -(-self.n_systems // int(self.settings["chunk"]))
        return [(i, j) for i in range(count) for j in range(i, count)]

    def missing(self) -> list[tuple[int, int]]:
        """Chunks that have not been computed."""
        return [chunk for chunk in self.chunks() if chunk not in self]

    def __contains__(self, chunk: tuple[int, int]) -> bool:
        return self._path(*chunk, "npy").exists() and self._path(*chunk, "json").exists()

    def load(self, i: int, j: int) -> Tensor:
        """
        Kernels of the structures ``part(i)`` with those of ``part(j)``, in either triangle.

        :returns: ``(row, column, nu_max + 1)`` float64, of a tensor ``(row, mu, column, mu', …)``
        :raises FileNotFoundError: if the chunk has not been computed
        :raises ValueError: if its bytes are not those that were written
        """
        if i > j:
            return _mirrored(self.load(j, i))
        if (i, j) not in self:
            raise FileNotFoundError(
                f"{self._path(i, j, 'npy')} is missing; compute({i}, {j}) of KernelStore.of first."
            )
        note = json.loads(self._path(i, j, "json").read_text("utf-8"))
        path = self._path(i, j, "npy")
        if _checksum(path) != note["crc32"]:
            raise ValueError(
                f"{path}: the checksum is not the one that was noted; the file is damaged. Remove "
                f"it and compute({i}, {j}) again."
            )
        return torch.from_numpy(np.load(path))

    def __iter__(self) -> Iterator[tuple[range, range, Tensor]]:
        """Rows, columns and kernels of each chunk, one at a time in memory."""
        for i, j in self.chunks():
            yield self.part(i), self.part(j), self.load(i, j)

    def mixed(self, weights: Sequence[float] | Tensor) -> Tensor:
        r"""
        One kernel of all structures, :math:`\sum_\nu b_\nu K^\nu`, from one chunk at a time.

        :param weights: b of ν = 0 … nu_max
        :returns: ``(n, n)`` float64; of a tensor ``(n, mu, n, mu')``
        :raises ValueError: for another number of weights
        """
        b = torch.as_tensor(weights, dtype=torch.float64)
        n_orders = int(self.settings["kernel"]["nu_max"]) + 1
        if b.shape != (n_orders,):
            raise ValueError(
                f"KernelStore.mixed: {n_orders} weights are due, of ν = 0 … {n_orders - 1}; got "
                f"shape {tuple(b.shape)}."
            )
        size = 2 * int(self.settings["target"][0]) + 1
        result = torch.empty(self.n_systems, size, self.n_systems, size, dtype=torch.float64)
        for rows, columns, kernels in self:
            values = (kernels @ b).reshape(len(rows), size, len(columns), size)
            result[rows.start : rows.stop, :, columns.start : columns.stop] = values
            mirror = values.permute(2, 3, 0, 1)
            result[columns.start : columns.stop, :, rows.start : rows.stop] = mirror
        return result if self.settings["target"] != [0, 1] else result[:, 0, :, 0]

    def _path(self, i: int, j: int, ending: str) -> Path:
        return self.folder / f"wk_{i:03d}_{j:03d}.{ending}"


@dataclass(frozen=True)
class ComputingStore(KernelStore):
    """A store with what its chunks are computed from; see :meth:`KernelStore.of`."""

    kernel: WignerKernel
    frames: Sequence[ase.Atoms]
    target: tuple[int, int]

    def compute(self, i: int, j: int, *, num_threads: int | None = None) -> None:
        """
        Compute chunk (i, j), i ≤ j, unless it is there.

        :raises ValueError: for a chunk that does not exist
        """
        if (i, j) not in self.chunks():
            raise ValueError(
                f"{self.folder} has no chunk ({i}, {j}), only i <= j <= {self.chunks()[-1][1]}."
            )
        if (i, j) in self:
            return
        start = time.perf_counter()
        rows, columns = self.part(i), self.part(j)
        pairs = center_pairs(
            self.kernel.density,
            self.frames[rows.start : rows.stop],
            None if i == j else self.frames[columns.start : columns.stop],
            self.kernel.center_types,
            num_threads,
            tuple(self.settings["neighbor_types"]),
        )
        values = pairs.matrices(
            self.kernel.pair_kernel(self.target), per_atom=False, num_threads=num_threads
        )
        with written_beside(self._path(i, j, "npy")) as temporary:
            np.save(temporary, values.numpy())
            crc32 = _checksum(temporary)
        note = {
            "rows": [rows.start, rows.stop],
            "columns": [columns.start, columns.stop],
            "engine": self.kernel.engine,
            "crc32": crc32,
        }
        with written_beside(self._path(i, j, "json")) as temporary:
            temporary.write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
        spent = time.perf_counter() - start
        LOGGER.info(
            "chunk (%d, %d): %.3g pairs of centers in %.0f s; %d chunks to go",
            i,
            j,
            pairs.n_pairs / (2 if i == j else 1),
            spent,
            len(self.missing()),
        )

    def compute_missing(self, *, num_threads: int | None = None) -> Self:
        """Compute all chunks that are not there, and return the store."""
        for i, j in self.missing():
            self.compute(i, j, num_threads=num_threads)
        return self


def frames_digest(frames: Sequence[ase.Atoms]) -> str:
    """Checksum of types, positions, cells and periodicity, in their order."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(np.int64(len(frame)).tobytes())
        arrays: list[NDArray[Any]] = [frame.numbers, frame.positions, frame.cell.array, frame.pbc]
        for array in arrays:
            digest.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
    return digest.hexdigest()


def _mirrored(kernels: Tensor) -> Tensor:
    """Rows for columns and columns for rows, with their components."""
    return kernels.permute(2, 3, 0, 1, 4) if kernels.ndim == 5 else kernels.transpose(0, 1)


def _write_or_compare(path: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings of a new folder, or see that those of an old one are the same."""
    text = json.dumps(settings, indent=1) + "\n"
    if not path.exists():
        with written_beside(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    found, wanted = json.loads(path.read_text("utf-8")), json.loads(text)
    other = [name for name in wanted if found.get(name) != wanted[name]]
    if other:
        raise ValueError(
            f"{path.parent} holds other kernels: {', '.join(other)} differ, such as "
            f"{other[0]}={found.get(other[0])} there and {wanted[other[0]]} here. Give another "
            "folder, or remove this one to start over."
        )


def _checksum(path: Path) -> int:
    """CRC-32 of a file."""
    value = 0
    with path.open("rb") as stream:
        while part := stream.read(_READ):
            value = zlib.crc32(part, value)
    return value
