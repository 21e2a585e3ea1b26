"""The workflow's own file form: what is saved is loaded, byte for byte the same each time."""

import zipfile

import ase
import numpy as np
import pytest

from rhobar.data import Dataset, load_prepared, save_prepared


def small(periodic=False):
    """Three structures of different size with every kind of target."""
    generator = np.random.default_rng(1)
    frames = []
    for symbols in ("CH4", "H2O", "N"):
        frame = ase.Atoms(symbols)
        frame.positions = generator.normal(size=(len(frame), 3))
        frame.arrays["forces"] = generator.normal(size=(len(frame), 3))
        frames.append(frame)
    if periodic:
        frames[1].set_cell([[4, 0, 0], [1, 5, 0], [0, 0, 6]])
        frames[1].pbc = (True, True, False)
    targets = {
        "energy": np.array([-1.5, 2.25, 1 / 3]),
        "dipole": generator.normal(size=(3, 3)),
        "smiles": np.array(["C", "O", "N#N"]),
        "gdb_index": np.array([1, 3, 5], dtype=np.int32),
    }
    return Dataset("small", frames, targets, {"no energy": 7})


def assert_same(found, expected):
    assert found.name == expected.name
    assert found.dropped == expected.dropped
    assert len(found) == len(expected)
    assert set(found.targets) == set(expected.targets)
    for key, values in expected.targets.items():
        assert found.targets[key].dtype == values.dtype
        assert found.targets[key].tolist() == values.tolist()
    for a, b in zip(found.frames, expected.frames, strict=True):
        assert set(a.arrays) == set(b.arrays)
        for key in b.arrays:
            assert a.arrays[key].tolist() == b.arrays[key].tolist()
        assert a.cell.array.tolist() == b.cell.array.tolist()
        assert a.pbc.tolist() == b.pbc.tolist()


@pytest.mark.parametrize("periodic", [False, True])
def test_saved_is_loaded(tmp_path, periodic):
    dataset = small(periodic)
    save_prepared(dataset, tmp_path / "small.npz")
    assert_same(load_prepared(tmp_path / "small.npz"), dataset)


def test_a_part_is_loaded_in_the_order_asked_for(tmp_path):
    dataset = small(periodic=True)
    save_prepared(dataset, tmp_path / "small.npz")
    assert_same(load_prepared(tmp_path / "small.npz", indices=[2, 0]), dataset.subset([2, 0]))


def test_no_structures(tmp_path):
    empty = Dataset("none", [], {"energy": np.zeros(0)}, {"no energy": 3})
    save_prepared(empty, tmp_path / "none.npz")
    assert_same(load_prepared(tmp_path / "none.npz"), empty)


def test_equal_data_give_equal_bytes(tmp_path):
    save_prepared(small(), tmp_path / "a.npz")
    save_prepared(small(), tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_loaded_frames_do_not_share_memory(tmp_path):
    save_prepared(small(), tmp_path / "small.npz")
    loaded = load_prepared(tmp_path / "small.npz", indices=[0, 0])
    loaded.frames[0].arrays["forces"][:] = 0.0
    loaded.frames[0].positions[:] = 0.0
    expected = small().frames[0]
    assert loaded.frames[1].positions.tolist() == expected.positions.tolist()
    assert loaded.frames[1].arrays["forces"].tolist() == expected.arrays["forces"].tolist()


def test_refusals(tmp_path):
    path = tmp_path / "small.npz"
    save_prepared(small(), path)
    with pytest.raises(ValueError, match=r"has 3 structures; indices from 0 to 3"):
        load_prepared(path, indices=[0, 3])
    with pytest.raises(ValueError, match=r"indices from -1 to 1"):
        load_prepared(path, indices=[-1, 1])
    uneven = small()
    del uneven.frames[2].arrays["forces"]
    with pytest.raises(ValueError, match="structure 2 has the per-atom targets"):
        save_prepared(uneven, tmp_path / "uneven.npz")
    assert not (tmp_path / "uneven.npz").exists()


def test_files_of_another_kind_are_refused(tmp_path):
    path = tmp_path / "small.npz"
    save_prepared(small(), path)
    whole = path.read_bytes()
    np.savez(tmp_path / "other.npz", a=np.zeros(2))
    np.savez(tmp_path / "newer.npz", header=np.array('{"version": 99}'))
    (tmp_path / "truncated.npz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("other", "truncated", "text"):
        with pytest.raises(ValueError, match=rf"{name}\.npz is not a prepared data set"):
            load_prepared(tmp_path / f"{name}.npz")
    with pytest.raises(ValueError, match="version 99"):
        load_prepared(tmp_path / "newer.npz")


def test_nothing_is_pickled(tmp_path):
    save_prepared(small(), tmp_path / "small.npz")
    with zipfile.ZipFile(tmp_path / "small.npz") as archive:
        names = archive.namelist()
    with np.load(tmp_path / "small.npz", allow_pickle=False) as arrays:
        kinds = {arrays[name.removesuffix(".npy")].dtype.kind for name in names}
    assert "O" not in kinds
