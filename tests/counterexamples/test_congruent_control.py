"""What must not be told apart."""

from __future__ import annotations

from pathlib import Path

import ase.io
import numpy as np
import pytest

from rhobar.counterexamples import CongruentControl, congruent
from rhobar.descriptors import Bispectrum, Gaussian, Gto
from tests.counterexamples.refinement import same_colors
from tests.counterexamples.test_three_body_pair import relative_difference

SEEDS = range(20)
DENSITY = Gaussian(0.3, center_weight=0.0)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_members_are_one_structure(seed: int, mirror: bool) -> None:
    pair = CongruentControl(CongruentControl.sample(np.random.default_rng(seed)).seed, mirror)
    first, second = pair.pair()
    assert congruent(first, second, center=0)
    assert congruent(first, second, center=0, improper=False) != mirror
    assert same_colors(first, second)
    bispectrum = Bispectrum(4.0, l_max=3, radial=Gto(3), density=DENSITY, atomic_types=[1, 6, 7, 8])
    assert relative_difference(bispectrum, pair) < 1e-12


@pytest.mark.mirror
def test_the_published_chiral_pair_is_one_environment(mirror: Path) -> None:
    """It is listed among counterexamples; a turn by 180° about z maps one on the other."""
    frames = ase.io.read(mirror / "degenerate" / "prl2020_neighbourhood_pairs.xyz", index=":")
    first, second = (frame for frame in frames if frame.info["pair"] == "4body_chiral")
    assert congruent(first, second, center=0, improper=False)
