"""Small organic molecules: enumeration, conformers, relaxation, labels, and QM9 beside them."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path

import ase
import numpy as np
import pytest
from ase.build import molecule as built

from rhobar.data.embedded import load_embedded
from rhobar.data.minimol import REASONS, MinimolChunks, minimol_candidates
from rhobar.data.minimol_graphs import molecular_graphs
from rhobar.data.minimol_labels import (
    ANOTHER_MOLECULE,
    LARGEST_FORCE,
    DroppedError,
    _xtb,
    conformer,
    displace,
    free_atoms_energy,
    label_molecule,
    relax,
    smiles_of,
)
from rhobar.data.minimol_rules import (
    FORBIDDEN,
    IMPLAUSIBLE,
    broken_rule,
    chemistry,
    implausible_group,
)
from rhobar.data.qm9_npz import read_qm9_npz

RESOURCES = Path(__file__).parents[2] / "workflow" / "resources"


def test_all_molecules_of_three_heavy_atoms() -> None:
    assert molecular_graphs(3) == [
        ["C", "N", "O"],
        ["C#C", "C#N", "C=O", "CC", "CO"],
        ["C#CC", "C1CC1", "C1CN1", "C1CO1", "CC#N", "CC=O", "CCC", "CCO", "COC"],
    ]


def test_enumeration_of_five_heavy_atoms() -> None:
    """Members one can name, of each kind that the growth passes through."""
    found = set(molecular_graphs(5)[4])
    assert len(found) == 159
    named = {
        "CC(C)(C)C": "neopentane: only trees",
        "C1CCCC1": "cyclopentane: one ring",
        "C1C2CC1C2": "bicyclo[1.1.1]pentane: two rings",
        "C1CC12CC2": "spiropentane: two rings in one atom",
        "c1cc[nH]c1": "pyrrole: aromatic, by raising two bonds",
        "C#CC#CC": "pentadiyne: triple bonds",
        "CCOC=O": "ethyl formate",
    }
    for smiles, kind in named.items():
        assert chemistry().CanonSmiles(smiles) in found, kind


def test_members_are_distinct_closed_shell_molecules() -> None:
    chem = chemistry()
    for of_size, smiles in enumerate(molecular_graphs(5), start=1):
        assert len(set(smiles)) == len(smiles)
        for member in smiles:
            found = chem.MolFromSmiles(member)
            assert chem.CanonSmiles(member) == member
            assert found.GetNumAtoms() == of_size
            for atom in found.GetAtoms():
                assert atom.GetFormalCharge() == atom.GetNumRadicalElectrons() == 0


@pytest.mark.parametrize(
    ("rule", "smiles"),
    [
        ("O-O bond", "COOC"),
        ("three heteroatoms in a row", "CNNNC"),
        ("cumulated double bonds", "C=C=C"),
        ("triple bond in a ring", "C1CCCC#C1"),
        ("three-membered rings that share a bond", "C1C2CC12"),
        ("double bond in a ring of three or four atoms", "C1C=C1"),
        ("double bond in a ring of three or four atoms", "C1CC=C1"),
        ("double bond at a bridgehead", "C1=C2CCC(C1)C2"),
        ("too many rings", "C12C3C4C1C5C2C3C45"),
        (None, "C1CC2CCC1C2"),
        (None, "C1=CC2CCC1C2"),
        (None, "C1CC=CC1"),
        (None, "C1CC2CCC12"),
    ],
)
def test_rules_for_good(rule: str | None, smiles: str) -> None:
    assert broken_rule(chemistry().MolFromSmiles(smiles)) == rule


@pytest.mark.parametrize(
    ("rule", "smiles"),
    [
        ("N-N, N=N or N-O outside of aromatic rings, hydrazones and oximes", "CCNNCC"),
        ("N-N, N=N or N-O outside of aromatic rings, hydrazones and oximes", "CCNOCC"),
        ("N-N, N=N or N-O outside of aromatic rings, hydrazones and oximes", "CCN=NCC"),
        ("C=C outside of rings", "C=CCC"),
        ("double bond at a three-membered ring", "O=C1CC1"),
        ("enol or vinyl ether", "C1=COCC1"),
        ("enamine with hydrogen", "C1=CNCC1"),
        ("imine other than of amidines, imidates, hydrazones and oximes", "CC=NCC"),
        ("hydroxyl of an imine", "CC(O)=NC"),
        ("carboxylic acid", "CCC(=O)O"),
        ("N or O at a triple bond", "CCC#CO"),
        ("basic amine outside of rings", "CCN"),
        ("basic amine outside of rings", "CCNC"),
        ("hemiacetal", "CCC(O)OC"),
        ("aminal", "CN(C)CN(C)C"),
        ("more heteroatoms than carbon atoms", "NC(=O)N"),
        (None, "C1CCNC1"),
        (None, "CC(C)=NO"),
        (None, "CNC(C)=O"),
        (None, "c1cc[nH]n1"),
        (None, "C1CC=CC1"),
        (None, "COC(C)OC"),
    ],
)
def test_rules_for_complete_molecules(rule: str | None, smiles: str) -> None:
    assert implausible_group(chemistry().MolFromSmiles(smiles)) == rule


def test_every_rule_can_be_broken() -> None:
    """Each pattern is one that the tests above break; a typing error would match nothing."""
    examples = ["COOC", "CNNNC", "C=C=C", "C1CCCC#C1", "CCNNCC", "CCN=NCC", "C=CCC", "O=C1CC1"]
    examples += ["C1=COCC1", "C1=CNCC1", "CC=NCC", "CC(O)=NC", "CCC(=O)O", "CCC#CO", "CCN"]
    examples += ["CCC(O)OC", "CN(C)CN(C)C"]
    chem = chemistry()
    for smarts in [*FORBIDDEN.values(), *IMPLAUSIBLE.values()]:
        pattern = chem.MolFromSmarts(smarts)
        assert any(chem.MolFromSmiles(smiles).HasSubstructMatch(pattern) for smiles in examples)


def test_candidates_are_shuffled_by_their_seed() -> None:
    first, second = minimol_candidates(4, seed=1), minimol_candidates(4, seed=2)
    assert first != second
    assert sorted(first) == sorted(second) == sorted(itertools.chain(*molecular_graphs(4)))
    assert first == minimol_candidates(4, seed=1)
    with pytest.raises(ValueError, match="n_heavy is 0"):
        molecular_graphs(0)


@pytest.mark.parametrize("smiles", ["CCO", "C1C2CC1C2", "c1cc[nH]c1", "CC#N", "CNC=O", "CC(C)=NO"])
def test_relaxed_molecules_map_back(smiles: str) -> None:
    molecule = conformer(chemistry().CanonSmiles(smiles), seed=1)
    relax(molecule)
    assert np.linalg.norm(molecule.get_forces(), axis=1).max() < LARGEST_FORCE
    assert smiles_of(molecule) == chemistry().CanonSmiles(smiles)


def test_positions_tell_the_molecule() -> None:
    assert smiles_of(built("CH3CH2OH")) == "CCO"
    assert smiles_of(built("CH3OCH3")) == "COC"
    assert smiles_of(built("H2CO")) == "C=O"
    assert smiles_of(ase.Atoms("CH3", positions=built("CH4").positions[:4])) != "C"


def test_a_molecule_that_turns_into_another_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rhobar.data.minimol_labels.smiles_of", lambda molecule: "CO")
    with pytest.raises(DroppedError, match=ANOTHER_MOLECULE):
        label_molecule("CC", np.random.default_rng(0))


def test_labels_of_water() -> None:
    """GFN2-xTB: r(OH) 0.959 Å and 2.2 Debye, as published for the method."""
    label = label_molecule("O", np.random.default_rng(0))
    bonds = np.linalg.norm(label.positions[1:] - label.positions[0], axis=1)
    np.testing.assert_allclose(bonds, 0.959, rtol=0, atol=3e-3)
    assert np.linalg.norm(label.dipole) == pytest.approx(2.2 * 0.2081943, rel=0.05)
    expected = label.energy - free_atoms_energy(label.numbers)
    assert label.atomization_energy == pytest.approx(expected, abs=1e-5)
    assert label.atomization_energy < -8.0
    assert label.displaced_energy > label.energy


def test_displaced_forces_are_minus_the_gradient() -> None:
    label = label_molecule("CO", np.random.default_rng(3))
    step, energies = 1e-3, []
    for sign in (1, -1):
        moved = ase.Atoms(numbers=label.numbers, positions=label.displaced_positions)
        moved.positions[1, 2] += sign * step
        moved.calc = _xtb()
        energies.append(moved.get_potential_energy())
    found = -(energies[0] - energies[1]) / (2 * step)
    assert label.displaced_forces[1, 2] == pytest.approx(found, abs=2e-3)


def test_displacement_is_thermal() -> None:
    """The potential energy after the kick is that of harmonic vibrations at 640 K."""
    molecule = conformer("CCO", seed=1)
    relax(molecule)
    energy = molecule.get_potential_energy()
    rng = np.random.default_rng(0)
    gained = []
    for _ in range(12):
        displaced = displace(molecule, rng)
        displaced.calc = _xtb()
        gained.append(displaced.get_potential_energy() - energy)
    modes = 3 * len(molecule) - 6
    assert np.mean(gained) == pytest.approx(modes * 8.617333e-5 * 640.0 / 2.0, rel=0.3)


def test_chunks_cover_the_candidates() -> None:
    candidates = ("CC", "CO", "C1CC1", "CCO", "C")
    maker = MinimolChunks(seed=1, tries=2, candidates=candidates)
    assert maker.n_chunks == 3
    chunks = [maker(index) for index in range(3)]
    assert [smiles for chunk in chunks for smiles in chunk["smiles"]] == list(candidates)
    for chunk in chunks:
        assert chunk["n_atoms"].sum() == len(chunk["numbers"]) == len(chunk["positions"])
        assert all(chunk[f"dropped/{reason}"] == 0 for reason in REASONS)
    whole = MinimolChunks(seed=1, tries=5, candidates=candidates)(0)
    for key in ("positions", "displaced_positions"):
        np.testing.assert_array_equal(whole[key], np.concatenate([c[key] for c in chunks]))
    assert maker(3)["positions"].shape == (0, 3)


def test_embedded_labels_are_reproduced() -> None:
    """Three molecules, both geometries: 0.1 meV, 1 meV/Å."""
    relaxed = load_embedded("minimol", folder=RESOURCES)
    displaced = load_embedded("minimol", folder=RESOURCES, displaced=True)
    for index in np.random.default_rng(0).choice(len(relaxed), 3, replace=False):
        molecule, moved = relaxed.frames[index].copy(), displaced.frames[index].copy()
        assert smiles_of(molecule) == relaxed.targets["smiles"][index]
        assert (molecule.numbers == moved.numbers).all()
        molecule.calc, moved.calc = _xtb(), _xtb()
        energy = relaxed.targets["energy"][index]
        assert molecule.get_potential_energy() == pytest.approx(energy, abs=1e-4)
        np.testing.assert_allclose(
            molecule.get_dipole_moment(), relaxed.targets["dipole"][index], rtol=0, atol=1e-4
        )
        bound = energy - free_atoms_energy(molecule.numbers)
        assert relaxed.targets["atomization_energy"][index] == pytest.approx(bound, abs=1e-4)
        expected = displaced.targets["energy"][index]
        assert moved.get_potential_energy() == pytest.approx(expected, abs=1e-4)
        forces = displaced.frames[index].arrays["forces"]
        np.testing.assert_allclose(moved.get_forces(), forces, rtol=0, atol=1e-3)


def test_embedded_members_are_distinct_candidates() -> None:
    smiles = load_embedded("minimol", folder=RESOURCES).targets["smiles"].tolist()
    assert len(set(smiles)) == len(smiles)
    chem = chemistry()
    for member in smiles[::25]:
        found = chem.MolFromSmiles(member)
        assert found.GetNumAtoms() <= 7
        chem.Kekulize(found)
        assert broken_rule(found) is None
        assert implausible_group(chem.MolFromSmiles(member)) is None


def composition(frames: list[ase.Atoms]) -> dict[int, float]:
    """Mean number of atoms of C, N, O of frames with seven heavy atoms."""
    counts = [Counter(frame.numbers.tolist()) for frame in frames]
    chosen = [count for count in counts if count.total() - count[1] == 7]
    return {number: float(np.mean([count[number] for count in chosen])) for number in (6, 7, 8)}


def rings(frames: list[ase.Atoms]) -> float:
    """Fraction of frames with seven heavy atoms that have a ring."""
    chem = chemistry()
    found = []
    for frame in frames:
        if (frame.numbers > 1).sum() == 7:
            smiles = smiles_of(frame)
            if smiles is not None:
                found.append(len(chem.GetSymmSSSR(chem.MolFromSmiles(smiles))) > 0)
    return float(np.mean(found))


@pytest.mark.mirror
def test_composition_is_like_that_of_qm9(mirror: Path) -> None:
    """Seven heavy atoms: mean counts of C, N, O within 0.35 atoms, ring fraction within 0.1."""
    theirs = read_qm9_npz(mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz").frames[:4500]
    ours = load_embedded("minimol", folder=RESOURCES).frames
    found, expected = composition(ours), composition(theirs)
    for number in (6, 7, 8):
        assert found[number] == pytest.approx(expected[number], abs=0.35)
    assert rings(ours) == pytest.approx(rings(theirs), abs=0.1)


def test_provenance_counts_what_was_left_out() -> None:
    sets = json.loads((RESOURCES / "provenance.json").read_text(encoding="utf-8"))["sets"]
    entry = sets["minimol"]
    assert set(entry["dropped"]) == set(REASONS)
    assert entry["tries"] == entry["structures"] + sum(entry["dropped"].values())
    assert entry["tries"] == min(entry["chunks"] * 100, entry["settings"]["candidates"])
