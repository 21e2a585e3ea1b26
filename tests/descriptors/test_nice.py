"""NICE: what it spans, what it leaves out, how it turns, and what it refuses."""

from __future__ import annotations

import io
import itertools
import logging

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels, TensorMap

from rhobar.analysis import gfre
from rhobar.descriptors import (
    Bispectrum,
    Cutoff,
    DensityScale,
    Expansion,
    Gaussian,
    Gto,
    Nice,
    NiceBlock,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    jacobian,
)
from rhobar.descriptors.nice import fitting
from rhobar.descriptors.nice.selection import (
    block_number,
    block_symmetry,
    chosen_pairs,
    couplings_of,
)
from rhobar.descriptors.nice.sequence import NiceSequence
from rhobar.math import clebsch_gordan, wigner_d
from rhobar.systems import from_ase, neighbors_added

HYPERS = {"cutoff": Cutoff(3.5, width=0.5), "radial": Gto(2), "density": Gaussian(0.4)}
CARBON = Labels(["atom"], torch.tensor([[0]]))
EVERYTHING = NiceBlock(Expansion(max_take=0))
SOME = NiceBlock(
    Expansion(40, max_take=4, max_components=8), Expansion(60, max_take=6, max_components=12)
)
LAST = NiceBlock(None, Expansion(60, max_take=6, max_components=12))


def methanes(count: int, seed: int) -> list[ase.Atoms]:
    """CH4 with hydrogens anywhere in a shell around the carbon, which comes first."""
    generator = np.random.default_rng(seed)
    directions = generator.standard_normal((count, 4, 3))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    positions = directions * generator.uniform(0.8, 2.8, (count, 4, 1))
    return [ase.Atoms("CH4", np.vstack([np.zeros((1, 3)), p])) for p in positions]


FRAMES = methanes(120, seed=1)


def small() -> Nice:
    """A truncated sequence that takes every branch, fitted on the carbons of ``FRAMES``."""
    nice = Nice(**HYPERS, l_max=2, nu_max=4, blocks=[SOME, SOME, LAST])
    return nice.fit(FRAMES, selected_samples=CARBON)


@pytest.fixture(scope="module")
def fitted() -> Nice:
    return small()


def columns(features: TensorMap) -> np.ndarray:
    """All blocks of the carbons side by side."""
    return np.hstack([block.values.numpy() for block in features.blocks()])


def order(features: TensorMap, nu: int) -> torch.Tensor:
    return features.block({"nu": nu, "center_type": 6}).values


# ---- what is spanned


@pytest.mark.parametrize(
    ("nu", "descriptor"), [(1, SoapRadialSpectrum), (2, SoapPowerSpectrum), (3, Bispectrum)]
)
def test_without_truncation_it_spans_the_whole_correlation(nu: int, descriptor: type) -> None:
    """Of one order: linear maps lead from one set of features to the other and back."""
    frames = methanes(700, seed=2)
    nice = Nice(**HYPERS, l_max=2, nu_max=nu, blocks=[EVERYTHING] * (nu - 1), scale=None)
    found = nice.fit(frames, selected_samples=CARBON).compute(frames, selected_samples=CARBON)
    angular = {} if descriptor is SoapRadialSpectrum else {"l_max": 2}
    expected = columns(descriptor(**HYPERS, **angular).compute(frames, selected_samples=CARBON))
    features = order(found, nu).numpy()
    assert features.shape[1] <= expected.shape[1]
    assert gfre(features, expected) < 1e-6
    assert gfre(expected, features) < 1e-6


def test_truncation_loses_what_the_importances_say() -> None:
    """The error of the best linear map falls as more is kept; the spanned test can fail."""
    frames = methanes(300, seed=2)
    soap = columns(SoapPowerSpectrum(**HYPERS, l_max=2).compute(frames, selected_samples=CARBON))
    errors = []
    for count in (2, 5, 10):
        block = NiceBlock(None, Expansion(max_take=0, n_components=count))
        nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block], scale=None)
        nice.fit(frames, selected_samples=CARBON)
        found = nice.compute(frames, selected_samples=CARBON)
        errors.append(gfre(order(found, 2).numpy(), soap))
    assert 0.5 > errors[0] > 2 * errors[1] > 4 * errors[2] > 1e-6


def test_both_orders_of_a_product_span_what_one_does() -> None:
    one, both = (
        NiceBlock(Expansion(), Expansion(), deduplicate=deduplicate)
        for deduplicate in (True, False)
    )
    values = []
    for block in (one, both):
        nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block]).fit(
            FRAMES, selected_samples=CARBON
        )
        values.append(order(nice.compute(FRAMES, selected_samples=CARBON), 2))
        rows = nice.sequences[0].iterations[0].covariant.couplings[:, 6].sum()
    torch.testing.assert_close(values[0], values[1], rtol=1e-6, atol=1e-9)
    assert rows > 1.5 * one_sided_products()


def one_sided_products() -> int:
    nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[NiceBlock()])
    nice.fit(FRAMES, selected_samples=CARBON)
    return int(nice.sequences[0].iterations[0].covariant.couplings[:, 6].sum())


# ---- the iteration against its equations


def explicit_iteration(
    density: list[torch.Tensor], o3_lambda: int, o3_sigma: int, *, rows: int | None
) -> torch.Tensor:
    """
    Order 2 of one block by plain sums, least squares and singular values: ``(row, component)``.

    All products of all features, less the prediction by all of order 1. ``rows`` for each feature,
    λ + 1 of them from a center, find the prediction and the components.
    """
    products = []
    for a, b in itertools.product(range(3), repeat=2):
        odd = (a + b + o3_lambda) % 2 == 1
        if abs(a - b) <= o3_lambda <= a + b and odd == (o3_sigma == -1):
            table = clebsch_gordan(a, b, o3_lambda)
            product = torch.einsum("mnk,imp,inq->ikpq", table, density[2 * a], density[2 * b])
            products.append(product.flatten(2))
    values = torch.cat(products, dim=2)
    # a density has no pseudotensors, which could predict anything
    lower = density[2 * o3_lambda][:, :, : 10**6 if o3_sigma == 1 else 0]

    def first(n_features: int) -> int:
        return (
            len(values)
            if rows is None
            else min(len(values), -(-rows * n_features // (o3_lambda + 1)))
        )

    few = first(4)  # columns of the density: two types times two radial functions
    fit = np.linalg.lstsq(
        lower[:few].flatten(0, 1).numpy(), values[:few].flatten(0, 1).numpy(), rcond=None
    )[0]
    rest = (values - lower @ torch.from_numpy(fit)).numpy()
    some = rest[: first(values.shape[2])].reshape(-1, rest.shape[2])
    _, singular, vectors = np.linalg.svd(some, full_matrices=False)
    kept = vectors[singular > 1e-6 * singular[0]]
    return torch.from_numpy(rest.reshape(-1, rest.shape[2]) @ kept.T)


@pytest.mark.parametrize("rows", [None, 2])
@pytest.mark.parametrize("block", [(0, 1), (1, 1), (1, -1), (2, 1), (2, -1)])
def test_an_iteration_follows_its_equations(block: tuple[int, int], rows: int | None) -> None:
    """Scalar products of the features, which no choice of signs or degenerate axes changes."""
    nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[NiceBlock(deduplicate=False)])
    nice.fit(FRAMES, selected_samples=CARBON, rows_per_feature=rows)
    found = nice.equivariants(FRAMES, selected_samples=CARBON)
    density: list[torch.Tensor] = []
    for o3_lambda in range(3):
        key = {"nu": 1, "o3_lambda": o3_lambda, "o3_sigma": 1}
        density += [found.block(key).values, torch.zeros(0)]
    o3_lambda, o3_sigma = block
    expected = explicit_iteration(density, o3_lambda, o3_sigma, rows=rows)
    key = {"nu": 2, "o3_lambda": o3_lambda, "o3_sigma": o3_sigma}
    features = found.block(key).values.flatten(0, 1)
    torch.testing.assert_close(
        features @ features.T,
        expected @ expected.T,
        rtol=0,
        atol=1e-8 * float(expected.square().sum(dim=1).max()),
    )


# ---- symmetry


@pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
def test_equivariants_turn(fitted: Nice, improper: bool) -> None:
    matrix = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))[0]
    matrix *= np.sign(np.linalg.det(matrix)) * (-1 if improper else 1)
    turned = [frame.copy() for frame in FRAMES[:20]]
    for frame in turned:
        frame.positions = frame.positions @ matrix.T
    before, after = (
        fitted.equivariants(frames, selected_samples=CARBON) for frames in (FRAMES[:20], turned)
    )
    seen = set()
    for key, block in before.items():
        nu, o3_lambda, o3_sigma, _ = key.values.tolist()
        d = wigner_d(o3_lambda, torch.from_numpy(matrix)) * (o3_sigma if improper else 1)
        expected = torch.einsum("mn,inq->imq", d, block.values)
        scale = before.block({"nu": nu, "o3_lambda": o3_lambda, "o3_sigma": o3_sigma}).values
        error = (after.block(key).values - expected).abs().max()
        assert error <= 1e-12 * max(1.0, scale.abs().max().item())
        seen.add((nu, o3_lambda, o3_sigma))
    assert seen >= {(2, 1, 1), (2, 1, -1), (2, 2, 1), (2, 2, -1), (3, 0, 1), (3, 1, 1), (3, 2, 1)}


def test_order_of_neighbors_does_not_matter(fitted: Nice) -> None:
    frames = FRAMES[:10]
    swapped = [frame[[0, 3, 1, 4, 2]] for frame in frames]
    one, other = (columns(fitted.compute(f, selected_samples=CARBON)) for f in (frames, swapped))
    np.testing.assert_allclose(other, one, rtol=0, atol=1e-13 * np.abs(one).max())


# ---- purification and contraction


def test_purified_invariants_are_uncorrelated_with_lower_orders(fitted: Nice) -> None:
    features = fitted.compute(FRAMES, selected_samples=CARBON)
    covariants = fitted.equivariants(FRAMES, selected_samples=CARBON)
    for nu in (2, 3, 4):
        lower = [
            covariants.block({"nu": n, "o3_lambda": 0, "o3_sigma": 1}).values[:, 0, :6]
            for n in range(1, nu)
        ]
        assert_uncorrelated(torch.cat(lower, dim=1), order(features, nu), centered=True)


def test_purified_covariants_are_uncorrelated_with_lower_orders(fitted: Nice) -> None:
    covariants = fitted.equivariants(FRAMES, selected_samples=CARBON)
    for o3_lambda in range(3):
        key = {"o3_lambda": o3_lambda, "o3_sigma": 1}
        first, second = (covariants.block({"nu": nu, **key}).values.flatten(0, 1) for nu in (1, 2))
        assert_uncorrelated(first[:, :4], second, centered=False)
        third = covariants.block({"nu": 3, **key}).values.flatten(0, 1)
        assert_uncorrelated(torch.cat([first[:, :4], second[:, :4]], dim=1), third, centered=False)


def assert_uncorrelated(lower: torch.Tensor, values: torch.Tensor, *, centered: bool) -> None:
    if centered:
        assert values.mean(dim=0).abs().max() < 1e-10 * values.std(dim=0).max()
        lower, values = (x - x.mean(dim=0) for x in (lower, values))
    correlation = (lower / lower.norm(dim=0)).T @ (values / values.norm(dim=0))
    assert correlation.abs().max() < 1e-6


def test_components_of_one_block_are_uncorrelated_and_sorted(fitted: Nice) -> None:
    covariants = fitted.equivariants(FRAMES, selected_samples=CARBON)
    variances = fitted.variances()
    for key, block in covariants.items():
        nu, o3_lambda, o3_sigma, center_type = key.values.tolist()
        rows = block.values.flatten(0, 1)
        expected = variances[center_type, nu, o3_lambda, o3_sigma]
        assert (expected.diff() <= 0).all()
        gram = rows.T @ rows / len(rows)
        limit = 1e-9 * expected[0].item()
        torch.testing.assert_close(gram, torch.diag(expected), rtol=1e-6, atol=limit)


def test_standardized_blocks_have_unit_size() -> None:
    block = NiceBlock(Expansion(), standardize=True)
    nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block]).fit(FRAMES, selected_samples=CARBON)
    for (_, nu, _, _), variances in nice.variances().items():
        if nu == 2:
            assert variances.sum().item() == pytest.approx(1.0, rel=1e-6)


def test_density_scales() -> None:
    """One factor for each center, or one for all: then features of order ν scale by its power."""
    plain = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[EVERYTHING], scale=None)
    own = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[EVERYTHING])
    for nice in (plain, own):
        nice.fit(FRAMES, selected_samples=CARBON)
    squares = own.compute(FRAMES, selected_samples=CARBON)
    # the signal integral of each center is 1 after scaling
    torch.testing.assert_close(
        order(squares, 1).square().sum(dim=1), torch.ones(len(FRAMES)).double()
    )
    expected = plain.compute(FRAMES, selected_samples=CARBON)
    for measure in ("signal integral", "variance"):
        scale = DensityScale(measure, individually=False)
        one = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[EVERYTHING], scale=scale)
        found = one.fit(FRAMES, selected_samples=CARBON).compute(FRAMES, selected_samples=CARBON)
        factor = order(found, 1).norm() / order(expected, 1).norm()
        torch.testing.assert_close(order(found, 1), factor * order(expected, 1))
        torch.testing.assert_close(order(found, 2).norm(), factor**2 * order(expected, 2).norm())


# ---- selection


def importances(seed: int, sizes: dict[tuple[int, int], int]) -> list[torch.Tensor]:
    generator = np.random.default_rng(seed)
    order = [torch.zeros(0).double()] * 6
    for (o3_lambda, o3_sigma), size in sizes.items():
        values = np.sort(generator.uniform(size=size))[::-1].copy()
        order[block_number(o3_lambda, o3_sigma)] = torch.from_numpy(values / values.sum())
    return order


def test_pairs_are_those_of_largest_products() -> None:
    left = importances(1, {(0, 1): 4, (1, 1): 5, (1, -1): 3, (2, 1): 4, (2, -1): 2})
    right = importances(2, {(0, 1): 3, (1, 1): 3, (2, 1): 2})
    everything: dict[int, list] = {1: [], -1: []}
    for a, b in itertools.product(range(6), range(6)):
        (la, sa), (lb, sb) = block_symmetry(a), block_symmetry(b)
        parity = sa * sb * (-1) ** (la + lb)
        for i, j in itertools.product(range(len(left[a])), range(len(right[b]))):
            everything[parity].append((float(left[a][i] * right[b][j]), a, i, b, j))
    found = {
        (p.left, i, p.right, j)
        for p in chosen_pairs(left, right, Expansion(20), invariants=False, unordered=False)
        for i, j in zip(p.first.tolist(), p.second.tolist(), strict=True)
    }
    expected = set()
    for members in everything.values():
        expected |= {x[1:] for x in sorted(members, reverse=True)[:20]}
    assert found == expected


def test_ties_are_kept_and_zeros_are_not() -> None:
    weights = [torch.tensor([0.5, 0.25, 0.25, 0.0, 1e-16]).double(), torch.zeros(0).double()]
    for count, expected in [(1, 1), (2, 5), (5, 5), (6, 9), (100, 9), (None, 9)]:
        pairs = chosen_pairs(weights, weights, Expansion(count), invariants=True, unordered=False)
        assert sum(len(p.first) for p in pairs) == expected


def test_unordered_pairs_stand_for_two() -> None:
    """λ = 1 of two vectors: the symmetric part vanishes, (i, j) and (j, i) differ by a sign."""
    order = importances(3, {(0, 1): 2, (1, 1): 3})
    pairs = chosen_pairs(order, order, Expansion(), invariants=False, unordered=True)
    couplings, numbers, factors = couplings_of(pairs, 1, proper=False, unordered=True)
    sizes = {block_symmetry(n): len(f) for n, f in zip(numbers, factors, strict=True)}
    # 0⊗0: 3 scalars; 0⊗1: 6 vectors; 1⊗1: 6 scalars and 3 pseudovectors
    assert sizes == {(0, 1): 3 + 6, (1, 1): 6, (1, -1): 3}
    assert sorted(factors[0].tolist()) == pytest.approx([1] * 5 + [2**0.5] * 4)
    assert {(c.left, c.right) for c in couplings} == {(0, 0), (0, 2), (2, 2)}


def test_absolute_importances_choose_other_products() -> None:
    chosen = []
    for importance in ("normalized", "absolute"):
        block = NiceBlock(Expansion(5), importance=importance)
        nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block])
        nice.fit(FRAMES, selected_samples=CARBON)
        step = nice.sequences[0].iterations[0].covariant
        chosen.append({tuple(row[3:]) for row in step.couplings.tolist()})
    assert chosen[0] != chosen[1]


# ---- fit


def chunked(monkeypatch: pytest.MonkeyPatch, count: int) -> list[int]:
    """Work on ``count`` centers at a time from now on; the sizes that occur go to the list."""
    seen: list[int] = []

    def chunks(self: NiceSequence, dense: torch.Tensor) -> list[torch.Tensor]:
        parts = dense.split(count)
        seen.extend(len(part) for part in parts)
        return parts

    monkeypatch.setattr(NiceSequence, "chunks", chunks)
    return seen


def test_chunks_of_fit_and_transform_give_the_same(
    monkeypatch: pytest.MonkeyPatch, fitted: Nice
) -> None:
    expected = columns(fitted.compute(FRAMES, selected_samples=CARBON))
    for count in (7, 10**6):
        chunked(monkeypatch, count)
        found = columns(small().compute(FRAMES, selected_samples=CARBON))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


def test_pseudoscalars_first_appear_with_three_neighbors() -> None:
    """They follow from a last covariant branch, and change sign under inversion (see above)."""
    nice = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, SOME]).fit(
        FRAMES, selected_samples=CARBON
    )
    found = {key[1:] for key in nice.variances()}
    assert (2, 0, -1) not in found
    assert (3, 0, -1) in found
    mirrored = [frame.copy() for frame in FRAMES[:5]]
    for frame in mirrored:
        frame.positions *= -1
    key = {"nu": 3, "o3_lambda": 0, "o3_sigma": -1}
    before, after = (
        nice.equivariants(frames, selected_samples=CARBON).block(key).values
        for frames in (FRAMES[:5], mirrored)
    )
    torch.testing.assert_close(after, -before, rtol=0, atol=1e-12)
    assert before.abs().max() > 1e-3


def test_memory_of_the_fit_is_that_of_chunks_and_gram_matrices(
    monkeypatch: pytest.MonkeyPatch, fitted: Nice
) -> None:
    """Features take 64 MiB at a time, and Gram matrices are announced before they are made."""
    sequence = fitted.sequences[0]
    orders = sequence.orders(torch.ones(1, 9, 2, 2).double(), compiled=False)
    n_numbers = sum(values.numel() for order in orders for values in order)
    (first, *_) = sequence.chunks(torch.zeros(10**6, 1))
    assert (len(first) - 1) * n_numbers * 8 <= 2**26 < (len(first) + 1) * n_numbers * 8
    announced = []
    refuse = fitting.refuse_what_cannot_fit

    def spy(count: int, *others) -> None:
        announced.append(count)
        refuse(count, *others)

    monkeypatch.setattr(fitting, "refuse_what_cannot_fit", spy)
    step = small().sequences[0].iterations[0].invariant
    n_products, n_lower = int(step.couplings[:, 6].sum()), int(step.lower_features.sum())
    assert announced[1] == (n_products + n_lower + 1) ** 2
    monkeypatch.setattr(jacobian, "available_memory", lambda: 1_000)
    with pytest.raises(MemoryError, match=r"Nice.fit, nu=2: Gram matrices take"):
        small()


def test_the_fit_is_deterministic(fitted: Nice) -> None:
    again = small().state_dict()
    state = fitted.state_dict()
    assert list(again) == list(state)
    for name, value in state.items():
        assert torch.equal(again[name], value), name


def test_signs_are_fixed(fitted: Nice) -> None:
    _, second, third = fitted.sequences[0].iterations
    for step in (second.covariant, second.invariant, third.invariant):
        for matrix in step.matrices():
            largest = matrix.gather(0, matrix.abs().argmax(dim=0, keepdim=True))
            assert (largest > 0).all()


def test_ranks_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="rhobar"):
        Nice(**HYPERS, l_max=1, nu_max=2, blocks=[EVERYTHING]).fit(FRAMES, selected_samples=CARBON)
    assert "nu=2, o3_lambda=0, o3_sigma=1: " in caplog.text
    assert "components, the rank" in caplog.text


def test_types_of_centers_have_models_of_their_own_or_share_one() -> None:
    frames = FRAMES[:40]
    features = {}
    for shared in (False, True):
        nice = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST], shared=shared).fit(frames)
        assert len(nice.sequences) == (1 if shared else 2)
        features[shared] = nice.compute(frames)
        assert features[shared].keys.values.tolist() == [
            [nu, center_type] for nu in (1, 2, 3) for center_type in (1, 6)
        ]
    lone = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST])
    lone.fit(frames, selected_samples=CARBON)
    expected = order(lone.compute(frames), 3)
    torch.testing.assert_close(order(features[False], 3), expected)
    assert order(features[True], 3).shape != expected.shape or not torch.allclose(
        order(features[True], 3), expected
    )


# ---- derivatives, TorchScript, state


def test_scripted_sequence_equals_eager(fitted: Nice) -> None:
    generator = torch.Generator().manual_seed(5)
    dense = torch.randn(30, 9, 2, 2, generator=generator, dtype=torch.float64)
    sequence = fitted.sequences[0]
    scripted = torch.jit.script(sequence)
    values = [scripted(dense, True), sequence(dense, False), sequence(dense, True)]
    for found, expected, compiled in zip(*values, strict=True):
        scale = expected.abs().max()
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-14 * scale)
        torch.testing.assert_close(compiled, expected, rtol=0, atol=1e-12 * scale)


def test_forces_equal_differences_of_features(fitted: Nice) -> None:
    frame, step = FRAMES[3], 1e-5
    (system,) = neighbors_added([from_ase(frame, requires_grad=True)], 3.5)
    generator = torch.Generator().manual_seed(4)
    weights = [
        torch.randn(block.values.shape[1], generator=generator, dtype=torch.float64)
        for block in fitted([system]).blocks()
    ]

    def energy(features: TensorMap) -> torch.Tensor:
        return sum((b.values @ w).sum() for b, w in zip(features.blocks(), weights, strict=True))

    (found,) = torch.autograd.grad(energy(fitted([system])), system.positions)
    expected = torch.zeros_like(found)
    for atom, axis in np.ndindex(5, 3):
        ends = []
        for sign in (1, -1):
            moved = frame.copy()
            moved.positions[atom, axis] += sign * step
            ends.append(energy(fitted.compute(moved)))
        expected[atom, axis] = (ends[0] - ends[1]) / (2 * step)
    assert (found - expected).abs().max() < 1e-7 * expected.abs().max()


def test_a_state_fits_a_descriptor_that_was_never_fitted(fitted: Nice) -> None:
    stored = io.BytesIO()
    torch.save(fitted.state_dict(), stored)
    stored.seek(0)
    again = Nice(**fitted.hypers())
    again.load_state_dict(torch.load(stored, weights_only=True))
    expected = columns(fitted.compute(FRAMES, selected_samples=CARBON))
    np.testing.assert_array_equal(columns(again.compute(FRAMES, selected_samples=CARBON)), expected)


def test_selected_keys(fitted: Nice) -> None:
    keys = Labels(["nu", "center_type"], torch.tensor([[3, 6], [1, 6]]))
    found = fitted.compute(FRAMES[:5], selected_keys=keys)
    assert found.keys == keys
    expected = fitted.compute(FRAMES[:5])
    torch.testing.assert_close(order(found, 3), order(expected, 3))
    with pytest.raises(ValueError, match="no block"):
        fitted.compute(
            FRAMES[:5], selected_keys=Labels(["nu", "center_type"], torch.tensor([[2, 1]]))
        )


# ---- bad input


def test_not_fitted() -> None:
    with pytest.raises(ValueError, match="not fitted; call fit"):
        Nice(**HYPERS, l_max=1).compute(FRAMES[0])


def test_a_type_not_seen_in_the_fit(fitted: Nice) -> None:
    with pytest.raises(ValueError, match=r"atomic types \[8\]"):
        fitted.compute(ase.Atoms("CO", [[0, 0, 0], [0, 0, 1.1]]))
    with pytest.raises(ValueError, match=r"atomic types \[8\]"):
        fitted(neighbors_added([from_ase(ase.Atoms("CO", [[0, 0, 0], [0, 0, 1.1]]))], 3.5))


def test_more_components_than_the_rank() -> None:
    block = NiceBlock(None, Expansion(n_components=500))
    nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block])
    with pytest.raises(ValueError, match=r"center_type=6, nu=2, .* rank \d+, but n_components=500"):
        nice.fit(FRAMES, selected_samples=CARBON)


def test_too_few_environments() -> None:
    nice = Nice(**HYPERS, l_max=2, nu_max=2)
    with pytest.raises(ValueError, match="1 centers for center_type=6 are too few"):
        nice.fit(FRAMES[:1])
    block = NiceBlock(None, Expansion(n_components=10))
    few = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block])
    with pytest.raises(ValueError, match="products of 5 centers have rank"):
        few.fit(FRAMES[:5], selected_samples=CARBON)
    with pytest.raises(ValueError, match="list of frames is empty"):
        nice.fit([])


def test_constant_columns() -> None:
    """Equal environments have no variance: no invariants of order 2, and finite numbers."""
    nice = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST])
    nice.fit([FRAMES[0]] * 4, selected_samples=CARBON)
    features = nice.compute(FRAMES[:3], selected_samples=CARBON)
    assert order(features, 1).shape == (3, 1)
    assert order(features, 2).shape == (3, 0)
    assert np.isfinite(columns(features)).all()
    lone = [ase.Atoms("C"), ase.Atoms("C", [[1, 0, 0]]), *FRAMES]
    found = columns(
        Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST])
        .fit(lone, selected_samples=CARBON)
        .compute(lone, selected_samples=CARBON)
    )
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Expansion(0), "num_expand=0; give at least 1"),
        (lambda: Expansion(max_take=-1), "max_take=-1; give at least 0"),
        (lambda: Expansion(n_components=2, max_components=3), "give one of them"),
        (lambda: NiceBlock(None, None), "give an Expansion"),
        (lambda: NiceBlock(importance="relative"), "'normalized' or 'absolute'"),
        (lambda: DensityScale("norm"), "'signal integral' or 'variance'"),
        (lambda: Nice(**HYPERS, l_max=1, nu_max=0), "nu_max=0"),
        (lambda: Nice(**HYPERS, l_max=1, nu_max=3, blocks=[EVERYTHING]), "takes 2 blocks, got 1"),
        (lambda: Nice(**HYPERS, l_max=1, nu_max=3, blocks=[LAST, LAST]), r"blocks\[0\] makes no"),
    ],
)
def test_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_presets_fit_their_orders() -> None:
    for preset in (NiceBlock.ch4_light(4), NiceBlock.ch4_small(), NiceBlock.ch4_medium(),
                   NiceBlock.qm9_light()):  # fmt: skip
        assert len(Nice(**HYPERS, l_max=1, nu_max=4, blocks=preset).hypers()["blocks"]) == 3
    assert NiceBlock.ch4_light(1) == []
    assert [block.covariant is None for block in NiceBlock.ch4_light(3)] == [False, True]
