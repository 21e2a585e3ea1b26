"""Files of models: one npz with a JSON header, nothing pickled, complete or absent."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import rhobar
from rhobar.data import written_beside

MODEL, DESCRIPTOR = "rhobar energy model", "rhobar descriptor"
_VERSION = 1
UNITS = {"energy": "eV", "length": "angstrom", "forces": "eV/angstrom"}


def write_model(
    path: str | Path,
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    *,
    what: str = MODEL,
) -> None:
    """
    Write ``arrays`` and a header with the format, its version, the units and the version of rhobar.

    The same model gives the same bytes.

    :param what: the name of the format
    """
    written = {
        "format": what,
        "version": _VERSION,
        "units": UNITS,
        "rhobar": rhobar.__version__,
        **header,
    }
    with written_beside(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, header=np.array(json.dumps(written)), **dict(arrays))


def read_model(
    path: str | Path, *, what: str = MODEL
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """
    The header and the arrays that :func:`write_model` wrote.

    :raises ValueError: naming the file, if it is no such file, is damaged, or is of a version or
        in units that this version of rhobar does not read
    :raises FileNotFoundError: if there is no such file
    """
    try:
        with Path(path).open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header = json.loads(str(arrays.pop("header")))
        found = header["format"], header["version"], header["units"]
    except FileNotFoundError:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise ValueError(f"{path} is not a file of a {what}, or is damaged: {error}.") from error
    if found[:1] != (what,):
        raise ValueError(f"{path} holds {found[0]!r}, not a {what}.")
    if found[1] != _VERSION:
        raise ValueError(
            f"{path} is a {what} of version {found[1]}, written by rhobar "
            f"{header.get('rhobar')}; this rhobar {rhobar.__version__} reads version {_VERSION}. "
            "Fit again, or use that version."
        )
    if found[2] != UNITS:
        raise ValueError(f"{path} has units {found[2]}; rhobar's models are in {UNITS}.")
    return header, arrays
