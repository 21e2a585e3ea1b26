"""Spherical Bessel functions, their zeros, and the modified ones scaled by an exponential."""

import functools
import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def spherical_bessel_zeros(l_max: int, count: int) -> NDArray[np.float64]:
    """
    The first ``count`` positive zeros of the spherical Bessel functions j_0 … j_l_max.

    Those of j_0 are the multiples of π; the zeros of j_l lie between those of j_(l-1) (DLMF
    10.21), where bisection and two Newton steps find them to 1e-15 of their value.

    :returns: ``(l, n)``, float64
    """
    return _zeros(l_max, count).copy()


@functools.cache
def _zeros(l_max: int, count: int) -> NDArray[np.float64]:
    from scipy.special import jv, spherical_jn

    row = math.pi * np.arange(1, count + l_max + 1)
    zeros = [row[:count]]
    for o3_lambda in range(1, l_max + 1):
        low, high = row[:-1].copy(), row[1:].copy()
        sign = np.sign(jv(o3_lambda + 0.5, low))
        for _ in range(25):
            middle = (low + high) / 2
            left = np.sign(jv(o3_lambda + 0.5, middle)) == sign
            low, high = np.where(left, middle, low), np.where(left, high, middle)
        row = (low + high) / 2
        for _ in range(2):
            slope = spherical_jn(o3_lambda, row, derivative=True)
            row = row - spherical_jn(o3_lambda, row) / slope
        zeros.append(row[:count])
    return np.stack(zeros)


def scaled_modified_bessel(z: Tensor, l_max: int) -> Tensor:
    r"""
    Modified spherical Bessel functions without their growth, :math:`e^{-z} i_l(z)`.

    Up to :math:`z_0 = \max(50, l_{max}^2)` the ratios :math:`i_{l+1} / i_l` come from their
    continued fraction (DLMF 10.33, all terms positive), beyond from the recurrence upwards,
    which loses at most a factor e there. The relative error is 1e-14 for ``l_max <= 20``.
    Derivatives with respect to ``z`` are right up to the third order. Scriptable.

    :param z: any shape, float64, not below zero
    :returns: ``(..., l_max + 1)``
    """
    if not z.requires_grad:
        return _scaled_values(z, l_max)
    point = z.detach()
    value = _scaled_values(point, l_max + 3)
    derivative = _derivative_matrix(l_max + 3).to(device=z.device)
    # One order of l is lost at each step, which the three extra ones pay for.
    first = value @ derivative
    second = first @ derivative
    third = second @ derivative
    zero = (z - point).unsqueeze(-1)
    taylor = value + zero * (first + zero * (second / 2 + zero * third / 6))
    return taylor[..., : l_max + 1]


def _derivative_matrix(l_max: int) -> Tensor:
    r"""Matrix of :math:`f_l' = (l f_{l-1} + (l+1) f_{l+1}) / (2l+1) - f_l`, without the last l."""
    orders = torch.arange(l_max + 1, dtype=torch.float64)
    below = (orders / (2 * orders + 1))[1:]
    above = ((orders + 1) / (2 * orders + 1))[:-1]
    return below.diag(1) + above.diag(-1) - torch.eye(l_max + 1, dtype=torch.float64)


def _scaled_values(z: Tensor, l_max: int) -> Tensor:
    """The scaled functions themselves, ``(..., l_max + 1)``, without gradient."""
    switch = max(50.0, float(l_max * l_max))
    near, far = z.clamp(max=switch), z.clamp(min=switch)

    ratio = torch.zeros_like(z)
    ratios: list[Tensor] = []
    for o3_lambda in range(l_max + int(math.sqrt(40.0 * switch)) + 10, -1, -1):
        ratio = near / (2 * o3_lambda + 3 + near * ratio)
        if o3_lambda < l_max:
            ratios.append(ratio)
    tiny = near.abs() < 1e-8
    half = torch.where(tiny, torch.ones_like(near), near)
    low = torch.where(tiny, 1 - near, -torch.expm1(-2 * half) / (2 * half))

    # exp(-2 * far) is below 1e-43
    high, before = 0.5 / far, 0.5 / far
    values = [torch.where(z < switch, low, high)]
    for o3_lambda in range(l_max):
        low = low * ratios[l_max - 1 - o3_lambda]
        high, before = before - (2 * o3_lambda + 1) / far * high, high
        values.append(torch.where(z < switch, low, high))
    return torch.stack(values, dim=-1)
