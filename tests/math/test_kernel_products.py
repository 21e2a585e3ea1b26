"""Bilinear terms: their number, and that they are the products they stand for."""

import numpy as np
import pytest

from rhobar.math import (
    clebsch_gordan,
    coupled_terms,
    frobenius_terms,
    kernel_slots,
    merged_terms,
    reversed_terms,
)

DENSITY = [(l, 1) for l in range(4)]


def values(terms, numbers, n_values):
    """Sums of products of ``numbers``."""
    products = terms.coefficient * numbers[terms.left] * numbers[terms.right]
    return np.bincount(terms.out, weights=products, minlength=n_values)


@pytest.mark.parametrize(
    ("lambda_max", "n_terms", "n_merged", "n_monomials", "n_outputs"),
    [(3, 15875, 8041, 3360, 167), (6, 45302, 22940, 3570, 740)],
)
def test_numbers_of_terms_of_the_square_of_a_kernel(
    lambda_max, n_terms, n_merged, n_monomials, n_outputs
):
    left, end = kernel_slots(DENSITY, 0)
    out, _ = kernel_slots([(l, s) for l in range(lambda_max + 1) for s in (1, -1)], end)
    terms = coupled_terms(left, left, out)
    merged = merged_terms(terms)
    assert (len(terms.out), len(merged.out)) == (n_terms, n_merged)
    assert len(np.unique(np.stack([merged.left, merged.right]), axis=1).T) == n_monomials
    assert len(np.unique(merged.out)) == n_outputs


def test_terms_are_the_sum_over_clebsch_gordan_coefficients():
    left, end = kernel_slots(DENSITY, 0)
    out, n_values = kernel_slots([(2, 1), (2, -1)], end)
    numbers = np.random.default_rng(0).normal(size=n_values)
    expected = np.zeros(n_values)
    for l1 in range(4):
        for l2 in range(max(0, abs(l1 - 2)), min(3, l1 + 2) + 1):
            if not abs(l1 - l2) <= 2 <= l1 + l2:
                continue
            c = clebsch_gordan(l1, l2, 2).numpy()
            x = numbers[left[l1, 1] :][: (2 * l1 + 1) ** 2].reshape(2 * l1 + 1, -1)
            y = numbers[left[l2, 1] :][: (2 * l2 + 1) ** 2].reshape(2 * l2 + 1, -1)
            place = out[2, (-1) ** (l1 + l2)]
            expected[place : place + 25] += np.einsum("abm,cdn,ac,bd->mn", c, c, x, y).reshape(-1)
    terms = coupled_terms(left, left, out)
    for kind in (terms, merged_terms(terms)):
        np.testing.assert_allclose(values(kind, numbers, n_values), expected, atol=1e-13)


def test_the_invariant_of_a_product_needs_no_coupling():
    left, end = kernel_slots([(0, 1), (1, 1), (1, -1)], 0)
    right, end = kernel_slots([(1, -1), (1, 1), (2, 1)], end)
    numbers = np.random.default_rng(1).normal(size=end + 1)
    whole = values(coupled_terms(left, right, {(0, 1): end}), numbers, end + 1)
    alone = values(frobenius_terms(left, right, end), numbers, end + 1)
    np.testing.assert_allclose(alone, whole, rtol=1e-13)


def test_terms_that_cancel_are_left_out():
    left, end = kernel_slots([(1, 1)], 0)
    out, _ = kernel_slots([(1, -1)], end)  # a × a for each side: products of two axial vectors
    terms = coupled_terms(left, left, out)
    merged = merged_terms(terms)
    assert len(merged.out) < len(terms.out)
    assert (np.abs(merged.coefficient) > 1e-3).all()


def test_reversed_terms_are_the_derivatives():
    left, end = kernel_slots(DENSITY[:3], 0)
    out, n_values = kernel_slots([(1, 1), (2, -1)], end)
    terms = coupled_terms(left, left, out)
    random = np.random.default_rng(2)
    numbers, by_out = random.normal(size=end), random.normal(size=n_values - end)
    step, expected = 1e-6, []
    for number in range(end):
        sums = []
        for sign in (1, -1):
            moved = np.concatenate([numbers, np.zeros(n_values - end)])
            moved[number] += sign * step
            sums.append(values(terms, moved, n_values)[end:] @ by_out)
        expected.append((sums[0] - sums[1]) / (2 * step))
    shift = n_values
    given = np.concatenate([numbers, np.zeros(n_values), by_out])
    found = values(merged_terms(reversed_terms(terms, shift)), given, shift + n_values)
    np.testing.assert_allclose(found[shift : shift + end], expected, rtol=1e-8, atol=1e-8)
