"""Products of two densities summed over directions: the readable reference."""

import torch
from torch import Tensor


def power_spectrum(first: Tensor, second: Tensor, l_max: int) -> Tensor:
    r"""
    Couple two densities of each center to scalars.

    .. math:: p_{l n_1 n_2} = \frac{(-1)^l}{\sqrt{2l + 1}} \sum_m c_{n_1 l m} c'_{n_2 l m}

    The prefactor is the Clebsch-Gordan coefficient of (l, l) to 0. Cost is
    ``row * (l_max + 1)**2 * n**2``.

    :param first: ``(row, (l_max + 1)**2, n)``
    :param second: ``(row, (l_max + 1)**2, n)``
    :returns: ``(row, l_max + 1, n, n)``
    """
    per_l: list[Tensor] = []
    for l in range(l_max + 1):
        m = slice(l * l, (l + 1) * (l + 1))
        prefactor = (1 - 2 * (l % 2)) / (2 * l + 1) ** 0.5
        per_l.append(prefactor * torch.matmul(first[:, m].transpose(1, 2), second[:, m]))
    return torch.stack(per_l, dim=1)


def selected_power_spectrum(
    first: Tensor,
    second: Tensor,
    l: Tensor,
    n_1: Tensor,
    n_2: Tensor,
) -> Tensor:
    """
    Entries ``(l, n_1, n_2)`` of :func:`power_spectrum` alone, without computing the others.

    :param first: ``(row, (l_max + 1)**2, n)``
    :param second: ``(row, (l_max + 1)**2, n)``
    :param l: ``(entry,)`` int64, like ``n_1`` and ``n_2``
    :returns: ``(row, entry)``
    """
    result = torch.zeros(first.shape[0], l.shape[0], dtype=first.dtype, device=first.device)
    for order in torch.unique(l).tolist():
        entries = torch.where(l == order)[0]
        m = slice(int(order * order), int((order + 1) * (order + 1)))
        prefactor = (1 - 2 * (order % 2)) / (2 * order + 1) ** 0.5
        left = first[:, m].index_select(2, n_1[entries])  # (row, m, entry)
        right = second[:, m].index_select(2, n_2[entries])
        result = result.index_copy(1, entries, prefactor * (left * right).sum(1))
    return result
