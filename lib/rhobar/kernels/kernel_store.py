"""Kernels of many structures in chunks on disk, each complete or absent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ase
import torch
from torch import Tensor

from .chunk_files import ChunkFiles
from .wigner_kernel import WignerKernel

if TYPE_CHECKING:
    from .computing_store import ComputingStore


class KernelStore:
    """
    Wigner kernels of n structures with each other in a folder of chunks.

    Chunk (i, j), i ≤ j, holds the kernels of the structures ``i * chunk …`` with those of
    ``j * chunk …`` as ``wk_i_j.npy``, float64 ``(row, column, nu_max + 1)``, and its extent and
    checksum as ``wk_i_j.json``. Both are written beside their place and renamed, so a killed
    computation goes on where it ended, to the same bytes; several jobs may compute chunks of one
    folder. What a kill left of a file is removed by :meth:`of` once it is an hour old, so that
    files that other jobs are writing stay. Memory of a job: a chunk, the densities of its rows and
    columns, and 250 MB, whatever n.

    Make it by :meth:`of` to compute, from a folder alone to read.

    :param folder: with the settings that :meth:`of` wrote
    :raises FileNotFoundError: if there are none
    :raises ValueError: if they are damaged, or of another format
    """

    def __init__(self, folder: str | Path):
        self._files = ChunkFiles(folder)

    @property
    def folder(self) -> Path:
        """Where the chunks are."""
        return self._files.folder

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

        Says at level INFO how much it will hold. Structures that are changed later are refused.

        :param chunk: structures on each side of a chunk
        :param target: ``(o3_lambda, o3_sigma)``; shapes are those of :meth:`WignerKernel.matrices`
        :raises ValueError: if the folder holds kernels of another kind or of other structures
        """
        from .computing_store import ComputingStore  # which is made of this class

        return ComputingStore(folder, kernel, frames, chunk=chunk, target=target)

    @property
    def settings(self) -> Mapping[str, Any]:
        """What the kernels are of: hyperparameters, number of structures, size of the chunks."""
        return self._files.settings

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
        return chunk in self._files

    def load(self, i: int, j: int) -> Tensor:
        """
        Kernels of the structures ``part(i)`` with those of ``part(j)``, in either triangle.

        :returns: ``(row, column, nu_max + 1)`` float64, of a tensor ``(row, mu, column, mu', …)``
        :raises FileNotFoundError: if the chunk has not been computed
        :raises ValueError: if its bytes are not those that were written, or of other kernels
        """
        return self._files.load(i, j) if i <= j else _mirrored(self._files.load(j, i))

    def __iter__(self) -> Iterator[tuple[range, range, Tensor]]:
        """Rows, columns and kernels of each chunk, one at a time in memory."""
        for i, j in self.chunks():
            yield self.part(i), self.part(j), self.load(i, j)

    def mixed(self, weights: Sequence[float] | Tensor) -> Tensor:
        r"""
        One kernel of all structures, :math:`\sum_\nu b_\nu K^\nu`, from one chunk at a time.

        :class:`StoredMixture` multiplies with it, or cuts out a part, where it is too large.

        :param weights: b of ν = 0 … nu_max
        :returns: ``(n, n)`` float64; of a tensor ``(n, mu, n, mu')``
        :raises ValueError: for another number of weights
        :raises MemoryError: for what cannot fit
        """
        from .stored_mixture import StoredMixture  # which is made of this class

        mixture = StoredMixture(self, tuple(map(float, weights)))
        every, n, size = range(mixture.n_rows), self.n_systems, mixture.rows_per_system
        result = torch.from_numpy(mixture.block(every, every))
        return result if self.settings["target"] == [0, 1] else result.reshape(n, size, n, size)


def _mirrored(kernels: Tensor) -> Tensor:
    """Rows for columns and columns for rows, with their components."""
    return kernels.permute(2, 3, 0, 1, 4) if kernels.ndim == 5 else kernels.transpose(0, 1)
