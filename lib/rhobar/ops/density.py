"""Density coefficients from pairs: the readable reference."""

import torch
from torch import Tensor

from .neighborhoods import Neighborhoods


def density_coefficients(
    neighborhoods: Neighborhoods, radial: Tensor, harmonics: Tensor, self_values: Tensor
) -> Tensor:
    r"""
    Expand the neighbor density of each run.

    .. math:: c_{nlm} = \sum_j F(r_{ji}) I_{nl}(r_{ji}) Y_{lm}(\hat r_{ji})
              + \delta_{l0}\, w_0 F(0) I_{n0}(0) / \sqrt{4\pi}

    where the second term is the center itself, in the run of its own type. Cost and memory are
    ``pair * (l_max + 1)**2 * n``.

    :param radial: ``(pair, l, n)``, :math:`F(r) I_{nl}(r)`
    :param harmonics: ``(pair, (l_max + 1)**2)``, flat index ``l*l + l + m``
    :param self_values: ``(n,)``, what a center adds to its own run
    :returns: ``(run, (l_max + 1)**2, n)``
    """
    n_runs = neighborhoods.run_channel.shape[0]
    sizes = neighborhoods.run_ptr[1:] - neighborhoods.run_ptr[:-1]
    pair_run = torch.repeat_interleave(torch.arange(n_runs, device=sizes.device), sizes)
    per_l: list[Tensor] = []
    for l in range(radial.shape[1]):
        y = harmonics[:, l * l : (l + 1) * (l + 1)]  # (pair, m)
        products = y.unsqueeze(2) * radial[:, l].unsqueeze(1)  # (pair, m, n)
        runs = torch.zeros(
            n_runs, y.shape[1], radial.shape[2], dtype=radial.dtype, device=radial.device
        )
        runs = runs.index_add(0, pair_run, products)
        if l == 0:
            center = neighborhoods.run_self.to(radial.dtype).unsqueeze(1) * self_values
            runs = runs + center.unsqueeze(1)
        per_l.append(runs)
    return torch.cat(per_l, dim=1)
