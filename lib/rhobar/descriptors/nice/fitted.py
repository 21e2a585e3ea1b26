"""Arrays that a fit finds, kept as buffers whatever their shape."""

from typing import Any

import torch
from torch import Tensor


class Fitted(torch.nn.Module):
    """
    A module whose buffers take the shapes of what is loaded: a state needs no fit before it.

    Floating-point buffers keep the dtype of the module.
    """

    @torch.jit.unused
    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *others: Any) -> None:
        for name, buffer in list(self.named_buffers(recurse=False)):
            value = state.get(prefix + name)
            if value is not None and value.shape != buffer.shape:
                self.register_buffer(name, torch.zeros_like(value, dtype=buffer.dtype))
        super()._load_from_state_dict(state, prefix, *others)
        self.refresh()

    @torch.jit.unused
    def refresh(self) -> None:
        """Bring what is made from the buffers up to date."""


class Matrices(Fitted):
    """Matrices of different shapes, in one buffer."""

    values: Tensor
    sizes: Tensor
    shapes: list[list[int]]

    def __init__(self, matrices: list[Tensor]):
        super().__init__()
        flat = [matrix.reshape(-1) for matrix in matrices]
        empty = torch.zeros(0, dtype=torch.float64)
        self.register_buffer("values", torch.cat([empty, *flat]))
        shapes = torch.tensor([list(matrix.shape) for matrix in matrices], dtype=torch.int64)
        self.register_buffer("sizes", shapes.reshape(-1, 2))
        self.refresh()

    @torch.jit.unused
    def refresh(self) -> None:
        """Shapes as numbers, which scripted code reads without a copy to the host."""
        self.shapes = self.sizes.tolist()

    def forward(self) -> list[Tensor]:
        """The matrices, views of the buffer."""
        matrices: list[Tensor] = []
        start = 0
        for shape in self.shapes:
            stop = start + shape[0] * shape[1]
            matrices.append(self.values[start:stop].reshape(shape[0], shape[1]))
            start = stop
        return matrices
