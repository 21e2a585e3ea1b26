"""Frames on the compiled path: neighbors, coefficients and their derivatives as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ase
import numpy as np
import torch
from metatensor.torch import Labels
from torch import Tensor

from rhobar.ops import Neighborhoods
from rhobar.systems import batched, neighborhoods_within_cutoff

from .compiled import compiled_radial
from .jacobian import Jacobian, refuse_what_cannot_fit
from .neighbor_density import (
    CenterPairs,
    Centers,
    Coefficients,
    NeighborDensity,
    chosen_centers,
)

if TYPE_CHECKING:
    from rhobar.ops import cpu


@dataclass(frozen=True)
class AtomEnvironments:
    """All centers of some frames with their neighbors; atoms are counted through the frames."""

    density: NeighborDensity
    grouped: cpu.Grouped
    """pairs by center and channel, their neighbors, and which images these are"""
    centers: Centers
    types: Tensor
    """``(channel,)`` type of each channel"""
    atoms: Centers
    """all atoms, whether they are centers or not"""
    wanted: Tensor | None
    """``(center,)``, whether it is described or only seen by others; None: all are"""
    num_threads: int

    @classmethod
    def of(
        cls,
        density: NeighborDensity,
        frames: Sequence[ase.Atoms],
        selected_samples: Labels | None,
        num_threads: int | None,
        *,
        all_centers: bool = False,
    ) -> AtomEnvironments:
        """
        Find neighbors and group them.

        :param all_centers: whether atoms that are not selected are centers too
        :raises ValueError: without frames, for bad structures, types that were not declared
        """
        if not frames:
            raise ValueError("the list of frames is empty; give at least one.")
        batch = batched(frames)
        all_types = torch.from_numpy(batch.types).to(torch.int64)
        types = density.channel_types(torch.from_numpy(np.unique(batch.types)))
        system = torch.from_numpy(batch.atom_system)
        atom = torch.arange(len(system)) - torch.from_numpy(batch.system_ptr)[system]
        atoms = Centers(system, atom, all_types)
        threads = torch.get_num_threads() if num_threads is None else num_threads
        chosen: Tensor | None = None
        wanted: Tensor | None = None
        if selected_samples is not None:
            wanted = chosen_centers(system, atom, selected_samples)
            if not all_centers:
                chosen, wanted = torch.where(wanted)[0], None
        grouped = neighborhoods_within_cutoff(
            batch,
            density.cutoff.radius,
            channels=torch.searchsorted(types, all_types).numpy(),
            n_channels=len(types),
            centers=None if chosen is None else chosen.numpy(),
            num_threads=threads,
        )
        return cls(
            density=density,
            grouped=grouped,
            centers=atoms if chosen is None else Centers(*(column[chosen] for column in atoms)),
            types=types,
            atoms=atoms,
            wanted=wanted,
            num_threads=threads,
        )

    @property
    def neighborhoods(self) -> Neighborhoods:
        """Pairs by center and channel."""
        return self.grouped.neighborhoods

    def pairs(self) -> CenterPairs:
        """Pairs one by one, vectors in the module's dtype."""
        neighborhoods = self.neighborhoods_in(self.density.self_values.dtype)
        sizes = torch.diff(neighborhoods.run_ptr)
        return CenterPairs(
            vectors=neighborhoods.vectors,
            center=torch.repeat_interleave(neighborhoods.run_center, sizes),
            neighbor=self.atoms.atom[self.grouped.neighbor],
            shifts=self.grouped.shifts.long(),
            channel=torch.repeat_interleave(neighborhoods.run_channel, sizes),
        )

    def coefficients(self) -> Coefficients:
        """Density coefficients in the module's dtype."""
        neighborhoods = self.neighborhoods_in(self.density.self_values.dtype)
        values: Tensor = self.density(neighborhoods)
        return self.density.named(values, neighborhoods, self.types, len(self.centers.atom))

    def neighborhoods_in(self, dtype: torch.dtype) -> Neighborhoods:
        """Neighborhoods in another dtype; here they are in float64."""
        return self.neighborhoods._replace(
            vectors=self.neighborhoods.vectors.to(dtype),
            run_self=self.neighborhoods.run_self.to(dtype),
        )

    def jacobian(self, parameter: str) -> Jacobian:
        """Derivatives of :meth:`coefficients` with respect to positions, cell or strain."""
        jacobian = self.run_jacobian(parameter)
        mixing = self.density.mixing
        if mixing is None:
            return jacobian
        nb = self.neighborhoods
        return jacobian.mixed(mixing.detach(), nb.run_center, nb.run_channel)

    def run_jacobian(self, parameter: str) -> Jacobian:
        """Derivatives of the density of each run, before types are mixed."""
        from rhobar.ops import cpu

        n_pairs, n_lm = len(self.neighborhoods.vectors), (self.density.l_max + 1) ** 2
        dtype = self.density.self_values.dtype
        refuse_what_cannot_fit(
            n_pairs * 3 * n_lm * self.density.n_radial, dtype, "gradients of densities"
        )
        radial = compiled_radial(self.density, self.neighborhoods.vectors, slopes=True)
        per_pair = cpu.density_gradients(
            self.neighborhoods, radial, dtype=dtype, num_threads=self.num_threads
        )
        return self.jacobian_of(per_pair, parameter)

    def vector_factors(self, parameter: str) -> Tensor:
        """
        How vectors depend on cell or strain, ``(pair, 3)``.

        A vector changes by ``factor[x] * d[x, y]`` along y where d is a change of the cell (x
        counts its vectors) or a strain.
        """
        if parameter == "strain":
            return self.neighborhoods.vectors
        return self.grouped.shifts.double()

    def jacobian_of(self, per_pair: Tensor, parameter: str) -> Jacobian:
        """
        Derivatives of sums over runs, from those of each pair with respect to its vector.

        :param per_pair: ``(pair, 3, lm, n)``
        """
        n_runs = len(self.neighborhoods.run_channel)
        sizes = torch.diff(self.neighborhoods.run_ptr)
        run = torch.repeat_interleave(torch.arange(n_runs), sizes)  # of each pair
        if parameter == "positions":
            return self._position_jacobian(run, per_pair)
        factors = self.vector_factors(parameter).to(per_pair.dtype)
        shape = (n_runs, 3, *per_pair.shape[1:])
        refuse_what_cannot_fit(
            torch.Size(shape).numel(), per_pair.dtype, f"{parameter} gradients of densities"
        )
        values = per_pair.new_zeros(shape)
        for axis in range(3):
            values[:, axis].index_add_(0, run, factors[:, axis, None, None, None] * per_pair)
        return Jacobian(
            parameter=parameter,
            values=values.flatten(1, 2),
            run_ptr=torch.arange(n_runs + 1),
            moved=torch.zeros(n_runs, dtype=torch.int64),
            system=self.atoms.system,
            atom=self.atoms.atom,
        )

    def _position_jacobian(self, run: Tensor, per_pair: Tensor) -> Jacobian:
        n_atoms = max(len(self.atoms.atom), 1)
        run_center_atom = self.grouped.center_atom[self.neighborhoods.run_center]
        own = torch.arange(len(run_center_atom)) * n_atoms + run_center_atom
        others = run * n_atoms + self.grouped.neighbor
        keys, place = torch.unique(torch.cat([own, others]), return_inverse=True)
        own_place, other_place = place[: len(own)], place[len(own) :]
        shape = (len(keys), *per_pair.shape[1:])
        refuse_what_cannot_fit(
            torch.Size(shape).numel(), per_pair.dtype, "positions gradients of densities"
        )
        values = per_pair.new_zeros(shape)
        values.index_add_(0, other_place, per_pair)
        # a center and its own image move together: their contributions cancel here
        values.index_add_(0, own_place[run], per_pair, alpha=-1)
        counts = torch.bincount(keys // n_atoms, minlength=len(own))
        return Jacobian(
            parameter="positions",
            values=values,
            run_ptr=torch.cat([counts.new_zeros(1), torch.cumsum(counts, 0)]),
            moved=keys % n_atoms,
            system=self.atoms.system,
            atom=self.atoms.atom,
        )
