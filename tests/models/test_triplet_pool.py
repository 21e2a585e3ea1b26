"""Pooled triplets: symmetric, smooth, and not fooled by pairs that confuse their sums."""

from __future__ import annotations

from typing import Any

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels
from metatomic.torch import System

from rhobar.analysis import jacobian_spectrum
from rhobar.counterexamples import MethaneManifold, sample_boron8
from rhobar.descriptors import Cutoff, Gaussian, Gto, Triplets
from rhobar.models import TripletPool
from rhobar.systems import from_ase, neighbors_added
from tests import structures
from tests.laws.case import Case, in_double
from tests.laws.geometry import InvariantLaws, random_rotation, turned
from tests.laws.rows import rows

CENTER = Labels(["atom"], torch.tensor([[0]]))
ALL_TYPES = [1, 6, 7, 8, 11, 13, 17, 29]
BORON: dict[str, Any] = {
    "cutoff": Cutoff(2.0, width=0.1),
    "l_max": 3,
    "radial": Gto(3),
    "density": Gaussian(0.2, center_weight=0.0),
    "atomic_types": [5],
}


def small_pool(atomic_types=ALL_TYPES, **options: Any) -> TripletPool:
    triplets = Triplets(
        cutoff=Cutoff(3.2, width=0.6),
        l_max=2,
        radial=Gto(2),
        density=Gaussian(0.4, center_weight=0.7),
        channels=3,
        atomic_types=atomic_types,
    )
    return TripletPool(triplets, **{"widths": (4, 3), **options})


class TestLaws(InvariantLaws):
    """Without stored gradients or labels of its own."""

    case = Case(small_pool, keys=["center_type"], properties=["feature"])

    @in_double
    def test_autograd(self, run) -> None:
        system = self.systems([structures.rock_salt()])[0]

        def values(positions: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, ...]:
            moved = System(system.types, positions, cell, system.pbc)
            features = self.model(neighbors_added([moved], self.cutoff))
            return tuple(block.values for block in features.blocks() if len(block.samples))

        inputs = (system.positions.clone().requires_grad_(), system.cell.clone().requires_grad_())
        assert torch.autograd.gradcheck(values, inputs, eps=1e-5, atol=1e-6, fast_mode=True)

    @in_double
    def test_script_and_compute(self, run) -> None:
        frames = structures.everything()
        systems = self.systems(frames)
        expected = rows(self.model(systems))
        assert set(expected) == set(rows(self.model.compute(frames)))
        for found in (torch.jit.script(self.model)(systems), self.model.compute(frames)):
            for name, row in rows(found).items():
                np.testing.assert_allclose(row, expected[name], rtol=0, atol=1e-12)


def boron8_distances(pool: TripletPool) -> torch.Tensor:
    """Distance of the centers of 20 pairs of clusters, relative to the length of the features."""
    positions = sample_boron8(np.random.default_rng(0), 20).reshape(40, 8, 3)
    frames = [ase.Atoms("B8", cluster) for cluster in positions]
    values = pool.compute(frames, selected_samples=CENTER).block(0).values
    return (values[0::2] - values[1::2]).norm(dim=1) / values[0::2].norm(dim=1)


@pytest.mark.parametrize("channels", [None, 32])
def test_pairs_of_equal_correlations_of_three_neighbors_differ(channels: int | None) -> None:
    distances = boron8_distances(TripletPool(Triplets(**BORON, channels=channels), (128,)))
    assert float(distances.median()) > 1e-2
    assert float(distances.min()) > 1e-6


def test_pairs_are_equal_for_angles_alone_and_for_sums() -> None:
    angles = TripletPool(Triplets(**BORON, nu=0), (128,))
    assert float(boron8_distances(angles).max()) < 1e-12
    linear = TripletPool(Triplets(**BORON), (128,))
    linear.perceptron = linear.perceptron[:1]  # no tanh
    assert float(boron8_distances(linear).max()) < 1e-12


@pytest.mark.parametrize("v", [0.0, 0.1, 0.3])
def test_no_direction_is_blind_where_the_power_spectrum_collapses(v: float) -> None:
    triplets = Triplets(
        cutoff=Cutoff(4.0, width=0.5),
        l_max=3,
        radial=Gto(2),
        density=Gaussian(0.3, center_weight=0.0),
        atomic_types=[1, 6],
    )
    values = jacobian_spectrum(
        TripletPool(triplets, (48,)), MethaneManifold(v=v).structure(1)
    ).singular_values
    assert len(values) == 9
    assert values[-1] / values[0] > 1e-2


def test_inversion_is_seen_where_it_is_asked_for() -> None:
    """Through features of σ = -1 alone, which a planar environment lacks."""
    for frame, chiral in ((structures.methane(), True), (planar(), False)):
        mirrored = turned(frame, -random_rotation(3))
        for symmetrize in (True, False):
            pool = small_pool(o3_symmetrize=symmetrize)
            found, expected = (rows(pool.compute(atoms)) for atoms in (mirrored, frame))
            change = max(np.abs(found[name] - row).max() for name, row in expected.items())
            if chiral and not symmetrize:
                assert change > 1e-3
            else:
                assert change < 1e-10


def planar() -> ase.Atoms:
    return ase.Atoms("CH3", positions=[[0, 0, 0], [1.2, 0, 0], [-0.5, 1.0, 0], [-0.6, -1.1, 0]])


def test_without_smooth_weights_a_neighbor_enters_with_a_jump() -> None:
    def jump(smooth_pool: bool) -> float:
        pool = small_pool(smooth_pool=smooth_pool)
        inside, outside = (
            ase.Atoms("CO", positions=[[0, 0, 0], [0, 0, 3.2 + step]]) for step in (-1e-5, 1e-5)
        )
        values = [rows(pool.compute(atoms))[(6,), (0, 0)] for atoms in (inside, outside)]
        return float(np.abs(values[0] - values[1]).max())

    assert jump(True) < 1e-8
    assert jump(False) > 1e-2


def test_portions_change_no_number() -> None:
    frames = [structures.ethanol(), structures.slab()]
    pool = small_pool()
    expected = rows(pool.compute(frames))
    pool.at_once = 1  # a portion for each center
    for name, row in rows(pool.compute(frames)).items():
        np.testing.assert_allclose(row, expected[name], rtol=0, atol=1e-12)


def test_selected_centers_are_those_of_all() -> None:
    pool, frames = small_pool(), [structures.ethanol(), structures.methane()]
    expected = rows(pool.compute(frames))
    found = rows(pool.compute(frames, selected_samples=CENTER))
    assert {sample for _, sample in found} == {(0, 0), (1, 0)}
    for name, row in found.items():
        np.testing.assert_allclose(row, expected[name], rtol=0, atol=1e-13)


def test_all_weights_learn() -> None:
    """Those of the contraction as well: energies of triplets are trained with them."""
    pool = small_pool()
    system = from_ase(structures.methane())
    features = pool(neighbors_added([system], 3.2))
    sum(block.values.square().sum() for block in features.blocks()).backward()
    for name, parameter in pool.named_parameters():
        assert bool((parameter.grad != 0).any()), name


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="atomic_types"):
        TripletPool(Triplets(**{**BORON, "atomic_types": None}))
    with pytest.raises(ValueError, match="widths=\\(\\)"):
        TripletPool(Triplets(**BORON), ())
