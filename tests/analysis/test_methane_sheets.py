"""The crossing of the two sheets of methane: published sensitivities, slopes, lost forces."""

from __future__ import annotations

from pathlib import Path

import ase
import ase.io
import numpy as np
import pytest
import torch
from metatensor.torch import Labels

from rhobar.analysis import (
    SheetPoint,
    along_manifold,
    collapse_exponent,
    environment_jacobians,
    jacobian_spectra,
    jacobian_spectrum,
    triple_product_energy,
)
from rhobar.counterexamples import MethaneManifold
from rhobar.data import sample_methane
from rhobar.descriptors import Bispectrum, Gaussian, Gto, Nice, SoapPowerSpectrum
from rhobar.systems import from_ase, neighbors_added
from tests.analysis.explicit_bispectrum import ExplicitBispectrum

SEPARATIONS = [0.0, 0.01, 0.1, 0.3, 0.6]  # Å
SMALL = [0.002, 0.005, 0.01, 0.02]


def power_spectrum(n_radial: int = 4, l_max: int = 3) -> SoapPowerSpectrum:
    return SoapPowerSpectrum(
        4.0,
        l_max=l_max,
        radial=Gto(n_radial),
        density=Gaussian(0.3, center_weight=0.0),
        atomic_types=[1, 6],
    )


@pytest.fixture(scope="module")
def pairs() -> list[SheetPoint]:
    """ν = 2 along the separations of the published table."""
    return along_manifold(power_spectrum(), SEPARATIONS)


def bispectrum() -> Bispectrum:
    density = Gaussian(0.3, center_weight=0.0)
    return Bispectrum(4.0, l_max=3, radial=Gto(3), density=density, atomic_types=[1, 6])


@pytest.fixture(scope="module", params=["explicit sum", "bispectrum"])
def triples(request: pytest.FixtureRequest) -> list[SheetPoint]:
    """ν = 3 there, by sums over all orders of factors and by the set without redundancy."""
    if request.param == "bispectrum":
        return along_manifold(bispectrum(), SEPARATIONS)
    return along_manifold(ExplicitBispectrum(4.0, l_max=3, n_radial=3), SEPARATIONS)


def ratios(points: list[SheetPoint], number: int) -> list[float]:
    """A singular value, counted from the largest, over the largest one."""
    values = [point.spectrum.singular_values for point in points]
    return [value[number] / value[0] for value in values]


def test_published_sensitivity_of_pairs(pairs: list[SheetPoint]) -> None:
    np.testing.assert_allclose(
        ratios(pairs, 7), [2.7e-2, 2.7e-2, 2.6e-2, 1.8e-2, 1.6e-3], rtol=0.025
    )
    np.testing.assert_allclose(ratios(pairs, 8)[1:], [5.3e-4, 4.8e-3, 7.4e-3, 1.0e-4], rtol=0.025)
    assert ratios(pairs, 8)[0] < 1e-15
    assert [point.spectrum.n_blind for point in pairs] == [1, 0, 0, 0, 0]
    assert all(point.spectrum.n_zeros_by_symmetry == 0 for point in pairs)
    assert all(point.difference < 1e-14 for point in pairs)


def test_published_sensitivity_of_triples(triples: list[SheetPoint]) -> None:
    np.testing.assert_allclose(
        ratios(triples, 8), [4.8e-2, 4.8e-2, 4.5e-2, 3.1e-2, 1.2e-2], rtol=0.025
    )
    assert all(point.spectrum.n_zeros == 0 for point in triples)
    assert triples[0].difference == 0.0
    np.testing.assert_allclose(
        [point.difference for point in triples[1:]], [4.5e-3, 4.4e-2, 1.3e-1, 2.1e-1], rtol=0.04
    )


@pytest.mark.parametrize("size", [(4, 3), (8, 8)], ids=str)
@pytest.mark.parametrize("plausible", [False, True])
def test_pairs_collapse_in_proportion(size: tuple[int, int], plausible: bool) -> None:
    manifold = MethaneManifold(plausible=plausible)
    points = along_manifold(power_spectrum(*size), [0.0, *SMALL], manifold=manifold)
    assert points[0].spectrum.n_blind == 1
    assert collapse_exponent(points[1:]) == pytest.approx(1.0, abs=0.05)


def test_large_basis_has_the_published_values() -> None:
    points = along_manifold(power_spectrum(8, 8), [0.01, 0.1, 0.3])
    np.testing.assert_allclose(ratios(points, 8), [1.9e-3, 1.8e-2, 2.7e-2], rtol=0.04)


def test_triples_do_not_collapse() -> None:
    points = along_manifold(bispectrum(), SMALL)
    assert collapse_exponent(points) == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(("nu_max", "exponent"), [(2, 1.0), (3, 0.0)])
def test_contracted_features_collapse_like_their_order(nu_max: int, exponent: float) -> None:
    positions = sample_methane(np.random.default_rng(1), 40)
    frames = [ase.Atoms("CH4", one) for one in positions]
    density = Gaussian(0.3, center_weight=0.0)
    nice = Nice(4.0, l_max=3, radial=Gto(3), density=density, atomic_types=[1, 6], nu_max=nu_max)
    carbon = Labels("atom", torch.tensor([[0]]))
    points = along_manifold(nice.fit(frames, selected_samples=carbon), [0.0, *SMALL])
    assert points[0].spectrum.n_blind == (1 if nu_max == 2 else 0)
    assert collapse_exponent(points[1:]) == pytest.approx(exponent, abs=0.05)


def test_pairs_are_less_sensitive_on_random_structures() -> None:
    positions = sample_methane(np.random.default_rng(0), 60)
    frames = [ase.Atoms("CH4", one) for one in positions]
    low, middle = (
        [
            np.quantile([1 / s.condition_number for s in jacobian_spectra(made, frames)], part)
            for made in (power_spectrum(3), bispectrum())
        ]
        for part in (0.05, 0.5)
    )
    assert low[0] < 0.5 * low[1]
    assert middle[0] < 0.7 * middle[1]
    assert low[1] > 1e-3


def test_response_along_the_lost_direction(
    pairs: list[SheetPoint], triples: list[SheetPoint]
) -> None:
    assert pairs[0].response < 1e-15
    assert pairs[2].response > 1e-2
    largest = triples[0].spectrum.singular_values[0]
    assert triples[0].response * largest == pytest.approx(0.28, rel=0.025)


def forces(descriptor: torch.nn.Module, v: float, seed: int) -> torch.Tensor:
    """Minus the gradient of a random nonlinear function of the carbon's features."""
    system = from_ase(MethaneManifold(v=v).structure(1), requires_grad=True)
    features = descriptor(neighbors_added([system], 4.0))
    rows = [block.values[block.samples.column("atom") == 0].flatten() for block in features]
    values = torch.cat(rows)
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(2, len(values), generator=generator, dtype=torch.float64)
    energy = (weights[0] * values).sum() + torch.tanh((weights[1] * values).sum())
    return -torch.autograd.grad(energy, system.positions)[0]


@pytest.mark.parametrize("seed", range(3))
def test_no_model_of_pairs_has_a_force_at_the_crossing(seed: int) -> None:
    found = forces(power_spectrum(), 0.0, seed)
    assert float(found[4, 1].abs()) < 1e-13 * float(found.abs().max())
    assert float(found.abs().max()) > 0.1
    apart = forces(power_spectrum(), 0.1, seed)
    assert float(apart[4, 1].abs()) > 1e-3 * float(apart.abs().max())
    triples = forces(bispectrum(), 0.0, seed)
    assert float(triples[4, 1].abs()) > 1e-3 * float(triples.abs().max())


def test_a_force_of_four_bodies_is_there() -> None:
    vectors = torch.tensor(MethaneManifold(v=0.0).structure(1).positions[1:], requires_grad=True)
    (slope,) = torch.autograd.grad(triple_product_energy(vectors), vectors)
    assert float(slope[3, 1]) == pytest.approx(0.157, abs=5e-4)
    energies = [
        float(triple_product_energy(torch.tensor(atoms.positions[1:])))
        for atoms in MethaneManifold(v=0.5).pair()
    ]
    assert energies[1] == pytest.approx(0.194, abs=5e-4)
    assert energies[1] - energies[0] == pytest.approx(0.112, abs=5e-4)


def test_the_energy_by_loops() -> None:
    vectors = MethaneManifold(v=0.4).structure(1).positions[1:]
    r = np.linalg.norm(vectors, axis=1)
    unit, weight = vectors / r[:, None], np.exp(-r / 2)
    expected = 0.0
    for j in range(4):
        for k in range(j + 1, 4):
            for l in range(k + 1, 4):
                volume = unit[j] @ np.cross(unit[k], unit[l])
                expected += weight[j] * weight[k] * weight[l] * volume**2
    found = float(triple_product_energy(torch.from_numpy(vectors)))
    assert found == pytest.approx(expected, rel=1e-13)


def test_moved_hydrogen_is_the_one_of_the_response(pairs: list[SheetPoint]) -> None:
    (jacobian,) = environment_jacobians(power_spectrum(), [MethaneManifold(v=0.1).structure(1)])
    expected = np.linalg.norm(jacobian.slopes[:, 3, 1]) / pairs[2].spectrum.singular_values[0]
    assert pairs[2].response == pytest.approx(expected, rel=1e-12)


def test_one_radius_needs_a_large_basis() -> None:
    """With equal radii, angles are seen through l_max numbers only, until l_max is large."""
    frame = MethaneManifold(v=0.3).structure(1)
    frame.positions[1:] *= 1.09 / frame.get_distances(0, [1, 2, 3, 4])[:, None]
    small, large = (jacobian_spectrum(power_spectrum(8, l_max), frame) for l_max in (3, 8))
    assert small.n_blind == 2
    assert large.n_blind == 0


@pytest.mark.mirror
def test_one_radius_in_the_published_orbit(mirror: Path) -> None:
    frame = ase.io.read(mirror / "degenerate" / "ch4_manifold_pg-s0.3.xyz", index=0)
    for l_max in (3, 8):
        density = Gaussian(0.3, center_weight=0.0)
        soap = SoapPowerSpectrum(2.5, l_max=l_max, radial=Gto(8), density=density)
        found = jacobian_spectrum(soap, frame).singular_values
        if l_max == 3:
            assert (found[-2:] < 1e-10 * found[0]).all()
        else:  # published to two digits, with another orthogonalisation of the radial functions
            np.testing.assert_allclose(found[-2:] / found[0], [3.1e-2, 4.5e-4], rtol=0.15)


def test_too_few_separations_are_refused(pairs: list[SheetPoint]) -> None:
    for points in (pairs[:2], pairs[1:2]):
        with pytest.raises(ValueError, match="give two or more separations, all above zero"):
            collapse_exponent(points)
