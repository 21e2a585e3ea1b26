"""Pivots of a kernel against what is left by definition."""

from __future__ import annotations

import torch

from rhobar.math import cholesky_pivots


def low_rank() -> torch.Tensor:
    """A kernel of 60 points and rank 8 whose first 20 points are small."""
    features = torch.randn(60, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    features[:20] *= 1e-3
    return features @ features.T


def left(kernel: torch.Tensor, chosen: list[int]) -> torch.Tensor:
    """What the chosen points do not explain, by the definition."""
    if not chosen:
        return kernel.diagonal()
    known = torch.linalg.solve(kernel[chosen][:, chosen], kernel[chosen])
    return (kernel - kernel[:, chosen] @ known).diagonal()


def test_each_pivot_is_where_most_is_left() -> None:
    kernel = low_rank()
    asked: list[int] = []

    def column(point: int) -> torch.Tensor:
        asked.append(point)
        return kernel[:, point]

    chosen = cholesky_pivots(kernel.diagonal(), column, 6, tolerance=1e-10).tolist()
    for n, point in enumerate(chosen):
        assert point == int(left(kernel, chosen[:n]).argmax())
    assert asked == chosen  # no other columns are needed


def test_it_ends_where_nothing_is_left() -> None:
    kernel = low_rank()
    chosen = cholesky_pivots(kernel.diagonal(), lambda i: kernel[i], 60, tolerance=1e-10)
    assert len(chosen) == 8  # the rank
    assert float(left(kernel, chosen.tolist()).max()) < 1e-10
    few = cholesky_pivots(kernel.diagonal(), lambda i: kernel[i], 60, tolerance=1.0)
    assert float(left(kernel, few.tolist()).max()) <= 1.0
    assert float(left(kernel, few[:-1].tolist()).max()) > 1.0
    nothing = kernel[:0, :0]
    assert len(cholesky_pivots(nothing.diagonal(), lambda i: nothing[i], 3, tolerance=0.0)) == 0
