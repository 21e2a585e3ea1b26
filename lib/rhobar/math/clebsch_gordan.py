"""Coupling of two angular momenta in the basis of real spherical harmonics."""

import functools
import math
from typing import NamedTuple

import numpy as np
import torch
import wigners
from numpy.typing import NDArray
from torch import Tensor


class SparseClebschGordan(NamedTuple):
    """
    The coefficients that are not zero, sorted by ``m1``, then ``m2``, then ``mu``.

    Indices ``(entry,)`` are int64 and count from 0 (m = -l) to 2 l (m = +l), values are float64.
    """

    m1: Tensor
    m2: Tensor
    mu: Tensor
    values: Tensor


def clebsch_gordan(l1: int, l2: int, o3_lambda: int) -> Tensor:
    r"""
    Real Clebsch-Gordan coefficients :math:`C^{l_1 l_2 \lambda}_{m_1 m_2 \mu}`.

    .. math:: C = \mathrm{Re}\, x \; (l_1 + l_2 + \lambda \text{ even}), \quad
        C = \mathrm{Im}\, x \; (\text{odd}), \qquad
        x_{m_1 m_2 \mu} = \sum_{abc} \langle l_1 a\, l_2 b | \lambda c \rangle
        U^{l_1}_{a m_1} U^{l_2}_{b m_2} U^{\lambda *}_{c \mu}

    from those of Condon and Shortley (NIST Digital Library of Mathematical Functions, 34.1) and
    the unitary U between complex and real harmonics, :math:`Y^c = U Y`. Orthogonal:
    :math:`\sum_{m_1 m_2} C_{m_1 m_2 \mu} C'_{m_1 m_2 \mu'} = \delta_{\lambda \lambda'}
    \delta_{\mu \mu'}`. The sign at odd sums is a convention, here the one of featomic.

    >>> clebsch_gordan(1, 1, 0)[:, :, 0].diagonal()
    tensor([-0.5774, -0.5774, -0.5774], dtype=torch.float64)

    :returns: ``(2 l1 + 1, 2 l2 + 1, 2 o3_lambda + 1)``, float64, a copy for the caller
    :raises ValueError: where the three orders make no triangle
    """
    return torch.from_numpy(_real(l1, l2, o3_lambda).copy())


def sparse_clebsch_gordan(l1: int, l2: int, o3_lambda: int) -> SparseClebschGordan:
    """
    The same coefficients as a list of those that are not zero.

    >>> sparse_clebsch_gordan(1, 1, 1).m1
    tensor([0, 0, 1, 1, 2, 2])
    """
    dense = _real(l1, l2, o3_lambda)
    # values that vanish by symmetry are left with the rounding of the sums, 1e-17
    entries = np.nonzero(np.abs(dense) > 1e-14)
    m1, m2, mu = (torch.from_numpy(index) for index in entries)
    return SparseClebschGordan(m1, m2, mu, torch.from_numpy(dense[entries]))


@functools.cache
def _real(l1: int, l2: int, o3_lambda: int) -> NDArray[np.float64]:
    """Real coefficients, kept for the next caller."""
    orders = (l1, l2, o3_lambda)
    if min(orders) < 0 or not abs(l1 - l2) <= o3_lambda <= l1 + l2:
        raise ValueError(
            f"clebsch_gordan(l1={l1}, l2={l2}, o3_lambda={o3_lambda}): the orders have to be at "
            "least 0 and obey |l1 - l2| <= o3_lambda <= l1 + l2."
        )
    if l1 > l2:
        sign = (-1) ** sum(orders)
        real = sign * _real(l2, l1, o3_lambda).swapaxes(0, 1)
    else:
        # each real harmonic mixes the complex ones of m and -m only
        (s1, t1), (s2, t2), (s3, t3) = (_complex_from_real(order) for order in orders)
        x = wigners.clebsch_gordan_array(*orders)
        x = x * s1[:, None, None] + x[::-1] * t1[:, None, None]
        x = x * s2[:, None] + x[:, ::-1] * t2[:, None]
        x = x * s3.conj() + x[:, :, ::-1] * t3.conj()
        real = x.real if sum(orders) % 2 == 0 else x.imag
    real = np.ascontiguousarray(real)
    real.setflags(write=False)
    return real


@functools.cache
def _complex_from_real(order: int) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Diagonal U[m, m] and antidiagonal U[-m, m] of Y^c = U Y, both ``(m,)``."""
    m = np.arange(-order, order + 1)
    sign = (-1.0) ** m
    root = math.sqrt(0.5)
    same = np.where(m > 0, root * sign, -1j * root)
    opposite = np.where(m > 0, root, 1j * root * sign)
    same[order], opposite[order] = 1.0, 0.0
    return same.astype(np.complex128), opposite.astype(np.complex128)
