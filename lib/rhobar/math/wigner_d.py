"""How real spherical harmonics turn with rotations, proper or not."""

import functools
import math

import numpy as np
import torch
from torch import Tensor

from .spherical_harmonics import spherical_harmonics


def wigner_d(o3_lambda: int, rotation: Tensor) -> Tensor:
    r"""
    Wigner matrices D(R) in the basis of real spherical harmonics, :math:`Y(R r) = D(R) Y(r)`.

    .. math:: D_{\mu \mu'}(R) = \int Y_{\lambda \mu}(R \hat r) Y_{\lambda \mu'}(\hat r) \, d\hat r

    The integrand is a polynomial on the sphere, so a quadrature gives the integral exactly; the
    error is below 1e-13 for orders up to 20. :math:`D(R_1 R_2) = D(R_1) D(R_2)`; an improper
    rotation has the factor :math:`(-1)^\lambda` of the inversion in it.

    :param o3_lambda: order λ of the harmonics
    :param rotation: orthogonal matrices R ``(..., 3, 3)``, acting on column vectors
    :returns: ``(..., 2 o3_lambda + 1, 2 o3_lambda + 1)``, real, in the dtype of ``rotation``
    :raises ValueError: where a matrix is not orthogonal
    """
    if not (isinstance(o3_lambda, int) and o3_lambda >= 0):
        raise ValueError(f"wigner_d(o3_lambda={o3_lambda!r}): a whole number, at least 0, is due.")
    if rotation.shape[-2:] != (3, 3):
        raise ValueError(
            f"wigner_d: rotations have shape (..., 3, 3), got {tuple(rotation.shape)}."
        )
    unity = torch.eye(3, dtype=rotation.dtype, device=rotation.device)
    error = (
        (rotation @ rotation.mT - unity).abs().max() if rotation.numel() else unity.new_zeros(())
    )
    if not float(error) <= math.sqrt(torch.finfo(rotation.dtype).eps):
        raise ValueError(
            f"wigner_d: a matrix is not orthogonal, R Rᵀ differs from 1 by {float(error):.1e}; "
            "pass rotations, without scaling or shear."
        )
    points, weighted = _sphere(o3_lambda)
    points, weighted = points.to(rotation), weighted.to(rotation)
    turned = (points @ rotation.mT).reshape(-1, 3)
    low, high = o3_lambda**2, (o3_lambda + 1) ** 2
    harmonics = spherical_harmonics(turned, o3_lambda)[:, low:high]
    shape = (*rotation.shape[:-2], len(points), 2 * o3_lambda + 1)
    return harmonics.reshape(shape).mT @ weighted


@functools.cache
def _sphere(o3_lambda: int) -> tuple[Tensor, Tensor]:
    """Points ``(q, 3)`` on the sphere and Y_λμ(point) times its weight ``(q, mu)``."""
    heights, weights = np.polynomial.legendre.leggauss(o3_lambda + 1)
    count = 2 * o3_lambda + 1
    angles = 2 * math.pi * np.arange(count) / count
    radii = np.sqrt(1 - heights**2)[:, None]
    z = np.broadcast_to(heights[:, None], (o3_lambda + 1, count))
    grid = np.stack([radii * np.cos(angles), radii * np.sin(angles), z], axis=-1)
    points = torch.from_numpy(grid.reshape(-1, 3))
    solid_angles = torch.from_numpy(np.repeat(weights * 2 * math.pi / count, count))
    harmonics = spherical_harmonics(points, o3_lambda)[:, o3_lambda**2 :]
    return points, solid_angles[:, None] * harmonics
