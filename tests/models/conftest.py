"""Molecules whose energies and forces are those of a pair potential, and small models of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import ase
import numpy as np
import pytest
from ase.build import molecule
from numpy.typing import NDArray

from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum, SoapRadialSpectrum
from rhobar.models import EnergyModel, KernelModel, LinearModel, SparseKernelModel
from tests.structures import rattled

ATOMS = {1: -13.6, 6: -1030.0, 8: -2040.0}  # eV


@dataclass(frozen=True)
class Labelled:
    """Structures with their exact energies (eV) and forces (eV/Å)."""

    frames: list[ase.Atoms]
    energies: NDArray[np.float64]
    forces: list[NDArray[np.float64]]


def labelled(n_frames: int, seed: int) -> Labelled:
    """Rattled molecules in turn, labelled by free atoms and a Morse potential of all pairs."""
    names = ["CH4", "H2O", "CH3OH", "CH3CH2OH"]
    frames = [
        rattled(molecule(names[index % 4]), amplitude=0.1, seed=100 * seed + index)
        for index in range(n_frames)
    ]
    labels = [morse(frame) for frame in frames]
    return Labelled(
        frames, np.array([energy for energy, _ in labels]), [forces for _, forces in labels]
    )


def morse(frame: ase.Atoms) -> tuple[float, NDArray[np.float64]]:
    """Energy and forces of ``frame``: D [(1 - x)² - 1] with x = exp(-a (r - 1.2 Å)) for pairs."""
    energy, forces = sum(ATOMS[int(number)] for number in frame.numbers), np.zeros((len(frame), 3))
    for i in range(len(frame)):
        for j in range(i):
            vector = frame.positions[i] - frame.positions[j]
            distance = np.linalg.norm(vector)
            depth = 0.1 * np.sqrt(frame.numbers[i] * frame.numbers[j])
            x = np.exp(-1.5 * (distance - 1.2))
            energy += depth * ((1 - x) ** 2 - 1)
            slope = 2 * depth * (1 - x) * 1.5 * x
            forces[i] -= slope * vector / distance
            forces[j] += slope * vector / distance
    return energy, forces


def soap() -> SoapPowerSpectrum:
    return SoapPowerSpectrum(
        cutoff=5.0, l_max=2, radial=Gto(4), density=Gaussian(0.4), atomic_types=[1, 6, 8]
    )


def radial() -> SoapRadialSpectrum:
    return SoapRadialSpectrum(
        cutoff=5.0, radial=Gto(6), density=Gaussian(0.4), atomic_types=[1, 6, 8]
    )


MODELS: dict[str, Callable[[], EnergyModel]] = {
    "linear": lambda: LinearModel(soap()),
    "linear in distances": lambda: LinearModel(radial(), normalize=False),
    "kernel": lambda: KernelModel(soap()),
    "sparse kernel": lambda: SparseKernelModel(soap(), n_active=40),
}


@pytest.fixture(scope="session")
def training() -> Labelled:
    return labelled(80, seed=1)


@pytest.fixture(scope="session")
def testing() -> Labelled:
    return labelled(12, seed=2)


@pytest.fixture(scope="session", params=list(MODELS))
def fitted(request: pytest.FixtureRequest, training: Labelled) -> EnergyModel:
    """One model of each kind, fitted to energies; tests do not change it."""
    return MODELS[request.param]().fit(training.frames, training.energies)
