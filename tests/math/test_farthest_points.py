"""Farthest points of a kernel against distances by its features."""

from __future__ import annotations

import torch

from rhobar.math import farthest_points


def test_points_are_those_of_distances_between_features() -> None:
    points = torch.randn(40, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    kernel = points @ points.T
    asked: list[int] = []

    def products(point: int) -> torch.Tensor:
        asked.append(point)
        return kernel[point]

    chosen = farthest_points(kernel.diagonal(), products, 12, tolerance=1e-12).tolist()
    expected = [0]
    while len(expected) < 12:
        expected.append(int(torch.cdist(points, points[expected]).min(dim=1).values.argmax()))
    assert chosen == expected
    assert asked == chosen


def test_points_that_repeat_are_left_out() -> None:
    points = torch.tensor([[0.0, 1.0], [2.0, 0.0], [0.0, 1.0], [2.0, 1e-7]], dtype=torch.float64)
    kernel = points @ points.T
    chosen = farthest_points(kernel.diagonal(), lambda i: kernel[i], 4, tolerance=1e-12)
    assert chosen.tolist() == [0, 1]
    finer = farthest_points(kernel.diagonal(), lambda i: kernel[i], 4, tolerance=1e-15)
    assert finer.tolist() == [0, 1, 3]
    nothing = kernel[:0, :0]
    assert len(farthest_points(nothing.diagonal(), lambda i: nothing[i], 3, tolerance=0.0)) == 0
