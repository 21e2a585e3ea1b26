"""Descriptors in files of their own, with what a fit found."""

from __future__ import annotations

from pathlib import Path

from rhobar.models.environments import Descriptor
from rhobar.models.files import DESCRIPTOR, read_model, write_model
from rhobar.models.hypers import decoded, encoded, fitted_state, load_fitted_state


def save_descriptor(descriptor: Descriptor, path: str | Path) -> None:
    """
    Write a descriptor, fitted or not; :func:`load_descriptor` reads it.

    Nothing is pickled; the file appears complete or not at all. Models write their descriptor along
    with their weights.
    """
    header = {"descriptor": encoded(descriptor)}
    write_model(path, header, fitted_state(descriptor), what=DESCRIPTOR)


def load_descriptor(path: str | Path) -> Descriptor:
    """
    The descriptor that :func:`save_descriptor` wrote.

    :raises ValueError: naming the file, if it is no such file, is damaged, or was written in a
        form that this version of rhobar does not read
    """
    header, arrays = read_model(path, what=DESCRIPTOR)
    try:
        descriptor: Descriptor = decoded(header["descriptor"])
        load_fitted_state(descriptor, arrays)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not hold a whole descriptor: {error!r}.") from error
    return descriptor
