"""What Wigner kernels cannot be made of, each with an error that says so."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import rhobar.kernels.wigner_density
import rhobar.kernels.wigner_pairs
from rhobar.kernels import WignerDensity, WignerKernel
from tests import structures

from .small_molecules import EXACT, frames


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: WignerKernel(EXACT, engine="fft"), r"engine='fft'.*choose one of"),
        (lambda: WignerKernel(EXACT, nu_max=0), "nu_max=0"),
        (lambda: WignerKernel(EXACT, engine="cg", lambda_max=-1), "lambda_max=-1"),
        (lambda: WignerKernel(EXACT).matrices([]), "list of frames is empty"),
        (lambda: WignerKernel(EXACT).matrices(frames(), []), "list of frames is empty"),
        (
            lambda: WignerKernel(EXACT, engine="cg").function_matrix(torch.exp, frames()),
            "only the grid takes functions",
        ),
        (
            lambda: WignerKernel(EXACT).function_matrix(torch.exp, frames(), degree=1),
            "even for the overlap itself",
        ),
        (
            lambda: WignerDensity(cutoff=4.0, smearing=0.4, smearing_rate=0.3, radial="gto"),
            "choose 'laplacian' or 'analytic'",
        ),
        (lambda: WignerKernel(EXACT).matrices(frames(), target=1), "target=1: give"),
        (lambda: WignerKernel(EXACT).matrices(frames(), target=(1, 0)), r"target=\(1, 0\)\): give"),
        (
            lambda: WignerKernel(EXACT).matrices(frames(), target=(1.0, 1)),
            r"target=\(1.0, 1\): give",
        ),
        (lambda: WignerKernel(EXACT).compute(frames(), targets=(1, 1)), "target=1: give"),
        (lambda: WignerKernel(EXACT).compute(frames(), targets=[]), "targets is empty; give"),
        (
            lambda: WignerKernel(EXACT).compute(frames(), gradients="strain"),
            "give a list of any of",
        ),
        (
            lambda: WignerKernel(EXACT).function_matrix(torch.exp, frames(), target="01"),
            "target='01': give",
        ),
        (lambda: WignerKernel(EXACT, center_types=6), "center_types=6.*such as"),
        (lambda: WignerKernel(EXACT, center_types=("C",)), "center_types=.*'C'.*such as"),
        (lambda: WignerKernel(EXACT, center_types=()), r"center_types=\(\).*or None for all"),
        (lambda: WignerKernel(EXACT).mixed_matrix([1.0] * 5, []), "list of frames is empty"),
        (lambda: WignerKernel(EXACT).estimate([]), "list of frames is empty"),
        (lambda: WignerKernel(EXACT).of_systems([], frames()), "list of systems is empty"),
        (lambda: EXACT.of_frames([], [6]), "list of frames is empty"),
        (lambda: EXACT.of_frames(frames(), [8, 6]), r"neighbor_types=\[8, 6\]: give .* sorted"),
        (lambda: EXACT.of_frames(frames(), []), r"neighbor_types=\[\]: give"),
        (lambda: WignerKernel(EXACT).matrices(frames(), device="tpu"), "give 'cpu' or 'cuda'"),
        (lambda: WignerKernel(EXACT).matrices(frames(), device="meta"), "on 'cpu' or 'cuda'"),
        (lambda: WignerDensity(cutoff=4.0, smearing=0.4, smearing_rate=0.3, l_max=-1), "l_max=-1"),
        (lambda: dataclasses.replace(EXACT, n_radial=2.5), r"n_radial=2.5.*whole number"),
        (lambda: dataclasses.replace(EXACT, spline_accuracy=0.0), "above zero, or None"),
        (lambda: WignerDensity(cutoff=4.0, smearing=-0.4, smearing_rate=0.3), "width has to be"),
        (lambda: WignerDensity(cutoff=0.0, smearing=0.4, smearing_rate=0.3), "radius has to be"),
    ],
)
def test_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    "call",
    [
        lambda frame: WignerKernel(EXACT).matrices(frame),
        lambda frame: WignerKernel(EXACT).matrices(frames(), frame),
        lambda frame: WignerKernel(EXACT).mixed_matrix([1.0] * 5, frame),
        lambda frame: WignerKernel(EXACT).compute(frame),
        lambda frame: WignerKernel(EXACT).function_matrix(torch.exp, frames(), frame),
        lambda frame: WignerKernel(EXACT).estimate(frame),
        lambda frame: EXACT.of_frames(frame, [1, 6]),
    ],
)
def test_what_is_no_list_of_structures(call):
    with pytest.raises(TypeError, match="Atoms was given; one structure goes into a list too"):
        call(structures.methane())
    with pytest.raises(TypeError, match="structure 1 is of type str"):
        call([structures.methane(), "CH4"])


def test_structures_of_ase_in_place_of_systems() -> None:
    with pytest.raises(TypeError, match=r"system 0 is of type Atoms; .*from_ase"):
        WignerKernel(EXACT).of_systems([structures.methane()], frames())
    with pytest.raises(TypeError, match=r"system 0 is of type Atoms; .*from_ase"):
        EXACT.of_systems([structures.methane()], [1, 6])


def test_without_a_gpu() -> None:
    device = f"cuda:{torch.cuda.device_count()}"  # one more than there are
    with pytest.raises(RuntimeError, match="torch finds no such GPU; use device='cpu'"):
        WignerKernel(EXACT).matrices(frames(), device=device)


def test_results_that_cannot_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhobar.kernels.wigner_pairs, "available_memory", lambda: 100)
    monkeypatch.setattr(WignerDensity, "of_frames", None)  # nothing is expanded before
    with pytest.raises(MemoryError, match=r"take 1e-06 GB and 1e-07 GB are.*KernelStore"):
        WignerKernel(EXACT).matrices(frames())
    with pytest.raises(MemoryError, match=r"mixed Wigner kernels \(5, 5\) take 2e-07 GB"):
        WignerKernel(EXACT).mixed_matrix([1.0] * 5, frames())


def test_quadratures_that_cannot_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An overlap so large that its exponential takes millions of rotations."""
    monkeypatch.setattr(rhobar.kernels.wigner_pairs, "available_memory", lambda: 10**9)
    sharp = WignerDensity(
        cutoff=3.0, l_max=2, n_radial=4, smearing=0.1, smearing_rate=1.0, convention="jul2023"
    )
    with pytest.raises(MemoryError, match=r"a quadrature of degree .* Give the degree"):
        WignerKernel(sharp).function_matrix(torch.exp, [structures.ethanol()])


def test_densities_that_cannot_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    """One structure that is too large, said before anything is expanded."""
    monkeypatch.setattr(rhobar.kernels.wigner_density, "available_memory", lambda: 10_000)
    with pytest.raises(MemoryError, match=r"densities of 192 atoms in 12 channels take"):
        WignerKernel(EXACT).matrices([structures.water_box()])
