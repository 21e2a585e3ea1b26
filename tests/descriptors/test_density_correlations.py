"""Density correlations against averages over rotations, characters, and other descriptors."""

from __future__ import annotations

import itertools
import math

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels, TensorMap
from torch import Tensor

from rhobar.descriptors import DensityCorrelations, LambdaSoap, SoapPowerSpectrum
from rhobar.descriptors.compiled_coupling import compiled_contraction, compiled_correlations
from rhobar.descriptors.correlated_products import CorrelatedProducts
from rhobar.descriptors.correlation_stencils import SAME, correlation_stencils
from rhobar.descriptors.dense_coefficients import of_order
from rhobar.math import (
    Gaussian,
    Gto,
    clebsch_gordan,
    coupling_paths,
    o3_quadrature,
    so3_quadrature,
    wigner_d,
)
from rhobar.ops import correlations, cpu
from tests import structures
from tests.ops.coupled_blocks import COUPLINGS, blocks, matrices

N_CHANNELS = 2


def products(nu: int, n_per_l: list[int], o3_lambda_max: int = 0, **options) -> CorrelatedProducts:
    chosen = {"k_max": None, "pseudotensors": True, **options}
    return CorrelatedProducts(nu=nu, n_per_l=n_per_l, o3_lambda_max=o3_lambda_max, **chosen)


def random_density(n_per_l: list[int], *, n_channels: int = N_CHANNELS, rows: int = 6) -> Tensor:
    """``(row, lm, channel, n)``, zero where an order has fewer radial functions."""
    generator = torch.Generator().manual_seed(3)
    shape = (rows, len(n_per_l) ** 2, n_channels, max(n_per_l))
    dense = torch.randn(shape, generator=generator, dtype=torch.float64)
    for l, n in enumerate(n_per_l):
        dense[:, l * l : (l + 1) ** 2, :, n:] = 0.0
    return dense


def all_values(made: CorrelatedProducts, dense: Tensor) -> list[Tensor]:
    wanted = list(range(len(made.symmetries)))
    return made.values(dense, made.plan(dense.shape[2], wanted, dense.device))


def overlaps(dense: Tensor, rotations: Tensor) -> Tensor:
    """c · D(R) c of each row with itself, ``(row, rotation)``."""
    total = torch.zeros(len(dense), len(rotations), dtype=torch.float64)
    for l in range(math.isqrt(dense.shape[1])):
        block = dense[:, l * l : (l + 1) ** 2].flatten(2)
        total += torch.einsum("imq,rmn,inq->ir", block, wigner_d(l, rotations), block)
    return total


@pytest.mark.parametrize("nu", [2, 3, 4])
@pytest.mark.parametrize("n_per_l", [[2, 2, 2], [3, 2, 1, 1]], ids=str)
def test_norm_of_scalars_is_the_average_over_rotations(nu: int, n_per_l: list[int]) -> None:
    """Both σ: the average over rotations; σ = 1 alone: that over rotations and inversions."""
    dense = random_density(n_per_l)
    made = products(nu, n_per_l)
    norms = [block.square().sum((1, 2)) for block in all_values(made, dense)]
    degree = nu * (len(n_per_l) - 1)
    for quadrature, found in [(so3_quadrature, sum(norms)), (o3_quadrature, norms[0])]:
        rotations, weights = quadrature(degree)
        expected = overlaps(dense, rotations).pow(nu) @ weights
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=0.0)
    assert made.symmetries == ([(0, 1)] if nu == 2 else [(0, 1), (0, -1)])


@pytest.mark.parametrize("nu", [2, 3])
def test_norm_of_everything_is_that_of_the_density(nu: int) -> None:
    """All λ and σ together are all products: (c · c)^nu."""
    n_per_l = [2, 1, 2]
    dense = random_density(n_per_l)
    blocks = all_values(products(nu, n_per_l, o3_lambda_max=nu * 2), dense)
    found = sum(block.square().sum((1, 2)) for block in blocks)
    torch.testing.assert_close(found, dense.square().sum((1, 2, 3)).pow(nu), rtol=1e-12, atol=0.0)


def multiplicity(nu: int, n_per_l: list[int], o3_lambda: int, o3_sigma: int) -> int:
    r"""
    How often λ, σ is in the symmetric products of ``nu`` densities, from characters alone.

    .. math:: \chi_\nu(R) = \frac 1 \nu \sum_k \chi_1(R^k) \chi_{\nu - k}(R)

    averaged over angles with the measure (1 - cos θ) / π, proper and improper.
    """
    n = 4000  # equal steps integrate these trigonometric polynomials exactly
    angles = 2 * np.pi * np.arange(n) / n
    total = np.zeros(n)
    for inversion in (1, -1):

        def character(l: int, power: int, inversion: int = inversion) -> np.ndarray:
            m = np.arange(-l, l + 1)
            return inversion ** (l * power) * np.cos(np.outer(power * angles, m)).sum(1)

        def density(power: int) -> np.ndarray:
            return sum(count * character(l, power) for l, count in enumerate(n_per_l))

        symmetric = [np.ones(n)]
        for order in range(1, nu + 1):
            terms = [density(k) * symmetric[order - k] for k in range(1, order + 1)]
            symmetric.append(sum(terms) / order)
        wanted = character(o3_lambda, 1) * (o3_sigma if inversion == -1 else 1)
        total += symmetric[nu] * wanted / 2
    return round(float(np.mean(total * (1 - np.cos(angles)))))


@pytest.mark.parametrize("n_per_l", [[2, 2, 2, 2], [3, 1, 2]], ids=str)
@pytest.mark.parametrize(("nu", "o3_lambda_max"), [(2, 4), (3, 3), (4, 1)])
def test_features_are_as_many_as_are_independent(nu, o3_lambda_max, n_per_l) -> None:
    made = products(nu, n_per_l, o3_lambda_max)
    plan = made.plan(1, list(range(len(made.symmetries))), torch.device("cpu"))
    found = {
        symmetry: len(labels) for symmetry, labels in zip(made.symmetries, plan.labels, strict=True)
    }
    expected = {
        (o3_lambda, o3_sigma): multiplicity(nu, n_per_l, o3_lambda, o3_sigma)
        for o3_lambda in range(o3_lambda_max + 1)
        for o3_sigma in (1, -1)
    }
    assert found == {symmetry: count for symmetry, count in expected.items() if count > 0}


def every_invariant(dense: Tensor, o3_sigma: int) -> Tensor:
    """All couplings of three factors in any order, ``(row, feature)``, redundant, by einsum."""
    n_orders = math.isqrt(dense.shape[1])
    blocks = [dense[:, l * l : (l + 1) ** 2].flatten(2) for l in range(n_orders)]
    found = []
    for l_1 in range(n_orders):
        for l_2 in range(n_orders):
            for l_3 in range(abs(l_1 - l_2), min(l_1 + l_2, n_orders - 1) + 1):
                if (-1) ** (l_1 + l_2 + l_3) == o3_sigma:
                    table = clebsch_gordan(l_1, l_2, l_3)
                    parts = (table, blocks[l_1], blocks[l_2], blocks[l_3])
                    found.append(torch.einsum("abc,iap,ibq,icr->ipqr", *parts).flatten(1))
    return torch.cat(found, 1)


def rank(columns: Tensor) -> int:
    scaled = columns / columns.norm(dim=0).clamp_min(1e-200)
    values = torch.linalg.svdvals(scaled[:, columns.norm(dim=0) > 1e-12])
    return int((values > 1e-10 * values[0]).sum())


@pytest.mark.parametrize(("o3_sigma", "expected"), [(1, 46), (-1, 6)])
def test_rank_of_three_densities(o3_sigma: int, expected: int) -> None:
    """Two functions for each l up to 3: the ranks that the redundant sets have."""
    n_per_l = [2, 2, 2, 2]
    dense = random_density(n_per_l, n_channels=1, rows=300)
    made = products(3, n_per_l)
    values = all_values(made, dense)[made.symmetries.index((0, o3_sigma))][:, 0]
    redundant = every_invariant(dense, o3_sigma)
    assert values.shape[1] == expected
    assert rank(values) == expected
    assert rank(redundant) == expected
    assert rank(torch.cat([values, redundant], 1)) == expected


@pytest.mark.parametrize(
    ("l_max", "pairs", "proper", "improper", "triples", "unsorted"),
    [
        (2, 3, 8, 3, 5, 11),
        (4, 5, 27, 15, 14, 42),
        (6, 7, 64, 42, 30, 106),
        (8, 9, 125, 90, 55, 215),
    ],
)
def test_numbers_of_paths(l_max, pairs, proper, improper, triples, unsorted) -> None:
    """Couplings of different factors: pairs to λ = 0, to λ up to l_max, triples to λ = 0."""

    def count(nu: int, o3_lambda_max: int, o3_sigma: int) -> int:
        made = correlation_stencils(nu, l_max, o3_lambda_max, None, pseudotensors=True)
        return sum(
            made.symmetries[s.out][1] == o3_sigma
            for s in made.steps[-1]
            if s.follows != SAME and not _has_equal(made.steps, s)
        )

    assert count(2, 0, 1) == pairs
    assert count(3, 0, 1) == triples
    even = [x for x in itertools.product(range(l_max + 1), repeat=3) if sum(x) % 2 == 0]
    assert unsorted == sum(len(coupling_paths(orders, 0)) for orders in even)
    assert count(2, l_max, 1) == proper
    assert count(2, l_max, -1) == improper


def _has_equal(steps: list, stencil) -> bool:
    """Whether factors before the last one are equal."""
    for step in reversed(steps[:-1]):
        stencil = step[stencil.parent]
        if stencil.follows == SAME:
            return True
    return False


HYPERS = {"cutoff": 3.5, "l_max": 2, "radial": Gto(2), "density": Gaussian(0.4)}
FRAMES = [structures.ethanol(), structures.methane()]


def columns(features: TensorMap, key: dict[str, int], names: list[str]) -> dict:
    """Columns ``(center, o3_mu)`` of a block by the chosen labels."""
    block = features.block(key)
    labels = block.properties
    picked = np.stack([labels.column(name).numpy() for name in names], 1).tolist()
    return {tuple(label): block.values[..., k] for k, label in enumerate(picked)}


PAIR_NAMES = ["l_1", "l_2", "neighbor_1_type", "n_1", "neighbor_2_type", "n_2"]


@pytest.mark.parametrize("o3_lambda", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("o3_sigma", [1, -1])
def test_pairs_are_those_of_lambda_soap(o3_lambda: int, o3_sigma: int) -> None:
    """Each pair once, times √2 if its two are different; there the sign is that of odd sums."""
    made = DensityCorrelations(**HYPERS, nu=2, o3_lambda_max=4).compute(FRAMES)
    key = {"o3_lambda": o3_lambda, "o3_sigma": o3_sigma, "center_type": 6}
    if (o3_lambda, o3_sigma) in {(0, -1), (4, -1)}:
        assert not any(tuple(k.values[:2]) == (o3_lambda, o3_sigma) for k in made.keys)
        return
    found = columns(made, key, PAIR_NAMES)
    expected = columns(LambdaSoap(**HYPERS).compute(FRAMES), key, PAIR_NAMES)
    for label, values in found.items():
        l_1, l_2, *_ = label
        different = (l_1, *label[2:4]) != (l_2, *label[4:])
        scale = o3_sigma * (math.sqrt(2.0) if different else 1.0)
        torch.testing.assert_close(values, scale * expected[label], rtol=1e-12, atol=1e-12)
    # none is missing: sums of squares are equal (redundant pairs of unlike l occur once in both)
    total = sum(
        float(x.square().sum()) * (2.0 if label[0] != label[1] else 1.0)
        for label, x in expected.items()
    )
    assert sum(float(x.square().sum()) for x in found.values()) == pytest.approx(total, rel=1e-12)


def test_scalar_pairs_are_those_of_soap() -> None:
    made = DensityCorrelations(**HYPERS, nu=2).compute(FRAMES)
    soap = SoapPowerSpectrum(**HYPERS).compute(FRAMES)
    for center_type in (1, 6, 8):
        key = {"o3_lambda": 0, "o3_sigma": 1, "center_type": center_type}
        expected = 0.0
        for pair, block in soap.items():
            if int(pair["center_type"]) == center_type:
                expected += float(block.values.square().sum())
        assert float(made.block(key).values.square().sum()) == pytest.approx(expected, rel=1e-12)


def test_selected_keys_are_made_alone() -> None:
    model = DensityCorrelations(**HYPERS, nu=3, o3_lambda_max=2)
    every = model.compute(FRAMES)
    keys = Labels(["o3_lambda", "o3_sigma", "center_type"], torch.tensor([[2, -1, 6], [0, 1, 1]]))
    found = model.compute(FRAMES, selected_keys=keys)
    assert found.keys == keys
    for key, block in found.items():
        torch.testing.assert_close(block.values, every.block(key).values, rtol=1e-13, atol=1e-13)
        assert block.properties == every.block(key).properties


def test_limited_intermediate_orders_are_a_part() -> None:
    """Fewer features and no more than the norm, for the orders left out are positive terms."""
    full = DensityCorrelations(**HYPERS, nu=4).compute(FRAMES)
    cut = DensityCorrelations(**HYPERS, nu=4, k_max=2).compute(FRAMES)
    for key, block in cut.items():
        for name in ("k_2", "k_3"):
            assert int(block.properties.column(name).max()) <= 2
        whole = full.block(key)
        assert len(block.properties) < len(whole.properties)
        assert bool((block.values.square().sum(2) <= whole.values.square().sum(2)).all())


def test_compiled_values_and_derivatives_are_those_of_the_reference() -> None:
    n_per_l = [3, 2, 2]
    made = products(4, n_per_l, o3_lambda_max=2)
    dense = random_density(n_per_l, rows=40)
    plan = made.plan(N_CHANNELS, list(range(len(made.symmetries))), dense.device)
    results = []
    for op in (compiled_correlations, correlations):
        blocks = [block.requires_grad_() for block in split(dense.clone(), n_per_l)]
        values = op(blocks, plan.steps)
        generator = torch.Generator().manual_seed(1)
        weights = [torch.randn(x.shape, generator=generator).double() for x in values]
        results.append((*values, *torch.autograd.grad(values, blocks, weights)))
    for found, expected in zip(*results, strict=True):
        scale = float(expected.detach().abs().max())
        torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-12 * scale)


def split(dense: Tensor, n_per_l: list[int]) -> list[Tensor]:
    """Blocks of a density by l."""
    return [of_order(dense, l, n).contiguous() for l, n in enumerate(n_per_l)]


def test_contraction_is_differentiated_twice() -> None:
    """First derivatives are compiled; second ones come from the reference."""
    left, right = blocks(seed=1, n_centers=3)
    weights = matrices(seed=2)

    def contracted(*inputs: Tensor) -> tuple[Tensor, ...]:
        parts = list(inputs[:3]), list(inputs[3:])
        return tuple(compiled_contraction(*parts, COUPLINGS, weights))

    inputs = [block.requires_grad_() for block in (*left, *right)]
    assert torch.autograd.gradcheck(contracted, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(contracted, inputs, fast_mode=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"nu": 1}, "SphericalExpansion"),
        ({"nu": 2, "o3_lambda_max": -1}, "o3_lambda_max=-1"),
        ({"nu": 3, "k_max": -2}, "k_max=-2"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DensityCorrelations(**HYPERS, **arguments)


def test_keys_that_do_not_exist_are_refused() -> None:
    keys = Labels(["o3_lambda", "o3_sigma", "center_type"], torch.tensor([[1, 1, 6]]))
    with pytest.raises(ValueError, match="o3_lambda=1, o3_sigma=1"):
        DensityCorrelations(**HYPERS, nu=3).compute(FRAMES, selected_keys=keys)


def test_threads_are_those_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    used = []

    def watched(density, steps, *, num_threads):
        used.append(num_threads)
        return correlations(density, steps)

    monkeypatch.setattr(cpu, "correlations", watched)
    model = DensityCorrelations(**HYPERS, nu=2, atomic_types=[1, 6])
    model.compute(structures.methane(), num_threads=3)
    assert set(used) == {3}


def test_hypers_of_featomic_are_taken() -> None:
    model = DensityCorrelations.from_featomic(
        cutoff={"radius": 3.5, "smoothing": {"type": "ShiftedCosine", "width": 0.5}},
        density={"type": "Gaussian", "width": 0.4},
        basis={
            "type": "TensorProduct",
            "max_angular": 2,
            "radial": {"type": "Gto", "max_radial": 1},
            "spline_accuracy": 1e-10,
        },
        nu=3,
        o3_lambda_max=1,
    )
    expected = DensityCorrelations(**HYPERS, nu=3, o3_lambda_max=1).compute(FRAMES)
    for found, block in zip(model.compute(FRAMES).blocks(), expected.blocks(), strict=True):
        assert torch.equal(found.values, block.values)


def test_hypers_make_the_same_descriptor() -> None:
    model = DensityCorrelations(**HYPERS, nu=3, o3_lambda_max=1, pseudotensors=False, k_max=1)
    again = DensityCorrelations(**model.hypers())
    assert again.compute(FRAMES).keys == model.compute(FRAMES).keys
    for found, block in zip(
        again.compute(FRAMES).blocks(), model.compute(FRAMES).blocks(), strict=True
    ):
        assert found.properties == block.properties
        assert torch.equal(found.values, block.values)


@pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
def test_features_turn_with_the_density(improper: bool) -> None:
    """Four densities, all λ up to 3 and both σ."""
    n_per_l = [1, 2, 1]
    made = products(4, n_per_l, o3_lambda_max=3)
    dense = random_density(n_per_l)
    rotation = so3_quadrature(3)[0][5] * (-1.0 if improper else 1.0)
    turned = torch.cat(
        [
            torch.einsum("mn,in...->im...", wigner_d(l, rotation), dense[:, l * l : (l + 1) ** 2])
            for l in range(len(n_per_l))
        ],
        1,
    )
    pairs = zip(all_values(made, dense), all_values(made, turned), made.symmetries, strict=True)
    for values, found, (o3_lambda, o3_sigma) in pairs:
        sign = o3_sigma if improper else 1
        expected = sign * torch.einsum("mn,inp->imp", wigner_d(o3_lambda, rotation), values)
        scale = float(values.abs().max())
        torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-13 * scale)


def two_rings(sign: int) -> ase.Atoms:
    """
    A center with two twisted rings of three and a cap above or below: three neighbors at a time
    cannot tell which. Pozdnyakov and others, Phys. Rev. Lett. 125, 166001 (2020),
    doi:10.1103/PhysRevLett.125.166001, figure 2; the parameters of its CH6O pair.
    """
    angles, twist = np.deg2rad([0.0, 109.189, 209.913]), np.deg2rad(22.221)
    rings = [
        [math.cos(angle + turn), math.sin(angle + turn), height]
        for turn, height in ((0.0, 0.25), (twist, -0.25))
        for angle in angles
    ]
    return ase.Atoms("CH6O", [[0.0, 0.0, 0.0], *rings, [0.0, 0.0, sign * 1.0]])


@pytest.mark.parametrize(("nu", "o3_sigma"), [(2, 1), (3, 1), (3, -1), (4, 1)])
def test_four_neighbors_tell_apart_what_three_do_not(nu: int, o3_sigma: int) -> None:
    hypers = {"cutoff": 3.0, "l_max": 4, "radial": Gto(2), "density": Gaussian(0.3)}
    model = DensityCorrelations(**hypers, nu=nu, pseudotensors=o3_sigma == -1)
    center = Labels(["system", "atom"], torch.tensor([[0, 0]]))
    key = {"o3_lambda": 0, "o3_sigma": o3_sigma, "center_type": 6}
    first, second = (
        model.compute(two_rings(sign), selected_samples=center).block(key).values
        for sign in (1, -1)
    )
    difference = float((first - second).norm() / first.norm())
    assert difference < 1e-10 if nu < 4 else difference > 1e-3, difference
