"""From what a user names to what is audited."""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from metatomic.torch import AtomisticModel, load_atomistic_model

from rhobar.models import EnergyModel, from_hypers, load_model

from .calculator_target import CalculatorTarget
from .computed_target import ComputedTarget
from .fitted_target import FittedTarget
from .metatomic_target import MetatomicTarget
from .reference_models import REFERENCE_MODELS
from .target import AuditTarget, TargetTraits, said

_KINDS = (
    f"a name ({', '.join(REFERENCE_MODELS)}), a descriptor's hyperparameters (.json), an exported "
    "model (.pt), a fitted model (.npz), or an import path (package.module:Name)"
)


def audit_target(
    target: Any,
    *,
    name: str | None = None,
    dtype: Literal["float64", "float32"] = "float64",
    cutoff: float | None = None,
    atomic_types: Sequence[int] | None = None,
    box: bool = False,
) -> AuditTarget:
    """
    Make of a descriptor or model, or of its name, what :func:`audit` asks.

    :param target: a descriptor, network or fitted model of rhobar; a module that makes a TensorMap
        of metatomic systems; a metatomic model; an ASE calculator. Or as text one of the kinds of
        models that :func:`expected_table` knows, the path of a JSON file with the hyperparameters
        of a descriptor (``{"type": "SoapPowerSpectrum", ...}``), that of an exported metatomic
        model (``.pt``) or of a model that rhobar fitted (``.npz``), or an import path
        (``package.module:Name``) of a class or an object
    :param name: what reports call it; None: its class, or the text
    :param dtype: of descriptors and networks; exported models have their own
    :param cutoff: Å, where the target does not say it: beyond it atoms do not see each other
    :param atomic_types: the types it knows, where it does not say it; None: all
    :param box: put finite structures in a periodic box of 30 Å
    :raises ValueError: for a file that cannot be read, a name that cannot be imported, and a
        target without energies or invariant features, or without their units
    """
    if isinstance(target, AuditTarget):
        return target
    types = None if atomic_types is None else tuple(atomic_types)
    traits = TargetTraits(str(name or target), cutoff, types, dtype, box)
    if isinstance(target, (str, Path)):
        if str(target) in REFERENCE_MODELS:
            return REFERENCE_MODELS[str(target)](traits)
        target = _found(str(target))
    elif name is None:
        traits = TargetTraits(type(target).__name__, cutoff, types, dtype, box)
    if isinstance(target, AtomisticModel):
        return MetatomicTarget(target, traits)
    if hasattr(target, "get_potential_energy") and hasattr(target, "implemented_properties"):
        return CalculatorTarget(target, traits)
    if isinstance(target, EnergyModel):
        return FittedTarget(target, traits)
    if hasattr(target, "compute") or hasattr(target, "requested_neighbor_lists"):
        return ComputedTarget(target, traits, readout="nonlinear")
    raise ValueError(
        f"{traits.name} is a {type(target).__name__}: no descriptor, metatomic model or ASE "
        "calculator."
    )


def _found(text: str) -> Any:
    """What a path or an import path leads to."""
    path = Path(text)
    if path.suffix == ".json":
        return _described(path)
    if path.suffix == ".pt":
        return _loaded(path)
    if path.suffix == ".npz":
        return load_model(path)
    if path.exists() or "/" in text or not ("." in text or ":" in text):
        raise ValueError(f"{text} is none of {_KINDS}.")
    return _imported(text)


def _described(path: Path) -> Any:
    """The descriptor of a file of hyperparameters."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    try:
        return from_hypers(values)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _loaded(path: Path) -> AtomisticModel:
    """The metatomic model of a file."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file.")
    try:
        return load_atomistic_model(str(path))
    except (RuntimeError, ValueError, OSError) as error:
        raise ValueError(f"{path} is no exported metatomic model: {said(error)}") from error


def _imported(text: str) -> Any:
    """An object, or the instance of a class that needs no arguments."""
    module_name, _, attribute = text.partition(":") if ":" in text else text.rpartition(".")
    try:
        with _here_too():
            found = importlib.import_module(module_name)
        for part in attribute.split("."):
            found = getattr(found, part)
        return found() if inspect.isclass(found) or inspect.isfunction(found) else found
    except Exception as error:
        raise ValueError(f"{text} cannot be imported: {said(error)}") from error


@contextmanager
def _here_too() -> Iterator[None]:
    """Modules of the current folder can be imported as well."""
    before = list(sys.path)
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path[:] = before
