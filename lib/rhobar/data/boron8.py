"""Pairs of B8 clusters that differ only beyond four-body correlations, labelled alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhobar.data.grid_orbitals import keep_orbitals_on_grid
from rhobar.data.units import HARTREE

if TYPE_CHECKING:
    from pyscf.dft.rks import RKS

METHOD = (
    "RKS PBE/cc-pVDZ, density fitting cc-pvdz-jkfit, grid level 1, conv_tol 1e-7, Fermi smearing "
    "of 0.01 Hartree, energy e_free"
)
NOT_CONVERGED = "SCF of a pair not converged in 50 cycles"

_FUNCTIONAL = "pbe"
_BASIS = "cc-pvdz"
_AUXILIARY_BASIS = "cc-pvdz-jkfit"
_GRID_LEVEL = 1
_CONV_TOL = 1e-7  # Hartree
_SMEARING = 0.01  # Hartree


@dataclass(frozen=True)
class Boron8Chunks:
    """
    A reproducible stream of labelled pairs of B8 clusters, in chunks of equal numbers of pairs.

    Chunk k depends on ``seed``, ``tries``, ``sample`` and k alone.

    :param seed: of the whole set; chunk k draws from ``SeedSequence((seed, k))``
    :param tries: pairs per chunk; one whose members do not both converge is left out
    :param sample: draws that many pairs, ``(pair, 2, 8, 3)`` in Å, such as
        ``rhobar.counterexamples.sample_boron8``
    """

    seed: int
    tries: int
    sample: Callable[[np.random.Generator, int], NDArray[np.float64]]

    @property
    def settings(self) -> dict[str, Any]:
        """All that a chunk depends on beside its number, if ``sample`` stays what it is."""
        return {"set": "b8", "seed": self.seed, "tries": self.tries, "method": METHOD}

    @property
    def n_chunks(self) -> None:
        """There are always more."""
        return

    @property
    def description(self) -> dict[str, Any]:
        """What the provenance says of the set."""
        return {
            "content": "pairs of B8 clusters with equal correlations of three neighbors of the "
            "first atom; structures 2k and 2k + 1 are a pair; energies (eV)",
            "sampling": "rhobar.counterexamples.RingPair.sample: ring radius and height 0.5 … 2 Å, "
            "cap 1.5 … 1.8 Å, turn 0 … 180°, arcs 30 … 180°; center to others 1.5 … 1.8 Å, all "
            "distances above 1.2 Å, arcs that differ by more than 5°, sine of the turn above 0.1",
            "method": METHOD,
            "left_out": "pairs of which one member does not converge in 50 cycles",
            "packages": ["pyscf"],
        }

    def __call__(self, chunk: int) -> dict[str, NDArray[Any]]:
        """
        Sample and label chunk number ``chunk``.

        :return: ``positions`` ``(structure, atom, 3)`` in Å, not rounded since that would lift the
            degeneracy, and ``energy`` ``(structure,)`` in eV, the two members of each pair one
            after the other; ``dropped/REASON`` ``()``, the number of structures left out for it
        """
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, chunk)))
        positions = self.sample(rng, self.tries)  # (pair, member, atom, 3)
        labels = [[label_boron8(member) for member in pair] for pair in positions]
        accepted = [index for index, pair in enumerate(labels) if None not in pair]
        return {
            "positions": positions[accepted].reshape(-1, *positions.shape[2:]),
            "energy": np.array([labels[index] for index in accepted], dtype=np.float64).ravel(),
            f"dropped/{NOT_CONVERGED}": np.array(2 * (self.tries - len(accepted))),
        }


def label_boron8(positions: NDArray[np.float64]) -> float | None:
    """
    Free electronic energy of one B8 cluster; None where 50 cycles do not converge.

    The level is that of the published set (Nigam, Pozdnyakov, Huguenin-Dumittan, Ceriotti, APL
    Mach. Learn. 2, 016110 (2024), doi:10.1063/5.0160740) but for its finer grid, level 5: energies
    differ by some meV, those between the members of a pair by less.

    :param positions: ``(atom, 3)``, Å
    :return: eV, rounded to 1e-6
    """
    field = boron8_field(positions)
    field.kernel()
    return round(float(field.e_free) * HARTREE, 6) if field.converged else None


def boron8_field(positions: NDArray[np.float64]) -> RKS:
    """The PySCF calculation of :func:`label_boron8`, not yet run."""
    try:
        from pyscf import dft, gto, lib
    except ImportError as error:
        raise ImportError(
            'labelling B8 needs PySCF; install it by pip install "rhobar[reference-data]".'
        ) from error
    lib.num_threads(1)  # chunks run side by side instead
    atoms = [("B", tuple(place)) for place in positions]
    molecule = gto.M(atom=atoms, basis=_BASIS, unit="Angstrom", verbose=0)
    field = dft.RKS(molecule, xc=_FUNCTIONAL).density_fit(auxbasis=_AUXILIARY_BASIS)
    field.grids.level = _GRID_LEVEL
    field.conv_tol = _CONV_TOL
    field.chkfile = None
    keep_orbitals_on_grid(field)
    return field.smearing(sigma=_SMEARING, method="fermi")
