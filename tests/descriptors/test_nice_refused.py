"""What NICE refuses, and what it makes of poor data."""

from __future__ import annotations

import ase
import numpy as np
import pytest

from rhobar.descriptors import (
    DensityScale,
    Expansion,
    Nice,
    NiceBlock,
)
from rhobar.systems import from_ase, neighbors_added
from tests.descriptors.nice_on_methane import (
    CARBON,
    EVERYTHING,
    FRAMES,
    HYPERS,
    LAST,
    SOME,
    columns,
    order,
)


def test_not_fitted() -> None:
    with pytest.raises(ValueError, match="not fitted; call fit"):
        Nice(**HYPERS, l_max=1).compute(FRAMES[0])


def test_a_type_not_seen_in_the_fit(fitted: Nice) -> None:
    with pytest.raises(ValueError, match=r"atomic types \[8\]"):
        fitted.compute(ase.Atoms("CO", [[0, 0, 0], [0, 0, 1.1]]))
    with pytest.raises(ValueError, match=r"atomic types \[8\]"):
        fitted(neighbors_added([from_ase(ase.Atoms("CO", [[0, 0, 0], [0, 0, 1.1]]))], 3.5))


def test_more_components_than_the_rank() -> None:
    block = NiceBlock(None, Expansion(n_components=500))
    nice = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block])
    with pytest.raises(ValueError, match=r"center_type=6, nu=2, .* rank \d+, but n_components=500"):
        nice.fit(FRAMES, selected_samples=CARBON)


def test_too_few_environments() -> None:
    nice = Nice(**HYPERS, l_max=2, nu_max=2)
    with pytest.raises(ValueError, match="1 centers for center_type=6 are too few"):
        nice.fit(FRAMES[:1])
    block = NiceBlock(None, Expansion(n_components=10))
    few = Nice(**HYPERS, l_max=2, nu_max=2, blocks=[block])
    with pytest.raises(ValueError, match="products of 5 centers have rank"):
        few.fit(FRAMES[:5], selected_samples=CARBON)
    with pytest.raises(ValueError, match="list of frames is empty"):
        nice.fit([])


def test_constant_columns() -> None:
    """Equal environments have no variance: no invariants of order 2, and finite numbers."""
    nice = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST])
    nice.fit([FRAMES[0]] * 4, selected_samples=CARBON)
    features = nice.compute(FRAMES[:3], selected_samples=CARBON)
    assert order(features, 1).shape == (3, 1)
    assert order(features, 2).shape == (3, 0)
    assert np.isfinite(columns(features)).all()
    lone = [ase.Atoms("C"), ase.Atoms("C", [[1, 0, 0]]), *FRAMES]
    found = columns(
        Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST])
        .fit(lone, selected_samples=CARBON)
        .compute(lone, selected_samples=CARBON)
    )
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Expansion(0), "num_expand=0; give at least 1"),
        (lambda: Expansion(max_take=-1), "max_take=-1; give at least 0"),
        (lambda: Expansion(n_components=2, max_components=3), "give one of them"),
        (lambda: NiceBlock(None, None), "give an Expansion"),
        (lambda: NiceBlock(importance="relative"), "'normalized' or 'absolute'"),
        (lambda: DensityScale("norm"), "'signal integral' or 'variance'"),
        (lambda: Nice(**HYPERS, l_max=1).fit(FRAMES, rows_per_feature=0), "rows_per_feature=0"),
        (lambda: Nice(**HYPERS, l_max=1, nu_max=0), "nu_max=0"),
        (lambda: Nice(**HYPERS, l_max=1, nu_max=3, blocks=[EVERYTHING]), "takes 2 blocks, got 1"),
        (lambda: Nice(**HYPERS, l_max=1, nu_max=3, blocks=[LAST, LAST]), r"blocks\[0\] makes no"),
    ],
)
def test_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_presets_fit_their_orders() -> None:
    for preset in (NiceBlock.ch4_light(4), NiceBlock.ch4_small(), NiceBlock.ch4_medium(),
                   NiceBlock.qm9_light()):  # fmt: skip
        assert len(Nice(**HYPERS, l_max=1, nu_max=4, blocks=preset).hypers()["blocks"]) == 3
    assert NiceBlock.ch4_light(1) == []
    assert [block.covariant is None for block in NiceBlock.ch4_light(3)] == [False, True]
