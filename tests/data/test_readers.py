"""From a catalogue entry to structures, through the reader it names."""

import dataclasses

import numpy as np
import pytest

from rhobar.data import catalogue, fetch, load_prepared, read_source, save_prepared
from rhobar.data.readers import _READERS


def test_every_entry_names_a_reader_and_arguments_it_takes():
    import inspect

    for source in catalogue().values():
        parameters = inspect.signature(_READERS[source.reader]).parameters
        given = {*source.files, *source.options}
        required = {n for n, p in parameters.items() if p.default is inspect.Parameter.empty}
        assert required <= given <= set(parameters), source.name


def test_files_and_options_reach_the_reader(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setitem(_READERS, "rmd17_npz", lambda **arguments: calls.append(arguments))
    read_source(catalogue()["rmd17-ethanol-split1"], {"path": str(tmp_path / "a.npz")})
    assert calls == [{"path": tmp_path / "a.npz", "split": 1}]


def test_refusals():
    source = catalogue()["qm9"]
    with pytest.raises(ValueError, match="qm9: no path is given for atom_references, unchar"):
        read_source(source, {"archive": "a"})
    with pytest.raises(ValueError, match=r"qm9: no reader 'other'; there are \["):
        read_source(dataclasses.replace(source, reader="other"), {})


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("name", "n_structures"),
    [("random-methane-forces", 1000), ("rmd17-ethanol-split1", 2000), ("qm9-npz-dipoles", 10_000)],
)
def test_from_the_mirror_to_the_prepared_form(mirror, tmp_path, name, n_structures):
    source = catalogue()[name]
    dataset = read_source(source, fetch(source, tmp_path, mirror=mirror))
    save_prepared(dataset, tmp_path / "prepared.npz")
    loaded = load_prepared(tmp_path / "prepared.npz")
    assert len(loaded) == n_structures
    assert loaded.dropped == dataset.dropped
    for key, values in dataset.targets.items():
        assert loaded.targets[key].tolist() == values.tolist()
    for found, expected in zip(loaded.frames[:50], dataset.frames[:50], strict=True):
        assert np.array_equal(found.positions, expected.positions)
        assert np.array_equal(found.numbers, expected.numbers)
