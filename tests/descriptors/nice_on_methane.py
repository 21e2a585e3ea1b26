"""NICE of the carbons of random methane: what its tests share."""

from __future__ import annotations

import ase
import numpy as np
import torch
from metatensor.torch import Labels, TensorMap

from rhobar.descriptors import (
    Cutoff,
    Expansion,
    Gaussian,
    Gto,
    Nice,
    NiceBlock,
)

HYPERS = {"cutoff": Cutoff(3.5, width=0.5), "radial": Gto(2), "density": Gaussian(0.4)}
CARBON = Labels(["atom"], torch.tensor([[0]]))
EVERYTHING = NiceBlock(Expansion(max_take=0))
SOME = NiceBlock(
    Expansion(40, max_take=4, max_components=8), Expansion(60, max_take=6, max_components=12)
)
LAST = NiceBlock(None, Expansion(60, max_take=6, max_components=12))


def methanes(count: int, seed: int) -> list[ase.Atoms]:
    """CH4 with hydrogens anywhere in a shell around the carbon, which comes first."""
    generator = np.random.default_rng(seed)
    directions = generator.standard_normal((count, 4, 3))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    positions = directions * generator.uniform(0.8, 2.8, (count, 4, 1))
    return [ase.Atoms("CH4", np.vstack([np.zeros((1, 3)), p])) for p in positions]


FRAMES = methanes(120, seed=1)


def small() -> Nice:
    """A truncated sequence that takes every branch, fitted on the carbons of ``FRAMES``."""
    nice = Nice(**HYPERS, l_max=2, nu_max=4, blocks=[SOME, SOME, LAST])
    return nice.fit(FRAMES, selected_samples=CARBON)


def columns(features: TensorMap) -> np.ndarray:
    """All blocks of the carbons side by side."""
    return np.hstack([block.values.numpy() for block in features.blocks()])


def order(features: TensorMap, nu: int) -> torch.Tensor:
    return features.block({"nu": nu, "center_type": 6}).values
