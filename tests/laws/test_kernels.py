"""The laws over every similarity kernel, and the proof that none is left out."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest
import torch
from metatensor.torch import TensorMap

import rhobar.kernels
from rhobar.descriptors import SoapPowerSpectrum, by_center_type, normalized
from rhobar.kernels import PolynomialKernel, WignerDensity, WignerKernel
from rhobar.math import Gaussian, Gto
from tests import structures
from tests.laws.geometry import random_rotation, turned

FRAMES = [structures.methane, structures.ethanol, structures.isolated, structures.apart]


def environments(frames: list) -> TensorMap:
    """Normalised SOAP features of every atom, a block for each type of the center."""
    soap = SoapPowerSpectrum(
        cutoff=3.5, l_max=2, radial=Gto(2), density=Gaussian(0.4), atomic_types=[1, 6, 8]
    )
    return normalized(by_center_type(soap.compute(frames)))


class KernelLaws:
    """Symmetry, positivity, invariance, and how structures are made of environments."""

    build: Callable[[], PolynomialKernel | WignerKernel]

    def matrix(self, frames: list, others: list | None = None) -> torch.Tensor:
        kernel = type(self).build()
        if isinstance(kernel, WignerKernel):
            return kernel.matrices(frames, others)[..., 1:].sum(dim=2)
        if others is None:
            return kernel.matrix(environments(frames), n_systems=len(frames))
        return kernel.matrix(
            environments(frames),
            environments(others),
            n_systems=len(frames),
            n_others=len(others),
        )

    def test_symmetric_without_negative_eigenvalues(self) -> None:
        matrix = self.matrix([build() for build in FRAMES])
        torch.testing.assert_close(matrix, matrix.T, rtol=1e-14, atol=0)
        eigenvalues = torch.linalg.eigvalsh(matrix)
        assert eigenvalues.max() > 1
        assert eigenvalues.min() >= -1e-12 * eigenvalues.max()

    def test_both_sides_are_the_same_function(self) -> None:
        frames = [build() for build in FRAMES]
        torch.testing.assert_close(
            self.matrix(frames[:2], frames), self.matrix(frames)[:2], rtol=1e-13, atol=0
        )

    def test_invariance(self) -> None:
        frames = [build() for build in FRAMES]
        moved = [turned(frame, -random_rotation(5)) for frame in frames]
        for frame in moved:
            frame.positions += [0.5, 1.0, -2.0]
        torch.testing.assert_close(self.matrix(moved), self.matrix(frames), rtol=1e-11, atol=0)

    def test_structures_far_apart_add(self) -> None:
        first, second = structures.methane(), structures.ethanol()
        second.positions += [60.0, 0.0, 0.0]
        rows = self.matrix([first, second, first + second], [structures.ethanol()])
        torch.testing.assert_close(rows[0] + rows[1], rows[2], rtol=1e-12, atol=0)


class TestLinearKernel(KernelLaws):
    build = staticmethod(lambda: PolynomialKernel(1))

    def test_equals_the_product_of_features(self) -> None:
        frames = [build() for build in FRAMES]
        expected = np.zeros((len(frames), len(frames)))
        for block in environments(frames).blocks():
            sums = np.zeros((len(frames), len(block.properties)))
            np.add.at(sums, block.samples.column("system").numpy(), block.values.numpy())
            expected += sums @ sums.T
        np.testing.assert_allclose(self.matrix(frames).numpy(), expected, rtol=1e-12)


class TestSquaredKernel(KernelLaws):
    build = staticmethod(lambda: PolynomialKernel(2))

    def test_equals_the_product_of_features(self) -> None:
        """The square of a scalar product is one of all products of two features."""
        frames = [build() for build in FRAMES]
        expected = np.zeros((len(frames), len(frames)))
        for block in environments(frames).blocks():
            values = block.values.numpy()
            products = np.einsum("ip,iq->ipq", values, values).reshape(len(values), -1)
            sums = np.zeros((len(frames), products.shape[1]))
            np.add.at(sums, block.samples.column("system").numpy(), products)
            expected += sums @ sums.T
        np.testing.assert_allclose(self.matrix(frames).numpy(), expected, rtol=1e-12)


class TestWignerKernel(KernelLaws):
    """All orders of correlation together; that ν = 2 is a product of features has its own test."""

    build = staticmethod(
        lambda: WignerKernel(
            WignerDensity(cutoff=3.5, l_max=2, n_radial=4, smearing=0.4, smearing_rate=0.1)
        )
    )


class TestTruncatedWignerKernel(KernelLaws):
    build = staticmethod(
        lambda: WignerKernel(
            WignerDensity(cutoff=3.5, l_max=2, n_radial=4, smearing=0.4, smearing_rate=0.1),
            engine="cg",
            lambda_max=2,
        )
    )


@pytest.mark.parametrize("name", [n for n in rhobar.kernels.__all__ if n.endswith("Kernel")])
def test_every_kernel_has_its_laws(name: str) -> None:
    suites = [suite for suite in globals().values() if inspect.isclass(suite)]
    built = {type(s.build()) for s in suites if issubclass(s, KernelLaws) and s is not KernelLaws}
    assert getattr(rhobar.kernels, name) in built
