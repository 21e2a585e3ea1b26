"""Compiled sums of Wigner kernels against the reference, and what they promise beyond it."""

import pytest
import torch

from rhobar.ops import CgIteration, RotationPowers, cpu, summed_kernels

N_CHANNELS = 11


def environments(count, l_max, seed):
    """Random densities, some with channels that are empty at the start, inside or at the end."""
    random = torch.Generator().manual_seed(seed)
    values = torch.randn(count, (l_max + 1) ** 2, N_CHANNELS, generator=random, dtype=torch.float64)
    values[0::4, :, 7:] = 0
    values[1::4, :, :3] = 0
    values[2::8, :, 2:5] = 0
    values[6::8] = 0  # isolated
    return values / N_CHANNELS**0.5


def compiled(iteration, left, left_group, right, right_group, shape, **options):
    size = 2 * iteration.target[0] + 1
    out = torch.zeros(*shape, iteration.nu_max, size, size, dtype=torch.float64)
    cpu.summed_kernels(iteration, left, left_group, right, right_group, out, **options)
    return out


@pytest.mark.parametrize(
    "iteration",
    [
        CgIteration(l_max=3, nu_max=4, lambda_max=3),
        CgIteration(l_max=3, nu_max=4, lambda_max=1),
        CgIteration(l_max=3, nu_max=6, lambda_max=3),
        CgIteration(l_max=3, nu_max=4, lambda_max=3, target=(1, 1)),
        CgIteration(l_max=3, nu_max=3, lambda_max=2, target=(1, -1)),
        CgIteration(l_max=3, nu_max=1, lambda_max=2),
        CgIteration(l_max=0, nu_max=5, lambda_max=3),
        RotationPowers(l_max=3, nu_max=4),
        RotationPowers(l_max=2, nu_max=5),
        RotationPowers(l_max=3, nu_max=2),
        RotationPowers(l_max=0, nu_max=4),
        RotationPowers(l_max=3, nu_max=3, target=(1, 1)),
    ],
    ids=repr,
)
def test_sums_are_those_of_the_reference(iteration):
    left, right = environments(13, iteration.l_max, 0), environments(37, iteration.l_max, 1)
    groups = torch.arange(13) // 3, torch.arange(37) // 5 + 1  # column 0 is empty
    ours = compiled(iteration, left, groups[0], right, groups[1], (5, 9))
    reference = summed_kernels(iteration, left, groups[0], right, groups[1], 5, 9)
    for nu in range(iteration.nu_max):
        scale = reference[:, :, nu].abs().max().clamp_min(1e-300)
        assert (ours - reference)[:, :, nu].abs().max() / scale < 1e-13
    assert (ours[:, 0] == 0).all()


@pytest.mark.parametrize("target", [(0, 1), (1, 1)])
def test_a_symmetric_matrix_is_the_same_with_half_of_the_work(target):
    iteration = CgIteration(l_max=3, nu_max=4, lambda_max=3, target=target)
    both, group = environments(70, 3, 2), torch.arange(70) // 4
    half = compiled(iteration, both, group, both, group, (18, 18), symmetric=True)
    whole = compiled(iteration, both, group, both, group, (18, 18))
    assert ((half - whole).abs().amax((0, 1)) / whole.abs().amax((0, 1)) < 1e-13).all()
    off = ~torch.eye(18, dtype=torch.bool)
    assert torch.equal(half[off], half.permute(1, 0, 2, 4, 3)[off])


@pytest.mark.parametrize("iteration", [CgIteration(3, 4, 3), RotationPowers(3, 4)], ids=repr)
def test_numbers_do_not_depend_on_what_else_is_computed(iteration):
    both, group = environments(100, 3, 3), torch.arange(100) // 3
    whole = compiled(iteration, both, group, both, group, (34, 34), symmetric=True, num_threads=2)
    rows, columns = slice(3 * 4, 3 * 9), slice(3 * 11, 3 * 30)
    part = compiled(
        iteration, both[rows], group[rows] - 4, both[columns], group[columns] - 11, (5, 19)
    )
    assert torch.equal(part, whole[4:9, 11:30])


def test_results_of_several_types_of_centers_add_up():
    iteration = CgIteration(l_max=3, nu_max=2, lambda_max=1)
    one, other = environments(9, 3, 4), environments(8, 3, 5)
    group = torch.arange(9) // 2
    out = torch.zeros(5, 5, 2, 1, 1, dtype=torch.float64)
    for values in (one, other):
        own = group[: len(values)]
        cpu.summed_kernels(iteration, values, own, values, own, out, symmetric=True)
    expected = sum(
        summed_kernels(iteration, v, group[: len(v)], v, group[: len(v)], 5, 5)
        for v in (one, other)
    )
    torch.testing.assert_close(out, expected, rtol=1e-13, atol=1e-14)


def test_no_environments_leave_the_result_as_it_was():
    iteration = CgIteration(l_max=3, nu_max=2, lambda_max=1)
    some, none = environments(9, 3, 6), environments(0, 3, 6)
    group, nothing = torch.arange(9), torch.zeros(0, dtype=torch.int64)
    for left, rows, right, columns in (
        (none, nothing, some, group),
        (some, group, none, nothing),
    ):
        assert (compiled(iteration, left, rows, right, columns, (9, 9)) == 0).all()


def test_exact_tensors_of_high_order_are_refused_at_once():
    one, group = environments(2, 3, 7), torch.arange(2)
    with pytest.raises(ValueError, match=r"up to 9, in millions.*engine='cg'"):
        compiled(RotationPowers(l_max=3, nu_max=5, target=(1, 1)), one, group, one, group, (2, 2))
