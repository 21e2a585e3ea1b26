"""What the models of energies and forces share: the fit, the prediction, the file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import ase
import numpy as np
import torch
from metatensor.torch import Labels
from numpy.typing import ArrayLike, NDArray

from rhobar.models.composition import Composition, checked_energies
from rhobar.models.environments import Chunk, Descriptor, EnvironmentFeatures
from rhobar.models.files import write_model
from rhobar.models.hypers import encoded, fitted_state, load_fitted_state
from rhobar.models.ridge import Ridge, RidgeSolution

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Prediction:
    """
    What a model says of structures.

    :param energies: ``(structure,)`` eV
    :param forces: per structure ``(atom, 3)`` eV/Å, minus the gradient of its energy; None if not
        asked for
    :param atomic_energies: per structure ``(atom,)`` eV, whose sum is its energy; None if not
        asked for
    """

    energies: NDArray[np.float64]
    forces: list[NDArray[np.float64]] | None = None
    atomic_energies: list[NDArray[np.float64]] | None = None


class EnergyModel(ABC):
    r"""
    Energy of a structure: a sum over its atoms of functions that are linear in the weights.

    .. math:: E(A) = \sum_{i \in A} \Big[ e_{a_i} + \sum_q w_{a_i q}\, \phi_{a_i q}(p_i) \Big]

    :math:`e_a` is the :class:`Composition` fit, :math:`p_i` the features of atom i; what
    :math:`\phi` is, each subclass says. The weights minimise, with the regulariser of
    :class:`Ridge`,

    .. math:: \frac{\langle (\hat E - E)^2 \rangle}{\langle E^2 \rangle}
              + \text{force\_weight}\,
                \frac{\langle (\hat F - F)^2 \rangle}{\langle F^2 \rangle}

    where E is counted from the composition fit, averages run over structures and over
    components of forces, and the second term is there when forces are given.
    """

    def __init__(
        self,
        descriptor: Descriptor,
        *,
        normalize: bool,
        solver: Ridge | None,
        force_weight: float = 1.0,
    ) -> None:
        if not force_weight > 0:
            raise ValueError(
                f"{type(self).__name__}: force_weight must be positive, got {force_weight}; to "
                "fit energies alone, give no forces."
            )
        self.force_weight = force_weight
        self.solver = Ridge() if solver is None else solver
        self._environments = EnvironmentFeatures(descriptor, normalize=normalize)
        self._composition: Composition | None = None
        self._weights: dict[int, torch.Tensor] | None = None  # by center type: (column,)
        self._solution: RidgeSolution | None = None

    @property
    def descriptor(self) -> Descriptor:
        """What makes the features."""
        return self._environments.descriptor

    @property
    def composition(self) -> Composition:
        """Energy of each type of atom; the rest is learned from the features."""
        return self._fitted(self._composition)

    @property
    def solution(self) -> RidgeSolution:
        """Which regulariser was chosen, and how the others did on the held-out structures."""
        return self._fitted(self._solution)

    def fit(
        self,
        frames: Sequence[ase.Atoms],
        energies: ArrayLike,
        forces: Sequence[ArrayLike] | None = None,
    ) -> Self:
        """
        Fit to energies and, if given, forces; the last structures choose the regulariser.

        :param energies: ``(structure,)`` eV
        :param forces: per structure ``(atom, 3)`` eV/Å. Takes the memory of 3 rows for each atom,
            beside one row for each structure, 8 bytes a column
        :raises ValueError: if shapes do not match, or a value is not finite
        """
        targets = checked_energies(energies, len(frames))
        components = None if forces is None else checked_forces(forces, frames)
        composition = Composition.fit(frames, targets)
        residual = targets - torch.from_numpy(composition.predict(frames))
        self._environments.properties = {}
        self._weights, self._solution = self._learn(frames, residual, components)
        self._composition = composition
        return self

    def predict(
        self, frames: Sequence[ase.Atoms], *, forces: bool = False, per_atom: bool = False
    ) -> Prediction:
        """
        Energies and, if asked for, forces and energies of atoms.

        Forces come from reverse-mode differentiation: the time of a few energies, the memory of
        one chunk of structures.

        :raises ValueError: if the model is not fitted, or a frame holds a type that no training
            structure had
        """
        composition = self.composition
        composition.predict(frames)  # refuses unknown types before the long work
        atomic: list[NDArray[np.float64]] = []
        slopes: list[NDArray[np.float64]] = []
        for chunk in self._environments.chunks(frames, differentiable=forces):
            values = self._atomic_energies(chunk)
            if forces:
                slopes += _minus_gradients(values, chunk.positions)
            atomic += [part.numpy() for part in values.detach().split(chunk.n_atoms)]
        atomic = [
            part + composition.atomic_energies(frame.numbers)
            for part, frame in zip(atomic, frames, strict=True)
        ]
        return Prediction(
            energies=np.array([part.sum() for part in atomic]),
            forces=slopes if forces else None,
            atomic_energies=atomic if per_atom else None,
        )

    def save(self, path: str | Path) -> None:
        """
        Write the model with its hyperparameters, units and versions; :func:`load_model` reads it.

        Nothing is pickled; the file appears complete or not at all.
        """
        composition, weights = self.composition, self._fitted(self._weights)
        arrays: dict[str, NDArray[Any]] = {
            "composition/atomic_types": np.array(composition.atomic_types, dtype=np.int64),
            "composition/energies": composition.energies.numpy(),
            "validation_rmse": np.array(self.solution.validation_rmse),
            **self._arrays(),
            **fitted_state(self.descriptor),
        }
        names: list[str] = []
        for number, properties in self._environments.properties.items():
            names = properties.names
            arrays[f"weights/{number}"] = weights[number].numpy()
            arrays[f"properties/{number}"] = properties.values.numpy()
        header = {
            "model": type(self).__name__,
            "descriptor": encoded(self.descriptor),
            "hypers": {**self._hypers(), "solver": asdict(self.solver)},
            "property_names": names,
            "regularizer": self.solution.regularizer,
        }
        write_model(path, header, arrays)

    def restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take from a file what a fit finds; for :func:`load_model`."""
        load_fitted_state(self.descriptor, arrays)
        self._composition = Composition(
            tuple(int(number) for number in arrays["composition/atomic_types"]),
            torch.from_numpy(arrays["composition/energies"]),
        )
        self._weights = {}
        for name in arrays:
            kind, _, number = name.partition("/")
            if kind == "weights":
                self._weights[int(number)] = torch.from_numpy(arrays[name])
            elif kind == "properties":
                self._environments.properties[int(number)] = Labels(
                    header["property_names"], torch.from_numpy(arrays[name])
                )
        described = sorted(self._environments.properties)
        if sorted(self._weights) != described:
            raise ValueError(f"weights for types {sorted(self._weights)}, features for {described}")
        self._solution = RidgeSolution(
            weights=torch.cat(list(self._weights.values())),
            regularizer=float(header["regularizer"]),
            validation_rmse=tuple(arrays["validation_rmse"].tolist()),
        )

    def _atomic_energies(self, chunk: Chunk) -> torch.Tensor:
        """``(atom,)`` eV of all atoms of a chunk, without the composition's part."""
        first_atom = torch.cumsum(torch.tensor([0, *chunk.n_atoms]), dim=0)
        energies = torch.zeros(int(first_atom[-1]), dtype=torch.float64)
        for key, block in chunk.features.items():
            samples = block.samples
            atom = first_atom[samples.column("system").long()] + samples.column("atom").long()
            values = self._environment_energies(block.values, center_type=int(key[0]))
            energies = energies.index_add(0, atom, values)
        return energies

    def _weights_of(self, center_type: int) -> torch.Tensor:
        """``(column,)`` eV for the centers of one type."""
        return self._fitted(self._weights)[center_type]

    def _fitted(self, found: _Found | None) -> _Found:
        if found is None:
            raise ValueError(f"This {type(self).__name__} is not fitted; call fit first.")
        return found

    @abstractmethod
    def _learn(
        self, frames: Sequence[ase.Atoms], residual: torch.Tensor, forces: torch.Tensor | None
    ) -> tuple[dict[int, torch.Tensor], RidgeSolution]:
        """Weights by center type; ``residual`` is ``(structure,)``, ``forces`` flat."""

    @abstractmethod
    def _environment_energies(self, features: torch.Tensor, *, center_type: int) -> torch.Tensor:
        """``(environment,)`` eV from ``features`` ``(environment, feature)``, differentiable."""

    @abstractmethod
    def _hypers(self) -> dict[str, Any]:
        """The constructor's arguments but descriptor and solver, as JSON takes them."""

    def _arrays(self) -> dict[str, NDArray[Any]]:
        """What else a fit finds, for the file."""
        return {}


def _minus_gradients(
    energies: torch.Tensor, positions: list[torch.Tensor]
) -> list[NDArray[np.float64]]:
    """Forces, one array per structure; isolated atoms have zeros and need no graph."""
    if not energies.requires_grad:
        return [np.zeros(rows.shape) for rows in positions]
    gradients = torch.autograd.grad(energies.sum(), positions, materialize_grads=True)
    return [-gradient.numpy() for gradient in gradients]


def checked_forces(forces: Sequence[ArrayLike], frames: Sequence[ase.Atoms]) -> torch.Tensor:
    """All forces one after another, ``(atom * xyz,)``."""
    if len(forces) != len(frames):
        raise ValueError(
            f"Got forces of {len(forces)} structures for {len(frames)} structures; give an array "
            "(atom, 3) in eV/Å for each."
        )
    rows = []
    for index, (array, frame) in enumerate(zip(forces, frames, strict=True)):
        values = np.asarray(array, dtype=np.float64)
        if values.shape != (len(frame), 3) or not np.isfinite(values).all():
            raise ValueError(
                f"The forces of structure {index} must be finite and of shape ({len(frame)}, 3), "
                f"got shape {values.shape}; leave structures without complete forces out."
            )
        rows.append(values.reshape(-1))
    return torch.from_numpy(np.concatenate(rows))
