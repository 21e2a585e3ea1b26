"""Blocks and their labels."""

from typing import Optional, Union

import torch
from metatensor.torch import Labels, LabelsEntry, TensorBlock, TensorMap


def o3_mu(o3_lambda: int, device: torch.device) -> Labels:
    """Components -λ … λ."""
    values = torch.arange(-o3_lambda, o3_lambda + 1, dtype=torch.int32, device=device)
    return Labels(["o3_mu"], values.unsqueeze(1))


def radial_index(n_radial: int, device: torch.device) -> Labels:
    """Properties n = 0 …; TorchScript cannot save the static method ``Labels.range``."""
    values = torch.arange(n_radial, dtype=torch.int32, device=device)
    return Labels(["n"], values.unsqueeze(1))


def tensor_map(
    names: list[str],
    keys: list[list[int]],
    blocks: list[TensorBlock],
    selected: Optional[Labels],
    device: torch.device,
) -> TensorMap:
    """
    Blocks under their keys; with ``selected``, those alone, in its order.

    :raises ValueError: for a selected key whose block does not exist
    """
    values = torch.tensor(keys, dtype=torch.int32, device=device).reshape(-1, len(names))
    labels = Labels(names, values)
    if selected is None:
        return TensorMap(labels, blocks)
    chosen: list[TensorBlock] = []
    for k in range(len(selected)):
        position = labels.position(selected.entry(k))
        if position is None:
            key: list[int] = selected.values[k].to(torch.int64).tolist()
            raise ValueError(f"selected_keys: there is no block {key} with names {names}.")
        chosen.append(blocks[position])
    return TensorMap(selected, chosen)


def copied_into(out: TensorMap, result: TensorMap) -> TensorMap:
    """
    ``result`` in the memory of ``out``.

    :raises ValueError: where shapes or labels differ
    """
    if out.keys != result.keys:
        raise ValueError(
            f"out= has other keys than the result: {out.keys.print(4)} and {result.keys.print(4)}. "
            "Give the result of a call for frames of the same types, or leave it out."
        )
    for key, block in result.items():
        _copy_block(out.block(key), block, key.print())
    return out


def _copy_block(target: TensorBlock, block: TensorBlock, name: str) -> None:
    if target.values.shape != block.values.shape or target.samples != block.samples:
        raise ValueError(
            f"out= has a block {name} of shape {tuple(target.values.shape)}, the result one of "
            f"{tuple(block.values.shape)}, or other samples. Give the result of a call for frames "
            "with the same neighbors, or leave it out."
        )
    target.values.copy_(block.values)
    for parameter, gradient in block.gradients():
        _copy_block(target.gradient(parameter), gradient, f"{name}, gradient {parameter}")


def without_gradients(block: TensorBlock) -> TensorBlock:
    """The same values in a block of their own, to which gradients can be added."""
    return TensorBlock(block.values, block.samples, block.components, block.properties)


def properties_of(
    properties: Labels, selected: Union[Labels, TensorMap], key: LabelsEntry
) -> torch.Tensor:
    """
    Positions of the selected columns of one block, ``(column,)``.

    :param selected: for all blocks, or a block of its own for each key
    :raises ValueError: for columns that the block does not have, where they are named for it
    """
    if not hasattr(selected, "keys"):  # metatensor's scripted classes know no isinstance
        return properties.select(selected).to(torch.int64)
    position = selected.keys.position(key)
    if position is None:
        return torch.zeros(0, dtype=torch.int64)
    wanted = selected.block(position).properties
    found = [properties.position(entry) for entry in wanted]
    if None in found:
        missing = wanted.entry(found.index(None)).print()
        raise ValueError(f"selected_properties: the block {key.print()} has no column {missing}.")
    return torch.tensor(found, dtype=torch.int64)


def with_columns(block: TensorBlock, columns: torch.Tensor) -> TensorBlock:
    """The chosen ``columns`` of a block and of its gradients."""
    properties = Labels(block.properties.names, block.properties.values[columns])
    result = TensorBlock(block.values[..., columns], block.samples, block.components, properties)
    for parameter, gradient in block.gradients():
        values = gradient.values[..., columns]
        result.add_gradient(
            parameter, TensorBlock(values, gradient.samples, gradient.components, properties)
        )
    return result
