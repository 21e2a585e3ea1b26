"""Descriptors and models whose verdicts are known: the rows of the expected table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ase
import numpy as np
import torch
from numpy.typing import NDArray

from rhobar.descriptors import (
    DensityCorrelations,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    Triplets,
)
from rhobar.math import Gaussian, Gto
from rhobar.models import DistanceGnn, TripletPool
from rhobar.systems import from_ase, neighbors_added

from .computed_target import ComputedTarget
from .readout import nonlinear_readout
from .target import AuditTarget, TargetTraits

Array = NDArray[np.float64]

_CUTOFF = 4.0  # Å
_NEIGHBORS = Gaussian(0.3, center_weight=0.0)  # correlations of neighbors alone
_N_NETWORKS = 4
_GAIN = 3.0
_TYPES = [1, 5, 6, 7, 8, 9, 16]  # those of the families, for networks, which have to declare them


def _pair_potential(traits: TargetTraits) -> AuditTarget:
    """Any sum over pairs of functions of their distance."""
    return ComputedTarget(_radial(), traits, readout="linear")


def _nu1(traits: TargetTraits) -> AuditTarget:
    return ComputedTarget(_radial(), traits, readout="nonlinear")


def _nu2(traits: TargetTraits) -> AuditTarget:
    soap = SoapPowerSpectrum(_CUTOFF, l_max=4, radial=Gto(4), density=_NEIGHBORS)
    return ComputedTarget(soap, traits, readout="nonlinear")


def _nu3(traits: TargetTraits) -> AuditTarget:
    correlations = DensityCorrelations(
        _CUTOFF, nu=3, l_max=3, radial=Gto(3), density=_NEIGHBORS, pseudotensors=False
    )
    return ComputedTarget(correlations, traits, readout="nonlinear")


def _radial() -> SoapRadialSpectrum:
    return SoapRadialSpectrum(_CUTOFF, radial=Gto(8), density=_NEIGHBORS)


def _triplets(traits: TargetTraits) -> AuditTarget:
    return ComputedTarget(TripletPool(_tagged(), widths=(64,)), traits, readout="nonlinear")


def _linear_triplets(traits: TargetTraits) -> AuditTarget:
    """Triplets of a center summed as they are, which makes correlations of three neighbors."""
    return ComputedTarget(_tagged(), traits, readout="nonlinear")


def _tagged() -> Triplets:
    return Triplets(
        _CUTOFF, l_max=3, radial=Gto(4), density=_NEIGHBORS, channels=12, atomic_types=_TYPES
    )


def _distance_gnn(traits: TargetTraits) -> AuditTarget:
    return NetworksTarget(_networks(), traits, star=False)


def _star_gnn(traits: TargetTraits) -> AuditTarget:
    return NetworksTarget(_networks(), traits, star=True)


def _networks() -> list[DistanceGnn]:
    """Random weights, larger than networks start with, so that nothing is nearly linear."""
    networks = [
        DistanceGnn(_TYPES, cutoff=_CUTOFF, r_max=_CUTOFF, hidden=32, layers=3, seed=seed)
        for seed in range(_N_NETWORKS)
    ]
    with torch.no_grad():
        for network in networks:
            for weights in network.parameters():
                weights.mul_(_GAIN)
    return networks


class NetworksTarget(AuditTarget):
    """
    What the atoms of some distance networks contribute, through a nonlinear readout.

    With random weights: what these do not separate no weights can. On the graph of all atoms, or
    on stars: there each atom in turn is the center, without edges between its neighbors, so that
    messages know what ν = 1 knows, the distances from one center.

    :param networks: pass messages along distances within one cutoff; a feature each
    :param star: whether graphs are stars
    """

    def __init__(
        self, networks: Sequence[DistanceGnn], traits: TargetTraits, *, star: bool
    ) -> None:
        super().__init__(
            TargetTraits(
                traits.name,
                cutoff=networks[0].cutoff,
                atomic_types=tuple(networks[0].types.tolist()),
                dtype=traits.dtype,
                by_center=star,
            )
        )
        self.networks = [network.to(getattr(torch, traits.dtype)) for network in networks]
        self.star = star

    def structure_rows(self, frames: Sequence[ase.Atoms]) -> Array:
        """The atoms of each structure, or the centers of all its stars."""
        frame = np.repeat(np.arange(len(frames)), [len(atoms) for atoms in frames])
        if self.star:
            centers = [center for atoms in frames for center in range(len(atoms))]
            atomic = self.center_rows([frames[int(k)] for k in frame], centers)
        else:
            atomic = self._atomic(self._graphs(frames))
        return nonlinear_readout(atomic, frame, len(frames))

    def center_rows(self, frames: Sequence[ase.Atoms], centers: Sequence[int]) -> Array:
        """What one atom contributes that hears its neighbors, who hear it alone."""
        graphs = self._graphs(frames)
        first = np.cumsum([0, *(len(atoms) for atoms in frames[:-1])])
        chosen = torch.from_numpy(first + np.asarray(centers))
        is_center = torch.zeros(len(graphs.types), dtype=torch.bool)
        is_center[chosen] = True
        kept = is_center[graphs.center] | is_center[graphs.neighbor]
        star = graphs._replace(
            center=graphs.center[kept],
            neighbor=graphs.neighbor[kept],
            distances=graphs.distances[kept],
        )
        return self._atomic(star)[chosen.numpy()]

    def _atomic(self, graphs: Any) -> Array:
        """``(atom, network)``"""
        with torch.no_grad():
            columns = [network.atomic_energies(graphs) for network in self.networks]
        return np.asarray(torch.stack(columns, dim=1).double().numpy())

    def _graphs(self, frames: Sequence[ase.Atoms]) -> Any:
        dtype = getattr(torch, self.traits.dtype)
        systems = [from_ase(atoms, dtype=dtype) for atoms in frames]
        (options,) = self.networks[0].requested_neighbor_lists()
        return self.networks[0].graphs(neighbors_added(systems, options.cutoff))


REFERENCE_MODELS: dict[str, Callable[[TargetTraits], AuditTarget]] = {
    "pair-potential": _pair_potential,
    "nu1": _nu1,
    "nu2": _nu2,
    "nu3": _nu3,
    "triplets": _triplets,
    "triplets-linear": _linear_triplets,
    "distance-gnn": _distance_gnn,
    "distance-gnn-star": _star_gnn,
}
"""models by the name of their row"""
