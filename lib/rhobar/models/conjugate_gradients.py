"""Conjugate gradients for matrices that are only multiplied with."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Operator = Callable[[Array], Array]

_LOG = logging.getLogger(__name__)


def conjugate_gradients(
    product: Operator,
    targets: Array,
    *,
    precondition: Operator,
    tolerance: float,
    max_iterations: int,
) -> tuple[Array, int]:
    r"""
    Solve :math:`A c = y` for a symmetric positive definite A, to a relative residual.

    .. math:: p_k = z_k + \frac{r_k \cdot z_k}{r_{k-1} \cdot z_{k-1}} p_{k-1}, \quad
        c_{k+1} = c_k + a_k p_k, \quad r_{k+1} = r_k - a_k A p_k, \quad
        a_k = \frac{r_k \cdot z_k}{p_k \cdot A p_k}, \quad z_k = P^{-1} r_k

    Hestenes, Stiefel, J. Res. Natl. Bur. Stand. 49, 409 (1952), doi:10.6028/jres.049.044. The
    number of iterations grows with the square root of the condition of :math:`P^{-1} A`. The
    residual that ends them is r of the recursion; rounding leaves the true one at
    :math:`10^{-16} \lVert A \rVert \lVert c \rVert`, if that is larger.

    :param product: A times a vector
    :param targets: y ``(row,)``
    :param precondition: :math:`P^{-1}` times a vector, P symmetric and positive definite
    :param tolerance: of ‖r‖ / ‖y‖
    :returns: c, and the number of products
    :raises numpy.linalg.LinAlgError: if A is seen not to be positive definite
    :raises RuntimeError: after ``max_iterations``, with the residual that is left
    """
    found, left = np.zeros_like(targets), np.array(targets)
    limit = tolerance * float(np.linalg.norm(targets))
    direction, size = np.zeros_like(left), 1.0
    for iteration in range(max_iterations):
        rest = float(np.linalg.norm(left))
        _LOG.debug("conjugate gradients %d: residual %.3g", iteration, rest)
        if rest <= limit:
            return found, iteration
        turned = precondition(left)
        new_size = float(left @ turned)
        direction = turned + (new_size / size if iteration else 0.0) * direction
        size = new_size
        image = product(direction)
        curvature = float(direction @ image)
        if not curvature > 0.0:
            raise np.linalg.LinAlgError(
                f"the matrix is not positive definite: p · A p = {curvature:.3g} for a direction p"
            )
        step = size / curvature
        found += step * direction
        left -= step * image
    raise RuntimeError(
        f"conjugate gradients: after {max_iterations} iterations the residual is "
        f"{float(np.linalg.norm(left)) * tolerance / limit:.3g} of the targets, not "
        f"{tolerance:.3g}. Take more pivots, more iterations, or a larger tolerance."
    )
