"""What the command line and a file of hyperparameters say of a descriptor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Scaling(BaseModel):
    """Weight rate / (rate + (r / scale)^exponent) of a neighbor at distance r; scale in Å."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale: float = Field(gt=0, allow_inf_nan=False)
    rate: float = Field(ge=0, allow_inf_nan=False)
    exponent: float = Field(ge=0, allow_inf_nan=False)


class DescriptorHypers(BaseModel):
    """What the command line and a file of hyperparameters (JSON) may say; lengths in Å."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    descriptor: Literal["soap", "radial", "expansion", "lambda-soap"] = "soap"
    cutoff: float = Field(default=5.0, gt=0, allow_inf_nan=False)
    cutoff_width: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    l_max: int = Field(default=6, ge=0)
    n_radial: int = Field(default=8, ge=1)
    radial: Literal["gto", "laplacian"] = "gto"
    density: Literal["gaussian", "dirac"] = "gaussian"
    smearing: float = Field(default=0.3, gt=0, allow_inf_nan=False)
    center_weight: float = Field(default=1.0, allow_inf_nan=False)
    scaling: Scaling | None = None
    atomic_types: tuple[int, ...] | None = Field(default=None, min_length=1)


def checked_hypers(path: Path | None, given: dict[str, Any]) -> DescriptorHypers:
    """Hyperparameters of the file, then those of the command line, checked together."""
    values: Any = {}
    if path is not None:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"--hypers {path} is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise ValueError(f"--hypers {path}: expected an object {{...}} of hyperparameters.")
    try:
        return DescriptorHypers(**{**values, **given})
    except ValidationError as error:
        known = ", ".join(DescriptorHypers.model_fields)
        complaints = [
            f"{'.'.join(map(str, one['loc']))} = {one['input']!r}: {one['msg']}"
            for one in error.errors()
        ]
        raise ValueError(
            f"hyperparameters refused: {'; '.join(complaints)}. Known are {known}."
        ) from None


def descriptor_of(hypers: DescriptorHypers, types: list[int] | None) -> Any:
    """The descriptor that the hyperparameters ask for."""
    from rhobar.descriptors import (
        LambdaSoap,
        SoapPowerSpectrum,
        SoapRadialSpectrum,
        SphericalExpansion,
    )
    from rhobar.math import Cutoff, Dirac, Gaussian, Gto, Laplacian, Willatt

    scaling = hypers.scaling
    weights = None if scaling is None else Willatt(**scaling.model_dump())
    density = (
        Gaussian(hypers.smearing, center_weight=hypers.center_weight, scaling=weights)
        if hypers.density == "gaussian"
        else Dirac(center_weight=hypers.center_weight, scaling=weights)
    )
    kinds = {
        "soap": SoapPowerSpectrum,
        "expansion": SphericalExpansion,
        "lambda-soap": LambdaSoap,
        "radial": SoapRadialSpectrum,
    }
    arguments: dict[str, Any] = {
        "cutoff": Cutoff(hypers.cutoff, width=hypers.cutoff_width),
        "radial": {"gto": Gto, "laplacian": Laplacian}[hypers.radial](hypers.n_radial),
        "density": density,
        "atomic_types": types,
    }
    if hypers.descriptor != "radial":
        arguments["l_max"] = hypers.l_max
    return kinds[hypers.descriptor](**arguments)
