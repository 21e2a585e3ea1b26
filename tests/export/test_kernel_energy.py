"""Exported Wigner models give the energies and forces of the models they were made from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from rhobar.export import export_model
from rhobar.kernels import WignerDensity, WignerKernel
from rhobar.models import ExponentialMixing, NuKernelRidge, SparseWignerModel
from tests.export.test_atomistic import evaluated, molecules

DENSITY = WignerDensity(cutoff=3.0, l_max=2, n_radial=4, smearing=0.4, smearing_rate=0.2)
RIDGE = NuKernelRidge(ExponentialMixing(3), error="rmse", noise=0.01, max_iterations=20)


@pytest.mark.parametrize(
    ("engine", "radial"), [("cg", "laplacian"), ("grid", "laplacian"), ("grid", "analytic")]
)
def test_energies_and_forces(engine: str, radial: str, tmp_path: Path) -> None:
    density = replace(DENSITY, radial=radial)
    kernel = WignerKernel(density, nu_max=3, engine=engine, lambda_max=2)
    model = SparseWignerModel(kernel, n_sparse=12, ridge=RIDGE).fit(*molecules(20))
    path = tmp_path / "model.pt"
    export_model(model, path)
    frames = molecules(24)[0][20:]
    expected = model.predict(frames, forces=True, per_atom=True)
    block, positions = evaluated(path, frames, "system")
    assert block.values.detach().numpy()[:, 0] == pytest.approx(expected.energies, rel=1e-10)
    forces = [-g.numpy() for g in torch.autograd.grad(block.values.sum(), positions)]
    scale = np.abs(np.vstack(expected.forces)).max()
    assert np.vstack(forces) == pytest.approx(np.vstack(expected.forces), abs=1e-9 * scale)
    atoms, _ = evaluated(path, frames, "atom")
    assert atoms.values.detach().numpy()[:, 0] == pytest.approx(
        np.concatenate(expected.atomic_energies), abs=1e-9
    )
