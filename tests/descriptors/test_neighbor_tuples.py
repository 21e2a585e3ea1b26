"""The power spectrum of points is a sum over pairs of neighbors, written out."""

from __future__ import annotations

import ase
import numpy as np
import pytest
import torch
from numpy.polynomial.legendre import legval

from rhobar.descriptors import NeighborTuples, SoapPowerSpectrum
from rhobar.math import Cutoff, Dirac, Gaussian, Gto, Laplacian, RadialBasis, Willatt
from tests.structures import ethanol, rock_salt

CUTOFF, L_MAX = Cutoff(4.0, width=0.5), 5


@pytest.mark.parametrize("radial", [Gto(4), Laplacian(4, energy_truncated=True)], ids=repr)
@pytest.mark.parametrize("build", [ethanol, rock_salt])
def test_tuples_equal_the_density(radial: RadialBasis, build: type[ase.Atoms]) -> None:
    """The addition theorem, to rounding, the center and its images included."""
    density = Dirac(center_weight=0.7, scaling=Willatt(scale=2.0, rate=1.0, exponent=3.0))
    tuples, soap = (
        kind(CUTOFF, l_max=3, radial=radial, density=density, spline_accuracy=None)
        for kind in (NeighborTuples, SoapPowerSpectrum)
    )
    found, expected = tuples.compute([build()]), soap.compute([build()])
    assert found.keys == expected.keys
    scale = max(float(block.values.abs().max()) for block in expected.blocks())
    for key, block in expected.items():
        assert found.block(key).samples == block.samples
        assert found.block(key).properties == block.properties
        torch.testing.assert_close(
            found.block(key).values, block.values, rtol=0.0, atol=1e-12 * scale
        )


@pytest.mark.parametrize("types", [(1, 1), (1, 8)])
def test_a_linear_model_is_a_potential_of_three_bodies(types: tuple[int, int]) -> None:
    r"""
    Any weights w of the power spectrum of points make a sum over pairs of neighbors of one
    function of two distances and an angle, v = Σ w (-1)^l √(2l+1)/4π R R P_l (√2).
    """
    frame, center = ethanol(), 0
    soap = SoapPowerSpectrum(
        CUTOFF, l_max=L_MAX, radial=Gto(4), density=Dirac(), spline_accuracy=None
    )
    block = soap.compute(frame).block(
        {"center_type": 6, "neighbor_1_type": types[0], "neighbor_2_type": types[1]}
    )
    row = block.values[block.samples.position([0, center])]
    weights = np.random.default_rng(4).normal(size=len(row))
    vectors = {
        number: frame.positions[frame.numbers == number] - frame.positions[center]
        for number in types
    }
    total = sum(
        potential(first, second, weights)
        for first in vectors[types[0]]
        for second in vectors[types[1]]
    )
    factor = np.sqrt(2) if types[0] != types[1] else 1.0
    assert float(row @ torch.from_numpy(weights)) == pytest.approx(factor * total, rel=1e-12)


def potential(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> float:
    """v of two neighbors at ``first`` and ``second`` from the center, Å."""
    r = np.array([np.linalg.norm(first), np.linalg.norm(second)])
    distances = torch.from_numpy(r)
    functions = Gto(4).functions(cutoff=CUTOFF.radius, l_max=L_MAX)(distances)
    one, two = (CUTOFF(distances)[:, None, None] * functions).numpy()  # (l, n) each
    cosine = first @ second / r.prod()
    terms = weights.reshape(L_MAX + 1, 4, 4)
    return sum(
        (-1) ** l
        * np.sqrt(2 * l + 1)
        / (4 * np.pi)
        * legval(cosine, np.eye(L_MAX + 1)[l])
        * (one[l] @ terms[l] @ two[l])
        for l in range(L_MAX + 1)
    )


def test_tuples_are_made_of_points() -> None:
    with pytest.raises(TypeError, match="take SoapPowerSpectrum"):
        NeighborTuples(4.0, l_max=1, radial=Gto(2), density=Gaussian(0.3))  # type: ignore[arg-type]
