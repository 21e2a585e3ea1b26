"""Random methane from stand-ins of both units, and the excerpts in the mirror."""

import gzip

import numpy as np
import pytest

from rhobar.data import read_random_methane

HARTREE, BOHR = 27.211386245988, 0.529177210903  # CODATA 2018, eV and Å


def geometries(n, seed=0):
    """CH4 as published: H within 3 Å of C, no two atoms closer than 0.5 Å."""
    generator = np.random.default_rng(seed)
    found = []
    while len(found) < n:
        hydrogens = generator.uniform(-3, 3, (4, 3))
        positions = np.vstack([np.zeros(3), hydrogens])
        distances = np.linalg.norm(positions[:, None] - positions, axis=-1)
        far = distances[np.triu_indices(5, 1)].min() > 0.5
        if far and distances[0].max() < 3:
            found.append(positions)
    return np.round(found, 8)


def text(positions, energies, forces=None, comments=None):
    """Extended xyz in the layout of the published file."""
    lines = []
    for k, (xyz, energy) in enumerate(zip(positions, energies, strict=True)):
        columns = "species:S:1:pos:R:3" + (":forces:R:3" if forces is not None else "")
        comment = comments[k] if comments else f"index={k}"
        lines += ["5", f'Properties={columns} {comment} energy={energy!r} pbc="F F F"']
        for i, symbol in enumerate("CHHHH"):
            values = [*xyz[i], *(forces[k][i] if forces is not None else [])]
            lines.append(symbol + "".join(f" {v:16.8f}" for v in values))
    return "\n".join(lines) + "\n"


def written(path, content):
    if path.suffix == ".gz":
        with gzip.open(path, "wt") as stream:
            stream.write(content)
    else:
        path.write_text(content)
    return path


@pytest.fixture
def positions():
    return geometries(12)


@pytest.fixture
def energies():
    return [float(e) for e in np.random.default_rng(1).normal(-1085.9, 3.0, 12)]


@pytest.mark.parametrize("name", ["ch4.extxyz", "ch4.extxyz.gz"])
def test_energies_in_ev(tmp_path, positions, energies, name):
    path = written(tmp_path / name, text(positions, energies))
    dataset = read_random_methane(path, energy_unit="eV")
    assert dataset.targets["energy"].tolist() == energies
    assert dataset.targets["index"].tolist() == list(range(12))
    assert dataset.dropped == {}
    assert np.array([frame.positions for frame in dataset.frames]).tolist() == positions.tolist()
    assert all(frame.numbers.tolist() == [6, 1, 1, 1, 1] for frame in dataset.frames)
    assert all("forces" not in frame.arrays for frame in dataset.frames)


def test_published_units_are_converted(tmp_path, positions, energies):
    forces = np.random.default_rng(2).normal(0, 0.1, (12, 5, 3)).round(8)
    in_hartree = [energy / HARTREE for energy in energies]
    path = written(tmp_path / "methane.extxyz.gz", text(positions, in_hartree, forces))
    dataset = read_random_methane(path, energy_unit="hartree")
    assert dataset.targets["energy"] == pytest.approx(np.array(energies), rel=1e-10)
    found = np.array([frame.arrays["forces"] for frame in dataset.frames])
    assert found == pytest.approx(forces * HARTREE / BOHR, rel=1e-10)


def test_the_first_structures_are_enough(tmp_path, positions, energies):
    cut = text(positions, energies)[:-200]
    path = written(tmp_path / "ch4.extxyz", cut)
    assert len(read_random_methane(path, energy_unit="eV", count=10)) == 10
    with pytest.raises(ValueError, match=r"ch4\.extxyz: structure 11 cannot be read: it ends"):
        read_random_methane(path, energy_unit="eV")


def test_given_splits_are_kept(tmp_path, positions, energies):
    names = ["train"] * 8 + ["val"] * 2 + ["test"] * 2
    comments = [f"split={name} index_in_10000={3 * k}" for k, name in enumerate(names)]
    path = written(tmp_path / "ch4.extxyz", text(positions, energies, comments=comments))
    dataset = read_random_methane(path, energy_unit="eV")
    assert dataset.targets["split"].tolist() == names
    assert dataset.targets["index_in_10000"].tolist() == list(range(0, 36, 3))


def test_structures_outside_the_sampling_are_dropped_and_counted(tmp_path, caplog):
    positions = geometries(400)
    energies = [-1085.9] * 400
    positions[5, 1] = [3.01, 0, 0]
    positions[9, 2] = positions[9, 1] + [0.3, 0, 0]
    energies[17] = float("nan")
    path = written(tmp_path / "ch4.extxyz", text(positions, energies))
    dataset = read_random_methane(path, energy_unit="eV")
    assert dataset.dropped == {
        "a hydrogen farther than 3 Å from the carbon": 1,
        "two atoms closer than 0.5 Å": 1,
        "a number that is not finite": 1,
    }
    kept = [k for k in range(400) if k not in {5, 9, 17}]
    assert dataset.targets["index"].tolist() == kept
    assert caplog.text.count("dropped 1 of 400 structures") == 3


def test_lengths_in_bohr_are_refused(tmp_path, positions, energies):
    path = written(tmp_path / "ch4.extxyz", text(positions / BOHR, energies))
    with pytest.raises(ValueError, match="outside the sampling of random methane"):
        read_random_methane(path, energy_unit="eV")


@pytest.mark.parametrize(("true", "said"), [("hartree", "eV"), ("eV", "hartree")])
def test_a_wrong_energy_unit_is_refused(tmp_path, positions, energies, true, said):
    factor = {"hartree": 1 / HARTREE, "eV": 1.0}[true]
    path = written(tmp_path / "ch4.extxyz", text(positions, [e * factor for e in energies]))
    with pytest.raises(ValueError, match="times that of its free atoms"):
        read_random_methane(path, energy_unit=said)


def test_forces_in_another_unit_than_energies_are_refused(tmp_path, positions, energies):
    forces = np.random.default_rng(2).normal(0, 0.1, (12, 5, 3))  # Hartree/bohr
    path = written(tmp_path / "ch4.extxyz", text(positions, energies, forces))
    with pytest.raises(ValueError, match=r"forces have a root mean square of 0\.09"):
        read_random_methane(path, energy_unit="eV")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("H ", "F ", "structure 0 is CF"),
        ("energy=", "other=", "structure 0 is CH4 without an energy"),
        ("5\nProp", "five\nProp", "structure 0 cannot be read: invalid literal"),
        ("pbc=", "\npbc=", "structure 0 cannot be read"),
        ("C ", "C 1.2.3 ", "structure 0 cannot be read"),
    ],
)
def test_malformed_files_are_refused(tmp_path, positions, energies, old, new, message):
    content = text(positions, energies)
    assert old in content
    path = written(tmp_path / "ch4.extxyz", content.replace(old, new))
    with pytest.raises(ValueError, match=message) as caught:
        read_random_methane(path, energy_unit="eV")
    assert str(path) in str(caught.value)


def test_a_truncated_archive_is_refused(tmp_path, positions, energies):
    path = written(tmp_path / "ch4.extxyz.gz", text(positions, energies))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match="cannot be read: Compressed file ended"):
        read_random_methane(path, energy_unit="eV")


def test_counts_are_checked(tmp_path, positions, energies):
    path = written(tmp_path / "ch4.extxyz", text(positions, energies))
    with pytest.raises(ValueError, match="holds 12 structures, 13 were asked for"):
        read_random_methane(path, energy_unit="eV", count=13)
    with pytest.raises(ValueError, match="holds no structures"):
        read_random_methane(written(tmp_path / "none.extxyz", ""), energy_unit="eV")
    with pytest.raises(ValueError, match="'eV' or 'hartree', got 'Ha'"):
        read_random_methane(path, energy_unit="Ha")


@pytest.mark.mirror
def test_the_10000_energies_of_the_mirror(mirror):
    path = mirror / "ch4" / "ch4_random_10000_energies.extxyz.gz"
    dataset = read_random_methane(path, energy_unit="eV")
    assert len(dataset) == 10_000
    assert dataset.dropped == {}
    assert dataset.targets["energy"].mean() == pytest.approx(-1085.917, abs=5e-4)
    assert dataset.targets["energy"].std() == pytest.approx(3.2845, abs=5e-5)
    assert dataset.targets["index"].tolist() == list(range(10_000))


@pytest.mark.mirror
def test_the_1000_forces_of_the_mirror(mirror):
    path = mirror / "ch4" / "ch4_random_1000_energies_forces.extxyz.gz"
    dataset = read_random_methane(path, energy_unit="eV")
    names, counts = np.unique(dataset.targets["split"], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "train": 800,
        "val": 100,
        "test": 100,
    }
    assert dataset.targets["energy"][0] == -1087.9375228369197
    assert dataset.frames[0].arrays["forces"][0].tolist() == [4.46550631, -1.08292805, -2.22026736]
