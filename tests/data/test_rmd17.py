"""Revised MD17 from stand-ins of both layouts, and the splits in the mirror."""

import io
import tarfile

import numpy as np
import pytest

from rhobar.data import labelled_split, read_rmd17_archive, read_rmd17_npz, rmd17

KCAL_PER_MOL = 4184 / 6.02214076e23 / 1.602176634e-19  # eV
ETHANOL = np.array([6, 6, 8, 1, 1, 1, 1, 1, 1], dtype=np.uint8)
ENERGY = -97_000.0  # kcal/mol, of ethanol
N = 2500


def geometry():
    """Ethanol, Å; what matters is that bonds are about 1 Å and 1.5 Å long."""
    return np.array(
        [
            [0.0, 0.0, 0.0],
            [1.52, 0.0, 0.0],
            [2.0, 1.34, 0.0],
            [2.96, 1.34, 0.0],
            [-0.36, 1.03, 0.0],
            [-0.36, -0.51, 0.89],
            [-0.36, -0.51, -0.89],
            [1.88, -0.51, 0.89],
            [1.88, -0.51, -0.89],
        ]
    )


def official(n=N):
    """Arrays of rmd17_ethanol.npz, in kcal/mol and kcal/mol/Å."""
    generator = np.random.default_rng(0)
    return {
        "nuclear_charges": ETHANOL,
        "coords": geometry() + generator.normal(0, 0.02, (n, 9, 3)),
        "energies": ENERGY + generator.normal(0, 4, n),
        "forces": generator.normal(0, 27, (n, 9, 3)),
        "old_indices": generator.permutation(4 * n)[:n],
        "old_energies": np.zeros(n),
        "old_forces": np.zeros((n, 9, 3)),
    }


def indices():
    order = np.random.default_rng(1).permutation(N)
    return order[:1000], order[1000:2000]


def archive(path, arrays, *, without="", **replaced):
    """rmd17.tar.bz2 with one molecule and one split."""
    npz = io.BytesIO()
    np.savez(npz, **arrays)
    train, test = indices()
    members = {
        "rmd17/readme.txt": b"stand-in",
        "rmd17/npz_data/rmd17_ethanol.npz": npz.getvalue(),
        "rmd17/splits/index_train_03.csv": "\n".join(map(str, train)).encode(),
        "rmd17/splits/index_test_03.csv": "\n".join(map(str, test)).encode(),
    }
    members.update({f"rmd17/splits/{k}.csv": v for k, v in replaced.items()})
    with tarfile.open(path, "w:bz2", compresslevel=1) as tar:
        for name, content in members.items():
            if not without or without not in name:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture(autouse=True)
def _small_archive(monkeypatch):
    monkeypatch.setitem(rmd17._N_FRAMES, "ethanol", N)


class TestArchive:
    def test_units_order_and_targets(self, tmp_path):
        arrays = official()
        path = archive(tmp_path / "rmd17.tar.bz2", arrays)
        dataset = read_rmd17_archive(path, molecule="ethanol", split=3)
        rows = np.concatenate(indices())
        energies = arrays["energies"][rows] * KCAL_PER_MOL
        assert dataset.targets["energy"] == pytest.approx(energies, rel=1e-9)
        assert dataset.targets["md17_index"].tolist() == arrays["old_indices"][rows].tolist()
        found = np.array([frame.positions for frame in dataset.frames])
        assert found.tolist() == arrays["coords"][rows].tolist()
        forces = np.array([frame.arrays["forces"] for frame in dataset.frames])
        assert forces == pytest.approx(arrays["forces"][rows] * KCAL_PER_MOL, rel=1e-9)
        split = labelled_split(dataset.targets["split"])
        assert split.train.tolist() == list(range(1000))
        assert split.test.tolist() == list(range(1000, 2000))
        assert dataset.dropped == {}

    def test_a_frame_that_is_not_finite_is_dropped(self, tmp_path, caplog):
        arrays = official()
        arrays["forces"][indices()[0][7], 4, 1] = np.nan
        path = archive(tmp_path / "rmd17.tar.bz2", arrays)
        dataset = read_rmd17_archive(path, molecule="ethanol", split=3)
        assert len(dataset) == 1999
        assert dataset.dropped == {"a number that is not finite": 1}
        assert (dataset.targets["split"] == "train").sum() == 999
        assert "dropped 1 frames" in caplog.text

    def test_nothing_is_written(self, tmp_path):
        path = archive(tmp_path / "rmd17.tar.bz2", official())
        read_rmd17_archive(path, molecule="ethanol", split=3)
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("key", ["energies", "forces"])
    def test_wrong_units_are_refused(self, tmp_path, key):
        arrays = official()
        arrays[key] = arrays[key] * KCAL_PER_MOL
        path = archive(tmp_path / "rmd17.tar.bz2", arrays)
        with pytest.raises(ValueError, match="Check the unit"):
            read_rmd17_archive(path, molecule="ethanol", split=3)

    def test_lengths_in_bohr_are_refused(self, tmp_path):
        arrays = official()
        arrays["coords"] = arrays["coords"] / 0.529177
        path = archive(tmp_path / "rmd17.tar.bz2", arrays)
        with pytest.raises(ValueError, match="positions are in Å"):
            read_rmd17_archive(path, molecule="ethanol", split=3)

    @pytest.mark.parametrize(
        ("replaced", "message"),
        [
            ({"index_test_03": b"1\n2\n"}, r"expected 1000 indices below 2500, got 2 from 1 to 2"),
            ({"index_test_03": b"1.5\n"}, "expected one whole number a line"),
            ({"index_test_03": b"7\n" * 1000}, "frames occur twice"),
            ({"index_test_03": "\n".join(map(str, range(1501, 2501))).encode()}, "from 1501 to"),
        ],
    )
    def test_a_malformed_split_is_refused(self, tmp_path, replaced, message):
        path = archive(tmp_path / "rmd17.tar.bz2", official(), **replaced)
        with pytest.raises(ValueError, match=message):
            read_rmd17_archive(path, molecule="ethanol", split=3)

    @pytest.mark.parametrize("missing", ["rmd17_ethanol.npz", "index_train_03.csv"])
    def test_a_missing_member_is_named(self, tmp_path, missing):
        path = archive(tmp_path / "rmd17.tar.bz2", official(), without=missing)
        with pytest.raises(ValueError, match=rf"holds no file '.*{missing}'"):
            read_rmd17_archive(path, molecule="ethanol", split=3)

    def test_damage_is_reported(self, tmp_path):
        path = archive(tmp_path / "rmd17.tar.bz2", official())
        path.write_bytes(path.read_bytes()[:5000])
        with pytest.raises(ValueError, match=r"rmd17\.tar\.bz2 is not a readable tar\.bz2"):
            read_rmd17_archive(path, molecule="ethanol", split=3)
        path.write_bytes(b"something else")
        with pytest.raises(ValueError, match=r"rmd17\.tar\.bz2 is not a readable tar\.bz2"):
            read_rmd17_archive(path, molecule="ethanol", split=3)

    def test_counts_and_choices_are_checked(self, tmp_path):
        path = archive(tmp_path / "rmd17.tar.bz2", official(N - 1))
        with pytest.raises(ValueError, match="has 2499 frames, expected 2500"):
            read_rmd17_archive(path, molecule="ethanol", split=3)
        with pytest.raises(ValueError, match="no molecule 'water'"):
            read_rmd17_archive(path, molecule="water", split=3)
        with pytest.raises(ValueError, match="splits 1 to 5, got 0"):
            read_rmd17_archive(path, molecule="ethanol", split=0)

    def test_a_missing_array_is_named(self, tmp_path):
        arrays = official()
        del arrays["old_indices"]
        path = archive(tmp_path / "rmd17.tar.bz2", arrays)
        with pytest.raises(ValueError, match="no array 'old_indices'"):
            read_rmd17_archive(path, molecule="ethanol", split=3)


def excerpt():
    """Arrays of the mirror's rmd17_ethanol.npz: eV, eV/Å, one split of five."""
    arrays = official()
    found = {"numbers": ETHANOL}
    for part, rows in zip(("train2", "test2"), indices(), strict=True):
        found[f"{part}_positions"] = arrays["coords"][rows].astype(np.float32)
        found[f"{part}_energies"] = arrays["energies"][rows] * KCAL_PER_MOL
        found[f"{part}_forces"] = (arrays["forces"][rows] * KCAL_PER_MOL).astype(np.float32)
        found[f"{part}_md17_index"] = arrays["old_indices"][rows].astype(np.int32)
    return found


class TestNpz:
    def test_one_split(self, tmp_path):
        arrays = excerpt()
        np.savez(tmp_path / "rmd17_ethanol.npz", **arrays)
        dataset = read_rmd17_npz(tmp_path / "rmd17_ethanol.npz", split=2)
        assert dataset.name == "rmd17 ethanol"
        assert dataset.targets["energy"][:1000].tolist() == arrays["train2_energies"].tolist()
        assert dataset.targets["energy"][1000:].tolist() == arrays["test2_energies"].tolist()
        assert dataset.frames[1003].positions.dtype == np.float64
        assert dataset.frames[1003].positions.tolist() == arrays["test2_positions"][3].tolist()
        forces = dataset.frames[3].arrays["forces"]
        assert forces.tolist() == arrays["train2_forces"][3].tolist()

    @pytest.mark.parametrize(
        ("key", "change", "message"),
        [
            ("train2_energies", lambda a: a[:-1], r"energies of split 2 have the shapes \(999,\)"),
            (
                "train2_positions",
                lambda a: a[:, :-1],
                r"positions of split 2 have the shapes \(1000, 8, 3\)",
            ),
            ("numbers", lambda a: a[:-1], r"expected \(2000, 8, 3\)"),
            ("test2_md17_index", lambda a: a * 0, "1 frames occur twice"),
            ("train2_energies", lambda a: a / KCAL_PER_MOL, "Check the unit"),
        ],
    )
    def test_malformed_files_are_refused(self, tmp_path, key, change, message):
        arrays = excerpt()
        arrays[key] = change(arrays[key])
        np.savez(tmp_path / "rmd17_ethanol.npz", **arrays)
        with pytest.raises(ValueError, match=message):
            read_rmd17_npz(tmp_path / "rmd17_ethanol.npz", split=2)

    def test_a_split_that_is_not_there_is_named(self, tmp_path):
        np.savez(tmp_path / "rmd17_ethanol.npz", **excerpt())
        with pytest.raises(ValueError, match="no array 'test1_energies'"):
            read_rmd17_npz(tmp_path / "rmd17_ethanol.npz", split=1)


@pytest.mark.mirror
def test_ethanol_of_the_mirror(mirror):
    dataset = read_rmd17_npz(mirror / "rmd17" / "rmd17_ethanol.npz", split=1)
    assert len(dataset) == 2000
    assert dataset.dropped == {}
    energy = dataset.targets["energy"]
    assert energy[0] == pytest.approx(-4209.78386701, abs=1e-8)
    assert energy[:1000].std() == pytest.approx(0.1782, abs=1e-4)
    forces = np.array([frame.arrays["forces"] for frame in dataset.frames[:1000]])
    assert np.sqrt((forces**2).mean()) == pytest.approx(1.20, abs=5e-3)
    assert dataset.targets["md17_index"][:2].tolist() == [124158, 361092]


@pytest.mark.mirror
@pytest.mark.parametrize(
    "molecule", ["aspirin", "azobenzene", "benzene", "malonaldehyde", "paracetamol"]
)
def test_the_other_molecules_of_the_mirror(mirror, molecule):
    dataset = read_rmd17_npz(mirror / "rmd17" / f"rmd17_{molecule}.npz", split=5)
    assert len(dataset) == 2000
    assert dataset.dropped == {}
