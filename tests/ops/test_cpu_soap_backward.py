"""Reverse mode of power spectra against autograd through the reference ops."""

from __future__ import annotations

import pytest
import torch

from rhobar.ops import cpu

from .environments import Expansion, Sample, random_like, sample
from .test_cpu_soap import reference

SHAPES = [(2, 3), (3, 9)]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def expansion(request: pytest.FixtureRequest) -> Expansion:
    return Expansion(*request.param)


@pytest.fixture(scope="module")
def everything() -> Sample:
    return sample()


def weights_like_results(expansion: Expansion, rows: cpu.SpectrumRows) -> list[torch.Tensor]:
    width = (expansion.l_max + 1) * expansion.n_radial**2
    return random_like(cpu.allocate(rows.block_ptr, (width,)))


def test_derivatives_by_vectors(expansion: Expansion, everything: Sample) -> None:
    rows = everything.rows
    vectors = everything.grouped.neighborhoods.vectors.clone().requires_grad_()
    neighborhoods = everything.grouped.neighborhoods._replace(vectors=vectors)
    values = reference(expansion.coefficients(neighborhoods), rows).flatten(1)
    weights = weights_like_results(expansion, rows)
    (expected,) = torch.autograd.grad(values, vectors, torch.cat(weights))
    found = cpu.soap_backward(neighborhoods, expansion.radial(), rows, weights, num_threads=2)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13 * expected.abs().max())


def test_weights_in_float32(everything: Sample) -> None:
    expansion, rows = Expansion(2, 3), everything.rows
    weights = [block.float() for block in weights_like_results(expansion, rows)]
    arguments = everything.grouped.neighborhoods, expansion.radial(), rows
    found = cpu.soap_backward(*arguments, weights)
    expected = cpu.soap_backward(*arguments, [block.double() for block in weights])
    assert torch.equal(found, expected)


def test_weights_that_are_views(everything: Sample) -> None:
    expansion, rows = Expansion(2, 3), everything.rows
    arguments = everything.grouped.neighborhoods, expansion.radial(), rows
    sizes = (rows.block_ptr[1:] - rows.block_ptr[:-1]).tolist()
    one = torch.ones((), dtype=torch.float64)
    found = cpu.soap_backward(*arguments, [one.expand(size, 27) for size in sizes])
    expected = cpu.soap_backward(
        *arguments, [torch.ones(size, 27, dtype=torch.float64) for size in sizes]
    )
    assert torch.equal(found, expected)


def test_packed_bases(everything: Sample) -> None:
    expansion, rows, sizes = Expansion(2, 3), everything.rows, [3, 2, 1]
    inside = torch.zeros(3, 3, 3, dtype=torch.bool)
    for l, n in enumerate(sizes):
        inside[l, :n, :n] = True
    whole = [inside.flatten() * block for block in weights_like_results(expansion, rows)]
    packed = [block[:, inside.flatten()] for block in whole]
    arguments = everything.grouped.neighborhoods, expansion.radial(), rows
    found = cpu.soap_backward(*arguments, packed, n_per_l=sizes)
    torch.testing.assert_close(found, cpu.soap_backward(*arguments, whole), rtol=0, atol=1e-14)


def test_derivatives_by_given_densities(expansion: Expansion, everything: Sample) -> None:
    rows = everything.rows
    coefficients = expansion.coefficients(everything.grouped.neighborhoods).requires_grad_()
    values = reference(coefficients, rows).flatten(1)
    weights = weights_like_results(expansion, rows)
    (expected,) = torch.autograd.grad(values, coefficients, torch.cat(weights))
    found = cpu.power_spectrum_backward(coefficients, rows, weights, num_threads=2)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13 * expected.abs().max())
