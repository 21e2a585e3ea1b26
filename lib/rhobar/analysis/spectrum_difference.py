"""How far the invariants of two structures are apart."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import ase
import torch
from metatensor.torch import Labels

from rhobar.descriptors import (
    DensityCorrelations,
    Gaussian,
    Gto,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
)

_SMEARING = 0.3  # Å


def spectrum_difference(
    first: ase.Atoms, second: ase.Atoms, *, nu: int, cutoff: float, center: int | None = None
) -> float:
    """
    Distance between the correlations of ``nu`` neighbors of two structures, over their length.

    Features are those of the density of neighbors alone, of both parities, in a small basis: a
    difference in one basis is one in all, and what is equal is so in any.

    :param nu: 1 to 4
    :param cutoff: Å
    :param center: an atom whose features are compared; None: their sums over all atoms
    :raises ValueError: for another ``nu``

    >>> from rhobar.counterexamples import ThreeBodyPair
    >>> pair = ThreeBodyPair().pair()
    >>> [spectrum_difference(*pair, nu=nu, cutoff=4.0, center=0) > 1e-10 for nu in (1, 2, 3)]
    [False, False, True]
    """
    descriptor = _correlations(nu, cutoff, tuple(sorted(set(first.numbers.tolist()))))
    selected = None if center is None else Labels("atom", torch.tensor([[center]]))
    one, two = (
        torch.cat([block.values.sum(dim=0).flatten() for block in features.blocks()])
        for features in (
            descriptor.compute(atoms, selected_samples=selected) for atoms in (first, second)
        )
    )
    return float((one - two).norm() / one.norm())


@lru_cache
def _correlations(nu: int, cutoff: float, types: tuple[int, ...]) -> Any:
    shared: dict[str, Any] = {
        "density": Gaussian(_SMEARING, center_weight=0.0),
        "atomic_types": list(types),
    }
    if nu == 1:
        return SoapRadialSpectrum(cutoff, radial=Gto(4), **shared)
    if nu == 2:
        return SoapPowerSpectrum(cutoff, l_max=4, radial=Gto(4), **shared)
    if nu not in (3, 4):
        raise ValueError(f"nu = {nu}: correlations of 1 to 4 neighbors are compared.")
    return DensityCorrelations(cutoff, nu=nu, l_max=3, radial=Gto(5 - nu), **shared)
