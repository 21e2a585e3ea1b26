"""Neighbors on one line through their center: what pairs say where no triplet makes a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels
from scipy.spatial.transform import Rotation

from rhobar.descriptors import Pairs, SphericalExpansion
from rhobar.math import Gaussian, Gto

CARBON = Labels(["atom"], torch.tensor([[0]]))
BASIS: dict[str, Any] = {
    "cutoff": 3.5,
    "l_max": 4,
    "radial": Gto(4),
    "density": Gaussian(0.3, center_weight=0.0),
    "atomic_types": [1, 6],
}
PLACES = (1.0, 1.5, -2.1)  # Å along the line


def on_a_line(places: Sequence[float], direction: Sequence[float] = (0.0, 0.0, 1.0)) -> ase.Atoms:
    """Carbon at 0 and hydrogens at ``places`` along a line."""
    axis = np.asarray(direction) / np.linalg.norm(direction)
    return ase.Atoms([6] + [1] * len(places), np.outer([0.0, *places], axis))


def pair_rows(frame: ase.Atoms, nu: int = 1) -> torch.Tensor:
    """Features of the pairs of carbon, ``(pair, property)``, by number of the neighbor."""
    block = Pairs(**BASIS, nu=nu).compute(frame, selected_samples=CARBON).block({"center_type": 6})
    return block.values[:, 0][block.samples.column("second_atom").argsort()]


def along_the_line(places: Sequence[float]) -> list[torch.Tensor]:
    """Density of hydrogens around carbon by l: ``(n,)``, its components m = 0."""
    made = SphericalExpansion(**BASIS).compute(on_a_line(places), selected_samples=CARBON)
    found = []
    for l in range(BASIS["l_max"] + 1):
        block = made.block({"o3_lambda": l, "center_type": 6, "neighbor_type": 1})
        found.append(block.values[0, l])
        assert block.values[0].norm() == pytest.approx(float(found[-1].norm()), rel=1e-12)
    return found


def test_a_pair_holds_the_density_in_the_frame_of_its_neighbor() -> None:
    """P = (-1)^l / sqrt(2l + 1) g c: two factors of one component each, for each l."""
    made = Pairs(**BASIS).compute(on_a_line(PLACES), selected_samples=CARBON)
    block = made.block({"center_type": 6})
    density = along_the_line(PLACES)
    for place, row in zip(PLACES, pair_rows(on_a_line(PLACES)), strict=True):
        own = along_the_line([place])
        names = block.properties.names
        for label, value in zip(block.properties.values.tolist(), row, strict=True):
            entry = dict(zip(names, label, strict=True))
            hydrogens = entry["neighbor_1_type"] == entry["neighbor_2_type"] == 1
            l = entry["l_1"]
            factors = own[l][entry["n_1"]] * density[l][entry["n_2"]] if hydrogens else 0.0
            expected = (-1) ** l / (2 * l + 1) ** 0.5 * factors
            assert float(value) == pytest.approx(float(expected), abs=1e-12)


def test_the_direction_of_the_line_does_not_count() -> None:
    rows = pair_rows(on_a_line(PLACES))
    direction = Rotation.random(random_state=1).as_matrix()[0]
    turned = pair_rows(on_a_line(PLACES, direction))
    torch.testing.assert_close(turned, rows, rtol=0.0, atol=1e-12)


def test_environments_of_equal_distances_are_apart() -> None:
    """Which side a hydrogen is on shows in every pair; reversing the line in none."""
    rows = pair_rows(on_a_line(PLACES))
    other = pair_rows(on_a_line((1.0, -1.5, -2.1)))
    distances = [pair_rows(on_a_line(places), nu=0) for places in (PLACES, (1.0, -1.5, -2.1))]
    torch.testing.assert_close(distances[0], distances[1], rtol=0.0, atol=1e-14)
    apart = (rows - other).norm(dim=1) / rows.norm(dim=1)
    assert apart.min() > 0.1
    reversed_ = pair_rows(on_a_line([-place for place in PLACES]))
    torch.testing.assert_close(reversed_, rows, rtol=0.0, atol=1e-13)


def test_gradients_are_finite_on_the_line() -> None:
    """Those across the line are zero: there, moves change features in second order."""
    made = Pairs(**BASIS).compute(
        on_a_line(PLACES), gradients=["positions"], selected_samples=CARBON
    )
    values = made.block({"center_type": 6}).gradient("positions").values
    assert torch.isfinite(values).all()
    assert values[:, :2].abs().max() < 1e-12 * values[:, 2].abs().max()
