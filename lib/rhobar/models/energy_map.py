"""Energies of networks with their labels and gradients."""

from collections.abc import Iterator, Sequence

import ase
import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import System
from torch import Tensor

from rhobar.systems import from_ase, neighbors_added

_ATOMS_PER_CHUNK = 1000  # some 100 MB of messages of a few dozen neighbors


def energy_map(energies: Tensor) -> TensorMap:
    """One block of energies ``(system,)``: key ``_``, samples ``system``, property ``energy``."""
    zero = torch.zeros([1, 1], dtype=torch.int32, device=energies.device)
    return TensorMap(Labels(["_"], zero), [_energy_block(energies)])


def computed_energies(
    model: torch.nn.Module, frames: ase.Atoms | Sequence[ase.Atoms], gradients: Sequence[str] = ()
) -> TensorMap:
    r"""
    Energies of ``frames`` on the CPU, without autograd history, a bounded number at a time.

    :param model: of systems, giving :func:`energy_map`; asks for full lists only
    :param gradients: any of ``positions`` (sample, system, atom; xyz) and ``strain`` (sample;
        xyz_2, xyz_1), the derivatives with respect to ε in :math:`r \to r (1 + \varepsilon)`
    :raises ValueError: for an unknown kind of gradient, or no frames
    """
    frames = [frames] if isinstance(frames, ase.Atoms) else list(frames)
    unknown = sorted(set(gradients) - {"positions", "strain"})
    if unknown:
        raise ValueError(
            f"gradients={list(gradients)!r}: {unknown} are none of 'positions', 'strain'."
        )
    if not frames:
        raise ValueError("the list of frames is empty; give at least one.")
    parts = [_differentiated(model, chunk, gradients) for chunk in _chunks(frames)]
    block = _energy_block(torch.cat([energies for energies, _, _ in parts]))
    if "positions" in gradients:
        rows = torch.cat([row for _, row, _ in parts])
        sizes = torch.tensor([len(frame) for frame in frames])
        system = torch.repeat_interleave(torch.arange(len(frames)), sizes)
        atom = torch.cat([torch.arange(len(frame)) for frame in frames])
        samples = Labels(
            ["sample", "system", "atom"], torch.stack([system, system, atom], 1).to(torch.int32)
        )
        block.add_gradient("positions", _gradient(block, samples, rows, ["xyz"]))
    if "strain" in gradients:
        samples = Labels(["sample"], block.samples.values)
        rows = torch.cat([row for _, _, row in parts])
        block.add_gradient("strain", _gradient(block, samples, rows, ["xyz_2", "xyz_1"]))
    return TensorMap(Labels(["_"], torch.zeros(1, 1, dtype=torch.int32)), [block])


def _energy_block(energies: Tensor) -> TensorBlock:
    device = energies.device
    numbers = torch.arange(energies.shape[0], dtype=torch.int32, device=device)
    no_components: list[Labels] = []
    return TensorBlock(
        values=energies.unsqueeze(1),
        samples=Labels(["system"], numbers.unsqueeze(1)),
        components=no_components,
        properties=Labels(["energy"], torch.zeros([1, 1], dtype=torch.int32, device=device)),
    )


def _differentiated(
    model: torch.nn.Module, frames: list[ase.Atoms], gradients: Sequence[str]
) -> tuple[Tensor, Tensor, Tensor]:
    """Energies ``(system,)``, their gradients ``(atom, 3)`` and ``(system, 3, 3)``; or zeros."""
    weights = next(model.parameters())
    systems = [from_ase(frame, dtype=weights.dtype, device=weights.device) for frame in frames]
    strains = [torch.eye(3).to(weights).requires_grad_() for _ in systems]
    if gradients:
        for system in systems:
            system.positions.requires_grad_()
    positions = [system.positions for system in systems]
    if "strain" in gradients:
        systems = [_strained(*pair) for pair in zip(systems, strains, strict=True)]
    lists = model.requested_neighbor_lists()  # type: ignore[operator]
    for cutoff in {options.cutoff for options in lists}:
        neighbors_added(systems, cutoff)
    with torch.set_grad_enabled(bool(gradients)):
        energies = model(systems).block().values[:, 0]
    inputs = [*positions, *strains]
    slopes = [torch.zeros_like(one) for one in inputs]
    if gradients and energies.requires_grad:
        slopes = list(torch.autograd.grad(energies.sum(), inputs, materialize_grads=True))
    rows = torch.cat(slopes[: len(systems)])
    return energies.detach().cpu(), rows.cpu(), torch.stack(slopes[len(systems) :]).cpu()


def _strained(system: System, matrix: Tensor) -> System:
    """The system with positions and cell multiplied from the right by ``matrix``."""
    return System(system.types, system.positions @ matrix, system.cell @ matrix, system.pbc)


def _gradient(block: TensorBlock, samples: Labels, rows: Tensor, names: list[str]) -> TensorBlock:
    return TensorBlock(
        values=rows.unsqueeze(-1),
        samples=samples,
        components=[Labels.range(name, 3) for name in names],
        properties=block.properties,
    )


def _chunks(frames: list[ase.Atoms]) -> Iterator[list[ase.Atoms]]:
    chunk: list[ase.Atoms] = []
    for frame in frames:
        if chunk and sum(map(len, chunk)) + len(frame) > _ATOMS_PER_CHUNK:
            yield chunk
            chunk = []
        chunk.append(frame)
    yield chunk
