"""Wigner kernels against numbers of an independent program, with and without splines."""

from __future__ import annotations

from pathlib import Path

import ase.build
import ase.io
import numpy as np
import pytest
import torch

from rhobar.data import read_qm9_npz
from rhobar.kernels import WignerDensity, WignerKernel
from tests.kernels import golden_wigner as golden

MOLECULES = ["CH3CH2OH", "CH3CONH2", "H2O"]
SETTINGS = {
    "methane": (golden.METHANE, golden.MOLECULES_METHANE),
    "qm9": (golden.QM9, golden.MOLECULES_QM9),
}


def molecules() -> list[ase.Atoms]:
    return [ase.build.molecule(name) for name in MOLECULES]


def assert_golden(found: torch.Tensor, expected: dict, names: list, tolerance: float) -> None:
    """ν = 1 … of the pairs whose names are in the table."""
    for (first, second), values in expected.items():
        row = found[names.index(first), names.index(second), 1:]
        assert row.tolist() == pytest.approx(values, rel=tolerance, abs=0.0), (first, second)


@pytest.mark.parametrize("spline", [None, 1e-8])
@pytest.mark.parametrize("setting", SETTINGS)
class TestMolecules:
    """What every checkout can run; a table of integrals costs a few digits."""

    def tolerance(self, spline: float | None) -> float:
        return 1e-8 if spline is None else 1e-6

    def test_exact_and_truncated(self, setting: str, spline: float | None) -> None:
        hypers, table = SETTINGS[setting]
        density = WignerDensity(**hypers, spline_accuracy=spline)
        exact = WignerKernel(density).matrices(molecules())
        expected = {pair: values[:4] for pair, values in table.items()}
        assert_golden(exact, expected, MOLECULES, self.tolerance(spline))
        truncated = WignerKernel(density, engine="cg").matrices(molecules())
        expected = {pair: [*values[:3], values[4]] for pair, values in table.items()}
        assert_golden(truncated, expected, MOLECULES, self.tolerance(spline))

    def test_without_radial_basis(self, setting: str, spline: float | None) -> None:
        hypers, table = SETTINGS[setting]
        density = WignerDensity(**hypers, radial="analytic", spline_accuracy=spline)
        found = WignerKernel(density).matrices(molecules())
        expected = {pair: values[5:] for pair, values in table.items()}
        assert_golden(found, expected, MOLECULES, self.tolerance(spline))


@pytest.fixture
def random_methanes(mirror: Path) -> list[ase.Atoms]:
    path = mirror / "ch4" / "ch4_random_10000_energies.extxyz.gz"
    return ase.io.read(path, index=":4")


@pytest.mark.mirror
class TestMirror:
    """The same on published structures."""

    def test_random_methanes(self, random_methanes: list[ase.Atoms]) -> None:
        density = WignerDensity(**golden.METHANE, spline_accuracy=None)
        analytic = WignerDensity(**golden.METHANE, radial="analytic", spline_accuracy=None)
        columns = {
            WignerKernel(density): [0, 1, 2, 3],
            WignerKernel(density, engine="cg"): [0, 1, 2, 4],
            WignerKernel(analytic): [5, 6, 7, 8],
        }
        for kernel, chosen in columns.items():
            expected = {
                pair: [values[k] for k in chosen] for pair, values in golden.RANDOM_METHANES.items()
            }
            assert_golden(kernel.matrices(random_methanes), expected, list(range(4)), 1e-8)

    def test_coefficients(self, random_methanes: list[ase.Atoms]) -> None:
        """Of the density of hydrogens around the carbon."""
        density = WignerDensity(**golden.METHANE, spline_accuracy=None)
        blocks = density.expansion.compute(random_methanes[:1])
        carbon = {"center_type": 6, "neighbor_type": 1}
        first = blocks.block({"o3_lambda": 0, **carbon}).values[0, 0, :3]
        expected = [0.15475337, 0.09586275, -0.00291819]
        assert first.tolist() == pytest.approx(expected, abs=6e-9)
        second = blocks.block({"o3_lambda": 1, **carbon}).values[0, :, 0]
        expected = [0.03646634, 0.02889612, 0.04694021]
        assert second.tolist() == pytest.approx(expected, abs=6e-9)

    def test_exponential(self, random_methanes: list[ase.Atoms]) -> None:
        density = WignerDensity(**golden.METHANE, spline_accuracy=None)
        kernel = WignerKernel(density)
        found = kernel.function_matrix(torch.exp, random_methanes[:2], degree=12)
        expected = [17.179256375851, 17.177889148393, 17.200051866958]
        assert found[[0, 0, 1], [0, 1, 1]].tolist() == pytest.approx(expected, rel=1e-12)

    def test_dipoles_of_methanes(self, random_methanes: list[ase.Atoms]) -> None:
        density = WignerDensity(**golden.METHANE, spline_accuracy=None)
        kernel = WignerKernel(density, engine="cg")
        found = kernel.matrices(random_methanes[:1], random_methanes[1:2], target=(1, 1))
        for nu, (values, digit) in golden.DIPOLES_OF_METHANES.items():
            expected = np.reshape(values, (3, 3))
            np.testing.assert_allclose(found[0, :, 0, :, nu], expected, rtol=0, atol=digit)

    def test_qm9(self, mirror: Path) -> None:
        names = sorted({index for pair in golden.QM9_MOLECULES for index in pair})
        data = read_qm9_npz(mirror / "qm9" / "qm9_geometries_b3lyp_energies.npz")
        index = data.targets["gdb_index"].tolist()
        frames = [data.frames[index.index(name)] for name in names]
        density = WignerDensity(**golden.QM9, spline_accuracy=None)
        for engine, chosen in {"grid": [0, 1, 2, 3], "cg": [0, 1, 2, 4]}.items():
            kernel = WignerKernel(density, engine=engine)
            expected = {
                pair: [values[k] for k in chosen] for pair, values in golden.QM9_MOLECULES.items()
            }
            assert_golden(kernel.matrices(frames), expected, names, 1e-8)
        for lambda_max, expected in {4: 0.0928786499, 5: 0.0967605543}.items():
            kernel = WignerKernel(density, engine="cg", lambda_max=lambda_max)
            first = frames[names.index(15061)]
            assert float(kernel.matrices([first])[0, 0, 4]) == pytest.approx(expected, rel=1e-8)
        dipoles = WignerKernel(density, engine="cg").matrices(
            [frames[names.index(15061)]], target=(1, 1)
        )
        upper = np.triu_indices(3)
        for nu, values in golden.DIPOLES_OF_QM9.items():
            found = dipoles[0, :, 0, :, nu]
            assert found[upper].tolist() == pytest.approx(values, abs=6e-9)
