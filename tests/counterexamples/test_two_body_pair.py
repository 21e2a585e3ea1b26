"""Two neighbors and their angle."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest

from rhobar.counterexamples import TwoBodyPair, congruent
from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum, SoapRadialSpectrum
from tests.counterexamples.test_three_body_pair import relative_difference

SAMPLED = [TwoBodyPair.sample(np.random.default_rng(seed)) for seed in range(20)]
DENSITY = Gaussian(0.3, center_weight=0.0)


@pytest.mark.parametrize("pair", [TwoBodyPair(), *SAMPLED], ids=str)
def test_distances_from_the_center_are_equal_and_the_angle_is_not(pair: TwoBodyPair) -> None:
    first, second = pair.pair()
    np.testing.assert_allclose(
        first.get_distances(0, [1, 2]), second.get_distances(0, [1, 2]), rtol=1e-14
    )
    assert not congruent(first, second, center=0, tolerance=1e-4)
    radial = SoapRadialSpectrum(4.0, radial=Gto(4), density=DENSITY, atomic_types=[1, 8])
    soap = SoapPowerSpectrum(4.0, l_max=4, radial=Gto(4), density=DENSITY, atomic_types=[1, 8])
    assert relative_difference(radial, pair) < 1e-10
    assert relative_difference(soap, pair) > 1e-3


@pytest.mark.mirror
def test_pair_of_the_file(mirror: Path) -> None:
    frames = ase.io.read(mirror / "degenerate" / "prl2020_neighbourhood_pairs.xyz", index=":")
    found = [frame for frame in frames if frame.info["pair"] == "2body"]
    angle = float(np.rad2deg(np.arctan2(4.0, 3.0)))
    pair = TwoBodyPair(5.0, (angle, 180.0), ("C", "H")).pair()
    for member, frame in zip(pair, found, strict=True):
        assert congruent(member, frame, center=0)


def test_equal_angles_are_refused() -> None:
    with pytest.raises(ValueError, match=r"angles = \(90.0, 90.0\)"):
        TwoBodyPair(angles=(90.0, 90.0))
