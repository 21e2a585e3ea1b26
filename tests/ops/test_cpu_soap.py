"""Fused power spectra against the reference ops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from rhobar.ops import cpu
from rhobar.ops import power_spectrum as reference_power_spectrum
from rhobar.ops.cpu import outputs

from .environments import Expansion, Sample, sample

# (l_max, n_radial) with one vector per row, partly filled, and with two
SHAPES = [(2, 3), (3, 9)]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def expansion(request: pytest.FixtureRequest) -> Expansion:
    return Expansion(*request.param)


@pytest.fixture(scope="module")
def everything() -> Sample:
    return sample()


def reference(coefficients: Tensor, rows: cpu.SpectrumRows) -> Tensor:
    """``(row, l, n, n)`` from the definition."""
    n_lm, n = coefficients.shape[1:]
    l_max = math.isqrt(n_lm) - 1
    result = coefficients.new_empty(len(rows.center), l_max + 1, n, n)
    entry = 0
    for start, stop in zip(rows.center_ptr[:-1], rows.center_ptr[1:], strict=True):
        for a in range(start, stop):
            for b in range(a, stop):
                scale = 1.0 if a == b else math.sqrt(2.0)
                pair = coefficients[a : a + 1], coefficients[b : b + 1]
                product = reference_power_spectrum(*pair, l_max)
                result[rows.entry_row[entry]] = scale * product[0]
                entry += 1
    return result


def soap(
    expansion: Expansion, everything: Sample, dtype: torch.dtype = torch.float64, **options
) -> Tensor:
    """All rows of all blocks."""
    rows = everything.rows
    width = (expansion.l_max + 1) * expansion.n_radial**2
    out = cpu.allocate(rows.block_ptr, (width,), dtype)
    cpu.soap(everything.grouped.neighborhoods, expansion.radial(), rows, out, **options)
    return torch.cat(out)


def test_values_are_those_of_the_reference(expansion: Expansion, everything: Sample) -> None:
    coefficients = expansion.coefficients(everything.grouped.neighborhoods)
    expected = reference(coefficients, everything.rows).flatten(1)
    found = soap(expansion, everything)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13 * expected.abs().max())


def test_float32_is_close(everything: Sample) -> None:
    expansion = Expansion(2, 3)
    expected = soap(expansion, everything)
    found = soap(expansion, everything, torch.float32)
    assert found.dtype == torch.float32
    assert (found.double() - expected).abs().max() < 2e-7 * expected.abs().max()


def test_threads_change_nothing(expansion: Expansion, everything: Sample) -> None:
    assert torch.equal(soap(expansion, everything), soap(expansion, everything, num_threads=4))


@pytest.mark.parametrize(("n_radial", "dtype"), [(4, torch.float32), (8, torch.float64)], ids=str)
def test_stores_past_the_caches_write_the_same(
    monkeypatch: pytest.MonkeyPatch, everything: Sample, n_radial: int, dtype: torch.dtype
) -> None:
    expansion = Expansion(1, n_radial)
    expected = soap(expansion, everything, dtype)
    monkeypatch.setattr(outputs, "_STREAMED", 0)
    seen: list[bool] = []

    def streams(*arguments) -> bool:
        seen.append(outputs.streams(*arguments))
        return seen[-1]

    monkeypatch.setattr("rhobar.ops.cpu.storage.streams", streams)
    found = soap(expansion, everything, dtype)
    assert seen == [True]
    assert torch.equal(found, expected)


def test_odd_rows_are_not_stored_past_the_caches() -> None:
    large = torch.empty(100, 3 * 6 * 6 * 1000, dtype=torch.float64)
    assert not outputs.streams([large], 6)
    aligned = cpu.allocate(np.array([0, 100]), (3 * 8 * 8 * 100,))
    assert outputs.streams(aligned, 8)
    assert not outputs.streams([aligned[0].flatten()[1:]], 8)
    assert not outputs.streams([aligned[0][:1]], 8)


def test_bases_with_fewer_functions_at_high_l_are_packed(everything: Sample) -> None:
    expansion, sizes = Expansion(2, 3), [3, 2, 1]
    rows = everything.rows
    out = cpu.allocate(rows.block_ptr, (sum(n * n for n in sizes),))
    cpu.soap(everything.grouped.neighborhoods, expansion.radial(), rows, out, n_per_l=sizes)
    whole = soap(expansion, everything).reshape(-1, 3, 3, 3)
    expected = [whole[:, l, :n, :n].flatten(1) for l, n in enumerate(sizes)]
    assert torch.equal(torch.cat(out), torch.cat(expected, dim=1))


def test_blocks_that_are_not_selected_are_not_written(everything: Sample) -> None:
    expansion, n = Expansion(2, 3), everything.n_channels
    selected = np.zeros((n, n, n), dtype=bool)
    selected[tuple(everything.rows.keys[2])] = True
    rows = cpu.spectrum_rows(
        everything.grouped.neighborhoods,
        center_types=everything.channels,
        n_channels=n,
        selected=selected,
    )
    out = cpu.allocate(rows.block_ptr, (27,))
    cpu.soap(everything.grouped.neighborhoods, expansion.radial(), rows, out)
    start, stop = everything.rows.block_ptr[2:4]
    assert torch.equal(torch.cat(out), soap(expansion, everything)[start:stop])


def test_unusable_results_are_refused(everything: Sample) -> None:
    expansion, rows = Expansion(2, 3), everything.rows
    arguments = everything.grouped.neighborhoods, expansion.radial(), rows
    blocks = cpu.allocate(rows.block_ptr, (27,))
    with pytest.raises(ValueError, match=f"expected {len(blocks)} blocks, got 1"):
        cpu.soap(*arguments, blocks[:1])
    narrow = cpu.allocate(rows.block_ptr, (26,))
    with pytest.raises(ValueError, match=r"block 0: expected .* rows of 27 numbers, got"):
        cpu.soap(*arguments, narrow)
    strided = [torch.empty(27, len(block), dtype=torch.float64).T for block in blocks]
    with pytest.raises(ValueError, match=r"block .: expected a contiguous"):
        cpu.soap(*arguments, strided)
    with pytest.raises(ValueError, match=r"n_per_l=\[3, 4, 1\] needs one number for each"):
        cpu.soap(*arguments, blocks, n_per_l=[3, 4, 1])


def test_power_spectrum_of_given_densities(expansion: Expansion, everything: Sample) -> None:
    coefficients = expansion.coefficients(everything.grouped.neighborhoods)
    rows = everything.rows
    out = cpu.allocate(rows.block_ptr, ((expansion.l_max + 1) * expansion.n_radial**2,))
    cpu.power_spectrum(coefficients, rows, out, num_threads=2)
    expected = reference(coefficients, rows).flatten(1)
    torch.testing.assert_close(torch.cat(out), expected, rtol=0, atol=1e-13 * expected.abs().max())


def test_densities_that_are_not_whole_are_refused(everything: Sample) -> None:
    rows = everything.rows
    out = cpu.allocate(rows.block_ptr, (27,))
    coefficients = torch.zeros(len(everything.grouped.neighborhoods.run_self), 9, 3)
    with pytest.raises(ValueError, match=r"the second axis has to hold all l, m"):
        cpu.power_spectrum(coefficients[:, :8].double(), rows, out)
    with pytest.raises(ValueError, match=r"coefficients are torch.float32, results torch.float64"):
        cpu.power_spectrum(coefficients, rows, out)
