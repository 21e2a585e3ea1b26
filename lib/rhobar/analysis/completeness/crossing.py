"""What a target makes of methane where two sheets of degenerate structures cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ase
import numpy as np

from rhobar.counterexamples import MethaneManifold

from ..jacobian_spectrum import jacobian_spectrum
from .computed_target import ComputedTarget
from .placement import scaled_inside, with_types
from .target import AuditTarget

_MOVED = (4, 1)  # atom C and its y
_STEPS = {"float64": 1e-3, "float32": 3e-2}  # Å
_ZEROS = {"float64": 1e-8, "float32": 1e-3}  # of the root mean square slope: rounding of the above
_L_MAX = (4, 8)
_NULL = 1e-7  # of the largest singular value


@dataclass(frozen=True)
class CrossingResponse:
    """Slopes of the features, or energy, by the positions of the four hydrogens."""

    slope: float
    """length of the derivative by the y that separates the sheets, unit of features / Å"""
    rms_slope: float
    """root mean square over all twelve coordinates"""
    curvature: float
    """length of the second derivative by that y, unit of features / Å²"""
    artificial_zero: bool
    """whether the slope vanishes, though no symmetry asks for it"""


def crossing(target: AuditTarget) -> ase.Atoms:
    """
    Methane with v = 0, within the cutoff and of the types of a target.

    :func:`rhobar.analysis.triple_product_energy` has the slope 0.157 / Å by y of C there, so that a
    slope of zero is a fault of the features.
    """
    atoms = MethaneManifold(v=0.0).structure(+1)
    scaled = scaled_inside([atoms], target.traits.cutoff)
    return with_types(scaled, target.traits.atomic_types)[0]


def crossing_response(target: AuditTarget) -> CrossingResponse:
    """
    Central differences, of the features of the carbon if the target has them.

    For features that are even in y the slope vanishes to rounding whatever the step.
    """
    atoms, step = crossing(target), _STEPS[target.traits.dtype]
    frames = [atoms]
    for atom in range(1, 5):
        for axis in range(3):
            for sign in (1, -1):
                moved = atoms.copy()
                moved.positions[atom, axis] += sign * step
                frames.append(moved)
    rows = target.rows(frames, [0] * len(frames) if target.traits.by_center else None)
    ahead, behind = rows[1::2], rows[2::2]
    slopes = np.linalg.norm(ahead - behind, axis=1) / (2 * step)
    rms = float(np.sqrt(np.square(slopes).mean()))
    chosen = 3 * (_MOVED[0] - 1) + _MOVED[1]
    curvature = np.linalg.norm(ahead[chosen] - 2 * rows[0] + behind[chosen]) / step**2
    return CrossingResponse(
        slope=float(slopes[chosen]),
        rms_slope=rms,
        curvature=float(curvature),
        artificial_zero=bool(slopes[chosen] <= _ZEROS[target.traits.dtype] * rms),
    )


def null_directions(target: AuditTarget) -> dict[str, int]:
    """
    Displacements of the hydrogens at the crossing that change no feature of the carbon.

    Beyond rotations and what symmetry explains. With ``l_max`` of 4 and of 8 where the descriptor
    has one: a small basis is blind as well, and what goes with more of it was no fault of the
    features. Empty for energies, and for features of structures.
    """
    if not isinstance(target, ComputedTarget) or target.traits.is_energy:
        return {}
    if not target.traits.by_center:
        return {}
    atoms = crossing(target)
    modules = {f"l_max={l_max}": _with_l_max(target.module, l_max) for l_max in _L_MAX}
    if any(module is None for module in modules.values()):
        modules = {"as it is": target.module}
    found = {}
    for name, module in modules.items():
        spectrum = jacobian_spectrum(module, atoms)
        largest = spectrum.singular_values[0]
        found[name] = int((spectrum.symmetric_singular_values <= _NULL * largest).sum())
    return found


def _with_l_max(module: Any, l_max: int) -> Any:
    """The same descriptor of another ``l_max``; None where it has none."""
    hypers = module.hypers() if hasattr(module, "hypers") else {}
    return type(module)(**{**hypers, "l_max": l_max}) if "l_max" in hypers else None
