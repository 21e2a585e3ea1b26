"""One iteration of NICE: against its equations, what it spans, subtracts and keeps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from rhobar.analysis import gfre
from rhobar.descriptors import (
    Bispectrum,
    DensityScale,
    Expansion,
    Nice,
    NiceBlock,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
)
from rhobar.descriptors.nice import reduction
from rhobar.math import clebsch_gordan
from tests.descriptors.nice_on_methane import (
    CARBON,
    EVERYTHING,
    FRAMES,
    HYPERS,
    columns,
    methanes,
    order,
)


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


def test_many_products_are_reduced_by_iteration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a full decomposition: the same leading components, where the spectrum falls."""
    generator = np.random.default_rng(6)
    axes = np.linalg.qr(generator.standard_normal((300, 300)))[0]
    gram = torch.from_numpy(axes @ np.diag(0.8 ** np.arange(300)) @ axes.T)
    results = []
    for largest in (4000, 100):
        monkeypatch.setattr(reduction, "_LARGEST_DENSE", largest)
        results.append(
            reduction.reduced(
                gram, n_lower=0, n_rows=1, limit=20, standardize=False, centered=False
            )
        )
    full, iterated = results
    torch.testing.assert_close(iterated.variances, full.variances, rtol=1e-9, atol=0)
    torch.testing.assert_close(iterated.matrix, full.matrix, rtol=0, atol=1e-6)
