"""SOAP of rhobar, featomic and dscribe with the same radius and numbers of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ase
import dscribe.descriptors
import featomic
import featomic.torch
import numpy as np
import torch
from metatensor.torch import TensorMap
from structures import StructureSet
from timing import Case

from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
from rhobar.systems import from_ase, neighbors_added

CUTOFF, L_MAX, N_RADIAL, WIDTH = 5.0, 6, 8, 0.3
FEATOMIC = {
    "cutoff": {"radius": CUTOFF, "smoothing": {"type": "ShiftedCosine", "width": 0.5}},
    "density": {"type": "Gaussian", "width": WIDTH},
    "basis": {
        "type": "TensorProduct",
        "max_angular": L_MAX,
        "radial": {"type": "Gto", "max_radial": N_RADIAL - 1},
    },
}


def rhobar_soap(**options: Any) -> SoapPowerSpectrum:
    """Splines of the default accuracy, if not told otherwise."""
    return SoapPowerSpectrum(
        cutoff=CUTOFF, l_max=L_MAX, radial=Gto(N_RADIAL), density=Gaussian(WIDTH), **options
    )


def featomic_hypers(**options: Any) -> dict[str, Any]:
    """The same for featomic."""
    return {**FEATOMIC, "basis": {**FEATOMIC["basis"], **options}}


def dscribe_soap(frames: list[ase.Atoms], rbf: str) -> dscribe.descriptors.SOAP:
    """Its own normalisation and no cutoff function: the same work, not the same numbers."""
    return dscribe.descriptors.SOAP(
        species=sorted({symbol for frame in frames for symbol in frame.symbols}),
        r_cut=CUTOFF,
        n_max=N_RADIAL,
        l_max=L_MAX,
        sigma=WIDTH,
        rbf=rbf,
        periodic=bool(frames[0].pbc.any()),
    )


def result_bytes(features: TensorMap, *, gradients: bool = False) -> int:
    """Memory of values, and of position gradients."""
    total = 0
    for block in features.blocks():
        total += block.values.nbytes
        total += block.gradient("positions").values.nbytes if gradients else 0
    return total


def value_cases(structures: StructureSet, *, polynomial: StructureSet) -> list[Case]:
    """
    Values alone.

    :param polynomial: fewer structures, for dscribe's slow basis
    """
    soap, frames, count = rhobar_soap(), structures.frames, structures.n_environments
    memory = soap.compute(frames)
    size = result_bytes(memory)
    systems = featomic.torch.systems_to_torch(frames)
    peer, peer_torch = (
        featomic.SoapPowerSpectrum(**FEATOMIC),
        featomic.torch.SoapPowerSpectrum(**FEATOMIC),
    )
    gto, slow = dscribe_soap(frames, "gto"), dscribe_soap(frames, "polynomial")
    return [
        Case("rhobar", count, lambda: soap.compute(frames), result_bytes=size),
        Case("rhobar, out=", count, lambda: soap.compute(frames, out=memory)),
        Case(
            "rhobar, out=, 2 threads",
            count,
            lambda: soap.compute(frames, out=memory, num_threads=2),
            threads=2,
        ),
        Case("featomic", count, lambda: peer.compute(frames), result_bytes=size),
        Case("featomic-torch", count, lambda: peer_torch(systems), result_bytes=size),
        Case(
            "dscribe gto",
            count,
            lambda: gto.create(frames, n_jobs=1),
            result_bytes=8 * count * gto.get_number_of_features(),
        ),
        Case(
            "dscribe polynomial",
            polynomial.n_environments,
            lambda: slow.create(polynomial.frames, n_jobs=1),
            result_bytes=8 * polynomial.n_environments * slow.get_number_of_features(),
        ),
    ]


def gradient_cases(structures: StructureSet) -> list[Case]:
    """Values and stored position gradients; forward and backward."""
    soap, frames, count = rhobar_soap(), structures.frames, structures.n_environments
    size = result_bytes(soap.compute(frames, gradients=["positions"]), gradients=True)
    peer = featomic.SoapPowerSpectrum(**FEATOMIC)
    ours, theirs = differentiated(frames, soap, featomic.torch.SoapPowerSpectrum(**FEATOMIC))
    return [
        Case(
            "rhobar gradients",
            count,
            lambda: soap.compute(frames, gradients=["positions"]),
            result_bytes=size,
        ),
        Case(
            "featomic gradients",
            count,
            lambda: peer.compute(frames, gradients=["positions"]),
            result_bytes=size,
        ),
        Case("rhobar forward + backward", count, ours.run, ours.prepare, result_bytes=size // 10),
        Case(
            "featomic-torch forward + backward",
            count,
            theirs.run,
            theirs.prepare,
            result_bytes=size,
        ),
    ]


def differentiated(
    frames: list[ase.Atoms], soap: SoapPowerSpectrum, peer: Any
) -> tuple[Differentiated, Differentiated]:
    """Forward and backward of both."""
    ours = Differentiated(
        lambda: [from_ase(frame, requires_grad=True) for frame in frames],
        lambda systems: soap(neighbors_added(systems, CUTOFF)),
    )
    theirs = Differentiated(
        lambda: featomic.torch.systems_to_torch(frames, positions_requires_grad=True), peer
    )
    return ours, theirs


class Differentiated:
    """Sum of squares of all features, and its gradient by all positions; neighbors included."""

    def __init__(self, systems: Callable[[], list[Any]], features: Callable[[list[Any]], Any]):
        self.make_systems, self.features = systems, features
        self.systems: list[Any] = []

    def prepare(self) -> None:
        """New systems: neighbor lists stay with those they were made for."""
        self.systems = self.make_systems()

    def run(self) -> list[torch.Tensor]:
        """Gradients by the positions of each system."""
        features = self.features(self.systems)
        loss = torch.stack([block.values.square().sum() for block in features.blocks()]).sum()
        loss.backward()
        return [system.positions.grad for system in self.systems]


def differences(structures: StructureSet, *, few: StructureSet) -> dict[str, float]:
    """
    max|rhobar - featomic| / max|featomic|.

    :param few: structures for analytic radial integrals, which take longer
    """
    found = {}
    frames = structures.frames
    pairs = _blocks(rhobar_soap().compute(frames), featomic.SoapPowerSpectrum(**FEATOMIC), frames)
    found["values, splines"] = _largest([(a.values, b.values) for a, b in pairs])
    hypers, chosen = featomic_hypers(spline_accuracy=None), ["positions"]
    soap, peer = rhobar_soap(spline_accuracy=None), featomic.SoapPowerSpectrum(**hypers)
    pairs = _blocks(soap.compute(few.frames, gradients=chosen), peer, few.frames, chosen)
    found["values"] = _largest([(a.values, b.values) for a, b in pairs])
    stored = [(a.gradient("positions").values, b.gradient("positions").values) for a, b in pairs]
    found["gradients"] = _largest(stored)
    peer_torch = featomic.torch.SoapPowerSpectrum(**hypers)
    results = []
    for case in differentiated(few.frames, soap, peer_torch):
        case.prepare()
        results.append(case.run())
    reverse = [(a, b.numpy()) for a, b in zip(*results, strict=True)]
    found["forward + backward"] = _largest(reverse)
    return found


def _blocks(
    ours: TensorMap, peer: Any, frames: list[ase.Atoms], gradients: list[str] | None = None
) -> list[tuple[Any, Any]]:
    """Blocks of the same key, side by side."""
    theirs = peer.compute(frames, gradients=gradients)
    if ours.keys.values.tolist() != theirs.keys.values.tolist():
        raise RuntimeError(f"keys differ: {ours.keys} and {theirs.keys}")
    return list(zip(ours.blocks(), theirs.blocks(), strict=True))


def _largest(pairs: list[tuple[Any, np.ndarray]]) -> float:
    """The largest difference, relative to the largest number."""
    difference = max(float(np.abs(np.asarray(a) - b).max()) for a, b in pairs)
    return difference / max(float(np.abs(b).max()) for _, b in pairs)
