"""QM9 from a stand-in of the official archive, its two side files, and the mirror's."""

import gzip
import io
import itertools
import json
import tarfile

import ase.io
import numpy as np
import pytest

from rhobar.data import read_atom_references, read_qm9_archive, read_uncharacterized

HARTREE, BOHR, DEBYE = 27.211386245988, 0.529177210903, 0.20819433  # CODATA 2018: eV, Å, e·Å

# The first molecules of QM9 in the layout of the official files; columns are separated by tabs and
# blanks, small numbers written with *^.
METHANE = """5
gdb 1\t157.7118\t157.70997\t157.70699\t0.\t13.21\t-0.3877\t0.1171\t0.5048\t\
35.3641\t0.044749\t-40.47893\t-40.476062\t-40.475117\t-40.498597\t6.469\t
C\t-0.0126981359\t 1.0858041578\t 0.0080009958\t-0.535689
H\t 0.002150416\t-0.0060313176\t 0.0019761204\t 0.133921
H\t 1.0117308433\t 1.4637511618\t 2.7657*^-4\t 0.133922
H\t-0.540815069\t 1.4475266138\t-0.8766437152\t 0.133923
H\t-0.5238136345\t 1.4379326443\t 0.9063972942\t 0.133923
1341.307\t1341.3284\t1341.365\t1562.6731\t1562.7453\t3038.3205\t3151.6034\t3151.6788\t3151.7078
C\tC\t
InChI=1S/CH4/h1H4\tInChI=1S/CH4/h1H4
"""
AMMONIA = """4
gdb 2\t293.60975\t293.54111\t191.39397\t1.6256\t9.46\t-0.257\t0.0829\t0.3399\t\
26.1563\t0.034358\t-56.525887\t-56.523026\t-56.522082\t-56.544961\t6.316\t
N\t-0.0404260543\t 1.0241077531\t 0.0625637998\t-0.707143
H\t 0.0172574639\t 0.0125452063\t-0.0273771593\t 0.235712
H\t 0.9157893661\t 1.3587451948\t-0.0287577581\t 0.235712
H\t-0.5202777357\t 1.3435321258\t-0.7755426124\t 0.235720
1103.8733\t1684.1158\t1684.3072\t3458.7145\t3579.6364\t3579.7073
N\tN\t
InChI=1S/H3N/h1H3\tInChI=1S/H3N/h1H3
"""
WATER = """3
gdb 3\t799.58812\t437.90386\t282.94545\t1.8511\t6.31\t-0.2928\t0.0687\t0.3615\t\
19.0002\t0.021375\t-76.404702\t-76.401867\t-76.400922\t-76.422349\t6.002\t
O\t-0.0343604951\t 0.9775395708\t 0.0076015923\t-0.589706
H\t 0.0647664923\t 0.0205721989\t 0.0015346341\t 0.294853
H\t 0.8717903737\t 1.3007924048\t 0.0006931336\t 0.294853
1671.4222\t3803.6305\t3907.698
O\tO\t
InChI=1S/H2O/h1H2\tInChI=1S/H2O/h1H2
"""
MOLECULES = {1: METHANE, 2: AMMONIA, 3: WATER}
ATOMREF = """
          Reference thermochemical energies of free atoms
===========================================================================================
  Ele-       ZPVE         U (0 K)      U (298.15 K)    H (298.15 K)    G (298.15 K)     CV
  ment      Hartree       Hartree         Hartree         Hartree         Hartree    Cal/(Mol K)
===========================================================================================
    H     0.000000     -0.500273       -0.498857       -0.497912       -0.510927       2.981
    C     0.000000    -37.846772      -37.845355      -37.844411      -37.861317       2.981
    N     0.000000    -54.583861      -54.582445      -54.581501      -54.598897       2.981
    O     0.000000    -75.064579      -75.063163      -75.062219      -75.079532       2.981
    F     0.000000    -99.718730      -99.717314      -99.716370      -99.733544       2.981
===========================================================================================
"""
UNCHARACTERIZED = """List of molecules among the 133885 GDB9 molecules for which ...

=====================================
#   Index        GDB17 SMILES
=====================================
       2              N
=====================================
"""


def archive(path, molecules=MOLECULES):
    with tarfile.open(path, "w:bz2") as tar:
        for index, text in molecules.items():
            content = text.encode()
            info = tarfile.TarInfo(f"dsgdb9nsd_{index:06d}.xyz")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


class TestArchive:
    def test_properties_are_converted(self, tmp_path):
        dataset = read_qm9_archive(archive(tmp_path / "qm9.tar.bz2"), size=3)
        water = {key: values[2] for key, values in dataset.targets.items()}
        assert dataset.dropped == {}
        assert dataset.targets["gdb_index"].tolist() == [1, 2, 3]
        assert water["energy"] == pytest.approx(-76.404702 * HARTREE, rel=1e-9)
        assert water["energy_298k"] == pytest.approx(-76.401867 * HARTREE, rel=1e-9)
        assert water["enthalpy_298k"] == pytest.approx(-76.400922 * HARTREE, rel=1e-9)
        assert water["free_energy_298k"] == pytest.approx(-76.422349 * HARTREE, rel=1e-9)
        assert water["zero_point_energy"] == pytest.approx(0.021375 * HARTREE, rel=1e-9)
        electronic = (-76.404702 - 0.021375) * HARTREE
        assert water["electronic_energy"] == pytest.approx(electronic, rel=1e-9)
        atoms = -75.064579 - 2 * 0.500273
        assert water["atomization_energy"] == pytest.approx((-76.404702 - atoms) * HARTREE)
        assert water["homo"] == pytest.approx(-0.2928 * HARTREE, rel=1e-9)
        assert water["lumo"] == pytest.approx(0.0687 * HARTREE, rel=1e-9)
        assert water["gap"] == pytest.approx(0.3615 * HARTREE, rel=1e-9)
        assert water["dipole_norm"] == pytest.approx(1.8511 * DEBYE, rel=1e-7)
        assert water["polarizability"] == pytest.approx(6.31 * BOHR**3, rel=1e-9)
        assert water["electronic_extent"] == pytest.approx(19.0002 * BOHR**2, rel=1e-9)
        assert water["heat_capacity_298k"] == pytest.approx(2.6027e-4, rel=1e-4)  # 6.002 cal/mol/K
        assert water["rotational_a_ghz"] == 799.58812
        assert water["rotational_c_ghz"] == 282.94545
        assert water["smiles"] == "O"

    def test_positions_charges_and_exponents(self, tmp_path):
        dataset = read_qm9_archive(archive(tmp_path / "qm9.tar.bz2"), size=3)
        methane = dataset.frames[0]
        assert methane.numbers.tolist() == [6, 1, 1, 1, 1]
        assert methane.positions[2].tolist() == [1.0117308433, 1.4637511618, 2.7657e-4]
        charges = methane.arrays["mulliken_charges"]
        assert charges.tolist() == [-0.535689, 0.133921, 0.133922, 0.133923, 0.133923]

    def test_order_is_by_index(self, tmp_path):
        turned = dict(reversed(MOLECULES.items()))
        dataset = read_qm9_archive(archive(tmp_path / "qm9.tar.bz2", turned), size=3)
        assert dataset.targets["gdb_index"].tolist() == [1, 2, 3]
        assert dataset.targets["smiles"].tolist() == ["C", "N", "O"]

    def test_side_files(self, tmp_path):
        listed = written(tmp_path / "uncharacterized.txt", UNCHARACTERIZED)
        shifted = ATOMREF.replace("-75.064579", "-75.074579")
        references = written(tmp_path / "atomref.txt", shifted)
        path = archive(tmp_path / "qm9.tar.bz2")
        dataset = read_qm9_archive(path, uncharacterized=listed, atom_references=references, size=3)
        assert dataset.targets["gdb_index"].tolist() == [1, 3]
        assert dataset.dropped == {"uncharacterized": 1}
        plain = read_qm9_archive(path, size=3).targets["atomization_energy"]
        change = dataset.targets["atomization_energy"] - plain[[0, 2]]
        assert change == pytest.approx([0.0, 0.01 * HARTREE], abs=1e-9)

    def test_a_number_that_is_not_finite_drops_the_molecule(self, tmp_path):
        molecules = {**MOLECULES, 2: AMMONIA.replace("-0.257", "NaN")}
        dataset = read_qm9_archive(archive(tmp_path / "qm9.tar.bz2", molecules), size=3)
        assert dataset.targets["gdb_index"].tolist() == [1, 3]
        assert dataset.dropped == {"a number that is not finite": 1}

    def test_nothing_is_extracted(self, tmp_path):
        path = archive(tmp_path / "qm9.tar.bz2")
        read_qm9_archive(path, size=3)
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("3\ngdb", "4\ngdb", r"dsgdb9nsd_000003\.xyz: 4 atoms make 9 lines, there are 8"),
            ("gdb 3", "xyz 3", "tag 'xyz' and 15 properties"),
            ("\t6.002", "", "tag 'gdb' and 14 properties"),
            ("\t-0.589706", "", "another number of columns than 5"),
            ("O\t-0.03", "Q\t-0.03", "dsgdb9nsd_000003.xyz: 'Q'"),
            ("19.0002", "19.0.2", "could not convert string to float"),
            ("gdb 3", "gdb 2", "molecule 2 is there twice"),
            ("0.3615", "0.4615", r"molecule 3 contradicts gap = lumo - homo"),
            ("-76.422349", "-76.322349", "contradicts .* G < U0 < U < H"),
            ("-76.40", "-2079.04", "contradicts"),
        ],
    )
    def test_malformed_files_are_refused(self, tmp_path, old, new, message):
        assert old in WATER
        molecules = {**MOLECULES, 3: WATER.replace(old, new)}
        path = archive(tmp_path / "qm9.tar.bz2", molecules)
        with pytest.raises(ValueError, match=message) as caught:
            read_qm9_archive(path, size=3)
        assert str(path) in str(caught.value)

    def test_wrong_units_are_refused(self, tmp_path):
        def in_ev(text):
            head, properties, *rest = text.split("\n")
            words = properties.split("\t")
            energies = [repr(float(word) * HARTREE) for word in words[11:15]]
            return "\n".join([head, "\t".join([*words[:11], *energies, *words[15:]]), *rest])

        molecules = {index: in_ev(text) for index, text in MOLECULES.items()}
        with pytest.raises(ValueError, match=r"27\.\d+ times that of its free atoms"):
            read_qm9_archive(archive(tmp_path / "qm9.tar.bz2", molecules), size=3)

    def test_counts_are_checked(self, tmp_path):
        path = archive(tmp_path / "qm9.tar.bz2")
        with pytest.raises(ValueError, match="holds 3 molecules, expected 133885"):
            read_qm9_archive(path)
        listed = written(tmp_path / "list.txt", UNCHARACTERIZED.replace("   2 ", "  77 "))
        with pytest.raises(ValueError, match="holds no molecule 77, which the list"):
            read_qm9_archive(path, uncharacterized=listed, size=3)

    def test_damage_is_reported(self, tmp_path):
        path = archive(tmp_path / "qm9.tar.bz2")
        path.write_bytes(path.read_bytes()[:300])
        with pytest.raises(ValueError, match=r"qm9\.tar\.bz2 is not a readable tar\.bz2"):
            read_qm9_archive(path, size=3)
        path.write_bytes(b"PK")
        with pytest.raises(ValueError, match=r"qm9\.tar\.bz2 is not a readable tar\.bz2"):
            read_qm9_archive(path, size=3)


class TestSideFiles:
    def test_the_official_table_and_json_agree(self, tmp_path):
        energies = {"H": -0.500273, "C": -37.846772, "N": -54.583861, "O": -75.064579}
        of_json = json.dumps({"_comment": "", "U0": {**energies, "F": -99.71873}})
        table = read_atom_references(written(tmp_path / "atomref.txt", ATOMREF))
        assert table == read_atom_references(written(tmp_path / "atomrefs.json", of_json))
        assert table[6] == pytest.approx(-37.846772 * HARTREE, rel=1e-10)
        assert sorted(table) == [1, 6, 7, 8, 9]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (ATOMREF.replace("    N  ", "  # N  "), "free atom 7 has the energy nan"),
            (ATOMREF.replace("-37.846772", "-1029.86"), r"free atom 6 has the energy -1029\.86"),
            (ATOMREF.replace("-75.064579", "abc"), "could not convert string to float: 'abc'"),
            ('{"U0": {"H": -0.5', "is no table of free-atom energies"),
            ('{"U": 1}', "is no table of free-atom energies: 'U0'"),
        ],
    )
    def test_malformed_references_are_refused(self, tmp_path, text, message):
        with pytest.raises(ValueError, match=message) as caught:
            read_atom_references(written(tmp_path / "atomref.txt", text))
        assert "atomref.txt" in str(caught.value)

    def test_the_list_of_uncharacterized_molecules(self, tmp_path):
        assert read_uncharacterized(written(tmp_path / "list.txt", UNCHARACTERIZED)) == {2}
        with pytest.raises(ValueError, match="lists 0 molecules"):
            read_uncharacterized(written(tmp_path / "none.txt", "nothing here\n"))
        with pytest.raises(ValueError, match="lists 2 molecules, 1 of them different"):
            read_uncharacterized(written(tmp_path / "twice.txt", "3 a\n3 b\n"))


@pytest.mark.mirror
def test_side_files_of_the_mirror(mirror):
    assert len(read_uncharacterized(mirror / "qm9" / "uncharacterized.txt")) == 3054
    references = read_atom_references(mirror / "qm9" / "atomrefs.json")
    assert references[8] == pytest.approx(-75.064579 * HARTREE, rel=1e-10)


@pytest.mark.mirror
def test_the_first_hundred_molecules_pass_through_the_official_layout(mirror, tmp_path):
    """The mirror's table of the same numbers, rewritten as the official files, is read back."""
    path = mirror / "molecules" / "qm9_reduced_100_allprops.xyz.gz"
    with gzip.open(path, "rt") as stream:
        frames = ase.io.read(io.StringIO(stream.read()), index=":", format="extxyz")
    keys = ["A", "B", "C", "mu", "alpha", "epsHOMO", "epsLUMO", "epsgap", "<R2>", "zpve"]
    keys += ["U0", "U", "H", "G", "Cv"]
    # that table left out the molecule after each uncharacterized one: the list was counted from 0
    listed = read_uncharacterized(mirror / "qm9" / "uncharacterized.txt")
    left_out = {index + 1 for index in listed}
    indices = (index for index in itertools.count(1) if index not in left_out)
    molecules = {}
    for index, frame in zip(indices, frames, strict=False):
        properties = "\t".join(repr(float(frame.info[key])) for key in keys)
        atoms = [
            f"{symbol}\t{x!r}\t{y!r}\t{z!r}\t0.0".replace("e-", "*^-")
            for symbol, (x, y, z) in zip(frame.symbols, frame.positions.tolist(), strict=True)
        ]
        lines = [str(len(frame)), f"gdb {index}\t{properties}", *atoms, "0.0", "C\tC", "I\tI", ""]
        molecules[index] = "\n".join(lines)
    dataset = read_qm9_archive(archive(tmp_path / "qm9.tar.bz2", molecules), size=100)
    assert len(dataset) == 100
    u0 = np.array([frame.info["U0"] for frame in frames])
    assert dataset.targets["energy"] == pytest.approx(u0 * HARTREE, rel=1e-10)
    found = dataset.frames[57].positions
    assert found.tolist() == frames[57].positions.tolist()
    with np.load(mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz") as arrays:
        of_index = dict(zip(arrays["gdb_index"], arrays["energy_elec_hartree"], strict=True))
    electronic = np.array([of_index.get(i, np.nan) for i in dataset.targets["gdb_index"]])
    known = np.isfinite(electronic)
    assert known.sum() == 96  # of the others: three uncharacterized, one without an energy
    # stated with at least four decimals of a Hartree, U0 and the zero-point energy with six
    found = dataset.targets["electronic_energy"][known]
    assert found == pytest.approx(electronic[known] * HARTREE, abs=6e-5 * HARTREE)
