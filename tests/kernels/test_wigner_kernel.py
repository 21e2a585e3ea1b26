"""Wigner kernels of structures: invariance, symmetry, limits, and how they are put together."""

from __future__ import annotations

import ase
import ase.build
import numpy as np
import pytest
import torch

import rhobar.kernels.wigner_density
import rhobar.kernels.wigner_pairs
import rhobar.ops.rotation_powers
from rhobar.counterexamples import RingPair
from rhobar.descriptors import Laplacian, SoapPowerSpectrum, WideningGaussian, by_center_type
from rhobar.kernels import PolynomialKernel, WignerDensity, WignerKernel
from rhobar.ops import RotationPowers, density_overlaps
from tests import structures
from tests.laws.geometry import random_rotation, turned

from .small_molecules import EXACT, frames

SPLINED = WignerDensity(cutoff=4.0, l_max=2, n_radial=6, smearing=0.4, smearing_rate=0.3)
ENGINES = ["grid", "cg"]
TARGETS = [(0, 1), (1, 1), (2, 1), (1, -1)]

ROUNDING = 1e-15  # of sums over rotations that vanish; kernels are 0.1 and less


def assert_close(found: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
    """Relative to the largest entry of each order, but for rounding; last axis ν."""
    scale = expected.abs().flatten(0, -2).amax(0)
    error = (found - expected).abs().flatten(0, -2).amax(0)
    assert (error <= tolerance * scale + ROUNDING).all(), (error / scale).tolist()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("density", "tolerance"), [(EXACT, 1e-12), (SPLINED, 1e-9)])
def test_one_side_turned_inverted_moved_and_reordered(engine, density, tolerance):
    kernel = WignerKernel(density, engine=engine)
    moved = [turned(frame, -random_rotation(seed)) for seed, frame in enumerate(frames())]
    moved = [frame[np.random.default_rng(1).permutation(len(frame))] for frame in moved]
    for frame in moved:
        frame.positions += [1.0, -2.0, 0.5]
    found = kernel.matrices(moved, frames())
    assert_close(found, kernel.matrices(frames(), frames()), tolerance)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_gram_matrix_is_symmetric_and_not_negative(engine, target):
    kernel = WignerKernel(EXACT, nu_max=4, engine=engine)
    both = kernel.matrices(frames(), target=target)
    assert_close(both, kernel.matrices(frames(), frames(), target=target), 1e-13)
    size = len(frames()) * (2 * target[0] + 1)
    for nu in range(5):
        gram = both[..., nu].reshape(size, size)
        assert (gram - gram.T).abs().max() <= 1e-13 * gram.abs().max() + ROUNDING
        eigenvalues = torch.linalg.eigvalsh(gram)
        # the first pseudovectors are made of two vectors, ν = 2
        lowest = 2 if target[1] == -1 else 1 if target[0] else 0
        assert (float(eigenvalues.max()) > 1e-8) == (nu >= lowest)
        assert eigenvalues.min() >= -1e-12 * eigenvalues.max() - ROUNDING


@pytest.mark.parametrize("engine", ENGINES)
def test_tensors_turn_with_the_structures(engine):
    """Vectors in the order y, z, x; pseudovectors do not change sign with the inversion."""
    kernel = WignerKernel(EXACT, engine=engine)
    first, second = [structures.ethanol()], [structures.methane()]
    rotation = random_rotation(4)
    cyclic = torch.from_numpy(rotation[np.ix_([1, 2, 0], [1, 2, 0])])
    for sigma in (1, -1):
        expected = kernel.matrices(first, second, target=(1, sigma))
        improper = kernel.matrices([turned(first[0], -rotation)], second, target=(1, sigma))
        matrix = -sigma * cyclic
        assert_close(improper, torch.einsum("vu,iujwn->ivjwn", matrix, expected), 1e-11)


def test_second_order_is_the_kernel_of_soap():
    """Products of power spectra without their norm, the prefactor of which is one."""
    gaussian = WideningGaussian(EXACT.smearing, EXACT.smearing_rate)
    soap = SoapPowerSpectrum(
        EXACT.cutoff, l_max=EXACT.l_max, radial=Laplacian(6), density=gaussian, spline_accuracy=None
    )
    features = by_center_type(soap.compute(frames()))
    expected = PolynomialKernel(1).matrix(features, n_systems=len(frames()))
    found = WignerKernel(EXACT, nu_max=2).matrices(frames())[..., 2]
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-15)


def distances(
    pair: list[ase.Atoms], smearing: float, l_max: int = 3, nu_max: int = 4
) -> torch.Tensor:
    """How far two carbons are from each other at each ν, relative to their norms."""
    density = WignerDensity(
        cutoff=12.0,
        cutoff_width=0.0,
        l_max=l_max,
        smearing=smearing,
        smearing_rate=0.0,
        radial="analytic",
        spline_accuracy=None,
    )
    carbons = [density.of_frames([frame], [1, 6, 8])[6].values for frame in pair]
    both = torch.cat(carbons)
    k = RotationPowers(l_max, nu_max).of_pairs(density_overlaps(both, both).flatten(0, 1))
    k = k[:, :, 0, 0].unflatten(0, (2, 2))
    return ((k[0, 0] + k[1, 1]) / 2 - k[0, 1]) / (k[0, 0] * k[1, 1]).sqrt()


def around_carbon(*positions: list[int]) -> ase.Atoms:
    return ase.Atoms(["C", *["H"] * len(positions)], [[0, 0, 0], *positions])


class TestDegenerate:
    """
    Pairs of environments that are equal up to some order, and how much they then differ.

    Pozdnyakov, Willatt, Bartok, Ortner, Csanyi, Ceriotti, Phys. Rev. Lett. 125, 166001 (2020),
    doi:10.1103/PhysRevLett.125.166001; values of an independent program.
    """

    def test_two_bodies(self) -> None:
        pair = [around_carbon([5, 0, 0], [3, 0, 4]), around_carbon([5, 0, 0], [-5, 0, 0])]
        found = distances(pair, 1.5)
        assert found[0].abs() < 1e-14
        assert float(found[1]) == pytest.approx(0.32, rel=0.05)

    def test_three_bodies(self) -> None:
        same = [[5, 0, 5], [5, 5, 5], [-5, -5, 5]]
        pair = [around_carbon(*same, [0, 5, 5]), around_carbon(*same, [0, -5, 5])]
        found = distances(pair, 1.5)
        assert found[:2].abs().max() < 1e-14
        assert found[2:4].tolist() == pytest.approx([0.024, 0.088], rel=0.05)

    @pytest.mark.parametrize(("l_max", "expected"), [(3, [3.5e-7, 2.1e-6]), (5, [6.4e-6])])
    def test_four_bodies(self, l_max: int, expected: list[float]) -> None:
        found = distances(list(RingPair().pair()), 0.3, l_max, 3 + len(expected))
        assert found[:3].abs().max() < 1e-14
        assert found[3:].tolist() == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("engine", ENGINES)
def test_lone_atoms_have_no_kernel_but_composition(engine):
    kernel = WignerKernel(EXACT, engine=engine)
    both = [structures.isolated("C"), structures.no_atoms(), structures.methane()]
    found = kernel.matrices(both)
    assert found[0, 0].tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert (found[1] == 0).all()
    assert found[0, 2].tolist() == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert found[2, 2, 0] == 17.0
    nothing = kernel.matrices([structures.no_atoms()])
    assert nothing.tolist() == [[[0.0] * 5]]


def test_one_neighbor_is_its_distance():
    """Turning a bond changes nothing; its length does."""
    kernel = WignerKernel(EXACT)
    bonds = [ase.Atoms("OH", [[0, 0, 0], d]) for d in ([0.0, 0.6, 0.8], [1, 0, 0], [0, 0, 1.1])]
    found = kernel.matrices(bonds)
    torch.testing.assert_close(found[0, 1], found[0, 0], rtol=1e-13, atol=0.0)
    assert ((found[0, 2] / found[0, 0])[1:] < 1 - 1e-4).all()


def test_smooth_at_the_cutoff():
    """A neighbor that leaves: no step, and no step in the slope."""
    kernel = WignerKernel(EXACT)
    step = 1e-3
    lengths = EXACT.cutoff + step * np.arange(-4, 5)
    leaving = [ase.Atoms("OHH", [[0, 0, 0], [0, 1, 0], [0, 0.3, r]]) for r in lengths]
    values = kernel.matrices(leaving, [structures.ethanol()])[:, 0, 1:]
    slopes = (values[2:] - values[:-2]) / (2 * step)
    before = kernel.matrices(
        [ase.Atoms("OHH", [[0, 0, 0], [0, 1, 0], [0, 0.3, r]]) for r in (3.7, 3.8)],
        [structures.ethanol()],
    )[:, 0, 1:]
    usual = (before[1] - before[0]).abs() / 0.1
    assert ((slopes[1:] - slopes[:-1]).abs() < 0.05 * usual).all()
    torch.testing.assert_close(values[-1], values[-2], rtol=1e-13, atol=0.0)


class TestPutTogether:
    def test_atoms_add_up(self) -> None:
        kernel = WignerKernel(EXACT)
        found = kernel.matrices(frames(), frames()[:2], per_atom=True)
        system = np.repeat(range(len(frames())), [len(frame) for frame in frames()])
        sums = torch.zeros(len(frames()), *found.shape[1:], dtype=torch.float64)
        sums.index_add_(0, torch.from_numpy(system), found)
        assert_close(sums, kernel.matrices(frames(), frames()[:2]), 1e-13)

    def test_types_of_centers(self) -> None:
        """All centers are those of each type together."""
        parts = [WignerKernel(EXACT, center_types=(a,)).matrices(frames()) for a in (1, 6, 8)]
        assert_close(sum(parts), WignerKernel(EXACT).matrices(frames()), 1e-13)
        assert (WignerKernel(EXACT, center_types=(79,)).matrices(frames()) == 0).all()

    def test_types_of_neighbors_that_one_side_lacks(self) -> None:
        """Channels of the union: nothing depends on what else is compared."""
        kernel = WignerKernel(EXACT)
        rare = ase.build.molecule("SO2")
        with_rare = kernel.matrices([*frames(), rare])
        assert_close(with_rare[:-1, :-1], kernel.matrices(frames()), 1e-13)
        assert (with_rare[-1, 0] == 0).all()

    @pytest.mark.parametrize("limit", ["_SYSTEMS", "_ATOMS"])
    @pytest.mark.parametrize("other", [None, 3])
    def test_tiles(self, monkeypatch: pytest.MonkeyPatch, other: int | None, limit: str) -> None:
        kernel = WignerKernel(EXACT, engine="cg")
        columns = None if other is None else frames()[:other]
        expected = kernel.matrices(frames(), columns, target=(1, 1))
        monkeypatch.setattr(rhobar.kernels.wigner_pairs, limit, 2 if limit == "_SYSTEMS" else 6)
        monkeypatch.setattr(rhobar.kernels.wigner_density, "_PORTION", 12)
        assert_close(kernel.matrices(frames(), columns, target=(1, 1)), expected, 1e-13)

    def test_fewer_functions_lose_nothing(self) -> None:
        """25 functions of a smooth density are 14, with which overlaps are the same."""
        density = WignerDensity(cutoff=6.0, smearing=0.6, smearing_rate=0.2, spline_accuracy=None)
        found = density.of_frames([structures.ethanol()], [1, 6, 8])[6]
        assert found.values.shape[2] < 3 * 18
        blocks = density.expansion.compute([structures.ethanol()])
        for l in range(4):
            expected = sum(
                torch.einsum("imn,jkn->ijmk", block.values, block.values)
                for key, block in blocks.items()
                if key["center_type"] == 6 and key["o3_lambda"] == l
            )
            values = found.values[:, l * l : (l + 1) ** 2]
            overlaps = torch.einsum("imn,jkn->ijmk", values, values)
            assert (overlaps - expected).abs().max() < 1e-13 * expected.abs().max()

    def test_periodic_cells(self) -> None:
        """A supercell is as many copies, on each side."""
        kernel = WignerKernel(EXACT)
        cell, others = structures.rock_salt(), [structures.rock_salt(), ase.build.molecule("NaCl")]
        once = kernel.matrices([cell], others)
        assert_close(kernel.matrices([cell.repeat((2, 1, 1))], others), 2 * once, 1e-12)

    def test_mixed_orders_by_a_function(self) -> None:
        kernel = WignerKernel(EXACT)
        weights = torch.tensor([2.0, 0.3, 1.5, 0.2, 0.7], dtype=torch.float64)
        mixed = kernel.function_matrix(
            lambda s: sum(w * s**nu for nu, w in enumerate(weights)), frames(), degree=8
        )
        expected = kernel.matrices(frames()) @ weights
        torch.testing.assert_close(mixed, expected, rtol=1e-12, atol=1e-14)

    def test_mixed_orders(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kernel = WignerKernel(EXACT)
        weights = torch.tensor([2.0, 0.3, 1.5, 0.2, 0.7], dtype=torch.float64)
        expected = kernel.matrices(frames()) @ weights
        monkeypatch.setattr(rhobar.kernels.wigner_pairs, "_SYSTEMS", 2)
        mixed = kernel.mixed_matrix(weights, frames())
        torch.testing.assert_close(mixed, expected, rtol=1e-13, atol=1e-15)
        with pytest.raises(ValueError, match="5 weights are due"):
            kernel.mixed_matrix(weights[1:], frames())

    def test_exponential_finds_its_degree(self) -> None:
        """Twice as many orders change nothing, two change much."""
        kernel = WignerKernel(EXACT)
        both = frames()[:2]
        found = kernel.function_matrix(torch.exp, both)
        more = kernel.function_matrix(torch.exp, both, degree=40)
        torch.testing.assert_close(found, more, rtol=1e-13, atol=0.0)
        low = kernel.function_matrix(torch.exp, both, degree=4)
        assert (low - more).abs().max() > 1e-8


def test_a_function_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = WignerKernel(SPLINED)
    whole = kernel.function_matrix(torch.exp, frames(), degree=8)
    monkeypatch.setattr(rhobar.ops.rotation_powers, "_AT_ONCE", 3_000)
    assert_close(kernel.function_matrix(torch.exp, frames(), degree=8), whole, 1e-13)


def test_estimate(caplog: pytest.LogCaptureFixture) -> None:
    kernel = WignerKernel(EXACT, engine="cg")
    with caplog.at_level("INFO"):
        found = kernel.estimate(frames() * 20, frames())
    n_hydrogens, n_carbons, n_oxygens = 4 + 6 + 2 + 2, 1 + 2 + 1, 1 + 1 + 1
    assert found.pairs == 20 * (n_hydrogens**2 + n_carbons**2 + n_oxygens**2)
    assert found.bytes == 8 * 100 * 5 * 5
    assert 0 < found.seconds < 60
    assert "pairs of centers" in caplog.text
