"""Splits: the published index sequences, files, refusals."""

import json

import numpy as np
import pytest

from rhobar.data import (
    Split,
    labelled_split,
    legacy_shuffle_split,
    pair_split,
    pool_split,
    prefix_split,
    qm9_split,
    shuffled_split,
)


def test_shuffled_split_uses_every_structure_once():
    split = shuffled_split(50, n_test=10, seed=3)
    assert len(split.train) == 40
    assert len(split.test) == 10
    assert sorted([*split.train, *split.test]) == list(range(50))


def test_shuffled_split_is_the_permutation_of_its_seed():
    order = np.random.default_rng(3).permutation(50)
    split = shuffled_split(50, n_test=10, seed=3)
    assert split.train.tolist() == order[:40].tolist()
    assert split.test.tolist() == order[40:].tolist()
    assert split.train.tolist() != shuffled_split(50, n_test=10, seed=4).train.tolist()


def test_prefix_split_keeps_the_order_of_the_source():
    split = prefix_split(10_000, n_test=2000)
    assert split.train.tolist() == list(range(8000))
    assert split.test.tolist() == list(range(8000, 10_000))


def test_qm9_split_parts():
    fast, full = qm9_split(87_124), qm9_split(87_124, fast=False)
    assert (len(fast.train), len(fast.test)) == (5000, 1000)
    assert (len(full.train), len(full.test)) == (70_000, 10_000)
    assert fast.train.tolist() == full.train[:5000].tolist()
    assert fast.test.tolist() == full.train[5000:6000].tolist()
    assert fast.train.tolist() != qm9_split(87_124, replica=1).train.tolist()


def test_qm9_split_is_the_permutation_of_rows_with_an_energy():
    """Permuting the rows that have an energy, or positions in the list of them, is the same."""
    has_energy = np.random.default_rng(0).random(12_000) < 0.6
    rows = np.flatnonzero(has_energy)
    expected = np.random.default_rng(20240901).permutation(rows)[:5000]
    assert rows[qm9_split(len(rows)).train].tolist() == expected.tolist()


def test_legacy_shuffle_reproduces_the_published_methane_lists():
    of_10_000 = legacy_shuffle_split(10_000, seed=0)
    assert of_10_000.train[:6].tolist() == [1554, 2087, 5470, 2363, 7570, 6427]
    of_100_000 = legacy_shuffle_split(100_000, seed=0)
    assert of_100_000.train[:6].tolist() == [49563, 49733, 87086, 97372, 11049, 85351]
    assert len(of_100_000.test) == 1000


def test_legacy_shuffle_drops_unknown_structures_in_place():
    known = np.arange(200) % 3 > 0
    every, some = (legacy_shuffle_split(200, seed=5, n_test=20, known=k) for k in (None, known))
    order = np.concatenate([every.test, every.train])
    assert np.concatenate([some.test, some.train]).tolist() == order[known[order]].tolist()
    assert len(some.test) == 20


@pytest.mark.mirror
def test_legacy_shuffle_reproduces_the_published_qm9_lists(mirror):
    lines = (mirror / "qm9" / "uncharacterized.txt").read_text().splitlines()
    fields = [line.split() for line in lines]
    left_out = {int(words[0]) for words in fields if words and words[0].isdigit()}
    gdb = np.array([index for index in range(1, 133_886) if index not in left_out])
    assert len(gdb) == 130_831
    full = legacy_shuffle_split(130_831, seed=0)
    assert gdb[full.train[:6]].tolist() == [15061, 78591, 130652, 27041, 133092, 107312]
    with np.load(mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz") as arrays:
        with_energy = arrays["gdb_index"][np.isfinite(arrays["energy_elec_hartree"])]
    known = np.isin(gdb, with_energy)
    bundle = legacy_shuffle_split(130_831, seed=0, known=known)
    assert gdb[bundle.test[:3]].tolist() == [8226, 26624, 20504]
    assert gdb[bundle.train[:3]].tolist() == [37698, 12297, 22411]
    rows = pool_split(np.flatnonzero(known), n_pool=130_831, seed=0)
    assert with_energy[rows.test[:3]].tolist() == [8226, 26624, 20504]
    assert with_energy[rows.train[:3]].tolist() == [37698, 12297, 22411]


def test_a_pool_split_is_that_of_the_pool_without_what_is_missing():
    members = np.flatnonzero(np.arange(200) % 3 > 0)
    split = pool_split(members, n_pool=200, seed=5, n_test=20)
    order = [*range(200)]
    np.random.RandomState(5).shuffle(order)
    found = members[np.concatenate([split.test, split.train])].tolist()
    assert found == [index for index in order if index % 3]
    with pytest.raises(ValueError, match="occurs twice"):
        pool_split(np.array([1, 1]), n_pool=3, seed=0, n_test=1)
    with pytest.raises(ValueError, match="from 1 to 3, the pool from 0 to 2"):
        pool_split(np.array([1, 3]), n_pool=3, seed=0, n_test=1)


def test_labelled_split():
    split = labelled_split(["test", "train", "val", "train"])
    assert split.train.tolist() == [1, 3]
    assert split.validation.tolist() == [2]
    assert split.test.tolist() == [0]


def test_a_saved_split_loads_equal_and_has_equal_bytes(tmp_path):
    split = labelled_split(["test", "train", "val", "train"])
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    split.save(first)
    split.save(second)
    found = Split.load(first)
    assert found.train.tolist() == split.train.tolist()
    assert found.validation.tolist() == split.validation.tolist()
    assert found.test.tolist() == split.test.tolist()
    assert first.read_bytes() == second.read_bytes()
    assert list(json.loads(first.read_text())) == ["train", "validation", "test"]


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"train": [0]}', '{"train": [0], "test": [0]}'])
def test_load_refuses_what_is_not_a_split(tmp_path, text):
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"split\.json is not a saved Split"):
        Split.load(path)


@pytest.mark.parametrize("n_test", [0, 10, 11, -1])
def test_impossible_test_sizes_are_refused(n_test):
    with pytest.raises(ValueError, match=f"n_test={n_test} of 10 structures"):
        shuffled_split(10, n_test=n_test, seed=0)
    with pytest.raises(ValueError, match=f"n_test={n_test} of 10 structures"):
        prefix_split(10, n_test=n_test)


def test_refusals_name_the_value():
    with pytest.raises(ValueError, match="structure 3 is used twice"):
        Split(train=np.array([1, 3]), test=np.array([3]))
    with pytest.raises(ValueError, match="integers from 0"):
        Split(train=np.array([-1, 3]), test=np.array([4]))
    with pytest.raises(ValueError, match="got 'dev'"):
        labelled_split(["train", "dev"])
    with pytest.raises(ValueError, match="needs 6000 structures, got 100"):
        qm9_split(100)
    with pytest.raises(ValueError, match=r"expected \(10,\)"):
        legacy_shuffle_split(10, seed=0, n_test=1, known=np.ones(9, dtype=bool))


def test_pairs_stay_together() -> None:
    split = pair_split(20, n_test=4, n_validation=6)
    assert split.test.tolist() == [16, 17, 18, 19]
    assert split.validation.tolist() == [*range(10, 16)]
    assert split.train.tolist() == [*range(10)]


def test_a_split_that_parts_a_pair_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pair_split: \{'n_test': 3\} would part a pair"):
        pair_split(20, n_test=3, n_validation=0)
    with pytest.raises(ValueError, match="leave at least 1 to train on"):
        pair_split(20, n_test=10, n_validation=10)
