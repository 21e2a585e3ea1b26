"""The laws over every model of energies, and the proof that none is left out."""

from __future__ import annotations

import inspect

import pytest

import rhobar.models
from rhobar.descriptors import SoapPowerSpectrum
from rhobar.math import Cutoff, Gaussian, Gto
from rhobar.models import EnergyModel, KernelModel, LinearModel, SparseKernelModel
from tests.laws.energies import EnergyLaws


def soap() -> SoapPowerSpectrum:
    return SoapPowerSpectrum(
        cutoff=Cutoff(3.5, width=0.5),
        l_max=2,
        radial=Gto(3),
        density=Gaussian(0.4),
        atomic_types=[1, 6, 8],
    )


class TestLinearModel(EnergyLaws):
    build = staticmethod(lambda: LinearModel(soap()))
    learns_forces = True


class TestKernelModel(EnergyLaws):
    build = staticmethod(lambda: KernelModel(soap()))
    learns_forces = False


class TestSparseKernelModel(EnergyLaws):
    build = staticmethod(lambda: SparseKernelModel(soap(), n_active=40))
    learns_forces = True


MODELS = [
    name
    for name in rhobar.models.__all__
    if inspect.isclass(getattr(rhobar.models, name))
    and issubclass(getattr(rhobar.models, name), EnergyModel)
    and not inspect.isabstract(getattr(rhobar.models, name))
]


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_its_laws(name: str) -> None:
    suites = [suite for suite in globals().values() if inspect.isclass(suite)]
    built = {type(s.build()) for s in suites if issubclass(s, EnergyLaws) and s is not EnergyLaws}
    assert getattr(rhobar.models, name) in built
