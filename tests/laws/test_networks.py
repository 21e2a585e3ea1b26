"""The laws over every network of energies."""

from __future__ import annotations

from rhobar.descriptors import SoapPowerSpectrum
from rhobar.math import Cutoff, Gaussian, Gto
from rhobar.models import DistanceGnn
from tests.laws.networks import NetworkLaws

SMALL = {"cutoff": 3.5, "hidden": 8, "layers": 2, "n_radial": 8}


def with_angles(atomic_types: list[int]) -> DistanceGnn:
    soap = SoapPowerSpectrum(
        cutoff=Cutoff(3.0, width=0.5),
        l_max=1,
        radial=Gto(2),
        density=Gaussian(0.4),
        atomic_types=atomic_types,
    )
    return DistanceGnn(atomic_types, descriptor=soap, **SMALL)


class TestDistanceGnn(NetworkLaws):
    build = staticmethod(lambda atomic_types: DistanceGnn(atomic_types, **SMALL))


class TestDistanceGnnWithAngles(NetworkLaws):
    build = staticmethod(with_angles)
