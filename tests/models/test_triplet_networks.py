"""Networks on invariants of structures and of triplets: layers, sums, what each can tell apart."""

from __future__ import annotations

import ase
import numpy as np
import pytest
import torch
from metatensor.torch import Labels

from rhobar.analysis import pair_errors
from rhobar.counterexamples import sample_boron8
from rhobar.descriptors import Cutoff, DensityCorrelations, Gaussian, Gto, Triplets
from rhobar.models import PrincipalComponents, SingleEnergy, TripletEncoderDecoder, TripletEnergy
from rhobar.training import PairLoss, TrainingHypers, train

N_PAIRS = 12


@pytest.fixture(scope="module")
def pairs() -> list[ase.Atoms]:
    """Clusters whose first atoms have equal correlations of three neighbors, two by two."""
    positions = sample_boron8(np.random.default_rng(0), N_PAIRS).reshape(-1, 8, 3)
    return [ase.Atoms("B8", positions=places) for places in positions]


@pytest.fixture(scope="module")
def correlations(pairs: list[ase.Atoms]) -> torch.Tensor:
    """Invariants of three neighbors of the first atoms, both parities."""
    made = DensityCorrelations(nu=3, **basis()).compute(pairs, selected_samples=first_atoms())
    groups = [block.values[:, 0].numpy() for block in made.blocks()]
    return torch.from_numpy(PrincipalComponents.fit(groups, 2 * N_PAIRS)(groups))


@pytest.fixture(scope="module")
def triplets(pairs: list[ase.Atoms]) -> torch.Tensor:
    """``(structure, triplet, feature)``"""
    made = Triplets(**basis()).compute(pairs, selected_samples=first_atoms())
    groups = [block.values[:, 0].numpy() for block in made.blocks()]
    rows = PrincipalComponents.fit(groups, 40)(groups)
    return torch.from_numpy(rows.reshape(len(pairs), 49, -1))


def basis() -> dict:
    return {
        "cutoff": Cutoff(2.0, width=0.1),
        "l_max": 3,
        "radial": Gto(2),
        "density": Gaussian(0.2, center_weight=0.0),
    }


def first_atoms() -> Labels:
    return Labels(["atom"], torch.tensor([[0]]))


def energies(seed: int = 5) -> torch.Tensor:
    """Targets that differ within pairs; which ones does not matter."""
    return torch.randn(2 * N_PAIRS, generator=torch.Generator().manual_seed(seed)).double()


def trained(model: torch.nn.Module, features: torch.Tensor, n_epochs: int) -> np.ndarray:
    """Predictions after training on all pairs."""
    loss = PairLoss(features, energies(), difference_weight=1.0)
    train(model, loss, loss.n_pairs, TrainingHypers(n_epochs=n_epochs, learning_rate=3e-3))
    with torch.no_grad():
        return model(features).numpy()


@pytest.mark.parametrize("linear", [True, False])
def test_correlations_of_three_neighbors_cannot_tell_the_members_apart(
    correlations: torch.Tensor, linear: bool
) -> None:
    torch.manual_seed(0)
    model = SingleEnergy(correlations.shape[1], linear=linear, width=16).double()
    found = pair_errors(trained(model, correlations, 200), energies())
    assert found.delta_relative == pytest.approx(1.0, abs=1e-6)
    assert found.mean_relative < 0.1  # it did learn what it could


def test_nor_can_a_linear_function_of_triplets(triplets: torch.Tensor) -> None:
    torch.manual_seed(0)
    model = TripletEnergy(triplets.shape[2], linear=True, n_neighbors=7.0, width=16).double()
    found = pair_errors(trained(model, triplets, 200), energies())
    assert found.delta_relative == pytest.approx(1.0, abs=1e-6)


def test_a_nonlinear_function_of_triplets_can(triplets: torch.Tensor) -> None:
    torch.manual_seed(0)
    model = TripletEnergy(triplets.shape[2], linear=False, n_neighbors=7.0, width=16).double()
    found = pair_errors(trained(model, triplets, 300), energies())
    assert found.delta_relative < 0.5


def test_a_linear_encoding_is_blind_and_a_nonlinear_one_is_not(triplets: torch.Tensor) -> None:
    for linear in (True, False):
        torch.manual_seed(1)
        model = TripletEncoderDecoder(
            triplets.shape[2], 3, linear=linear, n_neighbors=7.0, n_encoded=8, width=16
        ).double()
        encoded = model.encode(triplets).detach()
        assert encoded.shape == (2 * N_PAIRS, 8)
        assert model(triplets).shape == (2 * N_PAIRS, 3)
        apart = (encoded[::2] - encoded[1::2]).norm(dim=1) / encoded[::2].norm(dim=1)
        assert (apart.max() < 1e-10) if linear else (apart.median() > 1e-3)


def test_the_sum_is_over_triplets(triplets: torch.Tensor) -> None:
    for linear in (True, False):
        torch.manual_seed(2)
        model = TripletEnergy(triplets.shape[2], linear=linear, n_neighbors=2.0, width=8).double()
        each = torch.stack([model.energy(structure).sum() / 2.0 for structure in triplets[:3]])
        if linear:  # biases are counted once instead of once for each triplet
            bias = model.energy(torch.zeros_like(triplets[:1, 0]))
            each = each - bias * (49 / 2.0 - 1.0)
        torch.testing.assert_close(model(triplets[:3]), each, rtol=1e-12, atol=1e-12)
        swapped = triplets[:3].flip(1)
        torch.testing.assert_close(model(swapped), model(triplets[:3]), rtol=1e-12, atol=1e-12)


def test_mirror_images_have_one_energy_where_pseudoscalars_are_known(
    pairs: list[ase.Atoms],
) -> None:
    """Noise takes away the mirror planes that some of the clusters nearly have."""
    shifts = np.random.default_rng(1).normal(scale=0.1, size=(4, 8, 3))
    places = [frame.positions + move for frame, move in zip(pairs, shifts, strict=False)]
    frames = [ase.Atoms("B8", sign * place) for place in places for sign in (1.0, -1.0)]
    made = Triplets(**basis()).compute(frames, selected_samples=first_atoms())
    features = torch.cat([block.values[:, 0] for block in made.blocks()], 1)
    features = features.unflatten(0, (len(frames), -1))
    count = len(made.block({"o3_sigma": -1}).properties)
    differences = {}
    for known in (0, count):
        torch.manual_seed(4)
        model = TripletEnergy(
            features.shape[2], linear=False, n_neighbors=7.0, width=8, n_pseudoscalars=known
        ).double()
        energies = model(features)
        differences[known] = (energies[::2] - energies[1::2]).abs().max() / energies.std()
    assert differences[count] < 1e-10
    assert differences[0] > 1e-3
    with pytest.raises(ValueError, match="n_pseudoscalars = 5 of 4"):
        TripletEnergy(4, linear=True, n_neighbors=1.0, n_pseudoscalars=5)


def test_the_linear_network_is_linear() -> None:
    torch.manual_seed(3)
    model = SingleEnergy(4, linear=True).double()
    x, y = torch.randn(2, 5, 4, dtype=torch.float64)
    torch.testing.assert_close(model(x) + model(y) - model(torch.zeros_like(x)), model(x + y))


def test_layers_are_those_of_the_paper() -> None:
    shapes = [tuple(p.shape) for p in SingleEnergy(10, linear=False).parameters()]
    norms = [(128,), (128,)]
    assert shapes == [(128, 10), (128,), *norms, (128, 128), (128,), *norms, (1, 128), (1,)]
    encoder = TripletEncoderDecoder(10, 20, linear=False, n_neighbors=7.0)
    sizes = [p.shape[0] for p in encoder.parameters() if p.ndim == 2]
    assert sizes == [512, 512, 128, 512, 512, 20]
