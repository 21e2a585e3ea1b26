"""One kernel of all orders from chunks on disk, multiplied or cut out without being whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from .kernel_store import KernelStore
from .wigner_pairs import refuse_what_cannot_fit

Array = NDArray[np.float64]
Rows = range | Sequence[int] | NDArray[np.integer]

_WAY_OUT = "Take fewer rows, or multiply by StoredMixture.product, which reads chunk by chunk."


@dataclass(frozen=True)
class StoredMixture:
    r"""
    The kernel :math:`K = \sum_\nu b_\nu K^\nu` of the structures of a store.

    A row is a structure; for a tensor it is a component of one, those of a structure together.
    Chunks that hold none of the rows and columns asked for are not read, so they may be missing.
    Memory: the result, a chunk of all orders, and one of the mixture.

    :param store: complete, or as far as it is needed
    :param weights: b of ν = 0 … nu_max
    :raises ValueError: for another number of weights
    """

    store: KernelStore
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        n_orders = int(self.store.settings["kernel"]["nu_max"]) + 1
        weights = tuple(float(weight) for weight in self.weights)
        if len(weights) != n_orders:
            raise ValueError(
                f"StoredMixture: {n_orders} weights are due, of ν = 0 … {n_orders - 1}; got "
                f"shape ({len(weights)},)."
            )
        object.__setattr__(self, "weights", weights)

    @property
    def rows_per_system(self) -> int:
        """Components of the target."""
        return 2 * int(self.store.settings["target"][0]) + 1

    @property
    def n_rows(self) -> int:
        """Of the whole kernel."""
        return self.store.n_systems * self.rows_per_system

    def block(self, rows: Rows, columns: Rows) -> Array:
        """
        A part of the kernel, ``(row, column)``, in one pass over the chunks.

        :param rows: numbers of rows, increasing
        :param columns: likewise
        :raises MemoryError: if it does not fit, before anything is read
        :raises ValueError: if numbers do not increase, or there are no such rows
        """
        asked, others = self._checked(rows), self._checked(columns)
        refuse_what_cannot_fit((len(asked), len(others)), "A mixed Wigner kernel", _WAY_OUT)
        result = np.empty((len(asked), len(others)))
        for place, other, values in self._pieces(asked, others):
            result[place, other] = values
        return result

    def product(self, vectors: ArrayLike, rows: Rows, columns: Rows) -> Array:
        """
        A part of the kernel times ``vectors`` ``(column, …)``, in one pass over the chunks.

        :returns: ``(row, …)``
        :raises ValueError: as :meth:`block`, or if the numbers of columns differ
        """
        asked, others = self._checked(rows), self._checked(columns)
        right = np.asarray(vectors, dtype=np.float64)
        if len(right) != len(others):
            raise ValueError(
                f"StoredMixture.product: {len(others)} columns and {len(right)} rows of vectors; "
                "give one row for each column."
            )
        result = np.zeros((len(asked), *right.shape[1:]))
        for place, other, values in self._pieces(asked, others):
            result[place] += values @ right[other]
        return result

    def _pieces(
        self, rows: NDArray[np.int64], columns: NDArray[np.int64]
    ) -> Iterator[tuple[slice, slice, Array]]:
        """Parts of ``rows`` and of ``columns`` in one chunk, and the kernel between them."""
        for i, j in self.store.chunks():
            upper = self._inside(rows, i), self._inside(columns, j)
            lower = self._inside(rows, j), self._inside(columns, i)
            wanted = [all(place.stop > place.start for place, _ in pair) for pair in (upper, lower)]
            wanted[1] &= i != j
            if not any(wanted):
                continue
            mixed = self._mixed(i, j)
            for needed, pair, values in zip(wanted, (upper, lower), (mixed, mixed.T), strict=True):
                if needed:
                    (place, local), (other, beside) = pair
                    yield place, other, values[local][:, beside]

    def _inside(
        self, rows: NDArray[np.int64], part: int
    ) -> tuple[slice, slice | NDArray[np.int64]]:
        """Which of ``rows`` belong to one part of the store, and their places in it."""
        systems = self.store.part(part)
        first, end = (number * self.rows_per_system for number in (systems.start, systems.stop))
        start, stop = (int(place) for place in np.searchsorted(rows, [first, end]))
        local = rows[start:stop] - first
        if len(local) and local[-1] - local[0] + 1 == len(local):  # together: a view, no copy
            return slice(start, stop), slice(int(local[0]), int(local[-1]) + 1)
        return slice(start, stop), local

    def _mixed(self, i: int, j: int) -> Array:
        """One chunk, ``(row, column)``."""
        kernels = self.store.load(i, j)
        values = kernels @ torch.tensor(self.weights, dtype=torch.float64)
        mixed: Array = values.numpy().reshape(len(self.store.part(i)) * self.rows_per_system, -1)
        return mixed

    def _checked(self, rows: Rows) -> NDArray[np.int64]:
        numbers = np.asarray(rows, dtype=np.int64)
        inside = numbers.ndim == 1 and (not numbers.size or 0 <= numbers[0] <= numbers[-1])
        if not inside or (numbers[-1:] >= self.n_rows).any() or (np.diff(numbers) <= 0).any():
            raise ValueError(
                f"StoredMixture: rows and columns are increasing numbers from 0 to "
                f"{self.n_rows - 1}; got {numbers[:5].tolist()} … of shape {numbers.shape}."
            )
        return numbers
