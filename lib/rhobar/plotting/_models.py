"""How each model is drawn: the same colour and name in every figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class ModelStyle:
    """Label, colour, marker, line and filling of one model."""

    label: str
    color: str
    marker: str
    line: str = "-"
    fill: Literal["full", "none"] = "full"


_STYLES = {
    "composition": ModelStyle("composition only", "#777777", "s", "--"),
    "linear": ModelStyle("linear SOAP", "#0072B2", "o"),
    "kernel": ModelStyle("SOAP kernel, ζ = 2", "#D55E00", "^"),
    "nice1": ModelStyle("NICE, ν = 1", "#E69F00", "v", "--"),
    "nice2": ModelStyle("NICE, ν ≤ 2", "#56B4E9", "D"),
    "nice3": ModelStyle("NICE, ν ≤ 3", "#009E73", "P"),
    "nice4": ModelStyle("NICE, ν ≤ 4", "#CC79A7", "X"),
    "distances": ModelStyle("network of distances", "#0072B2", "o"),
    "angles": ModelStyle("the same, atoms know angles", "#D55E00", "D"),
    "nu1": ModelStyle("ν = 1, radial spectrum", "#D55E00", "s", "--", "none"),
    "nu2": ModelStyle("ν ≤ 2, and power spectrum", "#0072B2", "o"),
    "nu3": ModelStyle("ν ≤ 3, and bispectrum", "#009E73", "P"),
    "triplets": ModelStyle("nonlinear triplets", "#D55E00", "^"),
}


def model_style(model: str) -> ModelStyle:
    """
    The style of a model by its name in the files of numbers.

    :raises ValueError: for a name without a style
    """
    try:
        return _STYLES[model]
    except KeyError:
        raise ValueError(
            f"Model {model!r} has no style in the figures (known: {', '.join(sorted(_STYLES))}); "
            f"add it to rhobar.plotting._models."
        ) from None
