"""From a SMILES to a relaxed molecule, one thermally displaced geometry, and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import ase
import numpy as np
from ase import units
from ase.calculators.calculator import CalculationFailed
from numpy.typing import NDArray

from rhobar.data.minimol_rules import chemistry
from rhobar.data.units import MICRO

if TYPE_CHECKING:
    from tblite.ase import TBLite

METHOD = "GFN2-xTB"
ACCURACY = 0.1  # of tblite: ten times tighter than its default
LARGEST_FORCE = 0.01  # eV/Å, of a relaxed geometry
MOST_STEPS = 300
KICK_TEMPERATURE = 1000.0  # K
KICK_STEPS = 40
KICK_TIME_STEP = 0.5  # fs

NO_CONFORMER = "no conformer"
NOT_RELAXED = f"not relaxed in {MOST_STEPS} steps"
NOT_CONVERGED = "xTB not converged"
ANOTHER_MOLECULE = "another molecule after relaxation"

# Atoms closer than this many sums of covalent radii are bonded: 1.82 Å for C-C. RDKit's own 1.3
# would bond the bridgeheads of bicyclo[1.1.1]pentane, 1.87 Å apart.
_BOND_FACTOR = 1.2
# unpaired electrons of the ground states 2S, 3P, 4S, 3P
_UNPAIRED = {1: 1, 6: 2, 7: 3, 8: 2}


class DroppedError(Exception):
    """A molecule is left out of the set; the message is the reason, one of this module's four."""


@dataclass(frozen=True)
class LabelledMolecule:
    """
    A relaxed molecule and a displaced copy, with labels; lengths in Å, energies in eV.

    :param numbers: atomic numbers ``(atom,)``
    :param positions: relaxed, ``(atom, 3)``, whole multiples of 1e-6 Å, centroid at the origin
    :param energy: total energy of the relaxed molecule
    :param atomization_energy: ``energy`` minus that of its free atoms, negative where bound
    :param dipole: dipole moment ``(3,)``, e·Å
    :param displaced_positions: ``(atom, 3)``
    :param displaced_energy: total energy at ``displaced_positions``
    :param displaced_forces: forces there, ``(atom, 3)``, eV/Å
    """

    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    energy: float
    atomization_energy: float
    dipole: NDArray[np.float64]
    displaced_positions: NDArray[np.float64]
    displaced_energy: float
    displaced_forces: NDArray[np.float64]


def label_molecule(smiles: str, rng: np.random.Generator) -> LabelledMolecule:
    """
    Relax the molecule ``smiles``, displace a copy, label both.

    GFN2-xTB (Bannwarth, Ehlert, Grimme, J. Chem. Theory Comput. 15, 1652 (2019),
    doi:10.1021/acs.jctc.8b01176) as implemented in tblite. The free atoms of the atomisation energy
    are spin-restricted-open-shell GFN2-xTB atoms with 1, 2, 3, 2 unpaired electrons for H, C, N, O.

    :raises DroppedError: with the reason, if the molecule has no place in the set
    """
    molecule = conformer(smiles, seed=int(rng.integers(2**31)))
    try:
        relax(molecule)
        molecule.positions = _rounded(molecule.positions - molecule.positions.mean(axis=0))
        if smiles_of(molecule) != smiles:
            raise DroppedError(ANOTHER_MOLECULE)
        displaced = displace(molecule, rng)
        molecule.calc, displaced.calc = _xtb(), _xtb()
        energy = float(molecule.get_potential_energy())
        return LabelledMolecule(
            numbers=molecule.numbers,
            positions=molecule.positions,
            energy=round(energy, 6),
            atomization_energy=round(energy - free_atoms_energy(molecule.numbers), 6),
            dipole=np.round(molecule.get_dipole_moment(), 6),
            displaced_positions=displaced.positions,
            displaced_energy=round(float(displaced.get_potential_energy()), 6),
            displaced_forces=np.round(displaced.get_forces(), 6),
        )
    except (RuntimeError, CalculationFailed) as error:
        raise DroppedError(NOT_CONVERGED) from error


def conformer(smiles: str, *, seed: int) -> ase.Atoms:
    """
    One conformer by distance geometry, improved by a force field where it has parameters.

    ETKDG version 3 (Riniker, Landrum, J. Chem. Inf. Model. 55, 2562 (2015),
    doi:10.1021/acs.jcim.5b00654), then MMFF94. Where ``smiles`` leaves stereochemistry open, the
    seed decides.

    :raises DroppedError: if the distance geometry finds none
    """
    chem = chemistry()
    from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

    molecule = chem.AddHs(chem.MolFromSmiles(smiles))
    options = rdDistGeom.ETKDGv3()
    options.randomSeed = seed  # type: ignore[assignment]  # stub of RDKit is wrong
    if rdDistGeom.EmbedMolecule(molecule, options) != 0:
        raise DroppedError(NO_CONFORMER)
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(molecule):
        rdForceFieldHelpers.MMFFOptimizeMolecule(molecule, maxIters=500)
    numbers = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
    return ase.Atoms(numbers=numbers, positions=molecule.GetConformer().GetPositions())


def relax(molecule: ase.Atoms) -> None:
    """
    Move ``molecule`` to a stationary point: no force above 0.01 eV/Å, by BFGS.

    :raises DroppedError: if 300 steps do not suffice
    """
    from ase.optimize import BFGS

    molecule.calc = _xtb()
    if not BFGS(molecule, logfile=None).run(fmax=LARGEST_FORCE, steps=MOST_STEPS):
        raise DroppedError(NOT_RELAXED)


def displace(molecule: ase.Atoms, rng: np.random.Generator) -> ase.Atoms:
    """
    A copy of the relaxed ``molecule``, 20 fs after a thermal kick.

    Velocities are drawn from the Maxwell-Boltzmann distribution at 1000 K, without drift and
    rotation, and followed for 40 velocity-Verlet steps of 0.5 fs. The potential energy is then, on
    average, what equilibrium at 640 K holds (the vibrations of hydrogen are past half a period),
    although the softest modes have moved less than they would there.
    """
    from ase.md.velocitydistribution import Stationary, ZeroRotation
    from ase.md.verlet import VelocityVerlet

    moving = molecule.copy()
    moving.calc = _xtb()
    spread = np.sqrt(moving.get_masses()[:, None] * units.kB * KICK_TEMPERATURE)  # (atom, 1)
    moving.set_momenta(spread * rng.normal(size=(len(moving), 3)))
    Stationary(moving, preserve_temperature=False)
    ZeroRotation(moving, preserve_temperature=False)
    VelocityVerlet(moving, timestep=KICK_TIME_STEP * units.fs).run(KICK_STEPS)
    return ase.Atoms(numbers=molecule.numbers, positions=_rounded(moving.positions))


def smiles_of(molecule: ase.Atoms) -> str | None:
    """
    Canonical SMILES, without stereochemistry, that the positions alone imply; None: there is none.

    Bonds from distances and valences: Kim, Kim, Bull. Korean Chem. Soc. 36, 1769 (2015),
    doi:10.1002/bkcs.10334, as implemented in RDKit, for a neutral molecule.
    """
    chem = chemistry()
    from rdkit.Chem import rdDetermineBonds

    lines = [f"{len(molecule)}", ""]
    for symbol, (x, y, z) in zip(molecule.symbols, molecule.positions, strict=True):
        lines.append(f"{symbol} {x:.6f} {y:.6f} {z:.6f}")
    found = chem.MolFromXYZBlock("\n".join(lines))
    try:
        rdDetermineBonds.DetermineBonds(
            found,
            charge=0,
            embedChiral=False,
            allowChargedFragments=False,
            useVdw=True,
            covFactor=_BOND_FACTOR,
        )
        plain = chem.RemoveHs(found)
    except (ValueError, chem.MolSanitizeException):  # no bonds, or no bond orders, fit
        return None
    # written and read once more: the first SMILES may keep the order of the aromatic atoms
    return str(chem.CanonSmiles(chem.MolToSmiles(plain, isomericSmiles=False)))


def free_atoms_energy(numbers: NDArray[np.integer]) -> float:
    """Sum of the GFN2-xTB energies of the free atoms ``numbers``, eV."""
    return float(sum(_free_atom_energy(int(number)) for number in numbers))


def _xtb(unpaired: int = 0) -> TBLite:
    try:
        from tblite.ase import TBLite
    except ImportError as error:
        raise ImportError(
            'labelling molecules needs tblite; install it by pip install "rhobar[reference-data]".'
        ) from error
    return TBLite(method=METHOD, accuracy=ACCURACY, multiplicity=unpaired + 1, verbosity=0)


@cache
def _free_atom_energy(number: int) -> float:
    atom = ase.Atoms(numbers=[number], positions=np.zeros((1, 3)))
    atom.calc = _xtb(_UNPAIRED[number])
    return float(atom.get_potential_energy())


def _rounded(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.rint(positions / MICRO) * MICRO)
