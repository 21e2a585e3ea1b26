"""The QM9 npz: which molecules are kept, units, traps; stand-in and mirror."""

import numpy as np
import pytest

from rhobar.data import qm9_split, read_qm9_npz

HARTREE, BOHR, DEBYE = 27.211386245988, 0.529177210903, 0.20819433  # CODATA 2018: eV, Å, e·Å
N = 80  # molecules of 320 atoms: more than uint8 can count
METHANE = np.array(
    [
        [0, 0, 0],
        [0.63, 0.63, 0.63],
        [-0.63, -0.63, 0.63],
        [-0.63, 0.63, -0.63],
        [0.63, -0.63, -0.63],
    ]
)
WATER = np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])


def arrays():
    """Methane and water in turn; every third without an energy, every fifth with MP2 labels."""
    generator = np.random.default_rng(0)
    is_water = np.arange(N) % 2 == 1
    geometries = [WATER if water else METHANE for water in is_water]
    energy = np.where(is_water, -76.42, -40.52) + generator.normal(0, 0.01, N)
    energy[::3] = np.nan
    mp2 = np.where(np.arange(N) % 5 == 0, -0.4, np.nan)
    dipole = generator.normal(size=(N, 3)).astype(np.float32)
    dipole[np.isnan(mp2)] = np.nan
    return {
        "gdb_index": np.arange(1, 2 * N, 2, dtype=np.int32),
        "n_atoms": np.array([len(g) for g in geometries], dtype=np.uint8),
        "numbers": np.concatenate(
            [[8, 1, 1] if water else [6, 1, 1, 1, 1] for water in is_water]
        ).astype(np.uint8),
        "positions": np.concatenate(geometries).astype(np.float32),
        "energy_elec_hartree": energy,
        "energy_precision_decimals": np.where(np.isnan(energy), 0, 4).astype(np.uint8),
        "dipole_norm_debye": np.where(is_water, 1.85, np.nan).astype(np.float32),
        "mp2_atomization_hartree": mp2,
        "mp2_homo_hartree": np.where(np.isnan(mp2), np.nan, -0.5).astype(np.float32),
        "mp2_dipole_au": dipole,
    }


@pytest.fixture
def path(tmp_path):
    np.savez(tmp_path / "qm9.npz", **arrays())
    return tmp_path / "qm9.npz"


def test_molecules_with_an_energy(path):
    source = arrays()
    dataset = read_qm9_npz(path)
    rows = np.flatnonzero(np.isfinite(source["energy_elec_hartree"]))
    assert dataset.targets["row"].tolist() == rows.tolist()
    assert dataset.targets["gdb_index"].tolist() == source["gdb_index"][rows].tolist()
    expected = source["energy_elec_hartree"][rows] * HARTREE
    assert dataset.targets["energy"] == pytest.approx(expected, rel=1e-10)
    assert dataset.targets["energy_decimals"].tolist() == [4] * len(rows)
    assert dataset.dropped == {"no energy": N - len(rows)}


def test_atoms_belong_to_their_molecule_beyond_255(path):
    dataset = read_qm9_npz(path)
    for row, frame in zip(dataset.targets["row"], dataset.frames, strict=True):
        assert frame.numbers.tolist() == ([8, 1, 1] if row % 2 else [6, 1, 1, 1, 1])
        expected = (WATER if row % 2 else METHANE).astype(np.float32)
        assert frame.positions.tolist() == expected.tolist()
        assert frame.positions.dtype == np.float64


def test_several_labels_must_all_be_known(path):
    source = arrays()
    dataset = read_qm9_npz(path, labels=["mp2_dipole", "energy", "dipole_norm"])
    rows = [k for k in range(N) if k % 3 and k % 5 == 0 and k % 2]
    assert dataset.targets["row"].tolist() == rows
    assert dataset.dropped == {"no mp2_dipole": 64, "no energy": 6, "no dipole_norm": 5}
    dipoles = source["mp2_dipole_au"][rows].astype(np.float64) * BOHR
    assert dataset.targets["mp2_dipole"] == pytest.approx(dipoles, rel=1e-7)
    assert dataset.targets["dipole_norm"] == pytest.approx([1.85 * DEBYE] * 5, rel=1e-6)


def test_mp2_labels(path):
    dataset = read_qm9_npz(path, labels=["mp2_atomization_energy", "mp2_homo"])
    assert len(dataset) == 16
    assert dataset.targets["mp2_atomization_energy"] == pytest.approx([-0.4 * HARTREE] * 16)
    assert dataset.targets["mp2_homo"] == pytest.approx([-0.5 * HARTREE] * 16)
    assert "energy" not in dataset.targets


def test_uncharacterized_molecules_can_be_left_out(path, tmp_path):
    listed = tmp_path / "uncharacterized.txt"
    listed.write_text("# Index SMILES\n  3  O\n  7  O\n  8  X\n")
    dataset = read_qm9_npz(path, uncharacterized=listed)
    assert dataset.dropped["uncharacterized"] == 1  # 7 has no energy, 8 is not in the file
    gdb_index = dataset.targets["gdb_index"].tolist()
    assert 3 not in gdb_index
    left_of = {index: sum(one < index for one in (3, 7, 8)) for index in gdb_index}
    expected = [index - 1 - left_of[index] for index in gdb_index]
    assert dataset.targets["pool_index"].tolist() == expected


@pytest.mark.parametrize(
    ("key", "change", "message"),
    [
        ("n_atoms", lambda a: a + 1, "n_atoms add up to 400, but numbers have shape"),
        ("positions", lambda a: a[:-1], "but numbers have shape"),
        ("positions", lambda a: np.where(a == 0, np.nan, a), "a position is not finite"),
        ("positions", lambda a: a / BOHR, "positions are in Å"),
        ("numbers", lambda a: np.where(a == 8, 9, a), "atomic number 9; expected H, C, N and O"),
        ("gdb_index", lambda a: a[::-1], "gdb_index does not increase"),
        ("energy_elec_hartree", lambda a: a[:-1], "energy_elec_hartree has 79 entries for 80"),
        ("energy_elec_hartree", lambda a: a * HARTREE, "27.* times that of its free atoms"),
        ("energy_precision_decimals", lambda a: a * 0, "energy_precision_decimals is not 0"),
    ],
)
def test_malformed_files_are_refused(tmp_path, key, change, message):
    source = arrays()
    source[key] = change(source[key])
    np.savez(tmp_path / "qm9.npz", **source)
    with pytest.raises(ValueError, match=message) as caught:
        read_qm9_npz(tmp_path / "qm9.npz")
    assert "qm9.npz" in str(caught.value)


def test_missing_arrays_and_unknown_labels_are_named(tmp_path, path):
    source = arrays()
    del source["mp2_dipole_au"]
    np.savez(tmp_path / "part.npz", **source)
    with pytest.raises(ValueError, match="no array 'mp2_dipole_au'"):
        read_qm9_npz(tmp_path / "part.npz", labels=["mp2_dipole"])
    for labels in (["dipole"], []):
        with pytest.raises(ValueError, match="labels are of"):
            read_qm9_npz(path, labels=labels)


@pytest.fixture(scope="module")
def dataset(mirror):
    return read_qm9_npz(mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz")


@pytest.mark.mirror
class TestMirror:
    def test_counts(self, dataset):
        assert len(dataset) == 87_124
        assert dataset.dropped == {"no energy": 41_620}
        decimals, counts = np.unique(dataset.targets["energy_decimals"], return_counts=True)
        assert decimals.tolist() == [4, 7]
        assert counts.tolist() == [77_173, 9_951]

    def test_the_reference_split(self, dataset):
        first = qm9_split(len(dataset)).train[:5]
        assert dataset.targets["row"][first].tolist() == [117740, 73733, 87792, 123780, 102812]
        gdb = [120382, 75848, 90022, 126615, 105315]
        assert dataset.targets["gdb_index"][first].tolist() == gdb

    def test_none_is_uncharacterized(self, mirror):
        dataset = read_qm9_npz(
            mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz",
            labels=["mp2_dipole"],
            uncharacterized=mirror / "qm9" / "uncharacterized.txt",
        )
        assert len(dataset) == 10_000
        assert dataset.dropped == {"no mp2_dipole": 118_744}
        assert dataset.targets["pool_index"].max() < 130_831
        water = dataset.targets["gdb_index"].tolist().index(3)
        oxygen, first, second = dataset.frames[water].positions
        bisector = first + second - 2 * oxygen
        dipole = dataset.targets["mp2_dipole"][water]
        cosine = dipole @ bisector / np.linalg.norm(dipole) / np.linalg.norm(bisector)
        assert cosine == pytest.approx(1.0, abs=1e-7)
