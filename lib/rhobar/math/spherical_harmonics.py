"""Real spherical harmonics of directions."""

import torch
from sphericart.torch import SphericalHarmonics as SphericartHarmonics
from torch import Tensor


class SphericalHarmonics(torch.nn.Module):
    r"""
    Real orthonormal spherical harmonics :math:`Y_{lm}` at flat index :math:`l^2 + l + m`.

    No sign (Condon-Shortley phase) is left: l = 1 is :math:`\sqrt{3 / 4\pi} \, (y, z, x) / r`. With
    the complex ones, m > 0: :math:`Y^c_{l, \pm m} = (\mp 1)^m (Y_{l,m} \pm i Y_{l,-m}) / \sqrt 2`.
    Bigi, Fraux, Browning, Ceriotti, J. Chem. Phys. 159, 064802 (2023), doi:10.1063/5.0156307.
    The zero vector counts as direction z and has no gradient. Differentiable twice.

    >>> SphericalHarmonics(1)(torch.tensor([[0.0, 3.0, 0.0]]))
    tensor([[0.2821, 0.4886, 0.0000, 0.0000]])

    :param l_max: highest order, included
    """

    def __init__(self, l_max: int):
        super().__init__()
        if not (isinstance(l_max, int) and l_max >= 0):
            raise ValueError(
                f"SphericalHarmonics(l_max={l_max!r}): l_max has to be a whole number, at least 0."
            )
        self.l_max = l_max
        self.harmonics = SphericartHarmonics(l_max)

    def forward(self, vectors: Tensor) -> Tensor:
        """
        Harmonics of the directions of ``vectors`` ``(pair, 3)``; their length does not matter.

        :returns: ``(pair, (l_max + 1)**2)``
        """
        nowhere = (vectors == 0).all(dim=1, keepdim=True)
        z = torch.zeros_like(vectors)
        z[:, 2] = 1.0
        values: Tensor = self.harmonics(torch.where(nowhere, z, vectors))
        return values


def spherical_harmonics(vectors: Tensor, l_max: int) -> Tensor:
    """
    Harmonics ``(pair, (l_max + 1)**2)`` of ``vectors`` ``(pair, 3)``.

    See :class:`SphericalHarmonics`.
    """
    values: Tensor = SphericalHarmonics(l_max)(vectors)
    return values
