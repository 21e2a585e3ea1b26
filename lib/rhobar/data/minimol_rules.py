"""Rules that say which molecular graphs of H, C, N, O are plausible closed-shell molecules."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rdkit.Chem import Mol

MAX_RINGS = 3
SMALLEST_UNSATURATED_RING = 5

# Broken for good: neither a further ring bond nor a higher bond order can mend these, so that the
# search may stop at them without missing anything.
FORBIDDEN = {
    "O-O bond": "[#8]~[#8]",
    "three heteroatoms in a row": "[#7,#8]~[#7,#8]~[#7,#8]",
    "cumulated double bonds": "*=*=*",
    "triple bond in a ring": "[R]#[R]",
}

# Judged on complete molecules only: an aromatic ring or a C=N bond added later would mend them.
# The groups are those that QM9 lacks or nearly lacks: reactive ones, and those that a proton
# transfer would turn into an ion or into a tautomer that is kept.
IMPLAUSIBLE = {
    "N-N, N=N or N-O outside of aromatic rings, hydrazones and oximes": (
        "[$([#7;!$(N=C)]),$([#8])]!:[#7;!$(N=C)]"
    ),
    "C=C outside of rings": "[#6]=!@[#6]",
    "double bond at a three-membered ring": "[r3]=*",
    "enol or vinyl ether": "[OX2]C=C",
    "enamine with hydrogen": "[NX3;H1,H2]C=C",
    "imine other than of amidines, imidates, hydrazones and oximes": (
        "[CX3;!$(C[#7,#8;!$(N=C)])]=[NX2;!$(N[#7,#8])]"
    ),
    "hydroxyl of an imine": "[OX2H]C=N",
    "carboxylic acid": "[OX2H]C=O",
    "N or O at a triple bond": "[#7,#8]C#*",
    "basic amine outside of rings": "[$([NX3H2][CX4]),$([NX3H1;!R]([CX4])[CX4])]",
    "hemiacetal": "[OX2H][CX4][#8]",
    "aminal": "[#7;!$(NC=[#7,#8])][CX4][#7,#8]",
}


def chemistry() -> ModuleType:
    """``rdkit.Chem``; the one place where it is imported."""
    try:
        from rdkit import Chem
    except ImportError as error:
        raise ImportError(
            'enumerating molecules needs RDKit; install it by pip install "rhobar[reference-data]".'
        ) from error
    return Chem


def broken_rule(molecule: Mol) -> str | None:
    """
    The first rule broken for good by a graph under construction; None: worth going on.

    Beside :data:`FORBIDDEN`: at most :data:`MAX_RINGS` rings; no two three-membered rings that
    share a bond; no double bond inside a ring of fewer than five atoms; no double bond at a
    bridgehead (Bredt's rule; all rings here are too small for its exceptions).

    :param molecule: sanitised, kekulised or not; its ring information is used
    """
    for rule, pattern in _patterns(tuple(FORBIDDEN.items())):
        if molecule.HasSubstructMatch(pattern):
            return rule
    rings = molecule.GetRingInfo()
    if rings.NumRings() > MAX_RINGS:
        return "too many rings"
    if rings.NumRings() == 0:
        return None
    bonds = [set(ring) for ring in rings.BondRings()]
    small = [ring for ring in bonds if len(ring) == 3]
    if any(a & b for index, a in enumerate(small) for b in small[:index]):
        return "three-membered rings that share a bond"
    double = {bond.GetIdx() for bond in molecule.GetBonds() if bond.GetBondTypeAsDouble() > 1.0}
    if any(ring & double for ring in bonds if len(ring) < SMALLEST_UNSATURATED_RING):
        return "double bond in a ring of three or four atoms"
    unsaturated = {
        atom
        for index in double
        for bond in [molecule.GetBondWithIdx(index)]
        for atom in (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    }
    if unsaturated & set(_bridgeheads(molecule)):
        return "double bond at a bridgehead"
    return None


def implausible_group(molecule: Mol) -> str | None:
    """
    The first rule that a complete molecule breaks; None: it is a member of the set.

    Beside :data:`IMPLAUSIBLE`: not more atoms of N and O than of C, once there is more than one
    heavy atom. These follow the functional groups that GDB-17 leaves out: Ruddigkeit, van Deursen,
    Blum, Reymond, J. Chem. Inf. Model. 52, 2864 (2012), doi:10.1021/ci300415d.
    """
    numbers = [atom.GetAtomicNum() for atom in molecule.GetAtoms()]
    if len(numbers) > 1 and 2 * numbers.count(6) < len(numbers):
        return "more heteroatoms than carbon atoms"
    for rule, pattern in _patterns(tuple(IMPLAUSIBLE.items())):
        if molecule.HasSubstructMatch(pattern):
            return rule
    return None


def _bridgeheads(molecule: Mol) -> Iterator[int]:
    """Ends of the paths that two rings of a bridged system share, as indices of atoms."""
    rings = [set(ring) for ring in molecule.GetRingInfo().AtomRings()]
    for index, first in enumerate(rings):
        for second in rings[:index]:
            shared = first & second
            if len(shared) < 3:
                continue  # separate, spiro or fused
            together = first | second
            for atom in shared:
                neighbors = molecule.GetAtomWithIdx(atom).GetNeighbors()
                if sum(neighbor.GetIdx() in together for neighbor in neighbors) > 2:
                    yield atom


@cache
def _patterns(rules: tuple[tuple[str, str], ...]) -> tuple[tuple[str, Mol], ...]:
    return tuple((rule, chemistry().MolFromSmarts(smarts)) for rule, smarts in rules)
