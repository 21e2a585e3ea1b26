"""A store of kernels of small structures; a module of its own, so that a process can import it."""

from __future__ import annotations

import time
from pathlib import Path

import ase

from rhobar.kernels import KernelStore, WignerDensity, WignerKernel
from tests import structures

DENSITY = WignerDensity(cutoff=3.0, l_max=2, n_radial=4, smearing=0.4, smearing_rate=0.2)


def frames(count: int = 11) -> list[ase.Atoms]:
    """Molecules and lone atoms, of types that not all chunks have."""
    builders = [structures.methane, structures.isolated, structures.apart, structures.ethanol]
    return [
        structures.rattled(builders[k % 4](), amplitude=0.1, seed=100 + k) for k in range(count)
    ]


def store(folder: Path, engine: str = "cg", chunk: int = 4) -> KernelStore:
    return KernelStore.of(folder, WignerKernel(DENSITY, engine=engine), frames(), chunk=chunk)


def endless(folder: Path) -> None:
    """Compute chunk after chunk, slowly enough to be killed in between."""
    computing = store(folder, chunk=2)
    for i, j in computing.missing():
        computing.compute(i, j)
        time.sleep(0.2)
