"""The network of distances: its equations written out, batches, and what it refuses."""

from __future__ import annotations

import itertools
import math

import ase
import numpy as np
import pytest
import torch

from rhobar.counterexamples import ThreePlanes
from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
from rhobar.math import Cutoff
from rhobar.models import Composition, DistanceGnn, selected_graphs
from rhobar.systems import from_ase, neighbors_added
from tests import structures

TYPES = [1, 6, 8]
SMALL = {"hidden": 5, "layers": 2, "n_radial": 6, "r_max": 4.0}


def soap(atomic_types: list[int] | None) -> SoapPowerSpectrum:
    cutoff = Cutoff(3.0, width=0.5)
    return SoapPowerSpectrum(
        cutoff,
        l_max=1,
        radial=Gto(2),
        density=Gaussian(0.4, center_weight=0.0),
        atomic_types=atomic_types,
    )


def perceptron(layers: torch.nn.Sequential, x: np.ndarray) -> np.ndarray:
    """Two layers with x / (1 + exp(-x)) between them, by their weights."""
    first, _, second = layers
    x = first.weight.detach().numpy() @ x + first.bias.detach().numpy()
    x = x / (1 + np.exp(-x))
    return second.weight.detach().numpy() @ x + second.bias.detach().numpy()


def written_out(net: DistanceGnn, atoms: ase.Atoms, features: np.ndarray | None = None) -> float:
    """The energy, atom by atom and image by image."""
    n_radial, r_max = 6, 4.0
    gamma = n_radial**2 / (2 * r_max**2)
    numbers = [net.types.tolist().index(number) for number in atoms.numbers]
    hidden = [net.embedding.weight.detach().numpy()[number] for number in numbers]
    if features is not None:
        matrix = net.projection.weight.detach().numpy()
        hidden = [
            h + matrix @ (p / math.sqrt((p**2).mean()))
            for h, p in zip(hidden, features, strict=True)
        ]
    reach = [range(-3, 4) if periodic else range(1) for periodic in atoms.pbc]
    for filters, updates in zip(net.filters, net.updates, strict=True):
        new = []
        for i in range(len(atoms)):
            message = np.zeros(5)
            for j, shift in itertools.product(range(len(atoms)), itertools.product(*reach)):
                r = np.linalg.norm(
                    atoms.positions[j] + shift @ atoms.cell.array - atoms.positions[i]
                )
                if r == 0 or (net.cutoff is not None and r >= net.cutoff):
                    continue
                weight = (
                    1.0 if net.cutoff is None else 0.5 * (1 + math.cos(math.pi * r / net.cutoff))
                )
                places = r_max * np.arange(n_radial) / (n_radial - 1)
                radial = np.exp(-gamma * (r - places) ** 2)
                message += weight * perceptron(filters, radial) * hidden[j]
            new.append(hidden[i] + perceptron(updates, message))
        hidden = new
    return float(sum(perceptron(net.readout, h)[0] for h in hidden))


def energies(net: DistanceGnn, *frames: ase.Atoms) -> np.ndarray:
    return net.compute(frames).block().values[:, 0].numpy()


@pytest.mark.parametrize("cutoff", [None, 2.2])
def test_equations(cutoff: float | None) -> None:
    net = DistanceGnn(TYPES, cutoff=cutoff, **SMALL)
    frame = structures.ethanol()
    assert energies(net, frame)[0] == pytest.approx(written_out(net, frame), rel=1e-13)


def test_equations_with_periodic_images() -> None:
    net = DistanceGnn([11, 17], cutoff=5.0, **SMALL)
    frame = structures.rock_salt()
    assert energies(net, frame)[0] == pytest.approx(written_out(net, frame), rel=1e-13)


def test_equations_with_features() -> None:
    descriptor = soap(TYPES)
    net = DistanceGnn(TYPES, descriptor=descriptor, **SMALL)
    frame = structures.ethanol()
    features = descriptor.compute(frame)
    by_type = features.keys_to_properties(["neighbor_1_type", "neighbor_2_type"])
    rows = np.zeros((len(frame), by_type.block(0).values.shape[1]))
    for block in by_type.blocks():
        rows[block.samples.column("atom").numpy()] = block.values.numpy()
    assert energies(net, frame)[0] == pytest.approx(written_out(net, frame, rows), rel=1e-13)


def test_an_atom_without_features_is_one_that_knows_its_type_alone() -> None:
    lone = structures.isolated("O")
    knowing, blind = (DistanceGnn(TYPES, descriptor=one, **SMALL) for one in (soap(TYPES), None))
    found = knowing.compute(lone, gradients=["positions"]).block()
    assert found.values[0, 0].item() == energies(blind, lone)[0]
    assert found.gradient("positions").values.abs().max() == 0


def test_baseline() -> None:
    net = DistanceGnn(TYPES, cutoff=2.2, **SMALL)
    frames = [structures.methane(), structures.ethanol()]
    before = energies(net, *frames)
    composition = Composition((1, 8), torch.tensor([0.5, 3.0], dtype=torch.float64))
    net.set_baseline(composition, 2.0)
    expected = 2 * before + [4 * 0.5, 6 * 0.5 + 3.0]
    np.testing.assert_allclose(energies(net, *frames), expected, rtol=1e-13)
    with pytest.raises(ValueError, match=r"\[7\] are not among"):
        net.set_baseline(Composition((7,), torch.zeros(1)), 1.0)


def test_members_of_a_pair_have_one_energy_unless_atoms_know_angles() -> None:
    pair = ThreePlanes(symbols=("C", "O", "H")).pair()
    for cutoff in (None, 2.5):
        blind = energies(DistanceGnn(TYPES, cutoff=cutoff), *pair)
        assert abs(blind[1] - blind[0]) < 1e-13 * abs(blind[0])
        seeing = energies(DistanceGnn(TYPES, cutoff=cutoff, descriptor=soap(TYPES)), *pair)
        assert abs(seeing[1] - seeing[0]) > 1e-4 * abs(seeing[0])


def test_some_of_the_graphs() -> None:
    net = DistanceGnn(TYPES, cutoff=2.2, descriptor=soap(TYPES), **SMALL)
    frames = [structures.methane(), structures.isolated("O"), structures.ethanol()]
    systems = [from_ase(frame) for frame in frames]
    for cutoff in (2.2, 3.0):
        neighbors_added(systems, cutoff)
    graphs = net.graphs(systems)
    all_energies = net.energies(graphs)
    for chosen in ([2, 0], [1], [0, 1, 2]):
        found = net.energies(selected_graphs(graphs, torch.tensor(chosen)))
        torch.testing.assert_close(found, all_energies[chosen], rtol=1e-13, atol=0)


def test_seed_decides_and_the_global_generator_stays() -> None:
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first, same, other = (DistanceGnn(TYPES, seed=seed, **SMALL) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first.embedding.weight, same.embedding.weight)
    assert not torch.equal(first.embedding.weight, other.embedding.weight)


def test_long_lists_go_in_chunks() -> None:
    net = DistanceGnn(TYPES, cutoff=2.2, **SMALL)
    frames = [structures.rattled(structures.methane(), amplitude=0.1, seed=k) for k in range(250)]
    block = net.compute(frames, gradients=["positions"]).block()
    assert block.values.shape == (250, 1)
    last = net.compute(frames[-1], gradients=["positions"]).block()
    np.testing.assert_allclose(block.values[-1], last.values[0], rtol=1e-13)
    rows = block.gradient("positions")
    assert rows.samples.values[-1].tolist() == [249, 249, 4]
    np.testing.assert_allclose(rows.values[-5:], last.gradient("positions").values, rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hidden": 0}, "hidden = 0"),
        ({"layers": 0}, "layers = 0"),
        ({"n_radial": 1}, "n_radial = 1"),
        ({"r_max": 0.0}, r"r_max = 0\.0"),
        ({"r_max": math.inf}, "r_max = inf"),
        ({"cutoff": -1.0}, r"cutoff = -1\.0 Å"),
        ({"descriptor": soap([1, 6])}, r"\[1, 6, 8\], and those of its descriptor are \[1, 6\]"),
        ({"descriptor": soap(None)}, "those of its descriptor are None"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_refused_when_made(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DistanceGnn(TYPES, **arguments)


def test_refused_structures() -> None:
    with pytest.raises(ValueError, match="system 0 is periodic and has no end of distances"):
        DistanceGnn([11, 17]).compute(structures.rock_salt())
    net = DistanceGnn(TYPES, cutoff=2.0, **SMALL)
    with pytest.raises(ValueError, match=r"atomic types \[29\] are not among atomic_types=\[1, 6"):
        net.compute(structures.slab())
    with pytest.raises(ValueError, match="the list of frames is empty"):
        net.compute([])
    with pytest.raises(ValueError, match="the list of systems is empty"):
        net([])
    with pytest.raises(ValueError, match=r"\['cell'\] are none of 'positions', 'strain'"):
        net.compute(structures.methane(), gradients=["cell"])
    with pytest.raises(ValueError, match="different dtypes"):
        net(neighbors_added([from_ase(structures.methane(), dtype=torch.float32)], 2.0))
    system = neighbors_added([from_ase(structures.methane())], 2.0)[0]
    system.positions.requires_grad_()
    with pytest.raises(ValueError, match="its neighbor list does not"):
        net([system])
