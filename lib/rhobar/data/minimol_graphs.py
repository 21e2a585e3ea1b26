"""Enumeration of all molecular graphs of H, C, N, O that the rules allow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from rhobar.data.minimol_rules import broken_rule, chemistry, implausible_group

if TYPE_CHECKING:
    from rdkit.Chem import Mol

ELEMENTS = (6, 7, 8)  # valences 4, 3, 2; hydrogen fills what is left


def molecular_graphs(n_heavy: int) -> list[list[str]]:
    """
    All molecules with 1 … ``n_heavy`` atoms of C, N, O that the rules allow.

    Neutral closed-shell molecules with valences 4, 3, 2 are grown in the order in which each of
    them can be taken apart: first all trees of single bonds, an atom at a time; then all ways to
    close rings by single bonds; then all ways to raise bond orders. Every step keeps what
    :func:`broken_rule` allows, and complete molecules pass :func:`implausible_group`. Two graphs
    are the same when their canonical SMILES, without stereochemistry, are.

    :return: entry k holds the canonical SMILES with k + 1 heavy atoms, sorted
    :raises ValueError: if ``n_heavy`` < 1
    """
    if n_heavy < 1:
        raise ValueError(f"n_heavy is {n_heavy}; give at least one heavy atom.")
    chem = chemistry()
    found = []
    trees = _allowed(_single_atom(number) for number in ELEMENTS)
    for size in range(1, n_heavy + 1):
        if size > 1:
            trees = _allowed(grown for tree in trees.values() for grown in _one_atom_more(tree))
        saturated = _closure(trees, _one_ring_more)
        everything = _closure(saturated, _one_order_more)
        found.append(
            sorted(
                smiles
                for smiles, molecule in everything.items()
                if implausible_group(chem.MolFromSmiles(smiles)) is None
            )
        )
    return found


def _closure(start: dict[str, Mol], steps: Callable[[Mol], Iterator[Mol]]) -> dict[str, Mol]:
    """``start`` and all that repeated ``steps`` from it lead to."""
    found, newest = dict(start), start
    while newest:
        reached = _allowed(after for before in newest.values() for after in steps(before))
        newest = {smiles: reached[smiles] for smiles in reached if smiles not in found}
        found |= newest
    return found


def _allowed(candidates: Iterable[Mol]) -> dict[str, Mol]:
    """Distinct ``candidates`` that break no rule for good, kekulised, by canonical SMILES."""
    chem = chemistry()
    found: dict[str, Mol] = {}
    for molecule in candidates:
        chem.SanitizeMol(molecule)
        smiles = chem.MolToSmiles(molecule)
        if smiles in found:
            continue
        chem.Kekulize(molecule, clearAromaticFlags=True)
        if broken_rule(molecule) is None:
            found[smiles] = molecule
    return found


def _single_atom(number: int) -> Mol:
    molecule = chemistry().RWMol()
    molecule.AddAtom(chemistry().Atom(number))
    return molecule


def _one_atom_more(molecule: Mol) -> Iterator[Mol]:
    """``molecule`` with one more heavy atom, by a single bond, in place of each hydrogen."""
    chem = chemistry()
    for index in _with_hydrogen(molecule):
        for number in ELEMENTS:
            grown = chem.RWMol(molecule)
            grown.AddBond(index, grown.AddAtom(chem.Atom(number)), chem.BondType.SINGLE)
            yield grown


def _one_ring_more(molecule: Mol) -> Iterator[Mol]:
    """``molecule`` with a single bond between any two atoms that can take one."""
    chem = chemistry()
    free = _with_hydrogen(molecule)
    for first in free:
        for second in free:
            if first < second and molecule.GetBondBetweenAtoms(first, second) is None:
                closed = chem.RWMol(molecule)
                closed.AddBond(first, second, chem.BondType.SINGLE)
                yield closed


def _one_order_more(molecule: Mol) -> Iterator[Mol]:
    """``molecule`` with one bond order raised by one."""
    chem = chemistry()
    higher = {
        chem.BondType.SINGLE: chem.BondType.DOUBLE,
        chem.BondType.DOUBLE: chem.BondType.TRIPLE,
    }
    free = set(_with_hydrogen(molecule))
    for bond in molecule.GetBonds():
        if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= free and bond.GetBondType() in higher:
            raised = chem.RWMol(molecule)
            raised.GetBondWithIdx(bond.GetIdx()).SetBondType(higher[bond.GetBondType()])
            yield raised


def _with_hydrogen(molecule: Mol) -> list[int]:
    return [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetTotalNumHs() > 0]
