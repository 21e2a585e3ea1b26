"""Environments for the tests of ops: radial functions of one descriptor, pairs of structures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import ase
import numpy as np
import torch
from torch import Tensor

from rhobar.math import Cutoff, Gaussian, Gto, RadialIntegral, RadialSpline, Willatt
from rhobar.math import spherical_harmonics as sphericart_harmonics
from rhobar.ops import Neighborhoods, cpu, density_coefficients
from rhobar.systems import Pairs, batched, pairs_within_cutoff
from tests.structures import apart, ethanol, fcc_one_atom, isolated, rock_salt

CUTOFF = Cutoff(3.6, width=0.5)
SCALING = Willatt(scale=2.0, rate=1.5, exponent=3.5)


@dataclass(frozen=True)
class Expansion:
    """Radial functions for the compiled and for the reference path."""

    l_max: int
    n_radial: int

    def __post_init__(self) -> None:
        integral = RadialIntegral(
            Gto(self.n_radial), Gaussian(0.4), cutoff=CUTOFF.radius, l_max=self.l_max
        )
        object.__setattr__(self, "spline", RadialSpline(integral, accuracy=1e-6))

    @property
    def self_values(self) -> Tensor:
        """What a center adds to its own density."""
        return 0.7 * self.spline.center_values() / math.sqrt(4 * math.pi)

    def radial(self) -> cpu.Radial:
        """For the compiled loops."""
        return cpu.splined(
            self.spline, cutoff=CUTOFF, scaling=SCALING, self_values=self.self_values
        )

    def functions(self, distances: Tensor) -> Tensor:
        """``(pair, l, n)``, differentiable."""
        weight = CUTOFF(distances) * SCALING(distances)
        return weight[:, None, None] * self.spline(distances)

    def coefficients(self, neighborhoods: Neighborhoods) -> Tensor:
        """``(run, lm, n)`` by the reference op, differentiable by the vectors."""
        vectors = neighborhoods.vectors
        radial = self.functions(vectors.norm(dim=1))
        harmonics = sphericart_harmonics(vectors, self.l_max)
        return density_coefficients(neighborhoods, radial, harmonics, self.self_values)


@dataclass(frozen=True)
class Sample:
    """Pairs of some structures, and how they were grouped."""

    pairs: Pairs
    channels: np.ndarray
    n_channels: int
    grouped: cpu.Grouped

    @property
    def rows(self) -> cpu.SpectrumRows:
        """Rows of all centers."""
        centers = self.grouped.center_atom.numpy()
        return cpu.spectrum_rows(
            self.grouped.neighborhoods,
            center_types=self.channels[centers],
            n_channels=self.n_channels,
        )


def sample(frames: list[ase.Atoms] | None = None, centers: np.ndarray | None = None) -> Sample:
    """Molecules, lone atoms, atoms that see their own images; all of them centers by default."""
    frames = frames or [ethanol(), fcc_one_atom(), isolated(), apart(), rock_salt()]
    batch = batched(frames)
    pairs = pairs_within_cutoff(batch, CUTOFF.radius)
    types, channels = np.unique(batch.types, return_inverse=True)
    grouped = cpu.group(
        pairs.center,
        pairs.neighbor,
        pairs.vectors,
        pairs.shifts,
        channels=channels,
        n_channels=len(types),
        centers=centers,
    )
    return Sample(pairs, channels, len(types), grouped)


def random_like(tensors: list[Tensor], seed: int = 0) -> list[Tensor]:
    """Normal random numbers in the shape of each tensor."""
    random = torch.Generator().manual_seed(seed)
    return [torch.randn(t.shape, generator=random, dtype=t.dtype) for t in tensors]
