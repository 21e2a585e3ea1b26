"""Wigner models with representative environments, and forces of all Wigner models."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ase
import numpy as np
import pytest
import torch
from metatomic.torch import System

from rhobar.kernels import (
    WignerDensity,
    WignerKernel,
    center_densities,
    environment_columns,
    joint_matrix,
    mixed_kernel,
)
from rhobar.models import (
    Composition,
    ExponentialMixing,
    NuKernelRidge,
    SparseWignerModel,
    WignerModel,
    load_model,
)
from rhobar.models.representatives import representatives
from rhobar.models.streamed_least_squares import StreamedLeastSquares
from rhobar.systems import from_ase, neighbors_added
from tests import structures
from tests.laws.energies import bonded, training_set
from tests.laws.geometry import random_rotation, turned

DENSITY = WignerDensity(cutoff=5.0, l_max=2, n_radial=5, smearing=0.4, smearing_rate=0.2)
KERNELS = {
    "cg": WignerKernel(DENSITY, nu_max=3, engine="cg", lambda_max=2),
    "grid": WignerKernel(DENSITY, nu_max=3),
}
# without a kernel of compositions, which a sparse model has not
RIDGE = NuKernelRidge(
    ExponentialMixing(3, log_c0=None), error="rmse", noise=0.05, max_iterations=30
)
# small enough for the kernel between derivatives
SMALL = WignerKernel(
    WignerDensity(cutoff=4.0, l_max=1, n_radial=4, smearing=0.4, smearing_rate=0.2), nu_max=2
)
NU_WEIGHTS, FORCE_NOISE = [1e4, 1e3], 0.1


@pytest.fixture(scope="module", params=list(KERNELS))
def dense(request: pytest.FixtureRequest) -> WignerModel:
    frames = training_set(24)
    energies = [bonded(frame)[0] for frame in frames]
    return WignerModel(KERNELS[request.param], ridge=RIDGE).fit(frames, energies)


def sparse(kernel: WignerKernel, count: int = 24, **options: object) -> SparseWignerModel:
    frames = training_set(count)
    targets = [bonded(frame) for frame in frames]
    forces = [found[1] for found in targets] if options.pop("forces", False) else None
    nu_weights = options.pop("nu_weights", None)
    model = SparseWignerModel(kernel, **{"n_sparse": 60, "ridge": RIDGE, **options})
    return model.fit(frames, [found[0] for found in targets], forces, nu_weights=nu_weights)


def moved(frame: ase.Atoms, atom: int, axis: int, step: float) -> ase.Atoms:
    other = frame.copy()
    other.positions[atom, axis] += step
    return other


def crystal() -> ase.Atoms:
    """A molecule in a cell so small that it is a neighbor of its own images, one at the cutoff."""
    frame = structures.rattled(structures.methane(), amplitude=0.1, seed=3)
    frame.set_cell([[4.9, 0.0, 0.0], [0.4, 4.6, 0.0], [0.0, 0.3, 5.2]])
    frame.pbc = True
    return frame


@pytest.mark.parametrize("periodic", [False, True], ids=["molecule", "crystal"])
def test_forces_are_slopes_of_the_energy(dense: WignerModel, periodic: bool) -> None:
    frame = (
        crystal() if periodic else structures.rattled(structures.ethanol(), amplitude=0.1, seed=1)
    )
    found = dense.predict([frame], forces=True)
    assert found.energies == pytest.approx(dense.predict([frame]).energies, abs=1e-7)
    scale, step = np.abs(found.forces[0]).max(), 1e-4
    for atom, axis in ((0, 0), (1, 2), (3, 1)):
        # by one sum of energies for both sides, so that their rounding is alike
        ends = [moved(frame, atom, axis, sign * step) for sign in (-2, -1, 1, 2)]
        potential = dense.potential()
        e = [float(potential(neighbors_added([from_ase(end)], 5.0)).sum()) for end in ends]
        slope = (e[0] - 8 * e[1] + 8 * e[2] - e[3]) / (12 * step)
        assert found.forces[0][atom, axis] == pytest.approx(-slope, abs=1e-6 * scale)


def test_forces_move_and_turn_nothing(dense: WignerModel) -> None:
    frame = structures.rattled(structures.ethanol(), amplitude=0.1, seed=2)
    forces = dense.predict([frame], forces=True).forces[0]
    scale = np.abs(forces).max()
    assert np.abs(forces.sum(axis=0)).max() < 1e-10 * scale
    assert np.abs(np.cross(frame.positions, forces).sum(axis=0)).max() < 1e-8 * scale
    matrix = random_rotation(5)
    other = dense.predict([turned(frame, matrix)], forces=True).forces[0]
    assert other == pytest.approx(forces @ matrix.T, abs=1e-8 * scale)


def test_strain_is_the_slope_by_the_cell() -> None:
    potential = sparse(KERNELS["grid"]).potential()
    frame, step = crystal(), 1e-4

    def energy(strain: torch.Tensor) -> torch.Tensor:
        plain = from_ase(frame)
        stretch = torch.eye(3, dtype=torch.float64) + strain
        system = System(plain.types, plain.positions @ stretch, plain.cell @ stretch, plain.pbc)
        return potential(neighbors_added([system], 5.0)).sum()

    strain = torch.zeros(3, 3, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(energy(strain), strain)
    for axes in ((0, 0), (1, 2)):
        ends = []
        for sign in (-1, 1):
            moved_by = torch.zeros(3, 3, dtype=torch.float64)
            moved_by[axes] = sign * step
            ends.append(float(energy(moved_by)))
        difference = (ends[1] - ends[0]) / (2 * step)
        assert float(slope[axes]) == pytest.approx(difference, rel=1e-5)


def test_all_environments_make_the_dense_model(dense: WignerModel) -> None:
    model = sparse(dense.kernel, n_sparse=1000)
    frames = training_set(36)[24:]
    expected, found = dense.predict(frames, forces=True), model.predict(frames, forces=True)
    spread = expected.energies.std()
    assert found.energies == pytest.approx(expected.energies, abs=1e-4 * spread)
    scale = np.abs(np.vstack(expected.forces)).max()
    assert np.vstack(found.forces) == pytest.approx(np.vstack(expected.forces), abs=1e-4 * scale)


def of_joint_kernel(
    matrix: np.ndarray, frames: list[ase.Atoms], n_train: int, *, forces: bool
) -> np.ndarray:
    """Energies and forces of ``frames[n_train:]`` by ridge regression on the dense joint kernel."""
    sizes = 3 * np.cumsum([0, *map(len, frames)]) + len(frames)
    rows, tested = np.arange(n_train), np.arange(n_train, len(frames))
    truth = [bonded(frame) for frame in frames[:n_train]]
    composition = Composition.fit(frames[:n_train], [energy for energy, _ in truth])
    energies = np.array([energy for energy, _ in truth]) - composition.predict(frames[:n_train])
    targets, noise = energies / RIDGE.noise, np.ones(n_train)
    if forces:
        rows = np.concatenate([rows, np.arange(len(frames), sizes[n_train])])
        slopes = -np.vstack([force for _, force in truth]).ravel()
        targets = np.concatenate([targets, slopes / RIDGE.noise])
        noise = np.concatenate([noise, np.full(len(slopes), (FORCE_NOISE / RIDGE.noise) ** 2)])
    found = np.linalg.solve(matrix[np.ix_(rows, rows)] + np.diag(noise), targets) * RIDGE.noise
    predicted = composition.predict(frames[n_train:]) + matrix[np.ix_(tested, rows)] @ found
    return np.concatenate([predicted, -matrix[sizes[n_train] :, rows] @ found])


def test_all_environments_make_the_model_of_the_joint_kernel() -> None:
    """Of energies; derivatives of kernels by positions, which forces bring, no environment has."""
    frames = training_set(8)[::2]  # methane
    matrix = joint_matrix(SMALL, [0.0, *NU_WEIGHTS], frames).numpy()
    truth = [bonded(frame) for frame in frames]
    exact = np.concatenate(
        [[energy for energy, _ in truth[3:]], *(f.ravel() for _, f in truth[3:])]
    )
    wrong = []
    ridge = replace(RIDGE, mixing=ExponentialMixing(SMALL.nu_max))
    for forces in (False, True):
        model = SparseWignerModel(SMALL, n_sparse=1000, ridge=ridge, force_noise=FORCE_NOISE)
        learned = [force for _, force in truth[:3]] if forces else None
        model.fit(frames[:3], [energy for energy, _ in truth[:3]], learned, nu_weights=NU_WEIGHTS)
        found = model.predict(frames[3:], forces=True)
        sparse = np.concatenate([found.energies, *(force.ravel() for force in found.forces)])
        joint = of_joint_kernel(matrix, frames, 3, forces=forces)
        wrong.append([float(np.sqrt(np.square(e - exact).mean())) for e in (joint, sparse)])
        if not forces:
            assert sparse == pytest.approx(joint, abs=1e-5)
    assert wrong[1][0] < wrong[1][1] < 0.5 * wrong[0][1]


def test_both_selections_end_at_all_environments() -> None:
    frames = training_set(36)[24:]
    kernel, b = KERNELS["cg"], [1e4, 2e3, 3e2]
    few, many = (
        [
            sparse(kernel, n_sparse=count, selection=selection, nu_weights=b).predict(frames)
            for selection in ("cholesky", "fps")
        ]
        for count in (4, 1000)
    )
    spread = few[0].energies.std()
    assert many[0].energies == pytest.approx(many[1].energies, abs=1e-4 * spread)
    assert np.abs(few[0].energies - few[1].energies).max() > 1e-3 * spread


def test_farthest_points_are_those_of_distances_of_the_kernel() -> None:
    frames, kernel = training_set(12), KERNELS["cg"]
    b = torch.tensor([1.0, 20.0, 300.0], dtype=torch.float64)
    found = representatives(kernel, frames, (1, 6, 8), b, n_sparse=6, selection="fps", seed=0)
    for number, (rows, system, atom) in center_densities(
        kernel, frames, (1, 6, 8)
    ).rows.densities.items():
        del system, atom
        own = mixed_kernel(kernel, rows, b)
        chosen = [0]
        while len(chosen) < min(6, len(rows)):
            nearest = [
                min(float(own[i, i] + own[t, t] - 2 * own[i, t]) for t in chosen)
                for i in range(len(rows))
            ]
            chosen.append(int(np.argmax(nearest)))
        assert torch.equal(found[number], rows[chosen])


def test_given_weights_of_orders_are_those_of_a_search() -> None:
    searched, kernel = sparse(KERNELS["cg"], n_sparse=8), KERNELS["cg"]
    frames = training_set(24)
    dense = WignerModel(kernel, ridge=RIDGE).fit(frames, [bonded(frame)[0] for frame in frames])
    given = sparse(kernel, n_sparse=8, nu_weights=dense.solution.weights[1:])
    probe = [structures.ethanol()]
    assert given.predict(probe).energies == pytest.approx(
        searched.predict(probe).energies, abs=1e-9
    )
    for wrong in ([1.0, 2.0], [1.0, -1.0, 2.0], [0.0, 0.0, 0.0]):
        with pytest.raises(ValueError, match="3 numbers are due"):
            sparse(kernel, nu_weights=wrong)


def test_more_representatives_and_forces_learn_more() -> None:
    frames = training_set(40)[24:]
    truth = [bonded(frame) for frame in frames]

    def wrong(model: SparseWignerModel) -> tuple[float, float]:
        found = model.predict(frames, forces=True)
        energies = found.energies - np.array([energy for energy, _ in truth])
        forces = np.vstack(found.forces) - np.vstack([force for _, force in truth])
        return float(np.sqrt((energies**2).mean())), float(np.sqrt((forces**2).mean()))

    few, many = (wrong(sparse(KERNELS["cg"], n_sparse=count)) for count in (3, 60))
    both = wrong(sparse(KERNELS["cg"], n_sparse=60, forces=True, force_noise=0.05))
    assert many[0] < 0.8 * few[0]
    assert both[1] < 0.7 * many[1]


def test_the_file_holds_all_of_it(tmp_path: Path) -> None:
    model, path = sparse(KERNELS["cg"], selection="fps"), tmp_path / "model.npz"
    model.save(path)
    frames = [structures.methane(), structures.ethanol()]
    again = SparseWignerModel.load(path, kernel=KERNELS["cg"])
    assert (again.predict(frames).energies == model.predict(frames).energies).all()
    assert again.n_environments == model.n_environments
    again.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()
    with pytest.raises(ValueError, match=r"engine='grid'.*not interchangeable"):
        SparseWignerModel.load(path, kernel=replace(KERNELS["cg"], engine="grid"))
    with pytest.raises(ValueError, match=r"SparseWignerModel\.load"):
        load_model(path)


def test_what_cannot_be_done_is_refused() -> None:
    with pytest.raises(ValueError, match="not fitted"):
        SparseWignerModel(KERNELS["cg"], n_sparse=5).predict([structures.methane()])
    for wrong_number in (0, 1.5):
        with pytest.raises(ValueError, match="above zero, the first a whole number"):
            SparseWignerModel(KERNELS["cg"], n_sparse=wrong_number)
    with pytest.raises(ValueError, match=r"selection='cur'\): choose one of \('cholesky', 'fps'\)"):
        SparseWignerModel(KERNELS["cg"], n_sparse=5, selection="cur")
    with pytest.raises(ValueError, match="nu_max=3, the mixing of the ridge to nu_max=4"):
        SparseWignerModel(
            KERNELS["cg"], n_sparse=5, ridge=NuKernelRidge(ExponentialMixing(4), noise=0.05)
        )
    model = sparse(KERNELS["cg"], n_sparse=3)
    with pytest.raises(ValueError, match="type 9, which no training structure had"):
        model.predict([ase.Atoms("HF", positions=[[0, 0, 0], [0, 0, 0.9]])])


def test_lone_atoms_have_the_energy_of_their_type() -> None:
    model = sparse(KERNELS["cg"], n_sparse=5)
    found = model.predict([ase.Atoms("C", positions=[[0, 0, 0]])], forces=True, per_atom=True)
    carbon = model.composition.atomic_types.index(6)
    assert found.energies == pytest.approx([float(model.composition.energies[carbon])])
    assert (found.forces[0] == 0).all()
    assert found.atomic_energies[0].shape == (1,)


def test_a_potential_that_is_moved_leaves_the_kernel_alone(dense: WignerModel) -> None:
    """In float32 on a CPU it runs in torch; kernels of the same density stay in float64."""
    frame = structures.methane()
    before = dense.kernel.matrices([frame])
    potential = dense.potential().to(torch.float32)
    systems = neighbors_added([from_ase(frame).to(torch.float32)], 5.0)
    energies = potential(systems)
    assert energies.dtype == torch.float32
    assert torch.equal(dense.kernel.matrices([frame]), before)
    expected = dense.potential()(neighbors_added([from_ase(frame)], 5.0))
    assert torch.allclose(energies.double(), expected, atol=0.02)  # large weights cancel


def test_types_without_environments() -> None:
    """A type of lone atoms, or one that is no center, adds nothing but its energy."""
    frames = training_set(12)
    energies = [bonded(frame)[0] for frame in frames]
    far = [frame + ase.Atoms("He", [[0.0, 0.0, 90.0]]) for frame in frames]
    kernel = KERNELS["grid"]
    alone = SparseWignerModel(kernel, n_sparse=5, ridge=RIDGE).fit(frames, energies)
    with_helium = SparseWignerModel(kernel, n_sparse=5, ridge=RIDGE).fit(far, energies)
    assert with_helium.n_environments[2] == 0
    expected = alone.predict(frames[:3]).energies
    assert with_helium.predict(far[:3]).energies == pytest.approx(expected, abs=1e-6)
    carbons = replace(kernel, center_types=(6,))
    of_carbons = SparseWignerModel(carbons, n_sparse=5, ridge=RIDGE).fit(frames, energies)
    assert of_carbons.n_environments == {1: 0, 6: 5, 8: 0}
    assert np.isfinite(of_carbons.predict(frames[:2], forces=True).energies).all()
    nitrogens = replace(kernel, center_types=(7,))
    for model in (
        SparseWignerModel(nitrogens, n_sparse=5, ridge=RIDGE),
        WignerModel(nitrogens, ridge=RIDGE),
    ):
        with pytest.raises(ValueError, match=r"center_types=\(7,\).*no structure has an atom"):
            model.fit(frames, energies).predict(frames, forces=True)


def test_environments_of_other_channels_are_refused() -> None:
    """They would be read beyond their end."""
    few = {a: torch.ones(2, 9, 3, dtype=torch.float64) for a in (1, 6)}
    with pytest.raises(ValueError, match=r"\(9, 3\), those of the structures of \(9, 10\)"):
        environment_columns(KERNELS["cg"], [structures.methane()], few, torch.ones(3).double())


def test_least_squares_in_parts_are_those_of_all_rows() -> None:
    random = torch.Generator().manual_seed(1)
    rows = torch.randn(40, 7, generator=random, dtype=torch.float64)
    targets = torch.randn(40, generator=random, dtype=torch.float64)
    fit = StreamedLeastSquares(7)
    for part, own in zip(rows.split(9), targets.split(9), strict=True):
        fit.add(part, own)
    expected = torch.linalg.lstsq(rows, targets[:, None]).solution[:, 0]
    torch.testing.assert_close(fit.solve(), expected, rtol=1e-11, atol=1e-12)
    short = StreamedLeastSquares(7)
    short.add(rows[:3], targets[:3])
    with pytest.raises(ValueError, match="do not determine 7 columns"):
        short.solve()


def test_candidates_are_the_same_however_many_structures_are_expanded_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rhobar.models.representatives._CANDIDATES", 20)
    found = []
    for atoms in (20_000, 13):
        monkeypatch.setattr("rhobar.models.representatives._EXPANDED", atoms)
        model = sparse(KERNELS["cg"], n_sparse=12)
        found.append(model.predict([structures.ethanol()]).energies)
        assert max(model.n_environments.values()) == 12
    assert found[0] == pytest.approx(found[1], abs=1e-7)
