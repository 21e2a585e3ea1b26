"""Networks of distances on structures that they cannot tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import ase
import numpy as np
import torch
from numpy.typing import NDArray

from rhobar.counterexamples import Family, ThreePlanes, catalogue, presets
from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
from rhobar.math import Cutoff
from rhobar.models import DistanceGnn

Comparison = Literal["float64", "float32", "displaced", "angles"]

_LATTICES = ("x", "y", "z", "xy", "xyz")  # periodic axes
_DISPLACEMENT = 0.05  # Å
_SOAP: dict[str, Any] = {
    "cutoff": Cutoff(4.0, width=0.5),
    "l_max": 3,
    "radial": Gto(4),
    "density": Gaussian(0.3),
}


@dataclass(frozen=True)
class EnergyDifference:
    """One pair of structures and one network with random weights."""

    family: str
    pair: int
    """which draw of the family"""
    comparison: Comparison
    """
    ``float64``, ``float32``: both members, a network of distances in this precision;
    ``displaced``: a member and a copy with noise of 0.05 Å, the same network;
    ``angles``: both members, the network whose atoms start with their power spectrum
    """
    cutoff: float | None
    """of the network, Å"""
    seed: int
    """of its weights"""
    difference: float
    """|E₀ - E₁| / |E₀|"""


def distance_degenerate(n_draws: int, *, seed: int) -> list[tuple[str, Family]]:
    """
    Pairs that messages along distances confuse, by the name of their family.

    Of each such family the member of :func:`~rhobar.counterexamples.catalogue` and ``n_draws``
    random ones, random lattices along one to three axes, and all presets.
    """
    rng = np.random.default_rng(seed)
    families = [one for one in catalogue() if one.equal_for == "wl1"]
    found: list[tuple[str, Family]] = [(one.name, one) for one in families]
    for _ in range(n_draws):
        found += [(one.name, type(one).sample(rng)) for one in families]
        found += [
            (f"planes, periodic along {axes}", ThreePlanes.sample(rng, periodic=axes))
            for axes in _LATTICES
        ]
    return [*found, *presets().items()]


def energy_differences(
    families: Sequence[tuple[str, Family]],
    *,
    n_seeds: int,
    cutoffs: Sequence[float | None] = (None, 2.5),
) -> list[EnergyDifference]:
    """
    How far apart networks with random weights put the members of each pair, and three controls.

    A network of distances gives both one energy, to rounding. The controls say that this is no
    insensitivity: it answers to noise, and tells the members apart once its atoms know angles.

    :param families: by name, such as :func:`distance_degenerate` gives them
    :param n_seeds: networks for each cutoff
    :param cutoffs: Å; None: no cutoff, for the pairs that are not periodic
    """
    rng = np.random.default_rng(0)
    found = []
    for cutoff in cutoffs:
        chosen = [
            (place, name, family.pair())
            for place, (name, family) in enumerate(families)
            if cutoff is not None or not family.structure(+1).pbc.any()
        ]
        lower, upper = ([pair[label] for _, _, pair in chosen] for label in (0, 1))
        noisy = [_displaced(atoms, rng) for atoms in lower]
        for seed in range(n_seeds):
            differences = _differences([lower, upper, noisy], cutoff, seed)
            found += [
                EnergyDifference(name, place, comparison, cutoff, seed, float(value))
                for comparison in get_args(Comparison)
                for (place, name, _), value in zip(chosen, differences[comparison], strict=True)
            ]
    return found


def _differences(
    members: list[list[ase.Atoms]], cutoff: float | None, seed: int
) -> dict[Comparison, NDArray[np.float64]]:
    """Of each pair, for networks of one cutoff and seed."""
    frames = [atoms for group in members for atoms in group]
    types = sorted({int(number) for atoms in frames for number in atoms.numbers})
    network = DistanceGnn(types, cutoff=cutoff, seed=seed)
    knowing = DistanceGnn(
        types, cutoff=cutoff, seed=seed, descriptor=SoapPowerSpectrum(**_SOAP, atomic_types=types)
    )
    both = frames[: 2 * len(members[0])]
    lower, upper, noisy = _energies(network, frames, 3)
    angles = _energies(knowing, both, 2)
    single = _energies(network.to(torch.float32), both, 2)
    return {
        "float64": abs(upper - lower) / abs(lower),
        "float32": abs(single[1] - single[0]) / abs(single[0]),
        "displaced": abs(noisy - lower) / abs(lower),
        "angles": abs(angles[1] - angles[0]) / abs(angles[0]),
    }


def _energies(model: DistanceGnn, frames: list[ase.Atoms], groups: int) -> NDArray[np.float64]:
    values = model.compute(frames).block().values[:, 0]
    return np.asarray(values.double().reshape(groups, -1).numpy())


def _displaced(atoms: ase.Atoms, rng: np.random.Generator) -> ase.Atoms:
    copy = atoms.copy()
    copy.positions += _DISPLACEMENT * rng.standard_normal(copy.positions.shape)
    return copy
