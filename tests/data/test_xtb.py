"""Semiempirical energies: periodic directions, failures by name."""

from __future__ import annotations

import ase
import ase.build
import numpy as np
import pytest

from rhobar.data import xtb_energies


def test_what_does_not_repeat_is_kept_apart() -> None:
    """Molecules 25 Å apart along a chain, and in a lattice, have the energy of one."""
    lone = ase.build.molecule("H2O")
    chain, lattice = lone.copy(), lone.copy()
    chain.set_cell([0, 0, 25])
    chain.pbc = [False, False, True]
    lattice.set_cell([25, 25, 25])
    lattice.pbc = True
    before = chain.copy()
    energies = xtb_energies([lone, chain, lattice])
    np.testing.assert_allclose(energies, energies[0], rtol=0, atol=1e-3)
    assert energies[0] < -100  # eV, a total energy
    assert chain == before


def test_images_are_heard() -> None:
    near = ase.Atoms("H2", [[0, 0, 0], [0.75, 0, 0]], cell=[2.0, 0, 0], pbc=[True, False, False])
    far = near.copy()
    far.set_cell([9.0, 0, 0])
    energies = xtb_energies([near, far])
    assert abs(energies[1] - energies[0]) > 0.1


def test_failures_name_the_frame() -> None:
    uranium = ase.Atoms("U2", [[0, 0, 0], [2, 0, 0]])
    with pytest.raises(ValueError, match=r"frame 1, U2: GFN1-xTB failed .*leave it out"):
        xtb_energies([ase.Atoms("H2", [[0, 0, 0], [0.75, 0, 0]]), uranium])
