"""Compiled weighted sums of Wigner kernels and their derivatives, against the reference."""

import pytest
import torch

from rhobar.ops import CgIteration, RotationPowers, WeightedKernels, cpu, summed_kernels


def environments(count, l_max, seed):
    random = torch.Generator().manual_seed(seed)
    values = torch.randn(count, (l_max + 1) ** 2, 9, generator=random, dtype=torch.float64) / 3
    values[::2, :, :3] = 0
    values[3] = 0  # isolated
    return values


@pytest.mark.parametrize(
    "iteration",
    [
        CgIteration(l_max=3, nu_max=4, lambda_max=3),
        CgIteration(l_max=3, nu_max=6, lambda_max=2),
        CgIteration(l_max=3, nu_max=1, lambda_max=3),
        RotationPowers(l_max=3, nu_max=4),
        RotationPowers(l_max=3, nu_max=2),
        RotationPowers(l_max=2, nu_max=5),
        RotationPowers(l_max=0, nu_max=4),
    ],
    ids=repr,
)
def test_values_and_derivatives_are_those_of_the_reference(iteration):
    left, right = environments(5, iteration.l_max, 0), environments(41, iteration.l_max, 1)
    random = torch.Generator().manual_seed(2)
    weights = torch.randn(41, generator=random, dtype=torch.float64)
    nu_weights = torch.rand(iteration.nu_max, generator=random, dtype=torch.float64)
    left.requires_grad_()
    rows, columns = torch.arange(5), torch.arange(41)
    kernels = summed_kernels(iteration, left, rows, right, columns, 5, 41)[..., 0, 0]
    expected = (kernels @ nu_weights) @ weights
    (slopes,) = torch.autograd.grad(expected.sum(), left)
    # channels without any density get no derivative: nothing could change them
    slopes = slopes * (left != 0).any(dim=1, keepdim=True)
    in_torch = torch.jit.script(WeightedKernels(iteration, nu_weights))(left, right, weights)
    torch.testing.assert_close(in_torch[0], expected.detach(), rtol=1e-12, atol=1e-13)
    some = (left != 0).any(dim=1, keepdim=True)
    torch.testing.assert_close(in_torch[1] * some, slopes, rtol=0, atol=1e-12 * slopes.abs().max())
    for threads in (1, 2):
        found = cpu.weighted_kernels(
            iteration, left, right, weights, nu_weights, num_threads=threads
        )
        torch.testing.assert_close(found[0], expected.detach(), rtol=1e-12, atol=1e-13)
        alone = cpu.weighted_values(
            iteration, left, right, weights, nu_weights, num_threads=threads
        )
        torch.testing.assert_close(alone, expected.detach(), rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(found[1], slopes, rtol=0, atol=1e-12 * float(slopes.abs().max()))


def test_equivariant_kernels_are_refused():
    values = environments(4, 3, 0)
    one = torch.ones(4, dtype=torch.float64)
    with pytest.raises(ValueError, match="only invariant kernels"):
        cpu.weighted_kernels(CgIteration(3, 4, 3, (1, 1)), values, values, one, one)


@pytest.mark.parametrize("iteration", [CgIteration(3, 4, 3), RotationPowers(3, 4)], ids=repr)
def test_changes_of_densities_change_sums_by_the_chain_rule(iteration):
    left, right = environments(6, 3, 0), environments(37, 3, 1)
    left_group, right_group = torch.arange(6) // 2, torch.arange(37) // 4
    center = torch.tensor([0, 0, 1, 2, 4, 4, 5])
    row = torch.tensor([0, 1, 1, 2, 3, 4, 3])
    random = torch.Generator().manual_seed(3)
    changes = torch.randn(7, *left.shape[1:], generator=random, dtype=torch.float64)
    changes *= (left[center] != 0).any(dim=1, keepdim=True)
    nu_weights = torch.rand(4, generator=random, dtype=torch.float64)
    expected = torch.zeros(5, 10, dtype=torch.float64)
    for own, target, change in zip(center, row, changes, strict=True):
        for column in range(10):
            others = right[right_group == column]
            ones = torch.ones(len(others), dtype=torch.float64)
            _, slopes = cpu.weighted_kernels(
                iteration, left[own : own + 1], others, ones, nu_weights
            )
            expected[target, column] += (slopes[0] * change).sum()
    for threads in (1, 2):
        found = torch.zeros_like(expected)
        cpu.moved_kernels(
            iteration,
            left,
            left_group,
            right,
            right_group,
            changes,
            center,
            row,
            nu_weights,
            found,
            num_threads=threads,
        )
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("op", [cpu.weighted_kernels, cpu.weighted_values])
@pytest.mark.parametrize(
    ("n_weights", "n_orders", "n_channels"), [(40, 4, 9), (41, 3, 9), (41, 4, 8)]
)
def test_weights_or_channels_that_do_not_match_are_refused(op, n_weights, n_orders, n_channels):
    left, right = environments(5, 3, 0)[..., :n_channels], environments(41, 3, 1)
    weights, orders = torch.ones(n_weights).double(), torch.ones(n_orders).double()
    with pytest.raises(ValueError, match=r"41 weights and 4 of the orders are due"):
        op(RotationPowers(l_max=3, nu_max=4), left, right, weights, orders)
