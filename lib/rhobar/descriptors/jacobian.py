"""Derivatives of density coefficients, and how they reach the rows of a TensorMap."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import torch
from metatensor.torch import Labels, TensorBlock
from torch import Tensor

from rhobar.ops import available_memory

from .keyed_rows import KeyedRows

GRADIENT_COMPONENTS = {
    "positions": [Labels.range("xyz", 3)],
    "cell": [Labels.range("xyz", 3), Labels.range("abc", 3)],
    # the names that featomic gives them: first the component of the vector, then the direction
    "strain": [Labels.range("xyz_2", 3), Labels.range("xyz_1", 3)],
}


@dataclass(frozen=True)
class Jacobian:
    """
    Non-zero derivatives of the coefficients of each run, ordered by run and moved atom.

    For ``positions`` the moved atoms of a run are its center and its neighbors; ``cell`` and
    ``strain`` have one entry per run.
    """

    parameter: str
    values: Tensor
    """``(entry, axis, lm, n)`` with 3 axes for positions, else 3 × 3 flattened; 1/Å"""
    run_ptr: Tensor
    """``(run + 1,)``; the entries of run k are ``run_ptr[k]:run_ptr[k + 1]``"""
    moved: Tensor
    """``(entry,)`` number of the moved atom among all atoms, 0 for cell and strain"""
    system: Tensor
    """``(atom,)`` the structure of each atom"""
    atom: Tensor
    """``(atom,)`` its number there"""

    def samples(self, row: Tensor, moved: Tensor) -> Labels:
        """Samples of a gradient block from rows of values and moved atoms."""
        if self.parameter != "positions":
            return Labels(["sample"], row.to(torch.int32).unsqueeze(1))
        columns = [row, self.system[moved], self.atom[moved]]
        return Labels(["sample", "system", "atom"], torch.stack(columns, 1).to(torch.int32))

    def of_runs(self, runs: Tensor) -> tuple[Tensor, Tensor]:
        """For rows that stand for one run each: row and entry of each gradient row."""
        return stretches(self.run_ptr[runs], self.run_ptr[runs + 1])

    def of_run_pairs(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """
        For rows made from two runs each: what each gradient row is made of.

        :returns: row, moved atom, entry of the first run and of the second one, where -1 says
            that this atom does not move that run
        """
        n_atoms = max(len(self.atom), 1)
        parts = [self.of_runs(first), self.of_runs(second)]
        keys = [row * n_atoms + self.moved[entry] for row, entry in parts]
        union = torch.unique(torch.cat(keys))
        entries = []
        for key, (_, entry) in zip(keys, parts, strict=True):
            found = torch.full_like(union, -1)
            found[torch.searchsorted(union, key)] = entry
            entries.append(found)
        return union // n_atoms, union % n_atoms, entries[0], entries[1]

    def mixed(self, mixing: Tensor, run_center: Tensor, run_channel: Tensor) -> Jacobian:
        """
        Derivatives of pseudo-species: one run for each center and pseudo-species.

        :param mixing: ``(pseudo-species, channel)``
        :param run_center: ``(run,)``
        :param run_channel: ``(run,)``
        """
        n_atoms, count = max(len(self.atom), 1), len(mixing)
        run = torch.repeat_interleave(torch.arange(len(run_center)), torch.diff(self.run_ptr))
        keys, place = torch.unique(
            run_center[run] * n_atoms + self.moved, return_inverse=True
        )  # of center and moved atom
        weights = mixing.to(self.values.dtype)[:, run_channel[run]]
        values = self.values.new_zeros(count, len(keys), *self.values.shape[1:])
        for weight, sums in zip(weights, values, strict=True):
            sums.index_add_(0, place, weight[:, None, None, None] * self.values)
        center, moved = keys // n_atoms, keys % n_atoms
        sizes = torch.bincount(center, minlength=int(run_center[-1]) + 1 if len(run_center) else 0)
        species = torch.arange(count)[:, None]
        order = torch.argsort(((center * count + species) * n_atoms + moved).flatten())
        counts = torch.repeat_interleave(sizes, count)
        return Jacobian(
            parameter=self.parameter,
            values=values.flatten(0, 1)[order],
            run_ptr=torch.cat([counts.new_zeros(1), torch.cumsum(counts, 0)]),
            moved=moved.repeat(count)[order],
            system=self.system,
            atom=self.atom,
        )

    def add_to(self, block: TensorBlock, values: Tensor, row: Tensor, moved: Tensor) -> None:
        """Store ``values`` ``(gradient row, axis, *components, property)`` beside a block's."""
        axes = GRADIENT_COMPONENTS[self.parameter]
        shape = [len(row), *(len(axis) for axis in axes), *block.values.shape[1:]]
        gradient = TensorBlock(
            values=values.reshape(shape),
            samples=self.samples(row, moved),
            components=[*axes, *block.components],
            properties=block.properties,
        )
        block.add_gradient(self.parameter, gradient)


def store_by_block(
    jacobian: Jacobian,
    blocks: list[TensorBlock],
    rows: KeyedRows,
    values: Tensor,
    row: Tensor,
    moved: Tensor,
) -> None:
    """
    Cut gradient rows into blocks.

    :param values: ``(gradient row, axis, property)``
    :param row: ``(gradient row,)``, counted through the blocks, not decreasing
    :param moved: ``(gradient row,)``, the moved atom
    """
    for k, block in enumerate(blocks):
        limits = torch.stack([rows.start[k], rows.stop[k]])
        start, stop = torch.searchsorted(row, limits).tolist()
        jacobian.add_to(
            block, values[start:stop], row[start:stop] - rows.start[k], moved[start:stop]
        )


def stretches(start: Tensor, stop: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers ``start[k] … stop[k] - 1`` of all k one after the other, and k of each."""
    sizes = stop - start
    row = torch.repeat_interleave(torch.arange(len(start), device=start.device), sizes)
    before = torch.cumsum(sizes, 0) - sizes
    number = torch.arange(len(row), device=start.device) - before[row] + start[row]
    return row, number


def refuse_what_cannot_fit(n_values: int, dtype: torch.dtype, what: str) -> None:
    """
    State the size of an array before it is allocated, and refuse it where memory is too small.

    :raises MemoryError: with the size, what is available, and the way out
    """
    size = n_values * torch.empty(0, dtype=dtype).element_size()
    available = available_memory()
    logging.getLogger(__name__).info("%s: %.3g GB", what, size / 1e9)
    if size > available:
        raise MemoryError(
            f"{what} take {size / 1e9:.3g} GB and {available / 1e9:.3g} GB are available. Give "
            "fewer frames at a time, select samples, keys or properties, use float32, or take "
            "gradients by autograd through forward, which stores none."
        )
