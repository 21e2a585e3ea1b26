"""What every set of radial functions offers: how many there are, their values, their integrals."""

import abc

import torch
from torch import Tensor

from .widening_gaussian import WideningGaussian


class RadialBasis(abc.ABC):
    r"""
    Orthonormal radial functions :math:`R_{nl}(r)`, the radial half of a basis for densities.

    A basis is described without a cutoff; the modules made here know theirs. Their constants are
    combined with much cancellation: they are plain tensors, not buffers, so that they stay in
    float64 when a model is cast to float32, and follow the device of their input.
    """

    n_radial: int

    @abc.abstractmethod
    def n_per_l(self, l_max: int) -> list[int]:
        """How many functions there are at l = 0 … ``l_max``; never more than ``n_radial``."""

    @abc.abstractmethod
    def functions(self, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """A scriptable module: distances ``(pair,)``, Å, to R_nl ``(pair, l, n)``, Å^(-3/2)."""

    @abc.abstractmethod
    def gaussian_integrals(self, width: float, *, cutoff: float, l_max: int) -> torch.nn.Module:
        """
        The same for overlaps with a Gaussian of ``width`` (Å) at that distance, ``(pair, l, n)``.

        Without unit, as the Gaussian is normalised in the square.
        """

    def widening_integrals(
        self, density: WideningGaussian, *, cutoff: float, l_max: int
    ) -> torch.nn.Module:
        """The same for Gaussians that are wider at larger distances, Å^(-3/2)."""
        del cutoff, l_max
        raise TypeError(
            f"{self!r} has no integrals with {density!r}; take Laplacian(n_radial), or "
            "CompleteBasis.of(density, cutoff=…, l_max=…)."
        )

    def values(self, distances: Tensor, *, cutoff: float, l_max: int) -> Tensor:
        """
        The functions R_nl(r) themselves.

        :param distances: r, ``(pair,)``, Å
        :param cutoff: radius of the environment, Å
        :param l_max: highest angular order, included
        :returns: ``(pair, l_max + 1, n_radial)``, Å^(-3/2); zero where a basis has fewer
            functions at high l
        """
        check_radial_arguments(self, cutoff=cutoff, l_max=l_max)
        module = self.functions(cutoff=cutoff, l_max=l_max)
        result: Tensor = module(distances)
        return result


def check_radial_arguments(basis: RadialBasis, *, cutoff: float, l_max: int) -> None:
    """Refuse a cutoff or an order for which no radial function can be made."""
    received = f"{basis!r} with cutoff={cutoff!r}, l_max={l_max!r}"
    if not 0 < cutoff < float("inf"):
        raise ValueError(f"{received}: the cutoff has to be a finite number above zero, in Å.")
    if not (isinstance(l_max, int) and l_max >= 0):
        raise ValueError(f"{received}: l_max has to be a whole number, at least 0.")


def check_n_radial(name: str, n_radial: int) -> None:
    """Refuse a number of radial functions that is no count."""
    if not (isinstance(n_radial, int) and n_radial >= 1):
        raise ValueError(
            f"{name}(n_radial={n_radial!r}): the number of radial functions has to be a whole "
            "number, at least 1."
        )
