"""The first structures of a split, their kernels, and what a regression on these gets wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import ase
import numpy as np

from rhobar.data import Dataset, Split, load_prepared
from rhobar.kernels import WignerKernel
from rhobar.models import NuKernelRidge, NuKernelSolution
from wigner_fit import error_of, learned
from wigner_kernel import kernel_rows


@dataclass(frozen=True)
class Sample:
    """
    Some structures of one split.

    :param targets: of ``train``, without their baseline
    :param tested: targets of ``test`` and their baseline
    """

    train: Dataset
    test: Dataset
    protocol: dict[str, Any]
    targets: np.ndarray
    tested: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(
        cls, dataset: Path, split: Path, protocol: dict[str, Any], sizes: dict[str, Any]
    ) -> Self:
        """The first ``n_train`` and ``n_test`` structures, numbers in ``sizes``."""
        loaded = Split.load(split)
        rows = loaded.train[: sizes["n_train"]], loaded.test[: sizes["n_test"]]
        train, test = (load_prepared(dataset, indices=part) for part in rows)
        targets, reference, baseline = learned(train, test, protocol["target"])
        return cls(train, test, protocol, targets, (reference, baseline))

    def sides(self) -> tuple[tuple[list[ase.Atoms], ...], ...]:
        """Rows and, where they are others, columns of both matrices of kernels."""
        return (self.train.frames,), (self.test.frames, self.train.frames)

    def kernels(self, kernel: WignerKernel) -> tuple[np.ndarray, np.ndarray]:
        """Of the training structures, and of test with training structures; ν last."""
        square, tall = (
            np.moveaxis(kernel_rows(kernel, self.protocol, *sides), 0, -1) for sides in self.sides()
        )
        return square, tall

    def error(self, solution: NuKernelSolution, tall: np.ndarray, ridge: NuKernelRidge) -> float:
        """Test error by the protocol's measure."""
        predicted = solution.predict(tall, noise=ridge.noise)
        return error_of(predicted, *self.tested, self.protocol["error"])
