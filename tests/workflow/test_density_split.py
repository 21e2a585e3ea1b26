"""Which structures a learning curve trains on and tests with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import density_split
from rhobar.data import Split

PROTOCOL: dict[str, Any] = {
    "n_train": [5, 10, 20],
    "n_test": 8,
    "split": "shuffled",
    "seeds": [0, 1],
    "n_repeated": 10,
}


def _split(prepared: Path, seed: int, **changes: Any) -> Split:
    path = prepared.with_name(f"split-{seed}.json")
    density_split.main(prepared, path, {**PROTOCOL, **changes}, seed)
    return Split.load(path)


def test_sizes_follow_the_protocol(prepared: Path) -> None:
    first, second = _split(prepared, 0), _split(prepared, 1)
    assert (len(first.train), len(first.test)) == (20, 8)
    assert (len(second.train), len(second.test)) == (10, 8)
    assert first.test.tolist() != second.test.tolist()
    assert not set(first.train) & set(first.test)


def test_prefix_keeps_the_order_of_the_source(prepared: Path) -> None:
    split = _split(prepared, 0, split="prefix")
    assert split.train.tolist() == list(range(20))
    assert split.test.tolist() == list(range(32, 40))


@pytest.mark.parametrize("changes", [{"n_train": [39]}, {"n_test": 30}])
def test_too_few_structures_are_refused(prepared: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="has 40 structures") as caught:
        _split(prepared, 0, **changes)
    assert "Lower them in the configuration" in str(caught.value)
