"""The bilinear part of Wigner kernels as terms between numbered values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rhobar.math import (
    BilinearTerms,
    coupled_terms,
    frobenius_terms,
    joined_terms,
    kernel_slots,
    merged_terms,
    reversed_terms,
)

from .rotation_powers import RotationPowers
from .wigner_iteration import CgIteration

Irreps = dict[tuple[int, int], int]

_HIGHEST = 6  # angular momentum of exact products: 46,000 of them at l_max = 3; 2 million at 9


class KernelTerms(NamedTuple):
    """The bilinear part of an iteration: overlaps, then 1, then what is made from them."""

    parts: list[BilinearTerms]
    one: int
    result: int
    n_slots: int


def kernel_terms(iteration: CgIteration | RotationPowers) -> KernelTerms:
    """
    What a program has to do, and where its values are.

    Equivariant kernels without a limit of angular momentum come from products that reach as far
    as there are any: a grid would have to be summed once for each of their components.

    :raises ValueError: where these are millions
    """
    density, one = kernel_slots([(l, 1) for l in range(iteration.l_max + 1)], 0)
    l_max, nu_max = iteration.l_max, iteration.nu_max
    if isinstance(iteration, CgIteration):
        return _coupled(iteration, density, one)
    if iteration.target == (0, 1):
        return _first_two(density, one, nu_max)
    lambda_max = (nu_max + 1) // 2 * l_max
    if lambda_max > _HIGHEST:
        raise ValueError(
            f"exact kernels of nu_max={nu_max} and l_max={l_max} that turn with the structures, "
            f"target={iteration.target}, couple angular momenta up to {lambda_max}, in millions of "
            "products. Lower nu_max or l_max, or limit them by engine='cg' with lambda_max."
        )
    exact = CgIteration(l_max, nu_max, lambda_max, iteration.target)
    return _coupled(exact, density, one)


def _first_two(density: Irreps, one: int, nu_max: int) -> KernelTerms:
    """Invariants of the first two orders, which need no grid."""
    result = one + 1
    parts = [_copy(density[0, 1], one, result, 1)]
    if nu_max > 1:
        parts.append(merged_terms(frobenius_terms(density, density, result + 1)))
    return KernelTerms(parts, one, result, result + nu_max)


def _coupled(iteration: CgIteration, density: Irreps, one: int) -> KernelTerms:
    """All orders by the reduced schedule; values that no kernel needs are left out."""
    half = iteration.nu_max - iteration.nu_max // 2
    irreps = [(l, sigma) for l in range(iteration.lambda_max + 1) for sigma in (1, -1)]
    kernels, end, parts = [density], one + 1, []
    for _ in range(1, half):
        slots, end = kernel_slots(irreps, end)
        parts.append(merged_terms(coupled_terms(kernels[-1], density, slots)))
        kernels.append(slots)
    result, size = end, (2 * iteration.target[0] + 1) ** 2
    wanted = []
    if iteration.target in density:
        wanted.append(_copy(density[iteration.target], one, result, size))
    for nu in range(2, iteration.nu_max + 1):
        larger, place = min(half, nu - 1), result + (nu - 1) * size
        left, right = kernels[larger - 1], kernels[nu - larger - 1]
        if iteration.target == (0, 1):
            terms = frobenius_terms(left, right, place)
        else:
            terms = coupled_terms(left, right, {iteration.target: place})
        wanted.append(merged_terms(terms))
    n_slots = result + iteration.nu_max * size
    return KernelTerms(_needed(parts, wanted), one, result, n_slots)


def _copy(source: int, one: int, place: int, size: int) -> BilinearTerms:
    square = np.arange(size)
    return BilinearTerms(place + square, source + square, np.full(size, one), np.ones(size))


def _needed(parts: list[BilinearTerms], wanted: list[BilinearTerms]) -> list[BilinearTerms]:
    """The terms of ``parts`` whose values are used later, and ``wanted``."""
    kept = list(wanted)
    for terms in reversed(parts):
        used = np.concatenate([column for later in kept for column in (later.left, later.right)])
        rows = np.isin(terms.out, used)
        columns = (terms.out[rows], terms.left[rows], terms.right[rows], terms.coefficient[rows])
        kept.insert(0, BilinearTerms(*columns))
    return kept


def reversed_parts(terms: KernelTerms) -> list[BilinearTerms]:
    """
    Terms that make derivatives of a sum of the results by all other values, the last ones first.

    The derivative by value number v is value number v + n_slots; those by results are given.
    """
    back = merged_terms(reversed_terms(joined_terms(terms.parts), terms.n_slots))
    made = [part.out for part in terms.parts if part.out.max() < terms.result]
    parts = []
    for values in [*reversed(made), np.arange(terms.one)]:
        rows = np.isin(back.out, values + terms.n_slots)
        columns = (back.out[rows], back.left[rows], back.right[rows], back.coefficient[rows])
        parts.append(BilinearTerms(*columns))
    return parts
