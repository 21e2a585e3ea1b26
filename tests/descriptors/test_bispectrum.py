"""The bispectrum against sums over neighbors, closed forms, and structures that pairs confuse."""

from __future__ import annotations

import itertools
import math

import ase
import numpy as np
import pytest
import scipy.special
import torch
import wigners

from rhobar.counterexamples import ThreeBodyPair
from rhobar.descriptors import (
    Bispectrum,
    DensityCorrelations,
    SoapPowerSpectrum,
    SphericalExpansion,
)
from rhobar.math import Cutoff, Dirac, Gaussian, Gto, Laplacian, o3_quadrature
from tests import structures

CUTOFF = Cutoff(4.0, width=1.0)
SHARP = Dirac(center_weight=0.0)


def five_neighbors() -> ase.Atoms:
    """A carbon with five neighbors of two types, no two of them within the same distance."""
    generator = np.random.default_rng(4)
    directions = generator.standard_normal((5, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    positions = directions * generator.uniform(1.0, 2.6, (5, 1))
    return ase.Atoms("CHHOHO", [[0.0, 0.0, 0.0], *positions])


def radial_functions(frame: ase.Atoms, l_max: int, radial: Laplacian) -> np.ndarray:
    """Radial functions times cutoff at each neighbor of atom 0, ``(neighbor, l, n)``."""
    found = []
    for neighbor in range(1, len(frame)):
        alone = ase.Atoms("XH", [[0.0, 0.0, 0.0], [0.0, 0.0, frame.get_distance(0, neighbor)]])
        expansion = SphericalExpansion(cutoff=CUTOFF, l_max=l_max, radial=radial, density=SHARP)
        blocks = expansion.compute(alone)
        values = [
            blocks.block({"o3_lambda": l, "center_type": 0, "neighbor_type": 1}).values[0, l]
            for l in range(l_max + 1)
        ]  # m = 0: Y_l0(z) = sqrt((2 l + 1) / 4 pi)
        factors = [math.sqrt(4 * math.pi / (2 * l + 1)) for l in range(l_max + 1)]
        found.append(np.stack([x.numpy() * f for x, f in zip(values, factors, strict=True)]))
    return np.stack(found)


def complex_harmonics(frame: ase.Atoms, l_max: int) -> list[np.ndarray]:
    """Per l ``(neighbor, m)``, scipy's, with the phase of Condon and Shortley."""
    x, y, z = frame.positions[1:].T
    theta, phi = np.arccos(z / np.linalg.norm(frame.positions[1:], axis=1)), np.arctan2(y, x)
    return [
        np.stack([scipy.special.sph_harm_y(l, m, theta, phi) for m in range(-l, l + 1)], 1)
        for l in range(l_max + 1)
    ]


def sum_over_triples(frame: ase.Atoms, l_max: int, radial: Laplacian) -> dict[tuple, float]:
    r"""
    Squares of :math:`\sum_{jkl} R_j R_k R_l \sum_m 3j \, Y_j Y_k Y_l`, neighbor by neighbor.

    Complex harmonics and Wigner's 3j symbols: neither the harmonics nor the coefficients of
    rhobar. By (l, type, n) of the three factors, sorted, with the number of their orders.
    """
    functions = radial_functions(frame, l_max, radial)
    harmonics = complex_harmonics(frame, l_max)
    types = frame.numbers[1:].tolist()
    neighbors = range(len(types))
    labels = list(itertools.product(range(l_max + 1), sorted(set(types)), range(radial.n_radial)))
    found = {}
    for triple in itertools.combinations_with_replacement(labels, 3):
        orders = [l for l, _, _ in triple]
        if sum(orders) % 2 == 1 or not abs(orders[0] - orders[1]) <= orders[2] <= sum(orders[:2]):
            continue
        total = 0.0
        for atoms in itertools.product(neighbors, repeat=3):
            if all(types[j] == a for j, (_, a, _) in zip(atoms, triple, strict=True)):
                weight = math.prod(
                    functions[j, l, n] for j, (l, _, n) in zip(atoms, triple, strict=True)
                )
                total += weight * _angular(
                    tuple(orders), [harmonics[l][j] for j, l in zip(atoms, orders, strict=True)]
                )
        same = math.prod(math.factorial(triple.count(label)) for label in set(triple))
        found[triple] = abs(total) ** 2 * math.factorial(3) / same
    return found


def _angular(orders: tuple[int, int, int], harmonics: list[np.ndarray]) -> complex:
    a, b, c = orders
    total = 0.0
    for m, n in itertools.product(range(-a, a + 1), range(-b, b + 1)):
        if abs(m + n) <= c:
            symbol = wigners.wigner_3j(a, b, c, m, n, -m - n)
            total += symbol * harmonics[0][a + m] * harmonics[1][b + n] * harmonics[2][c - m - n]
    return total


def test_features_are_sums_over_three_neighbors() -> None:
    frame, radial = five_neighbors(), Laplacian(2)
    model = Bispectrum(cutoff=CUTOFF, l_max=2, radial=radial, density=SHARP)
    block = model.compute(frame).block({"center_type": 6})
    assert block.samples.values.tolist() == [[0, 0]]
    expected = sum_over_triples(frame, 2, radial)
    names = block.properties.names
    for label, value in zip(
        block.properties.values.tolist(), block.values[0].tolist(), strict=True
    ):
        entry = dict(zip(names, label, strict=True))
        triple = tuple(
            (entry[f"l_{k}"], entry[f"neighbor_{k}_type"], entry[f"n_{k}"]) for k in (1, 2, 3)
        )
        assert value**2 == pytest.approx(expected.pop(triple, 0.0), rel=1e-10, abs=1e-14)
    # what has no column vanishes: couplings of equal factors that are odd in their exchange
    assert max(expected.values(), default=0.0) < 1e-20


def test_norm_is_that_of_three_neighbors_seen_from_all_sides() -> None:
    r"""
    The norm needs no basis of harmonics: :math:`\int dR \, [\sum_{jk} f_{jk}(r_j \cdot R r_k)]^3`,
    f being sums of Legendre polynomials.
    """
    frame, radial, l_max = five_neighbors(), Laplacian(2), 2
    model = Bispectrum(cutoff=CUTOFF, l_max=l_max, radial=radial, density=SHARP)
    found = float(model.compute(frame).block({"center_type": 6}).values.square().sum())
    functions = radial_functions(frame, l_max, radial)
    types = frame.numbers[1:]
    unit = frame.positions[1:] / np.linalg.norm(frame.positions[1:], axis=1, keepdims=True)
    rotations, weights = (x.numpy() for x in o3_quadrature(3 * l_max))
    total = 0.0
    for rotation, weight in zip(rotations, weights, strict=True):
        overlap = 0.0
        for j, k in itertools.product(range(5), repeat=2):
            if types[j] == types[k]:
                for l in range(l_max + 1):
                    legendre = scipy.special.eval_legendre(l, unit[j] @ rotation @ unit[k])
                    product = functions[j, l] @ functions[k, l]
                    overlap += (2 * l + 1) / (4 * math.pi) * product * legendre
        total += weight * overlap**3
    assert found == pytest.approx(total, rel=1e-10)


def test_one_neighbor_has_a_closed_form() -> None:
    r"""
    :math:`B_{222} = R^3 (5 / 4 \pi)^{3/2} \, |3j(222; 000)|`, the symbol being -sqrt(2 / 35).

    The number is R = 1's, with R taken from the density.
    """
    frame = ase.Atoms("CH", [[0.0, 0.0, 0.0], [0.3, -0.5, 1.0]])
    hypers = {"cutoff": CUTOFF, "l_max": 2, "radial": Laplacian(1), "density": SHARP}
    block = Bispectrum(**hypers).compute(frame).block({"center_type": 6})
    density = SphericalExpansion(**hypers).compute(frame)
    norm = density.block({"o3_lambda": 2, "center_type": 6, "neighbor_type": 1}).values.norm()
    radial = float(norm) * math.sqrt(4 * math.pi / 5)  # sum over m of Y^2 is 5 / 4 pi
    (column,) = [
        k
        for k, label in enumerate(block.properties.values.tolist())
        if label[:5] == [2, 2, 2, 1, 0] and label[5] == label[7] == 1
    ]
    assert abs(float(block.values[0, column])) / radial**3 == pytest.approx(0.0599958466, rel=1e-9)


def test_it_is_the_scalar_part_of_the_correlations_of_three() -> None:
    hypers = {"cutoff": 3.5, "l_max": 2, "radial": Gto(2), "density": Gaussian(0.4)}
    found = Bispectrum(**hypers).compute(structures.ethanol())
    correlations = DensityCorrelations(**hypers, nu=3).compute(structures.ethanol())
    for key, block in found.items():
        whole = correlations.block({"o3_sigma": 1, "center_type": int(key["center_type"])})
        torch.testing.assert_close(block.values, whole.values[:, 0], rtol=0.0, atol=0.0)
        assert block.samples == whole.samples
        kept = [name for name in whole.properties.names if name != "k_2"]
        assert block.properties.names == kept
        for name in kept:
            assert block.properties.column(name).equal(whole.properties.column(name))
        assert whole.properties.column("k_2").equal(whole.properties.column("l_3"))


@pytest.mark.parametrize("seed", range(3))
def test_three_neighbors_tell_apart_what_two_do_not(seed: int) -> None:
    pair = ThreeBodyPair.sample(np.random.default_rng(seed)).pair()
    hypers = {"cutoff": 4.0, "l_max": 4, "radial": Gto(3), "density": Gaussian(0.3)}

    def difference(model) -> float:
        first, second = (
            torch.cat(
                [
                    block.values[0]
                    for key, block in model.compute(frame).items()
                    if int(key["center_type"]) == 6
                ]
            )
            for frame in pair
        )
        return float((first - second).norm() / first.norm())

    assert difference(SoapPowerSpectrum(**hypers)) < 1e-10
    assert difference(Bispectrum(**hypers)) > 1e-2
