"""Compiled densities against the reference op and its derivatives by autograd."""

from __future__ import annotations

import pytest
import torch

from rhobar.ops import Neighborhoods, cpu

from .environments import CUTOFF, SCALING, Expansion, Sample, random_like, sample

# (l_max, n_radial) with one vector per row, partly filled, and with two
SHAPES = [(2, 3), (3, 9)]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def expansion(request: pytest.FixtureRequest) -> Expansion:
    return Expansion(*request.param)


@pytest.fixture(scope="module")
def everything() -> Sample:
    return sample()


def pair_runs(neighborhoods: Neighborhoods) -> torch.Tensor:
    sizes = neighborhoods.run_ptr.diff()
    return torch.repeat_interleave(torch.arange(len(sizes)), sizes)


def test_density_is_that_of_the_reference(expansion: Expansion, everything: Sample) -> None:
    neighborhoods = everything.grouped.neighborhoods
    found = cpu.density(neighborhoods, expansion.radial())
    expected = expansion.coefficients(neighborhoods)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-14)


def test_tables_that_change_are_read_again(everything: Sample) -> None:
    """They are kept in an order of their own."""
    neighborhoods = everything.grouped.neighborhoods
    expansion = Expansion(2, 3)
    spline, none = expansion.spline, torch.zeros(3, dtype=torch.float64)

    def found() -> torch.Tensor:
        radial = cpu.splined(spline, cutoff=CUTOFF, scaling=SCALING, self_values=none)
        return cpu.density(neighborhoods, radial)

    before = found()
    spline.table.mul_(2.0)
    torch.testing.assert_close(found(), 2 * before, rtol=0, atol=0)
    spline.table = spline.table / 4
    torch.testing.assert_close(found(), before / 2, rtol=0, atol=0)


def test_float32_is_the_rounded_density(everything: Sample) -> None:
    expansion = Expansion(2, 3)
    neighborhoods = everything.grouped.neighborhoods
    found = cpu.density(neighborhoods, expansion.radial(), dtype=torch.float32)
    expected = cpu.density(neighborhoods, expansion.radial()).float()
    torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_reverse_mode_is_that_of_the_reference(expansion: Expansion, everything: Sample) -> None:
    vectors = everything.grouped.neighborhoods.vectors.clone().requires_grad_()
    neighborhoods = everything.grouped.neighborhoods._replace(vectors=vectors)
    coefficients = expansion.coefficients(neighborhoods)
    (weights,) = random_like([coefficients.detach()])
    (expected,) = torch.autograd.grad(coefficients, vectors, weights)
    found = cpu.density_backward(neighborhoods, expansion.radial(), weights)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)


def test_derivatives_agree_with_reverse_mode(everything: Sample) -> None:
    expansion = Expansion(2, 3)
    neighborhoods = everything.grouped.neighborhoods
    derivatives = cpu.density_gradients(neighborhoods, expansion.radial())
    (weights,) = random_like([cpu.density(neighborhoods, expansion.radial())])
    found = torch.einsum("pxln,pln->px", derivatives, weights[pair_runs(neighborhoods)])
    expected = cpu.density_backward(neighborhoods, expansion.radial(), weights)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)


def test_threads_change_nothing(expansion: Expansion, everything: Sample) -> None:
    neighborhoods, radial = everything.grouped.neighborhoods, expansion.radial()
    one = cpu.density(neighborhoods, radial)
    assert torch.equal(one, cpu.density(neighborhoods, radial, num_threads=3))
    slopes = cpu.density_backward(neighborhoods, radial, one)
    assert torch.equal(slopes, cpu.density_backward(neighborhoods, radial, one, num_threads=1000))


def test_radial_functions_can_be_given(everything: Sample) -> None:
    expansion = Expansion(2, 3)
    neighborhoods = everything.grouped.neighborhoods
    distances = neighborhoods.vectors.norm(dim=1).requires_grad_()
    values = expansion.functions(distances)
    slopes = torch.stack(
        [
            torch.stack([torch.autograd.grad(v.sum(), distances, retain_graph=True)[0] for v in l])
            for l in values.permute(1, 2, 0)
        ]
    ).permute(2, 0, 1)
    given = cpu.given(values, slopes, self_values=expansion.self_values)
    (weights,) = random_like([cpu.density(neighborhoods, given)])
    splined = expansion.radial()
    torch.testing.assert_close(
        cpu.density(neighborhoods, given), cpu.density(neighborhoods, splined), rtol=0, atol=1e-14
    )
    torch.testing.assert_close(
        cpu.density_backward(neighborhoods, given, weights),
        cpu.density_backward(neighborhoods, splined, weights),
        rtol=0,
        atol=1e-13,
    )


def test_pairs_at_one_place_and_beyond_the_cutoff_are_finite() -> None:
    vectors = torch.tensor([[0.0, 0.0, 0.0], [0.0, 0.0, 5.0]], dtype=torch.float64)
    neighborhoods = Neighborhoods(
        vectors,
        run_ptr=torch.tensor([0, 1, 2]),
        run_center=torch.tensor([0, 0]),
        run_channel=torch.tensor([0, 1]),
        run_self=torch.zeros(2, dtype=torch.float64),
    )
    radial = Expansion(2, 3).radial()
    found = cpu.density(neighborhoods, radial)
    assert found.isfinite().all()
    assert (found[0, 0] != 0).all()  # an atom at the center, direction z
    assert (found[0, [1, 3]] == 0).all()
    assert (found[1] == 0).all()
    assert cpu.density_gradients(neighborhoods, radial).isfinite().all()
