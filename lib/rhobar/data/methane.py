"""Random methane: five atoms anywhere within 3 Å, labelled by a density functional."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rhobar.data.grid_orbitals import keep_orbitals_on_grid
from rhobar.data.units import BOHR, HARTREE, MICRO

if TYPE_CHECKING:
    from pyscf.dft.rks import RKS

RADIUS = 3.0  # Å, of the sphere about C that holds H
SHORTEST_DISTANCE = 0.5  # Å, between any two atoms
NUMBERS = (6, 1, 1, 1, 1)
METHOD = (
    "RKS PBE/cc-pVDZ, density fitting cc-pvdz-jkfit, grid level 3, PySCF defaults; kept where the "
    "SCF cycles converge, whatever PySCF's check after the last cycle says"
)
NOT_CONVERGED = "SCF not converged in 50 cycles"

_FUNCTIONAL = "pbe"
_BASIS = "cc-pvdz"
_AUXILIARY_BASIS = "cc-pvdz-jkfit"
_GRID_LEVEL = 3


@dataclass(frozen=True)
class MethaneChunks:
    """
    A reproducible stream of labelled random methane, in chunks of equal numbers of tries.

    Chunk k depends on ``seed``, ``tries`` and k alone, so that chunks can be made in any order, by
    any number of processes, and made again.

    :param seed: of the whole set; chunk k draws from ``SeedSequence((seed, k))``
    :param tries: geometries per chunk; about 40 % of them are accepted
    """

    seed: int
    tries: int

    @property
    def settings(self) -> dict[str, Any]:
        """All that a chunk depends on beside its number."""
        return {"set": "methane", "seed": self.seed, "tries": self.tries, "method": METHOD}

    @property
    def n_chunks(self) -> None:
        """There are always more."""
        return

    @property
    def description(self) -> dict[str, Any]:
        """What the provenance says of the set."""
        return {
            "content": "random CH4 with energies (eV) and forces (eV/Å)",
            "sampling": f"H uniform in a sphere of {RADIUS} Å about C, all distances above "
            f"{SHORTEST_DISTANCE} Å, positions rounded to 1e-6 Å before labelling",
            "method": METHOD,
            "left_out": "what the SCF does not converge in 50 cycles, without rescue",
            "packages": ["pyscf"],
        }

    def __call__(self, chunk: int) -> dict[str, NDArray[Any]]:
        """
        Sample and label chunk number ``chunk``.

        :return: ``positions`` ``(frame, atom, 3)`` int32 in 1e-6 Å, ``energy`` ``(frame,)`` in eV,
            ``forces`` ``(frame, atom, 3)`` in eV/Å, of the accepted tries in order;
            ``dropped/REASON`` ``()``, the number of tries left out for it
        """
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, chunk)))
        positions = sample_methane(rng, self.tries)
        labels = [label_methane(frame) for frame in positions]
        accepted = [index for index, label in enumerate(labels) if label is not None]
        kept = [label for label in labels if label is not None]
        return {
            "positions": np.rint(positions[accepted] / MICRO).astype(np.int32),
            "energy": np.array([energy for energy, _ in kept], dtype=np.float64),
            "forces": np.array([forces for _, forces in kept]).reshape(-1, len(NUMBERS), 3),
            f"dropped/{NOT_CONVERGED}": np.array(self.tries - len(kept)),
        }


def sample_methane(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """
    Random positions of C and four H: H uniform in a sphere of 3 Å about C.

    Geometries with a distance of 0.5 Å or less between any two atoms are drawn again. This is the
    sampling of the random methane set, Pozdnyakov, Willatt, Ceriotti, Materials Cloud Archive
    2020.110, doi:10.24435/materialscloud:qy-dp; there, too, only converged ones were published,
    which makes the published distances shorter on average than those sampled here.

    :return: ``(count, atom, 3)``, Å, whole multiples of 1e-6 Å; the first atom is C, at the origin
    """
    found: list[NDArray[np.float64]] = []
    while len(found) < count:
        direction = rng.normal(size=(4, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        radius = RADIUS * np.cbrt(rng.random((4, 1)))
        positions = np.concatenate([np.zeros((1, 3)), radius * direction])  # (atom, 3)
        positions = np.rint(positions / MICRO) * MICRO
        distances = np.linalg.norm(positions[:, None] - positions[None, :], axis=-1)
        if distances[np.triu_indices(len(positions), 1)].min() > SHORTEST_DISTANCE:
            found.append(positions)
    return np.array(found).reshape(count, len(NUMBERS), 3)


def label_methane(
    positions: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]] | None:
    """
    Energy and forces of one CH4 geometry; None where 50 cycles do not converge.

    Restricted Kohn-Sham, PBE/cc-pVDZ, density fitting with cc-pvdz-jkfit, grid level 3, everything
    else as PySCF has it by default (50 cycles, 1e-9 Hartree), on one thread. The level reproduces
    the published energies to 0.04 meV. Whatever solution the default converges to is kept, and
    what it does not converge is not rescued, since the published set was made so. Once converged,
    PySCF diagonalises once more and withdraws the flag ``converged`` where that leaves the bounds,
    as it does at small gaps. The published set holds such frames (6 of 40 that were looked at,
    energies within 0.03 meV), so they are kept here as well.

    :param positions: ``(atom, 3)``, Å, C first
    :return: energy in eV and forces ``(atom, 3)`` in eV/Å, rounded to 1e-6; None: not converged
    """
    field = methane_field(positions)
    energy = field.kernel()
    if not field.converged and field.cycles == field.max_cycle:
        return None
    gradient = field.nuc_grad_method()
    gradient.verbose = 0
    forces = -gradient.kernel() * (HARTREE / BOHR)
    return round(float(energy) * HARTREE, 6), np.round(forces, 6)


def methane_field(positions: NDArray[np.float64]) -> RKS:
    """The PySCF calculation of :func:`label_methane`, not yet run."""
    try:
        from pyscf import dft, gto, lib
    except ImportError as error:
        raise ImportError(
            'labelling methane needs PySCF; install it by pip install "rhobar[reference-data]".'
        ) from error
    lib.num_threads(1)  # one geometry is too small for two; chunks run side by side instead
    atoms = [(number, tuple(place)) for number, place in zip(NUMBERS, positions, strict=True)]
    molecule = gto.M(atom=atoms, basis=_BASIS, unit="Angstrom", verbose=0)
    field = dft.RKS(molecule, xc=_FUNCTIONAL).density_fit(auxbasis=_AUXILIARY_BASIS)
    field.grids.level = _GRID_LEVEL
    field.chkfile = None
    keep_orbitals_on_grid(field)
    return field
