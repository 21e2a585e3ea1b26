"""
The structures of all tests: small, without accidental symmetry, built alike in every checkout.

Lengths in Å. Each function builds a new object, so that a test may change what it gets.
"""

from __future__ import annotations

import ase
import ase.build
import numpy as np


def rattled(atoms: ase.Atoms, *, amplitude: float, seed: int) -> ase.Atoms:
    """``atoms`` with normal random displacements of ``amplitude`` added to each coordinate."""
    generator = np.random.default_rng(seed)
    atoms.positions += amplitude * generator.standard_normal(atoms.positions.shape)
    return atoms


def methane() -> ase.Atoms:
    """CH4, five atoms of two types, displaced so that no two distances agree."""
    return rattled(ase.build.molecule("CH4"), amplitude=0.05, seed=1)


def ethanol() -> ase.Atoms:
    """C2H6O, nine atoms of three types, displaced by a tenth of an Å."""
    return rattled(ase.build.molecule("CH3CH2OH"), amplitude=0.1, seed=2)


def isolated(symbol: str = "C") -> ase.Atoms:
    """One atom, nothing around it."""
    return ase.Atoms(symbol, positions=[[0.3, -0.2, 0.1]])


def no_atoms() -> ase.Atoms:
    """An empty structure."""
    return ase.Atoms()


def apart() -> ase.Atoms:
    """An OH pair and, beyond every cutoff used here, a lone hydrogen: types without neighbors."""
    return ase.Atoms("OHH", positions=[[0.0, 0.1, 0.2], [0.5, 0.6, 0.9], [40.0, 41.0, 39.0]])


def fcc_one_atom() -> ase.Atoms:
    """Primitive cell of aluminium, edges 2.86 Å: every neighbor is an image of the one atom."""
    return ase.build.bulk("Al", "fcc", a=4.05)


def rock_salt() -> ase.Atoms:
    """Two atoms in a triclinic cell, both displaced; images closer than any cutoff used here."""
    atoms = ase.build.bulk("NaCl", "rocksalt", a=5.64)
    strained = np.array([[1.0, 0.05, 0.0], [0.02, 1.0, 0.03], [0.0, 0.0, 1.04]])
    atoms.set_cell(atoms.cell.array @ strained, scale_atoms=True)
    return rattled(atoms, amplitude=0.1, seed=3)


def slab() -> ase.Atoms:
    """Two layers of copper and an OH on top: periodic in two directions only."""
    atoms = ase.build.fcc111("Cu", size=(1, 1, 2), a=3.61, vacuum=None)
    atoms.set_cell([*atoms.cell.array[:2], [0.0, 0.0, 0.0]])
    atoms += ase.Atoms("OH", positions=[[0.4, 0.2, 3.7], [1.0, 0.7, 4.2]])
    atoms.pbc = [True, True, False]
    return rattled(atoms, amplitude=0.05, seed=4)


def water_box(molecules_per_edge: int = 4) -> ase.Atoms:
    """
    Periodic water at the density of the liquid, 3.105 Å a molecule along each edge.

    Four molecules an edge give 192 atoms in a cube of 12.42 Å: as many, as dense as the frames of
    the data mirror, of which this is the twin. Molecules stand on a displaced grid, turned at
    random.
    """
    generator = np.random.default_rng(5)
    spacing = 3.105
    water = ase.build.molecule("H2O")
    box = ase.Atoms(cell=3 * [spacing * molecules_per_edge], pbc=True)
    for index in np.ndindex(3 * (molecules_per_edge,)):
        copy = water.copy()
        copy.rotate(generator.uniform(0, 360), generator.standard_normal(3), center="COM")
        copy.positions += spacing * (np.array(index) + 0.5) - copy.get_center_of_mass()
        copy.positions += generator.uniform(-0.25, 0.25, 3)
        box += rattled(copy, amplitude=0.02, seed=int(generator.integers(2**31)))
    return box


def alloy(repeats: int = 2) -> ase.Atoms:
    """
    Cr, Mn, Fe, Co, Ni at random on ``4 · repeats³`` displaced fcc sites, cell of 3.6 Å · repeats.

    Five types and a periodic cell: the twin of a high-entropy alloy frame of the data mirror.
    """
    generator = np.random.default_rng(6)
    atoms = ase.build.bulk("Fe", "fcc", a=3.6, cubic=True).repeat(repeats)
    types = np.resize([24, 25, 26, 27, 28], len(atoms))
    atoms.numbers = generator.permutation(types)
    return rattled(atoms, amplitude=0.1, seed=7)


def everything() -> list[ase.Atoms]:
    """One of each kind: molecules, periodic in 3 and 2 directions, lone atoms, no atoms."""
    return [
        methane(),
        ethanol(),
        isolated(),
        no_atoms(),
        apart(),
        fcc_one_atom(),
        rock_salt(),
        slab(),
    ]
