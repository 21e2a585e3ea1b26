"""The laws over every descriptor, and the proof that none is left out."""

from __future__ import annotations

import inspect

import pytest

import rhobar.descriptors
from rhobar.descriptors import (
    Bispectrum,
    DensityCorrelations,
    LambdaSoap,
    NeighborTuples,
    Pairs,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    SphericalExpansion,
    Triplets,
)
from rhobar.math import Cutoff, Dirac, Gaussian, Gto, Laplacian, WideningGaussian, Willatt
from tests import structures
from tests.laws.case import Case, Laws, in_double
from tests.laws.contract import ContractLaws
from tests.laws.fitted_nice import small_nice, training_frames, unfitted_nice
from tests.laws.geometry import EquivariantLaws, InvariantLaws
from tests.laws.gradients import GradientLaws, InvariantGradientLaws
from tests.laws.rows import assert_same
from tests.laws.tuples import TupleLaws

CUTOFF = Cutoff(3.2, width=0.6)
SMEARED = Gaussian(0.4, center_weight=0.7, scaling=Willatt(scale=2.0, rate=1.5, exponent=3.0))
ALL_TYPES = [1, 6, 7, 8, 11, 13, 17, 29]
TUPLE_KEYS = ["o3_lambda", "o3_sigma", "center_type"]
SHIFTS = ["cell_shift_a", "cell_shift_b", "cell_shift_c"]
PAIR_KEYS = ["center_type", "neighbor_1_type", "neighbor_2_type"]


class InvariantDescriptorLaws(InvariantLaws, InvariantGradientLaws, ContractLaws):
    """All that an invariant descriptor obeys."""


class EquivariantDescriptorLaws(EquivariantLaws, GradientLaws, ContractLaws):
    """All that an equivariant descriptor obeys."""


class TestSphericalExpansion(EquivariantDescriptorLaws):
    case = Case(
        lambda **types: SphericalExpansion(
            cutoff=CUTOFF, l_max=2, radial=Gto(2), density=SMEARED, **types
        ),
        keys=["o3_lambda", "o3_sigma", "center_type", "neighbor_type"],
        components=["o3_mu"],
        properties=["n"],
    )


class TestExpansionOfWideningGaussians(GradientLaws):
    """Only the radial functions are others, so that gradients are what is at stake."""

    case = Case(
        lambda **types: SphericalExpansion(
            cutoff=CUTOFF,
            l_max=1,
            radial=Laplacian(2),
            density=WideningGaussian(0.5, 0.2),
            **types,
        ),
        keys=["o3_lambda", "o3_sigma", "center_type", "neighbor_type"],
        components=["o3_mu"],
        properties=["n"],
    )


class TestSoapRadialSpectrum(InvariantDescriptorLaws):
    case = Case(
        lambda **types: SoapRadialSpectrum(cutoff=CUTOFF, radial=Gto(3), density=SMEARED, **types),
        keys=["center_type", "neighbor_type"],
        properties=["n"],
    )


class TestSoapPowerSpectrum(InvariantDescriptorLaws):
    case = Case(
        lambda **types: SoapPowerSpectrum(
            cutoff=CUTOFF, l_max=2, radial=Gto(2), density=SMEARED, **types
        ),
        keys=PAIR_KEYS,
        properties=["l", "n_1", "n_2"],
    )


class TestSoapOfSharpDensity(InvariantDescriptorLaws):
    """Dirac density and an energy-truncated basis: fewer radial functions at higher l."""

    case = Case(
        lambda **types: SoapPowerSpectrum(
            cutoff=CUTOFF,
            l_max=3,
            radial=Laplacian(3, energy_truncated=True),
            density=Dirac(),
            **types,
        ),
        keys=PAIR_KEYS,
        properties=["l", "n_1", "n_2"],
    )


class TestLambdaSoap(EquivariantDescriptorLaws):
    case = Case(
        lambda **types: LambdaSoap(cutoff=CUTOFF, l_max=1, radial=Gto(2), density=SMEARED, **types),
        keys=["o3_lambda", "o3_sigma", "center_type"],
        components=["o3_mu"],
        properties=["l_1", "l_2", "neighbor_1_type", "n_1", "neighbor_2_type", "n_2"],
    )


class TestDensityCorrelations(EquivariantDescriptorLaws):
    case = Case(
        lambda **types: DensityCorrelations(
            cutoff=CUTOFF,
            nu=3,
            l_max=1,
            o3_lambda_max=1,
            radial=Gto(2),
            density=SMEARED,
            **types,
        ),
        keys=["o3_lambda", "o3_sigma", "center_type"],
        components=["o3_mu"],
        properties=[
            *["l_1", "l_2", "k_2", "l_3"],
            *["neighbor_1_type", "n_1", "neighbor_2_type", "n_2", "neighbor_3_type", "n_3"],
        ],
    )


class TestBispectrum(InvariantDescriptorLaws):
    case = Case(
        lambda **types: Bispectrum(cutoff=CUTOFF, l_max=1, radial=Gto(2), density=SMEARED, **types),
        keys=["center_type"],
        properties=[
            *["l_1", "l_2", "l_3"],
            *["neighbor_1_type", "n_1", "neighbor_2_type", "n_2", "neighbor_3_type", "n_3"],
        ],
    )


class TestNice(InvariantDescriptorLaws):
    case = Case(small_nice, keys=["nu", "center_type"], properties=["component"])

    @in_double
    def test_declared_types_change_no_number(self, run) -> None:
        """The fit decides about numbers: they are equal where it saw the same frames."""
        expected = self.rows(structures.ethanol())
        self.model = unfitted_nice([29, 17, 13, 11, 8, 7, 6, 1]).fit(training_frames())
        assert_same(self.rows(structures.ethanol()), expected, self.tolerance)


class TestNeighborTuples(InvariantDescriptorLaws):
    case = Case(
        lambda **types: NeighborTuples(cutoff=CUTOFF, l_max=2, radial=Laplacian(2), **types),
        keys=PAIR_KEYS,
        properties=["l", "n_1", "n_2"],
    )


class TupleDescriptorLaws(TupleLaws, InvariantGradientLaws, ContractLaws):
    """All that invariants of tuples of neighbors obey."""

    @in_double
    def test_declared_types_change_no_number(self, run) -> None:
        """Their order does not; their number changes the weights of a contraction."""
        expected = self.rows(structures.ethanol())
        self.model = self.case.build(atomic_types=ALL_TYPES[::-1]).to(dtype=self.dtype)
        assert_same(self.rows(structures.ethanol()), expected, self.tolerance)


class TestPairs(TupleDescriptorLaws):
    case = Case(
        lambda atomic_types=ALL_TYPES: Pairs(
            cutoff=CUTOFF,
            nu=1,
            nu_neighbor=1,
            l_max=1,
            radial=Gto(2),
            density=SMEARED,
            channels=2,
            atomic_types=atomic_types,
        ),
        keys=TUPLE_KEYS,
        components=["o3_mu"],
        properties=["l_1", "l_2", "l_3", "channel"],
        samples=["system", "first_atom", "second_atom", *SHIFTS],
    )

    def test_lone_atoms(self, run) -> None:
        """Without neighbors there is no pair."""
        assert {sample for _, sample in self.rows(structures.isolated(), structures.apart())} == {
            (1, 0, 1, 0, 0, 0),
            (1, 1, 0, 0, 0, 0),
        }


class TestTriplets(TupleDescriptorLaws):
    case = Case(
        lambda atomic_types=ALL_TYPES: Triplets(
            cutoff=CUTOFF,
            l_max=2,
            radial=Gto(2),
            density=SMEARED,
            channels=2,
            include_self=True,
            atomic_types=atomic_types,
        ),
        keys=TUPLE_KEYS,
        components=["o3_mu"],
        properties=["l_1", "l_2", "l_3", "channel"],
        samples=[
            *["system", "first_atom", "second_atom", "third_atom"],
            *["cell_shift_2_a", "cell_shift_2_b", "cell_shift_2_c"],
            *["cell_shift_3_a", "cell_shift_3_b", "cell_shift_3_c"],
        ],
    )


PUBLIC = [
    name
    for name in rhobar.descriptors.__all__
    if hasattr(getattr(rhobar.descriptors, name), "requested_neighbor_lists")
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_descriptor_has_a_case(name: str) -> None:
    suites = [suite for suite in globals().values() if inspect.isclass(suite)]
    cases = [suite.case for suite in suites if issubclass(suite, Laws) and hasattr(suite, "case")]
    assert getattr(rhobar.descriptors, name) in {type(case.build()) for case in cases}
