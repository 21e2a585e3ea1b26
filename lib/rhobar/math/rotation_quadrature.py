"""Averages over all rotations as weighted sums over some."""

import math

import numpy as np
import torch
from torch import Tensor


def so3_quadrature(degree: int) -> tuple[Tensor, Tensor]:
    r"""
    Rotations and weights that average Wigner matrices up to order ``degree`` exactly.

    .. math:: \int D^\lambda(R) \, dR = \sum_q w_q D^\lambda(R_q) = \delta_{\lambda 0}, \quad
        \lambda \le degree, \quad R = R_z(\alpha) R_y(\beta) R_z(\gamma), \quad \int dR = 1,

    so products of matrices whose orders add up to no more than ``degree``. A product of equal
    steps in α and γ and Gauss-Legendre nodes in cos β: (degree + 1)^2 ceil((degree + 1) / 2)
    rotations. Kostelec, Rockmore, J. Fourier Anal. Appl. 14, 145 (2008),
    doi:10.1007/s00041-008-9013-5, describe such grids.

    >>> rotations, weights = so3_quadrature(2)
    >>> rotations.shape, float(weights.sum())
    (torch.Size([18, 3, 3]), 1.0)

    :returns: rotations ``(q, 3, 3)`` acting on column vectors and weights ``(q,)``, all
        positive, which add up to 1; float64
    """
    if not (isinstance(degree, int) and degree >= 0):
        raise ValueError(
            f"quadrature over rotations: degree={degree!r} has to be a whole number, at least 0."
        )
    angles = 2 * math.pi * np.arange(degree + 1) / (degree + 1)
    heights, heights_weights = np.polynomial.legendre.leggauss(degree // 2 + 1)
    beta = np.arccos(heights)
    turns = _about_z(angles)  # (angle, 3, 3)
    rotations = np.einsum("aij,bjk,ckl->abcil", turns, _about_y(beta), turns)
    each = heights_weights / 2 / (degree + 1) ** 2
    weights = np.broadcast_to(each[:, None], (degree + 1, len(beta), degree + 1))
    return (
        torch.from_numpy(rotations.reshape(-1, 3, 3)),
        torch.from_numpy(weights.reshape(-1).copy()),
    )


def o3_quadrature(degree: int) -> tuple[Tensor, Tensor]:
    """
    The same over rotations and rotations with inversion.

    :returns: orthogonal matrices ``(2 q, 3, 3)``, the proper ones first, and weights ``(2 q,)``
    """
    rotations, weights = so3_quadrature(degree)
    return torch.cat([rotations, -rotations]), torch.cat([weights, weights]) / 2


def _about_z(angles: np.ndarray) -> np.ndarray:
    """Rotation matrices ``(angle, 3, 3)`` about z."""
    c, s, zero = np.cos(angles), np.sin(angles), np.zeros_like(angles)
    rows = [[c, -s, zero], [s, c, zero], [zero, zero, zero + 1]]
    return np.moveaxis(np.array(rows), -1, 0)


def _about_y(angles: np.ndarray) -> np.ndarray:
    """Rotation matrices ``(angle, 3, 3)`` about y."""
    c, s, zero = np.cos(angles), np.sin(angles), np.zeros_like(angles)
    rows = [[c, zero, s], [zero, zero + 1, zero], [-s, zero, c]]
    return np.moveaxis(np.array(rows), -1, 0)
