"""Small metatomic models, good and bad, as files."""

from pathlib import Path
from typing import Dict, List, Optional  # noqa: UP035 - metatomic compares annotations

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import AtomisticModel, ModelCapabilities, ModelMetadata, ModelOutput, System


class PositionEnergy(torch.nn.Module):
    """Sum over atoms of ``scale * x``: neither rotation nor translation leave it as it is."""

    def __init__(self, scale: float, output: str):
        super().__init__()
        self.scale = scale
        self.output = output

    def forward(
        self,
        systems: List[System],  # noqa: UP006
        outputs: Dict[str, ModelOutput],  # noqa: UP006
        selected_atoms: Optional[Labels],  # noqa: UP045
    ) -> Dict[str, TensorMap]:  # noqa: UP006
        energies: List[torch.Tensor] = []  # noqa: UP006
        for system in systems:
            energies.append(self.scale * system.positions[:, 0].sum())  # noqa: PERF401
        samples = torch.arange(len(systems), dtype=torch.int32).reshape(-1, 1)
        no_components: List[Labels] = []  # noqa: UP006
        block = TensorBlock(
            values=torch.stack(energies).reshape(-1, 1),
            samples=Labels(["system"], samples),
            components=no_components,
            properties=Labels(["energy"], torch.zeros(1, 1, dtype=torch.int32)),
        )
        keys = Labels(["_"], torch.zeros(1, 1, dtype=torch.int32))
        return {self.output: TensorMap(keys, [block])}


def save_position_energy(
    path: Path,
    *,
    scale: float = 1.0,
    output: str = "energy",
    unit: str = "eV",
    length_unit: str = "angstrom",
) -> Path:
    """An exported model with one output per system, of C, H, O and B."""
    capabilities = ModelCapabilities(
        outputs={output: ModelOutput(unit=unit, sample_kind="system", explicit_gradients=[])},
        atomic_types=[1, 5, 6, 8],
        interaction_range=0.0,
        length_unit=length_unit,
        supported_devices=["cpu"],
        dtype="float64",
    )
    model = AtomisticModel(
        PositionEnergy(scale, output).eval(), ModelMetadata(name="positions"), capabilities
    )
    model.save(str(path))
    return path
