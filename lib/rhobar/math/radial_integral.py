"""Radial half of the expansion of one neighbor's density, without splines."""

import torch
from torch import Tensor

from .atomic_density import AtomicDensity, Dirac, Gaussian
from .radial_basis import RadialBasis, check_radial_arguments
from .widening_gaussian import WideningGaussian


class RadialIntegral(torch.nn.Module):
    r"""
    Overlap of radial functions with the density of an atom at distance r.

    .. math:: I_{nl}(r) = \frac{4\pi}{(\pi s^2)^{3/4}} e^{-r^2/2s^2}
        \int_0^\infty x^2 R_{nl}(x) \, e^{-x^2/2s^2} \, i_l(x r / s^2) \, dx

    for Gaussians of width s and :math:`I_{nl}(r) = R_{nl}(r)` for Dirac densities (for those that
    widen see :class:`WideningGaussian` and the radial basis), such that
    :math:`I_{nl}(r) Y_{lm}(\hat r)` are the coefficients of one neighbor; cutoff function and
    scaling are not part of it. In closed form for Gto, by quadrature for Laplacian eigenstates,
    1e-13 of the largest value. Differentiable twice; calculates in float64 whatever the dtype
    of the module, and returns the dtype of the distances.

    :param radial: the radial basis
    :param density: the density of one atom
    :param cutoff: radius of the environment, Å
    :param l_max: highest angular order, included
    """

    cutoff: float

    def __init__(self, radial: RadialBasis, density: AtomicDensity, *, cutoff: float, l_max: int):
        super().__init__()
        check_radial_arguments(radial, cutoff=cutoff, l_max=l_max)
        self.radial = radial
        self.density = density
        self.cutoff = float(cutoff)
        self.l_max = l_max
        self.n_radial = radial.n_radial
        if isinstance(density, Gaussian):
            self.integrals = radial.gaussian_integrals(density.width, cutoff=cutoff, l_max=l_max)
        elif isinstance(density, Dirac):
            self.integrals = radial.functions(cutoff=cutoff, l_max=l_max)
        elif isinstance(density, WideningGaussian):
            self.integrals = radial.widening_integrals(density, cutoff=cutoff, l_max=l_max)
        else:
            raise TypeError(
                f"RadialIntegral(density={density!r}): give Gaussian(width), Dirac() or "
                "WideningGaussian(width, rate)."
            )

    def forward(self, distances: Tensor) -> Tensor:
        """
        Integrals at ``distances`` ``(pair,)``, Å.

        :returns: ``(pair, l_max + 1, n_radial)``
        """
        integrals: Tensor = self.integrals(distances)
        return integrals

    @torch.jit.unused
    def kink(self) -> float:
        """Distance at which the slope jumps, Å; zero where it nowhere does."""
        return self.density.nearest() if isinstance(self.density, WideningGaussian) else 0.0

    @torch.jit.unused
    def center_values(self) -> Tensor:
        """I_n0(0) ``(n_radial,)``, float64: what the center adds to its own density."""
        with torch.no_grad():
            integrals: Tensor = self.forward(torch.zeros(1, dtype=torch.float64))
        return integrals[0, 0]

    @torch.jit.unused
    def with_derivative(self, distances: Tensor) -> tuple[Tensor, Tensor]:
        """
        Integrals and their derivatives dI_nl/dr, both ``(pair, l_max + 1, n_radial)``.

        Without history for autograd; the derivatives are exact, not differences.
        """
        with torch.enable_grad():
            r = distances.detach().clone().requires_grad_(True)
            values: Tensor = self.forward(r)
            # The gradient of sum(ones * values) is linear in `ones`, whose own gradient is then
            # the derivative of each value with respect to its distance, all of them at once.
            ones = torch.ones_like(values, requires_grad=True)
            (slopes,) = torch.autograd.grad((ones * values).sum(), r, create_graph=True)
            (derivatives,) = torch.autograd.grad(slopes.sum(), ones)
        return values.detach(), derivatives
