"""Energies by kernel ridge regression on Wigner kernels of all orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import ase
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from rhobar.data import KCAL_PER_MOL
from rhobar.kernels import WignerKernel, center_densities
from rhobar.models.composition import Composition, checked_energies
from rhobar.models.energy_model import Prediction
from rhobar.models.files import write_model
from rhobar.models.nu_kernel_ridge import NuKernelRidge, NuKernelSolution
from rhobar.models.nu_mixing import ExponentialMixing
from rhobar.models.potential_prediction import predicted
from rhobar.models.stored_frames import frame_arrays, frames_of_arrays
from rhobar.models.wigner_potential import WignerPotential
from rhobar.models.wigner_regression import WignerRegression

_PORTION = 30_000_000
"""numbers of kernels between new and training structures that are kept at once, 240 MB"""


class WignerModel(WignerRegression):
    r"""
    Energy of a structure from its similarity to every training structure.

    .. math:: E(A) = \sum_{i \in A} e_{a_i} + \sum_B c_B \sum_{\nu=0}^{\nu_\max} b_\nu K^\nu(A, B)

    :math:`e_a` is the :class:`Composition` fit, :math:`K^\nu` the :class:`WignerKernel`, and the
    weights :math:`b_\nu` are searched by cross-validation as :class:`NuKernelRidge` says (Bigi,
    Pozdnyakov, Ceriotti, J. Chem. Phys. 161, 044116 (2024), doi:10.1063/5.0208746). Folds of the
    cross-validation are contiguous: shuffle the training structures first. All of them are kept,
    in memory and in the file; a prediction costs their number of kernels.

    :param kernel: of invariants
    :param ridge: regression and search; None: the published mixing and protocol, mean absolute
        errors, with a regulariser of 1 (kcal/mol)²
    :raises ValueError: if the mixing of ``ridge`` is for another ``nu_max``
    """

    def __init__(self, kernel: WignerKernel, *, ridge: NuKernelRidge | None = None) -> None:
        if ridge is None:
            ridge = NuKernelRidge(ExponentialMixing(kernel.nu_max), noise=KCAL_PER_MOL)
        super().__init__(kernel, ridge)
        self._frames: list[ase.Atoms] = []
        self._composition: Composition | None = None
        self._solution: NuKernelSolution | None = None

    @property
    def composition(self) -> Composition:
        """Energy of each type of atom; the rest is learned by the kernel."""
        if self._composition is None:
            raise ValueError("This WignerModel is not fitted; call fit first.")
        return self._composition

    @property
    def solution(self) -> NuKernelSolution:
        """Weights of the orders, error of cross-validation, coefficients."""
        if self._solution is None:
            raise ValueError("This WignerModel is not fitted; call fit first.")
        return self._solution

    def fit(self, frames: Sequence[ase.Atoms], energies: ArrayLike) -> Self:
        """
        Search the weights and fit energies ``(structure,)`` in eV.

        :raises ValueError: if shapes do not match, or a value is not finite
        """
        targets = checked_energies(energies, len(frames))
        composition = Composition.fit(frames, targets)
        residual = targets.numpy() - composition.predict(frames)
        solution = self.ridge.fit(self.kernel.matrices(frames).numpy(), residual)
        self._frames = [frame.copy() for frame in frames]  # the caller may move the originals
        self._composition, self._solution = composition, solution
        return self

    def predict(
        self, frames: Sequence[ase.Atoms], *, forces: bool = False, per_atom: bool = False
    ) -> Prediction:
        """
        Energies of structures and, if asked for, forces and energies of atoms.

        Without forces some 240 MB of kernels at a time.

        :raises ValueError: if the model is not fitted, or a frame holds a type that no training
            structure had
        """
        if forces:
            return predicted(self.potential(), frames, forces=True, per_atom=per_atom)
        composition = self.composition
        energies = composition.predict(frames)  # refuses unknown types before the long work
        learned = [
            self.solution.predict(rows, noise=self.ridge.noise)
            for rows in self._rows(frames, per_atom=per_atom)
        ]
        if not per_atom:
            return Prediction(energies=energies + np.concatenate([np.zeros(0), *learned]))
        stop = np.cumsum([len(frame) for frame in frames])
        atomic = [
            part + composition.atomic_energies(frame.numbers)
            for part, frame in zip(
                np.split(np.concatenate([np.zeros(0), *learned]), stop)[:-1], frames, strict=True
            )
        ]
        return Prediction(
            energies=np.array([part.sum() for part in atomic]), atomic_energies=atomic
        )

    def potential(self) -> WignerPotential:
        """
        The energy as a differentiable module, with every training environment in it.

        For simulations take :class:`SparseWignerModel`, which compares with fewer.
        """
        types = list(self.composition.atomic_types)
        pairs = center_densities(self.kernel, self._frames, types)
        scaled = torch.from_numpy(self.ridge.noise * self.solution.coefficients)
        environments, weights, energies = [], [], self.composition.energies.clone()
        none = next(iter(pairs.rows.densities.values())).values[:0]
        for k, a in enumerate(types):
            found = pairs.rows.densities.get(a)
            environments.append(none if found is None else found.values)
            weights.append(scaled[:0] if found is None else scaled[found.system])
            energies[k] += self.solution.weights[0] * weights[k].sum()  # similar by composition
        nu_weights = torch.tensor(self.solution.weights[1:], dtype=torch.float64)
        return WignerPotential(self.kernel, types, environments, weights, nu_weights, energies)

    def save(self, path: str | Path) -> None:
        """
        Write the model with its kernel, training structures, units and versions.

        Nothing is pickled; the file appears complete or not at all.
        """
        solution, composition = self.solution, self.composition
        arrays: dict[str, NDArray[Any]] = {
            "composition/atomic_types": np.array(composition.atomic_types, dtype=np.int64),
            "composition/energies": composition.energies.numpy(),
            **solution.arrays(),
            **frame_arrays(self._frames),
        }
        write_model(path, self._header(), arrays)

    def _restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take from a file what a fit finds."""
        del header
        self._composition = Composition(
            tuple(int(number) for number in arrays["composition/atomic_types"]),
            torch.from_numpy(arrays["composition/energies"]),
        )
        self._solution = NuKernelSolution.of_arrays(arrays)
        self._frames = frames_of_arrays(arrays)

    def _rows(
        self, frames: Sequence[ase.Atoms], *, per_atom: bool
    ) -> Iterator[NDArray[np.float64]]:
        """Kernels ``(structure or atom, training structure, nu)``, a few structures at a time."""
        n_columns = len(self._frames) * (self.kernel.nu_max + 1)
        part: list[ase.Atoms] = []
        n_rows = 0
        for frame in frames:
            n_own = len(frame) if per_atom else 1
            if part and (n_rows + n_own) * n_columns > _PORTION:
                yield self.kernel.matrices(part, self._frames, per_atom=per_atom).numpy()
                part, n_rows = [], 0
            part.append(frame)
            n_rows += n_own
        if part:
            yield self.kernel.matrices(part, self._frames, per_atom=per_atom).numpy()
