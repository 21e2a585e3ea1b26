"""Environments of each type that represent all of a training set in a Wigner kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import ase
import numpy as np
import torch
from torch import Tensor

from rhobar.kernels import WignerKernel, center_densities, mixed_kernel
from rhobar.math import cholesky_pivots, farthest_points
from rhobar.models.active_set import candidate_atoms
from rhobar.models.environments import cuts

_CANDIDATES = 4000  # environments of a type among which representatives are chosen, at random
_EXPANDED = 20_000  # atoms whose densities are made at once, of which candidates are kept
_SAME = 1e-10  # of the largest diagonal element: less than this is no other environment

Selection = Literal["cholesky", "fps"]


def representatives(
    kernel: WignerKernel,
    frames: Sequence[ase.Atoms],
    types: Sequence[int],
    nu_weights: Tensor,
    *,
    n_sparse: int,
    selection: Selection,
    seed: int,
) -> dict[int, Tensor]:
    r"""
    Choose at most ``n_sparse`` environments of each type, in the order of choice.

    By the mixed kernel :math:`\kappa = \sum_{\nu=1}^{\nu_{max}} b_\nu \kappa^\nu` of single
    environments: ``"cholesky"`` takes those that the ones before explain worst
    (:func:`cholesky_pivots`), ``"fps"`` the farthest ones (:func:`farthest_points`) by
    :math:`d^2 = \kappa(i, i) + \kappa(j, j) - 2 \kappa(i, j)`. Cost: the kernels between at most
    4,000 random environments of a type.

    :param types: of all atoms
    :param nu_weights: b of ν = 1 … nu_max
    :param seed: of the random environments among which is chosen, where there are more
    :returns: by type ``(environment, (l_max + 1)**2, channel)``, no rows for a type that is no
        center
    """
    candidates = _candidates(kernel, frames, types, max(_CANDIDATES, n_sparse), seed)
    none = next(iter(candidates.values()))[:0]
    chosen = {}
    for a in types:
        rows = candidates.get(a, none)
        places = _places(mixed_kernel(kernel, rows, nu_weights), n_sparse, selection)
        chosen[a] = rows[places].clone()
    return chosen


def _places(kernel: Tensor, count: int, selection: Selection) -> Tensor:
    """Positions in a kernel ``(environment, environment)``."""
    choose = cholesky_pivots if selection == "cholesky" else farthest_points
    own = kernel.diagonal()
    tolerance = _SAME * float(own.max()) if len(own) else 0.0
    return choose(own, lambda place: kernel[place], count, tolerance=tolerance)


def _candidates(
    kernel: WignerKernel, frames: Sequence[ase.Atoms], types: Sequence[int], count: int, seed: int
) -> dict[int, Tensor]:
    """At most ``count`` random environments by type, some structures expanded at a time."""
    wanted = candidate_atoms(frames, count, seed)
    first_atom = np.cumsum([0, *map(len, frames)])
    parts: dict[int, list[Tensor]] = {}
    for start, stop in cuts([len(frame) for frame in frames], _EXPANDED):
        rows = center_densities(kernel, list(frames[start:stop]), types).rows
        for a, (values, system, atom) in rows.densities.items():
            number = first_atom[start + system.numpy()] + atom.numpy()
            parts.setdefault(a, []).append(values[torch.from_numpy(wanted[number])])
    return {a: torch.cat(found) for a, found in parts.items()}
