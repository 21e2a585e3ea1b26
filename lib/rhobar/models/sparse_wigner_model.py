"""Energies and forces from Wigner kernels with a few representative environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self, get_args

import ase
import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from rhobar.data import KCAL_PER_MOL
from rhobar.kernels import WignerKernel, environment_columns, mixed_kernel
from rhobar.models.composition import Composition, checked_energies
from rhobar.models.energy_model import Prediction, checked_forces
from rhobar.models.environments import cuts
from rhobar.models.files import write_model
from rhobar.models.nu_kernel_ridge import NuKernelRidge
from rhobar.models.nu_mixing import ExponentialMixing
from rhobar.models.potential_prediction import predicted
from rhobar.models.representatives import Selection, representatives
from rhobar.models.streamed_least_squares import StreamedLeastSquares
from rhobar.models.wigner_potential import WignerPotential
from rhobar.models.wigner_regression import WignerRegression

_SEARCHED = 500  # structures that choose the weights of the orders
_ATOMS = 200  # whose rows are folded into the fit at once: 3 rows each, and derivatives
_JITTER = 1e-10  # of the mean diagonal of a kernel, what rounding may take from it
_OWN_HYPERS = ("n_sparse", "selection", "force_noise", "seed")


class SparseWignerModel(WignerRegression):
    r"""
    Wigner kernels with M representative environments of each type, for long runs and large sets.

    .. math:: E(A) = \sum_{i \in A} \Big[ e_{a_i} + \sum_{t \in T_{a_i}} w_t
        \sum_{\nu=1}^{\nu_{max}} b_\nu \kappa^\nu(i, t) \Big]

    :math:`e_a` is the :class:`Composition` fit; the orders are weighed as :class:`WignerModel`
    weighs them, by the first 500 training structures; the representatives are those that the
    others explain worst, pivots of the Cholesky decomposition of the mixed kernel, or the farthest
    points by its distance, :math:`d^2 = \kappa(i, i) + \kappa(j, j) - 2 \kappa(i, j)`. The w
    minimise

    .. math:: \sum_A \frac{(\hat E_A - E_A)^2}{noise^2}
        + \sum_k \frac{|\hat F_k - F_k|^2}{force\_noise^2} + \frac{w^T K_{TT} w}{noise^2}

    (projected process: Rasmussen, Williams, Gaussian Processes for Machine Learning, 8.3.4), by QR
    decompositions of rows as they come. A prediction costs M kernels for each atom.

    :param kernel: of invariants
    :param n_sparse: M, for each type; all environments there are, where there are fewer
    :param selection: of representatives, ``"cholesky"`` or ``"fps"``
    :param ridge: how orders are weighed, with the noise of energies, eV; None: as
        :class:`WignerModel`
    :param force_noise: of forces, eV/Å
    :param seed: of the random environments among which representatives are chosen
    """

    def __init__(
        self,
        kernel: WignerKernel,
        *,
        n_sparse: int,
        selection: Selection = "cholesky",
        ridge: NuKernelRidge | None = None,
        force_noise: float = KCAL_PER_MOL,
        seed: int = 0,
    ) -> None:
        if ridge is None:
            ridge = NuKernelRidge(ExponentialMixing(kernel.nu_max), noise=KCAL_PER_MOL)
        if not (isinstance(n_sparse, int) and n_sparse >= 1 and force_noise > 0):
            raise ValueError(
                f"SparseWignerModel(n_sparse={n_sparse!r}, force_noise={force_noise}): both have "
                "to be above zero, the first a whole number."
            )
        if selection not in get_args(Selection):
            raise ValueError(
                f"SparseWignerModel(selection={selection!r}): choose one of {get_args(Selection)}."
            )
        super().__init__(kernel, ridge)
        self._n_sparse, self._selection = n_sparse, selection
        self._force_noise, self._seed = force_noise, seed
        self._fitted: _Fitted | None = None

    @property
    def composition(self) -> Composition:
        """Energy of each type of atom; the rest is learned by the kernel."""
        return self._found().composition

    @property
    def n_environments(self) -> dict[int, int]:
        """How many representatives there are of each type."""
        return {a: len(rows) for a, rows in self._found().environments.items()}

    def fit(
        self,
        frames: Sequence[ase.Atoms],
        energies: ArrayLike,
        forces: Sequence[ArrayLike] | None = None,
        *,
        nu_weights: ArrayLike | None = None,
    ) -> Self:
        """
        Choose the representatives and fit to energies and, if given, forces.

        Shuffle the structures first: folds of the search are contiguous.

        :param energies: ``(structure,)`` eV
        :param forces: per structure ``(atom, 3)`` eV/Å
        :param nu_weights: of ν = 1 … nu_max, such as those that :class:`WignerModel` found; None:
            searched
        :raises ValueError: if shapes do not match, or a value is not finite
        """
        targets = checked_energies(energies, len(frames))
        components = None if forces is None else checked_forces(forces, frames)
        composition = Composition.fit(frames, targets)
        residual = targets - torch.from_numpy(composition.predict(frames))
        b = self._searched(frames, residual) if nu_weights is None else self._given(nu_weights)
        environments = representatives(
            self.kernel,
            frames,
            composition.atomic_types,
            b,
            n_sparse=self._n_sparse,
            selection=self._selection,
            seed=self._seed,
        )
        weights = self._solved(frames, residual, components, environments, b)
        self._fitted = _Fitted(composition, environments, weights, b)
        return self

    def predict(
        self, frames: Sequence[ase.Atoms], *, forces: bool = False, per_atom: bool = False
    ) -> Prediction:
        """
        Energies and, if asked for, forces and energies of atoms.

        :raises ValueError: if the model is not fitted, or a frame holds an unknown type
        """
        return predicted(self.potential(), frames, forces=forces, per_atom=per_atom)

    def potential(self) -> WignerPotential:
        """The energy as a differentiable module, for simulations and for export."""
        found = self._found()
        return WignerPotential(
            self.kernel,
            list(found.composition.atomic_types),
            list(found.environments.values()),
            list(found.weights.values()),
            found.nu_weights,
            found.composition.energies,
        )

    def save(self, path: str | Path) -> None:
        """
        Write the model with its kernel, representatives, units and versions.

        Nothing is pickled; the file appears complete or not at all.
        """
        found = self._found()
        arrays: dict[str, NDArray[Any]] = {
            "composition/atomic_types": np.array(found.composition.atomic_types, dtype=np.int64),
            "composition/energies": found.composition.energies.numpy(),
            "nu_weights": found.nu_weights.numpy(),
        }
        for a, rows in found.environments.items():
            arrays[f"environments/{a}"] = rows.numpy()
            arrays[f"weights/{a}"] = found.weights[a].numpy()
        own = {name: getattr(self, f"_{name}") for name in _OWN_HYPERS}
        write_model(path, {**self._header(), **own}, arrays)

    @classmethod
    def _options(cls, header: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments that only a sparse model has."""
        return {name: header[name] for name in _OWN_HYPERS}

    def _restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take from a file what a fit finds."""
        del header
        self._fitted = _Fitted.of_arrays(arrays)

    def _found(self) -> _Fitted:
        if self._fitted is None:
            raise ValueError("This SparseWignerModel is not fitted; call fit first.")
        return self._fitted

    def _searched(self, frames: Sequence[ase.Atoms], residual: Tensor) -> Tensor:
        """Weights of ν = 1 … nu_max by the error of cross-validation over the first structures."""
        kernels = self.kernel.matrices(list(frames[:_SEARCHED])).numpy()
        found = self._ridge.fit(kernels, residual[:_SEARCHED].numpy())
        return torch.tensor(found.weights[1:], dtype=torch.float64)

    def _given(self, nu_weights: ArrayLike) -> Tensor:
        """The same from the user."""
        weights = torch.as_tensor(np.array(nu_weights, dtype=np.float64))
        positive = bool((weights >= 0).all()) and bool(weights.any())
        if weights.shape != (self.kernel.nu_max,) or not positive:
            raise ValueError(
                f"SparseWignerModel.fit(nu_weights={nu_weights!r}): {self.kernel.nu_max} numbers "
                f"are due, of ν = 1 … {self.kernel.nu_max}, none below zero and not all zero."
            )
        return weights

    def _solved(
        self,
        frames: Sequence[ase.Atoms],
        residual: Tensor,
        components: Tensor | None,
        environments: dict[int, Tensor],
        nu_weights: Tensor,
    ) -> dict[int, Tensor]:
        """w by type, with ``components`` of forces if there are any."""
        kernels = [mixed_kernel(self.kernel, rows, nu_weights) for rows in environments.values()]
        factor = torch.block_diag(*(_factor(kernel) for kernel in kernels))
        fit = StreamedLeastSquares(len(factor))
        fit.add(factor, torch.zeros(len(factor), dtype=torch.float64))
        scale = self._ridge.noise / self._force_noise
        atom = 0
        for start, stop in cuts([len(frame) for frame in frames], _ATOMS):
            part = list(frames[start:stop])
            rows, slopes = environment_columns(
                self.kernel, part, environments, nu_weights, gradients=components is not None
            )
            fit.add(rows, residual[start:stop] / self._ridge.noise)
            if components is not None and slopes is not None:
                own = components[3 * atom : 3 * atom + len(slopes)]
                fit.add(-scale * slopes, own / self._force_noise)
            atom += sum(map(len, part))
        weights = (self._ridge.noise * fit.solve()).split([len(kernel) for kernel in kernels])
        return dict(zip(environments, weights, strict=True))


class _Fitted:
    """What a fit finds."""

    def __init__(
        self,
        composition: Composition,
        environments: dict[int, Tensor],
        weights: dict[int, Tensor],
        nu_weights: Tensor,
    ) -> None:
        self.composition, self.environments = composition, environments
        self.weights, self.nu_weights = weights, nu_weights

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> _Fitted:
        """From a file."""
        types = tuple(int(number) for number in arrays["composition/atomic_types"])
        energies = torch.from_numpy(arrays["composition/energies"])
        return cls(
            Composition(types, energies),
            {a: torch.from_numpy(arrays[f"environments/{a}"]) for a in types},
            {a: torch.from_numpy(arrays[f"weights/{a}"]) for a in types},
            torch.from_numpy(arrays["nu_weights"]),
        )


def _factor(kernel: Tensor) -> Tensor:
    """Upper triangular U with UᵀU equal to the kernel, but for what rounding may take."""
    jitter = _JITTER * float(kernel.diagonal().mean()) if len(kernel) else 0.0
    unity = torch.eye(len(kernel), dtype=kernel.dtype)
    return torch.linalg.cholesky(kernel + jitter * unity, upper=True)
