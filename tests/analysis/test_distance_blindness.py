"""Networks of distances on pairs they cannot tell apart, and the controls that they can tell."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from rhobar.analysis import distance_degenerate, energy_differences


def test_families() -> None:
    families = distance_degenerate(1, seed=0)
    names = [name for name, _ in families]
    assert {"axes3", "planes", "hexagon", "twograph", "polyhedra", "mx6", "c6_bulk"} <= set(names)
    periodic = {tuple(family.structure(+1).pbc) for name, family in families if "along" in name}
    assert len(periodic) == 5
    assert all(family.equal_for == "wl1" for _, family in families)
    assert distance_degenerate(1, seed=0) == families != distance_degenerate(1, seed=1)


@pytest.mark.parametrize(
    ("n_draws", "n_seeds"), [(1, 1), pytest.param(5, 10, marks=pytest.mark.slow)]
)
def test_one_energy_for_both_members(n_draws: int, n_seeds: int) -> None:
    families = distance_degenerate(n_draws, seed=0)
    found = energy_differences(families, n_seeds=n_seeds)
    by_comparison = defaultdict(list)
    for row in found:
        by_comparison[row.comparison].append(row)
    assert len({row.pair for row in found}) == len(families)
    assert {row.cutoff for row in found} == {None, 2.5}
    worst = {name: max(row.difference for row in rows) for name, rows in by_comparison.items()}
    assert worst["float64"] < 1e-12
    assert worst["float32"] < 1e-5
    for name in ("displaced", "angles"):  # the same networks are not numb
        of_pair = defaultdict(list)
        for row in by_comparison[name]:
            of_pair[row.pair].append(row.difference)
        medians = [np.median(values) for values in of_pair.values()]
        # a single network may happen to answer little
        assert (np.median(medians) if n_seeds == 1 else min(medians)) > 1e-4
        assert min(medians) > 1e-6
