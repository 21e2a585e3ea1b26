"""Stored gradients of power spectra: rules of the derivative, against reverse mode."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from rhobar.ops import Neighborhoods, cpu
from tests.structures import ethanol

from .environments import Expansion, Sample, random_like, sample

SHAPES = [(2, 3), (1, 8)]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def expansion(request: pytest.FixtureRequest) -> Expansion:
    return Expansion(*request.param)


@pytest.fixture(scope="module")
def everything() -> Sample:
    return sample()


def width_of(expansion: Expansion) -> int:
    return (expansion.l_max + 1) * expansion.n_radial**2


def gradients(
    expansion: Expansion, everything: Sample, dtype: torch.dtype = torch.float64, **options
) -> tuple[Tensor, cpu.GradientRows]:
    """Gradient rows of all blocks, ``(gradient row, 3, feature)``."""
    rows = everything.rows
    layout = cpu.gradient_rows(everything.grouped, rows)
    blocks = layout.row_ptr[rows.block_ptr]
    out = cpu.allocate(blocks, (3, width_of(expansion)), dtype)
    cpu.soap_gradients(everything.grouped, expansion.radial(), rows, layout, out, **options)
    return torch.cat(out), layout


def reverse(expansion: Expansion, everything: Sample, weights: Tensor) -> Tensor:
    """``(pair, 3)`` derivatives of sum(weights * values)."""
    rows = everything.rows
    sizes = np.diff(rows.block_ptr).tolist()
    return cpu.soap_backward(
        everything.grouped.neighborhoods, expansion.radial(), rows, list(weights.split(sizes))
    )


def random_weights(expansion: Expansion, everything: Sample) -> Tensor:
    shape = torch.empty(len(everything.rows.center), width_of(expansion), dtype=torch.float64)
    return random_like([shape])[0]


def pair_centers(neighborhoods: Neighborhoods) -> Tensor:
    return torch.repeat_interleave(neighborhoods.run_center, neighborhoods.run_ptr.diff())


def test_positions(expansion: Expansion, everything: Sample) -> None:
    weights = random_weights(expansion, everything)
    slopes = reverse(expansion, everything, weights)
    expected = torch.zeros(len(everything.channels), 3, dtype=torch.float64)
    expected.index_add_(0, everything.grouped.neighbor, slopes)
    expected.index_add_(0, pair_centers(everything.grouped.neighborhoods), slopes, alpha=-1)
    values, layout = gradients(expansion, everything)
    row = torch.repeat_interleave(torch.from_numpy(np.diff(layout.row_ptr)))
    moved = torch.einsum("gxf,gf->gx", values, weights[row])
    found = torch.zeros_like(expected).index_add_(0, torch.from_numpy(layout.atom), moved)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_single_rows_against_finite_differences(expansion: Expansion) -> None:
    step, atom = 1e-5, 4
    everything = sample([ethanol()])
    values, layout = gradients(expansion, everything)
    found = torch.zeros(len(everything.rows.center), 3, width_of(expansion), dtype=torch.float64)
    row = torch.repeat_interleave(torch.from_numpy(np.diff(layout.row_ptr)))
    of_atom = torch.from_numpy(layout.atom == atom)
    found[row[of_atom]] = values[of_atom]
    for axis in range(3):
        ends = []
        for sign in (-1, 1):
            molecule = ethanol()
            molecule.positions[atom, axis] += sign * step
            moved = sample([molecule])
            out = cpu.allocate(moved.rows.block_ptr, (width_of(expansion),))
            cpu.soap(moved.grouped.neighborhoods, expansion.radial(), moved.rows, out)
            ends.append(torch.cat(out))
        expected = (ends[1] - ends[0]) / (2 * step)
        assert expected.abs().max() > 0.1
        torch.testing.assert_close(found[:, axis], expected, rtol=0, atol=1e-8)


def test_the_center_moves_against_its_neighbors(expansion: Expansion, everything: Sample) -> None:
    values, layout = gradients(expansion, everything)
    row = torch.repeat_interleave(torch.from_numpy(np.diff(layout.row_ptr)))
    total = torch.zeros(len(everything.rows.center), 3, width_of(expansion), dtype=torch.float64)
    total.index_add_(0, row, values)
    torch.testing.assert_close(total, torch.zeros_like(total), rtol=0, atol=1e-13)


def test_float32_threads_and_packing(everything: Sample) -> None:
    expansion, sizes = Expansion(2, 3), [3, 2, 1]
    expected, _ = gradients(expansion, everything)
    single, _ = gradients(expansion, everything, torch.float32, num_threads=3)
    assert (single.double() - expected).abs().max() < 1e-6 * expected.abs().max()
    rows = everything.rows
    layout = cpu.gradient_rows(everything.grouped, rows)
    out = cpu.allocate(layout.row_ptr[rows.block_ptr], (3, 14))
    cpu.soap_gradients(
        everything.grouped, expansion.radial(), rows, layout, out, n_per_l=sizes, num_threads=2
    )
    whole = expected.reshape(-1, 3, 3, 3, 3)
    packed = [whole[:, :, l, :n, :n].flatten(2) for l, n in enumerate(sizes)]
    assert torch.equal(torch.cat(out), torch.cat(packed, dim=2))


@pytest.mark.parametrize("kind", ["strain", "cell"])
def test_strain_and_cell(expansion: Expansion, everything: Sample, kind: str) -> None:
    rows, neighborhoods = everything.rows, everything.grouped.neighborhoods
    shifts = everything.grouped.shifts.double()
    factors = neighborhoods.vectors if kind == "strain" else shifts
    out = cpu.allocate(rows.block_ptr, (3, 3, width_of(expansion)))
    cpu.soap_cell_gradients(neighborhoods, expansion.radial(), rows, factors, out, num_threads=2)
    values = torch.cat(out)
    weights = random_weights(expansion, everything)
    slopes = reverse(expansion, everything, weights)
    per_pair = factors[:, :, None] * slopes[:, None, :]
    expected = torch.zeros(len(everything.channels), 3, 3, dtype=torch.float64)
    expected.index_add_(0, pair_centers(neighborhoods), per_pair)
    found = torch.zeros_like(expected).index_add_(
        0, torch.from_numpy(rows.center), torch.einsum("rxyf,rf->rxy", values, weights)
    )
    assert expected.abs().max() > 0.01
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)
