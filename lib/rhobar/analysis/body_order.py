"""Which interactions linear models of densities can hold: exact 2-, 3- and 4-body targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import ase
import numpy as np
import torch
from metatensor.torch import Labels

from rhobar.descriptors import Bispectrum, SoapPowerSpectrum, SoapRadialSpectrum
from rhobar.math import Cutoff, Dirac, Gto
from rhobar.models import Ridge

_CUTOFF = 4.0  # Å
_CUTOFF_WIDTH = 0.5  # Å
_CLOSEST = 0.8  # Å, of a neighbor to the center
_N_NEIGHBORS = 5
_CENTER_TYPE, _NEIGHBOR_TYPE = 6, 1

Model = Literal["nu1", "nu2", "nu3"]


@dataclass(frozen=True)
class BodyOrderError:
    """
    One fit.

    :param target: bodies of the target, 2, 3 or 4
    :param model: ``"nu1"``, linear in the radial spectrum, ``"nu2"``, in the power spectrum beside
        it, ``"nu3"``, in the bispectrum as well: the density correlations of up to ν neighbors
    :param size: number of radial functions, and highest l
    :param relative_rmse: error over test environments / standard deviation of the target there
    """

    target: int
    model: Model
    size: int
    relative_rmse: float


def body_order_errors(
    sizes: Sequence[int], *, largest_bispectrum: int, n_train: int, n_test: int, seed: int
) -> list[BodyOrderError]:
    """
    Test errors of linear models of each correlation order on targets of each body order.

    With points for atoms, a model linear in the correlations of up to ν neighbors is a potential
    of up to ν + 1 bodies and, with a complete basis, any such potential (Drautz, Phys. Rev. B 99,
    014104 (2019), doi:10.1103/PhysRevB.99.014104; Nigam, Pozdnyakov, Ceriotti, J. Chem. Phys. 153,
    121101 (2020), doi:10.1063/5.0021116). So the errors fall with ``sizes`` up to ν + 1 bodies
    and stay beyond. Features are not normalised, which would mix body orders.

    :param sizes: of the basis; size k has k radial functions and l up to k
    :param largest_bispectrum: the largest size with three neighbors, whose features grow with the
        sixth power of the size
    """
    environments = random_environments(n_train + n_test, seed=seed)
    targets = many_body_energies(environments)
    errors = []
    for size in sizes:
        parts = []
        for nu, model in enumerate(get_args(Model), start=1):
            if nu == 3 and size > largest_bispectrum:
                break
            rows = _features(environments, nu, size)
            parts.append(rows / rows.norm())
            features = torch.cat(parts, dim=1)
            for target, energies in targets.items():
                error = _relative_rmse(features, energies, n_train)
                errors.append(BodyOrderError(target, model, size, error))
    return errors


def random_environments(n_environments: int, *, seed: int) -> list[ase.Atoms]:
    """
    Random environments of five neighbors within 4 Å, the center first.

    Directions are uniform on the sphere, distances between 0.8 and 4 Å, so that near and far
    neighbors are sampled alike. The center is of type 6, the neighbors of type 1.
    """
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(n_environments, _N_NEIGHBORS, 3))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    vectors *= random.uniform(_CLOSEST, _CUTOFF, size=(n_environments, _N_NEIGHBORS, 1))
    numbers = [_CENTER_TYPE, *[_NEIGHBOR_TYPE] * _N_NEIGHBORS]
    return [ase.Atoms(numbers, np.vstack([np.zeros(3), rows])) for rows in vectors]


def many_body_energies(environments: Sequence[ase.Atoms]) -> dict[int, torch.Tensor]:
    r"""
    Smooth potentials of exactly 2, 3 and 4 bodies, by their number of bodies.

    .. math::
        E_2 = \sum_j g_j \sin 2 r_j, \quad
        E_3 = \sum_{jk} g_j g_k (\hat r_j \cdot \hat r_k - 0.3)^2, \quad
        E_4 = \sum_{jkl} g_j g_k g_l\, [\hat r_j \cdot (\hat r_k \times \hat r_l)]^2

    with :math:`g_j = e^{-r_j} f_c(r_j)`, lengths in Å, :math:`f_c` that of :class:`Cutoff` with
    4 Å and 0.5 Å. Sums include equal indices.

    :param environments: of :func:`random_environments`
    :return: ``(environment,)`` each, without units
    """
    vectors = torch.from_numpy(np.array([atoms.positions[1:] for atoms in environments]))
    r = vectors.norm(dim=-1)  # (environment, j)
    direction = vectors / r[..., None]
    g = torch.exp(-r) * Cutoff(_CUTOFF, width=_CUTOFF_WIDTH)(r)
    cosine = direction @ direction.transpose(1, 2)
    normal = torch.linalg.cross(direction[:, :, None, :], direction[:, None, :, :])
    volume = torch.einsum("ejx,eklx->ejkl", direction, normal)
    return {
        2: (g * torch.sin(2.0 * r)).sum(dim=1),
        3: torch.einsum("ej,ek,ejk->e", g, g, (cosine - 0.3) ** 2),
        4: torch.einsum("ej,ek,el,ejkl->e", g, g, g, volume**2),
    }


def _features(environments: Sequence[ase.Atoms], nu: int, size: int) -> torch.Tensor:
    """Correlations of ``nu`` neighbors of each center, ``(environment, feature)``."""
    hypers: dict[str, Any] = {
        "radial": Gto(size),
        "density": Dirac(),
        "atomic_types": sorted([_CENTER_TYPE, _NEIGHBOR_TYPE]),
        "pseudo_species": torch.tensor([[1.0, 0.0]], dtype=torch.float64),  # neighbors alone
    }
    cutoff = Cutoff(_CUTOFF, width=_CUTOFF_WIDTH)
    descriptor: torch.nn.Module
    if nu == 1:
        descriptor, names = SoapRadialSpectrum(cutoff, **hypers), ["neighbor_type"]
    elif nu == 2:
        descriptor = SoapPowerSpectrum(cutoff, l_max=size, **hypers)
        names = ["neighbor_1_type", "neighbor_2_type"]
    else:
        descriptor, names = Bispectrum(cutoff, l_max=size, **hypers), []
    features = descriptor.compute(
        environments,
        selected_samples=Labels("atom", torch.tensor([[0]])),
        selected_keys=Labels(
            ["center_type", *names], torch.tensor([[_CENTER_TYPE, *[0] * len(names)]])
        ),
    )
    return features.block().values


def _relative_rmse(features: torch.Tensor, energies: torch.Tensor, n_train: int) -> float:
    """Root mean square error over the rows after ``n_train``, relative to their deviation."""
    weights = Ridge().fit(features[:n_train], energies[:n_train]).weights
    tested = energies[n_train:]
    error = features[n_train:] @ weights - tested
    return float(error.square().mean().sqrt() / tested.std(correction=0))
