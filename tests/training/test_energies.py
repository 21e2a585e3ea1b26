"""Networks of distances, trained: what they learn of pairs, and what they cannot."""

from __future__ import annotations

from pathlib import Path

import ase
import numpy as np
import pytest
import torch

from rhobar.counterexamples import ThreePlanes
from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
from rhobar.math import Cutoff
from rhobar.models import DistanceGnn
from rhobar.training import Cosine, TrainingHypers, train_energies
from tests import structures

SMALL = {"hidden": 24, "layers": 2, "n_radial": 12}
TYPES = [5, 6, 7]


def soap() -> SoapPowerSpectrum:
    return SoapPowerSpectrum(
        cutoff=Cutoff(4.0, width=0.5),
        l_max=3,
        radial=Gto(3),
        density=Gaussian(0.3),
        atomic_types=TYPES,
    )


def pairs(count: int) -> list:
    rng = np.random.default_rng(0)
    return [atoms for _ in range(count) for atoms in ThreePlanes.sample(rng).pair()]


def test_labels_of_pairs_cannot_be_learned_from_distances_and_can_from_angles() -> None:
    frames, labels = pairs(3), [-1.0, 1.0] * 3
    losses = {}
    for descriptor in (None, soap()):
        net = DistanceGnn(TYPES, descriptor=descriptor, **SMALL)
        hypers = TrainingHypers(n_epochs=200, learning_rate=3e-3, period=20, schedule=Cosine())
        losses[descriptor is None] = train_energies(net, frames, labels, hypers).column("loss")
    assert losses[True][-1] == pytest.approx(1.0, abs=0.01)
    assert min(losses[True]) > 1 - 1e-12  # the mean of each pair is the best there is
    assert losses[False][-1] < 1e-3


def test_energies_of_pairs_end_at_half_their_difference() -> None:
    frames = pairs(2)
    energies = np.array([-101.0, -100.0, -95.0, -99.0])
    net = DistanceGnn(TYPES, **SMALL)
    hypers = TrainingHypers(n_epochs=250, learning_rate=3e-3, schedule=Cosine())
    history = train_energies(net, frames, energies, hypers)
    floor = 0.25 * np.mean([1.0**2, 4.0**2])
    assert history.column("loss")[-1] == pytest.approx(floor, rel=1e-3)
    found = net.compute(frames).block().values[:, 0].numpy()
    np.testing.assert_allclose(found, [-100.5, -100.5, -97.0, -97.0], atol=0.1)


def test_batches_of_molecules_and_held_out_ones(tmp_path: Path) -> None:
    """A pair potential: batches, a cutoff, single precision, held-out structures, resumption."""
    water = ase.Atoms("OH2", [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    frames = [structures.rattled(water[: 2 + k % 2], amplitude=0.1, seed=k) for k in range(24)]
    energies = np.array(
        [-20.0 * len(one) + np.exp(-one.get_all_distances()).sum() for one in frames]
    )

    def trained(folder: Path | None) -> tuple[DistanceGnn, list[dict[str, float]]]:
        net = DistanceGnn([1, 8], cutoff=3.0, **SMALL).to(torch.float32)
        hypers = TrainingHypers(
            n_epochs=80, batch_size=8, learning_rate=1e-2, period=10, best_by="held_out_rmse"
        )
        history = train_energies(
            net,
            frames[:18],
            energies[:18],
            hypers,
            held_out=(frames[18:], energies[18:]),
            folder=folder,
        )
        return net, history.rows

    net, rows = trained(tmp_path)
    assert trained(tmp_path)[1] == rows
    assert [row["epoch"] for row in rows] == list(range(10, 81, 10))
    found = net.compute(frames[18:]).block().values[:, 0].double().numpy()
    rmse = np.sqrt(np.mean((found - energies[18:]) ** 2))
    assert rmse == pytest.approx(min(row["held_out_rmse"] for row in rows), rel=1e-3)
    assert rmse < 0.5 * float(net.scale)


def test_refused() -> None:
    frames = pairs(1)
    with pytest.raises(ValueError, match="one energy in eV for each structure"):
        train_energies(DistanceGnn(TYPES), frames, [1.0], TrainingHypers(n_epochs=1))
