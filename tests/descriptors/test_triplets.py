"""Triplets and pairs of neighbors: equations, sums, labels, and what they refuse."""

from __future__ import annotations

from typing import Any

import ase
import featomic.torch
import numpy as np
import pytest
import torch
from metatensor.torch import Labels

from rhobar.counterexamples import sample_boron8
from rhobar.descriptors import (
    DensityCorrelations,
    Pairs,
    SoapPowerSpectrum,
    SphericalExpansion,
    Triplets,
)
from rhobar.math import Cutoff, Dirac, Gaussian, Gto, Laplacian, clebsch_gordan
from rhobar.systems import from_ase, neighbors_added
from tests import structures

CENTER = Labels(["atom"], torch.tensor([[0]]))
SMALL: dict[str, Any] = {
    "cutoff": 3.0,
    "l_max": 2,
    "radial": Gto(2),
    "density": Gaussian(0.4, center_weight=0.0),
}
KINDS = {
    "gto": SMALL,
    "own density": {**SMALL, "density": Gaussian(0.4, center_weight=0.7)},
    "truncated": {
        **SMALL,
        "l_max": 3,
        "radial": Laplacian(3, energy_truncated=True),
        "density": Dirac(center_weight=0.0),
    },
    "mixed": {
        **SMALL,
        "atomic_types": [1, 6],
        "pseudo_species": torch.tensor([[0.3, -1.1], [0.8, 0.4]]),
    },
}
of_every_kind = pytest.mark.parametrize("kind", KINDS)


def boron8(count: int) -> list[ase.Atoms]:
    """Pairs of clusters that correlations of three neighbors cannot tell apart, in turn."""
    positions = sample_boron8(np.random.default_rng(0), count).reshape(2 * count, 8, 3)
    return [ase.Atoms("B8", cluster) for cluster in positions]


def matrix(features, center_type: int) -> torch.Tensor:
    """All blocks of one center type side by side, ``(sample, property)``."""
    blocks = features.blocks({"center_type": center_type})
    return torch.cat([block.values.flatten(1) for block in blocks], 1)


def summed(features, center_type: int) -> torch.Tensor:
    """Sums over the tuples of all centers of one type, ``(property,)``."""
    return matrix(features, center_type).sum(0)


def assert_close(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-12) -> None:
    limit = tolerance * float(expected.abs().max())
    torch.testing.assert_close(found, expected, rtol=0, atol=limit)


def test_the_equation_term_by_term() -> None:
    """From densities of the center with one neighbor at a time."""
    frame = structures.methane()
    center = int(np.flatnonzero(frame.numbers == 6)[0])
    neighbors = [k for k in range(5) if k != center]
    expansion = SphericalExpansion(**SMALL, atomic_types=[1, 6])

    def density(atoms: ase.Atoms) -> dict[tuple[int, int], np.ndarray]:
        """``(m, n)`` by l and neighbor type."""
        found = expansion.compute(atoms, selected_samples=CENTER)
        return {
            (int(key["o3_lambda"]), int(key["neighbor_type"])): block.values[0].numpy()
            for key, block in found.items()
            if key["center_type"] == 6 and len(block.samples)
        }

    one = [density(frame[[center, k]]) for k in neighbors]
    whole = density(frame[[center, *neighbors]])
    features = Triplets(**SMALL, atomic_types=[1, 6]).compute(frame)
    for sigma in (1, -1):
        block = features.block({"o3_sigma": sigma, "center_type": 6})
        row = block.samples.position([0, center, neighbors[2], neighbors[0], 0, 0, 0, 0, 0, 0])
        for column, label in enumerate(block.properties.values.tolist()):
            l, types, n = label[:3], label[3::2], label[4::2]
            assert (-1) ** sum(l) == sigma
            table = clebsch_gordan(*l).numpy() * (-1) ** l[2] / (2 * l[2] + 1) ** 0.5
            expected = 0.0
            if types == [1, 1, 1]:
                factors = (one[2][l[0], 1], one[0][l[1], 1], whole[l[2], 1])
                vectors = [x[:, k] for x, k in zip(factors, n, strict=True)]
                for m in np.ndindex(table.shape):
                    expected += table[m] * vectors[0][m[0]] * vectors[1][m[1]] * vectors[2][m[2]]
            assert float(block.values[row, 0, column]) == pytest.approx(expected, abs=1e-15)


@of_every_kind
def test_densities_of_neighbors_sum_to_that_of_the_center(kind: str) -> None:
    frame = structures.methane()
    triplets = Triplets(**KINDS[kind])
    tagged = triplets.tagged(neighbors_added([from_ase(frame)], 3.0), None)
    everyone = torch.ones(5, dtype=torch.bool)
    channels = triplets.channels_of(tagged, everyone)
    centers = triplets.bodies(tagged, channels)[-5:]  # (center, lm, channel, n)
    expansion = SphericalExpansion(**KINDS[kind]).compute(frame)
    for key, block in expansion.items():
        l, channel = int(key["o3_lambda"]), int((channels == key["neighbor_type"]).nonzero())
        rows = centers[block.samples.column("atom").long(), l * l : (l + 1) ** 2, channel]
        torch.testing.assert_close(
            rows[:, :, : len(block.properties)], block.values, rtol=0, atol=1e-14
        )


@of_every_kind
def test_sums_of_triplets_are_correlations_of_three_neighbors(kind: str) -> None:
    """Scalar products of sums over triplets, for σ = ±1, are those of the features at nu = 3."""
    frames = [structures.methane(), structures.rattled(structures.methane(), amplitude=0.2, seed=3)]
    hypers = KINDS[kind]
    triplets = Triplets(**hypers, include_self=hypers["density"].center_weight > 0)
    correlations = DensityCorrelations(**hypers, nu=3)
    for sigma in (1, -1):
        key = {"o3_sigma": sigma, "center_type": 6}
        sums = [triplets.compute(frame).block(key).values.sum((0, 1)) for frame in frames]
        expected = [
            correlations.compute(frame).block({**key, "o3_lambda": 0}).values.flatten()
            for frame in frames
        ]
        for i, j in ((0, 0), (0, 1), (1, 1)):
            product = float(expected[i] @ expected[j])
            assert float(sums[i] @ sums[j]) == pytest.approx(product, rel=1e-10)


def test_without_a_density_sums_are_the_power_spectrum() -> None:
    frame = boron8(1)[0]
    soap = SoapPowerSpectrum(**SMALL).compute(frame)
    expected = soap.block(0).values.sum(0)  # (l, n_1, n_2)
    assert_close(summed(Triplets(**SMALL, nu=0).compute(frame), 5), expected)
    assert_close(summed(Pairs(**SMALL, nu=1).compute(frame), 5), expected)


def test_pairs_of_two_densities_sum_to_triplets() -> None:
    frame = boron8(1)[0]
    expected = summed(Triplets(**SMALL).compute(frame), 5)
    assert_close(summed(Pairs(**SMALL, nu=2).compute(frame), 5), expected)


def test_pairs_with_the_density_of_the_neighbor() -> None:
    """In a dimer that is the density of the center, seen from the other side."""
    dimer = ase.Atoms("CO", positions=[[0.0, 0.0, 0.0], [0.7, 0.6, 0.5]])
    for numbers in ({"nu": 0, "nu_neighbor": 1}, {"nu": 1, "nu_neighbor": 1}):
        pairs = Pairs(**SMALL, **numbers, atomic_types=[6, 8]).compute(dimer)
        of_carbon = pairs.block({"o3_sigma": 1, "center_type": 6})
        factors = sum(numbers.values()) + 1
        types = of_carbon.properties.values[:, factors + 2 :: 2]  # of the densities
        # oxygen's density holds carbon alone, carbon's holds oxygen alone
        wanted = [8] * numbers["nu"] + [6] * numbers["nu_neighbor"]
        kept = (of_carbon.properties.column("neighbor_1_type") == 8) & (
            types == torch.tensor(wanted)
        ).all(1)
        assert bool((of_carbon.values[..., kept] != 0).any())
        assert float(of_carbon.values[..., ~kept].abs().max()) == 0.0


def test_numbers_of_features_and_of_triplets() -> None:
    frame = boron8(1)[0]
    hypers = {**SMALL, "cutoff": Cutoff(2.0, width=0.1), "l_max": 3, "radial": Gto(3)}
    counts = {}
    for include_self in (False, True):
        triplets = Triplets(**hypers, include_self=include_self)
        counts[include_self] = matrix(triplets.compute(frame, selected_samples=CENTER), 5).shape
    assert counts == {False: (49, 918), True: (64, 918)}
    more = Triplets(**{**hypers, "radial": Gto(6)}).products
    lengths = [len(more.properties(sigma, torch.tensor([5]))) for sigma in (1, -1)]
    assert sum(lengths) == 7344


def test_contraction_is_a_projection_of_all_products() -> None:
    """With the weights of a channel, order by order."""
    frame = structures.methane()
    triplets = Triplets(**SMALL, channels=3, atomic_types=[1, 6])
    weights = triplets.products.contraction.weights.detach()  # (factor, l, channel, type * n)
    products = Triplets(**SMALL, atomic_types=[1, 6]).compute(frame)
    for key, block in triplets.compute(frame).items():
        whole, start = products.block(key), 0
        for column, (l_1, l_2, l_3, k) in enumerate(block.properties.values.tolist()):
            start = 64 * (column // 3)
            path = whole.values[:, 0, start : start + 64].reshape(-1, 4, 4, 4)
            assert whole.properties.values[start, :3].tolist() == [l_1, l_2, l_3]
            expected = torch.einsum(
                "tabc,a,b,c->t", path, weights[0, l_1, k], weights[1, l_2, k], weights[2, l_3, k]
            )
            assert_close(block.values[:, 0, column] + 1, expected + 1, 1e-13)


def test_weights_of_the_contraction_start_semi_orthogonal_and_can_be_learned() -> None:
    few, many = (
        Triplets(**SMALL, channels=n, atomic_types=[1, 6]).products.contraction for n in (3, 9)
    )
    for weights in few.weights.detach().flatten(0, 1):
        assert_close(weights @ weights.T, torch.eye(3, dtype=torch.float64))
    for weights in many.weights.detach().flatten(0, 1):
        assert_close(weights.T @ weights, torch.eye(4, dtype=torch.float64))
    triplets = Triplets(**SMALL, channels=3, atomic_types=[1, 6])
    features = triplets(neighbors_added([from_ase(structures.methane())], 3.0))
    sum(block.values.square().sum() for block in features.blocks()).backward()
    slopes = triplets.products.contraction.weights.grad
    assert bool((slopes.abs().amax((2, 3)) > 0).all())


@pytest.mark.parametrize("numbers", [{"nu": 1}, {"nu": 1, "nu_neighbor": 1}], ids=str)
def test_selected_centers_are_those_of_all(numbers: dict[str, int]) -> None:
    """Also where the densities of atoms that are not selected are needed."""
    frames = [structures.methane(), structures.rock_salt()]
    descriptor = (Pairs if "nu_neighbor" in numbers else Triplets)(
        **SMALL, **numbers, atomic_types=[1, 6, 11, 17]
    )
    chosen = Labels(["system", "atom"], torch.tensor([[0, 2], [1, 1]]))
    whole, found = descriptor.compute(frames), descriptor.compute(frames, selected_samples=chosen)
    systems = neighbors_added([from_ase(frame) for frame in frames], 3.0)
    by_forward = descriptor(systems, chosen)
    n_rows = 0
    for key, block in found.items():
        rows = [whole.block(key).samples.position(sample) for sample in block.samples]
        assert {tuple(x) for x in block.samples.values[:, :2].tolist()} <= {(0, 2), (1, 1)}
        torch.testing.assert_close(block.values, whole.block(key).values[rows], rtol=0, atol=1e-15)
        assert by_forward.block(key).samples == block.samples
        n_rows += len(rows)
    assert n_rows > 0


def test_selected_keys_with_gradients() -> None:
    triplets = Triplets(**SMALL, channels=2, atomic_types=[1, 6])
    names = ["o3_lambda", "o3_sigma", "center_type"]
    wanted = Labels(names, torch.tensor([[0, -1, 1]], dtype=torch.int32))
    found = triplets.compute(structures.methane(), ["positions"], selected_keys=wanted)
    whole = triplets.compute(structures.methane(), ["positions"])
    assert found.keys == wanted
    expected = whole.block({"o3_sigma": -1, "center_type": 1})
    assert_close(found.block(0).gradient("positions").values, expected.gradient("positions").values)


def test_neighbors_one_by_one_are_those_of_featomic() -> None:
    frame = structures.methane()
    triplets = Triplets(**SMALL, spline_accuracy=None)
    tagged = triplets.tagged(neighbors_added([from_ase(frame)], 3.0), None)
    calculator = featomic.torch.SphericalExpansionByPair(
        cutoff={"radius": 3.0, "smoothing": {"type": "ShiftedCosine", "width": 0.5}},
        density={"type": "Gaussian", "width": 0.4},
        basis={
            "type": "TensorProduct",
            "max_angular": 2,
            "radial": {"type": "Gto", "max_radial": 1},
            "spline_accuracy": None,
        },
    )
    expected = calculator.compute(featomic.torch.systems_to_torch(frame))
    names = torch.stack([tagged.tags.center, tagged.tags.neighbor], 1).tolist()
    compared = 0
    for key, block in expected.items():
        l = int(key["o3_lambda"])
        for sample, values in zip(block.samples.values.tolist(), block.values, strict=True):
            if sample[1] != sample[2]:
                found = tagged.values[names.index(sample[1:3]), l * l : (l + 1) ** 2]
                torch.testing.assert_close(found, values, rtol=0, atol=1e-10)
                compared += 1
    assert compared == 3 * 20


def test_hypers_build_the_same_descriptor() -> None:
    for descriptor in (
        Triplets(**SMALL, nu=0, include_self=True, channels=4, atomic_types=[1, 6]),
        Pairs(**SMALL, nu=0, nu_neighbor=2),
    ):
        again = type(descriptor)(**descriptor.hypers())
        frame = structures.methane()
        assert_close(matrix(again.compute(frame), 6), matrix(descriptor.compute(frame), 6), 0.0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="nu is 1, or 0"):
        Triplets(**SMALL, nu=2)
    with pytest.raises(ValueError, match="channels=4 needs atomic_types"):
        Triplets(**SMALL, channels=4)
    with pytest.raises(ValueError, match="channels=0"):
        Triplets(**SMALL, channels=0, atomic_types=[1])
    with pytest.raises(ValueError, match="two densities"):
        Pairs(**SMALL, nu=1, nu_neighbor=2)
