"""Which distances are equal, where a graph ends, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import ase
import numpy as np
import pytest

from rhobar.analysis import (
    ColorRefinement,
    angle_weisfeiler_lehman,
    discrete_weisfeiler_lehman,
    folklore_weisfeiler_lehman,
    node_marked_weisfeiler_lehman,
    weisfeiler_lehman,
)
from rhobar.counterexamples import ThreeAxes, ThreePlanes
from tests import structures

COMPLETE = [
    weisfeiler_lehman,
    folklore_weisfeiler_lehman,
    node_marked_weisfeiler_lehman,
    angle_weisfeiler_lehman,
]
ALL = [discrete_weisfeiler_lehman, *COMPLETE]
EXACT = 1e-9  # tolerance in Å for coordinates that are computed here, in full precision
Test = Callable[..., ColorRefinement]


def test_noise_below_the_tolerance_changes_nothing_and_above_it_separates() -> None:
    a, b = ThreeAxes().pair()
    b.positions += 1e-9 * np.random.default_rng(0).normal(size=(6, 3))
    assert weisfeiler_lehman(a, b).equal
    b.positions += 1e-3 * np.random.default_rng(1).normal(size=(6, 3))
    assert not weisfeiler_lehman(a, b).equal


def test_distances_on_both_sides_of_a_rounding_boundary_are_equal() -> None:
    a = ase.Atoms("H2", [[0, 0, 0], [1.00049999, 0, 0]])
    b = ase.Atoms("H2", [[0, 0, 0], [1.00050001, 0, 0]])
    assert round(1.00049999, 3) != round(1.00050001, 3)
    assert weisfeiler_lehman(a, b).equal


def test_a_shell_at_the_cutoff_is_inside_as_a_whole() -> None:
    a = ase.Atoms("H2", [[0, 0, 0], [2.0 - 1e-12, 0, 0]])
    b = ase.Atoms("H2", [[0, 0, 0], [2.0 + 1e-12, 0, 0]])
    for test in ALL:
        assert test(a, b, cutoff=2.0).equal
    # nothing of the graph lies beyond: distances there need not be clear
    b.positions[1, 0] = 2.0 - 5e-6
    with pytest.raises(ValueError, match="ambiguous"):
        weisfeiler_lehman(a, b, cutoff=2.0)
    assert weisfeiler_lehman(a, b, cutoff=2.0 - 2e-5).equal


def line(*distances: float) -> tuple[ase.Atoms, ase.Atoms]:
    """Two structures: hydrogen pairs far from each other, with these distances."""
    positions = [[x, 100.0 * k, 7.0 * k**2] for k, d in enumerate(distances) for x in (0.0, d)]
    atoms = ase.Atoms(len(positions) * "H", positions)
    return atoms, atoms.copy()


@pytest.mark.parametrize("test", ALL)
def test_close_distances_are_refused_by_name(test: Test) -> None:
    pair = line(1.1, 1.100004)
    with pytest.raises(ValueError, match=r"ambiguous distances: 1\.1 and 1\.100004 Å .* smaller"):
        test(*pair, cutoff=2.0)
    assert test(*pair, cutoff=2.0, strict=False).equal


def test_strict_or_not_decides_nothing_but_doubt() -> None:
    pair = line(1.1, 1.100004)
    assert weisfeiler_lehman(*pair, cutoff=2.0, strict=False).n_colors == 2
    assert weisfeiler_lehman(*pair, cutoff=2.0, tol=1e-5).n_colors == 1
    assert weisfeiler_lehman(*pair, cutoff=2.0, tol=EXACT).n_colors == 2


def test_many_distances_need_a_smaller_tolerance() -> None:
    """Among thousands of distances some are 1e-5 Å apart by chance, which is no equality."""
    a, b = ThreePlanes.sample(np.random.default_rng(0), periodic="xyz").pair()
    with pytest.raises(ValueError, match="ambiguous distances"):
        weisfeiler_lehman(a, b, cutoff=16.0)
    assert weisfeiler_lehman(a, b, cutoff=16.0, tol=EXACT).equal


def test_a_chain_of_distances_is_refused_with_its_ends() -> None:
    pair = line(*(1.1 + 0.9e-6 * np.arange(15)))
    with pytest.raises(ValueError, match=r"from 1\.1 to 1\.1000126 Å .* more than 10 tol apart"):
        weisfeiler_lehman(*pair, cutoff=2.0)
    assert weisfeiler_lehman(*pair, cutoff=2.0, strict=False).n_colors == 1


def test_third_sides_have_to_be_clear_too() -> None:
    a = ase.Atoms("H3", [[0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    b = a.copy()
    b.positions[2] = [np.sin(5e-6), np.cos(5e-6), 0]
    assert weisfeiler_lehman(a, b, cutoff=1.2).equal
    with pytest.raises(ValueError, match=r"ambiguous distances: 1\.41421"):
        angle_weisfeiler_lehman(a, b, cutoff=1.2)


@pytest.mark.parametrize("test", ALL)
def test_bad_arguments_are_refused(test: Test) -> None:
    a = structures.methane()
    with pytest.raises(ValueError, match=r"5 and 9 atoms: .* of the same size"):
        test(a, structures.ethanol(), cutoff=3.0)
    for cutoff in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match=r"cutoff = .*: give a positive length"):
            test(a, a, cutoff=cutoff)
    for tol in (0.0, -1e-6, np.nan, 1.0):
        with pytest.raises(ValueError, match=r"tol = .* at most 1/100 of the cutoff, 3 Å"):
            test(a, a, cutoff=3.0, tol=tol)
    with pytest.raises(ValueError, match=r"at most 1/100 of the shortest distance, 1\.0"):
        test(a, a, cutoff=3.0, tol=0.02)


def test_the_complete_graph_is_of_finite_structures() -> None:
    for test in COMPLETE:
        with pytest.raises(ValueError, match="no end of distances: give a cutoff"):
            test(structures.rock_salt(), structures.rock_salt())


def test_two_atoms_at_one_place_are_refused() -> None:
    with pytest.raises(ValueError, match="atoms 0 and 1 are 0"):
        weisfeiler_lehman(ase.Atoms("H2"), ase.Atoms("H2"))
