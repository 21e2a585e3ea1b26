"""Kummer's confluent hypergeometric function of a negative argument, for Gaussian integrals."""

import torch
from torch import Tensor


def hyp1f1_decaying(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    r"""
    Kummer's function of a negative argument, :math:`{}_1F_1(a; b; -x)`, for :math:`x \ge 0`.

    Below x = 50 by Kummer's transformation, whose terms are all positive,

    .. math:: {}_1F_1(a; b; -x) = e^{-x} \sum_k \frac{(b-a)_k}{(b)_k} \frac{x^k}{k!},

    and beyond by the asymptotic series

    .. math:: \frac{\Gamma(b)}{\Gamma(b-a)} x^{-a} \sum_k \frac{(a)_k (a-b+1)_k}{k!} x^{-k}

    (NIST Digital Library of Mathematical Functions, 13.2.39 and 13.7.1). The relative error is
    5e-15 for the ``a`` and ``b`` of radial integrals, ``a = (l - n) / 2`` and ``b = l + 3 / 2``
    with ``l <= 20`` and ``n <= 12``. Derivatives with respect to ``x`` are right up to the third
    order, those with respect to ``a`` and ``b`` are left out. Scriptable; cost: 140 terms per
    element, twice that with a gradient.

    :param a: numerator parameter, float64, broadcast against ``x``; ``b > a``
    :param b: denominator parameter, float64, broadcast against ``x``; ``b > 0``
    :param x: the negative of the argument, float64, not below zero
    """
    if not x.requires_grad:
        return _value(a, b, x)
    # The series is not differentiated term by term: the n-th derivative is (a)_n / (b)_n times
    # the same function of a + n and b + n (DLMF 13.3.16), and these obey a recurrence (13.3.13)
    # that is stable downwards. A polynomial in a zero that carries the gradient joins them.
    point = x.detach()
    third = _value(a + 3, b + 3, point)
    second = _value(a + 2, b + 2, point)
    first = _previous(a + 1, b + 1, point, second, third)
    value = _previous(a, b, point, first, second)
    zero = x - point
    rate = a / b
    curvature = rate * (a + 1) / (b + 1)
    third = curvature * (a + 2) / (b + 2) * third
    return value + zero * (-rate * first + zero * (curvature * second / 2 - zero * third / 6))


def _previous(a: Tensor, b: Tensor, x: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """The function of (a, b) from those of (a + 1, b + 1) and (a + 2, b + 2)."""
    return (1 + x / b) * first - x * (a + 1) / (b * (b + 1)) * second


def _value(a: Tensor, b: Tensor, x: Tensor) -> Tensor:
    """The function itself, without gradient; both series on their own side of the switch."""
    switch = 50.0
    near = x.clamp(max=switch)
    total = torch.ones_like(near + a + b)
    for k in range(139, -1, -1):  # Horner; at x = 50 the last of these terms is 1e-19 of the sum
        total.mul_(near).mul_((b - a + k) / ((b + k) * (k + 1))).add_(1.0)
    total.mul_(torch.exp(-near))

    far = x.clamp(min=switch)
    series = torch.ones_like(total)
    for k in range(29, -1, -1):  # as many terms as the smallest x and the largest a and b need
        series.mul_((a + k) * (a - b + 1 + k) / (k + 1)).div_(far).add_(1.0)
    scale = torch.exp(torch.lgamma(b) - torch.lgamma(b - a)) * far**-a
    return torch.where(x < switch, total, scale * series)
