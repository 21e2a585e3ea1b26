"""CUDA kernels of Wigner kernels against the reference: run as plain C++, and on a GPU if any."""

import pytest
import torch

from rhobar.ops import CgIteration, RotationPowers, WeightedKernels, cuda, summed_kernels
from rhobar.ops.cuda import pair_engine, pair_values
from tests.ops import cuda_on_cpu

ITERATIONS = [
    CgIteration(l_max=3, nu_max=4, lambda_max=3),
    CgIteration(l_max=1, nu_max=6, lambda_max=2),
    CgIteration(l_max=2, nu_max=3, lambda_max=2, target=(1, 1)),
    CgIteration(l_max=1, nu_max=3, lambda_max=2, target=(1, -1)),
    RotationPowers(l_max=3, nu_max=4),
    RotationPowers(l_max=1, nu_max=5),
    RotationPowers(l_max=0, nu_max=3),
]
INVARIANTS = [iteration for iteration in ITERATIONS if iteration.target == (0, 1)]


@pytest.fixture(scope="module", params=cuda_on_cpu.DEVICES)
def device(request):
    with cuda_on_cpu.device_of(request.param) as device:
        yield device


def environments(count, l_max, seed, dtype=torch.float64):
    """Random densities in more channels than are loaded at once, some of them empty."""
    random = torch.Generator().manual_seed(seed)
    values = (
        torch.randn(count, (l_max + 1) ** 2, 19, generator=random, dtype=torch.float64) / 19**0.5
    )
    values[0::4, :, 7:] = 0
    values[1::4, :, :3] = 0
    values[:, :, 4] = 0
    values[6::8] = 0  # isolated
    return values.to(dtype)


def on_device(iteration, left, left_group, right, right_group, shape, device, **options):
    size = 2 * iteration.target[0] + 1
    out = torch.zeros(*shape, iteration.nu_max, size, size, dtype=left.dtype, device=device)
    sides = [side.to(device) for side in (left, left_group, right, right_group)]
    cuda.summed_kernels(iteration, *sides, out, **options)
    return out.cpu()


@pytest.mark.parametrize("iteration", ITERATIONS, ids=repr)
def test_sums_are_those_of_the_reference(iteration, device):
    left, right = environments(13, iteration.l_max, 0), environments(21, iteration.l_max, 1)
    groups = torch.arange(13) // 3, torch.arange(21) // 5 + 1  # column 0 is empty
    ours = on_device(iteration, left, groups[0], right, groups[1], (5, 6), device)
    reference = summed_kernels(iteration, left, groups[0], right, groups[1], 5, 6)
    for nu in range(iteration.nu_max):
        scale = reference[:, :, nu].abs().max().clamp_min(1e-300)
        assert (ours - reference)[:, :, nu].abs().max() / scale < 1e-13
    assert (ours[:, 0] == 0).all()


@pytest.mark.parametrize("iteration", INVARIANTS, ids=repr)
def test_values_and_derivatives_are_those_of_the_reference(iteration, device):
    left, right = environments(7, iteration.l_max, 0), environments(21, iteration.l_max, 1)
    random = torch.Generator().manual_seed(2)
    weights = torch.randn(21, generator=random, dtype=torch.float64)
    nu_weights = torch.rand(iteration.nu_max, generator=random, dtype=torch.float64)
    values, slopes = WeightedKernels(iteration, nu_weights)(left, right, weights)
    # channels without any density get no derivative: nothing could change them
    slopes = slopes * (left != 0).any(dim=1, keepdim=True)
    arguments = [tensor.to(device) for tensor in (left, right, weights, nu_weights)]
    found = cuda.weighted_kernels(iteration, *arguments)
    scale = float(slopes.abs().max())
    torch.testing.assert_close(found[0].cpu(), values, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(found[1].cpu(), slopes, rtol=0, atol=1e-12 * scale)
    alone = cuda.weighted_values(iteration, *arguments)
    torch.testing.assert_close(alone.cpu(), values, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("iteration", ITERATIONS[2:5:2], ids=repr)
def test_a_symmetric_matrix_is_the_same_with_half_of_the_work(iteration, device):
    both, group = environments(30, iteration.l_max, 2), torch.arange(30) // 4
    arguments = (iteration, both, group, both, group, (8, 8), device)
    half, whole = on_device(*arguments, symmetric=True), on_device(*arguments)
    assert ((half - whole).abs().amax((0, 1)) / whole.abs().amax((0, 1)) < 1e-13).all()
    off = ~torch.eye(8, dtype=torch.bool)
    assert torch.equal(half[off], half.permute(1, 0, 2, 4, 3)[off])


def test_numbers_do_not_depend_on_what_else_is_computed(device, monkeypatch):
    """On the place in a tile, on the channels of others, on portions that cut a group in two."""
    iteration = RotationPowers(l_max=1, nu_max=5)
    both, group = environments(40, 1, 3), torch.arange(40) // 5
    whole = on_device(iteration, both, group, both, group, (8, 8), device, symmetric=True)
    rows, columns = slice(5, 15), slice(15, 35)
    arguments = both[rows], group[rows] - 1, both[columns], group[columns] - 3, (2, 4), device
    assert torch.equal(on_device(iteration, *arguments), whole[1:3, 3:7])
    monkeypatch.setattr(pair_values.PairValues, "rows_at_once", lambda self, n_right: 4)
    assert torch.equal(on_device(iteration, *arguments), whole[1:3, 3:7])


def test_results_are_added_and_nothing_is_added_where_nothing_is(device):
    iteration = CgIteration(l_max=1, nu_max=6, lambda_max=2)
    some, none = environments(9, 1, 6).to(device), environments(0, 1, 6).to(device)
    group, nothing = torch.arange(9, device=device), torch.arange(0, device=device)
    out = torch.ones(9, 9, 6, 1, 1, dtype=torch.float64, device=device)
    cuda.summed_kernels(iteration, none, nothing, some, group, out)
    cuda.summed_kernels(iteration, some, group, none, nothing, out)
    assert (out == 1).all()
    cuda.summed_kernels(iteration, some, group, some, group, out)
    expected = summed_kernels(iteration, some, group, some, group, 9, 9) + 1
    torch.testing.assert_close(out, expected, rtol=1e-13, atol=1e-14)
    weights, nu_weights = torch.ones_like(some[:, 0, 0]), torch.ones_like(some[:6, 0, 0])
    for left, right in ((some, none), (none, some)):
        sides = left, right, weights[: len(right)], nu_weights
        values, slopes = cuda.weighted_kernels(iteration, *sides)
        assert values.shape == (len(left),)
        assert slopes.shape == left.shape
        assert not values.any()
        assert not slopes.any()
        assert not cuda.weighted_values(iteration, *sides).any()


def test_single_precision(device):
    iteration = RotationPowers(l_max=1, nu_max=5)
    both, group = environments(9, 1, 7, torch.float32), torch.arange(9) // 2
    ours = on_device(iteration, both, group, both, group, (5, 5), device)
    double = both.to(torch.float64)
    reference = summed_kernels(iteration, double, group, double, group, 5, 5)
    assert ours.dtype == torch.float32
    error = (ours - reference).abs().amax((0, 1)) / reference.abs().amax((0, 1))
    assert 1e-9 < error.max() < 1e-5


def test_small_tiles_where_shared_memory_is_small(device, monkeypatch):
    iteration, results = CgIteration(l_max=1, nu_max=6, lambda_max=2), {}
    both, group = environments(9, 1, 8), torch.arange(9) // 2
    for n_shared in (2**14, 2**12, 2**11):
        engine = pair_engine.pair_engine(iteration, False, n_shared)
        assert engine.n_shared <= n_shared
        monkeypatch.setattr(pair_values, "pair_engine", lambda *_, engine=engine: engine)
        pair_values.pair_values.cache_clear()
        results[engine.tile] = on_device(iteration, both, group, both, group, (5, 5), device)
    pair_values.pair_values.cache_clear()
    assert list(results) == [(4, 8), (4, 4), (2, 4)]
    for tile in ((4, 4), (2, 4)):
        torch.testing.assert_close(results[tile], results[4, 8], rtol=1e-13, atol=1e-15)
