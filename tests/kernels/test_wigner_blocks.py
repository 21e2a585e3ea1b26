"""Wigner kernels as labelled blocks: names, equality with matrices, gradients, autograd."""

from __future__ import annotations

import dataclasses
import functools

import ase
import ase.build
import numpy as np
import pytest
import torch

from rhobar.kernels import WignerDensity, WignerKernel
from rhobar.systems import from_ase, neighbors_added
from tests import structures

DENSITY = WignerDensity(
    cutoff=3.0, l_max=2, n_radial=4, smearing=0.4, smearing_rate=0.2, spline_accuracy=None
)
SPLINED = dataclasses.replace(DENSITY, spline_accuracy=1e-10)
TARGETS = [(0, 1), (1, 1), (2, -1)]


def rows() -> list[ase.Atoms]:
    """Also a periodic cell, a lone atom and nothing."""
    periodic = ase.Atoms("OH", [[0, 0, 0], [0.7, 0.6, 0.1]], cell=[2.6, 2.7, 2.9], pbc=True)
    return [structures.methane(), structures.isolated("O"), periodic, structures.no_atoms()]


def columns() -> list[ase.Atoms]:
    return [ase.build.molecule("CH3OH"), ase.build.molecule("N2")]


def test_structures() -> None:
    kernel = WignerKernel(DENSITY, engine="cg")
    blocks = kernel.compute(rows(), columns(), targets=TARGETS)
    assert blocks.keys.names == ["nu", "o3_lambda", "o3_sigma"]
    assert len(blocks) == 1 + 4 * len(TARGETS)
    assert blocks.sample_names == ["system"]
    assert blocks.property_names == ["system_ref", "o3_mu_ref"]
    for key, block in blocks.items():
        target, nu = (int(key["o3_lambda"]), int(key["o3_sigma"])), int(key["nu"])
        matrices = kernel.matrices(rows(), columns(), target=target)[..., nu]
        size = 2 * target[0] + 1
        assert block.values.shape == (4, size, 2 * size)
        assert block.components[0].values.flatten().tolist() == list(
            range(-target[0], size // 2 + 1)
        )
        for column, (system, mu) in enumerate(block.properties.values.tolist()):
            if target == (0, 1):
                assert torch.equal(block.values[:, 0, column], matrices[:, system])
            else:
                chosen = matrices[:, :, system, mu + target[0]]
                torch.testing.assert_close(
                    block.values[..., column], chosen, rtol=1e-13, atol=1e-17
                )


def test_centers_add_up_to_structures() -> None:
    kernel = WignerKernel(DENSITY)
    each = kernel.compute(rows(), columns(), targets=TARGETS[:2], per_atom=True)
    assert each.keys.names == ["nu", "o3_lambda", "o3_sigma", "center_type"]
    assert each.sample_names == ["system", "atom"]
    assert each.property_names == ["system_ref", "atom_ref", "o3_mu_ref"]
    assert sorted({int(key["center_type"]) for key in each.keys}) == [1, 6, 8]
    sums = kernel.compute(rows(), columns(), targets=TARGETS[:2])
    for key, total in sums.items():
        if int(key["nu"]) == 0:
            continue
        found = torch.zeros_like(total.values)
        for block in each.blocks({name: int(key[name]) for name in key.names}):
            system = block.samples.column("system")
            references = block.properties.values.tolist()
            place = [total.properties.position([s, mu]) for s, _, mu in references]
            for row, s in enumerate(system.tolist()):
                found[s].index_add_(1, torch.tensor(place), block.values[row])
        torch.testing.assert_close(found, total.values, rtol=1e-12, atol=1e-16)


def moved(frames: list[ase.Atoms], system: int, atom: int, axis: int, step: float) -> list:
    frames = [frame.copy() for frame in frames]
    frames[system].positions[atom, axis] += step
    return frames


def strained(frames: list[ase.Atoms], row: int, column: int, step: float) -> list:
    """r' = (1 + strain) r, for positions and cells."""
    matrix = np.eye(3)
    matrix[row, column] += step
    frames = [frame.copy() for frame in frames]
    for frame in frames:
        frame.positions = frame.positions @ matrix.T
        frame.cell = frame.cell.array @ matrix.T
    return frames


def difference(kernel: WignerKernel, change, step: float, **options):
    """Central difference of every block of the kernels of ``rows()``."""
    high = kernel.compute(change(step), columns(), **options)
    low = kernel.compute(change(-step), columns(), **options)
    return [(a.values - b.values) / (2 * step) for a, b in zip(high, low, strict=True)]


@pytest.mark.parametrize(("engine", "density"), [("grid", DENSITY), ("cg", SPLINED)])
def test_gradients_against_differences(engine: str, density: WignerDensity) -> None:
    """Atoms, also those near the cutoff and in cells, and strain."""
    frames = rows()
    frames[0].positions[4] *= 2.85 / np.linalg.norm(frames[0].positions[4])
    kernel = WignerKernel(density, engine=engine)
    found = kernel.compute(frames, columns(), ["positions", "strain"], targets=TARGETS[:2])
    for system, atom, axis in [(0, 0, 0), (0, 4, 2), (2, 1, 1)]:
        change = functools.partial(moved, frames, system, atom, axis)
        expected = difference(kernel, change, 1e-4, targets=TARGETS[:2])
        for block, slopes in zip(found, expected, strict=True):
            gradient = block.gradient("positions")
            values = torch.zeros_like(block.values)
            for row, sample in enumerate(gradient.samples.values.tolist()):
                assert sample[0] == sample[1]
                if sample[1:] == [system, atom]:
                    values[sample[0]] = gradient.values[row, axis]
            assert (values - slopes).abs().max() <= 1e-7 * max(float(slopes.abs().max()), 1e-4)
    change = functools.partial(strained, frames, 0, 2)
    expected = difference(kernel, change, 1e-4, targets=TARGETS[:2])
    for block, slopes in zip(found, expected, strict=True):
        gradient = block.gradient("strain")
        assert [c.names[0] for c in gradient.components] == ["xyz_2", "xyz_1", "o3_mu"]
        values = torch.zeros_like(block.values)
        values[gradient.samples.column("sample").long()] = gradient.values[:, 2, 0]
        assert (values - slopes).abs().max() <= 1e-7 * max(float(slopes.abs().max()), 1e-4)


def test_gradients_of_the_columns_are_those_of_the_other_way_round() -> None:
    kernel, (system, atom, axis) = WignerKernel(DENSITY, engine="cg"), (0, 2, 1)
    found = kernel.compute(columns(), rows(), ["positions"], targets=TARGETS[:2])
    high, low = (
        kernel.compute(rows(), moved(columns(), system, atom, axis, step), targets=TARGETS[:2])
        for step in (1e-4, -1e-4)
    )
    for key, block in found.items():
        size, n_rows = 2 * int(key["o3_lambda"]) + 1, len(rows())
        slopes = (high.block(key).values - low.block(key).values) / 2e-4
        slopes = slopes.reshape(n_rows, size, -1, size)[:, :, system]  # (row, mu, mu')
        gradient = block.gradient("positions")
        if int(key["nu"]) == 0:
            assert len(gradient.samples) == 0
            continue
        place = gradient.samples.position([system, system, atom])
        turned = gradient.values[place, axis].reshape(size, n_rows, size).permute(1, 2, 0)
        scale = float(slopes.abs().max())
        assert scale > 1e-6
        assert (turned - slopes).abs().max() <= 1e-7 * max(scale, 1e-4)


def test_no_force_and_no_torque_on_the_whole() -> None:
    molecule = structures.ethanol()
    blocks = WignerKernel(DENSITY).compute([molecule], columns(), ["positions"])
    for key, block in blocks.items():
        if int(key["nu"]) == 0:
            assert len(block.gradient("positions").samples) == 0
            continue
        slopes = (
            block.gradient("positions").values[:, :, 0].permute(2, 0, 1)
        )  # (column, atom, axis)
        scale = slopes.abs().max()
        assert scale > 0
        assert slopes.sum(dim=1).abs().max() < 1e-12 * scale
        arms = torch.from_numpy(molecule.positions).expand_as(slopes)
        torque = torch.linalg.cross(arms, slopes).sum(dim=1)
        assert torque.abs().max() < 1e-10 * scale


def test_gradients_of_centers_add_up() -> None:
    kernel = WignerKernel(DENSITY)
    for parameter in ["positions", "strain"]:
        each = kernel.compute(rows(), columns(), [parameter], per_atom=True)
        total = kernel.compute(rows(), columns(), [parameter])
        for nu in (1, 4):
            expected = total.block({"nu": nu}).gradient(parameter)
            found = torch.zeros_like(expected.values)
            for block in each.blocks({"nu": nu}):
                gradient = block.gradient(parameter)
                for sample, values in zip(
                    gradient.samples.values.tolist(), gradient.values, strict=True
                ):
                    system = int(block.samples.column("system")[sample[0]])
                    name = [system, *sample[1:]] if len(sample) > 1 else [system]
                    row = expected.samples.position(name)
                    for column, reference in enumerate(
                        block.properties.column("system_ref").tolist()
                    ):
                        found[row, ..., reference] += values[..., column]
            torch.testing.assert_close(found, expected.values, rtol=1e-11, atol=1e-15)


def test_autograd_of_positions_and_cell() -> None:
    """The road through torch gives the stored gradients; it is what models differentiate."""
    kernel = WignerKernel(DENSITY, engine="cg")
    system = from_ase(rows()[2], requires_grad=True)
    values = kernel.of_systems(neighbors_added([system], DENSITY.cutoff), columns())
    torch.testing.assert_close(
        values.detach(), kernel.matrices([rows()[2]], columns()), rtol=1e-12, atol=1e-16
    )
    (slope,) = torch.autograd.grad(values[0, 0, 3], system.positions)
    stored = kernel.compute([rows()[2]], columns(), ["positions"]).block({"nu": 3})
    expected = stored.gradient("positions").values[:, :, 0, 0]
    torch.testing.assert_close(slope, expected, rtol=1e-11, atol=1e-16)


def test_unknown_gradients() -> None:
    with pytest.raises(ValueError, match=r"gradients=\['cell'\]: give .* 'positions', 'strain'"):
        WignerKernel(DENSITY).compute(rows(), gradients=["cell"])
