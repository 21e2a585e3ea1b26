"""How the highest order of correlation of a kernel is drawn: the same in every figure."""

from __future__ import annotations

from rhobar.plotting._models import ModelStyle

# those of NICE for ν ≤ 4, so that a color means an order throughout
_COLORS = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#777777", "#000000")
_MARKERS = "vDPXo^s*"


def order_style(nu_max: int, *, label: str, line: str = "-") -> ModelStyle:
    """
    Colour and marker of the kernels up to ν = ``nu_max``.

    :raises ValueError: for an order that has none
    """
    if not 1 <= nu_max <= len(_COLORS):
        raise ValueError(f"nu_max={nu_max} has no style in the figures, 1 to {len(_COLORS)} have.")
    return ModelStyle(label, _COLORS[nu_max - 1], _MARKERS[nu_max - 1], line)
