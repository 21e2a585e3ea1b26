"""What a network learns along an orbit of methane on which correlations of two neighbors stay."""

import shutil
from pathlib import Path
from typing import Any

import ase
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from job import begin
from rhobar.analysis import center_features, face_alignments, quasi_constant_orbit
from rhobar.counterexamples import singular_methane
from rhobar.data import load_prepared, written_beside
from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
from rhobar.training import Plateau, TrainingHypers, train

CUTOFF, SMEARING, L_MAX, N_RADIAL = 2.5, 0.3, 8, 8  # Å, Å, 1, 1
LIFT = 0.18  # Å, from the structure that is blind to two displacements to the start
BOND = 1.09  # Å
NOISE = 0.25  # Å, of each coordinate of hydrogens in random methane
N_VALIDATION = 200
N_FEW = 20  # points of the orbit
BATCH = 4096
WIDTH = 80
_ROWS = 40  # of metrics

Array = NDArray[np.float64]


def main(
    orbit: Path,
    predictions: Path,
    protocol: dict[str, Any],
    *,
    published: Path | None,
    checkpoints: Path,
) -> None:
    """
    Follow an orbit; train a network on random methane without, with few and with all points of it.

    ``orbit`` (.parquet) has one row per point: ``path`` (Å along it), ``target``, ``change`` of the
    features from the start, over their length, and ``moved``, what a random displacement changes
    that is as large as the orbit. ``predictions`` has one row per run (``none``, ``few``, ``all``)
    and structure: ``part`` (train, validation, orbit), ``path``, ``trained`` (whether the run has
    learned it), ``target`` and ``predicted``.

    :param published: an orbit as a prepared data set; None: one is followed
    :param checkpoints: folder from which a killed training goes on
    """
    rng = np.random.default_rng(protocol["seed"])
    points = _orbit(protocol["n_points"], published)
    hydrogens = np.array([frame.positions[1:] - frame.positions[0] for frame in points])
    n_train = protocol["n_random"]
    noise = NOISE * rng.standard_normal((n_train + N_VALIDATION, 4, 3))
    places = np.concatenate([_tetrahedron() + noise, hydrogens])
    size = float(np.sqrt(hydrogens.var(axis=0).mean()))
    moved = hydrogens[0] + size * rng.standard_normal(hydrogens.shape)
    features, apart = (center_features(_descriptor(), _methanes(part)) for part in (places, moved))
    features, apart = (part[:, features.abs().amax(dim=0) > 0] for part in (features, apart))
    targets = face_alignments(places)
    part = np.repeat(["train", "validation", "orbit"], [n_train, N_VALIDATION, len(points)])
    path = np.full(len(places), np.nan)
    steps = np.linalg.norm(np.diff(hydrogens, axis=0), axis=(1, 2))
    path[part == "orbit"] = np.cumsum([0.0, *steps])
    along = np.flatnonzero(part == "orbit")
    start = features[along[0]]
    shown = {"path": path[along], "target": targets[along]}
    for name, rows in (("change", features[along]), ("moved", apart)):
        shown[name] = ((rows - start).norm(dim=1) / start.norm()).numpy()
    few = along[np.linspace(0, len(along) - 1, N_FEW).round().astype(int)]
    tables = []
    for run, chosen in (("none", along[:0]), ("few", few), ("all", along)):
        learned = np.concatenate([np.flatnonzero(part == "train"), chosen])
        predicted = _learned(features, targets, learned, protocol, checkpoints / run)
        columns = {"part": part, "path": path, "trained": np.isin(np.arange(len(part)), learned)}
        columns |= {"target": targets, "predicted": predicted}
        tables.append(pd.DataFrame({"run": run, **columns}))
    for table, file in ((pd.DataFrame(shown), orbit), (pd.concat(tables), predictions)):
        with written_beside(file) as temporary:
            table.to_parquet(temporary, index=False)
    shutil.rmtree(checkpoints)


def _orbit(n_points: int, published: Path | None) -> list[ase.Atoms]:
    if published is not None:
        return load_prepared(published).frames
    start = singular_methane(radius=BOND, lift=LIFT)
    return quasi_constant_orbit(_descriptor(), start, n_points=n_points).frames


def _descriptor() -> SoapPowerSpectrum:
    """Of the hydrogens around carbon."""
    density = Gaussian(SMEARING, center_weight=0.0)
    return SoapPowerSpectrum(
        CUTOFF, l_max=L_MAX, radial=Gto(N_RADIAL), density=density, atomic_types=[1, 6]
    )


def _learned(
    features: torch.Tensor,
    targets: Array,
    learned: NDArray[np.integer],
    protocol: dict[str, Any],
    folder: Path,
) -> Array:
    """Targets of all rows by a network that is trained on the rows ``learned``."""
    rows = _components(features, learned, protocol["n_components"])
    mean, deviation = targets[learned].mean(), targets[learned].std()
    scaled = torch.from_numpy((targets - mean) / deviation).float()
    chosen = torch.from_numpy(learned)
    torch.manual_seed(protocol["seed"])
    network = _network(rows.shape[1])

    def loss(model: torch.nn.Module, batch: torch.Tensor) -> torch.Tensor:
        some = chosen[batch]
        return (model(rows[some]).squeeze(1) - scaled[some]).square().mean()

    period = max(1, protocol["n_epochs"] // _ROWS)
    hypers = TrainingHypers(
        n_epochs=protocol["n_epochs"],
        batch_size=BATCH,
        learning_rate=protocol["learning_rate"],
        schedule=Plateau(reduction=0.8, patience=2),
        period=period,
        seed=protocol["seed"],
    )
    train(network, loss, len(learned), hypers, folder=folder)
    network.eval()
    with torch.no_grad():
        predicted = network(rows).squeeze(1).double().numpy()
    return np.asarray(mean + deviation * predicted)


def _components(
    features: torch.Tensor, learned: NDArray[np.integer], n_components: int
) -> torch.Tensor:
    """
    Principal components of the training rows, each divided by its own deviation there.

    The published network reads features as they are, over one common length, and needs 40,000
    epochs until it tells apart what differs by 1e-4 of that.
    """
    if n_components >= len(learned):
        raise ValueError(
            f"completeness.orbit: n_components = {n_components} of {len(learned)} training "
            "structures; give fewer components or a larger n_random."
        )
    mean = features[learned].mean(dim=0)
    _, sizes, axes = torch.linalg.svd(features[learned] - mean, full_matrices=False)
    scales = sizes[:n_components] / len(learned) ** 0.5
    return ((features - mean) @ axes[:n_components].T / scales).float()


def _network(n_features: int) -> torch.nn.Module:
    """That of Pozdnyakov et al., J. Chem. Phys. 157, 177101 (2022), doi:10.1063/5.0088404."""
    layers: list[torch.nn.Module] = [torch.nn.GroupNorm(4, n_features)]
    for width in (n_features, WIDTH):
        layers += [torch.nn.Linear(width, WIDTH), torch.nn.GroupNorm(2, WIDTH), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, 1))


def _tetrahedron() -> Array:
    """Hydrogens of methane at rest, ``(4, 3)``, Å."""
    corners = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, -1.0], [-1.0, 1.0, -1.0], [-1.0, -1.0, 1.0]])
    return BOND / np.sqrt(3.0) * corners


def _methanes(hydrogens: Array) -> list[ase.Atoms]:
    return [ase.Atoms("CH4", np.vstack([np.zeros(3), places])) for places in hydrogens]


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    published = job.input.get("published")
    main(
        Path(job.output.orbit),
        Path(job.output.predictions),
        job.params.protocol,
        published=Path(published) if published else None,
        checkpoints=Path(job.params.checkpoints),
    )
