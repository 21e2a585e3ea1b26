"""Irreducible parts of vectors and matrices, in the order of the components of blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rhobar.math import clebsch_gordan

Part = tuple[int, int]  # o3_lambda, o3_sigma
Parts = dict[Part, NDArray[np.float64]]

_FROM_XYZ = [1, 2, 0]  # m = -1, 0, 1 of real harmonics are y, z, x
_TO_XYZ = [2, 0, 1]
MATRIX_PARTS: tuple[Part, ...] = ((0, 1), (1, -1), (2, 1))


def spherical_parts(tensors: NDArray[np.float64]) -> Parts:
    r"""
    Parts of Cartesian tensors that rotations do not mix.

    A vector is (λ, σ) = (1, +1), with components y, z, x. A matrix of two vectors' indices is

    .. math:: T_{\lambda\mu} = \sum_{m m'} C^{1 1 \lambda}_{m m' \mu} T_{m m'}

    its trace over -√3 (0, +1), its antisymmetric part, a pseudovector (1, -1), and its symmetric
    traceless part (2, +1). The sum of squares of all parts is that of the tensor.

    :param tensors: ``(structure, 3)`` or ``(structure, 3, 3)``, in x, y, z
    :return: ``(structure, 2 o3_lambda + 1)`` for each part
    :raises ValueError: for another shape
    """
    if tensors.ndim == 2 and tensors.shape[1:] == (3,):
        return {(1, 1): tensors[:, _FROM_XYZ]}
    if tensors.ndim != 3 or tensors.shape[1:] != (3, 3):
        raise ValueError(
            f"Tensors of shape {tensors.shape}: give vectors (structure, 3) or matrices "
            "(structure, 3, 3), in x, y, z."
        )
    turned = tensors[:, _FROM_XYZ][:, :, _FROM_XYZ]
    return {
        part: np.einsum("abm,sab->sm", clebsch_gordan(1, 1, part[0]).numpy(), turned)
        for part in MATRIX_PARTS
    }


def cartesian_tensors(parts: Parts) -> NDArray[np.float64]:
    """
    The tensors that :func:`spherical_parts` was given; parts of a matrix left out are zero.

    :raises ValueError: if the parts are neither those of vectors nor of matrices
    """
    if set(parts) == {(1, 1)}:
        return parts[1, 1][:, _TO_XYZ]
    if not parts or not set(parts) <= set(MATRIX_PARTS):
        raise ValueError(
            f"Parts {sorted(parts)} make no tensor: (1, 1) is a vector, {list(MATRIX_PARTS)} a "
            "matrix."
        )
    turned = sum(
        np.einsum("abm,sm->sab", clebsch_gordan(1, 1, part[0]).numpy(), values)
        for part, values in parts.items()
    )
    matrices: NDArray[np.float64] = np.asarray(turned)[:, _TO_XYZ][:, :, _TO_XYZ]
    return matrices
