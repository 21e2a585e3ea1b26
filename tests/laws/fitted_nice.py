"""The fitted descriptor of the suites: NICE with components of every order and symmetry."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable

import ase
import numpy as np

from rhobar.descriptors import Cutoff, Expansion, Gaussian, Gto, Nice, NiceBlock, Willatt
from tests import structures

CUTOFF = Cutoff(3.2, width=0.6)
SMEARED = Gaussian(0.4, center_weight=0.7, scaling=Willatt(scale=2.0, rate=1.5, exponent=3.0))
# few components, of large variance: small ones are what rounding spoils, in float32 above all
FEW = Expansion(30, max_take=2, max_components=3)
BLOCKS = [NiceBlock(FEW, FEW), NiceBlock(None, FEW)]


def small_nice(atomic_types: list[int] | None = None) -> Nice:
    """NICE fitted to the training frames that hold none but ``atomic_types``."""
    return copy.deepcopy(_fitted(None if atomic_types is None else tuple(atomic_types)))


def unfitted_nice(atomic_types: list[int] | None = None) -> Nice:
    """The same before the fit."""
    return Nice(
        cutoff=CUTOFF,
        l_max=2,
        radial=Gto(2),
        density=SMEARED,
        nu_max=3,
        blocks=BLOCKS,
        atomic_types=atomic_types,
    )


@functools.cache
def _fitted(atomic_types: tuple[int, ...] | None) -> Nice:
    types = None if atomic_types is None else list(atomic_types)
    frames = training_frames()
    if types is not None:
        frames = [frame for frame in frames if set(frame.numbers) <= set(types)]
    return unfitted_nice(types).fit(frames)


def training_frames() -> list[ase.Atoms]:
    """Displaced copies of the structures of all tests, and what their cutoff tests are about."""
    builders: list[Callable[[], ase.Atoms]] = [
        structures.methane,
        structures.ethanol,
        structures.rock_salt,
        structures.slab,
        structures.fcc_one_atom,
        _nitrogen_near_carbon_monoxide,
    ]
    frames = [structures.isolated(), structures.apart()]
    for seed in range(6):
        for build in builders:
            frame = structures.rattled(build(), amplitude=0.15, seed=seed)
            strain = np.random.default_rng(seed).uniform(-0.05, 0.05, (3, 3))
            frame.set_cell(frame.cell.array @ (np.eye(3) + strain), scale_atoms=True)
            frames.append(frame)
    return frames


def _nitrogen_near_carbon_monoxide() -> ase.Atoms:
    return ase.Atoms("CON", positions=[[0.0, 0.0, 0.0], [1.1, 0.1, 0.2], [-1.2, 1.6, 0.0]])
