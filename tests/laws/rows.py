"""
TensorMaps as dictionaries of rows, so that two of them can be compared atom by atom.

A row is what one block holds for one sample: an array ``(component …, property)``. Its name is
``(key of the block, sample)``. Rows let a law say "this atom has the values of that atom",
whatever the order of samples is and whichever blocks exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

Name = tuple[tuple[int, ...], tuple[int, ...]]  # (key of the block, sample)
Rows = dict[Name, np.ndarray]


def rows(features) -> Rows:
    """The rows of a TensorMap, float64 copies; two equal samples in one block are an error."""
    found: Rows = {}
    for key, block in features.items():
        values = block.values.detach().cpu().double().numpy()
        for sample, row in zip(block.samples.values.tolist(), values, strict=True):
            name = (tuple(key.values.tolist()), tuple(sample))
            assert name not in found, f"{name} occurs twice"
            found[name] = row.copy()
    return found


def renamed(found: Rows, sample: Callable[..., tuple[int, ...]]) -> Rows:
    """Rows under new samples: ``sample(system, atom, …)`` gives the new one."""
    return {(key, sample(*old)): row for (key, old), row in found.items()}


def scale(expected: Mapping[Name, np.ndarray]) -> float:
    """The largest absolute number: what differences are relative to."""
    return max((np.abs(row).max() for row in expected.values() if row.size), default=0.0)


def assert_same(found: Rows, expected: Rows, tolerance: float) -> None:
    """
    The same rows exist, and differ by at most ``tolerance`` times the largest expected number.

    The message names the worst row.
    """
    assert set(found) == set(expected), (
        f"missing rows {sorted(set(expected) - set(found))[:5]}, "
        f"unexpected rows {sorted(set(found) - set(expected))[:5]}"
    )
    assert expected, "nothing to compare"
    distances = {name: np.abs(found[name] - expected[name]).max(initial=0.0) for name in expected}
    worst = max(distances, key=distances.get)
    limit = tolerance * scale(expected)
    assert distances[worst] <= limit, (
        f"row {worst} is {distances[worst]:.3g} off, {limit:.3g} allowed"
    )


def difference(first: Rows, second: Rows) -> float:
    """The largest absolute difference, where a row that is missing counts as zeros."""
    shapes = {**first, **second}
    return max(
        np.abs(first.get(name, 0.0 * row) - second.get(name, 0.0 * row)).max(initial=0.0)
        for name, row in shapes.items()
    )
