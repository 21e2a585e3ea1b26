"""From the files of a catalogued data set to its structures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from rhobar.data.boron8_pairs import read_boron8
from rhobar.data.catalogue import Source
from rhobar.data.dataset import Dataset
from rhobar.data.gold import read_gold
from rhobar.data.methane_orbit import read_methane_orbit
from rhobar.data.qm9 import read_qm9_archive
from rhobar.data.qm9_npz import read_qm9_npz
from rhobar.data.random_methane import read_random_methane
from rhobar.data.rmd17 import read_rmd17_archive, read_rmd17_npz

# what the catalogue calls a reader -> the function; files and options are its arguments
_READERS: dict[str, Callable[..., Dataset]] = {
    "boron8": read_boron8,
    "gold": read_gold,
    "methane_orbit": read_methane_orbit,
    "qm9_archive": read_qm9_archive,
    "qm9_npz": read_qm9_npz,
    "random_methane": read_random_methane,
    "rmd17_archive": read_rmd17_archive,
    "rmd17_npz": read_rmd17_npz,
}


def read_source(source: Source, paths: Mapping[str, str | Path]) -> Dataset:
    """
    Structures and targets of ``source``, with the reader and options its entry names.

    :param paths: role of each file → where it is, as :func:`fetch` returns them
    :raises ValueError: if a file is missing from ``paths``, the entry names no known reader, or
        the reader refuses a file
    """
    if source.reader not in _READERS:
        raise ValueError(
            f"{source.name}: no reader {source.reader!r}; there are {sorted(_READERS)}."
        )
    missing = sorted(source.files.keys() - paths.keys())
    if missing:
        raise ValueError(f"{source.name}: no path is given for {', '.join(missing)}.")
    files = {role: Path(paths[role]) for role in source.files}
    return _READERS[source.reader](**files, **source.options)
