"""What descriptors refuse, and what they say about it."""

from __future__ import annotations

import warnings

import pytest
import torch
from metatensor.torch import Labels
from metatomic.torch import NeighborListOptions, System
from vesin.metatomic import NeighborList

from rhobar.descriptors import Dirac, Gaussian, Gto, NeighborTuples, SoapPowerSpectrum, jacobian
from rhobar.systems import from_ase, neighbor_options, neighbors_added
from tests import structures

SOAP = SoapPowerSpectrum(3.5, l_max=2, radial=Gto(3), density=Gaussian(0.4))


def test_no_frames() -> None:
    with pytest.raises(ValueError, match="list of frames is empty"):
        SOAP.compute([])
    with pytest.raises(ValueError, match="list of systems is empty"):
        SOAP([])


def test_unknown_gradients() -> None:
    with pytest.raises(ValueError, match="'virial'"):
        SOAP.compute(structures.methane(), gradients=["positions", "virial"])


def test_gradients_that_cannot_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jacobian, "available_memory", lambda: 1000)
    with pytest.raises(MemoryError, match=r"positions gradients of SOAP take .* GB"):
        SOAP.compute(structures.methane(), gradients=["positions"])


def test_output_of_another_shape() -> None:
    out = SOAP.compute(structures.methane())
    with pytest.raises(ValueError, match="out="):
        SOAP.compute([structures.methane(), structures.methane()], out=out)
    with pytest.raises(ValueError, match="out= has other keys"):
        SOAP.compute(structures.ethanol(), out=out)
    with pytest.raises(ValueError, match="no positions gradients"):
        SOAP.compute(structures.methane(), gradients=["positions"], out=out)


def test_an_empty_cell_of_the_cutoff() -> None:
    with pytest.raises(ValueError, match="radius"):
        SoapPowerSpectrum(0.0, l_max=2, radial=Gto(3), density=Gaussian(0.4))


def test_systems_without_the_list() -> None:
    with pytest.raises(ValueError, match="neighbor list"):
        SOAP([from_ase(structures.methane())])


def test_a_half_list() -> None:
    system = from_ase(structures.methane())
    options = NeighborListOptions(cutoff=3.5, full_list=False, strict=True)
    NeighborList(options, length_unit="angstrom").add_neighbor_list(system)
    with pytest.raises(ValueError, match="neighbor list"):
        SOAP([system])


def test_a_list_that_forgot_the_positions() -> None:
    """Forces would be zero without a word."""
    (with_list,) = neighbors_added([from_ase(structures.methane())], 3.5)
    block = with_list.get_neighbor_list(neighbor_options(3.5))
    system = System(
        with_list.types, with_list.positions.requires_grad_(), with_list.cell, with_list.pbc
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # metatomic says so too, once a process
        system.add_neighbor_list(neighbor_options(3.5), block.copy())
    with pytest.raises(ValueError, match="require gradients but its neighbor list does not"):
        SOAP([system])


def test_tuples_of_smeared_atoms() -> None:
    with pytest.raises(TypeError, match="tuples are made of points"):
        NeighborTuples(3.5, l_max=2, radial=Gto(3), density=Gaussian(0.4))
    assert NeighborTuples(3.5, l_max=2, radial=Gto(3), density=Dirac()).density.l_max == 2


def test_selected_keys_of_an_expansion_that_do_not_exist() -> None:
    from rhobar.descriptors import SphericalExpansion

    expansion = SphericalExpansion(3.5, l_max=2, radial=Gto(3), density=Gaussian(0.4))
    names = ["o3_lambda", "o3_sigma", "center_type", "neighbor_type"]
    wanted = Labels(names, torch.tensor([[3, 1, 6, 1]], dtype=torch.int32))
    with pytest.raises(ValueError, match=r"no block \[3, 1, 6, 1\]"):
        expansion.compute(structures.methane(), selected_keys=wanted)
