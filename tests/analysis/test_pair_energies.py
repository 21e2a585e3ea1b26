"""Energies of pairs: formulas written out, forces by hand, floors."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import ase
import numpy as np
import pytest

from rhobar.analysis import error_floor, pair_energies, three_body_energies
from rhobar.counterexamples import RingPair, ThreeAxes, ThreePlanes, presets
from tests import structures


def written_out(atoms: ase.Atoms, cutoff: float) -> float:
    """Triplet by triplet and image by image."""
    shifts = list(itertools.product(*[range(-3, 4) if p else range(1) for p in atoms.pbc]))
    energy = 0.0
    for i in range(len(atoms)):
        vectors = [
            atoms.positions[j] + shift @ atoms.cell.array - atoms.positions[i]
            for j in range(len(atoms))
            for shift in shifts
        ]
        near = [v for v in vectors if 0 < np.linalg.norm(v) < cutoff]
        for a, b in itertools.combinations(near, 2):
            r, s = np.linalg.norm(a), np.linalg.norm(b)
            weight = 0.25 * (1 + np.cos(np.pi * r / cutoff)) * (1 + np.cos(np.pi * s / cutoff))
            energy += weight * (a @ b / (r * s) + 1 / 3) ** 2
    return energy


@pytest.mark.parametrize(
    "build", [structures.ethanol, structures.rock_salt, structures.isolated, structures.slab]
)
def test_three_body_energies(build) -> None:
    frames = [structures.methane(), build()]
    expected = [written_out(frame, 3.0) for frame in frames]
    np.testing.assert_allclose(three_body_energies(frames, cutoff=3.0), expected, rtol=1e-12)


def test_a_tetrahedron_costs_its_hydrogens_only() -> None:
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    carbon = ase.Atoms("CH4", [[0, 0, 0], *corners])
    pulled = carbon.copy()
    pulled.positions[1] += [0.1, 0.0, 0.0]
    # within 1.2 Å a hydrogen has one neighbor, and no angle
    low, high = three_body_energies([carbon, pulled], cutoff=1.2)
    assert low == pytest.approx(0.0, abs=1e-14)
    assert high > 1e-5


def lengths(frames: Sequence[ase.Atoms]) -> list[float]:
    """Sum of squared distances from the origin, plus x·y of the first atom."""
    return [
        float((one.positions**2).sum() + one.positions[0, 0] * one.positions[0, 1])
        for one in frames
    ]


def test_forces_along_parameters() -> None:
    family = ThreePlanes()
    found = pair_energies(family, lengths)
    assert found.energies[0] == pytest.approx(lengths(family.pair())[0], rel=1e-14)
    (x1, y1), (x2, z2), (y3, z3) = family.first, family.second, family.third
    expected = {
        "first[0]": -(4 * x1 + y1),
        "first[1]": -(4 * y1 + x1),
        "second[0]": -4 * x2,
        "second[1]": -4 * z2,
        "third[0]": -4 * y3,
        "third[1]": -4 * z3,
    }
    assert list(found.forces) == list(expected)
    for name, value in expected.items():
        assert found.forces[name] == pytest.approx((value, value), rel=1e-8)
    assert found.floor == found.force_floor == pytest.approx(0.0, abs=1e-8)


def test_every_continuous_parameter_counts() -> None:
    periodic = ThreePlanes(periods=(0.0, 4.0, 0.0))
    assert "periods[1]" in pair_energies(periodic, lengths).forces
    assert "periods[0]" not in pair_energies(periodic, lengths).forces
    axes = pair_energies(ThreeAxes(), lengths).forces
    assert list(axes) == [f"{name}[{k}]" for name in ("radii", "cosines") for k in range(3)]
    rings = RingPair()
    assert set(pair_energies(rings, lengths).forces) == {
        f"{field.name}[{k}]" if isinstance(value, tuple) else field.name
        for field in dataclasses.fields(rings)
        for value in [getattr(rings, field.name)]
        for k, part in enumerate(value if isinstance(value, tuple) else [value])
        if isinstance(part, float)
    }


def test_floors() -> None:
    assert error_floor([2.0]) == 1.0
    assert error_floor([3.0, -4.0]) == pytest.approx(0.5 * np.sqrt(12.5))


def test_floors_of_a_pair() -> None:
    """E = 3 s (x1 + 2 z3²), where s = ±1 is the side of the fifth atom."""

    def sided(frames: Sequence[ase.Atoms]) -> list[float]:
        return [
            3 * np.sign(one.positions[4, 2]) * (one.positions[0, 0] + 2 * one.positions[4, 2] ** 2)
            for one in frames
        ]

    family = ThreePlanes()
    found = pair_energies(family, sided)
    x1, z3 = family.first[0], family.third[1]
    assert found.difference == pytest.approx(-6 * (x1 + 2 * z3**2))
    assert found.floor == pytest.approx(3 * (x1 + 2 * z3**2))
    assert found.forces["third[1]"] == pytest.approx((12 * z3, -12 * z3), rel=1e-6)
    # six parameters, of which two have forces
    assert found.force_floor == pytest.approx(np.sqrt((3**2 + (12 * z3) ** 2) / 6), rel=1e-6)


def test_angles_tell_the_presets_apart() -> None:
    for name, family in presets().items():
        found = pair_energies(family, three_body_energies)
        assert abs(found.difference) > 5e-3 * abs(found.energies[0]), name
        assert found.floor == pytest.approx(0.5 * abs(found.difference), rel=1e-14)
        assert found.force_floor > 1e-3, name
