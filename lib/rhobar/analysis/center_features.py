"""The features of one center of each structure, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ase
import torch
from metatensor.torch import Labels


def center_features(
    descriptor: Any, frames: Sequence[ase.Atoms], *, center: int = 0
) -> torch.Tensor:
    """
    Invariants of atom ``center`` of each of ``frames``: all blocks side by side.

    :param descriptor: any with ``compute(frames, selected_samples=...)``, of declared atomic types
    :returns: ``(frame, feature)``, float64; zero where a block lacks the center
    """
    chosen = Labels("atom", torch.tensor([[center]]))
    parts = []
    for block in descriptor.compute(frames, selected_samples=chosen).blocks():
        rows = torch.zeros(len(frames), len(block.properties), dtype=torch.float64)
        systems = block.samples.column("system").long()
        rows[systems] = block.values.double().reshape(len(systems), len(block.properties))
        parts.append(rows)
    return torch.cat(parts, dim=1)
