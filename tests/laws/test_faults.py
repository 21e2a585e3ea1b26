"""
The laws can fail: each planted fault breaks the law that is about it, and no other of the list.

A law that no fault can break would be worth nothing. The sound descriptor passes all of them.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from metatensor.torch import TensorBlock, TensorMap
from metatomic.torch import System

from rhobar.descriptors import SoapPowerSpectrum
from rhobar.math import Cutoff, Gaussian, Gto
from tests import structures
from tests.laws.case import DOUBLE, RUNS, Case
from tests.laws.test_descriptors import InvariantDescriptorLaws

Factor = Callable[[System], torch.Tensor]  # (atom,)


def soap(width: float = 0.6, **types) -> SoapPowerSpectrum:
    cutoff = Cutoff(3.2, width=width)
    return SoapPowerSpectrum(cutoff, l_max=1, radial=Gto(2), density=Gaussian(0.4), **types)


class Faulty(torch.nn.Module):
    """A sound descriptor whose rows are multiplied by what they must not depend on."""

    def __init__(self, factor: Factor, **types) -> None:
        super().__init__()
        self.inner, self.factor = soap(**types), factor

    def requested_neighbor_lists(self) -> list:
        return self.inner.requested_neighbor_lists()

    def forward(self, systems: list[System]) -> TensorMap:
        return multiplied(self.inner(systems), [self.factor(system) for system in systems])

    def compute(self, *args, **kwargs) -> TensorMap:
        return self.inner.compute(*args, **kwargs)


def multiplied(features: TensorMap, factors: list[torch.Tensor]) -> TensorMap:
    """Each row times the factor of its system and atom."""
    blocks = []
    for block in features.blocks():
        names = block.samples.values.tolist()
        factor = torch.stack([factors[s][a] for s, a in names]) if names else torch.ones(0)
        values = block.values * factor.to(block.values)[:, None]
        blocks.append(TensorBlock(values, block.samples, block.components, block.properties))
    return TensorMap(features.keys, blocks)


def pairs_of(system: System) -> tuple[torch.Tensor, torch.Tensor]:
    """First atom ``(pair,)`` and vector ``(pair, 3)`` of the only neighbor list."""
    (options,) = system.known_neighbor_lists()
    block = system.get_neighbor_list(options)
    return block.samples.column("first_atom").long(), block.values[:, :, 0]


def unspoiled(system: System) -> torch.Tensor:
    """Nothing at all."""
    return torch.ones_like(system.positions[:, 0])


def absolute(system: System) -> torch.Tensor:
    """Where an atom is."""
    return 1 + 0.01 * system.positions[:, 0]


def numbered(system: System) -> torch.Tensor:
    """Which number an atom has."""
    return 1 + 0.01 * torch.arange(len(system.types), dtype=system.positions.dtype)


def per_cell(system: System) -> torch.Tensor:
    """How many atoms the chosen cell holds."""
    return torch.full_like(system.positions[:, 0], 1 + 0.01 * len(system.types))


def oriented(system: System) -> torch.Tensor:
    """How much of the environment lies along z."""
    first, vectors = pairs_of(system)
    along = torch.zeros_like(system.positions[:, 0])
    return 1 + 0.01 * along.index_add(0, first, vectors[:, 2].square().clamp(max=1.0).detach())


def handed(system: System) -> torch.Tensor:
    """A sum of triple products, which changes sign in a mirror."""
    first, vectors = pairs_of(system)
    sums = []
    for power in (0, 1, 2):  # three vectors that turn with the environment
        weights = (vectors.norm(dim=1, keepdim=True) / 3.2).pow(power) * vectors
        sums.append(torch.zeros_like(system.positions).index_add(0, first, weights))
    return 1 + 0.01 * (torch.linalg.cross(sums[0], sums[1]) * sums[2]).sum(-1)


def first_listed(system: System) -> torch.Tensor:
    """The length of the pair that happens to be listed first."""
    _, vectors = pairs_of(system)
    length = vectors[0].norm() if len(vectors) else torch.zeros(())
    return 1 + 0.01 * length.detach() * torch.ones_like(system.positions[:, 0])


def detached(system: System) -> torch.Tensor:
    """The number of neighbors, smoothly, but cut from the graph of autograd."""
    first, vectors = pairs_of(system)
    weights = (1 - vectors.norm(dim=1).detach() / 3.2).square()
    return 1 + 0.1 * torch.zeros_like(system.positions[:, 0]).index_add(0, first, weights)


class BatchFault(Faulty):
    """Rows depend on the place of their system in the batch."""

    def __init__(self, **types) -> None:
        super().__init__(unspoiled, **types)

    def forward(self, systems: list[System]) -> TensorMap:
        factors = [(1 + 0.1 * i) * unspoiled(system) for i, system in enumerate(systems)]
        return multiplied(self.inner(systems), factors)


class HiddenState(Faulty):
    """A number drawn when the module is built, which its state does not hold."""

    drawn = 0

    def __init__(self, **types) -> None:
        HiddenState.drawn += 1
        scale = 1 + 0.01 * HiddenState.drawn
        super().__init__(lambda system: scale * unspoiled(system), **types)


class AnyList(Faulty):
    """Takes a half list for a full one."""

    def __init__(self, **types) -> None:
        super().__init__(unspoiled, **types)

    def forward(self, systems: list[System]) -> TensorMap:
        (wanted,) = self.requested_neighbor_lists()
        relabelled = []
        for system in systems:
            (options,) = system.known_neighbor_lists()
            bare = System(system.types, system.positions, system.cell, system.pbc)
            bare.add_neighbor_list(wanted, system.get_neighbor_list(options))
            relabelled.append(bare)
        return self.inner(relabelled)


class OtherPath(Faulty):
    """A fast path that is a hundred-millionth off."""

    def __init__(self, **types) -> None:
        super().__init__(lambda system: (1 + 1e-8) * unspoiled(system), **types)


class WrongGradients(Faulty):
    """Stored gradients that are a thousandth off."""

    def __init__(self, **types) -> None:
        super().__init__(unspoiled, **types)

    def compute(self, *args, **kwargs) -> TensorMap:
        features = self.inner.compute(*args, **kwargs)
        for block in features.blocks():
            for _, gradient in block.gradients():
                gradient.values[:] *= 1.001
        return features


def spoiled_by(factor: Factor) -> Callable[..., Faulty]:
    """What builds a descriptor with this factor."""
    return lambda **types: Faulty(factor, **types)


# The laws that are tried, each as a call on a prepared suite.
LAWS: dict[str, Callable[[InvariantDescriptorLaws], None]] = {
    "translation": lambda s: s.test_translation(None, structures.methane),
    "permutation": lambda s: s.test_permutation(None, structures.methane),
    "rotation": lambda s: s.test_rotation(None, structures.methane, False),
    "inversion": lambda s: s.test_rotation(None, structures.methane, True),
    "supercell": lambda s: s.test_supercell(None, structures.fcc_one_atom),
    "order of pairs": lambda s: s.test_order_of_pairs(None, structures.methane),
    "half list": lambda s: s.test_half_list_is_refused(None),
    "cutoff": lambda s: s.test_cutoff_is_smooth(None),
    "union": lambda s: s.test_union(None),
    "autograd": lambda s: s.test_autograd_of_positions_and_cell(None),
    "stored gradients": lambda s: s.test_stored_position_gradients(None, structures.methane),
    "state": lambda s: s.test_state(None),
    "compute": lambda s: s.test_compute_equals_forward(None),
}

FAULTS: list[tuple[str, Callable[..., torch.nn.Module], set[str]]] = [
    ("none", soap, set()),
    (
        "absolute position",
        spoiled_by(absolute),
        {"translation", "rotation", "inversion", "supercell", "compute", "cutoff"},
    ),
    ("number of the atom", spoiled_by(numbered), {"permutation", "supercell", "compute"}),
    ("size of the cell", spoiled_by(per_cell), {"supercell", "compute"}),
    ("one axis", spoiled_by(oriented), {"rotation", "inversion", "compute", "autograd"}),
    ("handedness", spoiled_by(handed), {"inversion", "compute"}),
    (
        "order of pairs",
        spoiled_by(first_listed),
        {"order of pairs", "permutation", "compute", "autograd"},
    ),
    ("detached distance", spoiled_by(detached), {"compute", "autograd"}),
    ("place in the batch", BatchFault, {"union", "compute"}),
    ("state that is not saved", HiddenState, {"state", "compute"}),
    ("half list taken for full", AnyList, {"half list"}),
    ("no smooth end", lambda **types: soap(width=0.0, **types), {"cutoff"}),
    ("another fast path", OtherPath, {"compute"}),
    ("wrong stored gradients", WrongGradients, {"stored gradients"}),
]


def broken_laws(build: Callable[..., torch.nn.Module]) -> set[str]:
    """Names of the laws that a module breaks, in double precision on the CPU."""
    suite = InvariantDescriptorLaws()
    suite.case = Case(build, keys=[], properties=[])
    found = set()
    for name, law in LAWS.items():
        suite.prepare(*DOUBLE[0])
        try:
            law(suite)
        # What pytest raises where an expected error stays out is no Exception.
        except (AssertionError, RuntimeError, pytest.fail.Exception):
            found.add(name)
    return found


@pytest.mark.parametrize(
    ("build", "expected"),
    [pytest.param(build, expected, id=name) for name, build, expected in FAULTS],
)
def test_a_fault_breaks_its_law_only(
    build: Callable[..., torch.nn.Module], expected: set[str]
) -> None:
    assert broken_laws(build) == expected


def test_every_law_is_seen_to_fail() -> None:
    assert set(LAWS) == set().union(*(expected for _, _, expected in FAULTS))


def test_output_in_another_dtype_breaks_the_metadata() -> None:
    suite = InvariantDescriptorLaws()
    keys = ["center_type", "neighbor_1_type", "neighbor_2_type"]
    suite.case = Case(soap, keys, properties=["l", "n_1", "n_2"])
    suite.prepare(*next(run for run in RUNS if run[1] == torch.float32))
    suite.test_metadata(None)
    suite.features = lambda *frames: soap().compute(list(frames))  # float64, whatever comes in
    with pytest.raises(AssertionError):
        suite.test_metadata(None)
