"""featomic's hyperparameters in rhobar's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rhobar.math import Cutoff, Dirac, Gaussian, Gto, Laplacian, Willatt


def arguments_from_featomic(
    name: str, cutoff: Mapping[str, Any], density: Mapping[str, Any], basis: Mapping[str, Any]
) -> dict[str, Any]:
    """
    Constructor arguments of a density descriptor.

    featomic counts radial functions from zero: ``max_radial`` 7 are 8 functions here. Where it
    leaves a choice open, its default is taken (a spline of 1e-8, weight 1 of the center).

    :param name: of the descriptor, for messages
    :raises ValueError: naming the key or the choice that has no counterpart
    """
    l_max, radial, accuracy = _basis(name, basis)
    arguments = {
        "cutoff": _cutoff(name, cutoff),
        "density": _density(name, density),
        "radial": radial,
        "spline_accuracy": accuracy,
    }
    return arguments if l_max is None else {**arguments, "l_max": l_max}


def _cutoff(name: str, hypers: Mapping[str, Any]) -> Cutoff:
    _only(name, "cutoff", hypers, {"radius", "smoothing"}, required={"radius", "smoothing"})
    smoothing = hypers["smoothing"]
    kind = smoothing.get("type")
    if kind == "Step":
        _only(name, "cutoff.smoothing", smoothing, {"type"})
        return Cutoff(hypers["radius"], width=0.0)
    if kind == "ShiftedCosine":
        _only(name, "cutoff.smoothing", smoothing, {"type", "width"}, required={"width"})
        return Cutoff(hypers["radius"], width=smoothing["width"])
    raise _unknown(name, "cutoff.smoothing.type", kind, ["ShiftedCosine", "Step"])


def _density(name: str, hypers: Mapping[str, Any]) -> Gaussian | Dirac:
    shared = {"type", "scaling", "center_atom_weight"}
    weight = hypers.get("center_atom_weight", 1.0)
    scaling = _scaling(name, hypers.get("scaling"))
    kind = hypers.get("type")
    if kind == "Gaussian":
        _only(name, "density", hypers, shared | {"width"}, required={"width"})
        return Gaussian(hypers["width"], center_weight=weight, scaling=scaling)
    if kind == "DiracDelta":
        _only(name, "density", hypers, shared)
        return Dirac(center_weight=weight, scaling=scaling)
    raise _unknown(name, "density.type", kind, ["Gaussian", "DiracDelta"])


def _scaling(name: str, hypers: Mapping[str, Any] | None) -> Willatt | None:
    if hypers is None:
        return None
    if hypers.get("type") != "Willatt2018":
        raise _unknown(name, "density.scaling.type", hypers.get("type"), ["Willatt2018"])
    keys = {"scale", "rate", "exponent"}
    _only(name, "density.scaling", hypers, keys | {"type"}, required=keys)
    return Willatt(scale=hypers["scale"], rate=hypers["rate"], exponent=hypers["exponent"])


def _basis(
    name: str, hypers: Mapping[str, Any]
) -> tuple[int | None, Gto | Laplacian, float | None]:
    """l_max (None where the descriptor has none), radial basis, accuracy of the spline."""
    accuracy = hypers.get("spline_accuracy", 1e-8)
    kind = hypers.get("type")
    if kind == "LaplacianEigenstate":
        _only(name, "basis", hypers, {"type", "radius", "max_radial", "max_angular",
                                      "spline_accuracy"}, required={"max_radial"})  # fmt: skip
        truncated = Laplacian(hypers["max_radial"] + 1, energy_truncated=True)
        largest = truncated.l_max_useful()
        return min(hypers.get("max_angular", largest), largest), truncated, accuracy
    if kind is None and "max_angular" not in hypers:  # SoapRadialSpectrum
        _only(name, "basis", hypers, {"radial", "spline_accuracy"}, required={"radial"})
        return None, _gto(name, hypers["radial"]), accuracy
    if kind == "TensorProduct":
        known = {"type", "max_angular", "radial", "spline_accuracy"}
        _only(name, "basis", hypers, known, required={"max_angular", "radial"})
        return hypers["max_angular"], _gto(name, hypers["radial"]), accuracy
    raise _unknown(name, "basis.type", kind, ["TensorProduct", "LaplacianEigenstate"])


def _gto(name: str, hypers: Mapping[str, Any]) -> Gto:
    if hypers.get("type") != "Gto":
        raise _unknown(name, "basis.radial.type", hypers.get("type"), ["Gto"])
    _only(name, "basis.radial", hypers, {"type", "max_radial"}, required={"max_radial"})
    return Gto(hypers["max_radial"] + 1)


def _only(
    name: str,
    path: str,
    hypers: Mapping[str, Any],
    known: set[str],
    required: frozenset[str] | set[str] = frozenset(),
) -> None:
    unknown, missing = sorted(set(hypers) - known), sorted(set(required) - set(hypers))
    if unknown or missing:
        raise ValueError(
            f"{name}.from_featomic: {path} has unknown keys {unknown} and lacks {missing}; it "
            f"takes {sorted(known)}."
        )


def _unknown(name: str, path: str, received: object, known: list[str]) -> ValueError:
    return ValueError(
        f"{name}.from_featomic: {path} is {received!r}; rhobar has {' and '.join(known)}."
    )
