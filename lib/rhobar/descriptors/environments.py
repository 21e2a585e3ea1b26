"""Invariant features as one row per environment, in one block per type of the center."""

from __future__ import annotations

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap


def by_center_type(features: TensorMap) -> TensorMap:
    """
    One dense block for each center type: every other key becomes part of the properties.

    Rows that a block lacks, because the center has no neighbors of its types, are zero. Gradients
    go along; autograd passes through.

    :param features: invariants with a key ``center_type``, e.g. of ``SoapPowerSpectrum``
    :return: key ``center_type``, samples ``system, atom``; properties: the other keys, then those
        of ``features``
    :raises ValueError: if there is no such key, or a block has components, as those of a
        spherical expansion, whose rows turn with the structure
    """
    names = features.keys.names
    if "center_type" not in names:
        raise ValueError(f"by_center_type: no key 'center_type' in {names}.")
    for key, block in features.items():
        if block.components:
            raise ValueError(
                f"by_center_type: the block {key.print()} has components "
                f"{[labels.names for labels in block.components]}, so its values turn with the "
                "structure; give invariants, such as the features of SoapPowerSpectrum."
            )
    others = [name for name in names if name != "center_type"]
    return features.keys_to_properties(others) if others else features


def by_order(features: TensorMap) -> dict[int, TensorMap]:
    """
    The blocks of each order of correlation by themselves; gradients and autograd go along.

    :param features: with a key ``nu``, e.g. of ``Nice``
    :return: by ν, increasing: the other keys
    :raises ValueError: if there is no key ``nu`` beside others
    """
    names = [name for name in features.keys.names if name != "nu"]
    if "nu" not in features.keys.names or not names:
        raise ValueError(f"by_order: no key 'nu' beside others in {features.keys.names}.")
    others = torch.stack([features.keys.column(name) for name in names], dim=1)
    orders: dict[int, TensorMap] = {}
    for nu in sorted(set(features.keys.column("nu").tolist())):
        keys = others[features.keys.column("nu") == nu]
        blocks = [block.copy() for key, block in features.items() if int(key["nu"]) == nu]
        orders[nu] = TensorMap(Labels(names, keys), blocks)
    return orders


def normalized(features: TensorMap) -> TensorMap:
    r"""
    Rows scaled to unit length, with their gradients; rows of zeros stay zero.

    .. math:: \hat p = p / |p|, \qquad
              \partial \hat p = (\partial p - \hat p\, (\hat p \cdot \partial p)) / |p|

    The length is that of a row of one block, so give :func:`by_center_type` blocks, which hold
    all features of a center.
    """
    return TensorMap(features.keys, [_normalized_block(block) for block in features.blocks()])


def _normalized_block(block: TensorBlock) -> TensorBlock:
    squares = block.values.square().sum(dim=-1, keepdim=True)
    # where comes before the root, whose derivative at zero is infinite
    scale = torch.where(squares > 0, squares, torch.ones_like(squares)).rsqrt()
    values = block.values * scale
    result = TensorBlock(
        values=values,
        samples=block.samples,
        components=block.components,
        properties=block.properties,
    )
    for name, gradient in block.gradients():
        rows = gradient.samples.column("sample").to(torch.int64)
        shape = (len(rows), *([1] * len(gradient.components)), -1)
        direction = values[rows].reshape(shape)
        along = (direction * gradient.values).sum(dim=-1, keepdim=True)
        result.add_gradient(
            name,
            TensorBlock(
                values=(gradient.values - direction * along) * scale[rows].reshape(shape),
                samples=gradient.samples,
                components=gradient.components,
                properties=block.properties,
            ),
        )
    return result
