"""Features of the same random environments by each of the descriptors to be compared."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import ase
import numpy as np
import torch
from metatensor.torch import Labels, TensorMap
from numpy.typing import NDArray

from density_nice import fitted
from job import begin
from rhobar.data import sample_methane, written_beside
from rhobar.descriptors import Bispectrum, SoapPowerSpectrum, SoapRadialSpectrum, by_order
from rhobar.math import Cutoff, Gaussian, Gto

WIDTHS = {"sharp": 0.15, "smooth": 0.6}  # Å, beside that of the configuration
TYPES = [1, 6]


def main(spaces: Path, protocol: dict[str, Any]) -> None:
    """
    Write one array ``(environment, column)`` for each feature space to ``spaces`` (.npz).

    Environments are those of the carbon atoms of random methane. Columns are the principal axes
    of the space, as many as there are environments at most: what is compared are spaces, which
    do not change when axes turn.
    """
    random = np.random.default_rng(protocol["seed"])
    positions = sample_methane(random, protocol["n_environments"])
    frames = [ase.Atoms("CH4", one) for one in positions]
    sizes = protocol["sizes"]
    arrays = {name: turned(rows) for name, rows in _spaces(frames, protocol["nice"], sizes)}
    with written_beside(spaces) as temporary, temporary.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def turned(features: torch.Tensor) -> NDArray[np.float64]:
    """Principal axes of centred rows, with at most as many columns as rows; same distances."""
    centred = features - features.mean(dim=0)
    left, singular, _ = torch.linalg.svd(centred, full_matrices=False)
    return (left * singular).numpy()


def _spaces(
    frames: Sequence[ase.Atoms], nice: dict[str, Any], sizes: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, torch.Tensor]]:
    """Names, as they stand in figures, and features ``(environment, column)``."""
    cutoff = Cutoff(nice["cutoff"], width=nice["cutoff_width"])
    width = nice["smearing"]
    shared: dict[str, Any] = {"density": Gaussian(width), "atomic_types": TYPES}
    largest = Gto(sizes[-1][0])
    yield "radial", _rows(SoapRadialSpectrum(cutoff, radial=largest, **shared), frames)
    for size in sizes:
        yield f"SOAP ({size[0]}, {size[1]})", _rows(soap(cutoff, *size, width), frames)
    for name, other in WIDTHS.items():
        yield f"SOAP {name}", _rows(soap(cutoff, *sizes[-2], other), frames)
    n_radial, l_max = sizes[0]
    bispectrum = Bispectrum(cutoff, l_max=l_max, radial=Gto(n_radial), **shared)
    yield f"bispectrum ({n_radial}, {l_max})", _rows(bispectrum, frames)
    yield from _nice_spaces(frames, nice)


def soap(cutoff: Cutoff, n_radial: int, l_max: int, width: float) -> SoapPowerSpectrum:
    """Power spectrum of methane."""
    return SoapPowerSpectrum(
        cutoff, l_max=l_max, radial=Gto(n_radial), density=Gaussian(width), atomic_types=TYPES
    )


def _nice_spaces(
    frames: Sequence[ase.Atoms], hypers: dict[str, Any]
) -> Iterator[tuple[str, torch.Tensor]]:
    """Orders of NICE, each with the lower ones, fitted to the same environments."""
    nice = fitted({**hypers, "center_types": [6]}, frames)
    orders = by_order(nice.compute(list(frames)))
    rows = {nu: _joined(features, len(frames)) for nu, features in orders.items()}
    for nu in list(rows)[1:]:
        yield f"NICE ν ≤ {nu}", torch.cat([rows[lower] for lower in rows if lower <= nu], dim=1)


def _rows(descriptor: torch.nn.Module, frames: Sequence[ase.Atoms]) -> torch.Tensor:
    """Features of the carbon atoms, all blocks side by side."""
    center = Labels("atom", torch.tensor([[0]]))
    return _joined(descriptor.compute(list(frames), selected_samples=center), len(frames))


def _joined(features: TensorMap, n_rows: int) -> torch.Tensor:
    return torch.cat([block.values.reshape(n_rows, -1) for block in features.blocks()], dim=1)


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.output.spaces), job.params.protocol)
