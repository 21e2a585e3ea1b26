"""A few features, or a few environments, that stand for all of them."""

from __future__ import annotations

import logging
from typing import Literal

import numpy as np
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap

from rhobar.math import farthest_points

_LOG = logging.getLogger(__name__)

# Squared distance relative to the largest squared length: below it two points are the same.
_SAME_POINT = 1e-14

Method = Literal["fps", "cur"]


def select_properties(
    features: TensorMap, n_properties: int, *, method: Method = "fps"
) -> TensorMap:
    """
    The most diverse features of each block, in order of choice.

    ``"fps"`` takes the farthest point from those taken, first the first; ``"cur"`` the largest
    leverage in the leading singular vector, orthogonalising the rest after each choice (Imbalzano
    et al., J. Chem. Phys. 148, 241730 (2018), doi:10.1063/1.5024611), by scikit-matter. The result
    is what ``selected_properties=`` of a descriptor takes to compute these features only.

    :param n_properties: features to keep in each block; blocks that have fewer linearly
        independent (``"cur"``) or distinct (``"fps"``) ones keep those
    :return: ``features`` with fewer properties, gradients included
    :raises ValueError: for an unknown method or less than one feature
    """
    _check(n_properties, method, "select_properties: n_properties")
    blocks = []
    for block in features.blocks():
        matrix = block.values.detach().movedim(-1, 0).flatten(1)
        chosen = _select(matrix, n_properties, method)
        blocks.append(_with_properties(block, chosen))
    return TensorMap(features.keys, blocks)


def select_samples(features: TensorMap, n_samples: int, *, method: Method = "fps") -> TensorMap:
    """
    The most diverse environments of each block, in order of choice.

    Methods as in :func:`select_properties`, applied to rows. Distances are those of the rows as
    they are; normalise them first where a model does.

    :param n_samples: rows to keep in each block; blocks that have fewer linearly independent
        (``"cur"``) or distinct (``"fps"``) ones keep those
    :return: ``features`` with fewer samples, gradients included
    :raises ValueError: for an unknown method or less than one sample
    """
    _check(n_samples, method, "select_samples: n_samples")
    blocks = []
    for block in features.blocks():
        matrix = block.values.detach().flatten(1)
        blocks.append(_with_samples(block, _select(matrix, n_samples, method)))
    return TensorMap(features.keys, blocks)


def _check(n_selected: int, method: str, argument: str) -> None:
    if n_selected < 1:
        raise ValueError(f"{argument} must be at least 1, got {n_selected}.")
    if method not in ("fps", "cur"):
        raise ValueError(f"method must be 'fps' or 'cur', got {method!r}.")


def _select(points: torch.Tensor, n_selected: int, method: Method) -> torch.Tensor:
    """Indices of at most ``n_selected`` rows of ``points`` ``(point, coordinate)``."""
    matrix = points.to(device="cpu", dtype=torch.float64)
    if method == "fps":
        chosen = _farthest(matrix, n_selected)
    else:
        chosen = _leverage(matrix, n_selected)
    if len(chosen) < n_selected:
        _LOG.info("%s: kept %d of %d asked for", method, len(chosen), n_selected)
    return chosen


def _farthest(matrix: torch.Tensor, n_selected: int) -> torch.Tensor:
    """Farthest point sampling of rows, from row 0, until points repeat."""
    squares = matrix.square().sum(dim=1)
    tolerance = _SAME_POINT * float(squares.max()) if len(squares) else 0.0
    return farthest_points(
        squares, lambda row: matrix @ matrix[row], n_selected, tolerance=tolerance
    )


def _leverage(matrix: torch.Tensor, n_selected: int) -> torch.Tensor:
    """CUR selection of rows, of one where there is nothing to choose by."""
    if len(matrix) < 2 or matrix.shape[1] == 0:
        return torch.arange(min(1, len(matrix)))
    n_selected = min(n_selected, int(torch.linalg.matrix_rank(matrix)))
    if n_selected == 0:
        return torch.arange(0)
    if matrix.shape[1] == 1:
        return matrix.abs().argmax(dim=0)
    from skmatter.sample_selection import CUR

    chosen = CUR(n_to_select=n_selected).fit((matrix / matrix.abs().max()).numpy()).selected_idx_
    return torch.from_numpy(np.ascontiguousarray(chosen, dtype=np.int64))


def _with_properties(block: TensorBlock, chosen: torch.Tensor) -> TensorBlock:
    """``block`` with the chosen columns."""
    chosen = chosen.to(block.values.device)
    properties = _rows(block.properties, chosen)
    result = TensorBlock(
        values=block.values[..., chosen],
        samples=block.samples,
        components=block.components,
        properties=properties,
    )
    for name, gradient in block.gradients():
        result.add_gradient(name, _with_properties(gradient, chosen))
    return result


def _with_samples(block: TensorBlock, chosen: torch.Tensor) -> TensorBlock:
    """``block`` with the chosen rows, and the rows of gradients that belong to them."""
    chosen = chosen.to(block.values.device)
    result = TensorBlock(
        values=block.values[chosen],
        samples=_rows(block.samples, chosen),
        components=block.components,
        properties=block.properties,
    )
    new_row = torch.full((len(block.samples),), -1, device=chosen.device)
    new_row[chosen] = torch.arange(len(chosen), device=chosen.device)
    for name, gradient in block.gradients():
        row = new_row[gradient.samples.column("sample").long()]
        kept = torch.nonzero(row >= 0)[:, 0]
        kept = kept[torch.argsort(row[kept], stable=True)]
        labels = gradient.samples.values[kept].clone()
        labels[:, 0] = row[kept]
        result.add_gradient(
            name,
            TensorBlock(
                values=gradient.values[kept],
                samples=Labels(gradient.samples.names, labels),
                components=gradient.components,
                properties=gradient.properties,
            ),
        )
    return result


def _rows(labels: Labels, chosen: torch.Tensor) -> Labels:
    return Labels(labels.names, labels.values[chosen])
