"""Descriptors and kernels as JSON, by their arguments, and as arrays, by what a fit found."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray

import rhobar.descriptors
import rhobar.kernels
import rhobar.math
from rhobar.models.nu_kernel_ridge import NuKernelRidge
from rhobar.models.nu_mixing import ExponentialMixing, FreeMixing

_STATE = "descriptor/"
_LEAVES = (str, bool, int, float, type(None))


def encoded(part: Any) -> Any:
    """
    ``part`` as JSON takes it: a value, a list, or ``{"type": class, argument: value, …}``.

    Descriptors tell their arguments by ``hypers()``, smaller parts by attributes of their names.

    :raises TypeError: if an argument is of a type that :func:`decoded` does not know
    """
    if isinstance(part, _LEAVES):
        return part
    if isinstance(part, (list, tuple)):
        return [encoded(item) for item in part]
    if isinstance(part, torch.Tensor):
        return {"type": "Tensor", "values": part.detach().tolist()}
    if type(part).__name__ not in _known_types():
        raise TypeError(
            f"A model file cannot hold a {type(part).__name__}, only {sorted(_known_types())}."
        )
    if hasattr(part, "hypers"):
        arguments = part.hypers()
    else:
        arguments = {name: getattr(part, name) for name in inspect.signature(type(part)).parameters}
    return {"type": type(part).__name__, **{key: encoded(arguments[key]) for key in arguments}}


def decoded(part: Any) -> Any:
    """
    What :func:`encoded` was given.

    :raises ValueError: naming the type or argument that this version does not know
    """
    if isinstance(part, list):
        return [decoded(item) for item in part]
    if not isinstance(part, dict):
        return part
    name = part.get("type")
    if name == "Tensor":
        return torch.tensor(part["values"], dtype=torch.float64)
    if name not in _known_types():
        raise ValueError(f"no type {name!r} in this version of rhobar: {sorted(_known_types())}")
    arguments = {key: decoded(value) for key, value in part.items() if key != "type"}
    try:
        return _known_types()[name](**arguments)
    except TypeError as error:
        raise ValueError(f"the arguments of {name} do not fit this version: {error}") from error


def from_hypers(hypers: Any) -> Any:
    """
    The descriptor that a JSON object says: ``{"type": class, argument: value, …}``.

    >>> from_hypers({"type": "SoapRadialSpectrum", "cutoff": 3.0,
    ...     "radial": {"type": "Gto", "n_radial": 4},
    ...     "density": {"type": "Gaussian", "width": 0.3}}).hypers()["radial"].n_radial
    4

    :raises ValueError: for other JSON, and types or arguments that this version does not know
    """
    if not isinstance(hypers, dict) or "type" not in hypers:
        raise ValueError(
            'expected an object of hyperparameters such as {"type": "SoapPowerSpectrum", "cutoff": '
            '4.0, "l_max": 4, "radial": {"type": "Gto", "n_radial": 4}, "density": {"type": '
            '"Gaussian", "width": 0.3}}.'
        )
    return decoded(hypers)


def fitted_state(descriptor: Any) -> dict[str, NDArray[Any]]:
    """Arrays of a descriptor that is fitted to structures, under ``descriptor/…``; else none."""
    if not hasattr(descriptor, "fit"):
        return {}
    return {f"{_STATE}{name}": value.numpy() for name, value in descriptor.state_dict().items()}


def load_fitted_state(descriptor: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Give a descriptor what :func:`fitted_state` took from another one."""
    state = {
        name.removeprefix(_STATE): torch.from_numpy(value)
        for name, value in arrays.items()
        if name.startswith(_STATE)
    }
    if state:
        descriptor.load_state_dict(state)


def _known_types() -> dict[str, type]:
    """What a file may name: public classes of three rooms, and those of a kernel regression."""
    rooms = {
        name: member
        for room in (rhobar.math, rhobar.descriptors, rhobar.kernels)
        for name, member in vars(room).items()
        if name in room.__all__ and inspect.isclass(member)
    }
    return rooms | {kind.__name__: kind for kind in (NuKernelRidge, ExponentialMixing, FreeMixing)}
