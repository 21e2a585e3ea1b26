"""Features of pairs of B8 clusters: correlations of up to 3 and up to 7 neighbors, and triplets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ase
import numpy as np
import torch
from metatensor.torch import Labels
from numpy.typing import NDArray

from b8_training import N_NEIGHBORS
from job import begin
from rhobar.data import load_prepared, pair_split, written_beside
from rhobar.descriptors import Cutoff, Expansion, Gaussian, Gto, Nice, NiceBlock, Triplets
from rhobar.models import PrincipalComponents

_NU_MAX = 7
_BLIND = 3  # the pairs are equal up to this order
_FRAMES_PER_CHUNK = 50  # a quarter of a GB of triplets with n_radial = 6
CENTER = Labels(["atom"], torch.tensor([[0]]))  # the only atom whose surroundings are equal

Groups = list[NDArray[np.float64]]  # (row, feature) each


def main(
    dataset: Path, split: Path, features: Path, distorted: Path, protocol: dict[str, Any]
) -> None:
    """
    Describe the first atom of every structure, and of distorted test pairs.

    Each file of features holds ``order3``, ``order7`` ``(structure, component)`` and ``triplets``
    ``(structure, triplet, component)``; ``distorted`` also says ``noise`` ``(structure,)`` in Å
    and whether it is ``symmetric``. Everything is fitted to the training structures.
    """
    frames = load_prepared(dataset).frames[: protocol["n_structures"]]
    parts = pair_split(len(frames), **protocol["split"])
    parts.save(split)
    describe = Description.fit([frames[row] for row in parts.train], protocol)
    _write(features, describe(frames))
    noisy, labels = distortions(
        [frames[row] for row in parts.test],
        n_pairs=protocol["distances"]["n_pairs"],
        noise=protocol["distances"]["noise"],
        seed=protocol["distances"]["seed"],
    )
    _write(distorted, describe(noisy) | labels)


@dataclass(frozen=True)
class Description:
    """What makes features: descriptors, and the principal components of their values."""

    nice: Nice
    triplets: Triplets
    components: dict[str, PrincipalComponents]

    @classmethod
    def fit(cls, frames: Sequence[ase.Atoms], protocol: dict[str, Any]) -> "Description":
        """Learn contractions and components from ``frames``; triplets from a part of them."""
        nice = Nice(
            **_basis(protocol["basis"]),
            nu_max=_NU_MAX,
            blocks=[NiceBlock(Expansion(**protocol["expansion"]))] * (_NU_MAX - 1),
            scale=None,
        )
        nice.fit(list(frames), selected_samples=CENTER)
        triplets = Triplets(**_basis(protocol["basis"]))
        stride = protocol["triplets"]["stride"]
        groups = {
            "order3": correlations(nice, frames, _BLIND),
            "order7": correlations(nice, frames, _NU_MAX),
            "triplets": triplet_groups(triplets, frames[::stride]),
        }
        counts = {"order3": len(frames), "order7": len(frames)}
        counts["triplets"] = protocol["triplets"]["n_components"]
        components = {
            name: PrincipalComponents.fit(rows, counts[name]) for name, rows in groups.items()
        }
        return cls(nice, triplets, components)

    def __call__(self, frames: Sequence[ase.Atoms]) -> dict[str, NDArray[Any]]:
        """Components of every structure; those of triplets in single precision."""
        parts: dict[str, list[NDArray[Any]]] = {"order3": [], "order7": [], "triplets": []}
        for chunk in _chunks(frames):
            for name, nu in (("order3", _BLIND), ("order7", _NU_MAX)):
                parts[name].append(self.components[name](correlations(self.nice, chunk, nu)))
            rows = self.components["triplets"](triplet_groups(self.triplets, chunk))
            parts["triplets"].append(rows.reshape(len(chunk), -1, rows.shape[1]).astype("f4"))
        return {name: np.concatenate(rows) for name, rows in parts.items()}


def correlations(nice: Nice, frames: Sequence[ase.Atoms], nu_max: int) -> Groups:
    """
    Invariants of 1 to ``nu_max`` neighbors, both parities from the third order on.

    All are one group: with every order as large as the lowest, networks learn the highest ones by
    heart and nothing from them.
    """
    blocks = nice.equivariants(list(frames), selected_samples=CENTER)
    values = [
        block.values[:, 0].numpy()
        for key, block in blocks.items()
        if int(key["o3_lambda"]) == 0 and int(key["nu"]) <= nu_max
    ]
    return [np.concatenate(values, axis=1)]


def triplet_groups(triplets: Triplets, frames: Sequence[ase.Atoms]) -> Groups:
    """
    Invariants of all triplets of the first atom, by structure, the two parities as groups.

    Triplets with a neighbor beyond the cutoff have features of zero, as they would have there.
    """
    groups = []
    for block in triplets.compute(list(frames), selected_samples=CENTER).blocks():
        system, j, k = (
            block.samples.column(name).numpy() for name in ("system", "second_atom", "third_atom")
        )
        rows = np.zeros((len(frames), N_NEIGHBORS, N_NEIGHBORS, len(block.properties)))
        rows[system, j - 1, k - 1] = block.values[:, 0].numpy()
        groups.append(rows.reshape(-1, rows.shape[3]))
    return groups


def distortions(
    frames: Sequence[ase.Atoms], *, n_pairs: int, noise: Sequence[float], seed: int
) -> tuple[list[ase.Atoms], dict[str, NDArray[Any]]]:
    """Pairs displaced by Gaussian noise, the same for both members (symmetric) or not."""
    generator = np.random.default_rng(seed)
    found: list[ase.Atoms] = []
    labels: list[tuple[float, bool]] = []
    for level in noise:
        for symmetric in (True, False):
            for first in range(0, 2 * min(n_pairs, len(frames) // 2), 2):
                moves = generator.normal(scale=level, size=(2, *frames[first].positions.shape))
                for member in (0, 1):
                    frame = frames[first + member].copy()
                    frame.positions += moves[0 if symmetric else member]
                    found.append(frame)
                    labels.append((level, symmetric))
    levels, kinds = zip(*labels, strict=True)
    return found, {"noise": np.array(levels), "symmetric": np.array(kinds)}


def _basis(hypers: dict[str, Any]) -> dict[str, Any]:
    """Arguments of every density descriptor; the center is no neighbor of itself."""
    return {
        "cutoff": Cutoff(hypers["cutoff"], width=hypers["cutoff_width"]),
        "l_max": hypers["l_max"],
        "radial": Gto(hypers["n_radial"]),
        "density": Gaussian(hypers["smearing"], center_weight=0.0),
    }


def _chunks(frames: Sequence[ase.Atoms]) -> Iterator[Sequence[ase.Atoms]]:
    """A bounded number of structures at a time."""
    for start in range(0, len(frames), _FRAMES_PER_CHUNK):
        yield frames[start : start + _FRAMES_PER_CHUNK]


def _write(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    with written_beside(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(
        Path(job.input.dataset),
        Path(job.output.split),
        Path(job.output.features),
        Path(job.output.distorted),
        job.params.protocol,
    )
