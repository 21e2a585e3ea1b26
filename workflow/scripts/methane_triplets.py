"""Energies of methane by a network on the triplets of carbon."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np
import torch
from metatensor.torch import Labels
from numpy.typing import NDArray

from rhobar.descriptors import Gaussian, Gto, Triplets
from rhobar.models import PrincipalComponents, TripletEnergy
from rhobar.training import TrainingHypers, train

CUTOFF = 3.5  # Å: hydrogens of the published set are within 3 Å of carbon
N_NEIGHBORS = 4
_CARBON = Labels(["atom"], torch.tensor([[0]]))
_DENSITY: dict[str, Any] = {
    "l_max": 3,
    "radial": Gto(4),
    "density": Gaussian(0.5, center_weight=0.0),
    "atomic_types": [1, 6],
    "channels": 64,
}
_FITTED = 150  # structures that the components are found from
_SIZES = (1.0, 0.3, 0.1)  # of groups, as energies depend on few atoms more than on many
_FRAMES_PER_CHUNK = 50

Groups = list[NDArray[np.float64]]  # (row, feature) each; the last changes sign under inversion


@dataclass(frozen=True)
class CarbonTriplets:
    """
    Invariants of two hydrogens, alone and with the density around carbon, as principal components.

    Those without the density hold nothing that the others do not, but energies of few atoms are
    simple functions of them. Scalars and pseudoscalars have components of their own.
    """

    components: list[PrincipalComponents]

    @classmethod
    def fit(cls, frames: Sequence[ase.Atoms], n_components: int) -> "CarbonTriplets":
        """``n_components`` of each group, from the first of ``frames``; no energies enter."""
        groups = _groups(frames[:_FITTED])
        groups[-1] = np.concatenate([groups[-1], -groups[-1]])  # mirror images: their mean is zero
        return cls([PrincipalComponents.fit([group], n_components) for group in groups])

    @property
    def n_pseudoscalars(self) -> int:
        """How many components, the last ones, change sign under inversion."""
        return self.components[-1].n_components

    def __call__(self, frames: Sequence[ase.Atoms]) -> torch.Tensor:
        """``(structure, triplet, component)``, single precision."""
        parts = []
        for chunk in _chunks(frames):
            found = zip(_SIZES, self.components, _groups(chunk), strict=True)
            rows = [size * components([group]) for size, components, group in found]
            parts.append(np.concatenate(rows, axis=1).astype("f4"))
        return torch.from_numpy(np.concatenate(parts)).unflatten(0, (len(frames), -1))


def learned(
    triplets: CarbonTriplets,
    rows: torch.Tensor,
    energies: NDArray[np.float64],
    width: int,
    hypers: TrainingHypers,
) -> Callable[[torch.Tensor], NDArray[np.float64]]:
    """What a network on ``rows`` of ``triplets``, fitted to ``energies`` (eV), says of others."""
    mean, deviation = energies.mean(), energies.std()
    targets = torch.from_numpy((energies - mean) / deviation).float()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(hypers.seed)
        network = TripletEnergy(
            rows.shape[-1],
            linear=False,
            n_neighbors=N_NEIGHBORS,
            width=width,
            n_pseudoscalars=triplets.n_pseudoscalars,
        )

    def loss(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        return (model(rows[batch]) - targets[batch]).square().mean()

    @torch.no_grad()
    def predict(rows: torch.Tensor) -> NDArray[np.float64]:
        parts = [network(chunk).double().numpy() for chunk in rows.split(_FRAMES_PER_CHUNK)]
        return mean + deviation * np.concatenate(parts)

    train(network, loss, len(rows), hypers)
    return predict


def _groups(frames: Sequence[ase.Atoms]) -> Groups:
    """Of all triplets of carbon, those of one structure after another."""
    groups = []
    for nu in (0, 1):
        described = Triplets(CUTOFF, nu=nu, **_DENSITY).compute(
            list(frames), selected_samples=_CARBON
        )
        blocks = described.blocks({"center_type": 6})
        groups += [block.values[:, 0].numpy() for block in blocks]
    if len(groups[0]) != N_NEIGHBORS**2 * len(frames):
        raise ValueError(f"a hydrogen is further than {CUTOFF} Å from its carbon; leave it out.")
    return groups


def _chunks(frames: Sequence[ase.Atoms]) -> Iterator[Sequence[ase.Atoms]]:
    """A bounded number of structures at a time."""
    for start in range(0, len(frames), _FRAMES_PER_CHUNK):
        yield frames[start : start + _FRAMES_PER_CHUNK]
