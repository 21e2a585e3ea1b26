"""The form in which every reader hands structures over."""

import ase
import numpy as np
import pytest

from rhobar.data import Dataset


@pytest.fixture
def dataset():
    frames = [ase.Atoms("CH4"), ase.Atoms("H2O"), ase.Atoms("N2")]
    targets = {"energy": np.array([1.0, 2.0, 3.0]), "smiles": np.array(["C", "O", "N#N"])}
    return Dataset("small", frames, targets, {"no energy": 4})


def test_subset_keeps_frames_and_targets_together(dataset):
    part = dataset.subset(np.array([2, 0]))
    assert [str(frame.symbols) for frame in part.frames] == ["N2", "CH4"]
    assert part.targets["energy"].tolist() == [3.0, 1.0]
    assert part.targets["smiles"].tolist() == ["N#N", "C"]
    assert part.dropped == {"no energy": 4}
    assert part.name == "small"
    assert len(part) == 2


def test_an_empty_subset(dataset):
    part = dataset.subset([])
    assert len(part) == 0
    assert part.targets["energy"].shape == (0,)


@pytest.mark.parametrize("indices", [[3], [-1], [0, 7]])
def test_indices_outside_are_refused(dataset, indices):
    wrong = indices[-1]
    with pytest.raises(ValueError, match=f"'small' has 3 structures, index {wrong} is not one"):
        dataset.subset(indices)


@pytest.mark.parametrize("indices", [[0.0, 1.0], [True, False, True], [[0], [1]]])
def test_what_are_no_indices_is_refused(dataset, indices):
    with pytest.raises(ValueError, match="subset takes a list of integers"):
        dataset.subset(indices)


def test_targets_have_one_row_per_frame(dataset):
    with pytest.raises(
        ValueError, match=r"has 3 frames, but its target 'dipole' has shape \(2, 3\)"
    ):
        Dataset("small", dataset.frames, {"dipole": np.zeros((2, 3))})


def test_it_describes_itself_in_one_line(dataset):
    assert repr(dataset) == "<Dataset 'small': 3 structures, targets ['energy', 'smiles']>"
