"""Kernels of energies and forces together: derivatives, symmetry, positivity, what is refused."""

from __future__ import annotations

import ase
import ase.build
import pytest
import torch

from rhobar.kernels import WignerDensity, WignerKernel, joint_matrix
from tests import structures

DENSITY = WignerDensity(
    cutoff=3.0, l_max=2, n_radial=4, smearing=0.4, smearing_rate=0.2, spline_accuracy=None
)
KERNEL = WignerKernel(DENSITY)
WEIGHTS = torch.tensor([5.0, 1.0, 2.0, 3.0, 7.0], dtype=torch.float64)


def molecules() -> list[ase.Atoms]:
    """Three atoms each, and one alone."""
    water = [structures.rattled(ase.build.molecule("H2O"), amplitude=0.1, seed=k) for k in range(4)]
    return [*water, structures.isolated("O")]


def test_blocks() -> None:
    """Energies and first derivatives are those of the kernels; both derivatives, differences."""
    first, second = molecules()[:1], molecules()[1:3]
    found = joint_matrix(KERNEL, WEIGHTS, first, second)
    assert found.shape == (1 + 9, 2 + 18)
    energies = KERNEL.matrices(first, second) @ WEIGHTS
    torch.testing.assert_close(found[:1, :2], energies, rtol=1e-12, atol=0.0)
    torch.testing.assert_close(found[1:, :2], slopes(first, second), rtol=1e-11, atol=1e-15)
    step = 1e-4
    for atom, axis in [(1, 0), (3, 2)]:
        sides = []
        for sign in (1, -1):
            moved = [frame.copy() for frame in second]
            moved[atom // 3].positions[atom % 3, axis] += sign * step
            sides.append(slopes(first, moved).sum(dim=1))
        expected = (sides[0] - sides[1]) / (2 * step)
        column = found[1:, 2 + 3 * atom + axis]
        assert (column - expected).abs().max() < 1e-7 * expected.abs().max()


def slopes(first: list[ase.Atoms], second: list[ase.Atoms]) -> torch.Tensor:
    """Derivatives of the kernels by the coordinates of ``first``."""
    blocks = KERNEL.compute(first, second, ["positions"])
    return sum(
        WEIGHTS[nu] * blocks.block({"nu": nu}).gradient("positions").values.flatten(0, 1)[:, 0]
        for nu in range(1, 5)
    )


def test_symmetric_without_negative_eigenvalues() -> None:
    found = joint_matrix(KERNEL, WEIGHTS, molecules())
    assert (found - found.T).abs().max() < 1e-13 * found.abs().max()
    eigenvalues = torch.linalg.eigvalsh(found)
    assert eigenvalues.min() > -1e-10 * eigenvalues.max()
    assert (eigenvalues > 1e-10 * eigenvalues.max()).sum() > len(molecules())
    assert (found[-3:] == 0).all()  # an atom alone feels nothing
    other = joint_matrix(KERNEL, WEIGHTS, molecules(), molecules())
    torch.testing.assert_close(found, other, rtol=1e-12, atol=1e-15)


def test_refused() -> None:
    truncated = WignerKernel(DENSITY, engine="cg")
    with pytest.raises(ValueError, match="those of engine='grid', not 'cg'"):
        joint_matrix(truncated, WEIGHTS, molecules())
    with pytest.raises(ValueError, match="5 weights are due"):
        joint_matrix(KERNEL, WEIGHTS[1:], molecules())
